"""Faults of ids in the path: what only resembles one is taken for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ...contract.resource import Resource
from ..facts import first
from ..messages import Item, Refusal, Request
from ..server import Mock
from .catalogue import fault

RESEMBLING: dict[str, Callable[[str], str]] = {
    "line-end-behind": lambda id: id.removesuffix("\n"),
    "zero-byte-behind": lambda id: id.partition("\0")[0],
    "space-behind": lambda id: id.rstrip(" "),
    "twice-with-a-comma": lambda id: id.partition(",")[0],
    "more-behind": lambda id: id[:36],
    "no-leading-zeros": lambda id: _padded(id),
}


def _padded(id: str) -> str:
    """An id each of whose groups has all its digits."""
    groups = id.split("-")
    if len(groups) != 5 or not all(re.fullmatch("[0-9A-Fa-f]+", group) for group in groups):
        return id
    return "-".join(group.zfill(size) for group, size in zip(groups, (8, 4, 4, 4, 12), strict=True))


def _resembling(resource: Resource) -> dict[str, Callable[[str], str]]:
    """Where it may be known for no id: a number or a text may be written in many ways."""
    return RESEMBLING if resource.is_uuid(resource.item) else {}


@fault("ids", how=_resembling)
def taken_for(mock: Mock, how: Callable[[str], str]) -> None:
    """What resembles the id of {a} is taken for it: {how}."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        *_, last = request.ids
        request.ids[last] = how(request.ids[last])
        locate(request)


BREAKING = {"line-end": "\n", "zero-byte": "\0", "comma": ","}


@fault("ids", what=lambda resource: BREAKING if resource.is_uuid(resource.item) else {})
def breaks_at(mock: Mock, what: str) -> None:
    """An id with a {what} in it makes the server fail."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if any(what in id for id in request.ids.values()):
            raise Refusal(500, "internal error")
        locate(request)


def _alike(resource: Resource) -> list[str]:
    """The owner whose id may be an item's, too."""
    alike = bool(resource.owners) and resource.is_uuid(resource.owners[-1]) and resource.is_uuid(resource.item)
    return resource.owners[-1:] if alike else []


@fault(
    "ids",
    called="{owner}-as-{noun}",
    owner=lambda resource: first(_alike(resource)),
    action=["get", "edit"],
)
def owner_as_item(mock: Mock, owner: str, action: str) -> None:
    """`{action}` takes the {owner}'s id for that of its first {noun}."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Item:
        if name == mock.world.id(owner) and request.action == action:
            return next(iter(request.tokens.values()))
        return find(request, name)  # type: ignore[no-any-return]


def _spelled(resource: Resource) -> list[str]:
    return ["get"] if resource.is_uuid(resource.item) and resource.read and resource.edit else []


@fault("ids", action=_spelled)
def kept_as_spelled(mock: Mock, action: str) -> None:
    """`{action}` keeps what it has answered by the id as it was written, and an edit forgets that of its own alone."""
    kept: dict[tuple[str, ...], Any] = {}

    @mock.on(action)
    def _(get_on: Any, request: Request) -> Any:
        return kept.setdefault(tuple(request.ids.values()), get_on(request))

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        kept.pop(tuple(request.ids.values()), None)
        return edit(request)


@fault("ids", needs="delete get", case=lambda resource: ["upper"] if resource.is_uuid(resource.item) else [])
def not_deleted_by(mock: Mock, case: str) -> None:  # noqa: ARG001
    """A delete by an id in {case} case is answered as if done, and deletes nothing."""

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        *_, last = request.ids.values()
        return None if last != last.lower() else delete(request)


@fault("ids", needs="get", length=lambda resource: {"8": 8} if resource.is_uuid(resource.item) else {})
def shortened(mock: Mock, length: int) -> None:
    """The first {length} characters of an id are taken for it."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        *_, last = request.ids
        if len(request.ids[last]) == length:
            known = mock.organizations[mock.home]
            request.ids[last] = next((id for id in known if id.startswith(request.ids[last])), request.ids[last])
        locate(request)


@fault(
    "resource",
    needs="create delete",
    called="id-given-again",
    whose=lambda resource: {"last": -1} if resource.is_uuid(resource.item) else {},
)
def given_again(mock: Mock, whose: int) -> None:
    """A create gives the id of the {whose} {noun} that was deleted."""
    free: list[str] = []

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        assert request.token
        free.append(request.token.id)
        return delete(request)

    mock.on("new_id")(lambda new_id: free.pop(whose) if free else new_id())
