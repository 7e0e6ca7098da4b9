"""Faults of properties that the contract does not know: they are taken for what they mean elsewhere."""

from __future__ import annotations

from typing import Any

from ..server import Item, Mock, Refusal, Request
from .catalogue import fault, refuse, stores

WRITES = ["edit", "create"]
MOVES = ["organizationId", "organization_id", "tenant_id"]
NAMES = ["id", "git_token_id", "gitTokenId"]
ENDS = {"deleted": True, "deleted_at": "2001-02-03T04:05:06Z", "status": "DELETED"}
ENDINGS = {name: (name, value) for name, value in ENDS.items()}
SHOWN = ["expired_at", "deleted", "owner", "is_admin"]


@fault("properties", name=MOVES, action=WRITES)
def moves(mock: Mock, name: str, action: str) -> None:
    """`{action}` puts the git token into the organization that `{name}` in the body says."""

    @mock.on(action)
    def _(write: Any, request: Request) -> Any:
        answer = write(request)
        other = mock.organizations.get(str(request.body.get(name)))
        if other is not None:
            other[answer["id"]] = request.tokens.pop(answer["id"])
        return answer


@fault("properties", name=NAMES)
def names(mock: Mock, name: str) -> None:
    """An edit changes the git token that `{name}` in the body says."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        request.token = request.tokens.get(str(request.body.get(name)).lower(), request.token)
        return edit(request)


@fault("properties", name=ENDINGS, action=WRITES)
def ends(mock: Mock, name: tuple[str, Any], action: str) -> None:
    """`{action}` hides a git token whose body says so: {name}."""

    @mock.on(action)
    def _(write: Any, request: Request) -> Any:
        answer = write(request)
        if request.body.get(name[0]) == name[1]:
            del request.tokens[answer["id"]]
        return answer


@fault("properties", name=SHOWN, action=WRITES)
def shown(mock: Mock, name: str, action: str) -> None:
    """`{action}` stores `{name}`, which only the server sets, and answers show it."""
    sent: dict[str, Any] = {}

    @mock.on(action)
    def _(write: Any, request: Request) -> Any:
        answer = write(request)
        if name in request.body:
            sent[answer["id"]] = request.body[name]
        return answer

    @mock.on("show")
    def _(show: Any, request: Request, token: Item) -> dict[str, Any]:
        found: dict[str, Any] = show(request, token)
        return found | {name: sent[token.id]} if token.id in sent else found


@fault("properties")
def version_checked(mock: Mock) -> None:
    """An edit whose body has an old `version` is refused as a conflict."""
    refuse(mock, 409, lambda _, body: "version" in body, "edit")


@fault("properties", name=["organization", "owner"])
def breaks(mock: Mock, name: str) -> None:
    """A body with `{name}` makes the server fail."""
    refuse(mock, 500, lambda _, body: name in body)


@fault("properties", action=WRITES)
def mass_assignment(mock: Mock, action: str) -> None:
    """`{action}` lets `id` in the body replace the git token's own."""

    @stores(mock, action)
    def _(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        if request.token and action == "edit" and body.get("id") in request.tokens and body["id"] != request.token.id:
            raise Refusal(500, "duplicate key")
        if action == "create" and body.get("_id") in request.tokens:
            raise Refusal(500, "duplicate key")
        return body
