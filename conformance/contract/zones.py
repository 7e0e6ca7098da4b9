"""What a server has to do with a request body: accept it, refuse it, or either.

A body is in one of three zones (openapi/git-token.yaml says where each begins): it must be accepted, it must be
refused, or nobody has said and a server may do either.
"""

from __future__ import annotations

import enum
import re
from functools import cached_property
from typing import Any

import jsonschema_rs

from .document import Json, validator
from .fields import Field, fields_of

# Additional properties up to here are "of moderate size and depth": nobody says a number, every server has to
# take what a web console might send along.
MODERATE_DEPTH = 8
MODERATE_SIZE = 10_000

# `format: uri` refuses more than the facts do. Refused by every server is only what is no URI at all: a relative
# reference, or anything with white space or control characters in it.
_NO_URI = re.compile(r"(?![A-Za-z][A-Za-z0-9+.-]*:)|[\s\S]*[\s\x00-\x1f\x7f]")
# A name that parsers which guard against prototype pollution refuse.
_POLLUTING = "__proto__"
# Half of a pair, which no UTF-8 can hold.
_SURROGATE = re.compile("[\ud800-\udfff]")


class Zone(enum.Enum):
    """What a server has to do with a request body."""

    ACCEPT = "must be accepted"
    REFUSE = "must be refused"
    UNSPECIFIED = "unspecified"


class Zones:
    """The zones of the bodies that one schema describes."""

    def __init__(self, schema: Json) -> None:
        self.schema = schema
        self.fields = fields_of(schema)
        self._fits = validator(schema)
        self._accepts = validator(narrowed(schema))

    @cached_property
    def _each(self) -> dict[str, jsonschema_rs.Validator]:
        return {name: validator(narrowed(field.schema)) for name, field in self.fields.items()}

    def must_accept(self, field: str, value: object) -> bool:
        """Whether every server has to take `value` as `field`, the rest of the body being right."""
        return self._each[field].is_valid(value)

    def offence(self, body: object) -> str | None:
        """Why every server has to refuse `body`: the field that is wrong, or "body" if it is no object; else None."""
        return None if is_odd(body) else self._offence(_without_null(body, self.schema))

    def _offence(self, body: object) -> str | None:
        for error in self._fits.iter_errors(body):
            path = [part for part in error.instance_path if isinstance(part, str)]
            if error.kind.name == "required":
                missing = ".".join([*path, getattr(error.kind, "property", "")])
                if missing in self.fields:
                    return missing
            field = self._known(path)
            if error.kind.name != "format" or field is None or not _is_uri(field, error.instance):
                return field.name if field else "body"
        return None

    def _known(self, path: list[str]) -> Field | None:
        """The field in which something is wrong: the innermost one that the schema has."""
        while path and ".".join(path) not in self.fields:
            path = path[:-1]
        return self.fields[".".join(path)] if path else None

    def zone(self, body: object) -> Zone:
        """Says what a server has to do with `body`, a decoded JSON value."""
        if is_odd(body):
            return Zone.UNSPECIFIED
        if self._offence(_without_null(body, self.schema)):
            return Zone.REFUSE
        if not isinstance(body, dict) or not self._accepts.is_valid(body):
            return Zone.UNSPECIFIED
        others = {name: value for name, value in body.items() if name not in self.fields}
        return Zone.UNSPECIFIED if len(repr(others)) > MODERATE_SIZE else Zone.ACCEPT


def _without_null(body: object, schema: Json) -> object:
    """A body as it is for a server that takes an optional field that is null for absent, as any server may."""
    fields = schema.get("properties")
    if not isinstance(body, dict) or not fields:
        return body
    optional = fields.keys() - set(schema.get("required", ()))
    return {
        name: _without_null(value, fields.get(name, {}))
        for name, value in body.items()
        if value is not None or name not in optional
    }


def _is_uri(field: Field, value: object) -> bool:
    """Is what the format refuses a URI in the eyes of some?"""
    return field.kind in ("address", "list") and not _NO_URI.match(str(value))


def narrowed(schema: Any) -> Any:
    """A schema of what every server has to take: `x-must-accept` made part of it, at any depth."""
    if isinstance(schema, list):
        return [narrowed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    # What a condition is about stays as it is.
    inner = {
        key: value if key in ("if", "enum", "const", "examples") else narrowed(value) for key, value in schema.items()
    }
    more = inner.pop("x-must-accept", None)
    return {"allOf": [inner, more]} if isinstance(more, dict) else inner


def is_odd(body: object) -> bool:
    """Whether a body is too deep, or holds text, for anybody to have said what to do with it."""
    # Level by level and not by recursion, for values that break it.
    level = [body]
    for _ in range(MODERATE_DEPTH + 1):
        below: list[object] = []
        for part in level:
            if isinstance(part, dict):
                below += (*part, *part.values())
            elif isinstance(part, list):
                below += part
            elif isinstance(part, str) and (part == _POLLUTING or (not part.isascii() and _SURROGATE.search(part))):
                return True
        if not below:
            return False
        level = below
    return True
