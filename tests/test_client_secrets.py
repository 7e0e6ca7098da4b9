"""Canaries: whatever the client can be made to print, none of the secrets that went into it is in there."""

from __future__ import annotations

import asyncio
import copy
import io
import logging
import pickle
import pprint
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import httpx
import pytest
from qovery_git_token import Client, GitProvider, GitTokenRequest, Response, edit_git_token, errors
from rich.pretty import pretty_repr
from rich.traceback import Traceback

CREDENTIAL, GIT_TOKEN, EXTRA = "canary-credential-7Yx", "canary-git-9Qv", "canary-extra-3Rt"
CANARIES = (CREDENTIAL, GIT_TOKEN, EXTRA)
ORGANIZATION, TOKEN = UUID(int=1), UUID(int=2)
ANSWER = {
    "id": str(TOKEN),
    "created_at": "2026-01-15T09:30:00Z",
    "name": "ci",
    "type": "GITHUB",
    "git_api_url": "https://api.github.com",
    "associated_services_count": 3,
}
# What a server may do wrong with the secrets that it got.
ECHO = {**ANSWER, "token": GIT_TOKEN, "headers": [CREDENTIAL], "more": EXTRA}
ANSWERS = {
    "leaking 200": httpx.Response(200, json=ECHO),
    "malformed 200": httpx.Response(200, json={**ECHO, "created_at": GIT_TOKEN}),
    "malformed item": httpx.Response(200, json=[GIT_TOKEN]),
    "no JSON": httpx.Response(200, text=f"<p>{GIT_TOKEN} {CREDENTIAL}"),
    "400": httpx.Response(400, json={"message": f"{GIT_TOKEN!r} is no token, says {CREDENTIAL}"}),
    "401": httpx.Response(401, json={"detail": f"no such API token: {CREDENTIAL}", "token": GIT_TOKEN}),
    "404": httpx.Response(404, text=GIT_TOKEN),
    "429": httpx.Response(429, headers={"Retry-After": CREDENTIAL, "X-RateLimit-Limit": CREDENTIAL}),
    "500": httpx.Response(500, json={"message": f"Traceback: {GIT_TOKEN} {CREDENTIAL}"}),
    "302": httpx.Response(302, headers={"Location": f"https://elsewhere.example.com/?{GIT_TOKEN}"}),
    "418": httpx.Response(418, json={"message": GIT_TOKEN}),
}
# What a server on a socket may do wrong, as what it sends after the request; None closes the connection at once.
WIRE = {
    "closed at once": None,
    "closed": b"",
    "no HTTP": b"canary? no\r\n\r\n",
    "cut off": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
    "no gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx",
    "refused": b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
}


def body() -> GitTokenRequest:
    others = {"id": str(TOKEN), "more": EXTRA}
    return GitTokenRequest("ci", GitProvider.GITHUB, GIT_TOKEN, additional_properties=others)


def sync(client: Client) -> object:
    return edit_git_token.sync(ORGANIZATION, TOKEN, client=client, body=body())


def detailed(client: Client) -> object:
    return edit_git_token.sync_detailed(ORGANIZATION, TOKEN, client=client, body=body())


def asynchronous(client: Client) -> object:
    return asyncio.run(edit_git_token.asyncio(ORGANIZATION, TOKEN, client=client, body=body()))


CALLS = [sync, detailed, asynchronous]


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qovery_git_token.retries._FIRST", 0)


@contextmanager
def printed(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[object], None]]:
    """Checks, on leaving, what was logged at DEBUG and what the given function was told to show in every way."""
    text = io.StringIO()

    def show(thing: object) -> None:
        for way in (repr, str, "{0}".format, "{0!a}".format, pprint.pformat, pretty_repr):
            print(way(thing), file=text)
        if isinstance(thing, BaseException):
            traceback.print_exception(thing, file=text)
            lines = traceback.TracebackException.from_exception(thing, capture_locals=True)
            print("".join(lines.format()), file=text)
            # What rich would render, without the time that rendering takes.
            trace = Traceback.extract(
                type(thing),
                thing,
                thing.__traceback__,
                show_locals=True,
                locals_max_length=999,
                locals_max_string=99999,
                locals_hide_dunder=False,
            )
            for stack in trace.stacks:
                for frame in stack.frames:
                    print(*(frame.locals or {}).items(), *map(str, (frame.locals or {}).values()), file=text)
            logging.getLogger("user").error("failed: %s", thing, exc_info=thing)

    caplog.set_level(logging.DEBUG)
    yield show
    text.write(caplog.text)
    for record in caplog.records:
        text.write(f"{record.msg!r} {record.args!r} {record.getMessage()}\n")
    for canary in CANARIES:
        assert canary not in text.getvalue()
    assert text.getvalue()


