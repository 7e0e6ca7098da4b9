"""Keeps a run off what is not its own: it neither changes it, nor judges what a list shows of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..target.exchange import Exchange
from ..target.stops import NotExercised
from .estate import listed_items
from .values import NAMES

if TYPE_CHECKING:
    from .sending import Sending

Json = dict[str, Any]


class Guard:
    """Looks at what a run is about to send, and at what it is answered, for whose it is."""

    def __init__(self, run: Sending) -> None:
        self._run = run
        self._resource = run.resource

    def may_change(self, path: str) -> None:
        """Raises NotExercised unless what a path leads to is the run's own, or nobody's."""
        id = self._run.estate.claimed(path)
        # Not to be judged: what is stored of a body of which nobody has said how may look like anything.
        with self._run.unjudged():
            if id and self._resource.list:
                self._run.list_all()
            if id and self._resource.read and self._run.estate.claimed(path):
                self._run.get(item=id)
        if id and self._run.estate.claimed(path):
            self._run.estate.disown(id)
            self._run.target.budget.keep(-self._resource.cost)
            raise NotExercised(
                f"the {self._resource.noun} that a create was answered with is not in the {self._resource.owner}"
            )
        if self._run.estate.untouchable(path):
            raise NotExercised(f"it would have to change {self._resource.a} that is not the run's own")

    def without_others(self, exchange: Exchange) -> Exchange:
        """A list without what other runs and other workers have made, or a server has of what those have sent."""
        tokens = listed_items(self._resource, exchange.answer)
        if tokens is None:
            return exchange
        theirs = self._run.estate.theirs(tokens)
        if self._run.worker is not None:
            theirs |= self._of_workers(tokens)
        if not theirs:
            return exchange
        listed = exchange.answer.json
        kept = [each for each in self._resource.listed(listed) or () if self._resource.id_of(each) not in theirs]
        answer = replace(exchange.answer, body=json.dumps(self._resource.relisted(listed, kept)).encode())
        return replace(exchange, answer=answer)

    def _of_workers(self, tokens: dict[str, Json]) -> set[str]:
        """Which of these items other workers have made, or a server of what those have sent."""
        ledger = self._run.target.ledger
        others = ledger.others()
        if tokens.keys() - others - set(self._run.estate.created):
            # One that nobody knows may just be coming into being.
            ledger.settle()
            others = ledger.others()
        self._run.estate.protect(others - set(self._run.estate.created))
        theirs = set()
        for id in tokens.keys() - (self._run.estate.before or {}).keys():
            marks = re.findall(rf"{re.escape(self._run.estate.label)}-(\d+)", json.dumps(tokens[id]))
            if id in others or any(int(mark) // NAMES != self._run.worker for mark in marks):
                theirs.add(id)
        return theirs

    def learn(self, exchange: Exchange) -> None:
        """Notes whose the items are that an answer shows."""
        request, answer = exchange.request, exchange.answer
        if not request.path.startswith(self._resource.path_of(self._resource.collection, self._run.target.owners, "")):
            return
        role = self._resource.role(request.operation)
        if role == "list":
            self._run.estate.seen(listed_items(self._resource, answer) or {})
        elif role == "read" and answer.ok and isinstance(answer.json, dict):
            self._run.estate.read(request.path.rpartition("/")[2].lower(), answer.json)
