"""Conforming variants: servers that differ from the healthy mock in what nobody has specified, and are right.

A suite that reports one of them raises a false alarm.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import re
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from starlette.types import Receive, Send

from ..contract.contract import Contract
from .change import Catalogue
from .server import Answer, GitToken, Mock, Refusal, Request

REQUEST = Contract.load().request_schema["properties"]
BOUNDS = {name: schema["x-must-accept"]["maxLength"] for name, schema in REQUEST.items() if "x-must-accept" in schema}

VARIANTS = Catalogue()
variant = VARIANTS.add


def refuse(mock: Mock, when: Callable[[Request, dict[str, Any]], Any], status: int = 400) -> None:
    """Refuses more objects than the healthy mock."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if isinstance(body, dict) and when(request, body):
            raise Refusal(status, "cannot do that")
        validate(request, body)


def texts(body: dict[str, Any]) -> list[str]:
    return [value for name, value in body.items() if name in REQUEST and isinstance(value, str)]


def shows(mock: Mock, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Changes how every answer shows a git token."""
    mock.on("show")(lambda show, request, token: change(show(request, token)))


def changes(mock: Mock, step: str = "handle") -> Callable[[Callable[[Request, Answer], None]], None]:
    """Decorates a change of every answer (by `refuse`: of every refusal)."""

    def decorate(change: Callable[[Request, Answer], None]) -> None:
        @mock.on(step)
        def _(inner: Any, *arguments: Any) -> Answer:
            answer: Answer = inner(*arguments)
            change(arguments[0], answer)
            return answer

    return decorate


# What is refused.


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
        lambda _, body: len(json.dumps({name: body[name] for name in body if name not in REQUEST})) > 64 * 1024,
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
            raise Refusal(415, "send application/json", {"Accept": "application/json"}) from None


@variant("refusals")
def media_type_literal(mock: Mock) -> None:
    """`application/json` is taken in lower case alone."""

    @mock.on("accept")
    def _(accept: Any, media_type: str) -> None:
        accept(media_type if media_type == media_type.lower() or ";" in media_type else "")


@variant("refusals")
def without_media_type(mock: Mock) -> None:
    """A body without a media type is taken for JSON, as RFC 9110 lets a server find out for itself."""

    @mock.on("accept")
    def _(accept: Any, media_type: str) -> None:
        accept(media_type or "application/json")


@variant("refusals")
def utf_16(mock: Mock) -> None:
    """A body in UTF-16 or UTF-32 is taken for JSON, as many a parser finds out which it is."""

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        encoding = json.detect_encoding(raw)
        return parse(raw if encoding.startswith("utf-8") else raw.decode(encoding, "replace").encode())


@variant("refusals")
def not_a_number(mock: Mock) -> None:
    """NaN and Infinity are taken for numbers, as Python's parser and others do."""

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        return parse(re.sub(rb"([:\[,]\s*)-?(NaN|Infinity)\b", rb"\g<1>0", raw))


@variant("refusals")
def any_uuid_notation(mock: Mock) -> None:
    """An id may have no hyphens, or stand in braces or behind `urn:uuid:`, as many a library reads it."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        for name, text in request.ids.items():
            with contextlib.suppress(ValueError):
                request.ids[name] = str(uuid.UUID(text))
        locate(request)


@variant("refusals")
def blank(mock: Mock) -> None:
    """A `name`, `token` or `workspace` that is blank is refused."""
    names = [name for name in REQUEST if REQUEST[name].get("x-must-accept", {}).get("minLength")]
    refuse(mock, lambda _, body: any(isinstance(body.get(name), str) and not body[name].strip() for name in names))


@variant(
    "refusals",
    what={"control-characters": r"[\x00-\x1f\x7f-\x9f]", "zero-bytes": r"\x00", "lone-surrogates": r"[\ud800-\udfff]"},
)
def characters(mock: Mock, what: str) -> None:
    """Texts with {what} are refused."""
    pattern = re.compile(what)
    refuse(mock, lambda _, body: any(map(pattern.search, texts(body))))


@variant("refusals")
def beyond_the_bounds(mock: Mock) -> None:
    """What is longer than must be accepted is refused, to the character."""
    refuse(
        mock, lambda _, body: any(isinstance(body.get(name), str) and len(body[name]) > BOUNDS[name] for name in BOUNDS)
    )


@variant(
    "refusals",
    what={
        "other-schemes": lambda url: not re.match("(?i)https?:", url),
        "user-information": lambda url: "@" in url.partition("//")[2].partition("/")[0],
        "fragments": lambda url: "#" in url,
    },
)
def addresses(mock: Mock, what: Callable[[str], Any]) -> None:
    """Addresses with {what} are refused."""
    refuse(mock, lambda _, body: isinstance(body.get("git_api_url"), str) and what(body["git_api_url"]))


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
def ids_404(mock: Mock) -> None:
    """An id that is no UUID is answered with 404."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if not all(mock.identifies(name, value) for name, value in request.ids.items()):
            raise Refusal(404, "not found")
        locate(request)


@variant("refusals", foreign={"404": 404}, unknown={"404": 404, "403": 403})
def organizations(mock: Mock, foreign: int, unknown: int) -> None:
    """Another organization is answered with {foreign}, one that does not exist with {unknown}."""

    @mock.on("organization")
    def _(_: Any, request: Request, name: str) -> dict[str, GitToken]:  # noqa: ARG001
        if name != mock.world.organization_id:
            raise Refusal(foreign if name in mock.organizations else unknown, "not for you")
        return mock.organizations[name]


@variant("refusals")
def unknown_organization_403(mock: Mock) -> None:
    """An organization that does not exist is answered with 403, as another's is."""

    @mock.on("organization")
    def _(organization: Any, request: Request, name: str) -> Any:
        return organization(request, name if name == mock.world.organization_id else mock.world.foreign_organization_id)


@variant("refusals")
def foreign_git_token_403(mock: Mock) -> None:
    """Another organization's git token under the caller's own path is answered with 403."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        if name not in request.tokens and any(name in tokens for tokens in mock.organizations.values()):
            raise Refusal(403, "not your git token")
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
    """A method that does not exist is answered with 401 to who has no credentials."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        mock.authenticate(request)
        return dispatch(request)


ERROR_BODIES: dict[str, Callable[[Answer], tuple[Any, str]]] = {
    "empty": lambda _: (None, ""),
    "empty-with-media-type": lambda _: (b"", "application/json"),
    "plain": lambda answer: (answer.body["message"].encode(), "text/plain; charset=utf-8"),
    "html": lambda answer: (b"<!doctype html><title>%d</title>" % answer.status, "text/html"),
    "problem": lambda answer: (
        {
            "type": "about:blank",
            "title": answer.body["error"],
            "status": answer.status,
            "detail": answer.body["message"],
        },
        "application/problem+json",
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


# What is accepted.


@variant("acceptance")
def kept_if_omitted(mock: Mock) -> None:
    """An edit keeps the optional fields that it does not mention."""

    @mock.on("store")
    def _(store: Any, request: Request, token: GitToken, body: dict[str, Any]) -> None:
        store(request, token, {**token.fields, **body})


@variant("acceptance")
def address_kept_within_provider(mock: Mock) -> None:
    """An edit keeps the omitted `git_api_url` and `description`, and clears the `workspace` of another provider."""

    @mock.on("store")
    def _(store: Any, request: Request, token: GitToken, body: dict[str, Any]) -> None:
        same = token.fields.get("type") == body["type"]
        kept = {name: token.fields[name] for name in ("git_api_url", "description") if same and name in token.fields}
        store(request, token, kept | body)


@variant("acceptance")
def spaces_before_credentials(mock: Mock) -> None:
    """Any number of spaces may be between the scheme and the credentials."""
    mock.on("authentic")(lambda authentic, scheme, value: authentic(scheme, value.lstrip(" ")))


@variant("acceptance")
def byte_order_mark(mock: Mock) -> None:
    """A byte order mark before the body is ignored."""
    mock.on("parse")(lambda parse, raw: parse(raw.removeprefix(b"\xef\xbb\xbf")))


@variant("acceptance")
def head_and_options(mock: Mock) -> None:
    """HEAD and OPTIONS are there, and `Allow` names them."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        methods = ", ".join([*request.operations, "HEAD", "OPTIONS"])
        if request.method == "OPTIONS":
            return Answer(204, None, {"Allow": methods})
        if request.method == "HEAD" and "GET" in request.operations:
            request.method = "GET"
        answer: Answer = handle(request)
        if answer.status == 405:
            answer.headers["Allow"] = methods
        return answer


@variant("acceptance")
def cross_origin(mock: Mock) -> None:
    """OPTIONS is a preflight that needs no credentials, and answers carry the headers of CORS."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        answer: Answer = Answer(200) if request.method == "OPTIONS" else handle(request)
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Access-Control-Allow-Methods"] = "GET, PUT, POST, DELETE"
        return answer


@variant("acceptance")
def allow_in_any_order(mock: Mock) -> None:
    """`Allow` has its names in another order, without spaces, and some more."""

    @changes(mock, "refuse")
    def _(_: Request, answer: Answer) -> None:
        if answer.status == 405:
            answer.headers["Allow"] = ",".join(
                sorted(["OPTIONS", "HEAD", *answer.headers["Allow"].split(", ")], reverse=True)
            )


# How answers look.


def times(change: Callable[[str], str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda shown: {name: change(value) if name.endswith("_at") else value for name, value in shown.items()}


TIMES: dict[str, Callable[[str], str]] = {
    "offset-of-zero": lambda text: text.replace("Z", "+00:00"),
    "another-offset": lambda text: (
        datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()
    ),
    "negative-offset": lambda text: datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=-3))).isoformat(),
    "milliseconds": lambda text: text[:23] + "Z",
    "nanoseconds": lambda text: text[:-1] + "000Z",
    "lower-case": str.lower,
}


@variant("answers", how=TIMES)
def times_as(mock: Mock, how: Callable[[str], str]) -> None:
    """Times are shown in another form: {how}."""
    shows(mock, times(how))


@variant("answers")
def whole_seconds(mock: Mock) -> None:
    """Times have no fraction: two edits within a second have the same `updated_at`."""
    shows(mock, times(lambda text: text[:19] + "Z"))


@variant("answers")
def trailing_zeros_cut(mock: Mock) -> None:
    """Times have as many digits as they need."""
    shows(mock, times(lambda text: text[:-1].rstrip("0").rstrip(".") + "Z"))


@variant("answers")
def no_updated_at(mock: Mock) -> None:
    """`updated_at` is never shown."""
    shows(mock, lambda shown: {name: value for name, value in shown.items() if name != "updated_at"})


@variant("answers")
def updated_at_after_an_edit(mock: Mock) -> None:
    """`updated_at` is shown once there was an edit."""
    shows(
        mock,
        lambda shown: {
            name: value for name, value in shown.items() if name != "updated_at" or value != shown["created_at"]
        },
    )


@variant("answers")
def empty_omitted(mock: Mock) -> None:
    """Optional texts that are empty are not shown."""
    shows(
        mock,
        lambda shown: {
            name: value for name, value in shown.items() if value != "" or name not in ("description", "workspace")
        },
    )


@variant("answers")
def absent_as_empty(mock: Mock) -> None:
    """Optional texts that are absent are shown as empty."""
    shows(mock, lambda shown: {"description": "", "workspace": "", **shown})


@variant("answers")
def expiring(mock: Mock) -> None:
    """Git tokens have an `expired_at`."""
    shows(mock, lambda shown: {**shown, "expired_at": "2027-02-28"})


@variant(
    "answers",
    what={
        "flat": {"owner": "someone", "version": 3},
        "nested": {"links": {"self": {"href": "/"}}, "tags": []},
        "null": {"deleted_at": None},
    },
)
def additional_fields(mock: Mock, what: dict[str, Any]) -> None:
    """Answers have additional fields: {what}."""
    shows(mock, lambda shown: {**what, **shown})


@variant("answers")
def list_paged(mock: Mock) -> None:
    """The list has a page and a total besides its results."""

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        body = list_on(request)
        return {"page": 1, "total": len(body["results"]), **body}


@variant("answers")
def list_reversed(mock: Mock) -> None:
    """The list shows the newest git token first."""
    mock.on("list")(lambda list_on, request: {"results": list_on(request)["results"][::-1]})


@variant("answers")
def count_with_fraction(mock: Mock) -> None:
    """`associated_services_count` is written as 3.0 and the like."""
    shows(mock, lambda shown: {**shown, "associated_services_count": float(shown["associated_services_count"])})


@variant("answers")
def in_use_at_once(mock: Mock) -> None:
    """A new git token is used by services from the start."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        token = request.tokens[shown["id"]]
        token.services = [mock.service(number) for number in range(3)]
        return mock.show(request, token)


@variant("answers")
def upper_case_ids(mock: Mock) -> None:
    """Ids are shown in upper case."""
    shows(mock, lambda shown: {**shown, "id": shown["id"].upper()})


@variant("answers")
def another_default_address(mock: Mock) -> None:
    """A git token without an address of its own shows another of its provider's."""
    mock.defaults = {
        name: {**values, "git_api_url": "https://git.example.org/api"} for name, values in mock.defaults.items()
    }


@variant("answers", how={"pretty": {"indent": 2}, "sorted": {"sort_keys": True}, "utf-8": {"ensure_ascii": False}})
def json_as(mock: Mock, how: dict[str, Any]) -> None:
    """JSON is written in another way: {how}."""

    @mock.on("encode")
    def _(encode: Any, request: Request, answer: Answer) -> bytes:
        if isinstance(answer.body, dict | list):
            return json.dumps(answer.body, **how).encode(errors="replace")
        return bytes(encode(request, answer))


@variant(
    "answers",
    media_type={
        "charset": "application/json; charset=utf-8",
        "upper-case-charset": "application/json;charset=UTF-8",
        "upper-case": "Application/JSON",
    },
)
def media_type(mock: Mock, media_type: str) -> None:
    """The media type of answers is written in another way: {media_type}."""

    @changes(mock)
    def _(_: Request, answer: Answer) -> None:
        if "Content-Type" in answer.headers:
            answer.headers["Content-Type"] = media_type


HEADERS = {
    "security": {
        "Strict-Transport-Security": "max-age=1",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    },
    "request-id": {"X-Request-Id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "Server": "nginx", "Via": "1.1 proxy"},
    "cookie": {"Set-Cookie": "session=1; HttpOnly", "Vary": "Accept-Encoding"},
    "empty": {"X-Empty": ""},
}


@variant("http", headers=HEADERS)
def additional_headers(mock: Mock, headers: dict[str, str]) -> None:
    """Answers have additional headers: {headers}."""

    @changes(mock)
    def _(_: Request, answer: Answer) -> None:
        answer.headers.update(headers)


@variant("http")
def location(mock: Mock) -> None:
    """A create says in `Location` where the new git token is."""

    @changes(mock)
    def _(request: Request, answer: Answer) -> None:
        if answer.status == 201:
            answer.headers["Location"] = f"/organization/{request.ids['organizationId']}/gitToken/{answer.body['id']}"


@variant("http")
def rate_limit_shown(mock: Mock) -> None:
    """Answers carry the rate-limit headers, with a limit that is never reached."""
    counter = itertools.count(1)

    @changes(mock)
    def _(_: Request, answer: Answer) -> None:
        left = 1000 - next(counter) % 1000
        answer.headers.update(limits(1000, left, time.time() + 3600))


def limits(limit: int, left: int, reset: float) -> dict[str, str]:
    return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": str(int(reset))}


@variant("http", retry={"seconds": "1", "zero": "0", "none": "", "date": "date"})
def rate_limited(mock: Mock, retry: str) -> None:
    """Every 40th request is answered with 429; `Retry-After`: {retry}."""
    counter = itertools.count(1)

    @mock.on("serve")
    def _(serve: Any, request: Request) -> Answer:
        if next(counter) % 40 == 0:
            after = (
                time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 1)) if retry == "date" else retry
            )
            raise Refusal(429, "slow down", {"Retry-After": after} if after else {})
        return serve(request)  # type: ignore[no-any-return]


@variant("http")
def rate_limited_in_a_row(mock: Mock) -> None:
    """Now and then three requests in a row are answered with 429."""
    counter = itertools.count(1)

    @mock.on("serve")
    def _(serve: Any, request: Request) -> Any:
        if next(counter) % 150 < 3:
            raise Refusal(429, "slow down", {"Retry-After": "1", **limits(150, 0, time.time() + 1)})
        return serve(request)


@variant("http")
def compressed(mock: Mock) -> None:
    """Bodies are compressed for who accepts that."""

    @mock.on("encode")
    def _(encode: Any, request: Request, answer: Answer) -> bytes:
        body: bytes = encode(request, answer)
        if not body or "gzip" not in request.headers.get("accept-encoding", ""):
            return body
        answer.headers.update({"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
        return gzip.compress(body)


@variant("http")
def chunked(mock: Mock) -> None:
    """Bodies are sent in chunks of 64 bytes, without Content-Length."""

    @mock.on("send")
    async def _(_: Any, request: Request, answer: Answer, receive: Receive, send: Send) -> None:  # noqa: ARG001
        body = mock.encode(request, answer)
        headers = [(name.encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        for start in range(0, len(body), 64):
            await send({"type": "http.response.body", "body": body[start : start + 64], "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@variant("answers")
def services_counted(mock: Mock) -> None:
    """A git token counts services that are not listed, for the caller may not see them."""
    shows(mock, lambda shown: {**shown, "associated_services_count": shown["associated_services_count"] + 12})


@variant("http")
def connection_closed(mock: Mock) -> None:
    """Each connection is closed after one answer."""

    @changes(mock)
    def _(_: Request, answer: Answer) -> None:
        answer.headers["Connection"] = "close"


@variant("http", delay={"5-ms": 0.005, "now-and-then-500-ms": 0.5, "20-ms": 0.02})
def slow(mock: Mock, delay: float) -> None:
    """Answers take their time: {delay}."""
    counter = itertools.count(1)

    @mock.on("send")
    async def _(send_on: Any, *arguments: Any) -> None:
        if delay < 0.1 or next(counter) % 100 == 0:
            await asyncio.sleep(delay)
        await send_on(*arguments)
