"""A network that loses, delays and falsifies what goes through it, as a seed says."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import NoReturn

from tests.relay import answer, listening, relay

# What becomes of a request.
Fault = Callable[[str, BaseHTTPRequestHandler], None]


class Stop(OSError):
    """Nothing more is passed on."""


def _reset(request: BaseHTTPRequestHandler) -> NoReturn:
    """Closes the connection as a broken one is closed."""
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.close_connection = True
    raise Stop


def _stop(request: BaseHTTPRequestHandler) -> NoReturn:
    request.close_connection = True
    raise Stop


def lost(_: str, request: BaseHTTPRequestHandler) -> None:
    """The request does not reach the server."""
    _reset(request)


def unanswered(base_url: str, request: BaseHTTPRequestHandler) -> None:
    """The server carries the request out, and its answer is lost."""
    relay(base_url, request, meanwhile=lambda: _reset(request))


def cut(base_url: str, request: BaseHTTPRequestHandler) -> None:
    """The connection ends in the middle of the answer."""
    request.wfile.write(b'HTTP/1.1 200 x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"')
    relay(base_url, request, meanwhile=lambda: _stop(request))


def unreached(status: int) -> Fault:
    """A gateway answers for a server that it does not reach."""
    return lambda _, request: answer(request, status, b"<html>bad gateway</html>")


def unheard(status: int) -> Fault:
    """A gateway answers for a server that has carried the request out."""

    def fault(base_url: str, request: BaseHTTPRequestHandler) -> None:
        with contextlib.suppress(Stop):
            relay(base_url, request, meanwhile=lambda: _stop(request))
        answer(request, status, b"<html>bad gateway</html>")

    return fault


def late(base_url: str, request: BaseHTTPRequestHandler) -> None:
    """The answer takes a while."""
    time.sleep(0.15)
    relay(base_url, request)


def resets(share: float) -> dict[Fault, float]:
    """Of a share of the requests the connection is lost, before, after or while they are answered."""
    return dict.fromkeys((lost, unanswered, cut), share / 3)


def gateway(status: int, share: float) -> dict[Fault, float]:
    """A share of the requests is answered by a gateway."""
    return dict.fromkeys((unreached(status), unheard(status)), share / 2)


@contextlib.contextmanager
def network(base_url: str, seed: int, shares: dict[Fault, float]) -> Iterator[tuple[str, Counter[str]]]:
    """An address that leads to a server through a bad network, and what that has done so far."""
    source, lock, done = random.Random(seed), threading.Lock(), Counter[str]()

    def handle(request: BaseHTTPRequestHandler) -> None:
        with lock:
            [fault] = source.choices([*shares, None], [*shares.values(), 1 - sum(shares.values())])
            done[fault.__name__ if fault else "relayed"] += 1
        (fault or relay)(base_url, request)

    with listening(handle) as url:
        yield url, done
