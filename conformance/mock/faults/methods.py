"""Faults of HTTP: methods, headers, rate limits."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from ...contract.resource import Resource
from ..messages import Answer, Refusal, Request
from ..server import Mock
from .catalogue import fault, refusals, without


def _undeclared(resource: Resource) -> dict[str, tuple[str, str]]:
    """Methods that a path does not have, with one that it has and that might be meant."""
    edit = resource.edit.method if resource.edit else ""
    pairs = [(each, edit) for each in ("PATCH", "PUT", "POST") if each != edit] if edit else []
    pairs += [(edit or "PUT", "POST")] if resource.create else []
    return {f"{one}-as-{other}".lower(): (one, other) for one, other in pairs}


@fault("http", method=_undeclared)
def undeclared_method(mock: Mock, method: tuple[str, str]) -> None:
    """A method that the contract does not have is served: {method}."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        if request.method == method[0] and method[0] not in request.operations and method[1] in request.operations:
            request.method = method[1]
        return dispatch(request)


def _lacking(resource: Resource) -> list[str]:
    """Methods that one of the paths does not have."""
    paths = {each.path for each in resource.operations.values()}
    had = {(each.path, each.method) for each in resource.operations.values()}
    return [each for each in ("PATCH", "POST", "PUT", "DELETE") if any((path, each) not in had for path in paths)]


@fault("http", method=_lacking, status={"200": 200, "404": 404, "500": 500})
def undeclared_method_status(mock: Mock, method: str, status: int) -> None:
    """{method} where the contract does not have it is answered with {status} instead of 405."""

    @refusals(mock, 405)
    def _(request: Request, answer: Answer) -> None:
        if request.method == method:
            answer.status = status


@fault("http", needs="create list")
def delete_all(mock: Mock) -> None:
    """DELETE of the collection deletes every {noun} that the caller has made."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Any:
        if request.method == "DELETE" and "POST" in request.operations:
            request.method = "GET"
            answer = handle(request)
            if answer.status < 300:
                for name in list(request.tokens)[1:]:
                    del request.tokens[name]
            return Answer(204) if answer.status < 300 else answer
        return handle(request)


def _allowed(resource: Resource) -> dict[str, str | None]:
    edit = resource.edit.method if resource.edit else "PUT"
    others = [each for each in ("GET", "DELETE", "POST", "PUT") if each != edit]
    return {
        "absent": None,
        "empty": "",
        f"without-{edit.lower()}": ", ".join(others[:3]),
        "wrong": "PATCH" if edit != "PATCH" else "PUT",
        "only-get": "GET",
    }


@fault("http", what=_allowed)
def allow(mock: Mock, what: str | None) -> None:
    """The `Allow` of a 405 does not name the methods there are: {what}."""

    @refusals(mock, 405)
    def _(_: Request, answer: Answer) -> None:
        answer.headers = without(answer.headers, "Allow") if what is None else {**answer.headers, "Allow": what}


def _overridden(resource: Resource) -> list[str]:
    return [each.method for each in (resource.delete, resource.edit) if each and resource.read]


@fault("http", header=["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"], method=_overridden)
def method_override(mock: Mock, header: str, method: str) -> None:
    """`{header}: {method}` turns another method into that one."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        if request.headers.get(header.lower(), "").upper() == method and method in request.operations:
            request.method = method
        return dispatch(request)


@fault("http", needs="delete get")
def method_in_query(mock: Mock) -> None:
    """`?_method=DELETE` turns another method into that one."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        if b"_method=DELETE" in request.query and "DELETE" in request.operations:
            request.method = "DELETE"
        return dispatch(request)


@fault("http")
def trace(mock: Mock) -> None:
    """TRACE sends the request back, credentials included."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Any:
        if request.method != "TRACE":
            return handle(request)
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        return Answer(200, "\r\n".join(["TRACE", *lines]).encode(), {"Content-Type": "message/http"})


@fault("http", method=["HEAD", "OPTIONS"])
def extra_method_breaks(mock: Mock, method: str) -> None:
    """{method} makes the server fail."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        if request.method == method:
            raise Refusal(500, "internal error")
        return dispatch(request)


@fault("http", needs="delete")
def method_guessed(mock: Mock) -> None:
    """A method that the server does not know is taken for the last one that it knows, which may be DELETE."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        if request.method in ("HEAD", "OPTIONS", "PATCH", "POST") and request.method not in request.operations:
            request.method = list(request.operations)[-1]
        return dispatch(request)


# Headers that proxies and browsers add.
ADDED = ["traceparent", "x-forwarded-host", "origin", "range", "if-modified-since"]


@fault("http", needs="get", header=ADDED)
def header_breaks(mock: Mock, header: str) -> None:
    """A read with the header {header} makes the server fail."""

    @mock.on("get")
    def _(get_on: Any, request: Request) -> Any:
        if header in request.headers:
            raise Refusal(500, "internal error")
        return get_on(request)


@fault("http", needs="edit", coding=["gzip"])
def coding_breaks(mock: Mock, coding: str) -> None:
    """A body that is said to be in {coding}, and is not, makes the server fail."""

    @mock.on("decode")
    def _(decode: Any, request: Request) -> Any:
        if coding in request.headers.get("content-encoding", ""):
            raise Refusal(500, "internal error")
        return decode(request)


RATES: dict[str, Callable[[int], tuple[int, float]]] = {
    "of-the-past": lambda count: (1000 - count % 1000, time.time() - 7200),
    "far-ahead": lambda count: (1000 - count % 1000, time.time() + 86_400 * 30),
    "still": lambda _: (1000, 3600),
    "rising": lambda count: (min(100 + count, 1000), 3600),
    "over-the-limit": lambda count: (2000 - count, 3600),
}


@fault("http", needs="rates", what=RATES)
def rate_limit(mock: Mock, what: Callable[[int], tuple[int, float]]) -> None:
    """The rate-limit headers do not mean what they say: {what}."""
    counter = itertools.count(1)

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        answer: Answer = handle(request)
        left, reset = what(next(counter))
        answer.headers.update(
            {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": str(int(reset))}
        )
        return answer
