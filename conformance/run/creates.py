"""A create is not safe to repeat: where its answer is lost, what it may have made is looked for first, and deleted."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from ..target.exchange import Exchange, Request
from ..target.network import Kind
from ..target.stops import Lost
from .comparison import difference
from .estate import listed_items

if TYPE_CHECKING:
    from .sending import Sending

Json = dict[str, Any]


def create(run: Sending, request: Request) -> tuple[Exchange, str | None]:
    """Sends a create; gives the exchange, and the id that it was answered with if that may be the run's own.

    Raises Lost if the network lost the answer, and what was made cannot be found out.
    """
    faults: list[Kind] = []
    # To look for what was made, and to delete it, requests have to be left.
    reserved = 1 + run.resource.cost
    while True:
        at = time.time()
        run.target.budget.keep(reserved)
        try:
            with run.target.ledger.creating():
                exchange = Exchange(request, run.target.deliver(request), at)
                new = _claim(run, exchange)
            if not run.target.forgives(request, exchange.answer, faults):
                return exchange, new
            with run.target.cleanup():
                _undo(run, request)
        finally:
            run.target.budget.keep(-reserved)


def _claim(run: Sending, exchange: Exchange) -> str | None:
    answer, sent = exchange.answer, exchange.request.json
    if not answer.ok or not isinstance(answer.json, dict):
        return None
    new = run.estate.claim(run.resource.id_of(answer.json), sent if isinstance(sent, dict) else {})
    if new:
        run.target.ledger.create(new)
        run.target.budget.keep(run.resource.cost)
    return new


def _undo(run: Sending, request: Request) -> None:
    """Deletes what a create has made that was not answered."""
    tokens = listed_items(run.resource, run.list_all().answer) if run.resource.list else None
    if tokens is None:
        raise Lost("the answer to a create was lost, and no list shows what it has made")
    for id, token in tokens.items():
        if id in run.estate.created or id in (run.estate.before or {}) or not _is_made_by(run, request, token):
            continue
        if run.resource.delete is None:
            raise Lost("the answer to a create was lost, and nothing can delete what it has made")
        run.estate.recover(id)
        run.target.ledger.create(id)
        run.target.budget.keep(run.resource.cost)
        run.delete(id)


def _is_made_by(run: Sending, request: Request, token: Json) -> bool:
    """Has a create made an item? By the mark that was in its body, or by all that it sent."""
    if not isinstance(request.json, dict):
        return False
    mark = re.compile(rf"{re.escape(run.estate.label)}-\d+\b")
    sent = set(mark.findall(str(list(request.json.values()))))
    if sent:
        return bool(sent & set(mark.findall(str(list(token.values())))))
    return bool(request.json) and not difference(run.contract, request.json, token)
