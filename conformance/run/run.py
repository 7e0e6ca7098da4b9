"""One run of the suite: what the tests are given to send requests with, and to judge the answers."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..contract.contract import Contract
from ..contract.fields import get, has
from ..target.exchange import Exchange
from ..target.stops import CannotRun, NotExercised
from ..target.target import Target
from . import conditions
from .clause import Broken, Stumbled
from .cleanup import CleanUp
from .comparison import alteration, difference, short, untrue
from .estate import plain
from .findings import Findings
from .harmless import admitted
from .sending import Sending

Json = dict[str, Any]
# How many of the pool are looked at where no list shows them.
SAMPLE = 2


class Run(Sending):
    """What the tests of the suite are given: sends requests, and says by an exception what is wrong with an answer.

    Its classes are layers: what it knows, how it sends, and how it judges.
    """

    def __init__(self, contract: Contract, target: Target, seed: int, pins: Json | None = None) -> None:
        super().__init__(contract, target, seed, pins)
        self.findings = Findings(self)
        self.cleanup = CleanUp(self)

    def listed(self, among: Iterable[str] = ()) -> tuple[Exchange, dict[str, Json]]:
        """The owner's items by id, in lower case, and the exchange that shows them, which is a list.

        Where the contract has none, they are `among` those that the run knows, and the exchange is a read of one.
        """
        if self.resource.list is None:
            # Each takes a request of its own: of the pool, some will do.
            some = [self.subject, self.bystander, *self.pool[:SAMPLE], *self.estate.created[-1:]]
            return self._read_all(list(among) or some)
        exchange = self.list_all()
        self.expect(exchange, self.success("list"), because=f"the {self.resource.nouns} cannot be listed")
        items = self.resource.listed(exchange.answer.json)
        if items is None:
            raise Broken("the answer is no list", exchange, holds=conditions.lists())
        return exchange, {self.resource.id_of(item): item for item in items}

    def _read_all(self, ids: list[str]) -> tuple[Exchange, dict[str, Json]]:
        found = {}
        for id in dict.fromkeys(filter(None, ids)):
            exchange = self.get(item=id)
            self.usable(exchange)
            if exchange.answer.ok:
                found[id] = exchange.answer.json
        return exchange, found

    def new(self, exchange: Exchange) -> str:
        """The id of the item that a create has answered with; raises Broken if it was refused, or is another's."""
        a = self.resource.a
        body = self.expect(exchange, self.success("create"), because=f"{a} that must be accepted was not created")
        if plain(self.resource.id_of(body)) in map(plain, self.estate.before or ()):
            before = self.findings.history.listed_before(exchange)
            message = f"a create was answered with the id of {a} that was there before"
            raise Broken(message, *before, exchange, holds=conditions.new(self.resource.id) if before else "")
        id = self.resource.id_of(body)
        if id in self.findings.history.again and self.resource.is_uuid(self.resource.item):
            life, again = self.findings.history.again[id]
            if again is exchange and life.deleted:
                message = f"a create was answered with the id of {a} that was deleted"
                holds = conditions.different(self.resource.id)
                raise Broken(message, life.created, life.deleted, exchange, holds=holds)
        return id

    @contextmanager
    def case(self) -> Iterator[None]:
        """One case of a clause: what breaks it, or an answer that broke another one, ends the case, not the clause."""
        assert self.current
        try:
            yield
        except Broken as broken:
            if not self.findings.goes_on(self.current, broken):
                raise
        except Stumbled as stumbled:
            self.current.stumbled += 1
            self.current.reason = f"its answers broke {stumbled}"
        else:
            self.current.judged += 1

    def usable(self, exchange: Exchange) -> None:
        """Raises Stumbled if a check has found the answer to be broken, NotExercised if there was none in time."""
        if "answer/in-time" in exchange.broken:
            # Another case would cost another time-out, and most likely say the same.
            raise NotExercised("the server did not answer in time")
        if exchange.broken:
            raise Stumbled(exchange.broken[0])

    def expect(self, exchange: Exchange, *statuses: int, because: str, about: str = "") -> Json:
        """Raises Broken unless the answer has one of the statuses; gives the decoded object."""
        if exchange.broken:
            self.findings.at(exchange, because)
        self.usable(exchange)
        status = exchange.answer.status
        if exchange.answer.repeated and exchange.request.method == "DELETE" and status == 404 and 204 in statuses:
            # The first time it was deleted, and the network has lost the answer.
            return {}
        if self.target.read_only and exchange.request.method != "GET":
            statuses = admitted(self, exchange, statuses)
        if status not in statuses:
            expected = " or ".join(map(str, statuses))
            actual = str(exchange.answer.status)
            message = f"{because}: expected {expected}, got {actual}"
            raise Broken(message, exchange, about=about, expected=expected, actual=actual, statuses=statuses)
        return exchange.answer.json if isinstance(exchange.answer.json, dict) else {}

    def expect_shown(self, sent: Json, exchange: Exchange, *before: Exchange, token: Json | None = None) -> None:
        """Raises Broken unless the item in the answer shows what was sent."""
        shown = exchange.answer.json if token is None else token
        operation = self.contract.operations.get(exchange.request.operation or "")
        if token is None and operation and operation.response_schema is None:
            return
        problem = difference(self.contract, sent, shown)
        if not problem and operation and operation == self.resource.create:
            problem = untrue(self.contract, sent, shown)
        if problem:
            field = problem.split()[0]
            # What says whether a secret is set is nothing that is sent.
            secret = self.resource.tells.get(field)
            expected = has(sent, secret) if secret else get(sent, field)
            place: conditions.Place = (
                "$last",
                None if token is None else str(get(token, self.resource.id)),
                self.resource.id,
            )
            raise Broken(
                problem,
                *before,
                exchange,
                about=alteration(get(sent, field), get(shown, field)) or f"altered {field}",
                expected=short(expected),
                actual=short(get(shown, field)),
                holds=conditions.not_shown(field, True)
                if expected is False and secret
                else conditions.shown(field, expected, place),
            )

    def cannot(self, failure: BaseException) -> CannotRun:
        """Why the run has not come to its end. A traceback might show what must not be shown."""
        if isinstance(failure, CannotRun | NotExercised):
            return CannotRun(self.secrets.redact(str(failure)))
        frame = traceback.extract_tb(failure.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        return CannotRun(f"the suite itself failed, at {where}: {type(failure).__name__}")
