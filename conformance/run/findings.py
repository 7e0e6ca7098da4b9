"""What becomes of a finding: it is shown again, with as few exchanges as show it, and one cause is found once."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING

from ..target.exchange import Exchange
from .clause import Broken, Finding, Result, Stumbled
from .comparison import difference

if TYPE_CHECKING:
    from .run import Run

# The clause that is broken where a server does not answer the same request in the same way.
STEADY = "sequences/steady"


class Findings:
    """Keeps the findings of a run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._edits: deque[Exchange] = deque(maxlen=8)

    def note(self, exchange: Exchange) -> None:
        """Remembers an edit, which a later finding may depend on."""
        if exchange.request.operation == "editGitToken":
            self._edits.append(exchange)

    def add(self, result: Result, broken: Broken) -> None:
        """Keeps a finding, with the shortest sequence of exchanges that shows it again.

        What cannot be shown again is about the server's steadiness, not about the clause, and so is what started to
        fail in the course of the run. What another clause has found already is not found twice.
        """
        same = [
            each for each in self._run.results.values() if each.finding and each.finding.about == broken.about != ""
        ]
        if same:
            result.reason = f"{same[0].clause.id} is broken in the same way"
            return
        exchanges = broken.exchanges
        steady = self._run.results.get(STEADY)
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

    def add_to(self, id: str, message: str, *exchanges: Exchange) -> None:
        """Notes a finding about another clause than the one that is being judged."""
        result = self._run.results[id]
        if not result.finding:
            result.finding = Finding(result.clause, message, exchanges)

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
        if edited.answer.status == 404:
            self._run.subject = str((self._run.create(body).answer.json or {}).get("id"))
            edited = self._run.edit(body)
        if self._run.get(git_token=self._run.bystander).answer.status == 404:
            self._run.bystander = str((self._run.create(self._run.bodies.full()).answer.json or {}).get("id"))
        if not edited.answer.ok or edited.broken or difference(self._run.contract, body, edited.answer.json):
            works.reason = "a valid edit worked at first and does no more"
            steady = self._run.results.get(STEADY)
            if steady and not steady.finding:
                steady.finding = Finding(
                    steady.clause, f"after {self._run.target.used} requests {works.reason}", (edited,)
                )
        # What was accepted by mistake has changed what there is.
        if self._run.snapshot:
            with contextlib.suppress(Broken, Stumbled):
                self._run.snapshot = self._run.listed()[1]
            self._run.refused.clear()

    def _repeatable(self, exchange: Exchange) -> bool:
        return exchange.request.operation in ("editGitToken", "getOrganizationGitToken") and (
            self._run.subject in exchange.request.path.lower()
        )

    def _reproduces(self, exchanges: tuple[Exchange, ...]) -> bool:
        for exchange in exchanges:
            again = self._run.send(exchange.request)
        return self._essence(again) == self._essence(exchange)

    def _essence(self, exchange: Exchange) -> object:
        """What a repeated exchange has in common with the first."""
        token = exchange.answer.json
        if isinstance(token, dict) and exchange.answer.ok:
            return exchange.answer.status, {
                field: token.get(field) for field in self._run.contract.request_schema["properties"]
            }
        return exchange.answer.status
