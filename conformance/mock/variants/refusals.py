"""Variants that refuse, or accept, what nobody has specified."""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from ...contract.fields import get
from ...contract.resource import Resource
from ..facts import addresses, bound, only, takes, texts
from ..messages import Answer, Item, Refusal, Request
from ..server import Mock
from .catalogue import changes, refuse, texts_of, variant


@variant("refusals")
def over_1_mib_413(mock: Mock) -> None:
    """A body over 1 MiB is refused with 413."""

    @mock.on("decode")
    def _(decode: Any, request: Request) -> Any:
        if request.raw is None:
            raise Refusal(413, "the body is too long")
        return decode(request)


@variant("refusals", status={"400": 400, "413": 413})
def huge_additional_properties(mock: Mock, status: int) -> None:
    """Additional properties of more than 64 KiB are refused with {status}."""
    refuse(
        mock,
        lambda _, body: len(json.dumps({name: body[name] for name in body if name not in mock.requested})) > 64 * 1024,
        status,
    )


@variant("refusals")
def media_type_415(mock: Mock) -> None:
    """Another media type is refused with 415."""

    @mock.on("accept")
    def _(accept: Any, media_type: str) -> None:
        try:
            accept(media_type)
        except Refusal:
            raise Refusal(415, "send JSON", {"Accept": ", ".join(mock.media_types)}) from None


@variant("refusals")
def media_type_literal(mock: Mock) -> None:
    """The media type is taken in lower case alone."""

    @mock.on("accept")
    def _(accept: Any, media_type: str) -> None:
        accept(media_type if media_type == media_type.lower() or ";" in media_type else "")


@variant("refusals")
def without_media_type(mock: Mock) -> None:
    """A body without a media type is taken for JSON, as RFC 9110 lets a server find out for itself."""

    @mock.on("accept")
    def _(accept: Any, media_type: str) -> None:
        accept(media_type or min(mock.media_types))


@variant("refusals")
def utf_16(mock: Mock) -> None:
    """A body in UTF-16 or UTF-32 is taken for JSON, as many a parser finds out which it is."""

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        encoding = json.detect_encoding(raw)
        return parse(raw if encoding.startswith("utf-8") else raw.decode(encoding, "replace").encode())


@variant("refusals")
def not_a_number(mock: Mock) -> None:
    """NaN and Infinity are read, as Python's parser and others do, and are none of what a field may hold."""

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        return parse(re.sub(rb"([:\[,]\s*)-?(NaN|Infinity)\b", rb"\g<1>[[]]", raw))


def _uuids(resource: Resource) -> dict[str, list[str]]:
    """The path's parameters that are UUIDs, if there are any."""
    names = [name for name in (*resource.owners, resource.item) if resource.is_uuid(name)]
    return {"": names} if names else {}


@variant("refusals", uuids=_uuids)
def any_uuid_notation(mock: Mock, uuids: list[str]) -> None:
    """An id may have no hyphens, or stand in braces or behind `urn:uuid:`, as many a library reads it."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        for name in request.ids.keys() & set(uuids):
            with contextlib.suppress(ValueError):
                request.ids[name] = str(uuid.UUID(request.ids[name]))
        locate(request)


@variant("refusals")
def blank(mock: Mock) -> None:
    """A text that is blank is refused where it need not be accepted."""
    names = [name for name in texts(mock.resource) if not takes(mock.resource, name, " ")]
    refuse(mock, lambda _, body: any(isinstance(value := get(body, name), str) and not value.strip() for name in names))


@variant(
    "refusals",
    what={"control-characters": r"[\x00-\x1f\x7f-\x9f]", "zero-bytes": r"\x00", "lone-surrogates": r"[\ud800-\udfff]"},
)
def characters(mock: Mock, what: str) -> None:
    """Texts with {what} are refused."""
    pattern = re.compile(what)
    refuse(mock, lambda _, body: any(map(pattern.search, texts_of(mock, body))))


@variant("refusals")
def beyond_the_bounds(mock: Mock) -> None:
    """What is longer than must be accepted is refused, to the character."""
    fields = mock.resource.of_kind("text", "address").items()
    bounds = {name: bound(field) for name, field in fields if field.bound("maxLength")}

    def beyond(body: dict[str, Any]) -> bool:
        return any(isinstance(value := get(body, name), str) and len(value) > most for name, most in bounds.items())

    refuse(mock, lambda _, body: beyond(body))


@variant(
    "refusals",
    called="addresses",
    what={
        "other-schemes": lambda url: not re.match("(?i)https?:", url),
        "user-information": lambda url: "@" in url.partition("//")[2].partition("/")[0],
        "fragments": lambda url: "#" in url,
        "underscores-in-hosts": lambda url: "_" in url.partition("//")[2].partition("/")[0],
        "dots-after-hosts": lambda url: url.partition("//")[2].partition("/")[0].endswith("."),
    },
    field=lambda resource: only(addresses(resource)),
)
def odd_addresses(mock: Mock, what: Callable[[str], Any], field: str) -> None:
    """Addresses with {what} are refused where they need not be accepted."""

    def refused(value: object) -> bool:
        return isinstance(value, str) and bool(what(value)) and not takes(mock.resource, field, value)

    refuse(mock, lambda _, body: refused(get(body, field)))


@variant("refusals")
def duplicate_keys(mock: Mock) -> None:
    """A body with a key twice is refused."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise Refusal(400, "a key is there twice")
        return dict(pairs)

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        parsed = parse(raw)
        json.loads(raw, object_pairs_hook=once)
        return parsed


