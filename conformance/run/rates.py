"""What the rate-limit headers of a server mean, where it sends them: how many requests are left, and until when."""

from __future__ import annotations

from ..target import limits
from ..target.exchange import Exchange

# The longest window, in seconds, and how far the clocks of two machines may be apart, each way.
WINDOW, SKEW = 3600, 120
# As many answers that count nothing are no accident, unless what is used is soon there again: seconds.
STILL, REFILLED = 30, 60


class Rates:
    """Judges the headers of the answers of one run."""

    def __init__(self, authorization: tuple[str, str] | None) -> None:
        """Whose requests are counted together: those with this header."""
        self._authorization = authorization
        # How many requests were left last, and in how many answers that did not go down, by when the count starts.
        self._seen: dict[int, tuple[float, int]] = {}

    def judge(self, exchange: Exchange) -> str | None:
        """What is wrong with the headers of an answer that has them."""
        answer = exchange.answer
        said = limits.left(answer, exchange.at)
        if said is None:
            return None
        remaining, reset = said
        most = answer.header("X-RateLimit-Limit") or ""
        if most.strip().isdecimal() and remaining > int(most):
            return f"X-RateLimit-Remaining is {remaining:.0f}, and X-RateLimit-Limit {most}"
        now = exchange.at
        if reset < now - SKEW:
            return f"X-RateLimit-Reset has been over for {now - reset:.0f} seconds"
        if reset > now + WINDOW + SKEW:
            return f"X-RateLimit-Reset is {reset - now:.0f} seconds away, and the limit is one of {WINDOW}"
        counts = answer.ok and self._authorization in exchange.request.headers and not exchange.together
        if not counts or reset < now + REFILLED:
            # It is the caller's requests that count, and of those, perhaps, only what is carried out.
            return None
        last, still = self._seen.get(round(reset), (remaining, 0))
        # Once it has gone down, it counts.
        still = still + 1 if still >= 0 and last <= remaining else -1
        self._seen[round(reset)] = remaining, still
        return (
            f"X-RateLimit-Remaining is {remaining:.0f}, and did not go down in {STILL} answers"
            if still >= STILL
            else None
        )
