"""The project's scripts in processes that have everything imported, which takes longer than many a command.

They are forked from a process that is as `tests.warmed` leaves it. In a copy of the project only what is not ours is
taken from there.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from conformance.bundled import ROOT

# What the scripts run.
MODULES = {
    "conformance": "conformance.__main__",
    "mock": "conformance.mock.__main__",
    "detection": "bench.detection",
    "drift": "drift.__main__",
    "generate": "generate",
}
GENERATOR = Path("openapi", "generator")
OURS = ("conformance", "drift", "bench")

_WARM = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload(["tests.warmed"])


class Process:
    """A script that runs in `folder`, with these variables as its environment."""

    def __init__(
        self,
        script: str,
        *arguments: object,
        folder: Path | None = None,
        environment: Mapping[str, str] = os.environ,
        project: Path = ROOT,
    ) -> None:
        # `printed` is the file that it prints to.
        self._files = tempfile.TemporaryDirectory()
        paths = [Path(self._files.name, name) for name in ("output", "errors", "memory")]
        self.printed, self._errors, self._memory = paths
        self._command = [script, *map(str, arguments)]
        target = (project, folder or Path.cwd(), self._command, dict(environment), *paths)
        self._process = _WARM.Process(target=_main, args=target)
        self._process.start()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.printed.read_text() if self.printed.exists() else ""

    def signal(self, number: signal.Signals) -> None:
        assert self._process.pid
        os.kill(self._process.pid, number)

    @property
    def memory(self) -> int:
        """The most that it has used, in bytes; 0 if it was killed."""
        return int(self._memory.read_text()) if self._memory.exists() else 0

    def end(self) -> subprocess.CompletedProcess[str]:
        """Waits for its end."""
        self._process.join(300)
        if self._process.exitcode is None:
            self._process.kill()
            raise TimeoutError("it does not end")
        errors = self._errors.read_text() if self._errors.exists() else ""
        return subprocess.CompletedProcess(self._command, self._process.exitcode, self.output, errors)


def run(
    script: str,
    *arguments: object,
    folder: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    project: Path = ROOT,
) -> subprocess.CompletedProcess[str]:
    """Runs a script to its end."""
    return Process(script, *arguments, folder=folder, environment=environment, project=project).end()


def _main(
    project: Path,
    folder: Path,
    command: list[str],
    variables: dict[str, str],
    output: Path,
    errors: Path,
    memory: Path,
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    # A copy of the project has no cache, and mypy takes many times as long without.
    os.environ.setdefault("MYPY_CACHE_DIR", str(ROOT / ".mypy_cache" / "generated"))
    for number, path in ((1, output), (2, errors)):
        os.dup2(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY), number)
    if project != ROOT:
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
    # A generator is run where it is: what it reads is beside it.
    sys.path[:0] = [str(project), str(folder / GENERATOR)]
    name, *arguments = command
    sys.argv = [f"scripts/{name}", *arguments]
    try:
        sys.exit(importlib.import_module(MODULES[name]).main())
    finally:
        memory.write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))
