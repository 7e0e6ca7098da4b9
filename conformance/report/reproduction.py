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

# Has curl wait for three seconds between two requests over one connection.
_PAUSE = "--rate 20/m"
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

    def _aging(self, command: str) -> Iterator[str]:
        """Lets as many requests pass as it takes, by a command that takes the options of curl."""
        if self.finding.aged:
            yield f'{command} $(yes "$items" | head -n {self.finding.aged}) {AUTHORIZED} > /dev/null'


class Script(Reproduction):
    """The script, which judges; the answers are in files called by the number of the step."""

    def __init__(self, finding: Finding, run: Run) -> None:
        super().__init__(finding, run)
        self._number = 0
        # The steps that may create something.
        self._creating: list[int] = []

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
        yield "# What is sent is not interrupted, lest nobody knows what it has created."
        yield "calm() { (trap '' HUP INT TERM; exec curl \"$@\"); }"
        yield "send() {"
        yield '  n=$1; shift; echo 000 > "$T/$n.status"'
        if self.finding.connected:
            yield "  # Over the connection of a valid request."
            yield f'  calm {self.curl.common} --output "$T/valid" {self.curl.valid} {AUTHORIZED} --next \\'
            yield f"    {self.curl.common} --compressed --max-filesize {_ENDLESS} \\"
        else:
            yield f"  calm {self.curl.common} --compressed --max-filesize {_ENDLESS} \\"
        yield (
            '    --dump-header "$T/$n.headers" --output "$T/$n" --write-out "%{http_code}" "$@" > "$T/$n.status"; '
            'echo $? > "$T/$n.end"'
        )
        yield "}"
        ids = _ids("$T/$1", self.run)
        yield from (line.replace("IDS", ids) for line in _CREATING if self.creates)
        yield from _HEADER if any(any(self.variables.told(each)) for each in self.finding.exchanges) else ()
        if self.creates:
            yield f'send 0 "$items" {AUTHORIZED}'
            yield 'ids 0 > "$T/before"'
        yield "sweep() {"
        if self.creates and self.run.resource.delete:
            # Where it was interrupted, the last of them is not noted yet.
            yield f"  for step in {' '.join(map(str, self._creating))}; do made $step; done"
            yield "  while read -r each; do"
            yield f'    send end --request DELETE "{self.curl.each}" {AUTHORIZED}'
            yield '  done < "$T/made"'
        yield '  : > "$T/made"'
        yield "}"
        yield "clean() { trap '' HUP INT TERM; wait; sweep; rm -r \"$T\"; }"
        yield "trap clean EXIT"
        yield "trap 'exit 2' HUP INT TERM"

    def _make(self) -> Iterator[str]:
        """Makes the items that have to be there; without them nothing can be told."""
        for made in self.made:
            name = self.variables.name(made.id)
            yield ""
            yield from self._send(self.curl.creation(made.body))
            yield f"{self._noting()}; {name}=$made"
            yield f'[ "${name}" ] || say 2 "nothing could be created: $(cat "$T/{self._number}.status")"'
            for request in made.then:
                yield from self._send(request)

    def _steps(self) -> Iterator[str]:
        """Sends what was sent, at the same time where it was."""
        if self.finding.held:
            yield from self._held(*self.finding.exchanges)
            return
        if self.finding.in_turn:
            for exchange in self.finding.exchanges[:-2]:
                yield from self._step(exchange)
            yield from self._in_turn(*self.finding.exchanges[-2:])
            return
        for together, exchanges in itertools.groupby(self.finding.exchanges, lambda each: each.together):
            created: list[str] = []
            for exchange in exchanges:
                sent = list(self._step(exchange))
                created += [*self._created(exchange), *self._told(exchange)]
                yield from ([*sent[:-1], f"{sent[-1]} &"] if together else [*sent, *created])
                created = created if together else []
                if exchange is self.finding.exchanges[0]:
                    yield from self._aging(f"calm {self.curl.common}")
            if together:
                yield from ("wait", *created)

    def _step(self, exchange: Exchange) -> Iterator[str]:
        request = exchange.request
        if request.method == "DELETE" and request.operation is None:
            base, local = self.run.resource.variable("base_url"), '*//127.*|*//localhost*|*"//[::1]"*'
            yield f'case ${base} in {local}) ;; *) say 2 "only for a server of your own" ;; esac'
        yield from self._send(request)

    def _in_turn(self, *exchanges: Exchange) -> Iterator[str]:
        """Sends requests over one connection, as long as the server keeps it."""
        first, options = self._number + 1, []
        for exchange in exchanges:
            self._number += 1
            files = f'--dump-header "$T/{self._number}.headers" --output "$T/{self._number}"'
            answered = f"{self.curl.common} {files} --write-out '%{{http_code}} '"
            options.append(f"{answered} {self.curl.inline(exchange.request)}")
        yield "calm " + " --next \\\n  ".join(options) + f' > "$T/statuses"; echo $? > "$T/{self._number}.end"'
        yield 'read -r first second < "$T/statuses"'
        yield f'echo "${{first:-000}}" > "$T/{first}.status"; echo "${{second:-000}}" > "$T/{self._number}.status"'

    def _held(self, edited: Exchange, read: Exchange) -> Iterator[str]:
        """Reads twice over one connection with a pause, in which an edit goes over another."""
        *before, send = self._step(edited)
        created = list(self._created(edited))
        yield from (*before, f"{{ sleep 1; {send}; }} &")
        self._number += 1
        sent = self.curl.inline(read.request)
        files = f'--dump-header "$T/{self._number}.headers" --output "$T/{self._number}"'
        yield f'calm {_PAUSE} {self.curl.common} --output "$T/earlier" {sent} --next \\'
        yield f"  {self.curl.common} {files} --write-out '%{{http_code}}' {sent} > \"$T/{self._number}.status\""
        yield f'echo $? > "$T/{self._number}.end"'
        yield from ("wait", *created)

    def _created(self, exchange: Exchange) -> Iterator[str]:
        """Notes what the last step has created, to use and to remove it."""
        if self.creates and exchange.request.method not in ("GET", "DELETE", "HEAD", "OPTIONS", "TRACE"):
            yield self._noting()
            if id := self.variables.created(exchange):
                yield f"{self.variables.name(id)}=$made"

    def _noting(self) -> str:
        self._creating.append(self._number)
        return f"made {self._number}"

    def _told(self, exchange: Exchange) -> Iterator[str]:
        """Notes what the last answer says of its state, to be sent back."""
        for header, _, name in self.variables.told(exchange):
            yield f'{name}=$(header {header} < "$T/{self._number}.headers")'

    def _send(self, request: Request) -> Iterator[str]:
        self._number += 1
        # A pipeline would be interrupted in its middle.
        yield from self.curl.lines(request, f"send {self._number}", file=f"$T/{self._number}.body")


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
        if self.creates:
            yield "made=; T=$(mktemp)" if any(each.together for each in self.finding.exchanges) else "made="
        if self.creates and self.run.resource.delete:
            # As every shell reads it: some do not split what a variable holds.
            delete = f'if [ "$each" ]; then api --request DELETE "{self.curl.each}" {AUTHORIZED}; fi'
            yield f"""trap 'echo "$made" | tr " " "\\n" | while read -r each; do {delete}; done' EXIT"""
            yield "trap exit HUP INT TERM"
        for made in self.made:
            yield self._creates(self.variables.name(made.id), self.curl.creation(made.body))
            for request in made.then:
                yield from self.curl.lines(request, "api --output /dev/null")
        every = list(self.finding.exchanges)
        in_turn = [every.pop(-2), every.pop()] if self.finding.in_turn else []
        if self.finding.held:
            read = self.curl.inline(every.pop().request)
            sent = "\n".join(self.curl.lines(every.pop().request, "api --include"))
            yield f"{{ sleep 1; {sent}; echo; }} &"
            yield f"api {_PAUSE} --include {read} --next {self.curl.common} --include {read}; echo; wait"
        for together, exchanges in itertools.groupby(every, lambda each: each.together):
            for exchange in exchanges:
                id = self.variables.created(exchange)
                if told := list(self.variables.told(exchange)):
                    sent = "\n".join(self.curl.lines(exchange.request, "api --include"))
                    yield f'answer=$({sent}); printf "%s\\n" "$answer"'
                    yield from (f'{name}=$(printf %s "$answer" | header {header})' for header, _, name in told)
                elif id and not together:
                    yield self._creates(self.variables.name(id), exchange.request)
                else:
                    yield from self._sends(exchange.request, together=together)
                if exchange is self.finding.exchanges[0]:
                    yield from self._aging("api")
            if together:
                yield "wait"
            if together and self.creates:
                yield f'made="$made $({_ids("$T", self.run)})"; rm "$T"'
        if in_turn:
            options = [f"--include {self.curl.inline(each.request)}" for each in in_turn]
            yield f"api {f' --next {self.curl.common} '.join(options)}; echo"
        yield ")"

    def _sends(self, request: Request, *, together: bool) -> Iterator[str]:
        """Sends a request and prints the answer; notes what it creates though it should not, or not here."""
        sent = "\n".join(self.curl.lines(request, "api --include"))
        if together:
            yield f'{{ {sent}; echo; }} | tee -a "$T" &' if self.creates else f"{{ {sent}; echo; }} &"
        elif request.method != "POST" or not self.creates:
            yield f"{sent}; echo"
        else:
            yield f'answer=$({sent}); printf "%s\\n" "$answer"'
            body = f"tr -d '\\r' | sed '1,/^$/d' | jq -r .{self.run.resource.id}"
            yield f'case $answer in HTTP/?" "2*|HTTP/?.?" "2*) made="$made $(printf %s "$answer" | {body})" ;; esac'

    def _creates(self, name: str, request: Request) -> str:
        command = "\n".join(self.curl.lines(request, "api"))
        id = f"jq -r .{self.run.resource.id}"
        return (
            f'answer=$({command}); printf "%s\\n" "$answer"; {name}=$(printf %s "$answer" | {id}); made="$made ${name}"'
        )


_HEADER = """\
header() {
  tr -d '\\r' | awk -v name="$1:" 'tolower($1) == tolower(name) { sub(/^[^:]*: */, ""); print; exit }'
}
""".splitlines()
_CREATING = """\
ids() {
  IDS
}
made() {
  made=$(ids "$1" | head -n 1)
  # What was there before is not to be removed.
  [ -z "$made" ] || cat "$T/before" "$T/made" | grep -qixF -e "$made" || echo "$made" >> "$T/made"
}
touch "$T/0" "$T/made"
""".splitlines()


def _ids(file: str, run: Run) -> str:
    """A command that writes the ids in an answer, one a line."""
    name = run.resource.id.rpartition(".")[2]
    return f"""tr '{{,' '\\n\\n' < "{file}" | tr -d ' \\t' | sed -n 's/^"{name}":"\\{{0,1\\}}\\([^"}}]*\\).*/\\1/p'"""


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return ("  " + line for line in lines)


def _line(text: str) -> str:
    """`text` in one line of a comment, without what an interactive shell would take for itself."""
    flat = " ".join(text.split())[:300].replace("!", ".")
    return json.dumps(flat)[1:-1].replace('\\"', '"')
