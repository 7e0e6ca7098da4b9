"""Faults of what a client accepts, says of its body, or adds to the address, and of conditional requests."""

from __future__ import annotations

from typing import Any

from ...contract.fields import drop, get, put
from ...contract.resource import Resource
from ..facts import prose, visible
from ..messages import Answer, Refusal, Request
from ..server import Mock
from ..tags import tagged
from .catalogue import fault

ACCEPTED = {
    "quality": "text/html;q=0.4, application/json;q=0.5, */*;q=0.1",
    "anything": "*/*",
    "any-application": "application/*",
    "xml": "application/xml",
    "malformed": ";;q=x",
}


@fault("negotiation", needs="get", accept=ACCEPTED)
def accept_breaks(mock: Mock, accept: str) -> None:
    """A read that accepts this makes the server fail: {accept}."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if request.headers.get("accept") == accept and request.action == "get":
            raise Refusal(500, "internal error")
        locate(request)


@fault("negotiation", needs="get", field=lambda resource: [*prose(resource), *_chosen(resource)])
def translated(mock: Mock, field: str) -> None:
    """A read shows `{field}` in the language of who asks."""

    @mock.on("get")
    def _(get_on: Any, request: Request) -> Any:
        shown = get_on(request)
        speaks = request.headers.get("accept-language", "").startswith("de")
        return put(shown, field, f"{get(shown, field)} (deutsch)") if speaks and get(shown, field) else shown


def _chosen(resource: Resource) -> list[str]:
    return [resource.switch] if resource.switch and resource.switch in resource.visible else []


@fault("negotiation", charset={"latin-1": "iso-8859-1", "utf-16": "utf-16"})
def garbled(mock: Mock, charset: str) -> None:
    """A body that is said to be in {charset} is garbled when it is UTF-8."""

    @mock.on("decode")
    def _(decode: Any, request: Request) -> Any:
        if charset in request.headers.get("content-type", "") and request.raw:
            request.raw = request.raw.decode("latin-1").encode()
        return decode(request)


QUERIES = {"limit": b"limit=", "page": b"page=", "offset": b"offset=", "filter": b"filter[", "search": b"search="}


@fault("negotiation", needs="list", query=QUERIES)
def cut_by(mock: Mock, query: bytes) -> None:
    """A query parameter that nobody knows cuts the list: {query}."""

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        shown = list_on(request)
        items = mock.resource.listed(shown) or []
        return mock.resource.relisted(shown, items[:1]) if query in request.query else shown


@fault("negotiation", needs="list", query={**QUERIES, "format": b"format=", "callback": b"callback="})
def breaks_at(mock: Mock, query: bytes) -> None:
    """A query parameter that nobody knows makes the server fail: {query}."""

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        if query in request.query:
            raise Refusal(500, "internal error")
        return list_on(request)


@fault("conditions", needs="get edit", field=visible)
def tag_without(mock: Mock, field: str) -> None:
    """The ETag of {a} does not depend on its `{field}`."""
    edited = mock.resource.edited or ""
    tagged(mock, lambda shown: drop(drop(shown, field), edited))


@fault("conditions", needs="get edit")
def tag_of_the_id(mock: Mock) -> None:
    """The ETag of {a} is that of its id."""
    tagged(mock, mock.resource.id_of)


@fault("conditions", needs="get edit")
def if_match_ignored(mock: Mock) -> None:
    """An edit under an ETag that does not match is carried out."""
    tagged(mock, honours=False)


@fault("conditions", needs="get")
def any_tag_matches(mock: Mock) -> None:
    """A read under any ETag is answered with 304."""

    @mock.on("perform")
    def _(perform: Any, request: Request) -> Answer:
        if request.action == "get" and "if-none-match" in request.headers:
            return Answer(304)
        return perform(request)  # type: ignore[no-any-return]
