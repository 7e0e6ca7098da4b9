"""What a worker of a run has, and what it gives back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..target.network import Kind
from .checks import CHECKS
from .clause import Result
from .journal import Journal
from .notes import Notes
from .run import Run
from .secrets import Secrets
from .values import NAMES


@dataclass
class Learned:
    """What a worker has learned, the git tokens that it gives back, and why it ended, if it was not done."""

    results: dict[str, Result]
    journal: Journal
    secrets: Secrets
    exercised: set[object]
    spent: bool
    faults: Counter[Kind]
    left: list[str]
    lent: list[str] | None
    failure: BaseException | None


def enlist(run: Run, worker: int) -> None:
    """Makes this process, which was forked from the run's, a worker with git tokens, notes and a client of its own.

    Raises Broken, Stumbled or NotExercised if it cannot have them.
    """
    run.worker = worker
    run.bodies.number_from(worker * NAMES)
    run.target.connections.connect()
    run.target.network.faults = Counter()
    run.forget()
    journal, run.journal = run.journal, Journal(run.contract)
    run.journal.started = journal.started
    if run.notes:
        run.notes = Notes(run.target.base_url, run.target.owners)
        run.notes.before(run.estate.before or {})
    run.pool = []
    if worker == 0:
        # One at a time may have what the run has created already.
        run.cleanup.lent = run.estate.created.copy()
        for git_token in run.cleanup.lent:
            run.target.ledger.create(git_token)
    else:
        run.estate.created = []
        run.subject = run.new(run.create(run.bodies.full()))
        run.bystander = run.new(run.create(run.bodies.full(**run.resource.choice(1))))


def learned(run: Run, failure: BaseException | None) -> Learned:
    """What this worker has learned, and why it ended."""
    return Learned(
        run.results,
        run.journal,
        run.secrets,
        run.exercised,
        run.target.budget.spent,
        run.target.network.faults,
        run.cleanup.left,
        None
        if run.cleanup.lent is None
        else [git_token for git_token in run.cleanup.lent if git_token in run.estate.created],
        failure,
    )


def merge(run: Run, what: Learned) -> None:
    """Adds what a worker has learned of what is not its own clauses."""
    run.journal.merge(what.journal)
    run.secrets.merge(what.secrets)
    run.exercised |= what.exercised
    run.target.budget.spent |= what.spent
    run.target.network.faults.update(what.faults)
    run.cleanup.left += what.left
    if what.lent is not None:
        run.estate.created = what.lent
    for id, theirs in what.results.items():
        mine = run.results[id]
        mine.finding = mine.finding or theirs.finding
        if any(check.clause.id == id for check in CHECKS):
            mine.requests += theirs.requests
            mine.reason = mine.reason and theirs.reason
