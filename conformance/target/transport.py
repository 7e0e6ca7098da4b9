"""An application object as a server: httpx transports that call ASGI and WSGI applications, without a socket.

httpx has such transports too, but they are no servers: its WSGITransport decodes paths twice and fails at headers that
are not ASCII, its ASGITransport knows no lifespan, and neither minds a body that is longer than it says.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import sys
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar
from urllib.parse import unquote, unquote_to_bytes

import httpx

from .reading import MAX_ANSWER
from .stops import CannotRun

Application = Callable[..., Any]
Headers = list[tuple[bytes, bytes]]
T = TypeVar("T")

# How long an application may go on after its answer before the next request is sent, in seconds.
GRACE = 0.1
# What a server answers for an application that raised an exception.
FAILED = 500, [(b"content-type", b"text/plain")], b"Internal Server Error"


def transport(app: Application) -> httpx.BaseTransport:
    """What calls `app` by its interface. Raises CannotRun if it has neither of the two, or does not start."""
    if _takes(app, "scope", "receive", "send"):
        return ASGI(app)
    if _takes(app, "environ", "start_response"):
        return WSGI(app)
    raise CannotRun(f"{type(app).__name__} is neither an ASGI nor a WSGI application")


def _takes(app: object, *arguments: str) -> bool:
    try:
        inspect.signature(app).bind(*arguments)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


class WSGI(httpx.BaseTransport):
    """Calls a WSGI application, by PEP 3333."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        status, headers, body = 0, Headers(), bytearray()

        def start_response(line: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., None]:
            nonlocal status, headers
            if exc_info and body:
                raise exc_info[1]
            status = int(line[:3])
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
            return body.extend

        try:
            chunks: Iterable[bytes] = self._app(_environ(request), start_response)
            with contextlib.ExitStack() as stack:
                stack.callback(getattr(chunks, "close", lambda: None))
                for chunk in chunks:
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        break
        except Exception:
            return _failed(request, body)
        return _response(request, status, headers, body) if status else _failed(request, body)


def _environ(request: httpx.Request) -> dict[str, Any]:
    target = _target(request)
    path, _, query = target.partition(b"?")
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        # No part of WSGI, but every server has one of them.
        "RAW_URI": target.decode("latin-1"),
        "REQUEST_URI": target.decode("latin-1"),
        "SERVER_NAME": request.url.host,
        "SERVER_PORT": str(_port(request)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.url.scheme,
        "wsgi.input": io.BytesIO(request.read()),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw, value in request.headers.raw:
        name = raw.decode("latin-1").upper().replace("-", "_")
        name = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
        text = value.decode("latin-1")
        environ[name] = f"{environ[name]}, {text}" if name in environ else text
    return environ


class ASGI(httpx.BaseTransport):
    """Calls an ASGI application, on an event loop of its own that runs while a request is under way.

    The application is started and stopped by the events of the protocol's lifespan, if it knows them.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._state: dict[str, Any] = {}
        self._loop = asyncio.new_event_loop()
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        try:
            self._run(self._start())
        except BaseException:
            self._loop.close()
            raise

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._run(self._answer(request))

    def close(self) -> None:
        self._run(self._stop())
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        task = self._loop.create_task(work)
        try:
            return self._loop.run_until_complete(task)
        except BaseException:
            task.cancel()
            raise

    async def _start(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._events.put_nowait({"type": "lifespan.startup"})
        self._lifespan = asyncio.ensure_future(self._app(scope, self._events.get, said.put))
        first = asyncio.ensure_future(said.get())
        await asyncio.wait({self._lifespan, first}, return_when=asyncio.FIRST_COMPLETED)
        if not first.done():
            # It has ended without a word: it knows no lifespan.
            first.cancel()
        elif first.result()["type"] == "lifespan.startup.failed":
            lines = str(first.result().get("message")).split("\n")
            raise CannotRun(f"the application does not start: {next(filter(None, reversed(lines)), '')}")

    async def _stop(self) -> None:
        self._events.put_nowait({"type": "lifespan.shutdown"})
        await asyncio.gather(self._lifespan, return_exceptions=True)
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in left:
                task.cancel()
            # No longer, for what hangs in a thread cannot be cancelled.
            await asyncio.wait(left, timeout=GRACE)
        await self._loop.shutdown_asyncgens()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        status, headers, body, asked = 0, Headers(), bytearray(), False
        ended: asyncio.Future[None] = self._loop.create_future()

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if asked:
                # Whoever ceases to wait for it does not end it.
                await asyncio.shield(ended)
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": request.read(), "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], [(bytes(k), bytes(v)) for k, v in message.get("headers", ())]
            elif message["type"] == "http.response.body" and not ended.done():
                body.extend(message.get("body", b""))
                if not message.get("more_body") or len(body) > MAX_ANSWER:
                    ended.set_result(None)

        app = asyncio.ensure_future(self._app(_scope(request, self._state), receive, send))
        timeout = request.extensions["timeout"]["read"]
        await asyncio.wait({app, ended}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if ended.done() and not app.done():
            # What is left to do may take as long as it likes, in the background.
            await asyncio.wait({app}, timeout=GRACE)
        elif not app.done():
            app.cancel()
            raise httpx.ReadTimeout("the application did not answer in time")
        if app.done():
            _raise_what_is_no_error(app.exception())
        return _response(request, status, headers, body) if ended.done() else _failed(request, body)


def _target(request: httpx.Request) -> bytes:
    """The path as it is to be sent; of a whole address, which servers take apart, its path."""
    target: bytes = request.extensions.get("target", request.url.raw_path)
    scheme, found, rest = target.partition(b"://")
    return b"/" + rest.partition(b"/")[2] if found and b"/" not in scheme else target


def _scope(request: httpx.Request, state: dict[str, Any]) -> dict[str, Any]:
    path, _, query = _target(request).partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 50_000),
        "server": (request.url.host, _port(request)),
        "state": state.copy(),
    }


def _port(request: httpx.Request) -> int:
    return request.url.port or {"https": 443}.get(request.url.scheme, 80)


def _raise_what_is_no_error(error: BaseException | None) -> None:
    """Raises what came from outside and not from the application: a deadline that a signal told, an interruption."""
    while isinstance(error, BaseExceptionGroup) and not isinstance(error, Exception):
        error = error.exceptions[0]
    if error and not isinstance(error, Exception):
        raise error


def _response(request: httpx.Request, status: int, headers: Headers, body: bytearray) -> httpx.Response:
    """An answer as a client sees it. Raises RemoteProtocolError if it is not as long as it says."""
    actual = str(len(body))
    told = {name.lower(): value.decode("latin-1") for name, value in headers}.get(b"content-length", actual)
    if request.method == "HEAD":
        body = bytearray()
    elif told != actual and len(body) <= MAX_ANSWER and status not in (204, 304):
        raise httpx.RemoteProtocolError(f"it says that it is {told} bytes long and is {actual}")
    # A stream, for httpx would add headers to content.
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(bytes(body)))


def _failed(request: httpx.Request, body: bytearray) -> httpx.Response:
    """What becomes of an answer when the application fails: a 500, or nothing more once a part of it is sent."""
    if body:
        raise httpx.RemoteProtocolError("the application failed in the middle of it")
    status, headers, text = FAILED
    return _response(request, status, list(headers), bytearray(text))
