"""Variants that put what comes at the same time in order, or refuse one."""

from __future__ import annotations

import asyncio
from typing import Any

from ..messages import Answer, Request
from ..server import Mock
from .catalogue import variant


@variant("at-once")
def in_order(mock: Mock) -> None:
    """Requests wait for each other."""
    lock = asyncio.Lock()

    @mock.on("exchange")
    async def _(exchange: Any, *arguments: Any) -> None:
        async with lock:
            await asyncio.sleep(0.002)
            await exchange(*arguments)


@variant("at-once", status={"409": 409, "423": 423})
def refused(mock: Mock, status: int) -> None:
    """While one request writes, another that would is refused with {status}."""
    busy = 0

    @mock.on("exchange")
    async def _(exchange: Any, request: Request, receive: Any, send: Any) -> None:
        nonlocal busy
        if request.method == "GET":
            await exchange(request, receive, send)
        elif busy:
            await mock.send(request, Answer(status), receive, send)
        else:
            busy += 1
            await asyncio.sleep(0.005)
            busy -= 1
            await exchange(request, receive, send)
