"""Faults that show a secret, credentials or the insides of the server."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

from ..server import Answer, Mock, Request
from .catalogue import FIELDS, answers, fault, refusals, secret, shows

FORMS: dict[str, Callable[[str], str]] = {
    "whole": str,
    "first-half": lambda text: text[: max(8, len(text) // 2)] + "***",
    "last-8": lambda text: "***" + text[-8:],
    "base64": lambda text: base64.b64encode(text.encode(errors="replace")).decode(),
    "percent-encoded": lambda text: urllib.parse.quote(text, errors="replace"),
    "sha-256": lambda text: hashlib.sha256(text.encode(errors="replace")).hexdigest(),
    "in-a-url": lambda text: f"https://oauth2:{text}@git.example.com",
}


@fault("secrets", action=["edit", "create", "get", "list"])
def shown(mock: Mock, action: str) -> None:
    """`{action}` shows the git token's value."""
    shows(mock, action)(lambda token, shown: {**shown, "token": token.fields["token"]})


@fault("secrets", form=FORMS)
def shown_as(mock: Mock, form: Callable[[str], str]) -> None:
    """The answer to an edit shows the git token's value under another name: {form}."""
    shows(mock, "edit")(lambda token, shown: {**shown, "credential": {"value": form(token.fields["token"])}})


@fault("secrets", action=["get", "list", "create"], form=["first-half", "last-8"])
def shown_in_part(mock: Mock, action: str, form: str) -> None:
    """`{action}` shows a part of the git token's value: {form}."""
    shows(mock, action)(lambda token, shown: {**shown, "hint": FORMS[form](token.fields["token"])})


@fault("secrets", action=["edit", "create", "get", "delete", "services"])
def in_header(mock: Mock, action: str) -> None:
    """A header of the answer to `{action}` carries the git token's value."""

    @answers(mock, action)
    def _(request: Request, answer: Answer) -> None:
        answer.headers["X-Git-Token"] = FORMS["percent-encoded"](secret(request))


@fault("secrets")
def in_services(mock: Mock) -> None:
    """The associated services show the git token's value."""

    @answers(mock, "services")
    def _(request: Request, answer: Answer) -> None:
        answer.body = {**answer.body, "git_token": secret(request)}


@fault("secrets")
def of_before(mock: Mock) -> None:
    """The answer to an edit shows the git token's value of before the edit."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before = request.token.fields["token"]
        return {**edit(request), "replaced": before}


@fault("secrets", status={"400": 400, "404": 404, "401": 401})
def in_error(mock: Mock, status: int) -> None:
    """An error with status {status} quotes the body that was sent."""

    @refusals(mock, status)
    def _(request: Request, answer: Answer) -> None:
        answer.body["message"] += f": {(request.raw or b'').decode(errors='replace')}"


@fault("secrets", field=[name for name in FIELDS if name != "token"])
def in_error_about(mock: Mock, field: str) -> None:
    """An error about `{field}` quotes the git token's value."""

    @refusals(mock, 400)
    def _(request: Request, answer: Answer) -> None:
        if answer.body["message"].startswith(field):
            answer.body["rejected"] = secret(request)


@fault("secrets")
def in_error_about_itself(mock: Mock) -> None:
    """An error about a `token` of another JSON type quotes its value."""

    @refusals(mock, 400)
    def _(request: Request, answer: Answer) -> None:
        if answer.body["message"].startswith("token") and isinstance(request.body, dict):
            answer.body["rejected"] = request.body.get("token")


@fault("secrets", status={"400": 400, "401": 401, "403": 403, "404": 404, "405": 405})
def in_header_of_error(mock: Mock, status: int) -> None:
    """A header of an error with status {status} carries the git token's value that was sent."""

    @refusals(mock, status)
    def _(request: Request, answer: Answer) -> None:
        sent = re.search(rb'"token": ?"([^"]*)"', request.raw or b"")
        if sent:
            answer.headers["X-Rejected"] = urllib.parse.quote(sent[1])


@fault("secrets", status={"403": 403, "405": 405})
def in_page_of_error(mock: Mock, status: int) -> None:
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


@fault("secrets", what=ODD)
def odd_one_in_error(mock: Mock, what: Callable[[Any], bool]) -> None:
    """A `token` that is refused for what it is stands in the refusal: {what}."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        answer: Answer = handle(request)
        value = request.body.get("token") if isinstance(request.body, dict) else None
        if what(value) and request.action == "edit":
            return Answer(400, {"status": 400, "rejected": value}, {"Content-Type": "application/json"})
        return answer


@fault("secrets", action=["edit", "create"])
def where_parsing_ends(mock: Mock, action: str) -> None:
    """`{action}` quotes the last characters of a body that is not JSON."""

    @refusals(mock, 400)
    def _(request: Request, answer: Answer) -> None:
        if request.action == action and "JSON" in answer.body["message"]:
            answer.body["message"] += f" near {(request.raw or b'')[-16:].decode(errors='replace')}"


@fault("secrets")
def stored_one_in_error(mock: Mock) -> None:
    """A refused edit shows what is stored."""

    @refusals(mock, 400)
    def _(request: Request, answer: Answer) -> None:
        if request.token:
            answer.body["current"] = request.token.fields


@fault(
    "secrets", status={"200": 200, "400": 400, "401": 401, "403": 403, "404": 404, "405": 405}, where=["header", "body"]
)
def credentials_echoed(mock: Mock, status: int, where: str) -> None:
    """An answer with status {status} echoes the caller's credentials in a {where}."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        answer: Answer = handle(request)
        sent = request.headers.get("authorization", "")
        if answer.status == status and sent and where == "header":
            answer.headers["X-Caller"] = sent
        elif answer.status == status and sent and isinstance(answer.body, dict):
            answer.body = {**answer.body, "caller": sent.partition(" ")[2]}
        return answer


INTERNALS = {
    "python-in-400": (
        400,
        'Traceback (most recent call last):\n  File "/srv/tokens.py", line 42, in edit\nKeyError: 0',
    ),
    "java-in-404": (404, "java.lang.NullPointerException\n\tat com.example.GitTokens.edit(GitTokens.java:42)"),
    "node-in-401": (401, "TypeError: Cannot read properties of undefined\n    at edit (/srv/app/tokens.js:42:13)"),
    "go-in-403": (
        403,
        "panic: index out of range\n\ngoroutine 1 [running]:\nmain.edit(0x0)\n\t/srv/tokens.go:42 +0x1d",
    ),
    "dotnet-in-404": (404, "System.NullReferenceException: Object reference not set to an instance of an object."),
    "postgresql-in-400": (400, 'duplicate key value violates unique constraint "git_tokens_name_key"'),
    "sql-in-400": (400, 'ERROR: syntax error at or near "name" LINE 1: UPDATE git_tokens SET name = $1 WHERE id = $2'),
}


@fault("secrets", what=INTERNALS)
def internals(mock: Mock, what: tuple[int, str]) -> None:
    """An error shows the server's insides: {what}."""

    @refusals(mock, what[0])
    def _(_: Request, answer: Answer) -> None:
        answer.body["trace"] = what[1]
