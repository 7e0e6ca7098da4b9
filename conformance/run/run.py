"""One run of the suite: sends requests on behalf of clauses and keeps what is learned about each."""

from __future__ import annotations

import json
import random
import re
import secrets
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, Unpack

from ..contract.contract import Contract, Operation, Zone
from ..contract.fields import get, has
from ..contract.resource import Role
from ..target.exchange import Exchange, Request
from ..target.stops import Absent, CannotRun, NotExercised
from ..target.target import Target
from . import conditions
from .bodies import NAMES, Bodies
from .checks import CHECKS, Checks
from .clause import Broken, Clause, Result, Stumbled
from .cleanup import CleanUp
from .comparison import alteration, difference, short, untrue
from .creates import create
from .estate import Estate, listed_items, plain
from .findings import Findings
from .harmless import admitted
from .journal import Journal
from .notes import Notes, stamp
from .requests import Headers, Options, encoded, requested
from .secrets import Secrets

Json = dict[str, Any]
T = TypeVar("T")
# Why a check has judged nothing.
UNSEEN = "no answer was one that it is about"
READS = ("GET", "HEAD", "OPTIONS", "TRACE")
# About how many requests the clauses take that have no cases to choose among.
FIXED = 290
# How many of the pool are looked at where no list shows them.
SAMPLE = 2


