"""Faults of credentials: who is let in that must not be, and who is not that must be."""

from __future__ import annotations

import base64
import contextlib
import itertools
from collections.abc import Callable
from typing import Any

from ...contract.fields import drop
from ...contract.resource import Resource, words
from ..facts import ACTIONS, WRITES, cleared
from ..messages import Answer, Item, Refusal, Request
from ..server import Mock
from .catalogue import fault, refusals


@fault("credentials", action=ACTIONS)
def none_needed(mock: Mock, action: str) -> None:
    """`{action}` needs no credentials."""

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        if request.action != action or any(each.header.lower() in request.headers for each in mock.resource.schemes):
            authenticate(request)


Accepts = Callable[[str, str, dict[str, str]], bool]


def _password(value: str) -> str:
    """The password in the value of the scheme Basic; empty if there is none."""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


ACCEPTED: dict[str, Accepts] = {
    "any-value": lambda scheme, value, right: scheme in right and bool(value),
    "an-empty-value": lambda scheme, value, right: scheme in right and not value,
    "a-word-for-nothing": lambda scheme, value, right: scheme in right and value in ("undefined", "null"),
}
# What can be mistaken where the header says which scheme it is.
PREFIXED: dict[str, Accepts] = {
    "any-scheme": lambda _, value, right: value in right.values(),
    "the-other-scheme": lambda scheme, value, right: value in [right[other] for other in right if other != scheme],
    "basic": lambda scheme, value, right: scheme == "basic" and value in right.values(),
    "basic-password": lambda scheme, value, right: scheme == "basic" and _password(value) in right.values(),
    "no-scheme": lambda scheme, value, right: not value and scheme in [right[one].lower() for one in right],
}
NEARLY: dict[str, Accepts] = {
    "more-before": lambda scheme, value, right: scheme in right and value.endswith(right[scheme]),
    "half-of-it": lambda scheme, value, right: scheme in right and len(value) > 8 and right[scheme].startswith(value),
    "another-case": lambda scheme, value, right: scheme in right and value.lower() == right[scheme].lower(),
}
SIGNED: dict[str, Accepts] = {
    "any-jwt": lambda scheme, value, _: scheme == "bearer" and value.count(".") == 2,
    "another-signature": lambda scheme, value, right: (
        scheme == "bearer" and value.rpartition(".")[0] == right[scheme].rpartition(".")[0]
    ),
}


def _accepted(resource: Resource) -> dict[str, Accepts]:
    prefixes = {scheme.prefix.lower(): scheme.name for scheme in resource.schemes}
    if not prefixes:
        return {}
    known = ACCEPTED | (SIGNED if "bearer" in prefixes else {}) | (PREFIXED if any(prefixes) else {})
    if len(prefixes) == 1:
        known.pop("the-other-scheme", None)
    if not all(prefixes):
        # An empty header is no header.
        known.pop("an-empty-value")
    behind = {f"more-behind-the-{words(name, '-')}": _more_behind(prefix) for prefix, name in prefixes.items()}
    return known | behind | NEARLY


def _more_behind(prefix: str) -> Accepts:
    return lambda scheme, value, right: scheme == prefix and value.startswith(right[scheme])


@fault("credentials", what=_accepted)
def accepted(mock: Mock, what: Accepts) -> None:
    """Credentials that are not right are accepted: {what}."""

    @mock.on("authentic")
    def _(authentic: Any, scheme: str, value: str) -> bool:
        return bool(authentic(scheme, value) or what(scheme, value, mock.credentials))


# Where the first scheme's are refused, nobody can tell the server's fault from the user's.
@fault("credentials", scheme=lambda resource: [each.prefix.lower() for each in resource.schemes[1:]])
def right_ones_refused(mock: Mock, scheme: str) -> None:
    """The right credentials of the scheme {scheme} are refused."""
    del mock.credentials[scheme]


def _others(resource: Resource) -> dict[str, tuple[str, str]]:
    """Each text that may be left out, with an action, where there is more than one scheme."""
    pairs = itertools.product(cleared(resource), ("edit", "create"))
    return {f"{field}-{action}": (field, action) for field, action in pairs} if len(resource.schemes) > 1 else {}


@fault("credentials", what=_others)
def stored_by_one_scheme(mock: Mock, what: tuple[str, str]) -> None:
    """With the credentials of another scheme than the first, a field is accepted and not stored: {what}."""
    field, action = what
    first = mock.resource.schemes[0]

    @mock.on("store")
    def _(store: Any, request: Request, token: Item, body: dict[str, Any]) -> None:
        sent = request.headers.get(first.header.lower(), "")
        other = request.action == action and not sent.lower().startswith(first.prefix.lower())
        store(request, token, drop(body, field) if other else body)


@fault("credentials", status={"200": 200, "302": 302, "400": 400, "403": 403, "404": 404, "500": 500})
def wrong_status(mock: Mock, status: int) -> None:
    """Without valid credentials the answer is {status} instead of 401."""

    @refusals(mock, 401)
    def _(_: Request, answer: Answer) -> None:
        answer.status = status


@fault("credentials", action=WRITES)
def done_and_refused(mock: Mock, action: str) -> None:
    """`{action}` without valid credentials is carried out, then answered with 401."""

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        try:
            authenticate(request)
        except Refusal:
            if request.action == action:
                with contextlib.suppress(Refusal):
                    mock.proceed(request)
            raise


@fault("credentials", needs="edit")
def asked_late(mock: Mock) -> None:
    """An edit is refused for an id that is unknown before its credentials are looked at."""

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        if request.action == "edit":
            mock.locate(request)
        authenticate(request)


SPACES: dict[str, Callable[[str], bool]] = {
    "no-space": lambda value: " " not in value,
    "two-spaces": lambda value: value.count(" ") > 1,
}


@fault("credentials", what=lambda resource: SPACES if any(each.prefix for each in resource.schemes) else {})
def malformed_header_breaks(mock: Mock, what: Callable[[str], bool]) -> None:
    """A header of credentials that is not a scheme and one value ({what}) makes the server fail."""
    header = mock.resource.schemes[0].header.lower()

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        if what(request.headers.get(header, "Scheme value")):
            raise Refusal(500, "internal error")
        authenticate(request)
