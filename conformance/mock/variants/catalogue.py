"""Conforming variants: servers that differ from the healthy mock in what nobody has specified, and are right.

A suite that reports one of them raises a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...contract.contract import Contract
from ..change import Catalogue
from ..server import Answer, Mock, Refusal, Request

SCHEMA = Contract.load().request_schema
REQUEST = SCHEMA["properties"]
OPTIONAL = [name for name in REQUEST if name not in SCHEMA["required"]]
ADDRESSES = [name for name, schema in REQUEST.items() if schema.get("format") == "uri"]
BOUNDS = {name: schema["x-must-accept"]["maxLength"] for name, schema in REQUEST.items() if "x-must-accept" in schema}

VARIANTS = Catalogue()
variant = VARIANTS.add


def refuse(mock: Mock, when: Callable[[Request, dict[str, Any]], Any], status: int = 400) -> None:
    """Refuses more objects than the healthy mock."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if isinstance(body, dict) and when(request, body):
            raise Refusal(status, "cannot do that")
        validate(request, body)


def texts(body: dict[str, Any]) -> list[str]:
    return [value for name, value in body.items() if name in REQUEST and isinstance(value, str)]


def shows(mock: Mock, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Changes how every answer shows a git token."""
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
