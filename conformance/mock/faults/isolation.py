"""Faults of isolation: another organization is shown or changed."""

from __future__ import annotations

from typing import Any

from ..server import Answer, Mock, Request
from .catalogue import ACTIONS, fault, opens, refusals


@fault("tenants", action=ACTIONS)
def open_to_all(mock: Mock, action: str) -> None:
    """`{action}` works in another organization."""
    opens(mock, lambda request: request.action == action)


@fault("tenants")
def upper_case(mock: Mock) -> None:
    """Another organization is open to all who write its id in upper case."""
    opens(mock, lambda request: (written := next(iter(request.ids.values()))) == written.upper())


@fault("tenants")
def open_to_people(mock: Mock) -> None:
    """Every organization is open to callers with a JWT."""
    opens(mock, lambda request: request.headers["authorization"].lower().startswith("bearer "))


@fault("tenants", action=["edit", "get", "delete", "services"])
def by_own_path(mock: Mock, action: str) -> None:
    """`{action}` reaches another organization's git token through the caller's own path."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        for tokens in mock.organizations.values():
            if request.action == action and name in tokens:
                request.tokens = tokens
        return find(request, name)


@fault("tenants")
def listed(mock: Mock) -> None:
    """The list shows the git tokens of other organizations too."""

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        request.tokens = {name: token for tokens in mock.organizations.values() for name, token in tokens.items()}
        return list_on(request)


@fault("tenants", action=["edit", "get", "delete"])
def own_token_by_foreign_path(mock: Mock, action: str) -> None:
    """`{action}` of the caller's git token works through another organization's path."""

    @mock.on("organization")
    def _(organization: Any, request: Request, name: str) -> Any:
        if (
            request.action == action
            and list(request.ids.values())[-1].lower() in mock.organizations[mock.world.organization_id]
        ):
            return mock.organizations[mock.world.organization_id]
        return organization(request, name)


@fault("tenants")
def shown_in_refusal(mock: Mock) -> None:
    """The refusal to touch another organization's git token shows it."""

    @refusals(mock, 403)
    def _(request: Request, answer: Answer) -> None:
        foreign = mock.organizations.get(next(iter(request.ids.values())).lower(), {})
        answer.body["git_tokens"] = [mock.show(request, token) for token in foreign.values()]


@fault("tenants", status={"400": 400, "401": 401, "405": 405, "500": 500, "200": 200})
def foreign_status(mock: Mock, status: int) -> None:
    """Another organization is answered with {status} instead of 403 or 404."""

    @refusals(mock, 403)
    def _(_: Request, answer: Answer) -> None:
        answer.status = status
