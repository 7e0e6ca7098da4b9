"""The command that judges a clause once more, by the same requests."""

from __future__ import annotations

import shlex

from ..commands import CONFORMANCE
from ..run.clause import Clause
from ..run.run import Run

# The chapters that are judged by examples which Hypothesis generates and keeps.
GENERATED = ("sequences", "fuzzing")


def again(clause: Clause, run: Run) -> str:
    """The command, with everything that decides what is sent, and to whom; `run.options` are those of the run."""
    if run.target.transport:
        return f'verify(app, ..., only=["{clause.id}"], seed={run.seed})'
    finding = run.results[clause.id].finding
    # What shows only many requests later takes all of them.
    only = [] if finding and finding.aged else ["--only", clause.id]
    words = [CONFORMANCE, *only, "--seed", str(run.seed), *run.options]
    # What was found by an example of another run's is not found by the seed.
    if run.database and clause.id.split("/")[0] in GENERATED:
        words += ["--database", run.database]
    return " ".join(map(shlex.quote, words))
