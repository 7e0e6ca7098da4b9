"""What goes through the mock: requests, the items that they are about, answers and refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..contract.contract import Operation

MAX_BODY = 1024 * 1024  # bytes


@dataclass
class Item:
    """A stored item; `fields` are the request's properties as last sent, the secrets among them."""

    id: str
    made_at: str
    moved_at: str
    fields: dict[str, Any] = field(repr=False)
    services: list[dict[str, Any]]


@dataclass
class Request:
    """A request on its way through the steps; the later attributes are filled in as it goes."""

    method: str
    operations: dict[str, Operation]  # of its path, by method
    ids: dict[str, str]
    query: bytes
    headers: dict[str, str]  # names in lower case
    raw: bytes | None  # None: longer than MAX_BODY
    operation: Operation | None = None
    tokens: dict[str, Item] = field(default_factory=dict)  # the owners'
    token: Item | None = None
    body: Any = None
    action: str = ""  # what the operation does, in a word


@dataclass
class Answer:
    """An answer before it is encoded: `body` is a JSON value, or bytes to be sent as they are, or None."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The request is refused with this status; the message never quotes what was sent."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


def documented(request: Request, *statuses: int) -> int:
    """The first of these statuses that the operation documents; the very first if it documents none."""
    said = request.operation.responses if request.operation else {}
    return next((each for each in statuses if str(each) in said), statuses[0])
