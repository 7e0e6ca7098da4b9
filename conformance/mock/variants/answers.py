"""Variants whose answers look different and mean the same."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from starlette.types import Receive, Send

from ...contract.fields import drop, get, has, put
from ...contract.resource import Resource
from ..facts import addresses, cleared, first, promised, texts
from ..messages import Answer, Item, Refusal, Request
from ..server import Mock
from .catalogue import changes, shows, variant


def times(mock: Mock, change: Callable[[str], str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Changes the times that the server sets."""
    names = [name for name in (mock.resource.created, mock.resource.edited) if name]

    def changed(shown: dict[str, Any]) -> dict[str, Any]:
        for name in names:
            shown = put(shown, name, change(get(shown, name))) if has(shown, name) else shown
        return shown

    return changed


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


@variant("answers", needs="created", how=TIMES)
def times_as(mock: Mock, how: Callable[[str], str]) -> None:
    """Times are shown in another form: {how}."""
    shows(mock, times(mock, how))


@variant("answers", needs="created", digits={"milliseconds": 3, "whole-seconds": 0})
def finer_on_writes(mock: Mock, digits: int) -> None:
    """What a write answers shows times to the microsecond, what a read shows has {digits}."""

    @mock.on("show")
    def _(show: Any, request: Request, token: Item) -> Any:
        shown = show(request, token)
        if request.action in ("create", "edit"):
            return shown
        return times(mock, lambda text: text[: 20 + digits].rstrip(".") + "Z")(shown)


@variant("answers", needs="created", hours={"behind": -7, "ahead": 26})
def clock_wrong(mock: Mock, hours: int) -> None:
    """The server's clock is hours {hours}, and the header Date says so."""
    shift = timedelta(hours=hours)
    shows(mock, times(mock, lambda text: (datetime.fromisoformat(text) + shift).isoformat()))

    @changes(mock)
    def _(_: Request, answer: Answer) -> None:
        now = time.gmtime(time.time() + shift.total_seconds())
        answer.headers["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", now)


@variant("answers", needs="created")
def whole_seconds(mock: Mock) -> None:
    """Times have no fraction: two edits within a second are at the same time."""
    shows(mock, times(mock, lambda text: text[:19] + "Z"))


@variant("answers", needs="created")
def trailing_zeros_cut(mock: Mock) -> None:
    """Times have as many digits as they need."""
    shows(mock, times(mock, lambda text: text[:-1].rstrip("0").rstrip(".") + "Z"))


def _edited(resource: Resource) -> dict[str, str]:
    """When an item was last edited, where answers need not say so."""
    return {"": resource.edited} if resource.edited and not resource.shown[resource.edited].required else {}


@variant("answers", called="no-{edited}", field=_edited)
def no_edited_at(mock: Mock, field: str) -> None:
    """The time of the last edit is never shown."""
    shows(mock, lambda shown: drop(shown, field))


@variant("answers", needs="created", called="{edited}-after-an-edit", field=_edited)
def edited_at_after_an_edit(mock: Mock, field: str) -> None:
    """The time of the last edit is shown once there was one."""
    created = mock.resource.created or ""
    shows(mock, lambda shown: drop(shown, field) if get(shown, field) == get(shown, created) else shown)


def _texts(resource: Resource) -> dict[str, list[str]]:
    """The texts that an item may be without."""
    names = [name for name in texts(resource) if name in cleared(resource) and "." not in name]
    return {"": names} if names else {}


@variant("answers", names=_texts)
def empty_omitted(mock: Mock, names: list[str]) -> None:
    """Optional texts that are empty are not shown."""
    shows(mock, lambda shown: {name: value for name, value in shown.items() if value != "" or name not in names})


@variant("answers", names=_texts)
def absent_as_empty(mock: Mock, names: list[str]) -> None:
    """Optional texts that are absent are shown as empty."""
    shows(mock, lambda shown: {**dict.fromkeys(names, ""), **shown})


