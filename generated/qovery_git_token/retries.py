"""When a request is sent again, and how long after."""

from __future__ import annotations

import random

import httpx

from .errors import pause

# What is safe to send twice: it has the effect of sending it once. A create has not, and is never repeated.
_IDEMPOTENT = {"GET", "PUT", "DELETE"}
_STATUSES = {408, 429, 500, 502, 503, 504}
_FIRST = 0.5
_LONGEST = 8.0


def wait(method: str, outcome: httpx.Response | Exception, attempt: int, max_wait: float) -> float | None:
    """How many seconds to wait before a request is sent again; None if its outcome is the call's.

    It is at least as long as the server says. What is longer than `max_wait` is left to the caller.

    Args:
        method: The request's.
        outcome: The answer, or what was raised in place of one.
        attempt: How often the request has been sent.
        max_wait: How many seconds to wait at most.
    """
    if method not in _IDEMPOTENT:
        return None
    told = None
    if isinstance(outcome, httpx.Response):
        if outcome.status_code not in _STATUSES:
            return None
        told = pause(outcome.status_code, outcome.headers)
    elif not isinstance(
        outcome, httpx.TimeoutException | httpx.NetworkError | httpx.RemoteProtocolError | httpx.ProxyError
    ):
        return None
    # Clients that failed together must not come back together.
    backoff = min(_LONGEST, _FIRST * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1)
    if not told:
        return min(backoff, max_wait)
    return None if told > max_wait else told + random.uniform(0, min(1, told / 10))
