"""A request as a curl command that can be pasted, and an answer as text, both without secrets."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from ..commands import CONFORMANCE
from ..run.clause import Clause, Finding
from ..run.run import Run
from ..target.exchange import Answer, Request

VARIABLES = ("GIT_TOKEN", "QOVERY_API_TOKEN", "QOVERY_JWT")
# The chapters that are judged by examples which Hypothesis generates and keeps.
GENERATED = ("sequences", "fuzzing")
# As much of a body as a person reads, in characters.
_SHOWN = 1500
# A field of a JSON object that holds text which may be a secret, or the beginning of one.
_FIELD = re.compile(r'(?P<before>"(?P<name>[^"\\]*)"\s*:\s*")(?P<value>(?:[^"\\]|\\.){8,})', re.DOTALL)


def curl(request: Request, run: Run) -> str:
    """The request as a curl command.

    Credentials, ids and the git token's value are shell variables: QOVERY_BASE_URL, QOVERY_API_TOKEN, QOVERY_JWT,
    and GIT_TOKEN, for which any value will do.
    """
    parts = ["curl --include"]
    if request.method != "GET":
        parts[0] += f" --request {request.method}"
    parts[0] += f' "$QOVERY_BASE_URL{_quoted(request.path)}"'
    for name, value in request.headers:
        parts.append(f'--header "{name}: {_quoted(_variables(value, run))}"' if value else f"--header '{name};'")
    prefix = ""
    if request.body is not None:
        data, prefix = _data(request.body, run)
        parts.append(data)
    return prefix + " \\\n  ".join(parts)


def _data(body: bytes, run: Run) -> tuple[str, str]:
    """The option that sends a body, and what has to stand before the command."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text and "\0" not in text and len(text) <= _SHOWN:
        return f'--data-binary "{_quoted(_variables(text, run))}"', ""
    # What cannot stand on a command line, or should not, is printed into a pipe.
    expression = _expression(_variables(body.decode("latin-1"), run))
    program = f'import os, sys; sys.stdout.buffer.write({expression}.encode("latin-1"))'
    return "--data-binary @-", f"python3 -c {shlex.quote(program)} | "


def _expression(text: str) -> str:
    """A Python expression for a text of single bytes; a long one's length is mostly one pattern repeated."""
    if len(text) > _SHOWN:
        for size in range(1, 5):
            for start in range(min(len(text), 400)):
                unit, count = text[start : start + size], 1
                while text.startswith(unit, start + count * size):
                    count += 1
                if count * size > len(text) * 0.8:
                    rest = text[start + count * size :]
                    return f"({_literal(text[:start])} + {_literal(unit)} * {count} + {_literal(rest)})"
    return f"({_literal(text)})"


def _literal(text: str) -> str:
    literal = json.dumps(text)
    for variable in VARIABLES:
        literal = literal.replace(f"${variable}", f'" + os.environ["{variable}"] + "')
    return literal


def _variables(text: str, run: Run) -> str:
    """`text` with secrets as marks that `_quoted` turns into variables."""
    return run.secrets.redact(text)


def _quoted(text: str) -> str:
    """`text` for a place between double quotes of a shell; variables that stand for secrets stay variables."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`").replace("$", "\\$")
    for variable in VARIABLES:
        escaped = escaped.replace(f"\\${variable}", f"${variable}")
    return escaped.replace("!", "\"'!'\"")


def shown_answer(answer: Answer, run: Run) -> str:
    """Status, headers and the beginning of the body."""
    if not answer.status:
        return f"-> {answer.problem}"
    lines = [f"-> HTTP {answer.status}"]
    lines += [f"{name}: {value}"[:_SHOWN] for name, value in answer.headers][:20]
    if answer.body:
        more = "" if len(answer.text) <= _SHOWN else f"… ({len(answer.body)} bytes)"
        lines += ["", answer.text[:_SHOWN] + more]
    if answer.problem:
        lines.append(f"({answer.problem})")
    return answered("\n".join(lines), answer, run)


def answered(text: str, answer: Answer, run: Run) -> str:
    """`text`, a part of an answer, without secrets.

    Of git tokens that are not the run's own the secrets are not known: so of a successful answer no text is shown
    that stands in a field which the contract does not have.
    """
    documented = {name for each in run.contract.operations.values() for name in _fields(each.response_schema or {})}

    def hidden(field: re.Match[str]) -> str:
        if field["name"] in documented or any(f"${variable}" in field["value"] for variable in VARIABLES):
            return field[0]
        return field["before"] + "\N{FULL BLOCK}" * len(field["value"])

    text = run.secrets.redact(text)
    return _FIELD.sub(hidden, text) if answer.ok else text


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    """The names of all properties in a schema."""
    for name, each in schema.get("properties", {}).items():
        yield name
        yield from _fields(each)
    yield from _fields(schema["items"]) if "items" in schema else ()


def again(clause: Clause, run: Run) -> str:
    """What judges a clause once more by the same requests."""
    if run.target.transport:
        return f'verify(app, ..., only=["{clause.id}"], seed={run.seed})'
    command = f"{CONFORMANCE} --only {clause.id} --seed {run.seed}"
    # What was found by an example of another run's is not found by the seed.
    shared = run.database and clause.id.split("/")[0] in GENERATED
    return f"{command} --database {shlex.quote(run.database)}" if shared else command


def marks(shown: str, finding: Finding) -> list[list[int]]:
    """The parts of a shown answer that a finding's message names, each as its beginning and its end.

    These are the status, headers and fields by their name, quotations, and what stands in a secret's place.
    """
    status = re.match(r"-> HTTP (\d+)", shown)
    if not status:
        return [[0, len(shown)]]
    message = finding.message
    secrets = list(re.finditer(rf"\$(?:{'|'.join(VARIABLES)})\b|\N{{FULL BLOCK}}+", shown))
    if "shows" in message and secrets:
        return [list(match.span()) for match in secrets]
    words = set(re.findall(r"[\w-]+", message.lower()))
    head = shown.partition("\n\n")[0]
    found = [status] if status[1] in words else []
    found += [match for match in re.finditer(r"^(\w+-[\w-]+): .*", head, re.MULTILINE) if match[1].lower() in words]
    # A field is marked with its value, as far as that is a text, a number or a word.
    fields = re.finditer(r'"(\w+)"\s*:\s*(?:"(?:[^"\\]|\\.)*"?|[\w.+-]+)?', shown)
    named = [match for match in fields if match[1] in words]
    found += [match for match in named if finding.actual and match[0].endswith(finding.actual)] or named
    quoted = [message, *re.findall("shows '(.+)'$", message)]
    found += [match for text in quoted for match in re.finditer(re.escape(text), shown)]
    return [list(match.span()) for match in sorted(found, key=re.Match.start)]
