"""Requests that go over connections of their own: at the same moment, in parts, or one after the other."""

from __future__ import annotations

import contextlib
import http.client
import io
import select
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from .exchange import Answer, Request
from .network import CLOSED, CUT, LATE

# Sent with every request that has its connection for itself.
_ALONE = (("Connection", "close"),)
# As many interim responses may come before an answer.
_INTERIM = 8
# How long a server may take to say that the body may follow, in seconds; then it follows all the same.
_PATIENCE = 1.0
# How long a server takes at most to end a connection that is one too many, in seconds.
_SOON = 0.2
# Between the parts of a request, in seconds: else they arrive as one.
_PAUSE = 0.01
# The sizes of chunks and of parts, in bytes, in turn: odd ones, so that characters are cut in two.
_SIZES = (1, 7, 61, 509, 4093)


class Wire:
    """A connection, whose answers are read one after the other."""

    def __init__(self, base_url: str, timeout: float, most: int) -> None:
        """`timeout` is in seconds; of an answer's body, `most` bytes are read. Raises OSError if nobody is there."""
        self._base_url, self._timeout, self._most = base_url, timeout, most
        address = urlsplit(base_url)
        host = address.hostname or ""
        place = host, address.port or (443 if address.scheme == "https" else 80)
        self._socket: socket.socket = socket.create_connection(place, timeout)
        # Else the last byte waits for the others to be acknowledged.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.scheme == "https":
            self._socket = httpx.create_ssl_context().wrap_socket(self._socket, server_hostname=host)
        # What comes behind an answer is the beginning of the next.
        self._read = _Kept(socket.SocketIO(self._socket, "r"))
        # Whether the server has said, or done, that nothing more is answered here.
        self.ended = False

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def write(self, part: bytes) -> None:
        """Sends a part of a request; what the server does not want to read any more is lost."""
        with contextlib.suppress(ConnectionError):
            self._socket.sendall(part)

    def ask(self, request: Request) -> Answer:
        """Sends a request and reads its answer; the connection stays open as long as the server keeps it."""
        start = time.monotonic()
        self.write(self.message(request) + (request.body or b""))
        return self.answer(request.method, start)

    def permission(self) -> None:
        """Returns when the server has said something, or has had time to."""
        select.select([self._socket], [], [], _PATIENCE)

    def is_ended(self) -> bool:
        """Does the server end the connection soon, though nothing has been sent?"""
        with contextlib.suppress(TimeoutError):
            try:
                return not self._socket.recv(1)
            except ConnectionError:
                return True
        return False

    def message(self, request: Request, *more: tuple[str, str]) -> bytes:
        """A request as it goes over the wire, with `more` headers."""
        address = urlsplit(self._base_url)
        headers = [("Host", address.netloc.rpartition("@")[2]), *more, *request.headers]
        if request.header("Accept") is None:
            headers.append(("Accept", "application/json"))
        if request.body is not None and request.framing != "chunked":
            headers.append(("Content-Length", str(len(request.body))))
        named = [f"{name}: {value}" for name, value in headers]
        lines = [f"{request.method} {address.path}{request.path} HTTP/1.1", *named]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def answer(self, method: str, start: float) -> Answer:
        """The next answer, to a request that was sent at `start`, in seconds of the monotonic clock."""
        problem, body = None, b""
        response = self._response(method)
        try:
            response.begin()
            for _ in range(_INTERIM):
                if response.status >= 200:
                    break
                # What comes before the answer, such as 103 Early Hints.
                response = self._response(method)
                response.begin()
            body = response.read(self._most)
            if response.length and len(body) < self._most:
                # Nothing says so where as many bytes are read as there are.
                raise http.client.IncompleteRead(body, response.length)
        except TimeoutError:
            problem = f"{LATE}{self._timeout:g} s"
        except ConnectionError as error:
            # Also where nothing has come at all.
            problem = f"{CUT}{error}" if response.headers is not None else CLOSED
        except (OSError, http.client.HTTPException, ValueError) as error:
            problem = f"{CUT}{error}"
        seconds = time.monotonic() - start
        self.ended = problem is not None or response.will_close is True
        if problem:
            return Answer(seconds=seconds, problem=problem)
        return Answer(response.status, tuple(response.getheaders()), body, seconds)

    def _response(self, method: str) -> http.client.HTTPResponse:
        return http.client.HTTPResponse(_Reads(self._read), method=method)  # type: ignore[arg-type]


