"""The clients: `Client` for synchronous calls, `AsyncClient` for asynchronous ones."""

from __future__ import annotations

from typing import Self

from .base import BASE_URL, TIMEOUT, BaseClient
from .git_tokens import AsyncGitTokens, GitTokens

__all__ = ("BASE_URL", "TIMEOUT", "AsyncClient", "Client")


class Client(BaseClient):
    """Calls the API as one caller, over one connection pool. Threads and processes may share it."""

    @property
    def git_tokens(self) -> GitTokens:
        """Create, read, edit and delete the git tokens of an organization."""
        return GitTokens(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def close(self) -> None:
        """Closes the connections of synchronous calls. From then on the client raises QoveryError."""
        self._pools.close()

    async def aclose(self) -> None:
        """Closes the connections of asynchronous calls too, as those by the modules' functions `asyncio`."""
        await self._pools.aclose()


class AsyncClient(BaseClient):
    """Calls the API as one caller, over one connection pool for each event loop. Loops and processes may share it."""

    @property
    def git_tokens(self) -> AsyncGitTokens:
        """Create, read, edit and delete the git tokens of an organization."""
        return AsyncGitTokens(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections of this event loop. From then on the client raises QoveryError."""
        await self._pools.aclose()
