"""Why a body that must be accepted is refused: which of its fields it is for, or how it is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..contract.contract import Zone
from ..contract.fields import get, has, put
from ..target.exchange import Exchange, Request
from .clause import Broken
from .comparison import short
from .history import History
from .requests import encoded

if TYPE_CHECKING:
    from .run import Run

# Refusals that are about something else than what the body says.
_ELSEWHERE = frozenset({401, 403, 404, 405, 406, 408, 411, 415, 417, 429})
# A longer body, in bytes, is not sent again and again.
_SEARCHED = 64 * 1024
# Characters that no server minds.
_PLAIN = "x"
# Of a body, as many names are left out in turn.
_NAMES = 12


class Refused:
    """Finds out by a few more requests why a create or an edit was refused."""

    def __init__(self, run: Run, history: History, tried: Callable[[Request], Exchange]) -> None:
        """`tried` sends a request that is not judged, and removes what it has created."""
        self._run = run
        self._history = history
        self._tried = tried
        # What is accepted, and stored before each try.
        self._usual: Any = None

    def explain(self, broken: Broken) -> None:
        """Has a finding say why a body was refused, and be about that."""
        exchange = broken.exchanges[-1]
        request, status = exchange.request, exchange.answer.status
        role = self._run.resource.role(request.operation)
        expected = self._run.success(role) if role in ("create", "edit") else 0
        if not 400 <= status < 500 or status in _ELSEWHERE or expected not in broken.statuses:
            return
        framed = exchange.together or request.framing or len(request.body or b"") > _SEARCHED
        if framed or self._run.target.read_only or not self._accepted(request.json, request):
            return
        if why := self._why(request):
            broken.message += f" for {why}"
            broken.about = f"refused for {why.partition(':')[0]}"

    def _why(self, request: Request) -> str:
        """What a body is refused for, if it is accepted with another value of a field, without one, or rewritten."""
        before, self._usual = self._before(request), None
        for usual in self._bodies():
            if self._tried(_with(request, usual)).answer.ok:
                self._usual = usual
                break
        if self._usual is None:
            changed = [name for name in self._run.resource.leaves if has(before, name)]
            found = (name for name in changed if self._takes(request, put(request.json, name, get(before, name))))
            return next((f"{name}, which changes" for name in found), "")
        if self._tried(request).answer.ok:
            return next((f"{name}, which is what it was before" for name in self._unchanged(request, before)), "")
        sent = request.json
        for field in self._run.resource.leaves:
            other = put(sent, field, get(usual, field))
            if not has(usual, field) or get(sent, field) == get(usual, field):
                continue
            # Another value of one field may demand another field: then the value is tried in the usual body.
            if self._differs(request, other) or (not self._accepted(other, request) and self._spoils(request, field)):
                return self._what(request, field) if has(sent, field) else f"{field}, which is left out"
        for name in list(sent)[:_NAMES]:
            if self._differs(request, {other: each for other, each in sent.items() if other != name}):
                return f"{name}, which is there"
        order = {name: sent[name] for name in (*usual, *sent) if name in sent}
        return "how its JSON is written, not for what it says" if self._differs(request, order) else ""

    def _bodies(self) -> Iterator[Any]:
        """Bodies with every field, which must be accepted: one of each choice."""
        yield self._run.bodies.full()
        switch = self._run.resource.switch
        if switch and switch not in self._run.bodies.pins:
            yield from (self._run.bodies.full(**{switch: each}) for each in self._run.resource.fields[switch].choices)

    def _unchanged(self, request: Request, before: Any) -> Iterator[str]:
        """The fields without whose new value an edit is refused."""
        for field in self._run.resource.leaves:
            value = get(request.json, field)
            if value is not None and value == get(before, field):
                self._takes(request, put(self._usual, field, value))
                if not self._tried(request).answer.ok:
                    yield field

    def _what(self, request: Request, field: str) -> str:
        """What about a value is refused; of a secret no more than its length is said."""
        sent, value = request.json, get(request.json, field)
        if self._run.resource.fields[field].kind != "text" or not isinstance(value, str):
            return f"{field}: {short(value)}"
        if any(get(self._history.state(id).json, field) == value for id in self._history.alive(time.time())):
            return f"{field}, which another {self._run.noun} shares"
        what = "characters" if self._takes(request, put(sent, field, _PLAIN * len(value))) else "length"
        size = f"a text of {len(value)} character{'s' * (len(value) != 1)}"
        return f"the {what} of {field}: {size if self._run.resource.fields[field].secret else short(value)}"

    def _differs(self, request: Request, body: Any) -> bool:
        """Is a body accepted, and the one that was sent still refused, after the same edit?"""
        if not self._takes(request, body):
            return False
        self._tried(_with(request, self._usual))
        return not self._tried(request).answer.ok

    def _spoils(self, request: Request, field: str) -> bool:
        """Is the usual body refused with the value that was sent?"""
        body = put(self._usual, field, get(request.json, field))
        return self._accepted(body, request) and not self._tried(_with(request, body)).answer.ok

    def _takes(self, request: Request, body: Any) -> bool:
        return self._accepted(body, request) and self._tried(_with(request, body)).answer.ok

    def _accepted(self, body: object, request: Request) -> bool:
        return isinstance(body, dict) and self._run.contract.zone(body, request.operation or "") is Zone.ACCEPT

    def _before(self, request: Request) -> Any:
        """What was last stored of the item that an edit addresses."""
        if self._run.resource.role(request.operation) != "edit":
            return None
        return next((self._history.state(id).json for id in self._history.named(request)), None)


def _with(request: Request, body: object) -> Request:
    return replace(request, body=encoded(body))