class _Kept(io.BufferedReader):
    """What is read from a connection, beyond the end of an answer too."""

    def close(self) -> None:
        pass


class _Reads:
    """What http.client takes for a socket."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file

    def makefile(self, *_: Any) -> io.BufferedReader:
        return self._file


def at_once(base_url: str, requests: Sequence[Request], timeout: float, most: int, ahead: float) -> list[Answer]:
    """Sends requests whole but for the last byte, then all last bytes; gives the answers, of `most` bytes each.

    The first is so many seconds `ahead` of the others. Raises OSError if there is no connection.
    """
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire(base_url, timeout, most)) for _ in requests]
        messages = [
            wire.message(request, *_ALONE) + (request.body or b"")
            for wire, request in zip(wires, requests, strict=True)
        ]
        for wire, message in zip(wires, messages, strict=True):
            wire.write(message[:-1])
        start = time.monotonic()
        for number, (wire, message) in enumerate(zip(wires, messages, strict=True)):
            if number == 1:
                time.sleep(ahead)
            wire.write(message[-1:])
        return [wire.answer(each.method, start) for wire, each in zip(wires, requests, strict=True)]


def limited(base_url: str, number: int) -> bool:
    """Does the server end one of so many connections at a time before anything is sent? Raises OSError."""
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(Wire(base_url, _SOON, 0)) for _ in range(number)]
        return any(wire.is_ended() for wire in wires)


def framed(base_url: str, request: Request, timeout: float, most: int) -> Answer:
    """Sends a request as its framing says; gives the answer. Raises OSError if there is no connection."""
    with Wire(base_url, timeout, most) as wire:
        start = time.monotonic()
        body = request.body or b""
        match request.framing:
            case "chunked":
                wire.write(wire.message(request, *_ALONE, ("Transfer-Encoding", "chunked")))
                wire.write(b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in _parts(body)) + b"0\r\n\r\n")
            case "expect":
                wire.write(wire.message(request, *_ALONE, ("Expect", "100-continue")))
                wire.permission()
                wire.write(body)
            case "pieces":
                head = wire.message(request, *_ALONE)
                # Within a header, before the body, and within it.
                middle = len(head) // 2
                for part in (head[:middle], head[middle:], body[: len(body) // 3], body[len(body) // 3 :]):
                    wire.write(part)
                    time.sleep(_PAUSE)
            case _:
                wire.write(wire.message(request, *_ALONE) + body)
        return wire.answer(request.method, start)


def in_turn(base_url: str, requests: Sequence[Request], timeout: float, most: int) -> list[tuple[Answer | None, bool]]:
    """Sends requests one after the other over one connection, and goes on over a fresh one where the server ends it.

    Gives each answer, None if a connection that had been used was closed without one, as a server may do at any time;
    and whether the connection had been used before. Raises OSError if there is no connection.
    """
    answers: list[tuple[Answer | None, bool]] = []
    with contextlib.ExitStack() as stack:
        wire = stack.enter_context(Wire(base_url, timeout, most))
        used = False
        for request in requests:
            answer = wire.ask(request)
            answers.append((None if used and answer.problem == CLOSED else answer, used))
            used = True
            if wire.ended and len(answers) < len(requests):
                wire, used = stack.enter_context(Wire(base_url, timeout, most)), False
    return answers


def _parts(body: bytes) -> Iterator[bytes]:
    """A body in parts of odd sizes."""
    number = 0
    while body:
        size = _SIZES[number % len(_SIZES)]
        yield body[:size]
        body, number = body[size:], number + 1
