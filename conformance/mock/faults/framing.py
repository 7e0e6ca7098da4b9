"""Faults of how a request comes over the wire: they show over connections alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from starlette.types import Receive, Scope

from ..messages import Answer, Refusal, Request
from ..server import Mock
from .catalogue import fault

WRITES = ("edit", "create")


def _is(mock: Mock, action: str, method: str) -> bool:
    """Is a method that of an action with a body?"""
    operation = getattr(mock.resource, action)
    return bool(operation and operation.method == method)


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


@fault("framing", action=WRITES)
def chunked_is_empty(mock: Mock, action: str) -> None:
    """A body in chunks is taken for none: `{action}`."""

    @mock.on("read")
    async def _(read: Any, scope: Scope, receive: Receive) -> bytes | None:
        raw: bytes | None = await read(scope, receive)
        return b"" if _is(mock, action, scope["method"]) and _header(scope, b"transfer-encoding") else raw


@fault("framing", header={"transfer-encoding": "chunked", "expect": "100-continue"}, action=WRITES)
def header_breaks(mock: Mock, header: str, action: str) -> None:
    """`{header}` makes the server fail: `{action}`."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        if header in (request.headers.get("transfer-encoding"), request.headers.get("expect")) and (
            _is(mock, action, request.method)
        ):
            return Answer(500)
        answer: Answer = handle(request)
        return answer


@fault("framing", action=WRITES)
def first_packet(mock: Mock, action: str) -> None:
    """Of a body, what comes first is read, and the rest is not waited for: `{action}`."""

    @mock.on("read")
    async def _(read: Any, scope: Scope, receive: Receive) -> bytes | None:
        if not _is(mock, action, scope["method"]):
            raw: bytes | None = await read(scope, receive)
            return raw
        return (await receive()).get("body", b"")  # type: ignore[no-any-return]


SIZES = {"4-KiB": 4096, "8-KiB": 8192, "16-KiB": 16_384, "64-KiB": 65_536}


@fault("framing", size=SIZES)
def decoded_in_parts(mock: Mock, size: int) -> None:
    """A body is decoded in parts of {size}, and a character that lies over the end of one is lost."""

    @mock.on("read")
    async def _(read: Any, scope: Scope, receive: Receive) -> bytes | None:
        raw: bytes | None = await read(scope, receive)
        if raw is None or len(raw) <= size:
            return raw
        # Where a buffer ends depends on the length of the head, too: here, within the next character of several bytes.
        cut = next((place for place in range(size, len(raw)) if raw[place] & 0xC0 == 0x80), size)
        return "".join(each.decode(errors="replace") for each in (raw[:cut], raw[cut:])).encode()


@fault("framing", size=SIZES)
def too_long(mock: Mock, size: int) -> None:
    """A body of more than {size} is refused."""

    @mock.on("decode")
    def _(decode: Any, request: Request) -> Any:
        if len(request.raw or b"") > size:
            raise Refusal(413, "the body is too long")
        return decode(request)


@fault("framing", needs="delete", header={"length": "content-length", "media-type": "content-type"})
def without_a_body(mock: Mock, header: str) -> None:
    """A delete without a body that says its {header} makes the server fail."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        answer: Answer = Answer(500) if request.method == "DELETE" and header in request.headers else handle(request)
        return answer


@fault("framing", needs="get")
def length_of_nothing(mock: Mock) -> None:
    """A read with `Content-Length: 0` is refused."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if request.method == "GET" and request.headers.get("content-length") == "0":
            raise Refusal(400, "the body is empty")
        locate(request)


def _client(mock: Mock) -> Callable[[], Any]:
    """What tells the other end of the connection over which the request under way came."""
    client: Any = None

    @mock.on("read")
    async def _(read: Any, scope: Scope, receive: Receive) -> bytes | None:
        nonlocal client
        raw: bytes | None = await read(scope, receive)
        client = scope["client"]
        return raw

    return lambda: client


@fault("framing", status={"400": 400, "401": 401, "404": 404, "405": 405})
def left_over(mock: Mock, status: int) -> None:
    """What a {status} has left of a body is taken for the next request on the connection."""
    client, left = _client(mock), set[Any]()

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        if client() in left:
            left.discard(client())
            return Answer(400, b"Bad request syntax", {"Content-Type": "text/plain"})
        answer: Answer = handle(request)
        if answer.status == status and request.raw:
            left.add(client())
        return answer


@fault("framing", needs="get edit")
def behind_if_open(mock: Mock) -> None:
    """Over a connection on which {a} was read before, it is shown as it was then until it is edited over that."""
    client, seen = _client(mock), dict[tuple[Any, str], Any]()

    @mock.on("get")
    def _(get: Any, request: Request) -> Any:
        assert request.token
        return seen.setdefault((client(), request.token.id), get(request))

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        seen.pop((client(), request.token.id), None)
        return edit(request)


AFTER_A_PAUSE = {"fails": 500, "knows-nobody": 401, "finds-nothing": 404}


@fault("framing", needs="get", what=AFTER_A_PAUSE)
def after_a_pause(mock: Mock, what: int) -> None:
    """Over a connection that was idle for 1.5 seconds, a read {what}."""
    client, used = _client(mock), dict[Any, float]()

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        now = time.monotonic()
        idle, used[client()] = now - used.get(client(), now), now
        return Answer(what) if idle > 1.5 and request.method == "GET" else handle(request)
