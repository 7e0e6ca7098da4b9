"""The fields of a body, by what they take; a field within another is called by both names, joined by a dot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from .document import ContractError, Json

# How many fields a body may have, those within others included.
MOST = 500

Kind = Literal[
    "text", "choice", "address", "flag", "integer", "number", "date", "date-time", "uuid", "list", "object", "other"
]
_FORMATS: dict[str | None, Kind] = {
    None: "text",
    "password": "text",
    "uri": "address",
    "date": "date",
    "date-time": "date-time",
    "uuid": "uuid",
}
_TYPES: dict[str, Kind] = {
    "boolean": "flag",
    "integer": "integer",
    "number": "number",
    "array": "list",
    "object": "object",
}


@dataclass(frozen=True)
class Field:
    """A field of a body, at any depth: `path` are the names that lead to it, `required` is it within its object."""

    path: tuple[str, ...]
    schema: Json
    required: bool

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def kind(self) -> Kind:
        return kind(self.schema)

    @property
    def secret(self) -> bool:
        """Does it go in and never come out?"""
        return bool(self.schema.get("writeOnly"))

    @property
    def choices(self) -> list[Any]:
        """What a field that is one of a choice may hold."""
        return [value for value in self.schema.get("enum", ()) if value is not None]

    def bound(self, name: str, default: Any = None) -> Any:
        """A limit of what must be accepted: the narrowest that the schema says."""
        return self.schema.get("x-must-accept", {}).get(name, self.schema.get(name, default))


def kind(schema: Json) -> Kind:
    """What values a schema is about."""
    if "enum" in schema:
        return "choice"
    named = schema.get("type", "object" if "properties" in schema else "string")
    type_ = next((each for each in named if each != "null"), "null") if isinstance(named, list) else named
    if type_ == "string":
        return _FORMATS.get(schema.get("format"), "other")
    return _TYPES.get(type_, "other")


def fields_of(schema: Json) -> dict[str, Field]:
    """All fields of the objects that a schema describes, an object before those within it.

    Raises ContractError if there are more than MOST.
    """
    found = {field.name: field for field in islice(_fields(schema, ()), MOST + 1)}
    if len(found) > MOST:
        raise ContractError(f"a body has more than {MOST} fields, which is more than can be tested")
    return found


def _fields(schema: Json, path: tuple[str, ...]) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        field = Field((*path, name), each, name in required)
        yield field
        if field.kind == "object":
            yield from _fields(each, field.path)


def get(body: Any, name: str) -> Any:
    """What a body holds in a field; None if it has none."""
    for part in name.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body


def has(body: Any, name: str) -> bool:
    """Does a body hold something in a field, be it null?"""
    *outer, last = name.split(".")
    inner = get(body, ".".join(outer)) if outer else body
    return isinstance(inner, dict) and last in inner


def put(body: Json, name: str, value: object) -> Json:
    """A copy of a body with a value in a field."""
    first, _, rest = name.partition(".")
    inner = body.get(first)
    return {**body, first: put(inner if isinstance(inner, dict) else {}, rest, value) if rest else value}


def nested(values: Json) -> Json:
    """A body of values by the names of their fields."""
    body: Json = {}
    for name, value in values.items():
        body = put(body, name, value)
    return body


def merged(body: Json, patch: Json) -> Json:
    """A body after a JSON merge patch (RFC 7396)."""
    result = {name: value for name, value in body.items() if not (name in patch and patch[name] is None)}
    for name, value in patch.items():
        if isinstance(value, dict):
            inner = result.get(name)
            result[name] = merged(inner if isinstance(inner, dict) else {}, value)
        elif value is not None:
            result[name] = value
    return result


def drop(body: Json, name: str) -> Json:
    """A copy of a body without a field."""
    first, _, rest = name.partition(".")
    if rest and isinstance(body.get(first), dict):
        return {**body, first: drop(body[first], rest)}
    return {key: value for key, value in body.items() if key != first or rest}
