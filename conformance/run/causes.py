"""What a finding is due to: the message then says cause and effect, and the exchanges are those that show it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..contract.fields import get, has, put
from ..target.exchange import Answer, Exchange, Request
from .admission import Admission
from .carried import Carried
from .clause import Broken
from .comparison import TRIMMED, short
from .forms import SEARCHED, shown
from .history import History
from .losses import Losses
from .refused import Refused
from .requests import encoded, said

if TYPE_CHECKING:
    from .run import Run

Json = dict[str, Any]
# Of a body's properties that the contract does not know, as many are left out in turn.
_NAMES = 12
# What a sentence says and the name of a case does not.
_SAYS = re.compile(r"\b(was refused|were refused|was not created|cannot be|is gone|came back|is not a)\b")


class Causes:
    """Looks for the cause of a finding in what the run has done, and by a few more requests."""

    def __init__(self, run: Run, history: History) -> None:
        self._run = run
        self._history = history
        self._refused = Refused(run, history, self._tried)
        self._losses = Losses(run, history, self._tried)
        self.carried = Carried(run, history, self._tried)
        self._admission = Admission(run)

    def explain(self, broken: Broken) -> bool:
        """Has a clause's finding say its cause. Gives whether it is about something else now."""
        if broken.held:
            # Its clause has looked: it is the connection.
            return False
        if self._losses.two_in_one(broken) or self._losses.gone(broken) or self.carried.in_pieces(broken):
            return True
        self._trimmed(broken)
        self._losses.aged(broken)
        self._losses.unlisted(broken)
        self._refused.explain(broken)
        self._admission.explain(broken)
        self.carried.by_connection(broken)
        return False

    def told(self, id: str, exchange: Exchange, message: str) -> str:
        """What a check has found in an answer, with its cause."""
        if id == "secrets/value":
            return self._whose_secret(exchange) or message
        if id in ("answer/status", "answer/media-type") and is_problem(exchange.answer):
            return f"{exchange.request.operation} answers with a problem, and says {exchange.answer.status}"
        if id == "answer/no-server-error":
            return _failed(exchange)
        return message

    @staticmethod
    def at(exchange: Exchange, message: str, because: str) -> str:
        """What a check has found in the answer to a request that was sent for the case `because`."""
        if _SAYS.search(because) or f" at {because}" in message:
            return message
        found = message == _failed(exchange)
        return f"the server failed ({exchange.answer.status}) at {because}" if found else message

    @staticmethod
    def _trimmed(broken: Broken) -> None:
        """A text with white space around it was accepted: is it without in the answer?"""
        sent, shown = broken.exchanges[-1].request.json, broken.exchanges[-1].answer.json
        if broken.exchanges[-1].answer.ok and isinstance(sent, dict):
            kept = [get(shown, name) for name in sent]
            if any(
                isinstance(value, str) and value != now == value.strip()
                for value, now in zip(sent.values(), kept, strict=True)
            ):
                broken.message += f": {TRIMMED}" if TRIMMED not in broken.message else ""
                broken.about = TRIMMED

    def _tried(self, request: Request) -> Exchange:
        """Sends a request that is not judged, and removes what it has created."""
        exchange = self._run.repeat(Exchange(request, Answer()))
        if exchange.answer.ok and self._run.resource.role(request.operation) == "create":
            self._run.cleanup.discard(self._run.resource.id_of(exchange.answer.json))
        return exchange

    def _whose_secret(self, exchange: Exchange) -> str | None:
        """Says which secret an answer shows, and in which form."""
        values = ((value, name) for value, name in self._run.secrets.values.items() if name == self._run.secrets.secret)
        found = shown(exchange.answer, values)
        if found is None:
            return None
        how, value = found
        sent = (exchange.request.body or b"").decode("utf-8", "replace")
        what = "that was sent" if value[:8] in sent else self._history.kept(value, exchange.request)
        return f"the answer shows the {self._run.noun}'s secret {what}{', ' if how.what else ''}{how.what}".rstrip()

    def what_breaks(self, exchange: Exchange) -> str:
        """Says what makes the server fail: the field of a body with whose usual value it does not, or the operation."""
        request, sent = exchange.request, exchange.request.json
        writes = self._run.resource.role(request.operation) in ("create", "edit") and isinstance(sent, dict)
        if not writes or len(request.body or b"") > SEARCHED or (request.method == "POST" and self._run.target.keeps):
            return _failed(exchange)
        for what, body in self._without(sent):
            again = self._tried(replace(request, body=encoded(body)))
            if again.answer.status < 500 <= self._tried(request).answer.status:
                return f"the server failed ({exchange.answer.status}) at {what}"
        return _failed(exchange)

    def _without(self, sent: Json) -> Iterator[tuple[str, Json]]:
        """Bodies in which one thing is as usual that is not in `sent`, and what that is."""
        usual = self._run.bodies.full()
        for field, about in self._run.resource.leaves.items():
            value, body = get(sent, field), put(sent, field, get(usual, field))
            if value is not None:
                size = f"a text of {len(value)} characters" if isinstance(value, str) else short(value)
                yield f"{field}: {size if about.secret else short(value)}", body
            elif not has(sent, field) and has(usual, field):
                yield f"{field}, which is left out", body
        for name in [name for name in sent if name not in self._run.resource.fields][:_NAMES]:
            yield name, {other: value for other, value in sent.items() if other != name}


def is_problem(answer: Answer) -> bool:
    """Is an answer a problem detail (RFC 9457), and yet one of success?"""
    return answer.ok and "problem+json" in (answer.header("Content-Type") or "")


def _failed(exchange: Exchange) -> str:
    return f"the server failed ({exchange.answer.status}) at {said(exchange.request)}"
