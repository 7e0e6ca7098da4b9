"""Whether a finding is due to what a request says, or to how it came: over which connection, in how many pieces."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..target.exchange import Exchange, Request
from ..target.stops import NotExercised
from .about import KEPT, PIECES
from .clause import Broken
from .history import History

if TYPE_CHECKING:
    from .run import Run


class Carried:
    """Sends a request again over another connection, or in another form."""

    def __init__(self, run: Run, history: History, tried: Callable[[Request], Exchange]) -> None:
        """`tried` sends a request that is not judged, and removes what it has created."""
        self._run = run
        self._history = history
        self._tried = tried

    def in_pieces(self, broken: Broken) -> bool:
        """What came at the same time as another is refused also where it comes alone, but in several packets."""
        last = broken.exchanges[-1]
        role = self._run.resource.role(last.request.operation)
        if not last.together or role not in ("edit", "create") or not 400 <= last.answer.status < 500:
            return False
        # The item may be gone.
        whole = self._run.request(last.request.operation or "", last.request.body)
        alone = self._tried(replace(whole, framing="pieces"))
        if alone.answer.status != last.answer.status or not self._tried(whole).answer.ok:
            return False
        what, status = last.request.operation, last.answer.status
        broken.message = (
            f"{what} is refused ({status}) where its body comes after its head, and not where both come at once"
        )
        broken.exchanges, broken.about, broken.statuses = (alone,), PIECES, (self._run.success(role),)
        broken.expected, broken.actual = str(self._run.success(role)), str(status)
        return True

    def left_over(self, broken: Broken) -> bool:
        """Is what does not show again due to a request with a body that was refused on the same connection before?"""
        last = broken.exchanges[-1]
        before = self._history.refused_before(last)
        harmless = self._run.resource.role(last.request.operation) in ("edit", "read", "list")
        if self._run.target.transport or before is None or last.answer.ok or not harmless:
            return False
        self._run.target.connections.renew()
        if (fresh := self._run.repeat(last).answer.status) == last.answer.status:
            return False
        with contextlib.suppress(NotExercised):
            [_, (again, kept)] = self._run.in_turn(before.request, last.request)
            if again and kept and again.answer.status == last.answer.status:
                broken.message = spoilt(before, again, fresh)
                broken.exchanges, broken.statuses, broken.about = (before, again), broken.statuses or (fresh,), KEPT
                broken.in_turn = True
        return broken.in_turn

    def by_connection(self, broken: Broken) -> None:
        """A request without the caller's credentials was carried out: is that so over a fresh connection too?"""
        [*_, last] = broken.exchanges
        own = self._run.target.authorization
        unsafe = last.request.method != "GET" or last.request.operation is None
        if self._run.target.transport or not own or own in last.request.headers or not last.answer.ok or unsafe:
            return
        self._run.target.connections.renew()
        if not self._run.repeat(last).answer.ok:
            broken.message += ", only on a connection that has carried a valid request before"
            broken.connected = True


def spoilt(before: Exchange, exchange: Exchange, fresh: int) -> str:
    """Says of a request that it is answered otherwise after another one on its connection."""
    return (
        f"a request over a connection on which {before.answer.status} was answered before is answered with "
        f"{exchange.answer.status}, and over a fresh one with {fresh}"
    )
