"""Faults of isolation: another organization is shown or changed."""

from __future__ import annotations

from typing import Any

from ...contract.resource import Resource
from ..facts import ACTIONS, first
from ..messages import Answer, Request
from ..server import Mock
from .catalogue import fault, opens, refusals


@fault("tenants", needs="owners", action=ACTIONS)
def open_to_all(mock: Mock, action: str) -> None:
    """`{action}` works in another {owner}."""
    opens(mock, lambda request: request.action == action)


def _lettered(resource: Resource) -> dict[str, str]:
    """The first owner, if its id may be written in upper case."""
    return first(name for name in resource.owners[:1] if resource.is_uuid(name))


@fault("tenants", needs="list", owner=_lettered)
def upper_case(mock: Mock, owner: str) -> None:
    """Another {owner} is open to all who write its id in upper case."""
    opens(mock, lambda request: request.ids[owner] == request.ids[owner].upper())


def _second(resource: Resource) -> dict[str, str]:
    """The scheme in which nobody calls if there are credentials for all."""
    return first(each.prefix.lower() for each in resource.schemes[1:2] if resource.owners and each.prefix)


@fault("tenants", scheme=_second)
def open_to_people(mock: Mock, scheme: str) -> None:
    """Every {owner} is open to callers in the second scheme."""
    header = next(each.header.lower() for each in mock.resource.schemes if each.prefix.lower() == scheme)
    opens(mock, lambda request: request.headers[header].lower().startswith(f"{scheme} "))


@fault("tenants", needs="owners", action=["edit", "get", "delete", "services"])
def by_own_path(mock: Mock, action: str) -> None:
    """`{action}` reaches another {owner}'s {noun} through the caller's own path."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        for tokens in mock.organizations.values():
            if request.action == action and name in tokens:
                request.tokens = tokens
        return find(request, name)


@fault("tenants", needs="owners list")
def listed(mock: Mock) -> None:
    """The list shows the {nouns} of every {owner}."""

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        request.tokens = {name: token for tokens in mock.organizations.values() for name, token in tokens.items()}
        return list_on(request)


@fault("tenants", needs="owners", action=["edit", "get", "delete"])
def own_token_by_foreign_path(mock: Mock, action: str) -> None:
    """`{action}` of the caller's {noun} works through another {owner}'s path."""

    @mock.on("organization")
    def _(organization: Any, request: Request, name: str) -> Any:
        own = mock.organizations[mock.home]
        if request.action == action and request.ids[mock.resource.item].lower() in own:
            return own
        return organization(request, name)


@fault("tenants", needs="owners")
def shown_in_refusal(mock: Mock) -> None:
    """The refusal to touch another {owner}'s {noun} shows it."""

    @refusals(mock, 403)
    def _(request: Request, answer: Answer) -> None:
        foreign = mock.organizations.get("/".join(request.ids[name].lower() for name in mock.resource.owners), {})
        answer.body["items"] = [mock.show(request, token) for token in foreign.values()]


@fault("tenants", needs="owners", status={"400": 400, "401": 401, "405": 405, "500": 500, "200": 200})
def foreign_status(mock: Mock, status: int) -> None:
    """Another {owner} is answered with {status} instead of 403 or 404."""

    @refusals(mock, 403)
    def _(_: Request, answer: Answer) -> None:
        answer.status = status


@fault("tenants", owner=lambda resource: resource.owners if len(resource.owners) > 1 else [])
def one_owner_counts(mock: Mock, owner: str) -> None:
    """Of the owners in the path, `{owner}` alone is checked."""

    @mock.on("organization")
    def _(organization: Any, request: Request, name: str) -> Any:
        if request.ids[owner].lower() != mock.world.id(owner).lower():
            return organization(request, name)
        for owners, tokens in mock.organizations.items():
            rest = [each for each in mock.resource.owners if each != owner]
            if owners != mock.home and all(request.ids[each].lower() in owners.split("/") for each in rest):
                return tokens
        return organization(request, name)
