"""Puts right what a finding has left behind, so that the clauses that follow judge only their own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ..target.exchange import Exchange
from .clause import Broken, Stumbled
from .comparison import difference

if TYPE_CHECKING:
    from .run import Run

_GONE = (403, 404)


class Healing:
    """Replaces the items that clauses rely on once they are lost."""

    def __init__(self, run: Run) -> None:
        self._run = run
        # Whether a delete that was not meant to be carried out has been, of an item that clauses rely on.
        self.needed = False

    def note(self, exchange: Exchange) -> None:
        """Notes what a request may have taken away."""
        if exchange.request.method == "DELETE" and exchange.answer.ok:
            path = exchange.request.path.lower()
            self.needed |= any(id and id in path for id in (self._run.subject, self._run.bystander))

    def heal(self) -> Broken | None:
        """Gives what is broken if a valid edit has worked before, and does no more."""
        self.needed = False
        if not self._held("resource/create", "resource/get"):
            return None
        works = self._run.results.get("edit/works")
        if self._held("edit/works"):
            for item in set(self._run.estate.created) - {self._run.subject, self._run.bystander, *self._run.pool}:
                self._run.cleanup.discard(item)
        self._run.subject, self._run.bystander = map(self._there, (self._run.subject, self._run.bystander))
        broken = None
        if works and self._held("edit/works"):
            edited = self._run.edit(body := self._run.bodies.full())
            if not edited.answer.ok or edited.broken or difference(self._run.contract, body, edited.answer.json):
                works.reason = "a valid edit worked at first and does no more"
                message = f"after {self._run.target.budget.used} requests {works.reason}"
                broken = Broken(message, edited, statuses=(self._run.success("edit"),))
        # What was accepted by mistake has changed what there is.
        if self._run.snapshot:
            with contextlib.suppress(Broken, Stumbled):
                self._run.snapshot = self._run.listed()[1]
            self._run.refused.clear()
        return broken

    def _held(self, *clauses: str) -> bool:
        results = [self._run.results.get(id) for id in clauses]
        return all(each and (each.state == "held" or each.absent) for each in results)

    def _there(self, item: str) -> str:
        """The id of an item, or of a new one if it is gone."""
        if not item or self._run.target.keeps or self._run.get(item=item).answer.status not in _GONE:
            return item
        return self._run.resource.id_of(self._run.create(self._run.bodies.full()).answer.json)
