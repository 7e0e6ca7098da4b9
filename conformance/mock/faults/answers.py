"""Faults of the form of answers: fields, types, statuses, media types."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.types import Receive, Send

from ...contract.fields import drop, get, has, put
from ...contract.resource import Resource, words
from ..facts import ACTIONS, addresses, does, done, label, promised
from ..messages import Answer, Refusal, Request
from ..server import Mock
from .catalogue import answers, fault, refusals, shows


@fault("answers", needs="edit", field=promised)
def field_missing(mock: Mock, field: str) -> None:
    """The answer to an edit lacks `{field}`."""
    shows(mock, "edit")(lambda _, shown: drop(shown, field))


def _elsewhere(resource: Resource) -> dict[str, tuple[str, str]]:
    turns = itertools.cycle([each for each in ("get", "list", "create") if does(resource, each)])
    return {f"{name}-{action}": (name, action) for name, action in zip(promised(resource), turns, strict=False)}


@fault("answers", what=_elsewhere)
def field_missing_elsewhere(mock: Mock, what: tuple[str, str]) -> None:
    """An answer lacks a promised field: {what}."""
    shows(mock, what[1])(lambda _, shown: drop(shown, what[0]))


@fault("answers", field=lambda resource: list(resource.shown))
def field_null(mock: Mock, field: str) -> None:
    """The answers show `{field}` as null."""
    shows(mock, "edit", "get", "list")(lambda _, shown: put(shown, field, None) if _there(shown, field) else shown)


def _there(shown: Any, field: str) -> bool:
    """Has an answer the object that a field is in?"""
    outer = field.rpartition(".")[0]
    return not outer or isinstance(get(shown, outer), dict)


# What may be wrong with a field of an answer, by what it is about; of texts, each has one of these in turn.
Wrong = dict[str, Callable[[Any], Any]]
TEXTS: list[Wrong] = [{"array": lambda value: [value]}, {"object": lambda value: {"text": value}}, {"number": len}]
WRONG: dict[str, Wrong] = {
    "choice": {
        "lower-case": str.lower,
        "number": len,
        "unknown": lambda value: f"{value}_CLOUD",
    },
    "address": {
        "relative": lambda value: value.partition("://")[2],
        "empty": lambda _: "",
        "object": lambda value: {"href": value},
    },
    "created": {
        "seconds": lambda value: datetime.fromisoformat(value).timestamp(),
        "no-zone": lambda value: value[:-1],
        "space": lambda value: value.replace("T", " ")[:19],
        "day": lambda value: value[:10],
    },
    "edited": {
        "rfc-1123": lambda _: "Thu, 15 Jan 2026 09:30:00 GMT",
        "no-zone": lambda value: value[:-1],
        "milliseconds": lambda value: int(datetime.fromisoformat(value).timestamp() * 1000),
    },
    "count": {
        "string": str,
        "negative": lambda value: -1 - value,
        "fraction": lambda value: value + 0.5,
        "array": lambda value: [value],
    },
    "date": {
        "time": lambda _: "2026-12-31T00:00:00Z",
        "empty": lambda _: "",
        "slashes": lambda _: "31/12/2026",
    },
    "date-time": {"no-zone": lambda value: value[:19], "day": lambda value: value[:10]},
    "flag": {"text": lambda value: str(value).lower(), "number": int},
    "integer": {"text": str, "fraction": lambda value: value + 0.5},
    "number": {"text": str, "array": lambda value: [value]},
    "list": {"text": str, "object": lambda value: dict(enumerate(value)), "null-item": lambda value: [*value, None]},
    "object": {"text": str, "array": lambda value: [value]},
    "id": {"number": lambda value: int(value[:8], 16), "no-uuid": lambda value: value.replace("-", "")},
    "number-id": {"text": str, "fraction": lambda value: value + 0.5},
    "text-id": {"array": lambda value: [value], "absent": lambda _: None},
}
_IDS = {"uuid": "id", "integer": "number-id", "number": "number-id"}


def _seen(resource: Resource, name: str) -> bool:
    """Does the mock ever show a field? What nobody can send, and no answer has to have, is absent."""
    path = name.split(".")
    required = all(resource.shown[".".join(path[: end + 1])].required for end in range(len(path)))
    known = (resource.id, resource.created, resource.edited, *resource.counts, *resource.tells)
    return required or name in resource.fields or name in known or resource.shown[name].kind == "date"


def _mistyped(resource: Resource) -> dict[str, tuple[str, Callable[[Any], Any]]]:
    turns = itertools.cycle(TEXTS)
    found: dict[str, tuple[str, Callable[[Any], Any]]] = {}
    for name, field in resource.shown.items():
        if not _seen(resource, name):
            continue
        about: str = field.kind if name != resource.id else _IDS.get(field.kind, "text-id")
        roles: dict[str | None, str] = dict.fromkeys(resource.counts, "count")
        roles |= {resource.created: "created", resource.edited: "edited"}
        about = roles.get(name, about)
        known = next(turns) if about == "text" and name != resource.id else WRONG.get(about, {})
        called = "count" if about == "count" and len(resource.counts) == 1 else label(name)
        found |= {f"{called}-{how}": (name, change) for how, change in known.items()}
    return found


@fault("answers", what=_mistyped)
def mistyped(mock: Mock, what: tuple[str, Callable[[Any], Any]]) -> None:
    """A field of an answer is not what the contract says: {what}."""
    name, change = what
    # What nobody can send may be shown all the same.
    ever = mock.resource.shown[name].kind == "date" and name not in mock.resource.fields

    def changed(_: Any, shown: dict[str, Any]) -> dict[str, Any]:
        return put(shown, name, change(get(shown, name))) if has(shown, name) or ever else shown

    shows(mock, "edit", "create", "get", "list")(changed)


@fault("answers", action=lambda resource: ["create", "get", "list"] if resource.created else [])
def mistyped_in(mock: Mock, action: str) -> None:
    """`{action}` shows times without a zone, where the edit shows them right."""
    created = str(mock.resource.created)
    shows(mock, action)(lambda _, shown: put(shown, created, get(shown, created)[:-1]))


def _renamed(resource: Resource) -> dict[str, tuple[str, str]]:
    """Promised fields with the names that other APIs give them."""
    names = [resource.created, *addresses(resource), *resource.counts, resource.id]
    special = {resource.id: f"_{resource.id}", **dict.fromkeys(resource.counts, "count")}
    return {
        name: (name, special.get(name) or _camel(name))
        for name in names
        if name in promised(resource) and (name in special or _camel(name) != name)
    }


def _camel(name: str) -> str:
    first, *rest = words(name, "_", keep=True).split("_")
    return first + "".join(map(str.capitalize, rest))


@fault("answers", field=_renamed)
def renamed(mock: Mock, field: tuple[str, str]) -> None:
    """The answers show `{field}` under another name."""
    old, new = field
    shows(mock, "edit", "get")(lambda _, shown: put(drop(shown, old), new, get(shown, old)))


WRAPPED: dict[str, Callable[[Any], Any]] = {
    "in-data": lambda body: {"data": body},
    "in-results": lambda body: {"results": [body]},
    "in-an-array": lambda body: [body],
    "as-a-string": json.dumps,
    "away-to-null": lambda _: b"null",
}


@fault("answers", how=WRAPPED, action=["edit", "get"])
def wrapped(mock: Mock, how: Callable[[Any], Any], action: str) -> None:
    """The {noun} in the answer to `{action}` is wrapped {how}."""

    @answers(mock, action)
    def _(_: Request, answer: Answer) -> None:
        answer.body = how(answer.body)


LISTS: dict[str, Callable[[dict[str, Any], str], Any]] = {
    "bare-array": lambda body, name: body[name],
    "renamed": lambda body, name: {"data" if name == "items" else "items": body[name]},
    "null": lambda _, name: {name: None},
    "object": lambda body, name: {name: dict(enumerate(body[name]))},
    "absent": lambda *_: {},
}


def _lists(resource: Resource) -> dict[str, Callable[[dict[str, Any], str], Any]]:
    """What may be wrong with a list that is within an object."""
    return {} if resource.items == "" else LISTS


@fault("answers", how=_lists, action=["list", "services"])
def results(mock: Mock, how: Callable[[dict[str, Any], str], Any], action: str) -> None:
    """The items of `{action}` are not an array under their name: {how}."""

    @answers(mock, action)
    def _(_: Request, answer: Answer) -> None:
        names = [name for name, value in answer.body.items() if isinstance(value, list)]
        answer.body = how(answer.body, names[0])


SUCCESSES = [
    *(("edit", status) for status in (200, 201, 202, 203, 418, 302)),
    *(("create", status) for status in (200, 201, 202)),
    ("get", 203),
    ("list", 206),
    *(("delete", status) for status in (200, 202)),
    ("services", 201),
]


def _successes(resource: Resource) -> dict[str, tuple[str, int]]:
    def right(action: str) -> set[int]:
        every = resource.operations.values()
        return {each.success for each in every if resource.role(each.id) == ("read" if action == "get" else action)}

    found = {f"{action}-{status}": (action, status) for action, status in SUCCESSES if status not in right(action)}
    return done(found)(resource)


@fault("answers", what=_successes)
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


TYPES = {
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
}


@fault("answers", what=done(TYPES))
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
    "not-a-number": lambda body: body[:-1] + b',"x":NaN}',
    "guarded": lambda body: b")]}',\n" + body,
    "byte-order-mark": lambda body: b"\xef\xbb\xbf" + body,
    "utf-16": lambda body: body.decode().encode("utf-16"),
    "latin-1": lambda body: json.dumps(json.loads(body), ensure_ascii=False).encode("latin-1", errors="replace"),
}


@fault("answers", needs="edit", how=BROKEN)
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
    """`{action}` fails with 500 where the {owner} or the {noun} does not exist."""

    @mock.on("refuse")
    def _(refuse: Any, request: Request, refusal: Refusal) -> Any:
        if request.action == action and refusal.status == 404:
            refusal.status = 500
        return refuse(request, refusal)
