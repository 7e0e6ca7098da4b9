"""Conforming variants: servers that differ from the healthy mock in what nobody has specified, and are right.

A suite that reports one of them raises a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from ...contract.fields import get
from ...contract.resource import Resource
from ..change import Catalogue, Families
from ..facts import texts
from ..messages import Answer, Refusal, Request
from ..server import Mock

FAMILIES = Families()
variant = FAMILIES.add


@cache
def variants(resource: Resource) -> Catalogue:
    """All variants that a server of a resource may be, by name."""
    return FAMILIES.catalogue(resource)


def refuse(mock: Mock, when: Callable[[Request, dict[str, Any]], Any], status: int = 400) -> None:
    """Refuses more objects than the healthy mock."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if isinstance(body, dict) and when(request, body):
            raise Refusal(status, "cannot do that")
        validate(request, body)


def texts_of(mock: Mock, body: dict[str, Any]) -> list[str]:
    """What a body holds in texts and addresses."""
    names = [*texts(mock.resource), *mock.resource.of_kind("address")]
    return [value for name in names if isinstance(value := get(body, name), str)]


def shows(mock: Mock, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Changes how every answer shows an item."""
    mock.on("show")(lambda show, request, token: change(show(request, token)))


def changes(mock: Mock, step: str = "handle") -> Callable[[Callable[[Request, Answer], None]], None]:
    """Decorates a change of every answer (by `refuse`: of every refusal)."""

    def decorate(change: Callable[[Request, Answer], None]) -> None:
        @mock.on(step)
        def _(inner: Any, *arguments: Any) -> Answer:
            answer: Answer = inner(*arguments)
            change(arguments[0], answer)
            return answer

    return decorate
