"""The catalogue of faults: each makes the healthy mock wrong in one way, which its docstring says.

Which there are of a family depends on the resource. The groups are the classes of what a suite has to find.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from ...contract.fields import drop, get, has, put
from ...contract.resource import Resource
from ..change import Catalogue, Families
from ..facts import example
from ..messages import Answer, Item, Refusal, Request
from ..server import Mock

HANG = 60  # seconds

FAMILIES = Families()
fault = FAMILIES.add


@cache
def faults(resource: Resource) -> Catalogue:
    """All faults that a server of a resource may have, by name."""
    return FAMILIES.catalogue(resource)


def without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def mend(mock: Mock, change: Callable[[Request, Any], Any], *actions: str) -> None:
    """Validates, and uses, the body as `change` has made it: what that mends goes unnoticed."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if not actions or request.action in actions:
            request.body = body = change(request, body)
        validate(request, body)


def mend_field(mock: Mock, name: str, change: Callable[[Any], Any], *actions: str) -> None:
    """The same for one field of a body that has it."""

    def mended(_: Request, body: Any) -> Any:
        return put(body, name, change(get(body, name))) if has(body, name) else body

    mend(mock, mended, *actions)


def refuse(mock: Mock, status: int, when: Callable[[Request, dict[str, Any]], Any], *actions: str) -> None:
    """Refuses objects of a kind with this status before they are validated."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if isinstance(body, dict) and (not actions or request.action in actions) and when(request, body):
            raise Refusal(status, "cannot do that")
        validate(request, body)


def refuse_field(mock: Mock, status: int, name: str, when: Callable[[str], Any], *actions: str) -> None:
    """The same by the text of one field."""
    refuse(mock, status, lambda _, body: isinstance(text := get(body, name), str) and when(text), *actions)


def answers(mock: Mock, *actions: str) -> Callable[[Callable[[Request, Answer], None]], None]:
    """Decorates a change of the successful answers of some operations."""

    def decorate(change: Callable[[Request, Answer], None]) -> None:
        @mock.on("perform")
        def _(perform: Any, request: Request) -> Answer:
            answer: Answer = perform(request)
            if request.action in actions:
                change(request, answer)
            return answer

    return decorate


def opens(mock: Mock, when: Callable[[Request], Any]) -> None:
    """Opens every owner to requests of a kind."""

    @mock.on("organization")
    def _(organization: Any, request: Request, name: str) -> Any:
        if name in mock.organizations and when(request):
            return mock.organizations[name]
        return organization(request, name)


def breaks_at_ids(mock: Mock, when: Callable[[Request], Any]) -> None:
    """Fails before the ids in the path of requests of a kind are judged."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if when(request):
            raise Refusal(500, "internal error")
        locate(request)


def shows(mock: Mock, *actions: str) -> Callable[[Callable[[Item, dict[str, Any]], dict[str, Any]]], None]:
    """Decorates a change of how some operations show an item."""

    def decorate(change: Callable[[Item, dict[str, Any]], dict[str, Any]]) -> None:
        @mock.on("show")
        def _(show: Any, request: Request, token: Item) -> dict[str, Any]:
            shown: dict[str, Any] = show(request, token)
            return change(token, shown) if request.action in actions else shown

    return decorate


def stores(mock: Mock, *actions: str) -> Callable[[Callable[[Request, dict[str, Any]], dict[str, Any]]], None]:
    """Decorates a change of what some operations store."""

    def decorate(change: Callable[[Request, dict[str, Any]], dict[str, Any]]) -> None:
        @mock.on("store")
        def _(store: Any, request: Request, token: Item, body: dict[str, Any]) -> None:
            store(request, token, change(request, body) if request.action in actions else body)

    return decorate


def refusals(mock: Mock, *statuses: int) -> Callable[[Callable[[Request, Answer], None]], None]:
    """Decorates a change of the answers with these error statuses."""

    def decorate(change: Callable[[Request, Answer], None]) -> None:
        @mock.on("refuse")
        def _(refuse: Any, request: Request, refusal: Refusal) -> Answer:
            answer: Answer = refuse(request, refusal)
            if refusal.status in statuses:
                change(request, answer)
            return answer

    return decorate


def stores_field(mock: Mock, name: str, change: Callable[[Any], Any]) -> None:
    """Changes what edits and creates store of a field that they send, and that is not null."""

    @stores(mock, "edit", "create")
    def _(_: Request, body: dict[str, Any]) -> dict[str, Any]:
        return body if get(body, name) is None else put(body, name, change(get(body, name)))


def back(body: dict[str, Any], name: str, before: dict[str, Any]) -> dict[str, Any]:
    """A body with what a field was before, or without it."""
    return put(body, name, get(before, name)) if has(before, name) else drop(body, name)


def kept(mock: Mock, request: Request) -> dict[str, Any]:
    """What the item under edit holds, or something valid."""
    return request.token.fields if request.token else example(mock.resource)


def secret(mock: Mock, request: Request, name: str) -> str:
    """A secret as sent with this request or stored before."""
    return str(get(request.body, name) or get(kept(mock, request), name))
