"""Faults of the form of answers: fields, types, statuses, media types."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.types import Receive, Send

from ..server import Answer, Mock, Refusal, Request
from .catalogue import ACTIONS, ANSWER, PROMISED, PROVIDERS, answers, fault, refusals, shows, without


@fault("answers", field=PROMISED)
def field_missing(mock: Mock, field: str) -> None:
    """The answer to an edit lacks `{field}`."""
    shows(mock, "edit")(lambda _, shown: without(shown, field))


@fault(
    "answers",
    what={
        f"{name}-{action}": (name, action) for name, action in zip(PROMISED, itertools.cycle(["get", "list", "create"]))
    },
)
def field_missing_elsewhere(mock: Mock, what: tuple[str, str]) -> None:
    """An answer lacks a promised field: {what}."""
    shows(mock, what[1])(lambda _, shown: without(shown, what[0]))


@fault("answers", field=list(ANSWER))
def field_null(mock: Mock, field: str) -> None:
    """The answers show `{field}` as null."""
    shows(mock, "edit", "get", "list")(lambda _, shown: {**shown, field: None})


MISTYPED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "id-number": ("id", lambda value: int(value[:8], 16)),
    "id-no-uuid": ("id", lambda value: value.replace("-", "")),
    "name-array": ("name", lambda value: [value]),
    "type-lower-case": ("type", str.lower),
    "type-number": ("type", lambda value: PROVIDERS.index(value)),
    "type-unknown": ("type", lambda value: f"{value}_CLOUD"),
    "description-object": ("description", lambda value: {"text": value}),
    "workspace-number": ("workspace", len),
    "git-api-url-relative": ("git_api_url", lambda value: value.partition("://")[2]),
    "git-api-url-empty": ("git_api_url", lambda _: ""),
    "git-api-url-object": ("git_api_url", lambda value: {"href": value}),
    "created-at-seconds": ("created_at", lambda value: datetime.fromisoformat(value).timestamp()),
    "created-at-no-zone": ("created_at", lambda value: value[:-1]),
    "created-at-space": ("created_at", lambda value: value.replace("T", " ")[:19]),
    "created-at-day": ("created_at", lambda value: value[:10]),
    "updated-at-rfc-1123": ("updated_at", lambda _: "Thu, 15 Jan 2026 09:30:00 GMT"),
    "updated-at-no-zone": ("updated_at", lambda value: value[:-1]),
    "updated-at-milliseconds": ("updated_at", lambda value: int(datetime.fromisoformat(value).timestamp() * 1000)),
    "count-string": ("associated_services_count", str),
    "count-negative": ("associated_services_count", lambda value: -1 - value),
    "count-fraction": ("associated_services_count", lambda value: value + 0.5),
    "count-array": ("associated_services_count", lambda value: [value]),
    "expired-at-time": ("expired_at", lambda _: "2026-12-31T00:00:00Z"),
    "expired-at-empty": ("expired_at", lambda _: ""),
    "expired-at-slashes": ("expired_at", lambda _: "31/12/2026"),
}


@fault("answers", what=MISTYPED)
def mistyped(mock: Mock, what: tuple[str, Callable[[Any], Any]]) -> None:
    """A field of an answer is not what the contract says: {what}."""
    name, change = what
    shows(mock, "edit", "create", "get", "list")(
        lambda _, shown: (
            {**shown, name: change(shown.get(name, ""))} if name in shown or name == "expired_at" else shown
        )
    )


@fault("answers", action=["create", "get", "list"])
def mistyped_in(mock: Mock, action: str) -> None:
    """`{action}` shows times without a zone, where the edit shows them right."""
    shows(mock, action)(lambda _, shown: {**shown, "created_at": shown["created_at"][:-1]})


RENAMED = {
    "created_at": "createdAt",
    "git_api_url": "gitApiUrl",
    "associated_services_count": "count",
    "id": "_id",
}


@fault("answers", field={old: (old, new) for old, new in RENAMED.items()})
def renamed(mock: Mock, field: tuple[str, str]) -> None:
    """The answers show `{field}` under another name."""
    old, new = field
    shows(mock, "edit", "get")(lambda _, shown: {**without(shown, old), new: shown[old]})


WRAPPED: dict[str, Callable[[Any], Any]] = {
    "in-data": lambda body: {"data": body},
    "in-results": lambda body: {"results": [body]},
    "in-an-array": lambda body: [body],
    "as-a-string": json.dumps,
    "away-to-null": lambda _: b"null",
}


@fault("answers", how=WRAPPED, action=["edit", "get"])
def wrapped(mock: Mock, how: Callable[[Any], Any], action: str) -> None:
    """The git token in the answer to `{action}` is wrapped {how}."""

    @answers(mock, action)
    def _(_: Request, answer: Answer) -> None:
        answer.body = how(answer.body)


LISTS: dict[str, Callable[[Any], Any]] = {
    "bare-array": lambda body: body["results"],
    "renamed": lambda body: {"items": body["results"]},
    "null": lambda _: {"results": None},
    "object": lambda body: {"results": dict(enumerate(body["results"]))},
    "absent": lambda _: {},
}


@fault("answers", how=LISTS, action=["list", "services"])
def results(mock: Mock, how: Callable[[Any], Any], action: str) -> None:
    """The results of `{action}` are not an array under that name: {how}."""

    @answers(mock, action)
    def _(_: Request, answer: Answer) -> None:
        answer.body = how(answer.body)


@fault(
    "answers",
    what={
        "edit-201": ("edit", 201),
        "edit-202": ("edit", 202),
        "edit-203": ("edit", 203),
        "edit-418": ("edit", 418),
        "edit-302": ("edit", 302),
        "create-200": ("create", 200),
        "create-202": ("create", 202),
        "get-203": ("get", 203),
        "list-206": ("list", 206),
        "delete-200": ("delete", 200),
        "delete-202": ("delete", 202),
        "services-201": ("services", 201),
    },
)
def success_status(mock: Mock, what: tuple[str, int]) -> None:
    """A success has the wrong status: {what}."""

    @answers(mock, what[0])
    def _(_: Request, answer: Answer) -> None:
        answer.status = what[1]


@fault("answers", action=["edit", "create", "get", "list"])
def no_content(mock: Mock, action: str) -> None:
    """The answer to `{action}` is 204 without a body."""

    @answers(mock, action)
    def _(_: Request, answer: Answer) -> None:
        answer.status, answer.body, answer.headers = 204, None, {}


@fault(
    "answers",
    what={
        f"{action}-{value.replace('/', '-') or 'none'}": (action, value)
        for action, value in [
            ("edit", ""),
            ("edit", "text/html"),
            ("edit", "application/octet-stream"),
            ("get", "text/plain"),
            ("get", ""),
            ("list", "application/xml"),
            ("list", ""),
            ("create", "text/html"),
            ("services", "text/plain"),
        ]
    },
)
def content_type(mock: Mock, what: tuple[str, str]) -> None:
    """JSON is sent under another media type or none: {what}."""

    @answers(mock, what[0])
    def _(_: Request, answer: Answer) -> None:
        answer.headers = {"Content-Type": what[1]} if what[1] else {}


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda body: body[: len(body) // 2],
    "no-closing-brace": lambda body: body[:-1],
    "trailing-comma": lambda body: body[:-1] + b",}",
    "single-quotes": lambda body: body.replace(b'"', b"'"),
    "html": lambda _: b"<!doctype html><title>OK</title>",
    "twice": lambda body: body + body,
    "not-a-number": lambda body: re.sub(rb":(\d+)}", b":NaN}", body).replace(b"]}", b",NaN]}"),
    "guarded": lambda body: b")]}',\n" + body,
    "byte-order-mark": lambda body: b"\xef\xbb\xbf" + body,
    "utf-16": lambda body: body.decode().encode("utf-16"),
    "latin-1": lambda body: json.dumps(json.loads(body), ensure_ascii=False).encode("latin-1", errors="replace"),
}


@fault("answers", how=BROKEN)
def broken(mock: Mock, how: Callable[[bytes], bytes]) -> None:
    """The body of an edit's answer is broken: {how}."""

    @mock.on("encode")
    def _(encode: Any, request: Request, answer: Answer) -> bytes:
        body: bytes = encode(request, answer)
        return how(body) if request.action == "edit" and answer.status < 300 else body


