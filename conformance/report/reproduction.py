"""A finding as a script that shows it again, on any server with that fault: POSIX sh, curl, and jq for values.

It makes the items that it needs, sends what was sent, judges, and removes what it has made, even where a step fails.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from ..contract.contract import validator
from ..contract.resource import Scheme
from ..run.checks import HTTP_REFUSALS
from ..run.clause import Finding
from ..run.conditions import fits
from ..run.run import Run
from ..target.exchange import Exchange, Request
from .shell import Expression, Names, body, options, word

STRANGER = "UNKNOWN_CREDENTIALS"
# How often what does not always show is asked for.
ROUNDS = 40
# The option with the credentials that the run has used for all that is not about credentials.
_AUTHORIZED = '--header "$authorization"'
# Forty letters that stand together nowhere else.
_MADE_UP = "$(od -An -v -N20 -tx1 /dev/urandom | tr -d ' \\n' | tr 0-9a-f gHjKmNpQrStVwXyZ)"
# As much of an answer is searched for the form in which it shows a secret, in characters.
_SEARCHED = 50_000
# An answer longer than this is taken for endless, in bytes.
_ENDLESS = 8 * 1024 * 1024


def script(finding: Finding, run: Run) -> str:
    """The script for a finding. Exit code 1: the fault is there, 0: it is gone, 2: that cannot be told."""
    return "\n".join(Reproduction(finding, run).lines()) + "\n"


def lines(finding: Finding, run: Run) -> str:
    """The same to be pasted into a shell and looked at: it prints the answers, and judges nothing."""
    return "\n".join(Reproduction(finding, run).pasted())


class Reproduction:
    """The steps of one script, and the names of what they need."""

    def __init__(self, finding: Finding, run: Run) -> None:
        self._finding = finding
        self._run = run
        self._create = run.resource.create
        self._delete = run.resource.delete
        self._base, self._secret = run.resource.variable("base_url"), run.resource.secret
        self._made = finding.made if self._create else ()
        requests = [request for made in self._made for request in (self._creation(made.body), *made.then)]
        self._requests = [*requests, *(each.request for each in finding.exchanges)]
        sent = "\n".join(_text(each) for each in self._requests)
        self.values = self._values(sent)
        self.names = Names(self.values)
        self.used = self.names.used(sent + (finding.holds or ""))
        self.number = 0

    def _values(self, sent: str) -> list[tuple[str, str]]:
        """What variables stand for: credentials, secrets, owners, and the ids of what is made."""
        target, resource = self._run.target, self._run.resource
        values = [(value, scheme.variable) for scheme, value in target.credentials.items()]
        values += [(value, resource.variable(name)) for name, value in target.owners.items()]
        values += [(value, resource.variable("foreign", name)) for name, value in target.foreign.items()]
        values += [(target.foreign_item or "", resource.variable("foreign", resource.item))]
        values += [(target.overwrite or "", resource.variable(resource.item))]
        secrets = self._run.secrets.values
        for variable in (self._secret, STRANGER):
            found = sorted((each for each, name in secrets.items() if name == variable and each in sent), key=sent.find)
            values += [(each, _numbered(variable, index)) for index, each in enumerate(found)]
        values += [(each, name) for each, name in secrets.items() if name not in (self._secret, STRANGER)]
        ids = list(dict.fromkeys([*(made.id for made in self._made), *self._created()]))
        values += [(id, _numbered("ID", index)) for index, id in enumerate(ids)]
        return [(value, name) for value, name in values if value]

    def _created(self) -> Iterator[str]:
        """The ids that the finding's own exchanges were answered with."""
        for exchange in self._finding.exchanges:
            if id := self._id(exchange):
                yield id

    def _id(self, exchange: Exchange) -> str | None:
        """The id of what an exchange has created."""
        shown = exchange.answer.json
        creates = exchange.request.method == "POST" and exchange.answer.ok and isinstance(shown, dict)
        id = self._run.resource.id_of(shown) if creates else None
        # What the request has named itself is no new one.
        return id if id and id.encode() not in (exchange.request.body or b"").lower() else None

    def lines(self) -> Iterator[str]:
        """The script, line by line."""
        yield from self._head()
        yield from self._functions()
        for made in self._made:
            yield ""
            yield from self._make(made.id, made.body)
            for request in made.then:
                yield from self._send(request)
        yield ""
        start = self.number
        steps = [line for exchange in self._finding.exchanges for line in self._step(exchange)]
        judgement = list(self._judgement(start))
        if self._finding.flaky:
            yield "# It does not show each time."
            yield f"for round in $(seq {ROUNDS}); do"
            yield from ("  " + line for line in (*steps, *judgement, 'if [ "$code" = 1 ]; then break; fi'))
            yield "done"
        else:
            yield from (*steps, "", *judgement)
        yield 'exit "$code"'

    def _head(self) -> Iterator[str]:
        finding, clause = self._finding, self._finding.clause
        resource = self._run.resource
        needed = [self._base, *sorted(name for name in self.used if name.startswith(f"{resource.prefix}_"))]
        needed += [*map(resource.variable, resource.owners), *filter(None, [self._credential])]
        needed = list(dict.fromkeys(needed))
        tools = "curl and jq" if self._uses_jq else "curl"
        yield "#!/bin/sh"
        yield f"# {clause.id}: {_line(clause.requirement)}"
        yield f"# {_line(self._run.secrets.redact(finding.message))}"
        yield "#"
        yield f"# Exit code 1: the fault is there, 0: it is gone, 2: that cannot be told. It needs {tools}."
        yield f"# Set {', '.join(needed)}."
        if any(name.startswith(self._secret) for name in self.used):
            yield f"# Set {self._secret} too where the server takes only a real one."
        yield 'say() { echo "$2"; exit "$1"; }'
        for name in needed:
            yield f'[ "${{{name}:-}}" ] || say 2 "set {name}"'
        yield from self._secrets()

    def _secrets(self) -> Iterator[str]:
        """Values for what only has to be recognised."""
        for name in sorted(name for name in self.used if name.startswith((self._secret, STRANGER))):
            yield f"{name}=${{{name}:-{_MADE_UP}}}"

    def pasted(self) -> Iterator[str]:
        """The steps alone, for an interactive shell: in parentheses, lest the trap is the shell's own."""
        local = " --noproxy '*'" if self._run.target.loopback else ""
        yield "("
        yield f'api() {{ curl --silent{local} --max-time {self._run.target.timeout:g} "$@"; }}'
        yield from self._shared()
        yield from self._secrets()
        if self._creates and self._delete:
            yield "made="
            # As every shell reads it: some do not split what a variable holds.
            delete = f'if [ "$each" ]; then api --request DELETE "$items/$each" {_AUTHORIZED}; fi'
            yield f"""trap 'echo "$made" | tr " " "\\n" | while read -r each; do {delete}; done' EXIT"""
        for made in self._made:
            yield from self._created_by(self._name(made.id), "".join(self._command(self._creation(made.body), "api")))
            for request in made.then:
                yield "".join(self._command(request, "api --output /dev/null"))
        for exchange in self._finding.exchanges:
            id = self._id(exchange)
            command = "".join(self._command(exchange.request, "api" if id else "api --include"))
            if id:
                yield from self._created_by(self._name(id), command)
            else:
                yield f"{command}; echo"
        yield ")"

    def _created_by(self, name: str, command: str) -> Iterator[str]:
        yield f'answer=$({command}); echo "$answer"; {name}=$(echo "$answer" | jq -r .id); made="$made ${name}"'

    def _shared(self) -> Iterator[str]:
        yield f'authorization="{self._authorization}"'
        if self._creates:
            yield f"items={word([Expression(f'${{{self._base}}}'), *self.names.pieces(self._collection)])}"

    def _name(self, id: str) -> str:
        return next(name for value, name in self.values if value == id)

    @property
    def _scheme(self) -> Scheme | None:
        return next(iter(self._run.target.credentials), None)

    @property
    def _credential(self) -> str:
        return self._scheme.variable if self._scheme else ""

    @property
    def _authorization(self) -> str:
        scheme = self._scheme
        return f"{scheme.header}: {scheme.value(f'${scheme.variable}')}" if scheme else "Accept: */*"

    @property
    def _uses_jq(self) -> bool:
        return any("jq " in line for line in self._judgement(0))

    def _functions(self) -> Iterator[str]:
        """What the steps are made of; answers go to files called by their number."""
        local = " --noproxy '*'" if self._run.target.loopback else ""
        yield from self._shared()
        yield "T=$(mktemp -d) || exit 2"
        yield "send() {"
        yield '  n=$1; shift; echo 000 > "$T/$n.status"'
        yield (
            f"  curl --silent --compressed{local} --max-time {self._run.target.timeout:g} --max-filesize {_ENDLESS} \\"
        )
        yield (
            '    --dump-header "$T/$n.headers" --output "$T/$n" --write-out "%{http_code}" "$@" > "$T/$n.status"; '
            'echo $? > "$T/$n.end"'
        )
        yield "}"
        if self._creates:
            yield f'send 0 "$items" {_AUTHORIZED}'
            yield "id() {"
            yield """  tr '{,' '\\n\\n' < "$T/$1" | tr -d ' \\t' | sed -n 's/^"id":"\\([^"]*\\)".*/\\1/p' | head -n 1"""
            yield "}"
            yield "made() {"
            yield '  made=$(id "$1")'
            yield "  # What was there before is not to be removed."
            yield '  if [ "$made" ] && [ "$(grep -ci -- "$made" "$T/0")" = 0 ]; then echo "$made" >> "$T/made"; fi'
            yield "}"
            yield 'touch "$T/made"'
            yield "clean() {"
            if self._delete:
                yield "  while read -r each; do"
                yield f'    send end --request DELETE "$items/$each" {_AUTHORIZED}'
                yield '  done < "$T/made"'
            yield '  rm -r "$T"'
            yield "}"
        else:
            yield 'clean() { rm -r "$T"; }'
        yield "trap clean EXIT"
        yield "trap 'exit 2' HUP INT TERM"

    @property
    def _creates(self) -> bool:
        return bool(self._made) or any(each.method in ("POST", "PUT", "PATCH") for each in self._requests)

    @property
    def _collection(self) -> str:
        assert self._create
        return self._run.resource.path_of(self._create.path, self._run.target.owners, "")

    def _creation(self, raw: bytes) -> Request:
        own = self._run.target.authorization
        headers = (*([own] if own else []), ("Content-Type", "application/json"))
        return Request("POST", self._collection, headers, raw, self._create.id if self._create else None)

    def _make(self, id: str, raw: bytes) -> Iterator[str]:
        """Makes an item; without it nothing can be told."""
        name = self._name(id)
        yield from self._send(self._creation(raw))
        yield f"made {self.number}; {name}=$made"
        yield f'[ "${name}" ] || say 2 "nothing could be created: $(cat "$T/{self.number}.status")"'

    def _step(self, exchange: Exchange) -> Iterator[str]:
        """Sends what was sent."""
        if exchange.request.method == "DELETE" and exchange.request.operation is None:
            local = '*//127.*|*//localhost*|*"//[::1]"*'
            yield f'case ${self._base} in {local}) ;; *) say 2 "only for a server of your own" ;; esac'
        yield from self._send(exchange.request)
        if self._creates and exchange.request.method not in ("GET", "DELETE", "HEAD", "OPTIONS", "TRACE"):
            yield f"made {self.number}"
            if id := self._id(exchange):
                yield f"{self._name(id)}=$made"

    def _send(self, request: Request) -> Iterator[str]:
        self.number += 1
        yield from self._command(request, f"send {self.number}")

    def _command(self, request: Request, command: str) -> Iterator[str]:
        """The lines that send a request by a command which takes the options of curl."""
        arguments = " ".join(options(request, self.names, self._base))
        own = f'--header "{self._authorization}"'
        arguments = arguments.replace(own, _AUTHORIZED)
        if self._creates:
            collection = word([Expression(f"${{{self._base}}}"), *self.names.pieces(self._collection)])[1:-1]
            arguments = re.sub(rf'"{re.escape(collection)}(?=["/])', '"$items', arguments)
        if request.body is None:
            yield f"{command} {arguments}"
        elif not request.body:
            yield f"{command} {arguments} --data-binary ''"
        else:
            yield f"{body(request.body, self.names)} |\n  {command} {arguments} --data-binary @-"

    def _judgement(self, start: int) -> Iterator[str]:
        """Sets `code`; `start` is the number of the step before the finding's first exchange."""
        exchanges = self._finding.exchanges
        last = start + len(exchanges)
        yield f'echo "answered $(cat "$T/{last}.status"):"; head -c 2000 "$T/{last}" 2> /dev/null; echo; code=2'
        before = [(start + 1 + index, each) for index, each in enumerate(exchanges[:-1])]
        conditions = [f'[ "$(cat "$T/{number}.status")" = {each.answer.status:03} ]' for number, each in before]
        judged = list(self._last(start, last))
        if not conditions:
            yield from judged
            return
        yield f"if {' && '.join(conditions)}; then"
        yield from ("  " + line for line in judged)
        yield "fi"

    def _last(self, start: int, last: int) -> Iterator[str]:
        """Sets `code` by the last answer."""
        finding, exchange = self._finding, self._finding.exchanges[-1]
        id, status = finding.clause.id, exchange.answer.status
        found = f'[ "$(cat "$T/{last}.status")" = {status:03} ]'
        if id == "answer/in-time":
            yield f'case $(cat "$T/{last}.end") in 28|63) code=1 ;; 0) code=0 ;; esac'
        elif id == "answer/complete":
            yield f'case $(cat "$T/{last}.end") in 0) code=0 ;; 7) ;; *) code=1 ;; esac'
            if status == 204:
                yield f"if grep -qi '^content-length: *[1-9]' \"$T/{last}.headers\"; then code=1; fi"
        elif id == "answer/no-server-error":
            yield f'case $(cat "$T/{last}.status") in 5??) code=1 ;; 000) ;; *) code=0 ;; esac'
        elif id == "answer/status":
            operation = self._run.contract.operations[str(exchange.request.operation)]
            allowed = {int(each) for each in operation.responses if each.isdigit()} | HTTP_REFUSALS
            yield self._status(last, allowed)
        elif id == "answer/media-type":
            yield f"if grep -qi '^content-type: *application/json' \"$T/{last}.headers\"; then code=0; else code=1; fi"
        elif id in ("secrets/value", "secrets/credentials"):
            yield from self._shows(last)
        elif id == "secrets/internals":
            text = finding.message.partition("'")[2][:24].rstrip("'") or finding.message
            yield f"secret={shlex.quote(text)}"
            yield from self._searched(last)
        elif id == "answer/honest-error" or (
            id == "answer/schema" and not isinstance(exchange.answer.json, dict | list)
        ):
            yield f"if jq -e -s 'length == 1' \"$T/{last}\" > /dev/null 2>&1; then code=0; else code=1; fi"
        elif finding.statuses:
            yield self._status(last, set(finding.statuses))
        elif condition := finding.holds or self._schema(exchange):
            yield f"if {found}; then"
            yield from ("  " + line for line in self._jq(condition, start, last))
            if id == "answer/schema":
                # The schema of a success says nothing of a refusal.
                yield f'else case $(cat "$T/{last}.status") in 4??) code=0 ;; esac'
            yield "fi"

    def _status(self, number: int, allowed: set[int]) -> str:
        expected = "|".join(map(str, sorted(allowed)))
        return f'case $(cat "$T/{number}.status") in {expected}) code=0 ;; 000|429) ;; *) code=1 ;; esac'

    def _schema(self, exchange: Exchange) -> str | None:
        """The condition that an answer breaks, of those in its operation's schema."""
        operation = self._run.contract.operations.get(exchange.request.operation or "")
        schema = operation and operation.response_schema
        if self._finding.clause.id != "answer/schema" or not schema:
            return None
        try:
            # The first error: to find them all takes as long, and as much memory, as a server likes.
            validator(schema).validate(exchange.answer.json)
        except jsonschema_rs.ValidationError as error:
            part: Any = schema
            for key in list(error.schema_path)[:-1]:
                part = part[key]
            return fits(part, list(error.instance_path), error.kind.name)
        except ValueError:
            # Nested too deep to be judged here, or not Unicode.
            pass
        return None

    def _jq(self, condition: str, start: int, last: int) -> Iterator[str]:
        numbers = {"$first": start + 1, "$before": last - 1, "$last": last}
        arguments = ""
        for name, number in numbers.items():
            if name in condition:
                arguments += f' --slurpfile {name[1:]} "$T/{number}"'
                condition = re.sub(re.escape(name) + r"\b", f"{name}[0]", condition)
        if "$headers" in condition:
            arguments += f' --rawfile headers "$T/{last}.headers"'
        for value, name in self.values:
            if f'"{value}"' in condition:
                arguments += f' --arg {name} "${name}"'
                condition = condition.replace(f'"{value}"', f"${name}")
        yield f"jq -e -n{arguments} \\"
        yield f"  '{condition}' > /dev/null"
        yield "case $? in 0) code=0 ;; 1|4) code=1 ;; esac"

    def _shows(self, last: int) -> Iterator[str]:
        """Looks for a secret in the form in which the answer has shown it."""
        answer = self._finding.exchanges[-1].answer
        text = "\n".join([*(f"{name}: {value}" for name, value in answer.headers), answer.text])[:_SEARCHED]
        secret = self._finding.clause.id == "secrets/value"
        forms = [
            form
            for value, name in self.values
            if name in self.used and name.startswith(self._secret) == secret and (form := _form(value, name, text))
        ]
        if forms:
            yield f"secret={max(forms)[1]}"
            yield from self._searched(last)

    def _searched(self, last: int) -> Iterator[str]:
        yield "if [ ${#secret} -ge 4 ]; then"
        yield f'  if cat "$T/{last}" "$T/{last}.headers" | grep -qiF -e "$secret"; then code=1; else code=0; fi'
        yield "fi"


