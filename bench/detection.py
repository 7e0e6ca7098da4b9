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
from conformance.detection import FORK, Trial, attempt, reproduce
from conformance.mock.faults import FAULTS
from conformance.mock.variants import VARIANTS

# A trial of the suite, one of `st run` if that is asked for, and whether the finding's script shows just the fault.
Trials = tuple[Trial, Trial | None, bool | None]


def main() -> int:
    options = _options()
    catalogue = {**FAULTS, **VARIANTS}
    names = [name for name in catalogue if any(fnmatch.fnmatch(name, each) for each in options.only)]
    if not options.all:
        names = [name for name in names if catalogue[name] in (*FAULTS.core, *VARIANTS.core)]
    tasks = [(name, seed, options.compare, options.reproduce) for seed in range(1, options.seeds + 1) for name in names]
    trials: list[Trials] = []
    with ProcessPoolExecutor(options.jobs, mp_context=FORK) as pool:
        for ours, theirs, shown in pool.map(_try, tasks):
            trials.append((ours, theirs, shown))
            print(_row(ours) + ("  NOT REPRODUCED" if shown is False else ""), flush=True)
            if theirs:
                print(_row(theirs, "st run"), flush=True)
    print()
    for line in _totals(trials):
        print(line)
    return int(any(_reported(ours) != (ours.name in FAULTS) for ours, _, _ in trials))


def _try(task: tuple[str, int, bool, bool]) -> Trials:
    name, seed, compare, again = task
    with tempfile.TemporaryDirectory() as folder:
        ours = attempt(name, seed, fail_fast=name in FAULTS, folder=Path(folder) if again else None)
        # The first finding's: others may follow from it.
        codes = list(reproduce(Path(folder), name).values())[:1] if again else []
    shown = codes == [(1, 0)] if codes else None
    if not compare:
        return ours, None, shown
    with tempfile.TemporaryDirectory() as folder:
        theirs = suite.trial(suite.st_run, Path(folder), name, seed, first=True)
    return ours, Trial(name, seed, ("st run",) * theirs.found, theirs.requests, theirs.seconds), shown


def _reported(trial: Trial) -> bool:
    """Whether a run said that something is wrong with the server. For a variant, any other end is as bad."""
    return bool(trial.clauses and not trial.error) if trial.name in FAULTS else bool(trial.clauses or trial.error)


def _row(trial: Trial, by: str = "") -> str:
    verdicts = ("MISSED", "found") if trial.name in FAULTS else ("clean", "ALARM")
    clauses = by or ", ".join(trial.clauses) or trial.error or "-"
    spent = f"{trial.requests:4} requests {trial.seconds:6.2f} s"
    return f"{verdicts[_reported(trial)]:7}{trial.name:55}{clauses:40}{spent}  seed {trial.seed}"


def _totals(trials: list[Trials]) -> Iterator[str]:
    """What was found by class, and what that took."""
    sides = {"": [ours for ours, _, _ in trials], "st run: ": [theirs for _, theirs, _ in trials if theirs]}
    for side, every in sides.items():
        if not every:
            continue
        faults = [each for each in every if each.name in FAULTS]
        variants = [each for each in every if each.name in VARIANTS]
        tried = Counter(FAULTS[each.name].group for each in faults)
        found = Counter(FAULTS[each.name].group for each in faults if _reported(each))
        for group, number in tried.items():
            yield f"{side}{group:20}{found[group]:6} of {number}"
        yield from _spent(side, [each for each in faults if _reported(each)])
        yield (
            f"{side}faults: {found.total()} of {len(faults)} found; "
            f"variants: {sum(map(_reported, variants))} of {len(variants)} reported"
        )

    shown = [shown for _, _, shown in trials if shown is not None]
    if shown:
        yield f"reproductions: {sum(shown)} of {len(shown)} show the fault, and nothing without it"


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
    add("--seeds", type=int, default=1, metavar="N", help="try each with the seeds 1 to N (default: 1)")
    add("--compare", action="store_true", help="try each with `st run`, Schemathesis's own command, too")
    add("--reproduce", action="store_true", help="run the first finding's script on a server anew, and on a right one")
    add("--only", action="append", metavar="GLOB", help="only faults and variants of such names; may be repeated")
    add("--all", action="store_true", help="the siblings of each fault too, not just one in four")
    add("--jobs", type=int, default=2, metavar="N", help="as many at a time (default: 2)")
    options = parser.parse_args()
    options.only = options.only or ["*"]
    return options


if __name__ == "__main__":
    sys.exit(main())
