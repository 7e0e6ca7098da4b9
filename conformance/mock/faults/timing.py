"""Faults of time: answers that are late, stop, or do not end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections.abc import Callable
from typing import Any

from starlette.types import Receive, Send

from ...contract.fields import get
from ...contract.resource import Resource
from ..facts import addresses, bound, choices, does, free, label
from ..messages import Answer, Refusal, Request
from ..server import Mock
from .catalogue import HANG, answers, fault, refuse


@fault("time", needs="edit", every={"3": 3, "7": 7, "20": 20}, status={"500": 500})
@fault("time", needs="edit", every={"3": 3, "7": 7}, status={"503": 503})
def every(mock: Mock, every: int, status: int) -> None:
    """One edit in {every} fails with {status}."""
    counter = itertools.count(1)
    refuse(mock, status, lambda *_: next(counter) % every == 0, "edit")


@fault("time", action=["get", "list", "create"])
def now_and_then(mock: Mock, action: str) -> None:
    """One `{action}` in five fails."""
    counter = itertools.count(1)

    @mock.on("perform")
    def _(perform: Any, request: Request) -> Any:
        if request.action == action and next(counter) % 5 == 0:
            raise Refusal(502, "bad gateway")
        return perform(request)


@fault("time", needs="edit", after={"10": 10, "25": 25, "60": 60})
def after_many_edits(mock: Mock, after: int) -> None:
    """Edits fail for good after {after} of them."""
    counter = itertools.count(1)
    refuse(mock, 500, lambda *_: next(counter) > after, "edit")


@fault("time", needs="edit", every={"4": 4, "15": 15})
def lost_now_and_then(mock: Mock, every: int) -> None:
    """One edit in {every} is answered as if done and is not stored."""
    counter = itertools.count(1)

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before = request.token.fields
        shown = edit(request)
        if next(counter) % every == 0:
            request.token.fields = before
        return shown


@fault("time", needs="edit get", every={"4": 4, "9": 9})
def stale_now_and_then(mock: Mock, every: int) -> None:
    """One get in {every} shows {a} as it was before the last edit."""
    counter = itertools.count(1)
    before: dict[str, Any] = {}

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before[request.token.id] = mock.show(request, request.token)
        return edit(request)

    @answers(mock, "get")
    def _(request: Request, answer: Answer) -> None:
        if next(counter) % every == 0:
            answer.body = before.get(request.token.id if request.token else "", answer.body)


async def gone(receive: Receive) -> None:
    """Waits until the client has gone, or time is up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HANG):
            while (await receive())["type"] != "http.disconnect":
                pass


def text_of(request: Request, name: str) -> str:
    value = get(request.body, name)
    return value if isinstance(value, str) else ""


Hangs = Callable[[Request, Answer], Any]
HANGS: dict[str, Hangs] = {
    "an-edit": lambda request, _: request.action == "edit",
    "a-create": lambda request, _: request.action == "create",
    "a-list": lambda request, _: request.action == "list",
    "services": lambda request, _: request.action == "services",
    "401": lambda _, answer: answer.status == 401,
    "404": lambda _, answer: answer.status == 404,
    "400": lambda _, answer: answer.status == 400,
    "405": lambda _, answer: answer.status == 405,
    "no-body": lambda request, _: bool(request.operation and request.operation.request_schema) and not request.raw,
    "after-a-delete": lambda request, answer: request.action == "get" and answer.status == 404,
}
# What hangs for a value of a field.
EMOJI = re.compile("[\U00010000-\U0010ffff]")
OWN_SERVER = re.compile(r"://(localhost|127|10\.|192\.168|\[)")
BACKTRACKING = re.compile(r"(.)\1{30}")


def _hangs(resource: Resource) -> dict[str, Hangs]:
    needs = {
        "an-edit": "edit",
        "a-create": "create",
        "a-list": "list",
        "services": "services",
        "after-a-delete": "delete",
    }
    found = {when: each for when, each in HANGS.items() if when not in needs or does(resource, needs[when])}
    for name in free(resource)[:1]:
        found |= {"emoji": _at(name, EMOJI), "backtracking": _at(name, BACKTRACKING)}
    long = [name for name in free(resource) if bound(resource.fields[name]) > 500 and name not in resource.secrets]
    found |= {f"long-{label(name)}": _longer(name) for name in long[:1]}
    if resource.switch:
        found["unknown-choice"] = _unknown(resource.switch, choices(resource))
    if names := addresses(resource):
        found["own-server"] = _at(names[0], OWN_SERVER)
    return found


def _at(name: str, pattern: re.Pattern[str]) -> Hangs:
    return lambda request, _: pattern.search(text_of(request, name))


def _longer(name: str) -> Hangs:
    return lambda request, _: len(text_of(request, name)) > 500


def _unknown(name: str, known: list[str]) -> Hangs:
    return lambda request, _: text_of(request, name) not in ("", *known)


@fault("time", when=_hangs)
def hangs(mock: Mock, when: Hangs) -> None:
    """There is no answer for a minute: {when}."""

    @mock.on("send")
    async def _(send_on: Any, request: Request, answer: Answer, receive: Receive, send: Send) -> None:
        if when(request, answer):
            await gone(receive)
        await send_on(request, answer, receive, send)


@fault("time", action=["edit", "list"])
def stops_half_way(mock: Mock, action: str) -> None:
    """The answer to `{action}` stops for a minute after half of its body."""

    @mock.on("send")
    async def _(send_on: Any, request: Request, answer: Answer, receive: Receive, send: Send) -> None:
        async def halting(message: Any) -> None:
            body = message.get("body", b"")
            if body:
                await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
                await gone(receive)
            await send({**message, "body": body[len(body) // 2 :]} if body else message)

        await send_on(request, answer, receive, halting if request.action == action and answer.status < 300 else send)


@fault("time", action=["edit", "get"])
def endless(mock: Mock, action: str) -> None:
    """The body of the answer to `{action}` does not end."""

    @mock.on("send")
    async def _(send_on: Any, request: Request, answer: Answer, receive: Receive, send: Send) -> None:
        if request.action != action or answer.status >= 300:
            await send_on(request, answer, receive, send)
            return
        headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        end = asyncio.ensure_future(gone(receive))
        while not end.done():
            await send({"type": "http.response.body", "body": b" " * 4096, "more_body": True})
            await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": mock.encode(request, answer)})
