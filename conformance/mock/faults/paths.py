"""Faults of paths: written in another way, they lead round a check."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from starlette.types import Scope

from ...contract.resource import Resource, words
from ..messages import Answer, Refusal, Request
from ..roads import HEADERS, READINGS, led, otherwise
from ..server import Mock
from .catalogue import fault, opens

# Marks a request that has come by another road.
MARK = "x-road"
ROADS = [*READINGS, *HEADERS]
SAFE, UNSAFE = ("GET",), ("POST", "PUT", "PATCH", "DELETE")
TURNS = {
    f"{road}-{label}": (road, methods)
    for road, (label, methods) in itertools.product(ROADS, {"reads": SAFE, "writes": UNSAFE}.items())
}


def _turns(resource: Resource) -> dict[str, tuple[str, tuple[str, ...]]]:
    return TURNS if resource.schemes else {}


def _foreign(resource: Resource) -> dict[str, tuple[str, tuple[str, ...]]]:
    upward = {"two-dots-reads": ("two-dots", SAFE), "encoded-two-dots-writes": ("encoded-two-dots", UNSAFE)}
    return TURNS | upward if resource.owners else {}


def by(mock: Mock, road: str, methods: tuple[str, ...]) -> None:
    """Routes, and marks, requests whose path is written so."""

    @mock.on("address")
    def _(address: Any, scope: Scope) -> Scope:
        path = otherwise(mock.resource, scope, road) if scope["method"] in methods else None
        if path is None:
            return address(scope)  # type: ignore[no-any-return]
        return led({**scope, "headers": [*scope["headers"], (MARK.encode(), b"1")]}, path)


@fault("roads", turn=_turns)
def unguarded(mock: Mock, turn: tuple[str, tuple[str, ...]]) -> None:
    """Credentials are not asked for where the path is written in another way: {turn}."""
    by(mock, *turn)

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        if MARK not in request.headers:
            authenticate(request)


@fault("roads", turn=_foreign)
def into_others(mock: Mock, turn: tuple[str, tuple[str, ...]]) -> None:
    """Another {owner} is open where the path is written in another way: {turn}."""
    by(mock, *turn)
    opens(mock, lambda request: MARK in request.headers)


def _trusts(mock: Mock, when: Callable[[Request], bool]) -> None:
    """Asks for no credentials in requests of a kind."""

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        if not when(request):
            authenticate(request)


CALLERS = {
    name: name
    for name in (
        "x-forwarded-for",
        "x-real-ip",
        "x-forwarded-user",
        "x-remote-user",
        "x-auth-request-user",
        "x-ssl-client-verify",
        "x-middleware-subrequest",
        "access-control-request-method",
        "if-none-match",
    )
}


@fault("roads", header=lambda resource: CALLERS if resource.schemes else {})
def trusted(mock: Mock, header: str) -> None:
    """Who names himself in {header} needs no credentials."""
    _trusts(mock, lambda request: header in request.headers)


PUBLIC = {"health": b"/health", "login": b"/login", "style": b".css"}


@fault("roads", what=lambda resource: PUBLIC if resource.schemes else {})
def public(mock: Mock, what: bytes) -> None:
    """An address that holds the path of something public, in its query, needs no credentials: {what}."""
    _trusts(mock, lambda request: what in request.query)


def _headers(resource: Resource) -> list[str]:
    """Headers that may say who owns an item."""
    if len(resource.owners) != 1:
        return []
    return list(dict.fromkeys([f"x-{words(resource.owners[0], '-', keep=True)}", "x-tenant-id"]))


@fault("roads", called="{owner}-by-header", header=_headers)
def owner_by_header(mock: Mock, header: str) -> None:
    """The {owner} in {header} counts, and the one in the path is what is checked."""

    @mock.on("organization")
    def _(organization: Any, request: Request, name: str) -> Any:
        own = organization(request, name)
        return mock.organizations.get(request.headers.get(header, ""), own)


@fault("roads", action=["get", "list", "services"])
def cached(mock: Mock, action: str) -> None:
    """What `{action}` has answered is answered again for some requests, whoever asks."""
    kept: dict[tuple[str, ...], Answer] = {}

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        try:
            authenticate(request)
        except Refusal:
            if request.action != action or tuple(request.ids.values()) not in kept:
                raise
            request.headers["x-cached"] = "1"

    @mock.on("perform")
    def _(perform: Any, request: Request) -> Answer:
        key = tuple(request.ids.values())
        if "x-cached" in request.headers:
            return kept[key]
        answer: Answer = perform(request)
        # It is forgotten by the next request that writes.
        if request.action == action:
            kept[key] = answer
        elif request.method not in SAFE:
            kept.clear()
        return answer
