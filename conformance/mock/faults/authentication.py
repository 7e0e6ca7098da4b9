"""Faults of credentials: who is let in that must not be, and who is not that must be."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from ..server import Answer, Mock, Refusal, Request
from .catalogue import ACTIONS, WRITES, fault, refusals


@fault("credentials", action=ACTIONS)
def none_needed(mock: Mock, action: str) -> None:
    """`{action}` needs no credentials."""

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        if request.action != action or "authorization" in request.headers:
            authenticate(request)


ACCEPTED: dict[str, Callable[[str, str, dict[str, str]], bool]] = {
    "any-value": lambda scheme, value, right: scheme in right and bool(value),
    "an-empty-value": lambda scheme, value, right: scheme in right and not value,
    "any-jwt": lambda scheme, value, _: scheme == "bearer" and value.count(".") == 2,
    "any-scheme": lambda _, value, right: value in right.values(),
    "the-other-scheme": lambda scheme, value, right: value in [right[other] for other in right if other != scheme],
    "basic": lambda scheme, value, right: scheme == "basic" and value in right.values(),
    "no-scheme": lambda scheme, value, right: not value and scheme in [right[one].lower() for one in right],
    "more-behind-the-api-token": lambda scheme, value, right: scheme == "token" and value.startswith(right[scheme]),
    "more-behind-the-jwt": lambda scheme, value, right: scheme == "bearer" and value.startswith(right[scheme]),
    "more-before": lambda scheme, value, right: scheme in right and value.endswith(right[scheme]),
    "half-of-it": lambda scheme, value, right: scheme in right and len(value) > 8 and right[scheme].startswith(value),
    "another-case": lambda scheme, value, right: scheme in right and value.lower() == right[scheme].lower(),
    "another-signature": lambda scheme, value, right: (
        scheme == "bearer" and value.rpartition(".")[0] == right[scheme].rpartition(".")[0]
    ),
}


@fault("credentials", what=ACCEPTED)
def accepted(mock: Mock, what: Callable[[str, str, dict[str, str]], bool]) -> None:
    """Credentials that are not right are accepted: {what}."""

    @mock.on("authentic")
    def _(authentic: Any, scheme: str, value: str) -> bool:
        return bool(authentic(scheme, value) or what(scheme, value, mock.credentials))


# Where the API token itself is refused, nobody can tell the server's fault from the user's.
@fault("credentials", scheme=["bearer"])
def right_ones_refused(mock: Mock, scheme: str) -> None:
    """The right credentials of the scheme {scheme} are refused."""
    del mock.credentials[scheme]


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


@fault(
    "credentials", what={"no-space": lambda value: " " not in value, "two-spaces": lambda value: value.count(" ") > 1}
)
def malformed_header_breaks(mock: Mock, what: Callable[[str], bool]) -> None:
    """An Authorization header that is not a scheme and one value ({what}) makes the server fail."""

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        if what(request.headers.get("authorization", "Token x")):
            raise Refusal(500, "internal error")
        authenticate(request)
