"""How a reproduction judges the answers: lines of shell that set `code` to 1, 0, or 2 where they cannot tell."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from ..contract.contract import Zone, validator
from ..run.checks import CLOCKS, HTTP_REFUSALS
from ..run.clause import Finding
from ..run.conditions import fits, timely
from ..run.forms import shown
from ..run.rates import SKEW, WINDOW
from ..run.run import Run
from ..target.connections import MAX_VALUES
from ..target.exchange import Answer, Exchange
from ..target.reading import MAX_ANSWER
from .variables import STATES, STRANGER, Variables


class Judgement:
    """Judges the answers to a finding's exchanges, which are in files called by the number of the step."""

    def __init__(self, finding: Finding, run: Run, variables: Variables, start: int) -> None:
        """`start` is the number of the step before the finding's first exchange."""
        self._finding = finding
        self._run = run
        self._variables = variables
        self._start = start + 1
        self._first = self._start + finding.lead
        self._number = start + len(finding.exchanges)

    def lines(self) -> Iterator[str]:
        """Sets `code`: by the last answer, if those before it are the finding's."""
        *before, last = self._finding.exchanges
        number = self._number
        yield f'echo "answered $(cat "$T/{number}.status"):"; head -c 2000 "$T/{number}" 2> /dev/null; echo; code=2'
        judged = list(self._last(last)) or ['echo "that takes more than a shell: run the suite again"']
        if not before:
            yield from judged
            return
        numbered = list(enumerate(before, self._start))
        yield f"if {' && '.join(self._alike(number, each.answer) for number, each in numbered)}; then"
        yield from ("  " + line for line in judged)
        if refusable := [number for number, each in numbered if each.answer.ok and self._may_refuse(each)]:
            yield f"else case {' '.join(self._status(number) for number in refusable)} in 4??) code=0 ;; esac"
        yield "fi"
        first = self._finding.exchanges[self._finding.lead]
        if any(first.answer.header(name) for name in STATES) and self._finding.clause.id.startswith("preconditions/"):
            yield "# Without them, a server has nothing to compare."
            yield f"grep -qiE '^({'|'.join(STATES)}):' \"$T/{self._first}.headers\" || code=0"

    def _last(self, exchange: Exchange) -> Iterator[str]:
        finding, status, answer = self._finding, exchange.answer.status, f"$T/{self._number}"
        id = finding.clause.id
        if id == "answer/in-time":
            yield f'case $(cat "{answer}.end") in 28|63) code=1 ;; 0) code=0 ;; esac'
        elif id == "answer/complete":
            yield f'case $(cat "{answer}.end") in 0) code=0 ;; 7) ;; *) code=1 ;; esac'
            if finding.message.startswith("more than"):
                yield f'if [ "$(tr -cd ",[{{" < "{answer}" | wc -c)" -gt {MAX_VALUES} ]; then code=1; fi'
                yield f'if [ "$(wc -c < "{answer}")" -gt {MAX_ANSWER} ]; then code=1; fi'
            if status == 204:
                yield f"if grep -qi '^content-length: *[1-9]' \"{answer}.headers\"; then code=1; fi"
        elif id == "answer/no-server-error":
            yield f"case {self._status(self._number)} in 5??) code=1 ;; 000) ;; *) code=0 ;; esac"
        elif id == "answer/status":
            operation = self._run.contract.operations[str(exchange.request.operation)]
            yield self._one_of({int(each) for each in operation.responses if each.isdigit()} | HTTP_REFUSALS)
        elif id == "answer/media-type":
            found = f"grep -qi '^content-type: *application/json' \"{answer}.headers\""
            yield from self._if_answered(status, [f"if {found}; then code=0; else code=1; fi"], refusable=True)
        elif id == "answer/headers":
            yield from self._rates()
        elif id == "answer/clock":
            field, edits = finding.message.split()[0], exchange.request.method != "POST"
            yield from self._if_answered(status, list(self._jq(timely(field, CLOCKS, past=edits))), refusable=True)
        elif id in ("secrets/value", "secrets/credentials"):
            yield from self._shows(exchange)
        elif id == "secrets/internals":
            text = finding.message.partition("'")[2][:24].rstrip("'") or finding.message
            yield f"secret={shlex.quote(text)}"
            yield from self._searched()
        elif id == "answer/honest-error" or (
            id == "answer/schema" and not isinstance(exchange.answer.json, dict | list)
        ):
            yield f"if jq -e -s 'length == 1' \"{answer}\" > /dev/null 2>&1; then code=0; else code=1; fi"
        elif finding.statuses:
            yield self._one_of(set(finding.statuses))
        elif condition := finding.holds or self._schema(exchange):
            refusable = id == "answer/schema" or self._may_refuse(exchange)
            yield from self._if_answered(status, list(self._jq(condition)), refusable=refusable)

    def _rates(self) -> Iterator[str]:
        """Looks at the headers that say how many requests are left, and until when, in seconds of Unix time."""
        values = f"tr -d '\\r' < \"$T/{self._number}.headers\" | grep -iE '^x-ratelimit-[a-z]+:'"
        yield f'if [ "{self._status(self._number)}" != 000 ]; then'
        yield f"  if {values} | grep -qvE ': *[0-9]+ *$'; then code=1; else code=0; fi"
        yield f"  reset=$({values} | sed -n 's/^[^:]*[Rr][Ee][Ss][Ee][Tt]: *\\([0-9]*\\).*/\\1/p')"
        yield "  now=$(date +%s); ahead=$((${reset:-$now} - now))"
        for variable, name in (("left", "Remaining"), ("most", "Limit")):
            either = "".join(f"[{each.upper()}{each.lower()}]" for each in name)
            yield f"  {variable}=$({values} | sed -n 's/^[^:]*-{either}: *\\([0-9]*\\).*/\\1/p')"
        yield '  if [ "${left:-0}" -gt "${most:-${left:-0}}" ]; then code=1; fi'
        yield f'  if [ "$ahead" -gt {WINDOW + SKEW} ] || [ "$ahead" -lt -{SKEW} ]; then code=1; fi'
        yield "fi"

    def _if_answered(self, status: int, lines: list[str], *, refusable: bool) -> Iterator[str]:
        """Judges an answer of the finding's status; whether it is gone where the server refuses is `refusable`."""
        yield f"if {self._is(self._number, status)}; then"
        yield from ("  " + line for line in lines)
        if refusable:
            yield f"else case {self._status(self._number)} in 4??) code=0 ;; esac"
        yield "fi"

    def _may_refuse(self, exchange: Exchange) -> bool:
        """May a right server refuse a request that was accepted?"""
        request = exchange.request
        own = self._run.target.authorization
        accepted = not request.body or self._run.contract.zone(request.json, request.operation or "") is Zone.ACCEPT
        return request.operation is None or not accepted or (own is not None and own not in request.headers)

    def _status(self, number: int) -> str:
        return f'$(cat "$T/{number}.status")'

    def _alike(self, number: int, answer: Answer) -> str:
        """Was a request before the last one accepted, where the finding's was, or else refused in the same way?"""
        return f'[ "$(cut -c1 "$T/{number}.status")" = 2 ]' if answer.ok else self._is(number, answer.status)

    def _is(self, number: int, status: int) -> str:
        return f'[ "{self._status(number)}" = {status:03} ]'

    def _one_of(self, allowed: set[int]) -> str:
        expected = "|".join(map(str, sorted(allowed)))
        return f"case {self._status(self._number)} in {expected}) code=0 ;; 000|429) ;; *) code=1 ;; esac"

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

    def _jq(self, condition: str) -> Iterator[str]:
        numbers = {"$first": self._first, "$before": self._number - 1, "$last": self._number}
        arguments = ""
        for name, number in numbers.items():
            if name in condition:
                arguments += f' --slurpfile {name[1:]} "$T/{number}"'
                condition = re.sub(re.escape(name) + r"\b", f"{name}[0]", condition)
        if "$headers" in condition:
            arguments += f' --rawfile headers "$T/{self._number}.headers"'
        for value, name in self._variables.values:
            if (literal := json.dumps(value)) in condition:
                arguments += f' --arg {name} "${name}"'
                condition = condition.replace(literal, f"${name}")
        yield f"jq -e -n{arguments} \\"
        yield f"  '{condition}' > /dev/null"
        yield "case $? in 0) code=0 ;; 1|4) code=1 ;; esac"

    def _shows(self, exchange: Exchange) -> Iterator[str]:
        """Looks for a secret in the form in which the answer has shown it."""
        credentials = (*(scheme.variable for scheme in self._run.target.credentials), STRANGER)
        about = self._variables.secret if self._finding.clause.id == "secrets/value" else credentials
        values = [
            (value, name)
            for value, name in self._variables.values
            if name in self._variables.used and name.startswith(about)
        ]
        if found := shown(exchange.answer, values):
            yield f"secret={found[0].expression}"
            yield from self._searched()

    def _searched(self) -> Iterator[str]:
        answer = f"$T/{self._number}"
        yield "if [ ${#secret} -ge 4 ]; then"
        yield f'  if cat "{answer}" "{answer}.headers" | grep -qiF -e "$secret"; then code=1; else code=0; fi'
        yield "fi"
