"""Faults that show a secret, credentials or the insides of the server."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

from ...contract.fields import get
from ...contract.resource import Resource
from ..facts import secrets
from ..messages import Answer, Request
from ..server import Mock
from .catalogue import answers, fault, refusals, secret, shows

FORMS: dict[str, Callable[[str], str]] = {
    "whole": str,
    "first-half": lambda text: text[: max(8, len(text) // 2)] + "***",
    "last-8": lambda text: "***" + text[-8:],
    "base64": lambda text: base64.b64encode(text.encode(errors="replace")).decode(),
    "percent-encoded": lambda text: urllib.parse.quote(text, errors="replace"),
    "sha-256": lambda text: hashlib.sha256(text.encode(errors="replace")).hexdigest(),
    "in-a-url": lambda text: f"https://oauth2:{text}@git.example.com",
}


@fault("secrets", action=["edit", "create", "get", "list"], field=secrets)
def shown(mock: Mock, action: str, field: str) -> None:
    """`{action}` shows the secret of {a}."""
    name = field.rpartition(".")[2]
    shows(mock, action)(lambda token, shown: {**shown, name: get(token.fields, field)})


@fault("secrets", needs="edit", form=FORMS, field=secrets)
def shown_as(mock: Mock, form: Callable[[str], str], field: str) -> None:
    """The answer to an edit shows the secret under another name: {form}."""
    shows(mock, "edit")(lambda token, shown: {**shown, "credential": {"value": form(_stored(token.fields, field))}})


def _stored(fields: dict[str, Any], field: str) -> str:
    return str(get(fields, field) or "")


@fault("secrets", action=["get", "list", "create"], form=["first-half", "last-8"], field=secrets)
def shown_in_part(mock: Mock, action: str, form: str, field: str) -> None:
    """`{action}` shows a part of the secret: {form}."""
    shows(mock, action)(lambda token, shown: {**shown, "hint": FORMS[form](_stored(token.fields, field))})


@fault("secrets", action=["edit", "create", "get", "delete", "services"], field=secrets)
def in_header(mock: Mock, action: str, field: str) -> None:
    """A header of the answer to `{action}` carries the secret."""

    @answers(mock, action)
    def _(request: Request, answer: Answer) -> None:
        answer.headers["X-Secret"] = FORMS["percent-encoded"](secret(mock, request, field))


@fault("secrets", needs="services", field=secrets)
def in_services(mock: Mock, field: str) -> None:
    """A further read shows the secret of {a}."""

    @answers(mock, "services")
    def _(request: Request, answer: Answer) -> None:
        answer.body = {**answer.body, "used": secret(mock, request, field)}


@fault("secrets", needs="edit", field=secrets)
def of_before(mock: Mock, field: str) -> None:
    """The answer to an edit shows the secret of before the edit."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before = get(request.token.fields, field)
        return {**edit(request), "replaced": before}


def _any(resource: Resource) -> dict[str, bool]:
    """One value, where there are secrets."""
    return {"": True} if resource.secrets else {}


@fault("secrets", status={"400": 400, "404": 404, "401": 401}, there=_any)
def in_error(mock: Mock, status: int, there: bool) -> None:  # noqa: ARG001
    """An error with status {status} quotes the body that was sent."""

    @refusals(mock, status)
    def _(request: Request, answer: Answer) -> None:
        answer.body["message"] += f": {(request.raw or b'').decode(errors='replace')}"


def _others(resource: Resource) -> list[str]:
    """The fields about which there are errors, and that are no secrets."""
    return [name for name in resource.fields if name not in resource.secrets]


@fault("secrets", about=_others, field=secrets)
def in_error_about(mock: Mock, about: str, field: str) -> None:
    """An error about `{about}` quotes the secret."""
    place = about.replace(".", "/")

    @refusals(mock, 400)
    def _(request: Request, answer: Answer) -> None:
        if answer.body["message"].startswith((f"{place} ", f"{about} ")):
            answer.body["rejected"] = secret(mock, request, field)


@fault("secrets", field=secrets)
def in_error_about_itself(mock: Mock, field: str) -> None:
    """An error about a secret of another JSON type quotes its value."""
    place = field.replace(".", "/")

    @refusals(mock, 400)
    def _(request: Request, answer: Answer) -> None:
        if answer.body["message"].startswith(f"{place} ") and isinstance(request.body, dict):
            answer.body["rejected"] = get(request.body, field)


@fault("secrets", status={"400": 400, "401": 401, "403": 403, "404": 404, "405": 405}, field=secrets)
def in_header_of_error(mock: Mock, status: int, field: str) -> None:
    """A header of an error with status {status} carries the secret that was sent."""
    text = re.compile(rb'"%s": ?"([^"]*)"' % field.rpartition(".")[2].encode())

    @refusals(mock, status)
    def _(request: Request, answer: Answer) -> None:
        if sent := text.search(request.raw or b""):
            answer.headers["X-Rejected"] = urllib.parse.quote(sent[1])


