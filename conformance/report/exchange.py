"""An answer as text without secrets, with the parts of it that are wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ..run.clause import Finding
from ..run.run import Run
from ..target.exchange import Answer

# As much of a body as a person reads, in characters.
_SHOWN = 1500
# A field of a JSON object that holds text which may be a secret, or the beginning of one.
_FIELD = re.compile(r'(?P<before>"(?P<name>[^"\\]*)"\s*:\s*")(?P<value>(?:[^"\\]|\\.){8,})', re.DOTALL)


def shown_answer(answer: Answer, run: Run) -> str:
    """Status, headers and the beginning of the body."""
    if not answer.status:
        return f"-> {answer.problem}"
    lines = [f"-> HTTP {answer.status}"]
    lines += [f"{name}: {value}"[:_SHOWN] for name, value in answer.headers][:20]
    if answer.body:
        more = "" if len(answer.text) <= _SHOWN else f"… ({len(answer.body)} bytes)"
        lines += ["", _laid_out(answer) or answer.text[:_SHOWN] + more]
    if answer.problem:
        lines.append(f"({answer.problem})")
    return answered("\n".join(lines), answer, run)


def _variables(run: Run) -> list[str]:
    """The variables that hold what must not be shown."""
    return [run.secrets.secret, *(scheme.variable for scheme in run.resource.schemes)]


def _laid_out(answer: Answer) -> str | None:
    """A body that is JSON, in lines; None if it is none, or would be cut."""
    if not isinstance(answer.json, dict | list) or len(answer.body) > _SHOWN:
        return None
    text = json.dumps(answer.json, indent=2, ensure_ascii=False)
    # What a parser would not mind, such as a name that stands there twice, must be seen.
    same = sum(map(str.isspace, text)) - sum(map(str.isspace, answer.text)) == len(text) - len(answer.text)
    return text if same and len(text) <= 2 * _SHOWN else None


def answered(text: str, answer: Answer, run: Run) -> str:
    """`text`, a part of an answer, without secrets.

    Of items that are not the run's own the secrets are not known: so of a successful answer no text is shown
    that stands in a field which the contract does not have.
    """
    documented = {name for each in run.contract.operations.values() for name in _fields(each.response_schema or {})}

    def hidden(field: re.Match[str]) -> str:
        if field["name"] in documented or any(f"${variable}" in field["value"] for variable in _variables(run)):
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


def marks(shown: str, finding: Finding, run: Run) -> list[list[int]]:
    """The parts of a shown answer that a finding's message names, each as its beginning and its end.

    These are the status, headers and fields by their name, quotations, and what stands in a secret's place.
    """
    status = re.match(r"-> HTTP (\d+)", shown)
    if not status:
        return [[0, len(shown)]]
    message = finding.message
    secrets = list(re.finditer(rf"\$(?:{'|'.join(_variables(run))})\b|\N{{FULL BLOCK}}+", shown))
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
