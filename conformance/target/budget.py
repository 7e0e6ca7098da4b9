"""How many requests a run may send, and when: as the user has said, and as the server's own limit allows."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from . import limits
from .exchange import Answer
from .stops import BudgetSpent, TimeUp

if TYPE_CHECKING:
    from .target import Target

HOUR = 3600


class Budget:
    """The requests and the time of a run."""

    def __init__(self, target: Target) -> None:
        self._target = target
        # How long it may take, in seconds, by what the user allows; for what nobody foresees, there is another hour.
        self.timed = math.isfinite(target.until)
        allowed = target.until - time.monotonic() if self.timed else 0.0
        self.lasting = max(allowed, target.max_requests / target.rate if target.rate else 0.0) + target.max_wait
        self._until = min(target.until, time.monotonic() + self.lasting + HOUR)
        # Whether a request could not be sent for lack of budget.
        self.spent = False
        self.cleaning = False
        # Set by a signal: the request that is under way is the last one before cleaning up.
        self.interrupted = False

    @property
    def used(self) -> int:
        """How many requests were sent."""
        return int(self._target.ledger.used)

    @property
    def total(self) -> int:
        """How many requests the run may send in all, by --max-requests and by the server's own limit."""
        return int(min(self._target.max_requests, self._target.ledger.allowed))

    @property
    def remaining(self) -> int:
        """How many requests may still be sent."""
        if self.cleaning:
            return self._target.max_requests - self.used
        reserve = self._target.ledger.reserve
        # In a bad network, cleaning up takes more than one request each.
        more = reserve // 4 + 4 if self._target.network.faults else 0
        return self.total - self.used - int(reserve + more)

    @property
    def left(self) -> float:
        """The seconds until the run has to end."""
        return self._until - time.monotonic()

    def keep(self, requests: int) -> None:
        """Reserves so many more requests for cleaning up, or fewer."""
        with self._target.ledger.locked():
            self._target.ledger.reserve += requests

    def take(self) -> int:
        """Returns when the next request may be sent, with its number; raises BudgetSpent if none may."""
        if self.interrupted and not self.cleaning:
            raise KeyboardInterrupt
        if self.left < 0 and not self.cleaning:
            raise TimeUp("the time is up")
        ledger = self._target.ledger
        seconds = ledger.reset - time.time()
        if ledger.used >= ledger.allowed and seconds <= self._target.max_wait:
            if seconds > 1:
                self._target.announce(f"The server allows no more requests for {seconds:.0f} s: waiting")
            self.sleep(seconds)
            ledger.allowed = float("inf")
        with ledger.locked():
            # Cleaning up may use what is left of the run's budget, but not go against the server's word.
            forbidden = ledger.used >= ledger.allowed
            if self.remaining <= 0 or forbidden:
                self.spent = True
                if forbidden or self.total < self._target.max_requests:
                    at = time.strftime("%H:%M:%S", time.localtime(ledger.reset))
                    raise BudgetSpent(f"the server allows no more requests until {at}")
                raise BudgetSpent("the budget of requests is used up")
            ledger.used += 1
            number = self.used
            due = max(ledger.next, time.monotonic())
            ledger.next = due + (1 / self._target.rate if self._target.rate else 0)
        self.sleep(due - time.monotonic())
        return number

    def sleep(self, seconds: float) -> None:
        """Sleeps, but not through a signal."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.interrupted and not self.cleaning:
                raise KeyboardInterrupt
            time.sleep(min(left, 0.1))

    def wait(self, answer: Answer, attempt: int) -> None:
        """Waits as long as a 429 says; raises BudgetSpent if that is too long."""
        ledger, seconds = self._target.ledger, limits.retry_after(answer)
        if seconds == 0:
            # It does not mean it.
            seconds = attempt + 1.0
        elif seconds is None:
            # Of some servers the limit's reset says it, of others nothing does.
            full = ledger.used >= ledger.allowed
            seconds = max(ledger.reset - time.time() if full else 0, 0.25 * 2**attempt)
        if seconds > self._target.max_wait:
            self.stop(seconds)
            raise BudgetSpent(f"the server asks to wait {seconds:.0f} s before the next request")
        if seconds > 1:
            self._target.announce(f"The server asks to wait {seconds:.0f} s: waiting")
        self.sleep(seconds)

    def stop(self, seconds: float) -> None:
        """Lets nothing be sent for so long."""
        self._target.ledger.allowed, self._target.ledger.reset = self.used, time.time() + seconds

    def heed(self, answer: Answer, number: int) -> None:
        """Takes note of the server's own limit: what it has left, in `X-RateLimit-Remaining`, and until when.

        It has counted the request that it answers, the run's `number`-th, and not always those that others have sent.
        """
        if (said := limits.left(answer)) is None:
            return
        ledger = self._target.ledger
        left, ledger.reset = said
        near = ledger.reset - time.time() <= self._target.max_wait
        # Where the reset is near, there is no need to stop before the limit is reached.
        ledger.allowed = float("inf") if near and left else number + left