def outcome(call: Callable[[Client], object], client: Client) -> object:
    """What a call returns or raises."""
    try:
        return call(client)
    except (errors.QoveryError, httpx.HTTPError) as error:
        return error


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", ANSWERS)
def test_answers(name: str, call: Callable[[Client], object], caplog: pytest.LogCaptureFixture) -> None:
    said = ANSWERS[name]
    again: dict[str, Any] = {"status_code": said.status_code, "headers": said.headers, "content": said.content}
    transport = httpx.MockTransport(lambda _: httpx.Response(**again))
    with printed(caplog) as show, Client(api_token=CREDENTIAL, transport=transport) as client:
        ends = outcome(call, client)
        for thing in (
            ends,
            client,
            body(),
            copy.deepcopy(ends),
            pickle.loads(pickle.dumps(ends)),
            getattr(ends, "response", 0),
        ):
            show(thing)


@contextmanager
def listening(answer: bytes | None) -> Iterator[str]:
    """A server on a socket that reads something and sends what it is told, to every connection alike."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        if answer is not None:
                            connection.recv(65536)
                            connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("retrying", [False, True])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", WIRE)
def test_failures_on_the_wire(
    name: str, call: Callable[[Client], object], retrying: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with printed(caplog) as show, listening(WIRE[name]) as address:
        ends = outcome(call, Client(api_token=CREDENTIAL, base_url=address, max_retries=int(retrying)))
        assert isinstance(ends, (httpx.TransportError, httpx.DecodingError, errors.StatusError, Response))
        show(ends)


@pytest.mark.parametrize("call", CALLS)
def test_nobody_there_and_too_late(call: Callable[[Client], object], caplog: pytest.LogCaptureFixture) -> None:
    with printed(caplog) as show, socket.create_server(("127.0.0.1", 0)) as silent:
        silent_address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for address, failure in ((silent_address, httpx.ReadTimeout), ("http://127.0.0.1:1", httpx.ConnectError)):
            ends = outcome(call, Client(jwt=CREDENTIAL, base_url=address, timeout=0.05, max_retries=0))
            assert isinstance(ends, failure)
            show(ends)


@pytest.mark.parametrize("call", CALLS)
def test_interruptions_and_bugs_below(call: Callable[[Client], object], caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong in httpx or in a transport, with the request in its hands."""

    def fail(request: httpx.Request) -> httpx.Response:
        content, headers = request.content, dict(request.headers)
        raise error from ValueError(content, headers)

    with printed(caplog) as show:
        for error in (KeyboardInterrupt(), RuntimeError("bug"), asyncio.CancelledError()):
            with pytest.raises(BaseException) as caught:
                call(Client(jwt=CREDENTIAL, transport=httpx.MockTransport(fail)))
            assert isinstance(caught.value, (type(error), asyncio.CancelledError))
            show(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"api_token": CREDENTIAL + "\n"},
        {"api_token": CREDENTIAL, "jwt": CREDENTIAL},
        {"jwt": CREDENTIAL, "base_url": "nowhere"},
        {"jwt": CREDENTIAL, "base_url": f"https://user:{EXTRA}@api.qovery.com"},
        {"jwt": [CREDENTIAL]},
        {"jwt": CREDENTIAL + "é"},
    ],
)
def test_a_client_that_cannot_be_made(options: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    failures = []

    def make() -> None:
        with pytest.raises(errors.QoveryError) as caught:
            Client(**options)
        # The frame that holds the options is the test's own.
        failures.append(caught.value.with_traceback(caught.value.__traceback__.tb_next))  # type: ignore[union-attr]

    make()
    with printed(caplog) as show:
        show(failures[0])


def test_the_environment(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("QOVERY_API_TOKEN", CREDENTIAL + "\t")
    with printed(caplog) as show:
        with pytest.raises(errors.QoveryError) as caught:
            Client.from_env()
        show(caught.value)


def test_bodies_that_are_no_json(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(jwt=CREDENTIAL)
    with printed(caplog) as show:
        for wrong in (float("nan"), object(), {1, 2}):
            request = body()
            request.additional_properties["x"] = wrong
            with pytest.raises((TypeError, ValueError)) as caught:
                edit_git_token.sync(ORGANIZATION, TOKEN, client=client, body=request)
            show(caught.value)
