"""What becomes of a finding: it is shown again, with as few exchanges as show it, and one cause is found once."""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..contract.fields import get
from ..target.exchange import Exchange
from ..target.target import NotExercised
from . import conditions
from .clause import Broken, Clause, Finding, Result, Stumbled
from .comparison import difference
from .history import History, Made
from .roles import FIRST, MISSING

if TYPE_CHECKING:
    from .run import Run

# The clause that is broken where a server does not answer the same request in the same way.
STEADY = "sequences/steady"
# A clause that is broken may spend one in so many requests of the budget on further cases, and find so many.
SHARE, CASES = 20, 12
# As much of a further case's body is kept, in characters.
_SENT = 160
# Checks of what may be another status for the same request.
STATUSES = ("answer/no-server-error", "answer/status")
# As many items as a list has to show for a finding about it to be seen.
_LISTED = 12


class Findings:
    """Keeps the findings of a run, each with what it takes to see it again."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._edits: deque[Exchange] = deque(maxlen=8)
        # Whether a clause goes on after what breaks it, to find all cases.
        self.exhaustive = True
        # Where a clause has to end, in requests, and what its further cases are about.
        self._until = 0
        self._about: dict[str, str] = {}
        self.history = History(run.resource)
        # Whether a delete that was not meant to be carried out has been, of an item that clauses rely on.
        self._lost = False

    def note(self, exchange: Exchange) -> None:
        """Remembers what a later finding may depend on."""
        self.history.note(exchange)
        if self._run.resource.role(exchange.request.operation) == "edit":
            self._edits.append(exchange)
        if exchange.request.method == "DELETE" and exchange.answer.ok:
            path = exchange.request.path.lower()
            self._lost |= any(id and id in path for id in (self._run.subject, self._run.bystander))

    def settle(self) -> None:
        """Replaces what a clause has lost, so that the next one does not blame the server for it again."""
        if self._lost:
            self._lost = False
            with contextlib.suppress(NotExercised):
                self._heal()

    def add(self, result: Result, broken: Broken) -> None:
        """Keeps a finding, with the shortest sequence of exchanges that shows it again.

        What cannot be shown again is about the server's steadiness, not about the clause, and so is what started to
        fail in the course of the run. What another clause has found already is not found twice, and is put right too.
        """
        self._judge(result, broken)
        self._heal()

    def _judge(self, result: Result, broken: Broken) -> None:
        """Keeps a finding where it belongs, if it is a new one."""
        same = [
            each for each in self._run.results.values() if each.finding and each.finding.about == broken.about != ""
        ]
        if same or (broken.about and broken.about in self._about):
            by = same[0].clause.id if same else self._about[broken.about]
            result.reason = f"{by} is broken in the same way"
            return
        self._missing(result, broken)
        self._explain(broken)
        steady = self._run.results.get(STEADY)
        if steady and result is not steady and all(self._repeatable(each) for each in broken.exchanges):
            exchanges = broken.exchanges
            writes = [each for each in self._edits if each not in exchanges]
            for length in (0, 1, 3):
                if self._reproduces((*writes[len(writes) - length :], *exchanges)):
                    broken.exchanges = (*writes[len(writes) - length :], *exchanges)
                    break
            else:
                broken.message = f"asked again in the same way, the server answered differently: {broken.message}"
                self.keep(steady, broken, flaky=True)
                result.reason = f"{STEADY} is broken"
                return
        self.keep(result, broken)

    def goes_on(self, result: Result, broken: Broken) -> bool:
        """Keeps the finding of a case; says whether its clause is to go on, for a small share of the budget."""
        generated = result.clause.id.split("/")[0] == "fuzzing"
        if generated or not self.exhaustive:
            return False
        if result.finding:
            first = result.finding
            if (first.expected, first.actual) == (broken.expected, broken.actual):
                result.finding = replace(first, cases=(*first.cases, self._case(first, broken)))
                self._about.setdefault(broken.about, result.clause.id)
            last = broken.exchanges[-1]
            if last.answer.ok and last.request.method != "GET":
                self._apart(result, self._heal)
        else:
            self._apart(result, lambda: self.add(result, broken))
            self._until = self._run.journal.count + self._run.target.budget // SHARE
        broken.kept = True
        found = len(result.finding.cases) if result.finding else CASES
        return found < CASES and self._run.journal.count < self._until

    def _case(self, first: Finding, broken: Broken) -> str:
        """A further case in a line: what was sent; where that says too little, the body's beginning, or the path."""
        same = f": expected {first.expected}, got {first.actual}"
        what = broken.message.removesuffix(same)
        if what not in (first.message.removesuffix(same), *first.cases):
            return what
        request = broken.exchanges[-1].request
        sent = (request.body or request.path.encode())[: 8 * _SENT].decode("utf-8", "replace")
        # Redacted before it is cut, lest half of a secret stays.
        return f"{what}: {self._run.secrets.redact(sent)[:_SENT]}"

    def _apart(self, result: Result, work: Callable[[], None]) -> None:
        """Works while a clause is under way, and not for it."""
        self._run.current = None
        try:
            work()
        finally:
            self._run.current = result

    def keep(self, result: Result, broken: Broken, *, flaky: bool = False) -> None:
        """Keeps a finding as it is, unless there is one about the clause."""
        result.finding = result.finding or Finding(
            result.clause,
            broken.message,
            broken.exchanges,
            broken.about,
            broken.expected,
            broken.actual,
            statuses=broken.statuses,
            holds=broken.holds,
            made=self._made(result.clause, broken),
            flaky=flaky,
        )

    def stumble(self, result: Result, broken: Broken) -> None:
        """Keeps a finding about an answer to a request that was sent for another clause."""
        self.keep(result, broken)
        [exchange] = broken.exchanges
        safe = exchange.request.method in ("GET", "PUT", "PATCH") and exchange.request.operation
        if result.finding and safe and result.clause.id in STATUSES:
            with contextlib.suppress(NotExercised):
                again = self._run.repeat(exchange)
                result.finding = replace(result.finding, flaky=again.answer.status != exchange.answer.status)

    def _name(self, exchange: Exchange) -> str:
        """The id of the run's own item that a request names, as the run writes it."""
        return next(iter(self.history.named(exchange.request)), self._run.subject)

    def _made(self, clause: Clause, broken: Broken) -> tuple[Made, ...]:
        """What has to be there for the exchanges to say the same again: what they name or list, or what is alike."""
        requests = [each.request for each in broken.exchanges]
        marks = re.compile(rf"{re.escape(self._run.estate.label)}-\d+")
        ids = self.history.named(*requests) + self.history.alike(marks, *requests)
        if any(self._run.resource.role(each.operation) == "list" for each in requests):
            ids += self.history.alive(broken.exchanges[0].at)[:_LISTED]
        elif broken.holds and self._run.bystander in self.history.lives and clause.id != "answer/schema":
            # An edit may have gone to another one.
            ids.append(self._run.bystander)
        return tuple(self.history.before(dict.fromkeys(ids), broken.exchanges))

    def _explain(self, broken: Broken) -> None:
        """Says of an item that is gone, though the run has not deleted it, which request it disappeared after."""
        if broken.exchanges[-1].answer.status == 404:
            for id in self.history.named(broken.exchanges[-1].request):
                if id in self.history.twice:
                    broken.message = (
                        "a create was answered with the id of another git token: what is done to one is done to both"
                    )
                    broken.exchanges, broken.statuses = self.history.twice[id], ()
                    broken.holds = conditions.different("id")
                    return
        since = self.history.vanished(broken.exchanges[-1])
        if since is None:
            return
        last = broken.exchanges[-1]
        if not self._run.resource.read or self._run.get(item=self._name(last)).answer.status != 404:
            return
        what = f"{self._run.a} that the run did not delete is gone: {last.request.operation} finds it no more (404)"
        if since:
            culprit = since[-1]
            name = culprit.request.operation or culprit.request.method
            what += f" since {name}, which was answered {culprit.answer.status}"
        broken.message = what
        broken.exchanges = (*since, last)

    def _missing(self, result: Result, broken: Broken) -> None:
        """Notes that the server does not have an operation, so that no other clause says the same."""
        operation = broken.exchanges[-1].request.operation
        first = FIRST.get(result.clause.id) == self._run.resource.role(operation)
        # Of further reads there may be several.
        further = result.clause.id == "resource/further-reads"
        if operation and (first or further) and broken.exchanges[-1].answer.status in MISSING:
            self._run.missing[operation] = result.clause.id

    def withdraw(self) -> None:
        """Takes back what was found since the server ceased to answer at all: the network may be to blame."""
        since = self._run.target.silent_since
        for result in self._run.results.values():
            last = result.finding and result.finding.exchanges[-1]
            if since and last and not last.answer.status and last.at > since - self._run.target.timeout - 1:
                result.finding, result.reason = None, "the run ended here"

    def _heal(self) -> None:
        """Puts right what a finding may have left behind, so that the clauses that follow judge only their own."""
        works = self._run.results.get("edit/works")
        if works is None or works.state != "held":
            return
        for token in set(self._run.estate.created) - {self._run.subject, self._run.bystander, *self._run.pool}:
            self._run.cleanup.discard(token)
        edited = self._run.edit(body := self._run.bodies.full())
        if edited.answer.status in (403, 404):
            self._run.subject = self._run.resource.id_of(self._run.create(body).answer.json)
            edited = self._run.edit(body)
        if self._run.get(item=self._run.bystander).answer.status in (403, 404):
            self._run.bystander = self._run.resource.id_of(self._run.create(self._run.bodies.full()).answer.json)
        if not edited.answer.ok or edited.broken or difference(self._run.contract, body, edited.answer.json):
            works.reason = "a valid edit worked at first and does no more"
            steady = self._run.results.get(STEADY)
            if steady and not steady.finding:
                message = f"after {self._run.target.used} requests {works.reason}"
                self.keep(steady, Broken(message, edited, statuses=(self._run.success("edit"),)), flaky=True)
        # What was accepted by mistake has changed what there is.
        if self._run.snapshot:
            with contextlib.suppress(Broken, Stumbled):
                self._run.snapshot = self._run.listed()[1]
            self._run.refused.clear()

    def _repeatable(self, exchange: Exchange) -> bool:
        alone = not exchange.together and self._run.resource.role(exchange.request.operation) in ("edit", "read")
        return alone and (self._run.subject in exchange.request.path.lower())

    def _reproduces(self, exchanges: tuple[Exchange, ...]) -> bool:
        for exchange in exchanges:
            again = self._run.send(exchange.request)
        return self._essence(again) == self._essence(exchange)

    def _essence(self, exchange: Exchange) -> object:
        """What a repeated exchange has in common with the first."""
        token = exchange.answer.json
        if isinstance(token, dict) and exchange.answer.ok:
            return exchange.answer.status, {field: get(token, field) for field in self._run.resource.leaves}
        return exchange.answer.status
