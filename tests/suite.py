"""The suite as its users run it: options, environment, signals, exit code and report."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.bundled import environment
from tests import warm
from tests.reports import check


@dataclass(frozen=True)
class Outcome:
    """What a run of the suite has said and left."""

    code: int
    output: str
    errors: str
    results: dict[str, Any]
    # The most that it used, in bytes; 0 if it was killed.
    memory: int

    @property
    def broken(self) -> list[str]:
        return [clause["id"] for clause in self.results["clauses"] if clause["state"] == "broken"]

    def state(self, clause: str) -> str:
        return next(str(each["state"]) for each in self.results["clauses"] if each["id"] == clause)


class Started:
    """A run of the suite that goes on."""

    def __init__(self, report: Path, server: dict[str, str] | None, *options: str, **variables: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("QOVERY_")}
        merged = inherited | (environment(server) if server else {}) | variables
        used = {name: value for name, value in merged.items() if value}
        self._report = report
        self._process = warm.Process("conformance", "--report", report, *options, environment=used)

    def signal(self, number: signal.Signals) -> None:
        self._process.signal(number)

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._process.output

    @property
    def printed(self) -> Path:
        """The file that it prints to."""
        return self._process.printed

    def end(self) -> Outcome:
        """Waits for the end of the run, and checks its report."""
        ended = self._process.end()
        results = check(self._report) if (self._report / "results.json").exists() else {}
        return Outcome(ended.returncode, ended.stdout, ended.stderr, results, self._process.memory)


def conformance(report: Path, server: dict[str, str] | None, *options: str, **variables: str) -> Outcome:
    """Runs the suite and checks its files; `variables` go on top of the server's, empty ones are taken away."""
    return Started(report, server, *options, **variables).end()
