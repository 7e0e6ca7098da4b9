"""One run of the suite: sends requests on behalf of clauses and keeps what is learned about each."""

from __future__ import annotations

import json
import random
import re
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from ..contract.contract import Contract, Operation, Zone
from ..target.exchange import Exchange, Request
from ..target.target import CannotRun, NotExercised, Target
from . import conditions
from .bodies import NAMES, Bodies
from .checks import CHECKS, Checks
from .clause import Broken, Clause, Result, Stumbled
from .cleanup import CleanUp
from .comparison import difference, short
from .creates import create
from .estate import Estate, id_of, listed_tokens, plain
from .findings import Findings
from .journal import Journal
from .notes import Notes, stamp
from .roles import CREATE, DELETE, LIST, READ
from .secrets import Secrets

Json = dict[str, Any]
T = TypeVar("T")
# Stands for the credentials of the run in `Run.call`.
OWN: Literal["own"] = "own"
# Why a check has judged nothing.
UNSEEN = "no answer was one that it is about"
READS = ("GET", "HEAD", "OPTIONS", "TRACE")
# About how many requests the clauses take that have no cases to choose among.
FIXED = 220


class Run:
    """What the tests of the suite are given: the server under test, the contract, and the results so far.

    `subject` is the id of the git token that the run created to edit; `bystander` is another one, which no edit may
    touch. `pool` are further ones that may be edited at will. `snapshot` are all git tokens as they were listed before
    the requests in `refused`, none of which may have had an effect. `pins` are fields that are held at a value, and
    `notes` is where the run writes down what it creates.
    """

    def __init__(self, contract: Contract, target: Target, seed: int, pins: Json | None = None) -> None:
        self.contract = contract
        self.target = target
        self.notes: Notes | None = None
        self.seed = seed
        # Where failing examples are from, without the password, if there is such a place.
        self.database = ""
        # The options by which another run sends the same to the same server.
        self.options: tuple[str, ...] = ()
        self.random = random.Random(seed)
        variables = {"QOVERY_API_TOKEN": target.api_token, "QOVERY_JWT": target.jwt}
        self.secrets = Secrets({name: value for name, value in variables.items() if value})
        self.checks = Checks(contract, self.secrets)
        self.journal = Journal(contract)
        self.results: dict[str, Result] = {each.clause.id: Result(each.clause, reason=UNSEEN) for each in CHECKS}
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
        label = f"{word}-{stamp()}-{self.random.randrange(16**6):06x}"
        self.estate = Estate(label, target.foreign_token, target.overwrite)
        self.bodies = Bodies(contract, self.secrets, self.random, label, pins or {})
        self.findings = Findings(self)
        self.cleanup = CleanUp(self)

    def preflight(self) -> None:
        """Raises CannotRun, which says what to do, if these credentials cannot be used in this organization.

        Removes what earlier runs have left, and takes note of what else is there.
        """
        for field in self.contract.request_schema["properties"]:
            if not self.contract.must_accept(field, self.bodies.value(field)):
                raise CannotRun(f"the suite has no value of {field} that must be accepted: look at resource/create")
        if LIST not in self.contract.operations:
            return
        answer = self.cleanup.look()
        if self.estate.before is not None:
            self.cleanup.sweep()
        if self.target.overwrite and self.target.overwrite not in (self.estate.before or {}):
            raise CannotRun("the list of git tokens does not show QOVERY_GIT_TOKEN_ID, so it cannot be restored")
        if self.notes and self.estate.before is not None:
            self.notes.before(self.estate.before)
        status = answer.status
        if status not in (0, 401, 403, 404):
            return
        if self.target.overwrite is None and self.create(self.bodies.least()).answer.status == 201:
            # So it is the list that is broken, which its clause will say.
            return
        if not status:
            if answer.problem and "broken" in answer.problem:
                return
            raise CannotRun(f"{self.target.base_url} does not answer: {answer.problem}")
        if status == 401:
            raise CannotRun("the server refuses the credentials (401): check QOVERY_API_TOKEN or QOVERY_JWT")
        raise CannotRun(
            f"the server does not let these credentials use the organization {self.target.organization} ({status}): "
            "check QOVERY_ORGANIZATION_ID"
        )

    def kind(self, operation: str, body: object) -> object:
        """What two cases share of which only one is worth a request: the wrong field and the type of its value."""
        if not isinstance(body, dict):
            return operation, type(body), bool(body)
        offence = self.contract.offence(body)
        return offence and (operation, offence, type(body.get(offence)), bool(body.get(offence)))

    def scaled(self, examples: int) -> int:
        """How many examples to generate under the budget of this run, for that many under the default one."""
        # A run that goes on round by round spends its budget so.
        budget = min(self.target.budget, 900) if self.target.left < float("inf") else self.target.budget
        return max(1, examples * budget // 900)

    def thin(self, cases: Iterable[T]) -> list[T]:
        """All cases under the default budget, evenly fewer under a smaller one, but always one."""
        every = list(cases)
        share = (self.target.budget - FIXED) / (900 - FIXED)
        kept = min(len(every), max(1, int(len(every) * share)))
        return [every[index * len(every) // kept] for index in range(kept)] if every else []

    def pinned(self, body: object) -> object:
        """`body`, with the pinned fields at their values if it must be accepted."""
        if self.bodies.pins and isinstance(body, dict) and self.contract.zone(body) is Zone.ACCEPT:
            changed = {name for name, value in self.bodies.pins.items() if name in body and body[name] != value}
            body.update(self.bodies.pins)
            if self.current and changed:
                self.current.note = f"with {', '.join(sorted(changed))} pinned"
        return body

    @property
    def operations(self) -> list[Operation]:
        """The operations that the run may call: those that the server has, and where a git token is overwritten,
        neither create nor delete.
        """
        every = [each for each in self.contract.operations.values() if each.id not in self.missing]
        return [each for each in every if not self.target.overwrite or each.id not in (CREATE, DELETE)]

    def expendable(self) -> None:
        """Raises NotExercised if there is no git token that may be lost."""
        if self.target.overwrite:
            raise NotExercised("it needs git tokens of its own, and with --overwrite there are none")

    def call(
        self,
        operation: str,
        body: object = None,
        *,
        git_token: str | None = None,
        organization: str | None = None,
        authorization: str | None = OWN,
        media_type: str | None = "application/json",
        headers: tuple[tuple[str, str], ...] = (),
        method: str | None = None,
        road: str | None = None,
    ) -> Exchange:
        """Calls an operation. `body` is a JSON value, or bytes to be sent as they are; None sends no body.

        Ids are put into the path as they are. `method` replaces the operation's own, and `road`, which is sent as it
        stands, its path; either makes the request one to no operation.
        """
        if operation not in self.contract.operations:
            raise NotExercised(f"the contract has no {operation}")
        if operation in self.missing and self.current:
            raise NotExercised(f"the server has no {operation}, as {self.missing[operation]} says")
        if operation in (CREATE, DELETE):
            self.expendable()
        body = self.pinned(body)
        each = self.contract.operations[operation]
        path = self.path(operation, git_token, organization)
        sent = list(headers)
        if authorization is not None:
            sent.append(("Authorization", self.target.authorization if authorization == OWN else authorization))
        raw = (
            body
            if isinstance(body, bytes) or body is None
            else json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        )
        if raw is not None and media_type is not None:
            sent.append(("Content-Type", media_type))
        return self.send(
            Request(
                method=method or each.method,
                path=path if road is None else road,
                headers=tuple(sent),
                body=raw,
                operation=None if road or (method and method != each.method) else operation,
                verbatim=road is not None,
            )
        )

    def path(self, operation: str, git_token: str | None = None, organization: str | None = None) -> str:
        """The path of an operation on the subject, or another git token, in the run's organization, or another."""
        path = self.contract.operations[operation].path
        path = path.replace("{organizationId}", self.target.organization if organization is None else organization)
        return path.replace("{gitTokenId}", self.subject if git_token is None else git_token)

    def send(self, request: Request) -> Exchange:
        """Sends a request and lets every check judge the answer."""
        if request.method not in READS:
            self._may_change(request.path)
        at = time.time()
        creates = request.operation == CREATE
        if creates and self.notes and isinstance(request.json, dict):
            self.notes.creating(request.json.get("name"))
        exchange, new = create(self, request) if creates else (Exchange(request, self.target.send(request), at), None)
        if request.operation == LIST and self.worker is not None:
            exchange = self._without_others(exchange)
        self._learn(exchange)
        self.journal.add(exchange, self.current.clause.id if self.current else None)
        self.findings.note(exchange)
        if self.current:
            self.current.requests += 1
        if creates and self.notes and exchange.answer.status:
            self.notes.write(created=[new] if new else [])
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

    def repeat(self, exchange: Exchange) -> Exchange:
        """Sends a request once more; its answer is not judged."""
        judges, self._judges = self._judges, False
        try:
            return self.send(exchange.request)
        finally:
            self._judges = judges

    def listed(self) -> tuple[Exchange, dict[str, Json]]:
        """Lists the organization's git tokens; gives the exchange and them by id, in lower case."""
        exchange = self.list_all()
        body = self.expect(exchange, 200, because="the git tokens cannot be listed")
        return exchange, {token["id"].lower(): token for token in body["results"]}

    def _without_others(self, exchange: Exchange) -> Exchange:
        """A list without the git tokens of other workers, and without what a server made of what those have sent."""
        tokens = listed_tokens(exchange.answer)
        if tokens is None:
            return exchange
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
        if not theirs:
            return exchange
        listed = exchange.answer.json
        kept = [each for each in listed["results"] if id_of(each) not in theirs]
        answer = replace(exchange.answer, body=json.dumps(listed | {"results": kept}).encode())
        return replace(exchange, answer=answer)

    def _may_change(self, path: str) -> None:
        """Raises NotExercised unless what a path leads to is the run's own, or nobody's."""
        id = self.estate.claimed(path)
        # Not to be judged: what is stored of a body of which nobody has said how may look like anything.
        self._judges = False
        try:
            if id and LIST in self.contract.operations:
                self.list_all()
            if id and self.estate.claimed(path):
                self.get(git_token=id)
        finally:
            self._judges = True
        if id and self.estate.claimed(path):
            self.estate.disown(id)
            self.target.keep(-1)
            raise NotExercised("the git token that a create was answered with is not in the organization")
        if self.estate.untouchable(path):
            raise NotExercised("it would have to change a git token that is not the run's own")

    def _learn(self, exchange: Exchange) -> None:
        """Notes whose the git tokens are that an answer shows."""
        request, answer = exchange.request, exchange.answer
        if not request.path.startswith(f"/organization/{self.target.organization}/"):
            return
        if request.operation == LIST:
            self.estate.seen(listed_tokens(answer) or {})
        elif request.operation == READ and answer.status == 200 and isinstance(answer.json, dict):
            self.estate.read(request.path.rpartition("/")[2].lower(), answer.json)

    def new(self, exchange: Exchange) -> str:
        """The id of the git token that a create has answered with; raises Broken if it was refused, or is another's."""
        body = self.expect(exchange, 201, because="a git token that must be accepted was not created")
        if plain(body["id"]) in map(plain, self.estate.before or ()):
            raise Broken("a create was answered with the id of a git token that was there before", exchange)
        return str(body["id"]).lower()

    def edit(self, body: object, **options: Any) -> Exchange:
        return self.call("editGitToken", body, **options)

    def create(self, body: object, **options: Any) -> Exchange:
        return self.call("createGitToken", body, **options)

    def get(self, **options: Any) -> Exchange:
        return self.call("getOrganizationGitToken", **options)

    def list_all(self, **options: Any) -> Exchange:
        return self.call("listOrganizationGitTokens", **options)

    def delete(self, git_token: str, **options: Any) -> Exchange:
        exchange = self.call("deleteGitToken", git_token=git_token, **options)
        if exchange.answer.status in (204, 404) and git_token.lower() in self.estate.created:
            self.estate.gone(git_token.lower())
            self.target.keep(-1)
            if self.notes:
                self.notes.write(deleted=[git_token.lower()])
        return exchange

    @contextmanager
    def case(self) -> Iterator[None]:
        """One case of a clause: an answer that broke another clause ends the case, not the clause."""
        assert self.current
        try:
            yield
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
        self.usable(exchange)
        status = exchange.answer.status
        if exchange.answer.repeated and exchange.request.method == "DELETE" and status == 404 and 204 in statuses:
            # The first time it was deleted, and the network has lost the answer.
            return {}
        if status not in statuses:
            expected = " or ".join(map(str, statuses))
            actual = str(exchange.answer.status)
            message = f"{because}: expected {expected}, got {actual}"
            raise Broken(message, exchange, about=about, expected=expected, actual=actual, statuses=statuses)
        return exchange.answer.json if isinstance(exchange.answer.json, dict) else {}

    def expect_shown(self, sent: Json, exchange: Exchange, *before: Exchange, token: Json | None = None) -> None:
        """Raises Broken unless the git token in the answer shows what was sent."""
        shown = exchange.answer.json if token is None else token
        problem = difference(self.contract, sent, shown)
        if problem:
            field = problem.split()[0]
            place: conditions.Place = ("$last", None if token is None else str(token["id"]))
            raise Broken(
                problem,
                *before,
                exchange,
                about=f"altered {field}",
                expected=short(sent[field]),
                actual=short(shown.get(field)),
                holds=conditions.shown(field, sent[field], place),
            )

    def cannot(self, failure: BaseException) -> CannotRun:
        """Why the run has not come to its end. A traceback might show what must not be shown."""
        if isinstance(failure, CannotRun | NotExercised):
            return CannotRun(self.secrets.redact(str(failure)))
        frame = traceback.extract_tb(failure.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        return CannotRun(f"the suite itself failed, at {where}: {type(failure).__name__}")

    def add(self, clause: Clause) -> Result:
        return self.results.setdefault(clause.id, Result(clause))
