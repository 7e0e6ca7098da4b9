"""What a run does before and after its clauses: it looks, removes what others left, and puts everything back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..contract.contract import Zone
from ..contract.fields import get, nested
from ..target.exchange import Answer
from ..target.stops import CannotRun, Lacking, NotExercised
from .about import OTHERS_DELETED, OTHERS_EDITED
from .clause import Finding, Result
from .comparison import difference, unlike
from .estate import listed_items
from .notes import OTHERS, leftovers

if TYPE_CHECKING:
    from .run import Run

Json = dict[str, Any]


class CleanUp:
    """Deletes and restores, for a run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        # To be deleted once they have been seen.
        self._doomed: list[str] = []
        # What other processes could not put right.
        self.left: list[str] = []
        # The git tokens that are the run's, not this process's: they are not for it to delete in the end.
        self.lent: list[str] | None = None

    def look(self) -> Answer:
        """Lists the git tokens that are there before the run has done anything."""
        answer = self._run.list_all().answer
        self._run.estate.looked(listed_items(self._run.resource, answer))
        return answer

    def adopt(self) -> None:
        """Makes the git token that may be overwritten the subject, and any other one the bystander, to be read."""
        assert self._run.target.overwrite and self._run.estate.before
        self._run.subject = self._run.target.overwrite
        self._run.bystander = next((id for id in self._run.estate.before if id != self._run.subject), "")
        self._run.pool = [self._run.subject]
        if self._run.notes:
            self._run.notes.write(
                overwriting={self._run.subject: self._fields(self._run.estate.before[self._run.subject])}
            )

    def sweep(self) -> list[str]:
        """Deletes what earlier runs have left, and restores what they have overwritten; gives the ids."""
        if self._run.estate.before is None:
            nouns = self._run.resource.nouns
            raise CannotRun(f"the {nouns} cannot be listed: check the credentials and {self._run.variables}")
        dead = self._run.notes.dead() if self._run.notes else []
        resource = self._run.resource
        keep = {self._run.target.overwrite or "", os.environ.get(resource.variable(resource.item), "").lower()}
        deletes = resource.delete is not None and not self._run.target.overwrite
        found = leftovers(resource, self._run.estate.before, dead, keep) if deletes else []
        self._run.estate.release({*found, *(id for left in dead for id in left.overwritten)})
        gone = [id for id in found if self._run.delete(id).answer.status in self._run.gone]
        for id in gone:
            del self._run.estate.before[id]
        for left in dead:
            for id, fields in left.overwritten.items():
                if id in self._run.estate.before and not self.restore(id, fields):
                    self._run.estate.before[id] |= nested(fields)
                    gone.append(id)
            if not (left.created - left.before) & self._run.estate.before.keys():
                left.path.unlink(missing_ok=True)
        self._run.estate.protect(set(self._run.estate.before))
        self._run.estate.leave_to_others()
        return gone

    def restore(self, git_token: str, fields: Json) -> str | None:
        """Gives an overwritten git token its fields again, but for the secret; says what is not as it was."""
        # An optional field that was absent is gone when it is left out, or else when it is empty.
        filled = {name: value for name, value in fields.items() if value != ""}
        for kept in (filled, fields):
            edited = self._run.edit(self._run.bodies.with_secrets(nested(kept)), item=git_token).answer
            problem = difference(self._run.contract, nested(fields), edited.json)
            if not problem:
                break
        return problem

    def discard(self, git_token: str) -> None:
        """Deletes a git token of the run's own that has served its purpose, if the contract has a way."""
        delete = self._run.resource.delete
        if not delete or delete.id in self._run.missing or git_token.lower() not in self._run.estate.created:
            return
        self._doomed.append(git_token.lower())
        # To look whether it is there takes a request: one that was not seen yet waits for a list that shows it.
        # But what nobody has said how to store, no list is to show.
        for id in [each for each in self._doomed if self._is_due(each)]:
            self._doomed.remove(id)
            if id in self._run.estate.created:
                self._run.delete(id)

    def _is_due(self, git_token: str) -> bool:
        claimed = self._run.estate.claimed(git_token)
        return (
            self._run.target.budget.cleaning
            or not claimed
            or self._run.contract.zone(self._run.estate.sent(claimed)) is not Zone.ACCEPT
        )

    def adopt_marked(self, tokens: dict[str, Json]) -> list[str]:
        """Takes git tokens that bear the run's mark for its own, however they came to be; gives their ids."""
        mine = self._run.estate.adopt(tokens)
        for git_token in mine:
            self._run.target.ledger.create(git_token)
        self._run.target.budget.keep(len(mine) * self._run.resource.cost)
        return mine

    def drain(self) -> None:
        """Deletes the git tokens that clauses have edited in turn; they create others."""
        with self._run.target.cleanup():
            for git_token in self._run.pool:
                self.discard(git_token)
        self._run.pool.clear()

    def finish(self, *, others: bool = True) -> list[str]:
        """Deletes what the run created, or restores what it has overwritten; gives what could not be put right.

        Judges whether all `others` are as before.
        """
        self._run.current = None
        result = self._run.add(OTHERS) if others else Result(OTHERS)
        result.reason = f"the {self._run.resource.nouns} could not be listed before and after the run"
        left, lent = self.left, self.lent or []
        with self._run.target.cleanup():
            try:
                problem = self._put_back()
                left += [f"{self._run.subject}: {problem}"] if problem else []
                for _ in range(2):
                    # The one that bears the mark all the time goes last: by it, other runs know that there is this one.
                    mine = set(self._run.estate.created).difference(lent)
                    for git_token in sorted(mine, key=self._run.bystander.__eq__):
                        self.discard(git_token)
                if others and self._run.estate.before is not None:
                    self._others(result, self._run.estate.before)
            except (NotExercised, CannotRun) as error:
                result.reason, result.lacking = str(error), isinstance(error, Lacking)
            except (ValueError, TypeError, LookupError, AttributeError):
                result.reason = f"the lists of {self._run.resource.nouns} cannot be read"
        left += set(self._run.estate.created).difference(lent)
        if self._run.notes:
            self._run.notes.close(done=not left)
        return left

    def _others(self, result: Result, before: dict[str, Json]) -> None:
        """Deletes what the run created without being told, and judges whether the rest is as `before`."""
        listed = self._run.list_all()
        after = listed_items(self._run.resource, listed.answer)
        if after is None:
            return
        result.reason, result.requests = "", 1
        for id in self.adopt_marked(after):
            self.discard(id)
        for id, token in before.items():
            if id == self._run.target.overwrite:
                continue
            field = unlike(self._run.contract, token, after[id], *self._run.resource.unsteady) if id in after else "it"
            if field:
                noun = self._run.resource.noun
                what = f"{field} of the {noun} {id} has changed" if id in after else f"the {noun} {id} is gone"
                message = f"{what} in the course of the run, which did not address it"
                result.finding = result.finding or Finding(OTHERS, message, (listed,), cause=self._cause())

    def _cause(self) -> str:
        """The clause whose finding is that others are changed or deleted, if there is one."""
        results = self._run.results.items()
        about = (OTHERS_EDITED, OTHERS_DELETED)
        return next((id for id, each in results if each.finding and each.finding.about in about), "")

    def _put_back(self) -> str | None:
        """Restores the git token that was overwritten, if there is one; says what is not as it was."""
        if not (self._run.subject and self._run.target.overwrite and self._run.estate.before):
            return None
        return self.restore(self._run.subject, self._fields(self._run.estate.before[self._run.subject]))

    def _fields(self, token: Json) -> Json:
        """What of a git token an edit can set, as it is shown; an absent text is empty."""
        texts = self._run.resource.of_kind("text")
        return {
            name: "" if value is None else value
            for name in self._run.resource.visible
            if (value := get(token, name)) not in (None, "") or name in texts
        }
