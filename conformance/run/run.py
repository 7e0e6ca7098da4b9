"""One run of the suite: sends requests on behalf of clauses and keeps what is learned about each."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import time
import traceback
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from ..contract.contract import Contract, Operation, Zone
from ..target.exchange import Answer, Exchange, Request
from ..target.target import CannotRun, NotExercised, Target
from .checks import CHECKS, Checks
from .clause import Broken, Clause, Finding, Result, Stumbled
from .estate import Estate, plain
from .journal import Journal
from .notes import OTHERS, Notes, leftovers, stamp
from .secrets import Secrets

Json = dict[str, Any]
T = TypeVar("T")
# Stands for the credentials of the run in `Run.call`.
OWN: Literal["own"] = "own"
READS = ("GET", "HEAD", "OPTIONS", "TRACE")
CREATE, DELETE = "createGitToken", "deleteGitToken"
LIST, READ = "listOrganizationGitTokens", "getOrganizationGitToken"
# About how many requests the clauses take that have no cases to choose among.
FIXED = 220
# As many names as a worker may give.
NAMES = 10**6
# The clause that is broken where a server does not answer the same request in the same way.
STEADY = "sequences/steady"


@dataclass
class Learned:
    """What a worker has learned, the git tokens that it gives back, and why it ended, if it was not done."""

    results: dict[str, Result]
    journal: Journal
    secrets: Secrets
    exercised: set[object]
    spent: bool
    left: list[str]
    lent: list[str] | None
    failure: BaseException | None


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
        self.pins = pins or {}
        self.notes: Notes | None = None
        self.seed = seed
        # Where failing examples are from, without the password, if there is such a place.
        self.database = ""
        self.random = random.Random(seed)
        variables = {"QOVERY_API_TOKEN": target.api_token, "QOVERY_JWT": target.jwt}
        self.secrets = Secrets({name: value for name, value in variables.items() if value})
        self.checks = Checks(contract, self.secrets)
        self.journal = Journal(contract)
        self.results: dict[str, Result] = {each.clause.id: Result(each.clause) for each in CHECKS}
        self.current: Result | None = None
        self.pool: list[str] = []
        # To be deleted once they have been seen.
        self._doomed: list[str] = []
        self.snapshot: dict[str, Json] = {}
        self.refused: list[Exchange] = []
        self.exercised: set[object] = set()
        self.subject = ""
        self.bystander = ""
        self._tokens = [self.secrets.token(self.random) for _ in range(4)]
        self._count = 0
        self._judges = True
        self._edits: deque[Exchange] = deque(maxlen=8)
        # The number of this process, and what others could not put right.
        self._worker: int | None = None
        self._left: list[str] = []
        # The git tokens that are the run's, not this process's: they are not for it to delete in the end.
        self._lent: list[str] | None = None
        # What it has overwritten is nothing that a later run may delete.
        word = "overwritten" if target.overwrite else "conformance"
        label = f"{word}-{stamp()}-{self.random.randrange(16**6):06x}"
        self.estate = Estate(label, target.foreign_token, target.overwrite)

    def preflight(self) -> None:
        """Raises CannotRun, which says what to do, if these credentials cannot be used in this organization.

        Removes what earlier runs have left, and takes note of what else is there.
        """
        for field in self.contract.request_schema["properties"]:
            if not self.contract.must_accept(field, self.value(field)):
                raise CannotRun(f"the suite has no value of {field} that must be accepted: look at resource/create")
        if LIST not in self.contract.operations:
            return
        answer = self.look()
        if self.estate.before is not None:
            self.sweep()
        if self.target.overwrite and self.target.overwrite not in (self.estate.before or {}):
            raise CannotRun("the list of git tokens does not show QOVERY_GIT_TOKEN_ID, so it cannot be restored")
        if self.notes and self.estate.before is not None:
            self.notes.before(self.estate.before)
        status = answer.status
        if status not in (0, 401, 403, 404):
            return
        if self.target.overwrite is None and self.create(self.body()).answer.status == 201:
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

    # -- what to send ------------------------------------------------------------------------------------------

    def name(self) -> str:
        """A name that no other git token has, by which people and a later run recognise what this one left."""
        self._count += 1
        return f"{self.estate.label}-{self._count}"

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

    def token(self) -> str:
        """A value for a git token that is recognised wherever a server shows it."""
        return self._tokens[self._count % len(self._tokens)]

    def body(self, **fields: Any) -> Json:
        """The smallest body that must be accepted, with `fields` put in."""
        body = {field: self.value(field) for field in self.contract.request_schema["required"]}
        body["type"] = (self.pins | fields).get("type", "GITHUB")
        while (missing := self.contract.offence(body)) and missing not in body:
            body[missing] = self.value(missing)
        return body | self.pins | fields

    def full(self, **fields: Any) -> Json:
        """A body with every field, that must be accepted."""
        properties = self.contract.request_schema["properties"]
        return {field: self.value(field) for field in properties} | self.pins | fields

    def value(self, field: str) -> str:
        """A value of a field that must be accepted; by all but providers and secrets a git token is recognised."""
        schema = self.contract.request_schema["properties"][field]
        if field == "name":
            return self.name()
        if schema.get("writeOnly"):
            return self.token()
        if "enum" in schema:
            return str(schema["enum"][self._count % len(schema["enum"])])
        mark = f"{self.estate.label}-{self._count}"
        return f"https://{mark}.example.com/api" if schema.get("format") == "uri" else f"{field}-{mark}"

    def pinned(self, body: object) -> object:
        """`body`, with the pinned fields at their values if it must be accepted."""
        if self.pins and isinstance(body, dict) and self.contract.zone(body) is Zone.ACCEPT:
            changed = {name for name, value in self.pins.items() if name in body and body[name] != value}
            body.update(self.pins)
            if self.current and changed:
                self.current.note = f"with {', '.join(sorted(changed))} pinned"
        return body

    @property
    def operations(self) -> list[Operation]:
        """The operations that the run may call: all but create and delete where a git token is overwritten."""
        every = self.contract.operations.values()
        return [each for each in every if not self.target.overwrite or each.id not in (CREATE, DELETE)]

    def expendable(self) -> None:
        """Raises NotExercised if there is no git token that may be lost."""
        if self.target.overwrite:
            raise NotExercised("it needs git tokens of its own, and with --overwrite there are none")

    # -- sending -----------------------------------------------------------------------------------------------

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
    ) -> Exchange:
        """Calls an operation. `body` is a JSON value, or bytes to be sent as they are; None sends no body.

        Ids are put into the path as they are. `method` replaces the operation's own and makes the request one to
        no operation.
        """
        if operation not in self.contract.operations:
            raise NotExercised(f"the contract has no {operation}")
        if operation in (CREATE, DELETE):
            self.expendable()
        body = self.pinned(body)
        each = self.contract.operations[operation]
        path = each.path.replace("{organizationId}", self.target.organization if organization is None else organization)
        path = path.replace("{gitTokenId}", self.subject if git_token is None else git_token)
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
                path=path,
                headers=tuple(sent),
                body=raw,
                operation=None if method and method != each.method else operation,
            )
        )

    def send(self, request: Request) -> Exchange:
        """Sends a request and lets every check judge the answer."""
        if request.method not in READS:
            self._may_change(request.path)
        at = time.time()
        creates = request.operation == CREATE
        if creates and self.notes and isinstance(request.json, dict):
            self.notes.creating(request.json.get("name"))
        with self.target.ledger.creating() if creates else contextlib.nullcontext():
            exchange = Exchange(request, self.target.send(request), at)
            new = self._claim(exchange) if creates else None
        if request.operation == LIST and self._worker is not None:
            exchange = self._without_others(exchange)
        self._learn(exchange)
        self.journal.add(exchange, self.current.clause.id if self.current else None)
        if request.operation == "editGitToken":
            self._edits.append(exchange)
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
                    result.finding = Finding(check.clause, found, (exchange,))
        return exchange

    def listed(self) -> tuple[Exchange, dict[str, Json]]:
        """Lists the organization's git tokens; gives the exchange and them by id, in lower case."""
        exchange = self.list_all()
        body = self.expect(exchange, 200, because="the git tokens cannot be listed")
        return exchange, {token["id"].lower(): token for token in body["results"]}

    def _without_others(self, exchange: Exchange) -> Exchange:
        """A list without the git tokens of other workers, and without what a server made of what those have sent."""
        tokens = _tokens(exchange.answer)
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
            if id in others or any(int(mark) // NAMES != self._worker for mark in marks):
                theirs.add(id)
        if not theirs:
            return exchange
        listed = exchange.answer.json
        kept = [each for each in listed["results"] if _id(each) not in theirs]
        answer = replace(exchange.answer, body=json.dumps(listed | {"results": kept}).encode())
        return replace(exchange, answer=answer)

    def _is_due(self, git_token: str) -> bool:
        claimed = self.estate.claimed(git_token)
        return self.target.cleaning or not claimed or self.contract.zone(self.estate.sent(claimed)) is not Zone.ACCEPT

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

    def _claim(self, exchange: Exchange) -> str | None:
        """The id that a create was answered with, if it may be the run's own."""
        answer, sent = exchange.answer, exchange.request.json
        if not answer.ok or not isinstance(answer.json, dict):
            return None
        new = self.estate.claim(answer.json.get("id"), sent if isinstance(sent, dict) else {})
        if new:
            self.target.ledger.create(new)
            self.target.keep(1)
        return new

    def _learn(self, exchange: Exchange) -> None:
        """Notes whose the git tokens are that an answer shows."""
        request, answer = exchange.request, exchange.answer
        if not request.path.startswith(f"/organization/{self.target.organization}/"):
            return
        if request.operation == LIST:
            self.estate.seen(_tokens(answer) or {})
        elif request.operation == READ and answer.status == 200 and isinstance(answer.json, dict):
            self.estate.read(request.path.rpartition("/")[2].lower(), answer.json)

    def adopt_marked(self, tokens: dict[str, Json]) -> list[str]:
        """Takes git tokens that bear the run's mark for its own, however they came to be; gives their ids."""
        mine = self.estate.adopt(tokens)
        for git_token in mine:
            self.target.ledger.create(git_token)
        self.target.keep(len(mine))
        return mine

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

    def discard(self, git_token: str) -> None:
        """Deletes a git token of the run's own that has served its purpose, if the contract has a way."""
        if DELETE not in self.contract.operations or git_token.lower() not in self.estate.created:
            return
        self._doomed.append(git_token.lower())
        # To look whether it is there takes a request: one that was not seen yet waits for a list that shows it.
        # But what nobody has said how to store, no list is to show.
        for id in [each for each in self._doomed if self._is_due(each)]:
            self._doomed.remove(id)
            if id in self.estate.created:
                self.delete(id)

    # -- judging -----------------------------------------------------------------------------------------------

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
        if exchange.answer.status not in statuses:
            expected = " or ".join(map(str, statuses))
            actual = str(exchange.answer.status)
            message = f"{because}: expected {expected}, got {actual}"
            raise Broken(message, exchange, about=about, expected=expected, actual=actual)
        return exchange.answer.json if isinstance(exchange.answer.json, dict) else {}

    def expect_shown(self, sent: Json, exchange: Exchange, *before: Exchange, token: Json | None = None) -> None:
        """Raises Broken unless the git token in the answer shows what was sent."""
        shown = exchange.answer.json if token is None else token
        difference = self.difference(sent, shown)
        if difference:
            field = difference.split()[0]
            values = {"expected": _short(sent[field]), "actual": _short(shown.get(field))}
            raise Broken(difference, *before, exchange, about=f"altered {field}", **values)

    def difference(self, sent: Json, token: Json) -> str | None:
        """The first field of a request body that a git token does not show as sent, and how; None if there is none."""
        shown_fields = self.contract.operations["editGitToken"].response_schema or {}
        for field in self.contract.request_schema["properties"]:
            if field not in sent or field not in shown_fields["properties"]:
                continue
            shown = token.get(field)
            # An empty optional text may be shown as absent: nobody can tell the two apart in use.
            if shown != sent[field] and not (sent[field] == "" and shown is None):
                return f"{field} was sent as {_short(sent[field])} and is shown as {_short(shown)}"
        return None

    def found(self, result: Result, broken: Broken) -> None:
        """Keeps a finding, with the shortest sequence of exchanges that shows it again.

        What cannot be shown again is about the server's steadiness, not about the clause, and so is what started to
        fail in the course of the run. What another clause has found already is not found twice.
        """
        same = [each for each in self.results.values() if each.finding and each.finding.about == broken.about != ""]
        if same:
            result.reason = f"{same[0].clause.id} is broken in the same way"
            return
        exchanges = broken.exchanges
        steady = self.results.get(STEADY)
        if steady and result is not steady and all(self._repeatable(each) for each in exchanges):
            writes = [each for each in self._edits if each not in exchanges]
            for length in (0, 1, 3):
                if self._reproduces((*writes[len(writes) - length :], *exchanges)):
                    exchanges = (*writes[len(writes) - length :], *exchanges)
                    break
            else:
                message = f"asked again in the same way, the server answered differently: {broken.message}"
                steady.finding = steady.finding or Finding(steady.clause, message, exchanges)
                result.reason = f"{STEADY} is broken"
                return
        result.finding = result.finding or Finding(
            result.clause, broken.message, exchanges, broken.about, broken.expected, broken.actual
        )
        self._heal()

    def _heal(self) -> None:
        """Puts right what a finding may have left behind, so that the clauses that follow judge only their own."""
        works = self.results.get("edit/works")
        if works is None or works.state != "held":
            return
        for token in set(self.estate.created) - {self.subject, self.bystander, *self.pool}:
            self.discard(token)
        edited = self.edit(body := self.full())
        if edited.answer.status == 404:
            self.subject = str((self.create(body).answer.json or {}).get("id"))
            edited = self.edit(body)
        if self.get(git_token=self.bystander).answer.status == 404:
            self.bystander = str((self.create(self.full()).answer.json or {}).get("id"))
        if not edited.answer.ok or edited.broken or self.difference(body, edited.answer.json):
            works.reason = "a valid edit worked at first and does no more"
            steady = self.results.get(STEADY)
            if steady and not steady.finding:
                steady.finding = Finding(steady.clause, f"after {self.target.used} requests {works.reason}", (edited,))
        # What was accepted by mistake has changed what there is.
        if self.snapshot:
            with contextlib.suppress(Broken, Stumbled):
                self.snapshot = self.listed()[1]
            self.refused.clear()

    def _repeatable(self, exchange: Exchange) -> bool:
        return exchange.request.operation in ("editGitToken", "getOrganizationGitToken") and (
            self.subject in exchange.request.path.lower()
        )

    def _reproduces(self, exchanges: tuple[Exchange, ...]) -> bool:
        for exchange in exchanges:
            again = self.send(exchange.request)
        return self._essence(again) == self._essence(exchange)

    def _essence(self, exchange: Exchange) -> object:
        """What a repeated exchange has in common with the first."""
        token = exchange.answer.json
        if isinstance(token, dict) and exchange.answer.ok:
            return exchange.answer.status, {
                field: token.get(field) for field in self.contract.request_schema["properties"]
            }
        return exchange.answer.status

    def unlike(self, token: Json, other: Json, *ignored: str) -> str | None:
        """The first field of the contract in which two accounts of a git token differ; None if they say the same."""
        schema = self.contract.operations["editGitToken"].response_schema or {}
        for field, each in schema["properties"].items():
            if field not in ignored and _meaning(token.get(field), each) != _meaning(other.get(field), each):
                return str(field)
        return None

    def break_clause(self, id: str, message: str, *exchanges: Exchange) -> None:
        """Notes a finding about another clause than the one that is being judged."""
        result = self.results[id]
        if not result.finding:
            result.finding = Finding(result.clause, message, exchanges)

    def cannot(self, failure: BaseException) -> CannotRun:
        """Why the run has not come to its end. A traceback might show what must not be shown."""
        if isinstance(failure, CannotRun | NotExercised):
            return CannotRun(self.secrets.redact(str(failure)))
        frame = traceback.extract_tb(failure.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        return CannotRun(f"the suite itself failed, at {where}: {type(failure).__name__}")

    def unknown_id(self) -> str:
        """A UUID that names nothing."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def add(self, clause: Clause) -> Result:
        return self.results.setdefault(clause.id, Result(clause))

    # -- workers -----------------------------------------------------------------------------------------------

    def enlist(self, worker: int) -> None:
        """Makes this process, which was forked from the run's, a worker with git tokens, notes and a client of its own.

        Raises Broken, Stumbled or NotExercised if it cannot have them.
        """
        self._worker = worker
        self._count = worker * NAMES
        self.target.connect()
        self.results |= {each.clause.id: Result(each.clause) for each in CHECKS}
        journal, self.journal = self.journal, Journal(self.contract)
        self.journal.started = journal.started
        if self.notes:
            self.notes = Notes(self.target.base_url, self.target.organization)
            self.notes.before(self.estate.before or {})
        self.pool = []
        if worker == 0:
            # One at a time may have what the run has created already.
            self._lent = self.estate.created.copy()
            for git_token in self._lent:
                self.target.ledger.create(git_token)
        else:
            self.estate.created = []
            self.subject = self.new(self.create(self.full()))
            self.bystander = self.new(self.create(self.full(type="GITHUB")))

    def learned(self, failure: BaseException | None) -> Learned:
        """What this worker has learned, and why it ended."""
        return Learned(
            self.results,
            self.journal,
            self.secrets,
            self.exercised,
            self.target.spent,
            self._left,
            None if self._lent is None else [git_token for git_token in self._lent if git_token in self.estate.created],
            failure,
        )

    def merge(self, learned: Learned) -> None:
        """Adds what a worker has learned of what is not its own clauses."""
        self.journal.merge(learned.journal)
        self.secrets.merge(learned.secrets)
        self.exercised |= learned.exercised
        self.target.spent |= learned.spent
        self._left += learned.left
        if learned.lent is not None:
            self.estate.created = learned.lent
        for id, theirs in learned.results.items():
            mine = self.results[id]
            mine.finding = mine.finding or theirs.finding
            if any(check.clause.id == id for check in CHECKS):
                mine.requests += theirs.requests
                mine.reason = mine.reason and theirs.reason

    def drain(self) -> None:
        """Deletes the git tokens that clauses have edited in turn; they create others."""
        with self.target.cleanup():
            for git_token in self.pool:
                self.discard(git_token)
        self.pool.clear()

    def look(self) -> Answer:
        """Lists the git tokens that are there before the run has done anything."""
        answer = self.list_all().answer
        self.estate.looked(_tokens(answer))
        return answer

    # -- before and after --------------------------------------------------------------------------------------

    def adopt(self) -> None:
        """Makes the git token that may be overwritten the subject, and any other one the bystander, to be read."""
        assert self.target.overwrite and self.estate.before
        self.subject = self.target.overwrite
        self.bystander = next((id for id in self.estate.before if id != self.subject), "")
        self.pool = [self.subject]
        if self.notes:
            self.notes.write(overwriting={self.subject: self._fields(self.estate.before[self.subject])})

    def sweep(self) -> list[str]:
        """Deletes what earlier runs have left, and restores what they have overwritten; gives the ids."""
        if self.estate.before is None:
            raise CannotRun("the git tokens cannot be listed: check the credentials and QOVERY_ORGANIZATION_ID")
        dead = self.notes.dead() if self.notes else []
        keep = {self.target.overwrite or "", os.environ.get("QOVERY_GIT_TOKEN_ID", "").lower()}
        deletes = DELETE in self.contract.operations and not self.target.overwrite
        found = leftovers(self.estate.before, dead, keep) if deletes else []
        self.estate.release({*found, *(id for left in dead for id in left.overwritten)})
        gone = [id for id in found if self.delete(id).answer.status in (204, 404)]
        for id in gone:
            del self.estate.before[id]
        for left in dead:
            for id, fields in left.overwritten.items():
                if id in self.estate.before and not self.restore(id, fields):
                    self.estate.before[id] |= fields
                    gone.append(id)
            if not (left.created - left.before) & self.estate.before.keys():
                left.path.unlink(missing_ok=True)
        self.estate.protect(set(self.estate.before))
        return gone

    def restore(self, git_token: str, fields: Json) -> str | None:
        """Gives an overwritten git token its fields again, but for the secret; says what is not as it was."""
        secret = {"token": self.pins.get("token") or self.token()}
        # An optional field that was absent is gone when it is left out, or else when it is empty.
        for kept in ({name: value for name, value in fields.items() if value != ""}, fields):
            edited = self.edit(kept | secret, git_token=git_token).answer
            problem = self.difference(fields, edited.json if isinstance(edited.json, dict) else {})
            if not problem:
                break
        return problem

    def _put_back(self) -> str | None:
        """Restores the git token that was overwritten, if there is one; says what is not as it was."""
        if not (self.subject and self.target.overwrite and self.estate.before):
            return None
        return self.restore(self.subject, self._fields(self.estate.before[self.subject]))

    def withdraw(self) -> None:
        """Takes back what was found since the server ceased to answer at all: the network may be to blame."""
        since = self.target.silent_since
        for result in self.results.values():
            last = result.finding and result.finding.exchanges[-1]
            if since and last and not last.answer.status and last.at > since - self.target.timeout - 1:
                result.finding, result.reason = None, "the run ended here"

    def _fields(self, token: Json) -> Json:
        """What of a git token an edit can set, as it is shown; an absent text is empty."""
        shown = (self.contract.operations["editGitToken"].response_schema or {})["properties"]
        settable = {
            name: schema for name, schema in self.contract.request_schema["properties"].items() if name in shown
        }
        texts = [name for name, schema in settable.items() if schema.get("format") != "uri"]
        return {name: token.get(name) or "" for name in settable if token.get(name) or name in texts}

    def clean_up(self, *, others: bool = True) -> list[str]:
        """Deletes what the run created, or restores what it has overwritten; gives what could not be put right.

        Judges whether all `others` are as before.
        """
        self.current = None
        result = self.add(OTHERS) if others else Result(OTHERS)
        result.reason = "the git tokens could not be listed before and after the run"
        left, lent = self._left, self._lent or []
        with self.target.cleanup():
            try:
                problem = self._put_back()
                left += [f"{self.subject}: {problem}"] if problem else []
                for _ in range(2):
                    for git_token in set(self.estate.created).difference(lent):
                        self.discard(git_token)
                if others and self.estate.before is not None:
                    self._others(result, self.estate.before)
            except (NotExercised, CannotRun) as error:
                result.reason = str(error)
            except (ValueError, TypeError, LookupError, AttributeError):
                result.reason = "the lists of git tokens cannot be read"
        left += set(self.estate.created).difference(lent)
        if self.notes:
            self.notes.close(done=not left)
        return left

    def _others(self, result: Result, before: dict[str, Json]) -> None:
        """Deletes what the run created without being told, and judges whether the rest is as `before`."""
        listed = self.list_all()
        after = _tokens(listed.answer)
        if after is None:
            return
        result.reason, result.requests = "", 1
        for id in self.adopt_marked(after):
            self.discard(id)
        for id, token in before.items():
            if id == self.target.overwrite:
                continue
            field = self.unlike(token, after[id], "updated_at", "associated_services_count") if id in after else "it"
            if field:
                what = f"{field} of the git token {id} has changed" if id in after else f"the git token {id} is gone"
                message = f"{what} in the course of the run, which did not address it"
                result.finding = result.finding or Finding(OTHERS, message, (listed,))


def _tokens(answer: Answer) -> dict[str, Json] | None:
    """The git tokens of a list by their ids, in lower case; None if it is no list."""
    listed = answer.json.get("results") if answer.status == 200 and isinstance(answer.json, dict) else None
    if not isinstance(listed, list):
        return None
    return {id: token for token in listed if (id := _id(token))}


def _id(token: object) -> str:
    """The id of a listed git token, in lower case; empty if there is none."""
    return str(token.get("id", "")).lower() if isinstance(token, dict) else ""


def _meaning(value: object, schema: Json) -> object:
    """A value of an answer without the ways in which the same thing may be written."""
    if value == "":
        return None
    if schema.get("format") == "date-time":
        return value and instant(str(value))
    return value.lower() if schema.get("format") == "uuid" and isinstance(value, str) else value


def instant(text: str) -> datetime:
    """A date-time of RFC 3339, whatever its offset, fraction and case; a leap second is taken for the one before."""
    return datetime.fromisoformat(text.upper().replace(":60", ":59"))


def _short(value: object) -> str:
    if value is None:
        return "absent"
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 120 else f"{text[:60]}…{text[-40:]} ({len(str(value))} characters)"
