"""How many of the mock's faults the suite finds, and how many of its variants it takes for faults.

`python -m conformance.detection`: the table behind what the README says of the suite.
"""

from __future__ import annotations

import argparse
import fnmatch
import io
import multiprocessing
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis.database import DirectoryBasedExampleDatabase
from starlette.types import Receive, Scope, Send

from conformance.contract import Contract
from conformance.mock import World, create_app
from conformance.mock.faults import FAULTS
from conformance.mock.serve import server
from conformance.mock.variants import VARIANTS
from conformance.plugin import Plugin, choose
from conformance.report.files import write
from conformance.report.results import report
from conformance.report.terminal import Terminal
from conformance.run import Run
from conformance.target import CannotRun, Target

# Faults and servers are tried in processes that start from this one, with everything imported.
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Trial:
    """What the suite said of one server: the clauses that it broke, what that took, and what went wrong."""

    name: str
    seed: int
    clauses: tuple[str, ...] = ()
    requests: int = 0
    seconds: float = 0.0
    error: str = ""

    @property
    def found(self) -> bool:
        return bool(self.clauses) and not self.error


def attempt(
    name: str,
    seed: int,
    *,
    fail_fast: bool,
    max_requests: int = 900,
    folder: Path | None = None,
    only: Sequence[str] = (),
) -> Trial:
    """Runs the suite, or `only` some of it, against the mock with the fault, or as the variant, `name`.

    Writes a report into `folder`.
    """
    world = World()
    with serving(world, name) as base_url:
        target = Target(
            base_url,
            world.organization_id,
            api_token=world.api_token,
            jwt=world.jwt,
            foreign_organization=world.foreign_organization_id,
            foreign_token=world.foreign_git_token_id,
            max_requests=max_requests,
            # Nothing here is slow but what hangs for good.
            timeout=2,
        )
        return examine(target, name, seed, fail_fast=fail_fast, folder=folder, only=only)


def examine(
    target: Target, name: str, seed: int, *, fail_fast: bool, folder: Path | None = None, only: Sequence[str] = ()
) -> Trial:
    """Runs the suite, or `only` some of it, against a server that is called `name` here.

    Writes a report into `folder`, and what is printed. Hypothesis's database is there too.
    """
    run = Run(Contract.load(), target, seed)
    printed = io.StringIO()
    terminal = Terminal(run, printed)
    plugin = Plugin(run, choose(only), terminal.finished, fail_fast)
    start, error = time.monotonic(), ""
    try:
        run.preflight()
        plugin.main(DirectoryBasedExampleDatabase(folder / "examples") if folder else None)
        if plugin.failure:
            raise plugin.failure
    except CannotRun as failure:
        error = str(failure)
    seconds = time.monotonic() - start
    target.close()
    broken = tuple(result.clause.id for result in run.results.values() if result.finding)
    if folder:
        results = report(run, name, seconds, 2 if error else int(bool(broken)))
        terminal.end(results)
        (folder / "terminal.txt").write_text(printed.getvalue(), encoding="utf-8")
        write(folder, results)
    return Trial(name, seed, broken, target.used, seconds, error)


@contextmanager
def serving(world: World, name: str = "", counter: Any = None) -> Iterator[str]:
    """The address of a mock in a process of its own, with the fault, or as the variant, `name` if any.

    It counts its requests in the shared integer `counter`.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        process = FORK.Process(target=_serve, args=(listener, world, name, counter), daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.kill()
            process.join()


def _serve(listener: socket.socket, world: World, name: str, counter: Any) -> None:
    served = create_app(world, *([name] if name else []))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if counter is not None:
            counter.value += 1
        await served(scope, receive, send)

    server(app, log_level="critical").run(sockets=[listener])


def main() -> int:
    options = _options()
    catalogue = {**FAULTS, **VARIANTS}
    names = [name for name in catalogue if any(fnmatch.fnmatch(name, each) for each in options.only)]
    if not options.all:
        names = [name for name in names if catalogue[name] in (*FAULTS.core, *VARIANTS.core)]
    tasks = [(name, seed) for seed in range(1, options.seeds + 1) for name in names]
    trials = []
    with ProcessPoolExecutor(options.jobs, mp_context=FORK) as pool:
        for each in pool.map(_try, tasks):
            trials.append(each)
            print(_row(each), flush=True)
    return _totals(trials)


def _try(task: tuple[str, int]) -> Trial:
    name, seed = task
    return attempt(name, seed, fail_fast=name in FAULTS)


def _row(trial: Trial) -> str:
    if trial.name in FAULTS:
        verdict = "found" if trial.found else "MISSED"
    else:
        verdict = "ALARM" if trial.clauses or trial.error else "clean"
    clauses = ", ".join(trial.clauses) or trial.error or "-"
    spent = f"{trial.requests:4} requests {trial.seconds:6.2f} s"
    return f"{verdict:7}{trial.name:55}{clauses:40}{spent}  seed {trial.seed}"


def _totals(trials: list[Trial]) -> int:
    """Prints what was found by group, and the medians; 1 if a fault was missed or a variant was not."""
    print()
    faults = [trial for trial in trials if trial.name in FAULTS]
    tried, found = Counter(FAULTS[each.name].group for each in faults), Counter[str]()
    found.update(FAULTS[each.name].group for each in faults if each.found)
    for group, number in tried.items():
        print(f"{group:20}{found[group]:6} of {number}")
    variants = [trial for trial in trials if trial.name in VARIANTS]
    alarms = [trial for trial in variants if trial.clauses or trial.error]
    for title, figures in (
        ("requests to a finding", sorted(each.requests for each in faults if each.found)),
        ("seconds to a finding", sorted(round(each.seconds, 2) for each in faults if each.found)),
    ):
        if figures:
            print(
                f"{title}: median {figures[len(figures) // 2]}, nine in ten at most {figures[len(figures) * 9 // 10]}"
            )
    print(f"faults: {sum(found.values())} of {len(faults)} found; variants: {len(alarms)} of {len(variants)} reported")
    return 1 if alarms or sum(found.values()) < len(faults) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/detection", description=__doc__)
    add = parser.add_argument
    add("--seeds", type=int, default=1, metavar="N", help="try each with the seeds 1 to N (default: 1)")
    add("--only", action="append", metavar="GLOB", help="only faults and variants of such names; may be repeated")
    add("--all", action="store_true", help="the siblings of each fault too, not just one in four")
    add("--jobs", type=int, default=2, metavar="N", help="as many at a time (default: 2)")
    options = parser.parse_args()
    options.only = options.only or ["*"]
    return options


if __name__ == "__main__":
    sys.exit(main())
