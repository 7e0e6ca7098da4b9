"""Connections that are held open: servers that show an old state over them, and right ones that end them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import HTTPServer
from typing import Any

import pytest

from conformance.runner.choice import choose
from conformance.runner.plugin import Plugin
from tests import independent
from tests.spawned import spawned
from tests.test_framing import started
from tests.test_live import tokens

HELD, IDLE = "connections/held", "sequences/idle"


def _states(server: independent.Address, *clauses: str) -> tuple[str, ...]:
    """What the suite says of a server, in this process, by each of some clauses."""
    run = started(server)
    Plugin(run, choose(run.resource, clauses), lambda _: None).main()
    assert run.listed()[1].keys() <= {*(run.estate.before or ()), *run.estate.created}
    run.cleanup.finish()
    run.target.close()
    assert all(each.state != "broken" for name, each in run.results.items() if name not in clauses)
    return tuple(run.results[each].state for each in clauses)


class Remembering(independent.Handler):
    """Shows over a connection what was shown over it before, until something is edited over it."""

    def answer(self, body: bytes) -> tuple[int, Any]:
        seen = self.__dict__.setdefault("seen", {})
        if self.command != "GET":
            seen.clear()
            return super().answer(body)
        if self.path not in seen:
            seen[self.path] = super().answer(body)
        answer: tuple[int, Any] = seen[self.path]
        return answer


class Forgetting(independent.Handler):
    """Finds nothing over a connection that was idle for a second."""

    def answer(self, body: bytes) -> tuple[int, Any]:
        now = time.monotonic()
        idle, self.__dict__["used"] = now - self.__dict__.get("used", now), now
        if idle > 1:
            raise independent.StatusError(404, "no such thing")
        return super().answer(body)


class ForgettingAndEnding(Forgetting):
    """Finds nothing over an idle connection, and once takes so long that it ends that before anybody sees it."""

    timeout = 3
    last = 0.0
    slow = True

    def answer(self, body: bytes) -> tuple[int, Any]:
        own = type(self)
        if own.slow and own.last and self.command == "PUT" and time.monotonic() - own.last > 1.5:
            own.slow = False
            time.sleep(1.5)
        own.last = time.monotonic()
        return super().answer(body)


class Ending(independent.Handler):
    """Ends a connection that was idle for a second without a word."""

    timeout = 1


class Telling(independent.Handler):
    """Ends a connection that was idle for a second with 408."""

    timeout = 1

    def handle(self) -> None:
        super().handle()
        self.wfile.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


class Closing(independent.Handler):
    """Ends a connection after each answer, and does not say so before."""

    def handle_request(self) -> None:
        super().handle_request()
        self.close_connection = True


@contextmanager
def served_by(handler: type[independent.Handler], monkeypatch: pytest.MonkeyPatch) -> Iterator[independent.Address]:
    monkeypatch.setattr(independent, "Handler", handler)
    with independent.serve() as server:
        yield server


@pytest.mark.parametrize(
    ("handler", "states"),
    [
        (independent.Handler, ("held", "held")),
        (Remembering, ("broken", "not exercised")),
        (Forgetting, ("held", "broken")),
        (ForgettingAndEnding, ("held", "broken")),
        (Ending, ("held", "held")),
        (Telling, ("held", "held")),
        (Closing, ("not exercised", "held")),
    ],
    ids=lambda each: each.__name__ if isinstance(each, type) else "",
)
def test_states(handler: type[independent.Handler], states: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    with served_by(handler, monkeypatch) as server:
        assert spawned(_states, server, HELD, IDLE) == states


def test_one_connection_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever serves no second connection beside one that is open is not blamed for it."""
    monkeypatch.setattr(independent.Server, "process_request", HTTPServer.process_request)
    with independent.serve() as server:
        assert spawned(_states, server, HELD, IDLE) == ("not exercised", "not exercised")


@pytest.mark.parametrize("most", [1, 2])
def test_no_more_connections_at_a_time_than_a_server_takes(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever ends those that are too many is not blamed for answering nothing over them."""
    handle = independent.Handler.handle
    slots = threading.BoundedSemaphore(most)

    def limited(handler: independent.Handler) -> None:
        if slots.acquire(blocking=False):
            with suppress(OSError):
                handle(handler)
                # Until the other end has closed it.
                handler.connection.recv(1)
            slots.release()

    monkeypatch.setattr(independent.Handler, "handle", limited)
    clauses = "concurrency/edits", "concurrency/edit-and-delete", "concurrency/creates", "concurrency/reads"
    with independent.serve() as server:
        before = tokens(server)
        edits, *others, listed = spawned(_states, server, *clauses, "sequences/list")
        assert tokens(server) == before
    # The connections of the edit before may still be there.
    assert edits in ("held", "not exercised")[2 - most :]
    assert others == ["not exercised"] * 3
    assert listed == "held"
