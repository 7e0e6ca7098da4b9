"""Faults of properties that the contract does not know: they are taken for what they mean elsewhere."""

from __future__ import annotations

from typing import Any

from ...contract.fields import get
from ...contract.resource import Resource, words
from ..messages import Item, Refusal, Request
from ..server import Mock
from .catalogue import fault, refuse, stores

WRITES = ["edit", "create"]
ENDS = {"deleted": True, "deleted_at": "2001-02-03T04:05:06Z", "status": "DELETED"}
ENDINGS = {name: (name, value) for name, value in ENDS.items()}
SHOWN = ["expired_at", "deleted", "owner", "is_admin"]


def _moves(resource: Resource) -> list[str]:
    """What may say in a body to whom an item belongs."""
    names = [name for owner in resource.owners[-1:] for name in (owner, words(owner, "_", keep=True), "tenant_id")]
    return _unknown(resource, names)


def _broken(resource: Resource) -> list[str]:
    return _unknown(resource, [*(words(owner, "_") for owner in resource.owners[-1:]), "owner"])


def _names(resource: Resource) -> list[str]:
    """What may say in a body which item is meant."""
    return _unknown(resource, [resource.id, words(resource.item, "_", keep=True), resource.item])


def _unknown(resource: Resource, names: list[str]) -> list[str]:
    """Of names, those that are no fields, each once."""
    return list(dict.fromkeys(name for name in names if name not in resource.taken))


@fault("properties", name=_moves, action=WRITES)
def moves(mock: Mock, name: str, action: str) -> None:
    """`{action}` puts the {noun} into the {owner} that `{name}` in the body says."""

    @mock.on(action)
    def _(write: Any, request: Request) -> Any:
        answer = write(request)
        sent = str(request.body.get(name)).lower()
        other = next((tokens for owners, tokens in mock.organizations.items() if owners.split("/")[-1] == sent), None)
        if other is not None:
            id = mock.resource.id_of(answer)
            other[id] = request.tokens.pop(id)
        return answer


@fault("properties", needs="edit", name=_names)
def names(mock: Mock, name: str) -> None:
    """An edit changes the {noun} that `{name}` in the body says."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        request.token = request.tokens.get(str(request.body.get(name)).lower(), request.token)
        return edit(request)


@fault(
    "properties", name=lambda resource: {each: ENDINGS[each] for each in _unknown(resource, [*ENDINGS])}, action=WRITES
)
def ends(mock: Mock, name: tuple[str, Any], action: str) -> None:
    """`{action}` hides {a} whose body says so: {name}."""

    @mock.on(action)
    def _(write: Any, request: Request) -> Any:
        answer = write(request)
        if request.body.get(name[0]) == name[1]:
            del request.tokens[mock.resource.id_of(answer)]
        return answer


@fault("properties", name=lambda resource: _unknown(resource, SHOWN), action=WRITES)
def shown(mock: Mock, name: str, action: str) -> None:
    """`{action}` stores `{name}`, which only the server sets, and answers show it."""
    sent: dict[str, Any] = {}

    @mock.on(action)
    def _(write: Any, request: Request) -> Any:
        answer = write(request)
        if name in request.body:
            sent[mock.resource.id_of(answer)] = request.body[name]
        return answer

    @mock.on("show")
    def _(show: Any, request: Request, token: Item) -> dict[str, Any]:
        found: dict[str, Any] = show(request, token)
        return found | {name: sent[token.id]} if token.id in sent else found


@fault("properties", needs="edit")
def version_checked(mock: Mock) -> None:
    """An edit whose body has an old `version` is refused as a conflict."""
    refuse(mock, 409, lambda _, body: "version" in body, "edit")


@fault("properties", name=_broken)
def breaks(mock: Mock, name: str) -> None:
    """A body with `{name}` makes the server fail."""
    refuse(mock, 500, lambda _, body: name in body)


@fault("properties", action=WRITES)
def mass_assignment(mock: Mock, action: str) -> None:
    """`{action}` lets an id in the body replace the {noun}'s own."""

    @stores(mock, action)
    def _(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        sent = str(get(body, mock.resource.id)).lower()
        if request.token and action == "edit" and sent in request.tokens and sent != request.token.id.lower():
            raise Refusal(500, "duplicate key")
        if action == "create" and str(body.get("_id")).lower() in request.tokens:
            raise Refusal(500, "duplicate key")
        return body
