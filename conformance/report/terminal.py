"""What a run says to the person who watches it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from typing import Any, TextIO

from ..run.clause import Result, State
from ..run.run import Run
from .results import as_clause

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
        self.line(_clause(as_clause(result)))

    def end(self, results: dict[str, Any]) -> None:
        for line in ending(results):
            self.line(line)


def summary(results: dict[str, Any]) -> Iterator[str]:
    """What a run would have printed that had these results: the tree of clauses, the findings and the totals."""
    for group, clauses in groupby(results["clauses"], key=lambda clause: str(clause["id"]).split("/")[0]):
        yield f"\n{group}"
        yield from map(_clause, clauses)
    yield from ending(results)


def ending(results: dict[str, Any]) -> Iterator[str]:
    """The findings and the totals."""
    clauses = {clause["id"]: clause for clause in results["clauses"]}
    for number, finding in enumerate(results["findings"], 1):
        clause = clauses[finding["clause"]]
        yield f"\n{number}. {clause['id']}: {finding['message']}"
        yield f"   Required: {clause['requirement']}"
        yield f"   Source:   {clause['source']} ({clause['level']})"
        for exchange in finding["exchanges"]:
            yield _indented(exchange["request"])
            yield _indented(exchange["answer"])
        yield "   See it anywhere:"
        yield _indented(finding["paste"])
        yield f"   Run it again: {finding['again']}"
    states = [clause["state"] for clause in results["clauses"]]
    counts = ", ".join(f"{states.count(state)} {state}" for state in _MARKS)
    yield f"\n{counts}; {results['requests']} requests in {results['seconds']:.1f} s; {seed(results)}"


def seed(results: dict[str, Any]) -> str:
    """By which seed a run has generated its requests, or of how many runs it was made."""
    runs = f"{len(results['merged'])} runs" if results["merged"] else ""
    return ", ".join(filter(None, [runs, "" if results["seed"] is None else f"seed {results['seed']}"]))


def _clause(clause: dict[str, Any]) -> str:
    details = {
        "held": f"{clause['requests']} requests" + (f", {clause['reason']}" if clause["reason"] else ""),
        "broken": "BROKEN",
        "not exercised": f"not exercised: {clause['reason']}",
    }[clause["state"]]
    return f"  {_MARKS[clause['state']]} {clause['id']}  {clause['requirement']} ({details})"


def printable(text: str) -> str:
    """`text` with control, direction and other invisible characters escaped; line breaks stay."""
    return "".join(each if each == "\n" or each.isprintable() else ascii(each)[1:-1] for each in text)


def _indented(text: str) -> str:
    return "\n".join("   " + line for line in text.splitlines())
