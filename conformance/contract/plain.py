"""A document in fewer words: what can be said in several ways is said in one, that of OpenAPI 3.1.

Documents differ in how they say the same: that a value may be null, that one schema is another and more, that one of
some constants is meant. Whoever reads a contract afterwards knows one way each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .document import ContractError, Json, References

_TEXTS = {"title", "description", "summary", "example", "examples", "externalDocs", "deprecated", "$comment"}
_CONDITION = ("if", "then", "else")
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object", list: "array"}
_LOWER = ("minLength", "minimum", "minItems", "minProperties", "exclusiveMinimum")
_UPPER = ("maxLength", "maximum", "maxItems", "maxProperties", "exclusiveMaximum")


class _Apart(Exception):
    """Two schemas cannot be made one."""


def plain(document: Json) -> Json:
    """A copy of a document of OpenAPI 3.0 or 3.1 as 3.1 says it, references kept."""
    return _Plain(document).document()


class _Plain:
    def __init__(self, document: Json) -> None:
        self._document = document
        self._references = References(document)
        self._old = str(document.get("openapi", "")).startswith("3.0")
        # The references that are being followed: one back to itself stays as it is.
        self._inside: list[str] = []

    def document(self) -> Json:
        made: Json = self._walk(self._document)
        components = self._document.get("components")
        if isinstance(components, dict) and isinstance(schemas := components.get("schemas"), dict):
            made["components"]["schemas"] = {name: self._schema(each) for name, each in schemas.items()}
        return {**made, "openapi": "3.1.0"} if self._old else made

    def _walk(self, part: Any) -> Any:
        """A part that is no schema."""
        if isinstance(part, list):
            return [self._walk(each) for each in part]
        if not isinstance(part, dict):
            return part
        return {
            key: self._schema(value) if key == "schema" else value if key in _TEXTS else self._walk(value)
            for key, value in part.items()
        }

    def _schema(self, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        made = dict(schema)
        for name, inner in _INNER.items():
            if name in made:
                made[name] = inner(self._schema, made[name])
        for step in (self._dated, self._united, self._composed, self._constant):
            made = step(made)
        return made

    def _dated(self, schema: Json) -> Json:
        """OpenAPI 3.0's own words in those of JSON Schema."""
        if not self._old:
            return schema
        for name, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if isinstance(schema.get(name), bool) and schema.pop(name) and bound in schema:
                schema[name] = schema.pop(bound)
        nullable = schema.pop("nullable", False)
        return self._nullable(schema) if nullable is True else schema

    def _united(self, schema: Json) -> Json:
        """A union of one schema and null is that schema or null, and one of constants is an enumeration."""
        for word in ("oneOf", "anyOf"):
            members = schema.get(word)
            if not isinstance(members, list) or not all(isinstance(each, dict) for each in members):
                continue
            others = [each for each in members if not _is_null(each)]
            rest = {key: value for key, value in schema.items() if key != word}
            if len(others) == 1:
                return self._joined(rest, others[0], null=len(members) > 1, otherwise=schema)
            if all(each.keys() <= {"enum", "const", "type", *_TEXTS} and each.get("enum") for each in others):
                values = [value for each in others for value in each["enum"]]
                types = {each["type"] for each in others if isinstance(each.get("type"), str)}
                union = {"enum": values, **({"type": types.pop()} if len(types) == 1 else {})}
                return self._joined(rest, union, null=len(members) > len(others), otherwise=schema)
        return schema

    def _composed(self, schema: Json) -> Json:
        """The parts of `allOf` that are no conditions are part of the schema itself."""
        parts = schema.get("allOf")
        if not isinstance(parts, list) or not all(isinstance(each, dict) for each in parts):
            return schema
        made = {key: value for key, value in schema.items() if key != "allOf"}
        if len(parts) == 1 and "$ref" in parts[0] and made.keys() <= _TEXTS:
            return {**parts[0], **made}
        kept: list[Json] = []
        try:
            for part in parts:
                followed = self._followed(part)
                kept += followed.get("allOf", [])
                condition = {key: followed[key] for key in _CONDITION if key in followed}
                kept += [condition] if condition else []
                made = _both(made, {key: followed[key] for key in followed if key not in (*_CONDITION, "allOf")})
        except _Apart:
            return schema
        return {**made, "allOf": kept} if kept else made

    def _constant(self, schema: Json) -> Json:
        """A constant is an enumeration of one, and what its values or parts show to be of a type is said to be."""
        if "const" in schema and "enum" not in schema:
            schema["enum"] = [schema.pop("const")]
        if "$ref" not in schema and "type" not in schema:
            types = {_TYPES.get(type(value), "null") for value in schema.get("enum", ())}
            types |= {"object"} if schema.get("properties") else set()
            types |= {"array"} if "items" in schema else set()
            if types:
                found = sorted(types - {"null"}) + (["null"] if "null" in types else [])
                schema["type"] = found[0] if len(found) == 1 else found
        if isinstance(schema.get("type"), list) and len(schema["type"]) == 1:
            schema["type"] = schema["type"][0]
        return schema

    def _joined(self, rest: Json, other: Json, null: bool, otherwise: Json) -> Json:
        if "$ref" in other and not null and rest.keys() <= _TEXTS:
            return {**other, **rest}
        try:
            made = _both({key: rest[key] for key in rest if key != "type" or not null}, self._followed(other))
        except _Apart:
            return otherwise
        return self._nullable(made) if null else made

    def _nullable(self, schema: Json) -> Json:
        """What a schema describes, or null."""
        made = self._constant(self._followed(self._composed(self._followed(schema))))
        if isinstance(types := made.get("type"), str | list):
            made["type"] = [*([types] if isinstance(types, str) else types), "null"] if "null" not in types else types
        if "enum" in made and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
        return made

    def _followed(self, schema: Json) -> Json:
        """What a schema refers to, with what stands beside the reference."""
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return dict(schema)
        if reference in self._inside:
            raise _Apart
        self._inside.append(reference)
        try:
            target = self._schema(self._references.find(reference, ""))
            if not isinstance(target, dict):
                raise _Apart
            return self._followed({**target, **{key: value for key, value in schema.items() if key != "$ref"}})
        except ContractError:
            raise _Apart from None
        finally:
            self._inside.pop()


