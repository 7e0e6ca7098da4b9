"""Two things measured in one run: in turn, warmed up, as medians with their spread, and as a ratio."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

ROOT = Path(__file__).parent.parent


def interleave(ours: Callable[[], T], theirs: Callable[[], T], rounds: int, warm_up: int = 1) -> list[tuple[T, T]]:
    """What both give in `rounds` turns, after `warm_up` turns that do not count.

    They take turns in going first, so that whatever else the machine does meets both alike.
    """
    pairs = []
    for number in range(-warm_up, rounds):
        if number % 2:
            second, first = theirs(), ours()
        else:
            first, second = ours(), theirs()
        if number >= 0:
            pairs.append((first, second))
    return pairs


def timed(action: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> Callable[[], float]:
    """The action as one that gives how long it took, in seconds."""

    def measure() -> float:
        start = clock()
        action()
        return clock() - start

    return measure


def run(command: list[str], code: int = 0) -> None:
    """Runs a command in the project's folder. Raises RuntimeError if it ends with another exit code than this."""
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.returncode != code:
        raise RuntimeError(f"{Path(command[0]).name} exited with {answer.returncode}: {answer.stderr}")


@dataclass(frozen=True)
class Spread:
    """A median, and the quartiles to either side of it."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        known = sorted(values)
        return cls(*(statistics.quantiles(known, n=4, method="inclusive") if len(known) > 1 else known * 3))

    def __str__(self) -> str:
        if self.low == self.high:
            return _figure(self.median)
        return f"{_figure(self.median)} ({_figure(self.low)} to {_figure(self.high)})"


@dataclass(frozen=True)
class Comparison:
    """Something of ours beside a peer; the target is for the ratio, the median of those of each turn."""

    what: str
    unit: str
    peer: str
    pairs: list[tuple[float, float]]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ratio(self) -> Spread:
        return Spread.of(mine / other if other else float("inf") for mine, other in self.pairs)

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"at least {_figure(self.at_least)}"
        return "" if self.at_most is None else f"at most {_figure(self.at_most)}"

    @property
    def met(self) -> bool:
        below = self.at_least is not None and self.ratio.median < self.at_least
        above = self.at_most is not None and self.ratio.median > self.at_most
        return not (below or above)

    def __str__(self) -> str:
        ours, theirs = (Spread.of(values) for values in zip(*self.pairs, strict=True))
        target = f" ({self.target}: {'met' if self.met else 'MISSED'})" if self.target else ""
        return (
            f"{self.what}: {self.ratio} times {self.peer}{target}; "
            f"{ours} and {theirs} {self.unit}, {len(self.pairs)} turns"
        )

    def row(self) -> str:
        """The comparison as a row of the table in results.md."""
        ours, theirs = (Spread.of(values) for values in zip(*self.pairs, strict=True))
        target = f"{self.target}: {'met' if self.met else '**missed**'}" if self.target else ""
        cells = (self.what, self.unit, str(ours), self.peer, str(theirs), str(self.ratio), target, str(len(self.pairs)))
        return f"| {' | '.join(cells)} |"


HEADER = """\
| What | Unit | Ours | Beside | Theirs | Ratio | Target | Turns |
|---|---|---:|---|---:|---:|---|---:|"""


def _figure(value: float) -> str:
    """A number as people read it: three digits, or all of them before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