@fault("secrets", status={"403": 403, "405": 405}, there=_any)
def in_page_of_error(mock: Mock, status: int, there: bool) -> None:  # noqa: ARG001
    """An error with status {status} is a page that shows the body that was sent."""

    @refusals(mock, status)
    def _(request: Request, answer: Answer) -> None:
        page = f"<h1>Error</h1><pre>{html.escape((request.raw or b'').decode(errors='replace'))}</pre>"
        answer.body, answer.headers["Content-Type"] = page.encode(), "text/html"


ODD: dict[str, Callable[[Any], bool]] = {
    "a-number": lambda value: type(value) is int,
    "in-an-object": lambda value: isinstance(value, dict),
    "too-long": lambda value: isinstance(value, str) and len(value) > 1000,
    "control-characters": lambda value: isinstance(value, str) and any(each < " " for each in value),
}


@fault("secrets", needs="edit", what=ODD, field=secrets)
def odd_one_in_error(mock: Mock, what: Callable[[Any], bool], field: str) -> None:
    """A secret that is refused for what it is stands in the refusal: {what}."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        answer: Answer = handle(request)
        value = get(request.body, field)
        if what(value) and request.action == "edit":
            return Answer(400, {"status": 400, "rejected": value}, {"Content-Type": "application/json"})
        return answer


@fault("secrets", action=["edit", "create"], there=_any)
def where_parsing_ends(mock: Mock, action: str, there: bool) -> None:  # noqa: ARG001
    """`{action}` quotes the last characters of a body that is not JSON."""

    @refusals(mock, 400)
    def _(request: Request, answer: Answer) -> None:
        if request.action == action and "JSON" in answer.body["message"]:
            answer.body["message"] += f" near {(request.raw or b'')[-16:].decode(errors='replace')}"


@fault("secrets", needs="edit", there=_any)
def stored_one_in_error(mock: Mock, there: bool) -> None:  # noqa: ARG001
    """A refused edit shows what is stored."""

    @refusals(mock, 400)
    def _(request: Request, answer: Answer) -> None:
        if request.token:
            answer.body["current"] = request.token.fields


def _places(resource: Resource) -> list[str]:
    return ["header", "body"] if resource.schemes else []


def _answered(resource: Resource) -> dict[str, int]:
    """Statuses that the mock answers with, 403 only where somebody else's owners have it."""
    known = {status for operation in resource.operations.values() for status in operation.responses}
    foreign = (403,) if "403" in known and resource.owners else ()
    return {str(status): status for status in (200, 400, 401, *foreign, 404, 405)}


@fault("secrets", status=_answered, where=_places)
def credentials_echoed(mock: Mock, status: int, where: str) -> None:
    """An answer with status {status} echoes the caller's credentials in a {where}."""
    scheme = mock.resource.schemes[0]

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        answer: Answer = handle(request)
        sent = request.headers.get(scheme.header.lower(), "")
        if answer.status == status and sent and where == "header":
            answer.headers["X-Caller"] = sent
        elif answer.status == status and sent and isinstance(answer.body, dict):
            answer.body = {**answer.body, "caller": sent.removeprefix(scheme.value(""))}
        return answer


INTERNALS = {
    "python-in-400": (
        400,
        'Traceback (most recent call last):\n  File "/srv/items.py", line 42, in edit\nKeyError: 0',
    ),
    "java-in-404": (404, "java.lang.NullPointerException\n\tat com.example.Items.edit(Items.java:42)"),
    "node-in-401": (401, "TypeError: Cannot read properties of undefined\n    at edit (/srv/app/items.js:42:13)"),
    "go-in-403": (
        403,
        "panic: index out of range\n\ngoroutine 1 [running]:\nmain.edit(0x0)\n\t/srv/items.go:42 +0x1d",
    ),
    "dotnet-in-404": (404, "System.NullReferenceException: Object reference not set to an instance of an object."),
    "postgresql-in-400": (400, 'duplicate key value violates unique constraint "items_name_key"'),
    "sql-in-400": (400, 'ERROR: syntax error at or near "name" LINE 1: UPDATE items SET name = $1 WHERE id = $2'),
}


@fault("secrets", what=INTERNALS)
def internals(mock: Mock, what: tuple[int, str]) -> None:
    """An error shows the server's insides: {what}."""

    @refusals(mock, what[0])
    def _(_: Request, answer: Answer) -> None:
        answer.body["trace"] = what[1]
