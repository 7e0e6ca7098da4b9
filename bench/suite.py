"""The suite beside `st run`, Schemathesis's own command: requests it checks a second, and how soon it finds faults.

Both run as people run them, as commands from start to end, with the same contract, mock, seed and credentials, in one
folder, in which Hypothesis keeps tables of characters and of the constants in a program. The mock counts the requests.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

from bench.measure import ROOT, Comparison, interleave
from conformance.bundled import environment
from conformance.contract.contract import PATH
from conformance.detection import FORK, git_tokens, serving
from conformance.mock import World
from conformance.mock.faults import faults as faults_of

TURNS = 5
# Faults of one turn, but for a full run.
SAMPLE = 8
# In seconds. A run that takes longer has not found anything.
LONGEST = 120

WORLD = World()


@dataclass(frozen=True)
class Outcome:
    """What runs found, and what that took."""

    runs: int = 0
    found: int = 0
    requests: int = 0
    seconds: float = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


# A command line for a run: of the mock's address, the seed, whether to stop at the first finding, a folder for files.
Command = Callable[[str, int, bool, Path], list[str]]


def comparisons(full: bool) -> Iterator[Comparison]:
    """Raises RuntimeError if one of the two reports the healthy mock."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _comparisons(Path(folder), full)


def _comparisons(folder: Path, full: bool) -> Iterator[Comparison]:
    ours, theirs = (partial(healthy, command, folder, itertools.count(1)) for command in (conformance, st_run))
    pairs = interleave(ours, theirs, TURNS)
    rates = [(mine.requests / mine.seconds, other.requests / other.seconds) for mine, other in pairs]
    yield Comparison("suite: checked requests", "1/s", "st run", rates, at_least=3)

    # One that waits for its database, say: there more workers are of use.
    ours, theirs = (
        partial(healthy, command, folder, itertools.count(1), "http/slow-20-ms") for command in (two, conformance)
    )
    rates = [
        (mine.requests / mine.seconds, other.requests / other.seconds) for mine, other in interleave(ours, theirs, 3)
    ]
    yield Comparison(
        "suite: the same with 2 workers, of a server that takes 20 ms", "1/s", "1 worker", rates, at_least=1.6
    )

    catalogue = faults_of(git_tokens().resource)
    faults = [fault.name for fault in (catalogue.values() if full else catalogue.core)]
    # Every turn has faults from all over the catalogue.
    turns = [faults[turn::TURNS] for turn in range(TURNS)]
    if not full:
        turns = [names[:: len(names) // SAMPLE][:SAMPLE] for names in turns]
    ours, theirs = (partial(faulty, command, folder, iter(turns)) for command in (conformance, st_run))
    pairs = interleave(ours, theirs, TURNS, warm_up=0)
    what = f"suite: of {sum(map(len, turns))} faults, found"
    each = [(100 * mine.found / mine.requests, 100 * other.found / other.requests) for mine, other in pairs]
    yield Comparison(what, "per 100 requests", "st run", each, at_least=2)
    soon = [(mine.found / mine.seconds, other.found / other.seconds) for mine, other in pairs]
    yield Comparison(what, "1/s", "st run", soon, at_least=2)
    found = [(100 * mine.found / mine.runs, 100 * other.found / other.runs) for mine, other in pairs]
    yield Comparison(what, "%", "st run", found)


def healthy(command: Command, folder: Path, seeds: Iterator[int], variant: str = "") -> Outcome:
    """A whole run on the healthy mock, or on a variant of it, with the next seed."""
    outcome = trial(command, folder, variant, next(seeds))
    if outcome.found:
        raise RuntimeError("the healthy mock is reported")
    return outcome


def faulty(command: Command, folder: Path, turns: Iterator[list[str]]) -> Outcome:
    """Runs that end with their first finding, one for each fault of the next turn."""
    return sum((trial(command, folder, name, 1, first=True) for name in next(turns)), Outcome())


def trial(command: Command, folder: Path, fault: str, seed: int, *, first: bool = False) -> Outcome:
    """A run on the mock with a fault, or without any. What one run has found does not help the next in the folder."""
    shutil.rmtree(folder / ".hypothesis" / "examples", ignore_errors=True)
    counter = FORK.Value("i", 0)
    variables = {**os.environ, **environment(vars(WORLD)), "PYTHONPATH": str(ROOT)}
    with serving(WORLD, fault, counter) as base_url:
        line = command(base_url, seed, first, folder)
        start = time.perf_counter()
        try:
            process = subprocess.run(line, cwd=folder, env=variables, capture_output=True, timeout=LONGEST, check=False)
            found = int(process.returncode == 1)
        except subprocess.TimeoutExpired:
            found = 0
        return Outcome(1, found, int(counter.value), time.perf_counter() - start)


def conformance(base_url: str, seed: int, first: bool, _: Path) -> list[str]:
    line = [sys.executable, "-m", "conformance", "--base-url", base_url, "--seed", str(seed), "--timeout", "2"]
    return [*line, "--fail-fast"] if first else line


def two(base_url: str, seed: int, first: bool, folder: Path) -> list[str]:
    return [*conformance(base_url, seed, first, folder), "--workers", "2"]


def st_run(base_url: str, seed: int, first: bool, folder: Path) -> list[str]:
    config = folder / "schemathesis.toml"
    config.write_text(f'[parameters]\norganizationId = "{WORLD.organization_id}"\n', encoding="utf-8")
    program = str(Path(sys.executable).with_name("st"))
    line = [program, "--config-file", str(config), "run", str(PATH), "--url", base_url, "--seed", str(seed)]
    line += ["--header", f"Authorization: Token {WORLD.api_token}", "--request-timeout", "2"]
    return [*line, "--max-failures", "1"] if first else line
