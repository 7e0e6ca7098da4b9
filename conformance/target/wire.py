"""Requests that go over connections of their own, at the same moment."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from .exchange import Answer, Request
from .network import CUT, LATE

# Sent with every request: the connection is for it alone.
_HEADERS = (("Accept", "application/json"), ("Connection", "close"))


def at_once(base_url: str, requests: Sequence[Request], timeout: float, most: int) -> list[Answer]:
    """Sends requests whole but for the last byte, then all last bytes; gives the answers, of `most` bytes each.

    Raises OSError if there is no connection.
    """
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(contextlib.closing(_connect(base_url, timeout))) for _ in requests]
        messages = [_message(base_url, request) for request in requests]
        for wire, message in zip(wires, messages, strict=True):
            wire.sendall(message[:-1])
        start = time.monotonic()
        for wire, message in zip(wires, messages, strict=True):
            wire.sendall(message[-1:])
        return [_answer(wire, each.method, start, timeout, most) for wire, each in zip(wires, requests, strict=True)]


def _connect(base_url: str, timeout: float) -> socket.socket:
    address = urlsplit(base_url)
    host = address.hostname or ""
    wire = socket.create_connection((host, address.port or (443 if address.scheme == "https" else 80)), timeout)
    # Else the last byte waits for the others to be acknowledged.
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return httpx.create_ssl_context().wrap_socket(wire, server_hostname=host) if address.scheme == "https" else wire


def _message(base_url: str, request: Request) -> bytes:
    """A request as it goes over the wire."""
    address = urlsplit(base_url)
    headers = [("Host", address.netloc.rpartition("@")[2]), *_HEADERS, *request.headers]
    if request.body is not None:
        headers.append(("Content-Length", str(len(request.body))))
    lines = [f"{request.method} {address.path}{request.path} HTTP/1.1", *(f"{name}: {each}" for name, each in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (request.body or b"")


def _answer(wire: socket.socket, method: str, start: float, timeout: float, most: int) -> Answer:
    response = http.client.HTTPResponse(wire, method=method)
    try:
        response.begin()
        body = response.read(most)
        if response.length and len(body) < most:
            # Nothing says so where as many bytes are read as there are.
            raise http.client.IncompleteRead(body, response.length)
    except (TimeoutError, ssl.SSLError, OSError, http.client.HTTPException, ValueError) as error:
        late = isinstance(error, TimeoutError)
        problem = f"{LATE}{timeout:g} s" if late else f"{CUT}{error}"
        return Answer(seconds=time.monotonic() - start, problem=problem)
    return Answer(response.status, tuple(response.getheaders()), body, time.monotonic() - start)
