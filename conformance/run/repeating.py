"""Whether a finding shows again: what does not is about the server's steadiness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contract.fields import get
from ..target.exchange import Exchange
from . import conditions
from .clause import Broken
from .comparison import same

if TYPE_CHECKING:
    from .run import Run


class Repeating:
    """Sends again what a finding was found by."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def may_repeat(self, exchange: Exchange) -> bool:
        """Can a request be sent again without doing anything new?"""
        role = self._run.resource.role(exchange.request.operation)
        ours = role in ("edit", "read") and self._run.subject in exchange.request.path.lower()
        return not exchange.together and (ours or role == "list")

    def shows_again(self, writes: list[Exchange], broken: Broken) -> bool:
        """Is the last request of a finding answered as before, after these writes and its other requests?"""
        for exchange in writes:
            self._run.send(exchange.request)
        again = [self._run.send(each.request) for each in broken.exchanges]
        return self._essence(again[-1]) == self._essence(broken.exchanges[-1]) and not self._unchanged(again, broken)

    def _unchanged(self, again: list[Exchange], broken: Broken) -> bool:
        """Has a finding found a change, and this time there is none? What only the server sets may have changed."""
        items: dict[conditions.Which, object] = {
            "$first": again[0].answer.json,
            "$before": again[-2:][0].answer.json,
        }
        for field, each in self._run.resource.shown.items():
            for which, item in items.items():
                if broken.holds == conditions.same(field, (which, None)):
                    return same(get(item, field), get(again[-1].answer.json, field), each.schema)
        return False

    def _essence(self, exchange: Exchange) -> object:
        """What a repeated exchange has in common with the first."""
        shown = exchange.answer.json
        if not exchange.answer.ok or not isinstance(shown, dict | list):
            return exchange.answer.status
        listed = self._run.resource.role(exchange.request.operation) == "list"
        items = self._run.resource.listed(shown) or () if listed else [shown]
        return exchange.answer.status, [
            [get(item, field) for field in self._run.resource.leaves]
            for item in items
            if not listed or self._run.resource.id_of(item) == self._run.subject
        ]
