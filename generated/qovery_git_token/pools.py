"""Connections: one pool for the synchronous calls of a process, and one for each event loop."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

import httpx

from .errors import QoveryError

if TYPE_CHECKING:
    import anyio

CONNECTIONS = 100  # as many as httpx opens

Transport: TypeAlias = httpx.BaseTransport | httpx.AsyncBaseTransport
HttpClient: TypeAlias = httpx.Client | httpx.AsyncClient
AsyncPool: TypeAlias = "tuple[httpx.AsyncClient, anyio.Semaphore]"


@dataclass(frozen=True, repr=False)
class Wiring:
    """How connections are made; what is None is as httpx does it."""

    headers: Mapping[str, str]
    transport: Transport | None = None
    http_client: HttpClient | None = None
    verify: SSLContext | bool | None = None
    proxy: str | httpx.URL | httpx.Proxy | None = None

    def options(self) -> dict[str, Any]:
        given = {"headers": self.headers, "transport": self.transport, "verify": self.verify, "proxy": self.proxy}
        return {name: value for name, value in given.items() if value is not None}


class Pools:
    """Makes pools as they are needed. No pool is used in a process or an event loop but the one that it was made in."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._renew()

    def _renew(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._closed = False
        self._sync: httpx.Client | None = None
        self._async: WeakKeyDictionary[Any, AsyncPool] = WeakKeyDictionary()

    def __getstate__(self) -> Wiring:
        return self._wiring

    def __setstate__(self, wiring: Wiring) -> None:
        self.__init__(wiring)  # type: ignore[misc]

    def _check(self) -> None:
        if self._process != os.getpid():
            self._renew()  # The connections are the parent's, who goes on using them.
        if self._closed:
            raise QoveryError("the client is closed")

    @property
    def missing_headers(self) -> Mapping[str, str]:
        """The headers that an httpx client of somebody else's does not send by itself."""
        return self._wiring.headers if self._wiring.http_client is not None else {}

    def sync(self) -> httpx.Client:
        """The pool for synchronous calls. Raises QoveryError if the client is closed."""
        self._check()
        if self._sync is None:
            with self._lock:
                if self._sync is None:
                    self._sync = self._made(httpx.Client, httpx.BaseTransport, "asynchronous")
        return self._sync

    def of_loop(self) -> AsyncPool:
        """The pool for asynchronous calls in the running event loop. Raises QoveryError if the client is closed."""
        import anyio  # Not above: it and asyncio take a fifth of the time that the client needs to be imported.

        self._check()
        loop = _running()
        pool = self._async.get(loop)
        if pool is None:
            with self._lock:
                made = self._made(httpx.AsyncClient, httpx.AsyncBaseTransport, "synchronous")
                pool = self._async.setdefault(loop, (made, anyio.Semaphore(CONNECTIONS)))
        return pool

    def _made(self, kind: type[Any], transport: type[Any], other: str) -> Any:
        if self._wiring.http_client is not None:
            if not isinstance(self._wiring.http_client, kind):
                raise TypeError(f"the client's http_client is for {other} calls only")
            return self._wiring.http_client
        if self._wiring.transport is not None and not isinstance(self._wiring.transport, transport):
            raise TypeError(f"the client's transport is for {other} calls only")
        return kind(**self._wiring.options())

    def close(self) -> None:
        """Closes the connections of synchronous calls; those of asynchronous calls end with their event loops."""
        self._closed = True
        if self._sync is not None and self._process == os.getpid() and self._wiring.http_client is None:
            self._sync.close()

    async def aclose(self) -> None:
        """Closes the connections of this event loop, and those of synchronous calls."""
        self.close()
        pool = self._async.get(_running())
        if pool is not None and self._process == os.getpid() and self._wiring.http_client is None:
            await pool[0].aclose()


def _running() -> Any:
    """The event loop that this is called in; one stands for all of Trio's."""
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return Pools
