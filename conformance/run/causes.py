"""What a finding is due to, where another request than the last one tells: the message then says cause and effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contract.fields import get
from ..target.exchange import Exchange
from . import conditions
from .clause import Broken
from .history import History

if TYPE_CHECKING:
    from .run import Run


class Causes:
    """Looks for the cause of a finding in what the run has done to its items."""

    def __init__(self, run: Run, history: History) -> None:
        self._run = run
        self._history = history

    def explain(self, broken: Broken) -> None:
        """Has a finding say its cause, with the exchanges that show it."""
        if not self._two_in_one(broken):
            self._gone(broken)

    def _two_in_one(self, broken: Broken) -> bool:
        """A create was answered with an item that was there: whatever is done to one is done to both."""
        last = broken.exchanges[-1]
        creates = self._run.resource.role(last.request.operation) == "create"
        named = [self._run.resource.id_of(last.answer.json)] if creates else self._history.named(last.request)
        twice = [self._history.twice[id] for id in named if id in self._history.twice]
        if not twice or not (last.answer.status == 404 or (creates and twice[0][-1] is last)):
            return False
        broken.message = f"a create was answered with the id of another {self._run.noun}"
        mark = self._run.resource.mark
        one, other = (get(each.request.json, mark) for each in twice[0])
        if one == other:
            broken.message += f", which has the same {mark}"
        broken.message += ": what is done to one is done to both"
        broken.exchanges, broken.statuses = twice[0], ()
        broken.holds = conditions.different(self._run.resource.id)
        return True

    def _gone(self, broken: Broken) -> None:
        """An item is gone, though the run has not deleted it: says which request it disappeared after."""
        last = broken.exchanges[-1]
        since = self._history.vanished(last)
        if since is None or not self._run.resource.read:
            return
        item = next(iter(self._history.named(last.request)), self._run.subject)
        if self._run.get(item=item).answer.status != 404:
            return
        # What found nothing is no cause.
        since = tuple(each for each in since if each.answer.status != 404)
        broken.message = (
            f"{self._run.a} that the run did not delete is gone: {last.request.operation} finds it no more (404)"
        )
        if since:
            broken.message += f" since {_name(since[-1])}, which was answered {since[-1].answer.status}"
        broken.exchanges = (*since, last)


def _name(exchange: Exchange) -> str:
    return exchange.request.operation or exchange.request.method
