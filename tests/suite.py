"""The suite as its users run it: options, environment, signals, exit code and report."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.bundled import environment
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


# The processes of runs start from one that has everything imported, which takes longer than many a run.
_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload(["conformance.__main__"])


class Started:
    """A run of the suite that goes on; what it prints goes to files beside its report."""

    def __init__(self, report: Path, server: dict[str, str] | None, *options: str, **variables: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("QOVERY_")}
        merged = inherited | (environment(server) if server else {}) | variables
        self._report = report
        self._files = [report.with_name(f"{report.name}.{name}") for name in ("output", "errors", "memory")]
        arguments = ["scripts/conformance", "--report", str(report), *options]
        used = {name: value for name, value in merged.items() if value}
        self._process = _WARM.Process(target=_main, args=(Path.cwd(), arguments, used, *self._files))
        self._process.start()

    def signal(self, number: signal.Signals) -> None:
        assert self._process.pid
        os.kill(self._process.pid, number)

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._files[0].read_text() if self._files[0].exists() else ""

    def end(self) -> Outcome:
        """Waits for the end of the run, and checks its report."""
        self._process.join(300)
        if self._process.exitcode is None:
            self._process.kill()
            raise TimeoutError("the run does not end")
        results = check(self._report) if (self._report / "results.json").exists() else {}
        errors, memory = (file.read_text() if file.exists() else "" for file in self._files[1:])
        return Outcome(self._process.exitcode, self.output, errors, results, int(memory or 0))


def _main(
    folder: Path, arguments: list[str], variables: dict[str, str], output: Path, errors: Path, memory: Path
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for number, path in ((1, output), (2, errors)):
        os.dup2(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), number)
    sys.argv = arguments
    from conformance.__main__ import main

    try:
        sys.exit(main())
    finally:
        memory.write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


def conformance(report: Path, server: dict[str, str] | None, *options: str, **variables: str) -> Outcome:
    """Runs the suite and checks its files; `variables` go on top of the server's, empty ones are taken away."""
    return Started(report, server, *options, **variables).end()
