"""Trying again: what is repeated, what never is, and how long it waits."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from qovery_git_token import (
    Client,
    GitProvider,
    GitTokenRequest,
    create_git_token,
    delete_git_token,
    edit_git_token,
    errors,
    get_organization_git_token,
)

ORGANIZATION, TOKEN = UUID(int=1), UUID(int=2)
BODY = GitTokenRequest(name="ci", type_=GitProvider.GITHUB, token="s3cret")
ANSWER = {
    "id": str(TOKEN),
    "created_at": "2026-01-15T09:30:00Z",
    "name": "ci",
    "type": "GITHUB",
    "git_api_url": "https://api.github.com",
    "associated_services_count": 3,
}

CALLS: dict[str, Callable[[Client], object]] = {
    "edit": lambda client: edit_git_token.sync(ORGANIZATION, TOKEN, client=client, body=BODY),
    "get": lambda client: get_organization_git_token.sync(ORGANIZATION, TOKEN, client=client),
    "delete": lambda client: delete_git_token.sync(ORGANIZATION, TOKEN, client=client),
    "edit, asynchronous": lambda client: asyncio.run(
        edit_git_token.asyncio(ORGANIZATION, TOKEN, client=client, body=BODY)
    ),
}


class Failing:
    """Answers with the given failures, one a request, and with success from then on."""

    def __init__(self, *failures: httpx.Response | Exception) -> None:
        self.failures = list(failures)
        self.bodies: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.content)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        return httpx.Response(204) if request.method == "DELETE" else httpx.Response(200, json=ANSWER)


def client(failing: Failing, **options: Any) -> Client:
    return Client(jwt="x", transport=httpx.MockTransport(failing), **options)


def limited(**headers: str) -> httpx.Response:
    return httpx.Response(429, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits, which do not take place."""
    found: list[float] = []

    async def asleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr("qovery_git_token.base.time.sleep", found.append)
    monkeypatch.setattr("anyio.sleep", asleep)
    return found


FAILURES: list[Callable[[], httpx.Response | Exception]] = [
    *(lambda status=status: httpx.Response(status) for status in (408, 429, 500, 502, 503, 504)),
    lambda: httpx.ConnectError("refused"),
    lambda: httpx.ReadError("reset"),
    lambda: httpx.ReadTimeout("late"),
    lambda: httpx.RemoteProtocolError("closed"),
]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("failure", FAILURES)
def test_passing_failures_are_overcome(
    name: str, failure: Callable[[], httpx.Response | Exception], waits: list[float]
) -> None:
    failing = Failing(failure(), failure())
    CALLS[name](client(failing))
    assert len(failing.bodies) == 3
    assert len(set(failing.bodies)) == 1
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1


@pytest.mark.parametrize("failure", FAILURES)
def test_create_is_never_repeated(failure: Callable[[], httpx.Response | Exception], waits: list[float]) -> None:
    failing = Failing(failure())
    with pytest.raises((errors.StatusError, httpx.TransportError)):
        create_git_token.sync(ORGANIZATION, client=client(failing), body=BODY)
    assert (len(failing.bodies), waits) == (1, [])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 501])
def test_other_statuses_are_not_repeated(status: int, waits: list[float]) -> None:
    failing = Failing(httpx.Response(status))
    with pytest.raises(errors.StatusError):
        CALLS["edit"](client(failing))
    assert (len(failing.bodies), waits) == (1, [])


def in_seconds(seconds: float, scale: int = 1) -> str:
    return str(int((time.time() + seconds) * scale))


@pytest.mark.parametrize("name", ["edit", "edit, asynchronous"])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (lambda: {"Retry_After": "7"}, 7),
        (lambda: {"Retry_After": "1.5"}, 1.5),
        (lambda: {"Retry_After": "59"}, 59),
        (lambda: {"Retry_After": "20", "X_RateLimit_Reset": "40"}, 20),
        (lambda: {"X_RateLimit_Reset": "40"}, 40),
        (lambda: {"X_RateLimit_Reset": in_seconds(50)}, 40),
        (lambda: {"X_RateLimit_Reset": in_seconds(50, 1000)}, 40),
        (lambda: {"Retry_After": format_datetime(datetime.datetime.now(datetime.UTC) + datetime.timedelta(0, 50))}, 40),
    ],
)
def test_the_server_says_how_long(
    name: str, headers: Callable[[], dict[str, str]], seconds: float, waits: list[float]
) -> None:
    """Never earlier, and little later; a moment is a little nearer by the time that it is read."""
    CALLS[name](client(Failing(limited(**headers()))))
    assert seconds * 0.99 <= waits[0] <= seconds + 11


@pytest.mark.parametrize("headers", [{"Retry_After": "0"}, {"Retry_After": "-5"}, {"X_RateLimit_Reset": "1"}, {}])
def test_no_time_or_one_that_is_past_is_a_little_wait(headers: dict[str, str], waits: list[float]) -> None:
    CALLS["get"](client(Failing(limited(**headers))))
    assert 0 < waits[0] <= 1.1


@pytest.mark.parametrize("name", ["Retry_After", "X_RateLimit_Reset"])
def test_a_long_wait_is_the_callers(name: str, waits: list[float]) -> None:
    headers = {name: "1800" if name == "Retry_After" else in_seconds(1800)}
    failing = Failing(limited(**headers))
    with pytest.raises(errors.RateLimitedError) as caught:
        CALLS["get"](client(failing))
    assert (len(failing.bodies), waits) == (1, [])
    assert caught.value.retry_after is not None
    assert 900 < caught.value.retry_after <= 1800
    assert "(try again in " in str(caught.value)
    CALLS["get"](client(Failing(limited(**headers)), max_wait=3600))
    assert len(waits) == 1


def test_it_ends(waits: list[float]) -> None:
    failing = Failing(*(httpx.Response(503) for _ in range(9)))
    with pytest.raises(errors.ServerError):
        CALLS["edit"](client(failing, max_retries=3))
    assert (len(failing.bodies), len(waits)) == (4, 3)
    unreachable = Failing(*(httpx.ConnectError("refused") for _ in range(9)))
    with pytest.raises(httpx.ConnectError):
        CALLS["get"](client(unreachable))
    assert len(unreachable.bodies) == 3


def test_it_can_be_switched_off(waits: list[float]) -> None:
    failing = Failing(httpx.Response(503))
    with pytest.raises(errors.ServerError):
        CALLS["edit"](client(failing, max_retries=0))
    assert (len(failing.bodies), waits) == (1, [])


def test_waits_differ(waits: list[float]) -> None:
    for _ in range(20):
        CALLS["get"](client(Failing(httpx.Response(503))))
    assert len(set(waits)) > 10
