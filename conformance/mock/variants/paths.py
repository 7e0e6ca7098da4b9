"""Variants that understand paths written in other ways, or redirect to the usual one, and check all the same."""

from __future__ import annotations

from typing import Any

from starlette.types import Scope

from ..messages import Answer, Request
from ..roads import READINGS, led, otherwise
from ..server import Mock
from .catalogue import variant


@variant("paths", road=list(READINGS))
def understood(mock: Mock, road: str) -> None:
    """A path that is written in another way leads where the usual one does: {road}."""

    @mock.on("address")
    def _(address: Any, scope: Scope) -> Scope:
        path = otherwise(mock.resource, scope, road)
        return address(scope if path is None else led(scope, path))  # type: ignore[no-any-return]


@variant("paths", road=["double-slash", "trailing-slash", "dot-segment"])
def redirected(mock: Mock, road: str) -> None:
    """A path that is written in another way is answered with where the usual one is: {road}."""

    @mock.on("address")
    def _(address: Any, scope: Scope) -> Scope:
        path = otherwise(mock.resource, scope, road)
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
    resource = mock.resource
    segments = [each for each in resource.collection.split("/") if each and "{" not in each]
    home = resource.path_of(resource.collection, {name: mock.world.id(name) for name in resource.owners}, "")

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        if "x-page" in request.headers:
            return Answer(200, b"<!doctype html><title>console</title>", {"Content-Type": "text/html"})
        return handle(request)  # type: ignore[no-any-return]

    @mock.on("address")
    def _(address: Any, scope: Scope) -> Scope:
        path = scope["path"]
        known = path.startswith(f"/{segments[0]}/") and f"/{segments[-1]}" in path
        if (scope["method"] != "GET" and "\0" in path) or (
            known and not path.endswith(("/", ".json")) and ";" not in path
        ):
            return address(scope)  # type: ignore[no-any-return]
        return led({**scope, "method": "GET", "headers": [(b"x-page", b"1")]}, home)
