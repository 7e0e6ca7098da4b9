"""What a run says to the person who watches it."""

from __future__ import annotations

import sys
from typing import TextIO

from conformance.clause import Result, State
from conformance.report.reproduction import again, curl, shown_answer
from conformance.run import Run

_MARKS: dict[State, str] = {"held": "✓", "broken": "✗", "not exercised": "-"}


class Terminal:
    """Prints the tree of clauses as they finish, then the findings and the totals."""

    def __init__(self, run: Run, stream: TextIO = sys.stdout) -> None:
        self.run = run
        self.stream = stream
        self._group = ""

    def line(self, text: str = "") -> None:
        """Prints a line without secrets and without characters that a terminal would obey."""
        print(printable(self.run.secrets.redact(text)), file=self.stream, flush=True)

    def start(self, server: str) -> None:
        self.line(f"Testing {server}, seed {self.run.seed}, at most {self.run.target.max_requests} requests")

    def finished(self, result: Result) -> None:
        group = result.clause.id.split("/")[0]
        if group != self._group:
            self._group = group
            self.line(f"\n{group}")
        details = {
            "held": f"{result.requests} requests" + (f", {result.note}" if result.note else ""),
            "broken": "BROKEN",
            "not exercised": f"not exercised: {result.reason}",
        }[result.state]
        self.line(f"  {_MARKS[result.state]} {result.clause.id}  {result.clause.requirement} ({details})")

    def end(self, seconds: float) -> None:
        broken = [result for result in self.run.results.values() if result.finding]
        for number, result in enumerate(broken, 1):
            self._finding(number, result)
        states = [result.state for result in self.run.results.values()]
        counts = ", ".join(f"{states.count(state)} {state}" for state in _MARKS)
        self.line(f"\n{counts}; {self.run.target.used} requests in {seconds:.1f} s; seed {self.run.seed}")

    def _finding(self, number: int, result: Result) -> None:
        finding, clause = result.finding, result.clause
        assert finding
        self.line(f"\n{number}. {clause.id}: {finding.message}")
        self.line(f"   Required: {clause.requirement}")
        self.line(f"   Source:   {clause.source} ({clause.level})")
        for exchange in finding.exchanges:
            self.line(_indented(curl(exchange.request, self.run)))
            self.line(_indented(shown_answer(exchange.answer, self.run)))
        self.line(f"   Run it again: {again(clause, self.run)}")


def printable(text: str) -> str:
    """`text` with control, direction and other invisible characters escaped; line breaks stay."""
    return "".join(each if each == "\n" or each.isprintable() else ascii(each)[1:-1] for each in text)


def _indented(text: str) -> str:
    return "\n".join("   " + line for line in text.splitlines())
