"""What a server says of its rate limit, in every form that is in use."""

from __future__ import annotations

import contextlib
import email.utils
import re
import time

from .exchange import Answer

# As Unix time in seconds, later than this; as a number of seconds, earlier. Milliseconds are a thousand times as many.
_TIME = 1e9
_MILLISECONDS = 1e11
# A clock that differs by less from this one's is as right, in seconds.
_EXACT = 3.0


def left(answer: Answer, at: float | None = None) -> tuple[float, float] | None:
    """How many requests are left, and until when, in seconds of Unix time; None if the answer does not say it.

    `at` is when it was answered, now if that is not given.
    """
    remaining, reset = (_number(answer.header(f"X-RateLimit-{name}")) for name in ("Remaining", "Reset"))
    if remaining is None or reset is None:
        return None
    while reset > _MILLISECONDS:
        reset /= 1000
    # Some give the time of the reset, as they should, others the seconds until then.
    at = at or time.time()
    return max(0.0, remaining), at + (reset - _clock(answer, at) if reset > _TIME else max(0.0, reset))


def retry_after(answer: Answer) -> float | None:
    """In how many seconds to come again; None if the answer does not say it. What is past is not negative."""
    value = answer.header("Retry-After")
    if value is None:
        return None
    if (seconds := _number(value)) is not None:
        return max(0.0, seconds)
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - _clock(answer, time.time()))
    return None


def _clock(answer: Answer, at: float) -> float:
    """What the server took for the time when it answered, in seconds of Unix time: its clock need not be right."""
    said = date(answer)
    # The header has whole seconds, and an answer takes a while.
    return at if said is None or abs(said - at) < _EXACT else said


def date(answer: Answer) -> float | None:
    """What the header Date says, in seconds of Unix time; None if it says nothing."""
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        return email.utils.parsedate_to_datetime(answer.header("Date") or "").timestamp()
    return None


def _number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"[+-]?\d{1,20}(\.\d{1,20})?", text.strip(), re.ASCII) else None
