"""How a run sends requests: each is one that it may send, and every answer is judged and kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from ..contract.contract import Contract, Zone
from ..contract.fields import get
from ..target.exchange import Exchange, Request
from ..target.stops import NotExercised
from ..target.target import Target
from .clause import Broken
from .context import Context
from .creates import create
from .guard import Guard
from .requests import READS, Headers, Options, encoded, requested

if TYPE_CHECKING:
    from .findings import Findings

Json = dict[str, Any]


class Sending(Context):
    """Sends requests on behalf of clauses."""

    # What becomes of what a check finds.
    findings: Findings

    def __init__(self, contract: Contract, target: Target, seed: int, pins: Json | None = None) -> None:
        super().__init__(contract, target, seed, pins)
        self.guard = Guard(self)
        self._judges = True

    def call(self, operation: str, body: object = None, **options: Unpack[Options]) -> Exchange:
        """Sends a request to an operation."""
        return self.send(self.request(operation, body, **options))

    def request(self, operation: str, body: object = None, **options: Unpack[Options]) -> Request:
        """A request to an operation. `body` is a JSON value, or bytes to be sent as they are; None sends no body."""
        return requested(self, operation, body, **options)

    def send(self, request: Request) -> Exchange:
        """Sends a request and lets every check judge the answer."""
        if request.method not in READS:
            self.guard.may_change(request.path)
        at = time.time()
        creates = self.resource.create is not None and request.operation == self.resource.create.id
        if creates and self.notes and isinstance(request.json, dict):
            self.notes.creating(get(request.json, self.resource.mark))
        exchange, new = create(self, request) if creates else (Exchange(request, self.target.send(request), at), None)
        if self.resource.role(request.operation) == "list":
            exchange = self.guard.without_others(exchange)
        if creates and self.notes and exchange.answer.status:
            self.notes.write(created=[new] if new else [])
        return self._take(exchange)

    def at_once(self, *requests: Request, ahead: float = 0) -> list[Exchange]:
        """Sends requests at the same moment, or the first so many seconds ahead; every check judges the answers.

        What they create is the run's own once it has been adopted by its mark.
        """
        for request in requests:
            if request.method not in READS:
                self.guard.may_change(request.path)
            if self.resource.role(request.operation) == "create" and self.notes:
                self.notes.creating(get(request.json, self.resource.mark))
        at = time.time()
        try:
            answers = self.target.wires.at_once(requests, ahead)
        except NotExercised:
            # Nobody knows which of them have been carried out.
            self.findings.history.unanswered(*requests)
            raise
        sent = [
            self._take(Exchange(request, answer, at, together=True))
            for request, answer in zip(requests, answers, strict=True)
        ]
        self.findings.together(sent)
        return sent

    def in_turn(self, *requests: Request) -> list[tuple[Exchange | None, bool]]:
        """Sends requests one after the other over one connection while the server keeps it, and judges the answers.

        Gives each exchange, None if the connection was closed without an answer, and whether it had been used before.
        No request may be one that is carried out.
        """
        at = time.time()
        answers = self.target.wires.in_turn(requests)
        return [
            (self._take(Exchange(request, answer, at)) if answer else None, used)
            for request, (answer, used) in zip(requests, answers, strict=True)
        ]

    def over_held(self, request: Request) -> Exchange | None:
        """Sends a request over the connection that is held open, or opens one; None if there is none any more.

        The answer is not judged: what is wrong with it may be wrong over this connection alone.
        """
        at, wires = time.time(), self.target.wires
        answer = wires.hold(request) if wires.idle is None else wires.over_held(request)
        with self.unjudged():
            return self._take(Exchange(request, answer, at)) if answer else None

    def repeat(self, exchange: Exchange, body: object = None) -> Exchange:
        """Sends a request once more, with another body if one is given; its answer is not judged."""
        with self.unjudged():
            return self.send(exchange.request if body is None else replace(exchange.request, body=encoded(body)))

    @contextmanager
    def unjudged(self) -> Iterator[None]:
        """Within it, no check judges what is answered."""
        before, self._judges = self._judges, False
        try:
            yield
        finally:
            self._judges = before

    def _take(self, exchange: Exchange) -> Exchange:
        """Learns from an exchange, and judges its answer."""
        self.guard.learn(exchange)
        self.journal.add(exchange, self.current.clause.id if self.current else None)
        self.findings.note(exchange)
        self.checks.note(exchange)
        if self.current:
            self.current.requests += 1
        for check, found in self.checks.run(exchange) if self._judges else ():
            result = self.results[check.clause.id]
            result.requests += 1
            result.reason = ""
            if found:
                if check.fatal:
                    exchange.broken.append(check.clause.id)
                if not result.finding:
                    self.findings.stumble(result, Broken(found, exchange))
        return exchange

    def pinned(self, body: object) -> object:
        """`body`, with the pinned fields at their values if it must be accepted."""
        if self.bodies.pins and isinstance(body, dict) and self.contract.zone(body) is Zone.ACCEPT:
            changed = self.bodies.pinned(body)
            if self.current and changed:
                self.current.note = f"with {', '.join(sorted(changed))} pinned"
        return body

    def edit(self, body: object, **options: Unpack[Options]) -> Exchange:
        return self.call(self.id("edit"), body, **options)

    def create(self, body: object, **options: Unpack[Options]) -> Exchange:
        return self.call(self.id("create"), body, **options)

    def get(self, **options: Unpack[Options]) -> Exchange:
        return self.call(self.id("read"), **options)

    def list_all(self, **options: Unpack[Options]) -> Exchange:
        return self.call(self.id("list"), **options)

    def delete(self, item: str, headers: Headers = ()) -> Exchange:
        exchange = self.call(self.id("delete"), item=item, headers=headers)
        if exchange.answer.status in self.gone and item.lower() in self.estate.created:
            self.estate.gone(item.lower())
            self.target.budget.keep(-self.resource.cost)
            if self.notes:
                self.notes.write(deleted=[item.lower()])
        return exchange
