"""Trying again: what is repeated, what never is, and how long it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
    retries,
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
    return Client(jwt="x", transport=retries.transport(**options, wrapped=httpx.MockTransport(failing)))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits, which do not take place."""
    found: list[float] = []

    async def asleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr("httpx_retries.retry.time.sleep", found.append)
    monkeypatch.setattr("httpx_retries.retry.asyncio.sleep", asleep)
    return found


FAILURES: list[Callable[[], httpx.Response | Exception]] = [
    *(lambda status=status: httpx.Response(status) for status in (429, 502, 503, 504)),
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
    assert len(waits) == 2


@pytest.mark.parametrize("failure", FAILURES)
def test_create_is_never_repeated(failure: Callable[[], httpx.Response | Exception], waits: list[float]) -> None:
    failing = Failing(failure())
    with pytest.raises((errors.StatusError, httpx.TransportError)):
        create_git_token.sync(ORGANIZATION, client=client(failing), body=BODY)
    assert (len(failing.bodies), waits) == (1, [])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 501])
def test_other_statuses_are_not_repeated(status: int, waits: list[float]) -> None:
    failing = Failing(httpx.Response(status))
    with pytest.raises(errors.StatusError):
        CALLS["edit"](client(failing))
    assert (len(failing.bodies), waits) == (1, [])


@pytest.mark.parametrize("name", ["edit", "edit, asynchronous"])
def test_retry_after_is_honoured_up_to_the_longest_wait(name: str, waits: list[float]) -> None:
    failing = Failing(*(httpx.Response(429, headers={"Retry-After": wait}) for wait in ("7", "59", "3600")))
    CALLS[name](client(failing))
    assert waits == [7.0, 59.0, 60.0]


def test_it_ends(waits: list[float]) -> None:
    failing = Failing(*(httpx.Response(503) for _ in range(9)))
    with pytest.raises(errors.ServerError):
        CALLS["edit"](client(failing, total=2))
    assert (len(failing.bodies), len(waits)) == (3, 2)
    unreachable = Failing(*(httpx.ConnectError("refused") for _ in range(9)))
    with pytest.raises(httpx.ConnectError):
        CALLS["get"](client(unreachable, total=2))
    assert len(unreachable.bodies) == 3


def test_without_the_transport_nothing_is_repeated() -> None:
    failing = Failing(httpx.Response(503))
    with pytest.raises(errors.ServerError):
        CALLS["edit"](Client(jwt="x", transport=httpx.MockTransport(failing)))
    assert len(failing.bodies) == 1