def _dates(resource: Resource) -> dict[str, str]:
    """A date that only the server sets."""
    kinds = {name: field.kind for name, field in resource.shown.items() if name not in resource.fields}
    return first(name for name, kind in kinds.items() if kind == "date")


@variant("answers", field=_dates)
def expiring(mock: Mock, field: str) -> None:
    """A date that only the server sets is shown."""
    shows(mock, lambda shown: put(shown, field, "2027-02-28"))


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


@variant("answers", within=lambda resource: {"": resource.items} if resource.items else {})
def list_paged(mock: Mock, within: str) -> None:
    """The list has a page and a total besides its results."""

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        body = list_on(request)
        return {"page": 1, "total": len(body[within]), **body}


@variant("answers", needs="list")
def list_reversed(mock: Mock) -> None:
    """The list shows the newest {noun} first."""

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        body = list_on(request)
        return mock.resource.relisted(body, (mock.resource.listed(body) or [])[::-1])


@variant("answers", field=lambda resource: first(resource.counts))
def count_with_fraction(mock: Mock, field: str) -> None:
    """What the server counts is written as 3.0 and the like."""
    shows(mock, lambda shown: put(shown, field, float(get(shown, field))))


@variant("answers", needs="create services")
def in_use_at_once(mock: Mock) -> None:
    """A new {noun} is used from the start."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        token = request.tokens[mock.resource.id_of(shown)]
        token.services = [mock.service(number) for number in range(3)]
        return mock.show(request, token)


@variant("answers", uuid=lambda resource: {"": resource.id} if resource.is_uuid(resource.item) else {})
def upper_case_ids(mock: Mock, uuid: str) -> None:
    """Ids are shown in upper case."""
    shows(mock, lambda shown: put(shown, uuid, get(shown, uuid).upper()))


def _promised(resource: Resource) -> dict[str, str]:
    """An address that is shown whether it is sent or not."""
    names = [name for name in addresses(resource) if name in promised(resource) and name in resource.optional]
    return first(names)


@variant("answers", address=_promised)
def another_default_address(mock: Mock, address: str) -> None:
    """{a} without an address of its own shows another one."""
    mock.defaults = {
        choice: {**values, address: "https://git.example.org/api"} for choice, values in mock.defaults.items()
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


@variant("http", needs="create")
def location(mock: Mock) -> None:
    """A create says in `Location` where the new {noun} is."""

    @changes(mock)
    def _(request: Request, answer: Answer) -> None:
        if request.action == "create" and answer.status < 300:
            id = mock.resource.id_of(answer.body)
            answer.headers["Location"] = mock.resource.path_of(mock.resource.path, request.ids, id)


# When the count starts anew, an hour from now.
RESETS: dict[str, Callable[[], float]] = {
    "time": lambda: time.time() + 3600,
    "seconds": lambda: 3600,
    "milliseconds": lambda: (time.time() + 3600) * 1000,
}


@variant("http", reset=RESETS)
def rate_limit_shown(mock: Mock, reset: Callable[[], float]) -> None:
    """Answers carry the rate-limit headers, with a limit that is never reached, and its reset as {reset}."""
    counter = itertools.count(1)

    @changes(mock)
    def _(_: Request, answer: Answer) -> None:
        left = 1000 - next(counter) % 1000
        answer.headers.update(limits(1000, left, reset()))


@variant("http", needs="rates")
def rate_limit_refilled(mock: Mock) -> None:
    """What is left of the rate limit grows now and then, as in a bucket that is filled again."""
    counter = itertools.count(1)

    @changes(mock)
    def _(_: Request, answer: Answer) -> None:
        used = next(counter)
        answer.headers.update(limits(1000, 900 - used % 9, time.time() // 3600 * 3600 + 3600))


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
    """Bodies are compressed for callers that accept it."""

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


@variant("answers", field=lambda resource: first(resource.counts))
def services_counted(mock: Mock, field: str) -> None:
    """{a} counts what is not listed, for the caller may not see it."""
    shows(mock, lambda shown: put(shown, field, get(shown, field) + 12))


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