_FORMS = (
    ("sha256sum | cut -c1-64", "sha256"),
    ("sha1sum | cut -c1-40", "sha1"),
    ("md5sum | cut -c1-32", "md5"),
)


def _form(value: str, name: str, text: str) -> tuple[int, str] | None:
    """How much of a secret a text shows, and what a shell makes of its variable to get that; None if none is known."""
    lower, raw = text.lower(), value.encode()
    printed = f'printf %s "${name}" | '
    if value.lower() in lower:
        return len(value), f'"${name}"'
    forms = [(hashlib.new(kind, raw).hexdigest(), command) for command, kind in _FORMS]
    forms += [
        (raw.hex(), "od -An -v -tx1 | tr -d ' \\n'"),
        ("".join(f"%{each:02x}" for each in raw), "od -An -v -tx1 | tr -d '\\n' | tr ' ' %"),
        ("".join(f"\\u{each:04x}" for each in raw), "od -An -v -tx1 | tr -d '\\n' | sed 's/ /\\\\u00/g'"),
        (value[::-1].lower(), "sed 's/./&\\n/g' | tail -r 2> /dev/null || rev"),
        (base64.b64encode(raw).decode().rstrip("=").lower(), "base64 | tr -d '=\\n'"),
    ]
    for form, command in forms:
        if form in lower:
            return len(value), f'"$({printed}{command})"'
    for size in range(len(value) - 1, 3, -1):
        for start in range(len(value) - size + 1):
            if value[start : start + size].lower() in lower:
                return size, f'"$({printed}cut -c{start + 1}-{start + size})"'
    return None


def _numbered(name: str, index: int) -> str:
    return f"{name}_{index + 1}" if index else name


def _text(request: Request) -> str:
    parts = [request.path, *(value for _, value in request.headers), (request.body or b"").decode("latin-1")]
    return "\n".join(parts)


def _line(text: str) -> str:
    """`text` in one line of a comment, without what an interactive shell would take for itself."""
    flat = " ".join(text.split())[:300].replace("!", ".")
    return json.dumps(flat)[1:-1].replace('\\"', '"')
