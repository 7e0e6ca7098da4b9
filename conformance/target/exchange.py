"""A request and what came back."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

# How a request goes over a connection of its own: in chunks without a length, after the server's word that it may go
# on, in several packets, or as it stands, though it is no HTTP that a server has to understand.
Framing = Literal["", "chunked", "expect", "pieces", "illegal"]


@dataclass(frozen=True)
class Request:
    """One HTTP request, as sent; `operation` is the id of the operation that it addresses, if any.

    A path that is `verbatim` is sent as it stands, where an HTTP client would put it in order. With a `framing`, it
    goes over a connection of its own.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    operation: str | None = None
    verbatim: bool = False
    framing: Framing = ""

    @cached_property
    def json(self) -> Any:
        """The decoded body; None if there is none or it is not JSON."""
        return _decoded(self.body or b"")

    def header(self, name: str) -> str | None:
        return _header(self.headers, name)


@dataclass(frozen=True)
class Answer:
    """What a server sent back. `problem` says how the exchange failed below HTTP's semantics, if it did.

    Where the request is `repeated`, the server may have carried it out before, with an answer that the network lost.
    """

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    seconds: float = 0.0
    problem: str | None = None
    repeated: bool = False

    @cached_property
    def json(self) -> Any:
        """The decoded body; None if it is not JSON."""
        return _decoded(self.body)

    @cached_property
    def text(self) -> str:
        """The body as text, whatever bytes it holds."""
        return self.body.decode("utf-8", "replace")

    def header(self, name: str) -> str | None:
        """The value of a header, repeated ones joined by commas; None if it is absent."""
        return _header(self.headers, name)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Exchange:
    request: Request
    answer: Answer
    # When the request was sent, in seconds of Unix time.
    at: float = field(default_factory=time.time, compare=False)
    # What the checks found in the answer; a later judgement of the same answer would only say it again.
    broken: list[str] = field(default_factory=list, compare=False)
    # Was the request sent at the same moment as another? Then it shows nothing when it is sent alone.
    together: bool = field(default=False, compare=False)


def _header(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    values = [value for key, value in headers if key.lower() == name.lower()]
    return ", ".join(values) if values else None


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
