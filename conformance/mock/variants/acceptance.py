"""Variants that accept, or store, in ways of their own."""

from __future__ import annotations

from typing import Any

from ..server import Answer, Item, Mock, Request
from ..verify import verify_secrets
from .catalogue import ADDRESSES, OPTIONAL, changes, variant

# What the world has where secrets are verified.
VERIFYING = "acceptance/secrets-verified"
VERIFIED = {"git_provider": "GITHUB", "git_token_secret": "github-Jx6wF3pT8nQ1vB5y"}


@variant("acceptance")
def address_kept_if_omitted(mock: Mock) -> None:
    """An edit keeps the address that it leaves out, within a provider."""

    @mock.on("store")
    def _(store: Any, request: Request, token: Item, body: dict[str, Any]) -> None:
        same = token.fields.get("type") == body["type"]
        kept = {name: token.fields[name] for name in ADDRESSES if same and name in token.fields}
        store(request, token, kept | body)


@variant("acceptance", field=OPTIONAL)
def null_as_absent(mock: Mock, field: str) -> None:
    """A `{field}` that is null counts as absent."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if isinstance(body, dict) and body.get(field, "") is None:
            request.body = body = {name: value for name, value in body.items() if name != field}
        validate(request, body)


@variant("acceptance")
def secrets_verified(mock: Mock) -> None:
    """Secrets are verified with the provider, and made-up ones refused."""
    verify_secrets(mock, {VERIFIED["git_provider"]: [VERIFIED["git_token_secret"]]})


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
