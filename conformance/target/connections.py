"""The connections that most requests go over, or the application that is called in their place."""

from __future__ import annotations

import contextlib
import time
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from .exchange import Answer, Request
from .network import CLOSED, CUT, LATE
from .reading import MAX_ANSWER, Late, deadline, decoded
from .stops import CannotRun, short

if TYPE_CHECKING:
    from .target import Target

# An answer of more JSON values than this is taken for a bomb: decoded, each takes up to a hundred bytes.
MAX_VALUES = 60_000
# The slowest network that a long body has the time to go over, in bytes a second.
_SLOWEST = 50_000
# Sent with every request.
HEADERS = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", "qovery-git-token-conformance"),
)


class Connections:
    """Carries a request to the server, and reads the answer."""

    def __init__(self, target: Target) -> None:
        self._target = target
        # What the server speaks, by its last answer.
        self.version = b""
        self.connect()

    def connect(self) -> None:
        """Makes the connections: a process must not use those of the one that it was forked from."""
        # Was the last request sent over a connection that had been used before?
        self.reused = False
        # Not an httpx.Client: what that does beyond carrying requests takes half as long again, cookies above all.
        if self._target.transport:
            self._carrier = self._target.transport
            return
        scheme, proxy = urlsplit(self._target.base_url).scheme, self._target.proxy
        try:
            self._carrier = httpx.HTTPTransport(
                # Certificates take a while to read, and without TLS nobody shows one.
                verify=scheme == "https" or proxy is not None,
                proxy=proxy,
                # An idle connection is given up before most servers close it.
                limits=httpx.Limits(max_keepalive_connections=2, max_connections=4, keepalive_expiry=2),
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise CannotRun(f"check HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE: {short(error)}") from None

    def renew(self) -> None:
        """Closes idle connections: the next request goes over a fresh one."""
        if not self._target.transport:
            self.close()
            self.connect()

    def close(self) -> None:
        self._carrier.close()

    def exchange(self, request: Request) -> Answer:
        """Sends a request and reads the answer. Raises httpx's errors if there is no connection."""
        start = time.monotonic()
        status = 0
        headers: tuple[tuple[str, str], ...] = ()
        body = bytearray()
        problem = None
        timeout = self._target.timeout
        if not self._target.transport:
            timeout += len(request.body or b"") // _SLOWEST
        sent = self._request(request, timeout)
        self.reused = True
        try:
            with deadline(timeout):
                response = self._carrier.handle_request(sent)
                status = response.status_code
                self.version = response.extensions.get("http_version", b"")
                headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw)
                with contextlib.closing(response):
                    for chunk in decoded(response):
                        body += chunk
                        if len(body) > MAX_ANSWER:
                            problem = f"more than {MAX_ANSWER // 2**20} MiB of answer, and no end"
                            break
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.LocalProtocolError):
            raise
        except (httpx.TimeoutException, Late):
            problem = f"{LATE}{timeout:g} s"
            self._target.hangs += 1
        except zlib.error:
            problem = "the body does not decode by its Content-Encoding"
        except httpx.TransportError as error:
            problem = f"{CUT}{error}"
            if not status and (isinstance(error, httpx.NetworkError) or "disconnected" in str(error)):
                problem = CLOSED
        if sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
            problem, body = f"more than {MAX_VALUES} values in an answer", bytearray()
        return Answer(status, headers, bytes(body), time.monotonic() - start, problem)

    def _request(self, request: Request, timeout: float) -> httpx.Request:
        """A request as httpx sends it."""
        target = self._target
        fields = [*(each for each in HEADERS if request.header(each[0]) is None), *request.headers]
        extensions: dict[str, Any] = {
            "timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout),
            "trace": self._trace,
        }
        if request.verbatim:
            # What stands behind the method on the first line of a request; a whole address stays one.
            path = request.path if "://" in request.path else urlsplit(target.base_url).path + request.path
            extensions["target"] = path.encode()
        return httpx.Request(
            request.method,
            target.base_url + ("" if request.verbatim else request.path),
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields],
            content=request.body,
            extensions=extensions,
        )

    def _trace(self, event: str, _: object) -> None:
        """Notes that a connection is made for a request."""
        if event == "connection.connect_tcp.started":
            self.reused = False
