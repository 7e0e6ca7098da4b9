"""Trying again, for those who install the extra: `pip install 'qovery-git-token[retries]'`."""

from __future__ import annotations

import httpx
from httpx_retries import Retry, RetryTransport


def transport(
    total: int = 4,
    *,
    backoff: float = 0.5,
    longest_wait: float = 60.0,
    wrapped: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
) -> RetryTransport:
    """A transport that sends a request again where that is safe and may help: `Client(..., transport=transport())`.

    Repeated are GET, PUT and DELETE, after 429, 502, 503 and 504 and after connection errors and time-outs. POST, which
    creates, is never repeated. When the last attempt fails too, its answer or error is the call's.

    Args:
        total: How often to send again, at most.
        backoff: Seconds to wait before the second repetition, at most; each later wait may be twice as long.
        longest_wait: Seconds that no single wait exceeds, not even if `Retry-After` says so.
        wrapped: The transport that sends the requests, if not httpx's own.
    """
    retry = Retry(
        total=total,
        allowed_methods=["GET", "PUT", "DELETE"],
        status_forcelist=[429, 502, 503, 504],
        backoff_factor=backoff,
        max_backoff_wait=longest_wait,
    )
    return RetryTransport(transport=wrapped, retry=retry)
