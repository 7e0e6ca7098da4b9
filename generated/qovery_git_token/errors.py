"""Everything that a call raises, beside httpx's own errors.

    QoveryError                 catches all of it; raised itself where a Client cannot be made
    ├── StatusError             the status is an error, or one that the contract does not have
    │   ├── BadRequestError     400
    │   ├── UnauthorizedError   401
    │   ├── ForbiddenError      403
    │   ├── NotFoundError       404
    │   ├── RateLimitedError    429
    │   └── ServerError         500 to 599
    └── InvalidResponseError    the status is right, and what came with it is not what the contract says

Where no answer came, or none that is HTTP, httpx's errors pass through: `httpx.ConnectError`, `httpx.TimeoutException` and
the others under `httpx.TransportError`. Their tracebacks end at this package, because further down they hold the request.
"""

from __future__ import annotations

import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .types import Response


class QoveryError(Exception):
    """The base of this package's errors."""


class StatusError(QoveryError):
    """An answer with an error status, or with one that the contract does not have for the operation."""

    def __init__(self, response: Response[Any]) -> None:
        super().__init__(response)
        self.response = response
        """The whole answer."""
        self.status: int = response.status_code
        self.method: str = response.method
        self.path: str = response.path
        self.message: str | None = response.message
        """What the server says is wrong: `message` or `detail` of a JSON body. No API documentation promises either."""
        self.request_id: str | None = response.request_id
        """The header `X-Request-Id`, where the server sends one."""

    def __str__(self) -> str:
        text = f"{self.method} {self.path}: {self.status}"
        return f"{text}: {self.message}" if self.message else text


class BadRequestError(StatusError):
    """400: the request is malformed, or a field is missing or not acceptable."""


class UnauthorizedError(StatusError):
    """401: the credentials are not valid."""


class ForbiddenError(StatusError):
    """403: the caller may not do this in this organization."""


class NotFoundError(StatusError):
    """404: there is no such organization or git token, or the caller may not know of it."""


class RateLimitedError(StatusError):
    """429: the caller's requests are used up. What the server does not say, or says unreadably, is None."""

    def __init__(self, response: Response[Any]) -> None:
        super().__init__(response)
        self.retry_after: float | None = _seconds(response.headers.get("Retry-After"))
        """How many seconds to wait, from the moment of the answer."""
        self.limit: int | None = _count(response.headers.get("X-RateLimit-Limit"))
        """How many requests an hour there are."""
        self.remaining: int | None = _count(response.headers.get("X-RateLimit-Remaining"))
        """How many of them are left."""
        self.reset: datetime.datetime | None = _moment(response.headers.get("X-RateLimit-Reset"))
        """When the count starts anew, in UTC."""


class ServerError(StatusError):
    """500 to 599: the server failed. An edit may have been carried out or not; it is safe to repeat."""


class InvalidResponseError(QoveryError):
    """An answer that does not fit the contract: not JSON, or a field that is missing or not what it should be."""

    def __init__(self, field: str, problem: str, response: Response[Any] | None = None) -> None:
        super().__init__(field, problem, response)
        self.field = field
        """The field, as in `results[0].created_at`; empty where it is the body as a whole."""
        self.problem = problem
        self.response = response
        """The whole answer; None if a model was read from something that is not one."""

    def __str__(self) -> str:
        where = f"{self.response.method} {self.response.path}: {self.response.status_code}: " if self.response else ""
        return f"{where}{self.field or 'the body'} {self.problem}"


_CLASSES = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    429: RateLimitedError,
}


def of_status(response: Response[Any]) -> StatusError:
    """The error that stands for the response's status."""
    default = ServerError if 500 <= response.status_code <= 599 else StatusError
    return _CLASSES.get(response.status_code, default)(response)


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 20 else None


def _moment(text: str | None) -> datetime.datetime | None:
    count = _count(text)
    try:
        return None if count is None else datetime.datetime.fromtimestamp(count, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def _seconds(text: str | None) -> float | None:
    count = _count(text)
    if text is None or count is not None:
        return None if count is None else float(count)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=datetime.timezone.utc)
    return max(0.0, (until - datetime.datetime.now(datetime.timezone.utc)).total_seconds())
