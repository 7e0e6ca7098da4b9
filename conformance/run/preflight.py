"""Whether a run can begin: are these credentials of use in this place, and what is there?"""

from __future__ import annotations

from ..target.stops import CannotRun
from .run import Run


def preflight(run: Run) -> None:
    """Raises CannotRun, which says what to do, if these credentials cannot be used in this organization.

    Removes what earlier runs have left, and takes note of what else is there.
    """
    for field in run.resource.leaves:
        if not run.contract.must_accept(field, run.bodies.value(field)):
            raise CannotRun(f"the suite has no value of {field} that must be accepted: look at resource/create")
    if run.resource.create is None and not (run.target.overwrite or run.target.read_only):
        say = f"name {run.resource.a} that may be overwritten by {run.resource.variable(run.resource.item)}"
        instead = f"{say}, and say --overwrite" if run.resource.list else "known are POST of a collection, or a list"
        raise CannotRun(f"the contract has no create, and the suite edits only what it has made: {instead}")
    if run.resource.list is None:
        return
    answer = run.cleanup.look()
    if run.target.read_only:
        run.subject = run.target.refuser or next(iter(run.estate.before or ()), "")
        run.bystander = next((id for id in run.estate.before or () if id != run.subject), run.subject)
    elif run.estate.before is not None:
        run.cleanup.sweep()
    if run.target.overwrite and run.target.overwrite not in (run.estate.before or {}):
        item = run.resource.variable(run.resource.item)
        raise CannotRun(f"the list of {run.resource.nouns} does not show {item}, so it cannot be restored")
    if run.notes and run.estate.before is not None:
        run.notes.before(run.estate.before)
    status = answer.status
    if status not in (0, 401, 403, 404):
        return
    if not run.target.keeps and run.create(run.bodies.least()).answer.ok:
        # So it is the list that is broken, which its clause will say.
        return
    if not status:
        if answer.problem and "broken" in answer.problem:
            return
        raise CannotRun(f"{run.target.base_url} does not answer: {answer.problem}")
    if status == 401:
        names = " or ".join(scheme.variable for scheme in run.resource.schemes)
        raise CannotRun(f"the server refuses the credentials (401): check {names}")
    raise CannotRun(
        f"the server does not let these credentials use the {run.target.where} ({status}): check {run.variables}"
    )
