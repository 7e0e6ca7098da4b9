"""A server between the suite and another one, which does with every request what a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Handle = Callable[[BaseHTTPRequestHandler], None]


# What is about a connection alone.
HOPS = ("host", "connection", "transfer-encoding", "expect")


def _chunks(request: BaseHTTPRequestHandler) -> Iterator[bytes]:
    """The body of a request that comes in chunks."""
    if request.headers.get("Transfer-Encoding") == "chunked":
        while size := int(request.rfile.readline(), 16):
            yield request.rfile.read(size)
            request.rfile.readline()
        request.rfile.readline()


@contextmanager
def listening(handle: Handle) -> Iterator[str]:
    """The address of an HTTP server that does with every request what `handle` says."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def parse_request(self) -> bool:
            parsed = super().parse_request()
            if parsed:
                self.body = b"".join(_chunks(self)) or self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.close_connection = True
                with suppress(OSError):
                    handle(self)
            return False

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def relay(
    base_url: str, request: BaseHTTPRequestHandler, *headers: str, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Answers as the server at `base_url` does, with more headers, and keeps the connection.

    Once the server has answered, and before the answer is passed on, `meanwhile` is called.
    """
    sent = {name: value for name, value in request.headers.items() if name.lower() not in HOPS}
    # The connection to the server lasts as long as the one to the suite.
    upstream = vars(request).setdefault("upstream", HTTPConnection(urlsplit(base_url).netloc))
    upstream.request(request.command, request.path.removeprefix(base_url), getattr(request, "body", b"") or None, sent)
    answer = upstream.getresponse()
    body = answer.read()
    meanwhile()
    lines = [f"HTTP/1.1 {answer.status} x"]
    lines += [
        f"{k}: {v}"
        for k, v in answer.headers.items()
        if not k.lower().startswith(("connection", "content-length", "x-r"))
    ]
    lines += headers
    lines += [f"Content-Length: {len(body)}"] * (answer.status != 204)
    request.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    request.close_connection = False


def answer(request: BaseHTTPRequestHandler, status: int, body: bytes, *headers: str) -> None:
    """Answers, and closes the connection."""
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers]
    request.wfile.write("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)
