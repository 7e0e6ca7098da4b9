"""Requests over connections of their own, within the budget and with the patience of all others."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from . import wire
from .exchange import Answer, Request
from .network import Kind, fault
from .reading import MAX_ANSWER
from .stops import Lost, NotExercised, short

if TYPE_CHECKING:
    from .target import Target

# How often what the network may have lost is sent: of three requests over connections of which 5 % are reset, one is
# lost five times in a row in one case of 17,000. Another time-out costs too much.
_TRIES = 5
# How long a server may take to answer over a connection beside another that is open, in seconds.
_BESIDE = 1.0


class Wires:
    """What a target sends over connections of its own.

    Raises NotExercised where there are none: an application is called without, and a proxy has its own.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        # How often in a row one of several requests at the same time, which may not be sent again, was not answered.
        self._lost = 0
        # A connection that is open and idle, and since when, in seconds of the monotonic clock.
        self._held: wire.Wire | None = None
        self._since = 0.0

    def framed(self, request: Request, number: int) -> Answer:
        """Sends a request, the run's `number`-th, as its framing says."""
        self._connects()
        if self._target.connections.version == b"HTTP/1.0" and request.framing in ("chunked", "expect"):
            # RFC 9112 section 6.1, RFC 9110 section 10.1.1.
            raise NotExercised("the server speaks HTTP/1.0, which does not know it")
        with self._connecting():
            answer = wire.framed(self._target.base_url, request, self._target.timeout, MAX_ANSWER)
        self._target.hangs += fault(answer) == "late"
        self._target.budget.heed(answer, number)
        return answer

    def at_once(self, requests: Sequence[Request], ahead: float) -> list[Answer]:
        """Sends requests at the same moment, or the first so many seconds ahead, each over a connection of its own.

        Where the network may have lost an answer, all are sent again if they may be. Raises Lost where they may not.
        """
        faults: list[Kind] = []
        for _ in range(_TRIES):
            number = self._counted(requests)
            with self._connecting():
                answers = wire.at_once(self._target.base_url, requests, self._target.timeout, MAX_ANSWER, ahead)
            for answer in answers:
                self._target.budget.heed(answer, number)
            found = [kind for answer in answers if (kind := fault(answer))]
            if not found:
                self._target.network.faults.update(faults)
                self._lost = 0
                return answers
            faults += found
            self.release()
            self._target.expect_answers()
            with self._connecting():
                if wire.limited(self._target.base_url, len(requests)):
                    raise NotExercised(f"the server takes no {len(requests)} connections at a time")
            if faults.count("late") > 1:
                return answers
            if any(request.method in ("POST", "DELETE") for request in requests):
                # The server is blamed for what it does again and again.
                self._lost += 1
                if self._lost < _TRIES:
                    self._target.network.faults.update(found)
                    raise Lost("the network lost an answer to one of two requests at the same time")
                return answers
        return answers

    def in_turn(self, requests: Sequence[Request]) -> list[tuple[Answer | None, bool]]:
        """Sends requests one after the other over one connection, on over a fresh one where the server ends it.

        Gives each answer, None if a used connection was closed without one; and whether the connection had been used.
        They are sent again where the network may have lost an answer.
        """
        faults: list[Kind] = []
        for _ in range(_TRIES):
            number = self._counted(requests)
            with self._connecting():
                answers = wire.in_turn(self._target.base_url, requests, self._target.timeout, MAX_ANSWER)
            for answer, _ in answers:
                self._target.budget.heed(answer or Answer(), number)
            found = [kind for answer, _ in answers if answer and (kind := fault(answer))]
            if not found:
                self._target.network.faults.update(faults)
                break
            faults += found
            self._target.expect_answers()
            if faults.count("late") > 1:
                break
        return answers

    @property
    def idle(self) -> float | None:
        """For how many seconds the connection that is held open has been idle; None if there is none."""
        return time.monotonic() - self._since if self._held else None

    def hold(self, request: Request) -> Answer | None:
        """Sends a request over a connection that is held open from then on; gives the answer.

        None if there is no such connection: the server has ended it, or serves no other beside it.
        """
        self._connects()
        for _ in range(_TRIES):
            self.release()
            with self._connecting():
                self._held = wire.Wire(self._target.base_url, self._target.timeout, MAX_ANSWER)
            if answer := self.over_held(request):
                found = self._beside(request) if self._held else None
                if not found:
                    return answer if self._held else None
                if found == "late":
                    break
        self.release()
        return None

    def over_held(self, request: Request) -> Answer | None:
        """Sends a request over the connection that is held open; None if the server, or the network, has ended it."""
        held = self._held
        if held is None:
            return None
        self._counted([request])
        answer = held.ask(request)
        self._since = time.monotonic()
        # Before a server ends an idle connection, it may say that it has waited too long.
        over = answer.status == 408 or fault(answer) is not None
        if over or held.ended:
            self.release()
        return None if over else answer

    def release(self) -> None:
        """Ends the connection that is held open, if there is one."""
        if self._held:
            self._held.close()
            self._held = None

    def _beside(self, request: Request) -> Kind | None:
        """What is wrong with an answer over another connection while one is open."""
        self._counted([request])
        with self._connecting(), wire.Wire(self._target.base_url, _BESIDE, MAX_ANSWER) as other:
            return fault(other.ask(request))

    def _counted(self, requests: Sequence[Request]) -> int:
        """Returns when so many requests may be sent, with the number of the last."""
        self._connects()
        for _ in requests:
            number = self._target.budget.take()
        return number

    def _connects(self) -> None:
        if self._target.transport or self._target.proxy:
            raise NotExercised("it needs connections of its own to the server")

    @contextlib.contextmanager
    def _connecting(self) -> Iterator[None]:
        """Raises NotExercised for what it means that there is no connection."""
        # A server that serves one connection at a time would wait for what comes over the idle one.
        self._target.connections.renew()
        try:
            yield
        except OSError as error:
            raise NotExercised(f"there is no further connection: {short(error)}") from None
