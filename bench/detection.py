"""How many of the mock's faults the suite finds, and how many of its variants it takes for faults.

`python -m bench.detection`: the table behind what the README says of the suite.
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench import suite
from conformance.contract.contract import PATH, Contract, ContractError
from conformance.detection import FORK, Trial, attempt, reproduce
from conformance.mock.faults import faults
from conformance.mock.variants import variants

# A trial of the suite, one of `st run` if that is asked for, and whether the finding's script shows just the fault.
Trials = tuple[Trial, Trial | None, bool | None]


class Detection:
    """Tries the suite of one contract on its faults and variants."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._compare, self._reproduce = options.compare, options.reproduce
        self._contract = Contract.load(options.contract)
        self.faults, self.variants = faults(self._contract.resource), variants(self._contract.resource)
        catalogue = {**self.faults, **self.variants}
        names = [name for name in catalogue if any(fnmatch.fnmatch(name, each) for each in options.only)]
        core = {change.name for change in (*self.faults.core, *self.variants.core)}
        names = [name for name in names if options.all or name in core]
        self._tasks = [(name, seed) for seed in range(1, options.seeds + 1) for name in names]
        self._jobs = options.jobs

    def trials(self) -> Iterator[Trials]:
        """Every trial, in processes that know what this one does."""
        global _detection
        _detection = self
        with ProcessPoolExecutor(self._jobs, mp_context=FORK) as pool:
            yield from pool.map(_try, self._tasks)

    def trial(self, name: str, seed: int) -> Trials:
        with tempfile.TemporaryDirectory() as folder:
            kept = Path(folder) if self._reproduce else None
            ours = attempt(name, seed, fail_fast=name in self.faults, folder=kept, contract=self._contract)
            # The first finding's: others may follow from it.
            codes = list(reproduce(Path(folder), name, self._contract).values())[:1] if kept else []
        shown = codes == [(1, 0)] if codes else None
        if not self._compare:
            return ours, None, shown
        with tempfile.TemporaryDirectory() as folder:
            theirs = suite.trial(suite.st_run, Path(folder), name, seed, first=True)
        return ours, Trial(name, seed, ("st run",) * theirs.found, theirs.requests, theirs.seconds), shown

    def reported(self, trial: Trial) -> bool:
        """Whether a run said that something is wrong with the server. For a variant, any other end is as bad."""
        if trial.name in self.faults:
            return bool(trial.clauses and not trial.error)
        return bool(trial.clauses or trial.error)

    def row(self, trial: Trial, by: str = "") -> str:
        verdicts = ("MISSED", "found") if trial.name in self.faults else ("clean", "ALARM")
        clauses = by or ", ".join(trial.clauses) or trial.error or "-"
        spent = f"{trial.requests:4} requests {trial.seconds:6.2f} s"
        return f"{verdicts[self.reported(trial)]:7}{trial.name:55}{clauses:40}{spent}  seed {trial.seed}"

    def totals(self, trials: list[Trials]) -> Iterator[str]:
        """What was found by class, and what that took."""
        sides = {"": [ours for ours, _, _ in trials], "st run: ": [theirs for _, theirs, _ in trials if theirs]}
        for side, every in sides.items():
            if not every:
                continue
            tried = [each for each in every if each.name in self.faults]
            others = [each for each in every if each.name in self.variants]
            found = [each for each in tried if self.reported(each)]
            of_group = Counter(self.faults[each.name].group for each in found)
            for group, number in Counter(self.faults[each.name].group for each in tried).items():
                yield f"{side}{group:20}{of_group[group]:6} of {number}"
            yield from _spent(side, found)
            yield (
                f"{side}faults: {len(found)} of {len(tried)} found; "
                f"variants: {sum(map(self.reported, others))} of {len(others)} reported"
            )
        shown = [shown for _, _, shown in trials if shown is not None]
        if shown:
            yield f"reproductions: {sum(shown)} of {len(shown)} show the fault, and nothing without it"


# What the processes that try know.
_detection: Detection


def _try(task: tuple[str, int]) -> Trials:
    return _detection.trial(*task)


def main() -> int:
    try:
        detection = Detection(_options())
    except ContractError as error:
        print(f"detection: {error}", file=sys.stderr)
        return 2
    trials: list[Trials] = []
    for ours, theirs, shown in detection.trials():
        trials.append((ours, theirs, shown))
        print(detection.row(ours) + ("  NOT REPRODUCED" if shown is False else ""), flush=True)
        if theirs:
            print(detection.row(theirs, "st run"), flush=True)
    print()
    for line in detection.totals(trials):
        print(line)
    return int(any(detection.reported(ours) != (ours.name in detection.faults) for ours, _, _ in trials))


def _spent(side: str, found: list[Trial]) -> Iterator[str]:
    figures: Iterable[tuple[str, list[float]]] = (
        ("requests", sorted(each.requests for each in found)),
        ("seconds", sorted(round(each.seconds, 2) for each in found)),
    )
    for what, each in figures:
        if each:
            median, most = each[len(each) // 2], each[len(each) * 9 // 10]
            yield f"{side}{what} to a finding: median {median}, nine in ten at most {most}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/detection", description=__doc__)
    add = parser.add_argument
    add("--contract", type=Path, default=PATH, metavar="FILE", help="try the faults and variants of this contract")
    add("--seeds", type=int, default=1, metavar="N", help="try each with the seeds 1 to N (default: 1)")
    add("--compare", action="store_true", help="try each with `st run`, Schemathesis's own command, too")
    add("--reproduce", action="store_true", help="run the first finding's script on a server anew, and on a right one")
    add("--only", action="append", metavar="GLOB", help="only faults and variants of such names; may be repeated")
    add("--all", action="store_true", help="the siblings of each fault too, not just one in four")
    add("--jobs", type=int, default=2, metavar="N", help="as many at a time (default: 2)")
    options = parser.parse_args()
    if options.compare and options.contract != PATH:
        parser.error("--compare is for git tokens alone")
    options.only = options.only or ["*"]
    return options


if __name__ == "__main__":
    sys.exit(main())
