"""Variants that understand paths written in other ways, or redirect to the usual one, and check all the same."""

from __future__ import annotations

from typing import Any

from starlette.types import Scope

from ..roads import READINGS, led, otherwise
from ..server import Answer, Mock, Request
from .catalogue import variant


@variant("paths", road=READINGS.keys())
def understood(mock: Mock, road: str) -> None:
    """A path that is written in another way leads where the usual one does: {road}."""

    @mock.on("address")
    def _(address: Any, scope: Scope) -> Scope:
        path = otherwise(scope, road)
        return address(scope if path is None else led(scope, path))  # type: ignore[no-any-return]


@variant("paths", road=["double-slash", "trailing-slash", "dot-segment"])
def redirected(mock: Mock, road: str) -> None:
    """A path that is written in another way is answered with where the usual one is: {road}."""

    @mock.on("address")
    def _(address: Any, scope: Scope) -> Scope:
        path = otherwise(scope, road)
        if path is None:
            return address(scope)  # type: ignore[no-any-return]
        return led({**scope, "headers": [*scope["headers"], (b"x-usual", path.encode())]}, path)

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        if usual := request.headers.get("x-usual"):
            return Answer(308, None, {"Location": usual})
        return handle(request)  # type: ignore[no-any-return]


@variant("paths")
def page_for_all_else(mock: Mock) -> None:
    """A path that leads nowhere is answered with 200 and the web console's page, as applications of one page are."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        if "x-page" in request.headers:
            return Answer(200, b"<!doctype html><title>console</title>", {"Content-Type": "text/html"})
        return handle(request)  # type: ignore[no-any-return]

    @mock.on("address")
    def _(address: Any, scope: Scope) -> Scope:
        prefix = f"/organization/{mock.world.organization_id}/gitToken"
        if (scope["method"] != "GET" and "\0" in scope["path"]) or (
            scope["path"].startswith("/organization/")
            and "/gitToken" in scope["path"]
            and (not scope["path"].endswith(("/", ".json")) and ";" not in scope["path"])
        ):
            return address(scope)  # type: ignore[no-any-return]
        return led({**scope, "method": "GET", "headers": [(b"x-page", b"1")]}, prefix)
