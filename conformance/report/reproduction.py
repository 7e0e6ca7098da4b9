"""A finding as a script that shows it again, on any server with that fault: POSIX sh, curl, and jq for values.

It makes the items that it needs, sends what was sent, judges, and removes what it has made, even where a step fails.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator

from ..run.clause import Finding
from ..run.findings import MEETINGS
from ..run.run import Run
from ..target.exchange import Exchange, Request
from .curl import AUTHORIZED, Curl
from .judgement import Judgement
from .variables import Variables

# An answer longer than this is taken for endless, in bytes.
_ENDLESS = 8 * 1024 * 1024


def script(finding: Finding, run: Run) -> str:
    """The script for a finding. Exit code 1: the fault is there, 0: it is gone, 2: that cannot be told."""
    return "\n".join(Script(finding, run).lines()) + "\n"


def lines(finding: Finding, run: Run) -> str:
    """The same to be pasted into a shell and looked at: it prints the answers, and judges nothing."""
    return "\n".join(Lines(finding, run).lines())


class Reproduction:
    """What it takes to show a finding: variables, items that have to be there, and requests."""

    def __init__(self, finding: Finding, run: Run) -> None:
        self.finding = finding
        self.run = run
        self.made = finding.made if run.resource.create else ()
        made = [Request("POST", "", body=each.body) for each in self.made]
        requests = [*made, *(each for item in self.made for each in item.then), *(e.request for e in finding.exchanges)]
        self.creates = bool(self.made) or any(each.method in ("POST", "PUT", "PATCH") for each in requests)
        self.variables = Variables(finding, run, requests)
        self.curl = Curl(run, self.variables, creates=self.creates)


class Script(Reproduction):
    """The script, which judges; the answers are in files called by the number of the step."""

    def __init__(self, finding: Finding, run: Run) -> None:
        super().__init__(finding, run)
        self._number = 0

    def lines(self) -> Iterator[str]:
        """The script, line by line."""
        made = list(self._make())
        judgement = list(Judgement(self.finding, self.run, self.variables, self._number).lines())
        steps = list(self._steps())
        yield from self._head(jq=any("jq " in line for line in judgement))
        yield from self._functions()
        # Where they meet, one may be gone, and what they make has to be alone.
        together = any(each.together for each in self.finding.exchanges)
        rounds = MEETINGS if together else self.finding.rounds
        yield from made if not together else ()
        yield ""
        if rounds > 1:
            yield "# It does not show each time."
            yield "told=2"
            yield f"for round in $(seq {rounds}); do"
            told = ("case $code in 0) told=0 ;; 1) told=1; break ;; esac", *["sweep"] * together)
            yield from _indented((*(made if together else ()), *steps, *judgement, *told))
            yield "done"
            yield 'exit "$told"'
        else:
            yield from (*steps, "", *judgement)
            yield 'exit "$code"'

    def _head(self, *, jq: bool) -> Iterator[str]:
        clause, variables = self.finding.clause, self.variables
        yield "#!/bin/sh"
        yield f"# {clause.id}: {_line(clause.requirement)}"
        yield f"# {_line(self.run.secrets.redact(self.finding.message))}"
        yield "#"
        tools = "curl and jq" if jq else "curl"
        yield f"# Exit code 1: the fault is there, 0: it is gone, 2: that cannot be told. It needs {tools}."
        yield f"# Set {', '.join(variables.needed)}."
        if any(name.startswith(variables.secret) for name in variables.secrets):
            yield f"# Set {variables.secret} too where the server takes only a real one."
        yield 'say() { echo "$2"; exit "$1"; }'
        for name in variables.needed:
            yield f'[ "${{{name}:-}}" ] || say 2 "set {name}"'
        yield from variables.made_up()

    def _functions(self) -> Iterator[str]:
        """What the steps are made of."""
        yield from self.curl.shared()
        yield "T=$(mktemp -d) || exit 2"
        yield "send() {"
        yield '  n=$1; shift; echo 000 > "$T/$n.status"'
        if self.finding.connected:
            yield "  # Over the connection of a valid request."
            yield f'  curl {self.curl.common} --output "$T/valid" {self.curl.valid} {AUTHORIZED} --next \\'
            yield f"    {self.curl.common} --compressed --max-filesize {_ENDLESS} \\"
        else:
            yield f"  curl {self.curl.common} --compressed --max-filesize {_ENDLESS} \\"
        yield (
            '    --dump-header "$T/$n.headers" --output "$T/$n" --write-out "%{http_code}" "$@" > "$T/$n.status"; '
            'echo $? > "$T/$n.end"'
        )
        yield "}"
        name = self.run.resource.id.rpartition(".")[2]
        yield from (line.replace("ID", name) for line in _CREATING if self.creates)
        yield from _HEADER if any(any(self.variables.told(each)) for each in self.finding.exchanges) else ()
        if self.creates:
            yield f'send 0 "$items" {AUTHORIZED}'
        yield "sweep() {"
        if self.creates and self.run.resource.delete:
            yield "  while read -r each; do"
            yield f'    send end --request DELETE "{self.curl.each}" {AUTHORIZED}'
            yield '  done < "$T/made"'
        yield '  : > "$T/made"'
        yield "}"
        yield 'clean() { sweep; rm -r "$T"; }'
        yield "trap clean EXIT"
        yield "trap 'exit 2' HUP INT TERM"

    def _make(self) -> Iterator[str]:
        """Makes the items that have to be there; without them nothing can be told."""
        for made in self.made:
            name = self.variables.name(made.id)
            yield ""
            yield from self._send(self.curl.creation(made.body))
            yield f"made {self._number}; {name}=$made"
            yield f'[ "${name}" ] || say 2 "nothing could be created: $(cat "$T/{self._number}.status")"'
            for request in made.then:
                yield from self._send(request)

    def _steps(self) -> Iterator[str]:
        """Sends what was sent, at the same time where it was."""
        for together, exchanges in itertools.groupby(self.finding.exchanges, lambda each: each.together):
            created: list[str] = []
            for exchange in exchanges:
                sent = list(self._step(exchange))
                created += [*self._created(exchange), *self._told(exchange)]
                yield from ([*sent[:-1], f"{sent[-1]} &"] if together else [*sent, *created])
                created = created if together else []
            if together:
                yield from ("wait", *created)

    def _step(self, exchange: Exchange) -> Iterator[str]:
        request = exchange.request
        if request.method == "DELETE" and request.operation is None:
            base, local = self.run.resource.variable("base_url"), '*//127.*|*//localhost*|*"//[::1]"*'
            yield f'case ${base} in {local}) ;; *) say 2 "only for a server of your own" ;; esac'
        yield from self._send(request)

    def _created(self, exchange: Exchange) -> Iterator[str]:
        """Notes what the last step has created, to use and to remove it."""
        if self.creates and exchange.request.method not in ("GET", "DELETE", "HEAD", "OPTIONS", "TRACE"):
            yield f"made {self._number}"
            if id := self.variables.created(exchange):
                yield f"{self.variables.name(id)}=$made"

    def _told(self, exchange: Exchange) -> Iterator[str]:
        """Notes what the last answer says of its state, to be sent back."""
        for header, _, name in self.variables.told(exchange):
            yield f'{name}=$(header {header} < "$T/{self._number}.headers")'

    def _send(self, request: Request) -> Iterator[str]:
        self._number += 1
        yield from self.curl.lines(request, f"send {self._number}")


class Lines(Reproduction):
    """The steps alone, for an interactive shell: in parentheses, lest the trap is the shell's own."""

    def lines(self) -> Iterator[str]:
        """What is to be pasted, line by line."""
        yield "("
        before = ""
        if self.finding.connected:
            before = f"{self.curl.common} --output /dev/null {self.curl.valid} {AUTHORIZED} --next "
        yield f'api() {{ curl {before}{self.curl.common} "$@"; }}'
        yield from self.curl.shared()
        yield from _HEADER if any(any(self.variables.told(each)) for each in self.finding.exchanges) else ()
        yield from self.variables.made_up()
        if self.creates and self.run.resource.delete:
            yield "made="
            # As every shell reads it: some do not split what a variable holds.
            delete = f'if [ "$each" ]; then api --request DELETE "{self.curl.each}" {AUTHORIZED}; fi'
            yield f"""trap 'echo "$made" | tr " " "\\n" | while read -r each; do {delete}; done' EXIT"""
        for made in self.made:
            yield self._creates(self.variables.name(made.id), self.curl.creation(made.body))
            for request in made.then:
                yield from self.curl.lines(request, "api --output /dev/null")
        for together, exchanges in itertools.groupby(self.finding.exchanges, lambda each: each.together):
            for exchange in exchanges:
                id = self.variables.created(exchange)
                if told := list(self.variables.told(exchange)):
                    sent = "\n".join(self.curl.lines(exchange.request, "api --include"))
                    yield f'answer=$({sent}); echo "$answer"'
                    yield from (f'{name}=$(echo "$answer" | header {header})' for header, _, name in told)
                elif id and not together:
                    yield self._creates(self.variables.name(id), exchange.request)
                else:
                    sent = "\n".join(self.curl.lines(exchange.request, "api --include"))
                    yield f"{{ {sent}; echo; }} &" if together else f"{sent}; echo"
            if together:
                yield "wait"
        yield ")"

    def _creates(self, name: str, request: Request) -> str:
        command = "\n".join(self.curl.lines(request, "api"))
        id = f"jq -r .{self.run.resource.id}"
        return f'answer=$({command}); echo "$answer"; {name}=$(echo "$answer" | {id}); made="$made ${name}"'


_HEADER = """\
header() {
  tr -d '\\r' | awk -v name="$1:" 'tolower($1) == tolower(name) { sub(/^[^:]*: */, ""); print; exit }'
}
""".splitlines()
_CREATING = """\
id() {
  tr '{,' '\\n\\n' < "$T/$1" | tr -d ' \\t' | sed -n 's/^"ID":"\\{0,1\\}\\([^"}]*\\).*/\\1/p' | head -n 1
}
made() {
  made=$(id "$1")
  # What was there before is not to be removed.
  if [ "$made" ] && [ "$(grep -ci -- "$made" "$T/0")" = 0 ]; then echo "$made" >> "$T/made"; fi
}
touch "$T/made"
""".splitlines()


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return ("  " + line for line in lines)


def _line(text: str) -> str:
    """`text` in one line of a comment, without what an interactive shell would take for itself."""
    flat = " ".join(text.split())[:300].replace("!", ".")
    return json.dumps(flat)[1:-1].replace('\\"', '"')
