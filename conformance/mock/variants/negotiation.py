"""Variants that say what state an item is in, and keep to it, or refuse what they do not know."""

from __future__ import annotations

from typing import Any

from ..messages import Refusal, Request
from ..server import Mock
from ..tags import tagged
from .catalogue import variant


@variant("conditions", needs="get", form={"strong": "", "weak": "W/"})
def tags(mock: Mock, form: str) -> None:
    """Reads have a {form} ETag, by which 304 is answered, and by a strong one 412."""
    tagged(mock, prefix=form, honours=not form)


@variant("negotiation")
def strict_accept(mock: Mock) -> None:
    """What accepts no JSON is refused with 406."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        accepted = request.headers.get("accept", "*/*")
        if not any(each in accepted for each in ("json", "application/*", "*/*")):
            raise Refusal(406, "there is JSON alone")
        locate(request)


@variant("negotiation")
def unknown_query(mock: Mock) -> None:
    """A query parameter that nobody knows is refused."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if request.query:
            raise Refusal(400, "there are no query parameters")
        locate(request)


@variant("negotiation", needs="get", header={"origin": 403, "range": 416})
def header_refused(mock: Mock, header: int) -> None:
    """A read for another site, or of a malformed range, is refused: {header}."""
    name = {403: "origin", 416: "range"}[header]

    @mock.on("get")
    def _(get_on: Any, request: Request) -> Any:
        if name in request.headers:
            raise Refusal(header, "not so")
        return get_on(request)