def _is_null(schema: Json) -> bool:
    return schema.get("type") == "null" or schema.get("enum") == [None]


def _both(one: Json, other: Json) -> Json:
    """A schema of what both describe; the texts of the first. Raises _Apart if no single one does."""
    if (one.get("additionalProperties") is False or other.get("additionalProperties") is False) and (
        one.get("properties", {}).keys() != other.get("properties", {}).keys() and one.keys() - _TEXTS
    ):
        raise _Apart
    made = {**other, **one}
    for key in one.keys() & other.keys() - _TEXTS:
        first, second = one[key], other[key]
        if key == "properties":
            shared = {name: _both(first[name], second[name]) for name in first.keys() & second.keys()}
            made[key] = {**first, **second, **shared}
        elif key in ("required", "allOf"):
            made[key] = [*first, *(each for each in second if each not in first)]
        elif key in ("dependentRequired", "x-must-accept", "items") and isinstance(first, dict):
            made[key] = _both(first, second) if isinstance(second, dict) else first
        elif key == "enum":
            made[key] = [each for each in first if each in second]
        elif key in _LOWER:
            made[key] = max(first, second)
        elif key in _UPPER:
            made[key] = min(first, second)
        elif first != second and not key.startswith("x-") and key not in ("default", "readOnly", "writeOnly"):
            raise _Apart
    return made


def _named(schema: Callable[[Any], Any], value: Any) -> Any:
    return {name: schema(each) for name, each in value.items()} if isinstance(value, dict) else value


def _listed(schema: Callable[[Any], Any], value: Any) -> Any:
    return [schema(each) for each in value] if isinstance(value, list) else value


def _single(schema: Callable[[Any], Any], value: Any) -> Any:
    return schema(value)


# Where in a schema there are others.
_INNER: dict[str, Callable[[Callable[[Any], Any], Any], Any]] = {
    "properties": _named,
    "items": _single,
    "additionalProperties": _single,
    "allOf": _listed,
    "anyOf": _listed,
    "oneOf": _listed,
}
