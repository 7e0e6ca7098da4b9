"""What the value, or the presence, of one field demands of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .document import Json
from .fields import get, has
from .requests import asked


@dataclass(frozen=True)
class Demand:
    """A field that must be there where another one, `by`, holds one of `values`; any value if there are none."""

    field: str
    by: str
    values: tuple[Any, ...] = ()

    def applies(self, body: Any) -> bool:
        """Does a body hold what demands the field?"""
        return has(body, self.by) and (not self.values or get(body, self.by) in self.values)

    @property
    def said(self) -> str:
        """What demands it, in a word."""
        return str(self.values[0]).lower() if self.values else self.by


def demands(schema: Json) -> list[Demand]:
    """Every demand of a schema, at any depth."""
    return list(dict.fromkeys(_demands(schema, ())))


def _demands(schema: Any, path: tuple[str, ...]) -> Iterator[Demand]:
    if not isinstance(schema, dict):
        return
    for by, names in schema.get("dependentRequired", {}).items():
        yield from (Demand(_name(path, name), _name(path, by)) for name in names)
    about = [each for each in asked(schema.get("if", {}), path) if each.schema.keys() & {"const", "enum"}]
    if len(about) == 1:
        by, one = about[0].name, about[0].schema
        values = tuple(one.get("enum", [one.get("const")]))
        yield from (Demand(name, by, values) for name in _required(schema.get("then", {}), path))
    for each in schema.get("allOf", ()):
        yield from _demands(each, path)
    for name, each in schema.get("properties", {}).items():
        yield from _demands(each, (*path, name))


def _required(schema: Json, path: tuple[str, ...]) -> Iterator[str]:
    yield from (_name(path, name) for name in schema.get("required", ()))
    for name, each in schema.get("properties", {}).items():
        yield from _required(each, (*path, name))


def _name(path: tuple[str, ...], name: str) -> str:
    return ".".join((*path, name))