class Run:
    """What the tests of the suite are given: the server under test, the contract, and the results so far.

    `subject` is the id of the item that the run created to edit; `bystander` is another one, which no edit may
    touch. `pool` are further ones that may be edited at will. `snapshot` are all items as they were listed before
    the requests in `refused`, none of which may have had an effect. `pins` are fields that are held at a value, and
    `notes` is where the run writes down what it creates.
    """

    def __init__(self, contract: Contract, target: Target, seed: int, pins: Json | None = None) -> None:
        self.contract = contract
        self.resource = contract.resource
        # What messages call an item, several, and their owner.
        self.a, self.noun = self.resource.a, self.resource.noun
        self.nouns, self.owner = self.resource.nouns, self.resource.owner
        self.target = target
        self.notes: Notes | None = None
        self.seed = seed
        # Where failing examples are from, without the password, if there is such a place.
        self.database = ""
        # The options by which another run sends the same to the same server.
        self.options: tuple[str, ...] = ()
        self.random = random.Random(seed)
        self.secrets = Secrets(
            {scheme.variable: value for scheme, value in target.credentials.items()}, self.resource.secret
        )
        self.checks = Checks(contract, self.secrets, target.authorization)
        self.journal = Journal(contract)
        self.results: dict[str, Result] = {}
        self.forget()
        self.current: Result | None = None
        self.pool: list[str] = []
        self.snapshot: dict[str, Json] = {}
        self.refused: list[Exchange] = []
        self.exercised: set[object] = set()
        # The operations that the server has been found not to have, each with the clause that says so.
        self.missing: dict[str, str] = {}
        self.subject = ""
        self.bystander = ""
        self._judges = True
        # The number of this process, if it is one of several.
        self.worker: int | None = None
        # What it has overwritten is nothing that a later run may delete.
        word = "overwritten" if target.overwrite else "conformance"
        label = f"{word}-{stamp(target.budget.lasting)}-{secrets.token_hex(3)}"
        self.estate = Estate(self.resource, label, target.foreign_item, target.overwrite or target.refuser)
        self.bodies = Bodies(contract, self.secrets, self.random, label, pins or {})
        self.findings = Findings(self)
        self.cleanup = CleanUp(self)

    def forget(self) -> None:
        """Begins anew with what every answer is judged by."""
        for each in CHECKS:
            clause = each.clause.worded(self.resource)
            self.results[clause.id] = Result(clause, reason=UNSEEN)

    @property
    def variables(self) -> str:
        """The variables of the environment that say where."""
        return " and ".join(self.resource.variable(name) for name in self.resource.owners)

    @property
    def gone(self) -> tuple[int, ...]:
        """The statuses of a delete after which there is nothing more to delete."""
        return (self.resource.delete.success if self.resource.delete else 204, 404)

    def preflight(self) -> None:
        """Raises CannotRun, which says what to do, if these credentials cannot be used in this organization.

        Removes what earlier runs have left, and takes note of what else is there.
        """
        for field in self.resource.leaves:
            if not self.contract.must_accept(field, self.bodies.value(field)):
                raise CannotRun(f"the suite has no value of {field} that must be accepted: look at resource/create")
        if self.resource.create is None and not (self.target.overwrite or self.target.read_only):
            say = f"name {self.resource.a} that may be overwritten by {self.resource.variable(self.resource.item)}"
            instead = (
                f"{say}, and say --overwrite" if self.resource.list else "known are POST of a collection, or a list"
            )
            raise CannotRun(f"the contract has no create, and the suite edits only what it has made: {instead}")
        if self.resource.list is None:
            return
        answer = self.cleanup.look()
        if self.target.read_only:
            self.subject = self.target.refuser or next(iter(self.estate.before or ()), "")
            self.bystander = next((id for id in self.estate.before or () if id != self.subject), self.subject)
        elif self.estate.before is not None:
            self.cleanup.sweep()
        if self.target.overwrite and self.target.overwrite not in (self.estate.before or {}):
            item = self.resource.variable(self.resource.item)
            raise CannotRun(f"the list of {self.resource.nouns} does not show {item}, so it cannot be restored")
        if self.notes and self.estate.before is not None:
            self.notes.before(self.estate.before)
        status = answer.status
        if status not in (0, 401, 403, 404):
            return
        if not self.target.keeps and self.create(self.bodies.least()).answer.ok:
            # So it is the list that is broken, which its clause will say.
            return
        if not status:
            if answer.problem and "broken" in answer.problem:
                return
            raise CannotRun(f"{self.target.base_url} does not answer: {answer.problem}")
        if status == 401:
            names = " or ".join(scheme.variable for scheme in self.resource.schemes)
            raise CannotRun(f"the server refuses the credentials (401): check {names}")
        raise CannotRun(
            f"the server does not let these credentials use the {self.target.where} ({status}): check {self.variables}"
        )

    def kind(self, operation: str, body: object) -> object:
        """What two cases share of which only one is worth a request: the wrong field and the type of its value."""
        if not isinstance(body, dict):
            return operation, type(body), bool(body)
        offence = self.contract.offence(body, operation)
        wrong = get(body, offence) if offence else None
        return offence and (operation, offence, type(wrong), bool(wrong))

    def scaled(self, examples: int) -> int:
        """How many examples to generate under the budget of this run, for that many under the default one."""
        # A run that goes on round by round spends its budget so.
        whole = self.resource.budget
        budget = min(self.target.budget.total, whole) if self.target.budget.timed else self.target.budget.total
        return max(1, examples * budget // whole)

    def thin(self, cases: Iterable[T]) -> list[T]:
        """All cases under the default budget, evenly fewer under a smaller one, but always one."""
        every = list(cases)
        share = (self.target.budget.total - FIXED) / (self.resource.budget - FIXED)
        kept = min(len(every), max(1, int(len(every) * share)))
        return [every[index * len(every) // kept] for index in range(kept)] if every else []

    def pinned(self, body: object) -> object:
        """`body`, with the pinned fields at their values if it must be accepted."""
        if self.bodies.pins and isinstance(body, dict) and self.contract.zone(body) is Zone.ACCEPT:
            changed = self.bodies.pinned(body)
            if self.current and changed:
                self.current.note = f"with {', '.join(sorted(changed))} pinned"
        return body

    @property
    def operations(self) -> list[Operation]:
        """The operations that the run may call: those that the server has, and where an item is overwritten, neither
        create nor delete.
        """
        kept = (self.resource.create, self.resource.delete) if self.target.keeps else ()
        every = self.contract.operations.values()
        return [each for each in every if each.id not in self.missing and each not in kept]

    def expendable(self) -> None:
        """Raises NotExercised if there is no item that may be lost."""
        if self.target.keeps:
            option = "--read-only" if self.target.read_only else "--overwrite"
            raise NotExercised(f"it needs {self.resource.nouns} of its own, and with {option} there are none")

    def call(self, operation: str, body: object = None, **options: Unpack[Options]) -> Exchange:
        """Sends a request to an operation."""
        return self.send(self.request(operation, body, **options))

    def request(self, operation: str, body: object = None, **options: Unpack[Options]) -> Request:
        """A request to an operation. `body` is a JSON value, or bytes to be sent as they are; None sends no body."""
        return requested(self, operation, body, **options)

    def path(self, operation: str, item: str | None = None, owners: dict[str, str] | None = None) -> str:
        """The path of an operation on the subject, or another item, below the run's owners, or others."""
        path = self.contract.operations[operation].path
        return self.resource.path_of(path, self.target.owners | (owners or {}), self.subject if item is None else item)

    def send(self, request: Request) -> Exchange:
        """Sends a request and lets every check judge the answer."""
        if request.method not in READS:
            self._may_change(request.path)
        at = time.time()
        creates = self.resource.create is not None and request.operation == self.resource.create.id
        if creates and self.notes and isinstance(request.json, dict):
            self.notes.creating(get(request.json, self.resource.mark))
        exchange, new = create(self, request) if creates else (Exchange(request, self.target.send(request), at), None)
        if self.resource.role(request.operation) == "list":
            exchange = self._without_others(exchange)
        if creates and self.notes and exchange.answer.status:
            self.notes.write(created=[new] if new else [])
        return self._take(exchange)

    def at_once(self, *requests: Request, ahead: float = 0) -> list[Exchange]:
        """Sends requests at the same moment, or the first so many seconds ahead; every check judges the answers.

        What they create is the run's own once it has been adopted by its mark.
        """
        for request in requests:
            if request.method not in READS:
                self._may_change(request.path)
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
        judges, self._judges = self._judges, False
        try:
            return self._take(Exchange(request, answer, at)) if answer else None
        finally:
            self._judges = judges

    def _take(self, exchange: Exchange) -> Exchange:
        """Learns from an exchange, and judges its answer."""
        self._learn(exchange)
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

    def repeat(self, exchange: Exchange, body: object = None) -> Exchange:
        """Sends a request once more, with another body if one is given; its answer is not judged."""
        judges, self._judges = self._judges, False
        try:
            return self.send(exchange.request if body is None else replace(exchange.request, body=encoded(body)))
        finally:
            self._judges = judges

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

    def refusals(self, operation: str) -> tuple[int, ...]:
        """The statuses with which an operation refuses a body."""
        return self.resource.refusals(self.contract.operations[operation])

    def success(self, role: str) -> int:
        """The status that says that what a role does was done."""
        operation: Operation | None = getattr(self.resource, role)
        return operation.success if operation else 200

    def _without_others(self, exchange: Exchange) -> Exchange:
        """A list without what other runs and other workers have made, or a server has of what those have sent."""
        tokens = listed_items(self.resource, exchange.answer)
        if tokens is None:
            return exchange
        theirs = self.estate.theirs(tokens)
        if self.worker is not None:
            theirs |= self._of_workers(tokens)
        if not theirs:
            return exchange
        listed = exchange.answer.json
        kept = [each for each in self.resource.listed(listed) or () if self.resource.id_of(each) not in theirs]
        answer = replace(exchange.answer, body=json.dumps(self.resource.relisted(listed, kept)).encode())
        return replace(exchange, answer=answer)

    def _of_workers(self, tokens: dict[str, Json]) -> set[str]:
        """Which of these items other workers have made, or a server of what those have sent."""
        ledger = self.target.ledger
        others = ledger.others()
        if tokens.keys() - others - set(self.estate.created):
            # One that nobody knows may just be coming into being.
            ledger.settle()
            others = ledger.others()
        self.estate.protect(others - set(self.estate.created))
        theirs = set()
        for id in tokens.keys() - (self.estate.before or {}).keys():
            marks = re.findall(rf"{re.escape(self.estate.label)}-(\d+)", json.dumps(tokens[id]))
            if id in others or any(int(mark) // NAMES != self.worker for mark in marks):
                theirs.add(id)
        return theirs

    def _may_change(self, path: str) -> None:
        """Raises NotExercised unless what a path leads to is the run's own, or nobody's."""
        id = self.estate.claimed(path)
        # Not to be judged: what is stored of a body of which nobody has said how may look like anything.
        self._judges = False
        try:
            if id and self.resource.list:
                self.list_all()
            if id and self.resource.read and self.estate.claimed(path):
                self.get(item=id)
        finally:
            self._judges = True
        if id and self.estate.claimed(path):
            self.estate.disown(id)
            self.target.budget.keep(-self.resource.cost)
            raise NotExercised(
                f"the {self.resource.noun} that a create was answered with is not in the {self.resource.owner}"
            )
        if self.estate.untouchable(path):
            raise NotExercised(f"it would have to change {self.resource.a} that is not the run's own")

    def _learn(self, exchange: Exchange) -> None:
        """Notes whose the items are that an answer shows."""
        request, answer = exchange.request, exchange.answer
        if not request.path.startswith(self.resource.path_of(self.resource.collection, self.target.owners, "")):
            return
        role = self.resource.role(request.operation)
        if role == "list":
            self.estate.seen(listed_items(self.resource, answer) or {})
        elif role == "read" and answer.ok and isinstance(answer.json, dict):
            self.estate.read(request.path.rpartition("/")[2].lower(), answer.json)

    def new(self, exchange: Exchange) -> str:
        """The id of the item that a create has answered with; raises Broken if it was refused, or is another's."""
        a = self.resource.a
        body = self.expect(exchange, self.success("create"), because=f"{a} that must be accepted was not created")
        if plain(self.resource.id_of(body)) in map(plain, self.estate.before or ()):
            before = self.findings.history.listed_before(exchange)
            message = f"a create was answered with the id of {a} that was there before"
            raise Broken(message, *before, exchange, holds=conditions.new(self.resource.id) if before else "")
        return self.resource.id_of(body)

    def id(self, role: Role) -> str:
        """The operation with a role. Raises NotExercised if the contract has none."""
        operation: Operation | None = getattr(self.resource, role)
        if operation is None:
            raise Absent(f"the contract has no {role}")
        return operation.id

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

    def add(self, clause: Clause) -> Result:
        return self.results.setdefault(clause.id, Result(clause.worded(self.resource)))
