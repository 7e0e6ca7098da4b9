"""Variants that accept, or store, in ways of their own."""

from __future__ import annotations

from typing import Any

from ...contract.fields import drop, get, has
from ...contract.resource import Resource
from ..facts import addresses, first, optional, promised, secrets
from ..messages import Answer, Item, Request
from ..server import Mock
from ..verify import verify_secrets
from .catalogue import changes, variant

# The variant in which secrets are verified.
VERIFYING = "acceptance/secrets-verified"


def verified(resource: Resource) -> dict[str, str]:
    """What the world has where secrets are verified: a choice, and a secret that belongs to it."""
    choice = str(next((got for each in resource.examples.values() if (got := get(each, resource.switch or ""))), ""))
    return {choice: f"{choice.lower()}-Jx6wF3pT8nQ1vB5y"}


def _promised(resource: Resource) -> dict[str, str]:
    """An address that is shown whether it is sent or not."""
    names = [name for name in addresses(resource) if name in promised(resource) and not resource.merges]
    return first(name for name in names if resource.switch)


@variant("acceptance", needs="edit", address=_promised)
def address_kept_if_omitted(mock: Mock, address: str) -> None:
    """An edit keeps the address that it leaves out, within a choice."""
    switch = mock.resource.switch or ""

    @mock.on("store")
    def _(store: Any, request: Request, token: Item, body: dict[str, Any]) -> None:
        same = get(token.fields, switch) == get(body, switch)
        kept = {address: token.fields[address]} if same and address in token.fields else {}
        store(request, token, kept | body)


@variant("acceptance", field=lambda resource: [] if resource.merges else optional(resource))
def null_as_absent(mock: Mock, field: str) -> None:
    """A `{field}` that is null counts as absent."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if has(body, field) and get(body, field) is None:
            request.body = body = drop(body, field)
        validate(request, body)


def _verifiable(resource: Resource) -> dict[str, dict[str, str]]:
    """Where every body has a secret and a choice that it may belong to."""
    always = [name for name in secrets(resource).values() if resource.is_always(resource.fields[name])]
    return {"": verified(resource)} if always and resource.switch else {}


@variant("acceptance", known=_verifiable)
def secrets_verified(mock: Mock, known: dict[str, str]) -> None:
    """Secrets are verified with what they are of, and made-up ones refused."""
    verify_secrets(mock, {choice: [secret] for choice, secret in known.items()})


@variant("acceptance", prefixed=lambda resource: {"": True} if any(each.prefix for each in resource.schemes) else {})
def spaces_before_credentials(mock: Mock, prefixed: bool) -> None:  # noqa: ARG001
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
