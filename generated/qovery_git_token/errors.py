"""Everything that a call raises, beside httpx's own errors.

    QoveryError                 catches all of it; raised itself where a client cannot be made or used
    ├── InvalidRequestError     what would be sent is not what the contract wants: nothing was sent
    ├── StatusError             the status is an error, or one that the contract does not have
    │   ├── BadRequestError     400
    │   ├── UnauthorizedError   401
    │   ├── ForbiddenError      403
    │   ├── NotFoundError       404
    │   ├── RateLimitedError    429
    │   └── ServerError         500 to 599
    └── InvalidResponseError    the status is right, and what came with it cannot be read

Where no answer came, or none that is HTTP, httpx's errors pass through: `httpx.ConnectError`, `httpx.TimeoutException` and
the others under `httpx.TransportError`. Their tracebacks have all frames, without local variables: these hold the request.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_ID = re.compile(rb'"id"\s*:\s*"([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})"')

if TYPE_CHECKING:
    import httpx

    from .types import Response


@dataclass(frozen=True, repr=False)
class Problem:
    """The JSON object in an error's answer, as problem details (RFC 9457); what is none of its members is in `others`."""

    type: str | None = None
    title: str | None = None
    status: int | None = None
    detail: str | None = None
    instance: str | None = None
    others: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Problem(title={self.title!r}, status={self.status!r}, detail={self.detail!r})"


class QoveryError(Exception):
    """The base of this package's errors."""


class InvalidRequestError(QoveryError, ValueError):
    """What would be sent is not what the contract wants. Nothing was sent."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        """The field, as in `type`, by its name in JSON; or the parameter."""
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field} {self.problem}"


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
        """What the server says is wrong: in at most 200 printable characters, from where servers usually say it."""
        self.problem: Problem | None = response.problem
        """The body as problem details, if it is a JSON object. No API documentation promises it."""
        self.request_id: str | None = response.request_id
        """The header `X-Request-Id`, where the server sends one."""
        self.retry_after: float | None = pause(response.status_code, response.headers)
        """How many seconds to wait, from the moment of the answer, if the server says so."""
        self.created_id: UUID | None = created_id(response)
        """The id of what was created though the status is not the documented one, if the answer has it."""

    def __str__(self) -> str:
        text = f"{self.method} {self.path}: {self.status}"
        if self.status < 400:
            text += ", which the contract does not have for this operation"
        if self.message:
            text += f": {self.message}"
        if self.retry_after:
            text += f" (try again in {self.retry_after:.0f} s)"
        return text


class BadRequestError(StatusError):
    """400: the request is malformed, or a field is missing or not acceptable."""


class UnauthorizedError(StatusError):
    """401: the credentials are not valid."""


class ForbiddenError(StatusError):
    """403: the caller may not do this in this organization."""


class NotFoundError(StatusError):
    """404: there is nothing of this id, or the caller may not know of it."""


class RateLimitedError(StatusError):
    """429: the caller's requests are used up. What the server does not say, or says unreadably, is None."""

    def __init__(self, response: Response[Any]) -> None:
        super().__init__(response)
        self.limit: int | None = _count(response.headers.get("X-RateLimit-Limit"))
        """How many requests an hour there are."""
        self.remaining: int | None = _count(response.headers.get("X-RateLimit-Remaining"))
        """How many of them are left."""
        self.reset: datetime.datetime | None = _moment(response.headers.get("X-RateLimit-Reset"))
        """When the count starts anew, in UTC."""


class ServerError(StatusError):
    """500 to 599: the server failed. An edit may have been carried out or not; it is safe to repeat."""


class InvalidResponseError(QoveryError):
    """An answer that cannot be read: not JSON, or a field that is missing or not what it should be.

    What was asked for may have been done nevertheless.
    """

    def __init__(self, field: str, problem: str, response: Response[Any] | None = None) -> None:
        super().__init__(field, problem, response)
        self.field = field
        """The field, as in `results[0].created_at`; empty where it is the body as a whole."""
        self.problem = problem
        self.response = response
        """The whole answer; None if it is a single field of a model that was used."""
        self.created_id: UUID | None = created_id(response) if response else None
        """The id of what was created, if the answer to a create cannot be read otherwise."""

    def __str__(self) -> str:
        where = f"{self.response.method} {self.response.path}: {self.response.status_code}: " if self.response else ""
        text = f"{where}{self.field or 'the body'} {self.problem}"
        return f"{text}; what was created has the id {self.created_id}" if self.created_id else text


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


def pause(status: int, headers: httpx.Headers) -> float | None:
    """How many seconds an answer tells to wait, by `Retry-After`, or by `X-RateLimit-Reset` with status 429."""
    seconds = _seconds(headers.get("Retry-After"))
    if seconds is None and status == 429 and (until := _moment(headers.get("X-RateLimit-Reset"))):
        seconds = (until - _now()).total_seconds()
    return None if seconds is None else max(0.0, seconds)


def created_id(response: Response[Any]) -> UUID | None:
    """The id in the answer to a create, from where it is said at all: the header `Location`, or anything called `id`."""
    if response.method != "POST" or not 200 <= response.status_code <= 299:
        return None
    said = response.headers.get("Location", "").rstrip("/").rpartition("/")[2]
    found = _ID.search(response.content[:100_000])
    for text in (found[1].decode() if found else "", said):
        try:
            return UUID(text)
        except ValueError:
            continue
    return None


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _number(text: str | None) -> float | None:
    return float(text) if text and len(text) < 20 and _NUMBER.fullmatch(text) else None


def _count(text: str | None) -> int | None:
    number = _number(text)
    return None if number is None else int(number)


def _moment(text: str | None) -> datetime.datetime | None:
    """When the rate limit's count starts anew: said in seconds or milliseconds since 1970, or in seconds from now."""
    number = _number(text)
    if number is None or number < 0:
        return None
    if number >= 100_000_000_000:
        number /= 1000
    try:
        if number < 1_000_000_000:
            return _now() + datetime.timedelta(seconds=number)
        return datetime.datetime.fromtimestamp(number, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def _seconds(text: str | None) -> float | None:
    number = _number(text)
    if text is None or number is not None:
        return None if number is None or number < 0 else number
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=datetime.timezone.utc)
    return max(0.0, (until - _now()).total_seconds())
