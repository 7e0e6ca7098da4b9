"""What a run says to the person who watches it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

from ..commands import CONFORMANCE
from ..run.clause import Result, State
from ..run.run import Run
from .kept import first_of_all, reasons
from .results import as_clause, as_finding

_MARKS: dict[State, str] = {"held": "✓", "broken": "✗", "not exercised": "-"}
# The chapters whose clauses judge every answer, and so the same requests.
_JUDGED = ("answer", "secrets")
# As many are named of the clauses that a reason has kept from being judged.
_NAMED = 3


class Terminal:
    """Prints a line a chapter while all holds, each finding in full once its clause is done, and the totals last.

    Where it is `verbose`, each clause has a line.
    """

    def __init__(
        self, run: Run, stream: TextIO = sys.stdout, *, verbose: bool = False, folder: Path | None = None
    ) -> None:
        """`folder` is where the report is written."""
        self.run = run
        self.stream = stream
        self._verbose = verbose
        self._folder = folder
        self._group = ""
        self._done: list[Result] = []
        self._told: set[str] = set()

    def line(self, text: str = "") -> None:
        """Prints a line without secrets and without characters that a terminal would obey."""
        print(harmless(printable(self.run.secrets.redact(text))), file=self.stream, flush=True)

    def start(self, server: str) -> None:
        self.line(f"Testing {server}, seed {self.run.seed}, at most {self.run.target.max_requests} requests\n")

    def finished(self, result: Result) -> None:
        """Tells of a clause that is done, and of everything else that was found meanwhile."""
        group = result.clause.id.split("/")[0]
        if group != self._group:
            self.flush()
            self._group = group
            if self._verbose:
                self.line(f"\n{group}")
        self._done.append(result)
        if self._verbose:
            self.line(_clause(as_clause(result)))
        for each in list(self.run.results.values()):
            if each.finding and each.clause.id not in self._told:
                self._told.add(each.clause.id)
                self.line(
                    f"\n{_MARKS['broken']} " + "\n".join(_finding(as_finding(each.finding, self.run), as_clause(each)))
                )
                self.line()

    def flush(self) -> None:
        """Tells of the chapter that is done."""
        if self._done and not self._verbose:
            self.line(_chapter(self._group, [as_clause(result) for result in self._done]))
        self._done.clear()

    def end(self, results: dict[str, Any]) -> None:
        """Tells what has come of it all."""
        for line in ending(results, self._folder):
            self.line(line)


def summary(results: dict[str, Any]) -> Iterator[str]:
    """What a run would have printed that had these results."""
    for group, members in groupby(results["clauses"], key=lambda clause: str(clause["id"]).split("/")[0]):
        yield _chapter(group, list(members))
    yield from told(results)


def told(results: dict[str, Any]) -> Iterator[str]:
    """The findings in full, and what has come of it all."""
    clauses = {clause["id"]: clause for clause in results["clauses"]}
    for finding in results["findings"]:
        yield f"\n{_MARKS['broken']} " + "\n".join(_finding(finding, clauses[finding["clause"]]))
    yield from ending(results)


def _chapter(group: str, clauses: list[dict[str, Any]]) -> str:
    states = [clause["state"] for clause in clauses]
    mark = next(mark for state, mark in (("broken", "✗"), ("held", "✓"), ("not exercised", "-")) if state in states)
    name = clauses[0]["id"] if len(clauses) == 1 else group
    requests = sum(clause["requests"] for clause in clauses)
    if group in _JUDGED:
        requests = max(clause["requests"] for clause in clauses)
    parts = [plural(len(clauses), "clause"), plural(requests, "request")]
    parts += [f"{states.count(state)} {state}" for state in ("broken", "not exercised") if state in states]
    return f"{mark} {name:18} {', '.join(parts)}"


def _finding(finding: dict[str, Any], clause: dict[str, Any]) -> Iterator[str]:
    """A finding in full: what is wrong, by which sentence, and how to see it."""
    yield f"{clause['id']}: {finding['message']}"
    yield f"   Required: {clause['requirement']}"
    yield f"   Source:   {clause['source']} ({clause['level']})"
    if finding["cause"]:
        yield f"   Cause:    that of {finding['cause']}"
    yield from difference(finding)
    for exchange in finding["exchanges"]:
        yield _indented(laid_out(exchange["request"]))
        yield _indented(exchange["answer"])
    if finding["cases"]:
        yield f"   And {plural(len(finding['cases']), 'other case')}:"
        yield from (f"   - {case}" for case in finding["cases"])
    yield "   See it anywhere:"
    yield _indented(finding["paste"])
    yield f"   Run it again: {finding['again']}"


def brief(finding: dict[str, Any]) -> str:
    """A finding in a line."""
    cases = f" (and {plural(len(finding['cases']), 'other case')})" if finding["cases"] else ""
    cause = f", as {finding['cause']} says" if finding["cause"] else ""
    return f"{finding['message']}{cause}{cases}"


def difference(finding: dict[str, Any]) -> Iterator[str]:
    """Two texts that ought to be equal, one above the other, with a sign below the first character that differs."""
    expected, actual = finding["expected"], finding["actual"]
    if expected[:1] == actual[:1] == '"':
        same = first_difference(expected, actual)
        yield f"   Expected: {printable(expected)}"
        yield f"   Actual:   {printable(actual)}"
        yield f"             {' ' * len(printable(actual[:same]))}^ the first difference"


def laid_out(request: str) -> str:
    """A request with its body, if that is JSON, in lines."""
    head, _, body = request.partition("\n")
    try:
        return f"{head}\n{json.dumps(json.loads(body), indent=2, ensure_ascii=False)}"
    except (ValueError, RecursionError):
        return request


def first_difference(one: str, other: str) -> int:
    """The place of the first character in which two texts differ."""
    return next(
        (index for index, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )


def ending(results: dict[str, Any], folder: Path | None = None) -> Iterator[str]:
    """What has come of a run: findings in a line each, what could not be judged and why, the totals, and what to do."""
    findings = results["findings"]
    if findings:
        yield f"\n{plural(len(findings), 'finding')}:"
        yield from (f"  {_MARKS['broken']} {finding['clause']}: {brief(finding)}" for finding in findings)
    yield from kept(results["clauses"])
    if first := first_of_all(results["clauses"]):
        yield f"\n{_MARKS['broken']} {first}"
    if findings and folder:
        yield f"\nReport: {folder / 'report.html'}; to see the first finding again: sh {folder / findings[0]['file']}"
    elif findings:
        again = findings[0]["again"]
        yield f"\nTo see the first finding again: {again}{' --report report' if again.startswith(CONFORMANCE) else ''}"
    elif folder:
        yield f"\nReport: {folder / 'report.html'}"
    states = [clause["state"] for clause in results["clauses"]]
    counts = ", ".join(f"{states.count(state)} {state}" for state in _MARKS)
    requests = plural(results["requests"], "request")
    yield f"\n{counts}; {requests} in {results['seconds']:.1f} s; {seed(results)}"


def kept(clauses: list[dict[str, Any]]) -> Iterator[str]:
    """What could not be judged, by reason: first what keeps the most."""
    idle = reasons(clauses)
    if idle:
        yield f"\n{len(idle)} of {plural(len(clauses), 'clause')} not exercised:"
    for reason, count in Counter(idle.values()).most_common():
        names = [id for id, each in idle.items() if each == reason]
        more = f" and {count - _NAMED} more" if count > _NAMED else ""
        yield f"  - {reason}: {', '.join(names[:_NAMED])}{more}"


def plural(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def judged(chosen: Collection[Result]) -> str:
    """How much of what was chosen has been judged."""
    states = [each.state for each in chosen]
    lacking = [each for each in chosen if each.lacking and each.state == "not exercised"]
    details = [
        (len(lacking), "lacked requests, time or network"),
        (states.count("not exercised") - len(lacking), "not exercised here"),
        (len([each for each in chosen if each.note.startswith("cut short")]), "cut short"),
    ]
    told = "".join(f", {count} {what}" for count, what in details if count)
    return f"Judged {len(states) - states.count('not exercised')} of the {len(states)} clauses that were chosen{told}"


def seed(results: dict[str, Any]) -> str:
    """By which seed a run has generated its requests, or of how many runs it was made."""
    runs = f"{len(results['merged'])} runs" if results["merged"] else ""
    return ", ".join(filter(None, [runs, "" if results["seed"] is None else f"seed {results['seed']}"]))


def _clause(clause: dict[str, Any]) -> str:
    details = {
        "held": plural(clause["requests"], "request") + (f", {clause['reason']}" if clause["reason"] else ""),
        "broken": "BROKEN",
        "not exercised": f"not exercised: {clause['reason']}",
    }[clause["state"]]
    return f"  {_MARKS[clause['state']]} {clause['id']}  {clause['requirement']} ({details})"


def failed(message: str) -> int:
    """Says in one line why nothing can be said of a server; gives the exit code."""
    with contextlib.suppress(OSError):
        print(harmless(f"conformance: {printable(' '.join(message.splitlines()))}"), file=sys.stderr)
    return 2


def printable(text: str) -> str:
    """`text` with control, direction and other invisible characters escaped; line breaks stay."""
    return "".join(each if each == "\n" or each.isprintable() else ascii(each)[1:-1] for each in text)


def harmless(text: str) -> str:
    """`text` without what a workflow takes for a command wherever it stands in a line."""
    return text.replace("##[", "# #[").replace("##vso[", "# #vso[") if "CI" in os.environ else text


def _indented(text: str) -> str:
    return "\n".join("   " + line for line in text.splitlines())