@fault("answers", action=["create", "get", "list", "services"])
def broken_elsewhere(mock: Mock, action: str) -> None:
    """The body of the answer to `{action}` is cut."""

    @mock.on("encode")
    def _(encode: Any, request: Request, answer: Answer) -> bytes:
        body: bytes = encode(request, answer)
        return body[:-1] if request.action == action and answer.status < 300 else body


@fault("answers", action=["edit", "get"])
def lying_encoding(mock: Mock, action: str) -> None:
    """The answer to `{action}` says that it is compressed, and is not."""

    @answers(mock, action)
    def _(_: Request, answer: Answer) -> None:
        answer.headers["Content-Encoding"] = "gzip"


@fault("answers", action=["edit", "list"])
def lying_length(mock: Mock, action: str) -> None:
    """The body of the answer to `{action}` is shorter than its Content-Length."""

    @mock.on("send")
    async def _(send_on: Any, request: Request, answer: Answer, receive: Receive, send: Send) -> None:
        async def short(message: Any) -> None:
            if message["type"] == "http.response.body":
                message["body"] = message["body"][:-5]
            await send(message)

        await send_on(request, answer, receive, short if request.action == action and answer.status < 300 else send)


WRONG_STATUSES = {
    400: (200, 404, 409, 422, 500, 503),
    403: (200, 401, 500),
    404: (200, 204, 400, 410, 500),
    405: (200, 400, 404, 500, 501),
}
STATUSES = {f"{old}-becomes-{new}": (old, new) for old, wrong in WRONG_STATUSES.items() for new in wrong}


@fault("answers", status=STATUSES)
def error_status(mock: Mock, status: tuple[int, int]) -> None:
    """An error has the wrong status: {status}."""

    @refusals(mock, status[0])
    def _(_: Request, answer: Answer) -> None:
        answer.status = status[1]
        if status[1] == 204:
            answer.body, answer.headers = None, {}


@fault("answers", action=ACTIONS)
def fails_if_unknown(mock: Mock, action: str) -> None:
    """`{action}` fails with 500 where the organization or the git token does not exist."""

    @mock.on("refuse")
    def _(refuse: Any, request: Request, refusal: Refusal) -> Any:
        if request.action == action and refusal.status == 404:
            refusal.status = 500
        return refuse(request, refusal)
