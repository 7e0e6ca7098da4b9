"""Faults of what comes at the same time: they show over two connections alone."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import Any

from ...contract.fields import get, has, put
from ..facts import chosen, visible
from ..messages import Answer, Request
from ..server import Mock
from .catalogue import back, fault

# Longer than two requests that are sent at once lie apart, in seconds.
WINDOW = 0.02


Work = Callable[[Request], Awaitable[Answer]]


def delayed(mock: Mock, *actions: str) -> Callable[[Work], None]:
    """Decorates what happens around the handling of some operations: an asynchronous function of request and handle."""

    def decorate(work: Work) -> None:
        @mock.on("exchange")
        async def _(exchange: Any, request: Request, receive: Any, send: Any) -> None:
            operation = request.operations.get(request.method)
            if operation is None or mock.action(operation.id) not in actions:
                await exchange(request, receive, send)
            else:
                await mock.send(request, await work(request), receive, send)

    return decorate


@fault("at-once", needs="edit", field=visible)
def field_mixed(mock: Mock, field: str) -> None:
    """Of two edits at once, one's `{field}` is stored with the other's rest."""

    @delayed(mock, "edit")
    async def _(request: Request) -> Answer:
        answer = mock.handle(request)
        token = request.token
        if answer.status < 300 and token and has(request.body, field):
            moment = token.moved_at
            await asyncio.sleep(WINDOW)
            if token.moved_at != moment:
                token.fields = put(token.fields, field, get(request.body, field))
        return answer


@fault("at-once", action=["edit", "create", "delete"])
def breaks(mock: Mock, action: str) -> None:
    """`{action}` fails while another one is under way."""
    busy = 0

    @delayed(mock, action)
    async def _(request: Request) -> Answer:
        nonlocal busy
        if busy:
            return Answer(500)
        busy += 1
        await asyncio.sleep(WINDOW)
        busy -= 1
        return mock.handle(request)


@fault("at-once", needs="create list")
def list_breaks(mock: Mock) -> None:
    """A list fails if there is a create while it is under way."""

    @delayed(mock, "list")
    async def _(request: Request) -> Answer:
        ids = set(mock.organizations[mock.home])
        await asyncio.sleep(WINDOW)
        return mock.handle(request) if set(mock.organizations[mock.home]) <= ids else Answer(500)


@fault("at-once", needs="edit delete")
def comes_back(mock: Mock) -> None:
    """{a} that is deleted during an edit is there again when that ends."""

    @delayed(mock, "edit")
    async def _(request: Request) -> Answer:
        answer = mock.handle(request)
        await asyncio.sleep(WINDOW)
        if request.token:
            request.tokens.setdefault(request.token.id, request.token)
        return answer


@fault("at-once", needs="create", what=["one-lost", "same-id"])
def creates(mock: Mock, what: str) -> None:
    """Of two creates at once, they are not two: {what}."""
    waiting: list[Any] = []

    @delayed(mock, "create")
    async def _(request: Request) -> Answer:
        answer = mock.handle(request)
        if answer.status >= 300:
            return answer
        name = mock.resource.id
        own = get(answer.body, name)
        waiting.append(own)
        await asyncio.sleep(WINDOW)
        waiting.remove(own)
        if waiting and what == "one-lost":
            request.tokens.pop(str(own), None)
        elif waiting:
            answer.body = put(answer.body, name, waiting[-1])
        return answer


@fault("at-once", needs="edit get", field=chosen)
def half_read(mock: Mock, field: str) -> None:
    """A read during an edit shows all but `{field}` as it will be."""

    @delayed(mock, "edit")
    async def _(request: Request) -> Answer:
        before = {id: copy.copy(token.fields) for tokens in mock.organizations.values() for id, token in tokens.items()}
        answer = mock.handle(request)
        token = request.token
        if answer.status < 300 and token and has(token.fields, field) and has(before.get(token.id), field):
            moment, after = token.moved_at, token.fields
            token.fields = back(after, field, before[token.id])
            await asyncio.sleep(WINDOW)
            if token.moved_at == moment:
                token.fields = after
        return answer


@fault("at-once", needs="edit create")
def crossed(mock: Mock) -> None:
    """Of two edits of two {nouns} at once, one stores what was meant for the other."""
    under_way: list[Request] = []

    @delayed(mock, "edit")
    async def _(request: Request) -> Answer:
        answer = mock.handle(request)
        under_way.append(request)
        await asyncio.sleep(WINDOW)
        under_way.remove(request)
        other = next((each for each in under_way if each.token is not request.token), None)
        if other and other.token and request.token:
            request.token.fields = dict(other.token.fields)
        return answer