@variant("refusals")
def deep_bodies(mock: Mock) -> None:
    """Additional properties nested deeper than 32 levels are refused."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        layer: list[Any] = [body] if isinstance(body, dict) else []
        for _ in range(32):
            parts = [part for value in layer for part in (value.values() if isinstance(value, dict) else value)]
            layer = [part for part in parts if isinstance(part, dict | list)]
        if layer:
            raise Refusal(400, "too deep")
        validate(request, body)


@variant("refusals")
def prototype(mock: Mock) -> None:
    """A body with a property called `__proto__` is refused."""

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        if b'"__proto__"' in raw:
            raise Refusal(400, "the body is not JSON that is safe")
        return parse(raw)


@variant("refusals")
def long_ids_414(mock: Mock) -> None:
    """An id of more than 100 characters is refused with 414."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if any(len(value) > 100 for value in request.ids.values()):
            raise Refusal(414, "the address is too long")
        locate(request)


@variant("refusals", called="unknown-{noun}-403")
def unknown_item_403(mock: Mock) -> None:
    """{a} that does not exist is answered with 403, as another {owner}'s is."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        if name not in request.tokens:
            raise Refusal(403, "none for you")
        return find(request, name)


@variant("refusals", needs="delete services", status={"409": 409, "400": 400, "403": 403, "422": 422})
def in_use_kept(mock: Mock, status: int) -> None:
    """{a} that is in use is not deleted: {status}."""

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        if request.token and request.token.services:
            raise Refusal(status, "services use it")
        return delete(request)


@variant("refusals")
def ids_404(mock: Mock) -> None:
    """An id that is no UUID is answered with 404."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if not all(mock.identifies(name, value) for name, value in request.ids.items()):
            raise Refusal(404, "not found")
        locate(request)


@variant("refusals", needs="owners", called="{owner}s", foreign={"404": 404}, unknown={"404": 404, "403": 403})
def owners(mock: Mock, foreign: int, unknown: int) -> None:
    """Another {owner} is answered with {foreign}, one that does not exist with {unknown}."""

    @mock.on("organization")
    def _(_: Any, request: Request, name: str) -> dict[str, Item]:  # noqa: ARG001
        if name != mock.home:
            raise Refusal(foreign if name in mock.organizations else unknown, "not for you")
        return mock.organizations[name]


@variant("refusals", needs="owners", called="unknown-{owner}-403")
def unknown_owner_403(mock: Mock) -> None:
    """{an_owner} that does not exist is answered with 403, as another's is."""
    foreign = next(each for each in mock.organizations if each != mock.home)

    @mock.on("organization")
    def _(organization: Any, request: Request, name: str) -> Any:
        return organization(request, name if name == mock.home else foreign)


@variant("refusals", needs="owners", called="foreign-{noun}-403")
def foreign_item_403(mock: Mock) -> None:
    """Another {owner}'s {noun} under the caller's own path is answered with 403."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        if name not in request.tokens and any(name in tokens for tokens in mock.organizations.values()):
            raise Refusal(403, "not yours")
        return find(request, name)


@variant("refusals")
def body_first(mock: Mock) -> None:
    """The body is looked at before the path's ids are."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if request.operation and request.operation.request_schema:
            mock.validate(request, mock.decode(request))
        locate(request)


@variant("refusals")
def credentials_before_methods(mock: Mock) -> None:
    """A method that does not exist is answered with 401 where there are no credentials."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        mock.authenticate(request)
        return dispatch(request)


ERROR_BODIES: dict[str, Callable[[Answer], tuple[Any, str]]] = {
    "empty": lambda _: (None, ""),
    "empty-with-media-type": lambda _: (b"", "application/json"),
    "plain": lambda answer: (answer.body["message"].encode(), "text/plain; charset=utf-8"),
    "html": lambda answer: (b"<!doctype html><title>%d</title>" % answer.status, "text/html"),
    "site": lambda answer: (
        {"status": answer.status, "error": answer.body["title"], "message": answer.body["message"]},
        "application/json",
    ),
    "bare-problem": lambda answer: (
        {"title": answer.body["title"], "status": answer.status},
        "application/problem+json; charset=utf-8",
    ),
    "list": lambda answer: ([{"code": "INVALID", "detail": answer.body["message"]}], "application/json"),
    "text-without-media-type": lambda answer: (answer.body["message"].encode(), ""),
}


@variant("errors", how=ERROR_BODIES)
def error_bodies(mock: Mock, how: Callable[[Answer], tuple[Any, str]]) -> None:
    """Errors have another body: {how}."""

    @changes(mock, "refuse")
    def _(_: Request, answer: Answer) -> None:
        answer.body, media_type = how(answer)
        answer.headers.pop("Content-Type", None)
        if media_type:
            answer.headers["Content-Type"] = media_type
