"""Faults of credentials that somebody has made up, or that stand where none belong."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from ...contract.resource import Resource
from ..facts import ACTIONS
from ..messages import Refusal, Request
from ..server import Mock
from .catalogue import fault


def _read(segment: str) -> dict[str, Any]:
    """What a segment of a JWT says; nothing if it is none."""
    try:
        read = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _signature(parts: list[str], key: str) -> str:
    made = hmac.digest(key.encode(), ".".join(parts[:2]).encode(), "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


# Each takes the segments of a JWT, and those of the right one.
FORGERIES: dict[str, Callable[[list[str], list[str]], bool]] = {
    "not-signed": lambda parts, _: len(parts) == 3 and _read(parts[0]).get("alg") == "none" and not parts[2],
    "not-signed-in-capitals": lambda parts, _: len(parts) == 3 and _read(parts[0]).get("alg") == "NONE",
    "another-key": lambda parts, _: len(parts) == 3 and _read(parts[0]).get("alg") == "HS256" and bool(parts[2]),
    "an-empty-key": lambda parts, _: len(parts) == 3 and parts[2] == _signature(parts, ""),
    "a-key-out-of-a-book": lambda parts, _: len(parts) == 3 and parts[2] == _signature(parts, "secret"),
    "expired": lambda parts, _: len(parts) == 3 and 0 < _read(parts[1]).get("exp", 0) < 2_000_000_000,
    "a-key-of-its-own": lambda parts, _: len(parts) == 3 and "jku" in _read(parts[0]),
    "another-payload": lambda parts, right: len(parts) == 3 and parts[0] == right[0] and parts[2] == right[2],
    "no-signature": lambda parts, right: len(parts) == 3 and parts[:2] == right[:2],
    "two-segments": lambda parts, _: len(parts) == 2 and "alg" in _read(parts[0]),
    "four-segments": lambda parts, _: len(parts) == 4,
    "empty-segments": lambda parts, _: len(parts) == 3 and not any(parts),
}


@fault("forged", needs="bearer", what=FORGERIES)
def jwt(mock: Mock, what: Callable[[list[str], list[str]], bool]) -> None:
    """A JWT that nobody has issued is accepted: {what}."""
    right = mock.credentials["bearer"].split(".")

    @mock.on("authentic")
    def _(authentic: Any, scheme: str, value: str) -> bool:
        return bool(authentic(scheme, value) or (scheme == "bearer" and what(value.split("."), right)))


@fault("forged", needs="bearer", what={"one-segment": 1, "two-segments": 2, "not-ascii": 3})
def jwt_breaks(mock: Mock, what: int) -> None:
    """A JWT that is none makes the server fail: {what}."""

    @mock.on("authentic")
    def _(authentic: Any, scheme: str, value: str) -> bool:
        odd = not value.isascii() if what == 3 else value.count(".") == what - 1
        if scheme == "bearer" and odd:
            raise Refusal(500, "internal error")
        return bool(authentic(scheme, value))


def _in_query(request: Request, name: str) -> str:
    return dict(parse_qsl(request.query.decode("latin-1"))).get(name, "")


def _in_cookie(request: Request, name: str) -> str:
    pairs = (each.strip().partition("=") for each in request.headers.get("cookie", "").split(";"))
    return {key: value for key, _, value in pairs}.get(name, "")


PLACES: dict[str, tuple[Callable[[Request, str], str], str]] = {
    "query-access-token": (_in_query, "access_token"),
    "query-token": (_in_query, "token"),
    "query-api-key": (_in_query, "api_key"),
    "cookie-token": (_in_cookie, "token"),
    "cookie-session": (_in_cookie, "session"),
    "header-api-key": (lambda request, name: request.headers.get(name, ""), "x-api-key"),
    "header-auth-token": (lambda request, name: request.headers.get(name, ""), "x-auth-token"),
}


def _places(resource: Resource) -> dict[str, tuple[Callable[[Request, str], str], str]]:
    own = {each.header.lower() for each in resource.schemes}
    return {label: place for label, place in PLACES.items() if own and place[1] not in own}


@fault("forged", place=_places)
def elsewhere(mock: Mock, place: tuple[Callable[[Request, str], str], str]) -> None:
    """The right credentials are taken from another place than their header: {place}."""
    find, name = place

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        if find(request, name) not in mock.credentials.values():
            authenticate(request)


@fault("forged", needs="bearer", action=ACTIONS)
def any_header(mock: Mock, action: str) -> None:
    """`{action}` takes every header of credentials that holds a JWT's three segments."""

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        if request.action != action or request.headers.get("authorization", "").count(".") != 2:
            authenticate(request)
