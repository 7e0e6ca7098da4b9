"""What becomes of a finding: it is shown again, with as few exchanges as show it, and one cause is found once."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..target.exchange import Exchange
from ..target.stops import NotExercised
from .about import FRESH, HOMES, LEADS
from .causes import Causes, is_problem
from .clause import Broken, Finding, Result, Stumbled
from .healing import Healing
from .history import History
from .needed import needed
from .repeating import Repeating
from .revoked import expect_valid
from .roles import FIRST, MISSING

if TYPE_CHECKING:
    from .run import Run

# The clause that is broken where a server does not answer the same request in the same way.
STEADY = "sequences/steady"
# How often what does not always show is asked for.
ROUNDS = 40
# And what shows only where two requests meet.
MEETINGS = 15
# A clause that is broken may spend one in so many requests of the budget on further cases, and find so many.
SHARE, CASES = 20, 12
# As much of a further case's body is kept, in characters.
_SENT = 160
# What findings are about where a problem is told with a status of success.
PROBLEM = "a problem with a status of success"
# Checks of what may be another status for the same request.
STATUSES = ("answer/no-server-error", "answer/status")


class Findings:
    """Keeps the findings of a run, each with what it takes to see it again."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._edits: deque[Exchange] = deque(maxlen=8)
        self._accepted = 0
        # Whether a clause goes on after what breaks it, to find all cases.
        self.exhaustive = True
        # Where a clause has to end, in requests, and what its further cases are about.
        self._until = 0
        self._about: dict[str, str] = {}
        self.history = History(run.resource)
        self._causes = Causes(run, self.history)
        self._healing = Healing(run)
        self._repeating = Repeating(run)

    def note(self, exchange: Exchange) -> None:
        """Remembers what a later finding may depend on."""
        self.history.note(exchange)
        if self._run.resource.role(exchange.request.operation) == "edit":
            self._edits.append(exchange)
            self._accepted += exchange.answer.ok
        self._healing.note(exchange)

    def settle(self) -> None:
        """Replaces what a clause has lost, so that the next one does not blame the server for it again."""
        if self._healing.needed:
            with contextlib.suppress(NotExercised):
                self._heal()

    def add(self, result: Result, broken: Broken) -> None:
        """Keeps a finding, with the shortest sequence of exchanges that shows it again.

        What cannot be shown again is about the server's steadiness, not about the clause, and so is what started to
        fail in the course of the run. What another clause has found already is not found twice, and is put right too.
        """
        expect_valid(self._run, broken.exchanges[-1])
        self._judge(result, broken)
        self._heal()
        with contextlib.suppress(NotExercised, Broken, Stumbled):
            self.history.lost(self._run.listed()[1] if self._run.resource.list in self._run.operations else None)

    def _judge(self, result: Result, broken: Broken) -> None:
        """Keeps a finding where it belongs, if it is a new one."""
        known = self._known(broken)
        if known is None:
            explained = self._causes.explain(broken)
            known = self._known(broken)
            if not explained:
                self._missing(result, broken)
        if known and LEADS.get(broken.about) != result.clause.id:
            result.reason = f"{known} is broken in the same way"
            return
        steady = self._run.results.get(STEADY)
        if self._belongs(result, broken):
            return
        if steady and result is not steady and all(self._repeating.may_repeat(each) for each in broken.exchanges):
            writes = self._others(broken)
            for length in (0, 1, 3):
                lead = writes[len(writes) - length :]
                # What shows now and then may do so by chance once the tries have come round to it.
                if self._repeating.shows_again(lead, broken) and (
                    not length or self._repeating.shows_again(lead, broken)
                ):
                    broken.led_by(*lead)
                    break
            else:
                if self._causes.carried.left_over(broken) and self._belongs(result, broken):
                    return
                broken.led_by(*writes[-1:])
                broken.message = f"asked again in the same way, the server answered differently: {broken.message}"
                self.keep(steady, broken, rounds=ROUNDS)
                result.reason = f"{STEADY} is broken"
                return
        elif result is steady:
            broken.led_by(*self._others(broken)[-1:])
        self.keep(result, broken, rounds=ROUNDS if result is steady else 1)
        self._lead(result, broken)

    def _belongs(self, result: Result, broken: Broken) -> bool:
        """Keeps what is about a connection, how requests come over it, or the list, with the clause about that."""
        if broken.about not in HOMES:
            return False
        steady = self._run.results.get(STEADY) if broken.about == FRESH else None
        lead = self._run.results.get(HOMES[broken.about]) or steady or result
        self.keep(lead, broken, rounds=ROUNDS if broken.about == FRESH else 1)
        result.reason = "" if result is lead else f"{lead.clause.id} is broken"
        return True

    def _known(self, broken: Broken) -> str | None:
        """The clause that has a finding about the same already."""
        same = [
            each.finding for each in self._run.results.values() if each.finding and each.finding.about == broken.about
        ]
        # The one that leads, if there is one.
        leads = sorted(same, key=lambda each: bool(each.cause))
        return next((each.clause.id for each in leads), self._about.get(broken.about)) if broken.about else None

    def _lead(self, result: Result, broken: Broken) -> None:
        """Has the findings that a new one says more about name it as their cause."""
        for other in self._run.results.values():
            if other is result or not other.finding or other.finding.cause:
                continue
            last = other.finding.exchanges[-1]
            # That of a check, about the answer to a request that is unusual, or that this one is about too.
            unusual = last.request.operation is None or last is not broken.exchanges[-1]
            same = unusual and any(each is last for each in broken.exchanges)
            if same or (broken.about and other.finding.about == broken.about):
                other.finding = replace(other.finding, cause=result.clause.id)

    def _others(self, broken: Broken) -> list[Exchange]:
        """The last edits besides those of a finding: the same edit again would change nothing that could be lost."""
        return [each for each in self._edits if each not in broken.exchanges and each.answer.ok]

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
            self._until = self._run.journal.count + self._run.target.budget.total // SHARE
        broken.kept = True
        found = len(result.finding.cases) if result.finding else CASES
        return found < CASES and self._run.journal.count < self._until

    def _case(self, first: Finding, broken: Broken) -> str:
        """A further case in a line: what was sent; where that says too little, the body's beginning, or the path."""
        same = f": expected {first.expected}, got {first.actual}"
        what = broken.message.removesuffix(same)
        if what not in (first.message.partition(same)[0], *first.cases):
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

    def keep(self, result: Result, broken: Broken, *, rounds: int = 1) -> None:
        """Keeps a finding as it is, unless there is one about the clause."""
        # Whatever has become of them is a consequence.
        self.history.doubt(*broken.exchanges)
        result.finding = result.finding or Finding(
            result.clause,
            broken.message,
            broken.exchanges,
            broken.about,
            broken.expected,
            broken.actual,
            statuses=broken.statuses,
            holds=broken.holds,
            made=needed(self._run, self.history, result.clause, broken),
            lead=broken.lead,
            connected=broken.connected,
            in_turn=broken.in_turn,
            held=broken.held,
            aged=broken.aged,
            rounds=rounds,
        )

    def stumble(self, result: Result, broken: Broken) -> None:
        """Keeps a finding about an answer to a request that was sent for another clause."""
        [exchange] = broken.exchanges
        broken.message = self._causes.told(result.clause.id, exchange, broken.message)
        broken.about = PROBLEM if is_problem(exchange.answer) else ""
        if known := self._known(broken):
            result.reason = f"{known} is broken in the same way"
            return
        self.keep(result, broken)
        safe = exchange.request.method in ("GET", "PUT", "PATCH") and exchange.request.operation
        if result.finding and exchange.answer.status >= 500 and exchange.request.operation and not safe:
            with contextlib.suppress(NotExercised):
                result.finding = replace(result.finding, message=self._causes.what_breaks(exchange))
        if result.finding and safe and result.clause.id in STATUSES:
            with contextlib.suppress(NotExercised):
                again = self._run.repeat(exchange)
                if again.answer.status != exchange.answer.status:
                    result.finding = replace(result.finding, rounds=ROUNDS)
                elif self._worn_out(again):
                    message = f"{broken.message}, after {self._accepted} edits that worked"
                    result.finding = replace(result.finding, message=message, rounds=self._accepted + ROUNDS)
                elif exchange.answer.status >= 500:
                    result.finding = replace(result.finding, message=self._causes.what_breaks(exchange))

    def at(self, exchange: Exchange, because: str) -> None:
        """Has what a check has found in an answer say for which case the request was sent."""
        for result in map(self._run.results.__getitem__, exchange.broken):
            if result.finding and result.finding.exchanges[-1] is exchange:
                message = self._causes.at(exchange, result.finding.message, because)
                result.finding = replace(result.finding, message=message)

    def together(self, exchanges: list[Exchange]) -> None:
        """Adds to findings about one of these exchanges the others, which were sent at the same moment."""
        for result in self._run.results.values():
            if result.finding and len(result.finding.exchanges) == 1 and result.finding.exchanges[0] in exchanges:
                [last] = result.finding.exchanges
                others = [each for each in exchanges if each is not last]
                result.finding = replace(result.finding, exchanges=(*others, last))

    def _worn_out(self, exchange: Exchange) -> bool:
        """Is an edit answered as this one that worked before?"""
        # The oldest that is remembered: the last one would change nothing.
        success = self._run.success("edit")
        worked = [each for each in self._edits if each.answer.status == success and self._repeating.may_repeat(each)][
            :1
        ]
        if not worked or self._run.resource.role(exchange.request.operation) != "edit":
            return False
        return self._run.repeat(worked[0]).answer.status == exchange.answer.status

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
        """Puts right what a finding has left behind; what can be no more is one of its own."""
        broken = self._healing.heal()
        steady = self._run.results.get(STEADY)
        if broken and steady:
            self.keep(steady, broken, rounds=ROUNDS)
