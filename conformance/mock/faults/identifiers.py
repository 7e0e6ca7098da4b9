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
