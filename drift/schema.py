"""JSON Schemas in a normal form: two that say the same in other words are equal, and one can be seen to cover another.

In the normal form `allOf` is merged, `type` is a list, `const` an `enum`, and what asserts nothing is gone. What is
said about a value without deciding its validity (read-only, a default, a format that no validator knows) is kept
apart, under NOTES.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache, reduce
from typing import Any

import jsonschema_rs
from jsonschema_rs.canonical import CanonicalizationError, Containment

from conformance.contract.document import ContractError

Schema = dict[str, Any]

NEVER: Schema = {"enum": []}
NOTES = "x-notes"
ANNOTATIONS = ("readOnly", "writeOnly", "deprecated", "default", "contentEncoding", "contentMediaType", "format")
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")

# The formats that jsonschema-rs asserts; any other one only describes.
FORMATS = frozenset(
    (
        *("date", "date-time", "duration", "email", "hostname", "idn-email", "idn-hostname", "ipv4", "ipv6", "iri"),
        *("iri-reference", "json-pointer", "regex", "relative-json-pointer", "time", "uri", "uri-reference"),
        *("uri-template", "uuid"),
    )
)

# Keywords by how their value is to be read: as a schema, as a list of schemas, as schemas by name.
SINGLE = ("additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then")
LISTED = ("anyOf", "oneOf", "prefixItems")
NAMED = ("dependentSchemas", "patternProperties", "properties")

# Which type a keyword is about; it says nothing of others.
ABOUT = {
    keyword: type_
    for type_, keywords in {
        "array": "contains items maxContains maxItems minContains minItems prefixItems uniqueItems",
        "number": "exclusiveMaximum exclusiveMinimum maximum minimum multipleOf",
        "object": "additionalProperties dependentRequired dependentSchemas maxProperties minProperties"
        " patternProperties properties propertyNames required",
        "string": "format maxLength minLength pattern",
    }.items()
    for keyword in keywords.split()
}

KNOWN = frozenset((*ABOUT, *ANNOTATIONS, "type", "enum", "const", "nullable", "discriminator"))

# Keywords that only mean something together, under the name of the first.
TOGETHER = {
    "if": ("if", "then", "else"),
    "contains": ("contains", "minContains", "maxContains"),
    "minimum": ("minimum", "exclusiveMinimum"),
    "maximum": ("maximum", "exclusiveMaximum"),
}
LEADER = {keyword: leader for leader, keywords in TOGETHER.items() for keyword in keywords}

_VACUOUS: Schema = {
    "additionalProperties": {},
    "items": {},
    "minItems": 0,
    "minLength": 0,
    "minProperties": 0,
    "patternProperties": {},
    "prefixItems": [],
    "properties": {},
    "propertyNames": {},
    "dependentRequired": {},
    "dependentSchemas": {},
    "required": [],
    "uniqueItems": False,
    NOTES: {},
}
_GREATEST = ("minItems", "minLength", "minProperties")
_LEAST = ("maxItems", "maxLength", "maxProperties")


# How many characters of JSON a comparison may make, of the schemas and values that it tries: that is what takes time.
# Qovery's document takes 800,000.
MOST_TEXT = 40_000_000
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_made: ContextVar[list[int] | None] = ContextVar("made", default=None)


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Within it, work is counted. Raises ContractError where it is more than a few seconds'."""
    token = _made.set([0])
    try:
        yield
    finally:
        _made.reset(token)


def text(value: object) -> str:
    """A JSON value as text, the same for equal values; 1 and 1.0 are equal, 1 and true are not."""
    made = _encode(value)
    if ".0" in made or "e+" in made:  # as whole numbers of floating point are written
        made = _encode(_integral(value))
    if count := _made.get():
        count[0] += len(made)
        if count[0] > MOST_TEXT:
            raise ContractError("the documents differ in too much, or in schemas that are too large, to be compared")
    return made


def normal(schema: Schema | bool) -> Schema:
    """The normal form of a schema that has no references."""
    if isinstance(schema, bool):
        return {} if schema else NEVER
    own: Schema = {}
    parts = [own]
    for keyword, value in schema.items():
        if keyword in SINGLE:
            own[keyword] = normal(value)
        elif keyword in NAMED:
            own[keyword] = {name: normal(value[name]) for name in sorted(value)}
        elif keyword == "prefixItems":
            own[keyword] = [normal(branch) for branch in value]
        elif keyword == "allOf":
            parts += map(normal, value)
        elif keyword in ("anyOf", "oneOf"):
            branches = sorted(map(normal, value), key=text)
            if keyword == "anyOf":
                branches = [branch for n, branch in enumerate(branches) if branch not in branches[:n]]
            branches = _nullable(branches) or _split(branches, schema.get("discriminator")) or branches
            parts.append(branches[0] if len(branches) == 1 else {keyword: branches})
        elif keyword in ANNOTATIONS and not (keyword == "format" and value in FORMATS):
            if value is not False or keyword == "default":
                own.setdefault(NOTES, {})[keyword] = value
        elif keyword == "type":
            own["type"] = [value] if isinstance(value, str) else sorted(value)
        elif keyword == "const":
            parts.append({"enum": [value]})
        elif keyword == "required":
            own["required"] = sorted(set(value))
        elif keyword in ABOUT or keyword == "enum":
            own[keyword] = value
    own = parts[0] = {keyword: own[keyword] for keyword in own if keyword not in ("then", "else") or own[keyword]}
    if "if" in own and not own.keys() & {"then", "else"}:
        del own["if"]
    elif "if" not in own:
        own = parts[0] = {keyword: value for keyword, value in own.items() if keyword not in ("then", "else")}
    return _tidy(reduce(both, parts))


def both(one: Schema, other: Schema) -> Schema:
    """The normal form of what two schemas in normal form both admit."""
    merged: Schema = {}
    rest = [*one.get("allOf", []), *other.get("allOf", [])]
    mine, theirs = units(one), units(other)
    for leader in sorted(mine.keys() | theirs.keys() - {"allOf"}):
        a, b = mine.get(leader, {}), theirs.get(leader, {})
        if leader in ("properties", "items", "allOf"):
            continue
        if not a or not b or a == b:
            merged |= a or b
        elif leader == NOTES:
            merged[NOTES] = a[NOTES] | b[NOTES]
        elif leader == "type":
            merged["type"] = common_types(a["type"], b["type"])
        elif leader == "enum":
            known = set(map(text, b["enum"]))
            merged["enum"] = [value for value in a["enum"] if text(value) in known]
        elif leader == "required":
            merged["required"] = sorted({*a["required"], *b["required"]})
        elif leader == "uniqueItems":
            merged["uniqueItems"] = True
        elif leader in _GREATEST:
            merged[leader] = max(a[leader], b[leader])
        elif leader in _LEAST:
            merged[leader] = min(a[leader], b[leader])
        elif leader in ("minimum", "maximum"):
            merged |= _strictest(leader, a, b)
        else:
            first, second = sorted((a, b), key=text)
            merged |= first
            rest.append(second)
    for leader, blocker, merge in (
        ("properties", "patternProperties", _both_properties),
        ("items", "prefixItems", _both_items),
    ):
        a, b = mine.get(leader, {}), theirs.get(leader, {})
        if a == b or not a or not b:
            merged |= a or b
        elif blocker in a or blocker in b:
            first, second = sorted((a, b), key=text)
            merged |= first
            rest.append(second)
        else:
            merged |= merge(a, b)
    if rest:
        merged["allOf"] = sorted((part for n, part in enumerate(rest) if part not in rest[:n]), key=text)
    return _tidy(merged)


def units(schema: Schema) -> dict[str, Schema]:
    """The keywords of a schema, those together that only mean something together, by the name of the first."""
    found: dict[str, Schema] = {}
    for keyword, value in schema.items():
        leader = LEADER.get(keyword, keyword)
        if keyword in ("patternProperties", "additionalProperties"):
            leader = "properties"
        elif keyword == "prefixItems":
            leader = "items"
        found.setdefault(leader, {})[keyword] = value
    return found


def types(schema: Schema) -> list[str]:
    """The types that a schema in normal form admits, `integer` only where other numbers are not."""
    every = [] if schema.get("enum") == [] else [type_ for type_ in TYPES if type_ != "integer"]
    admitted: list[str] = schema.get("type", every)
    return admitted


def admits_type(schema: Schema, type_: str) -> bool:
    admitted = types(schema)
    return type_ in admitted or (type_ == "number" and "integer" in admitted)


def common_types(one: list[str], other: list[str]) -> list[str]:
    a, b = ({*some, "integer"} if "number" in some else set(some) for some in (one, other))
    shared = a & b
    return sorted(shared - {"integer"} if "number" in shared else shared)


def covers(schema: Schema, other: Schema) -> bool:
    """Whether it is proven that `schema` admits all that `other` admits."""
    try:
        return _canonical(text(schema)).covers(_canonical(text(other))) is Containment.YES
    except CanonicalizationError:
        return False


def valid(schema: Schema, value: object) -> bool:
    """Whether a JSON value is valid, formats asserted."""
    return _validator(text(schema)).is_valid(value)


@cache
def _validator(schema: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(json.loads(schema), validate_formats=True)


@cache
def _canonical(schema: str) -> jsonschema_rs.CanonicalSchema:
    return jsonschema_rs.canonicalize(json.loads(schema), draft=jsonschema_rs.Draft202012, validate_formats=True)


def _tidy(schema: Schema) -> Schema:
    if schema.get("type") == []:
        schema = NEVER | {NOTES: schema.get(NOTES, {})}
    for leader in ("minimum", "maximum"):
        bounds = {key: schema[key] for key in TOGETHER[leader] if key in schema}
        if len(bounds) == 2:
            schema = {key: value for key, value in schema.items() if key not in bounds}
            schema |= _strictest(leader, *({key: value} for key, value in bounds.items()))
    if "enum" in schema:
        rest = {key: value for key, value in schema.items() if key not in ("enum", NOTES)}
        values = {text(value): value for value in schema["enum"] if valid(rest, value)}
        kinds = common_types(sorted({_type(value) for value in values.values()}), list(TYPES))
        schema = {"enum": [values[key] for key in sorted(values)], "type": kinds, NOTES: schema.get(NOTES, {})}
        if not values:
            del schema["type"]
    if "type" in schema:
        kinds = common_types(schema["type"], list(TYPES))
        schema = {**schema, "type": kinds} if len(kinds) < 6 else {k: v for k, v in schema.items() if k != "type"}
    return {
        keyword: schema[keyword]
        for keyword in sorted(schema)
        if (keyword not in ABOUT or admits_type(schema, ABOUT[keyword]))
        and not (keyword in _VACUOUS and text(schema[keyword]) == text(_VACUOUS[keyword]))
    }


def _strictest(leader: str, *bounds: Schema) -> Schema:
    """Of some lower (or upper) bounds the one that leaves least; an exclusive one is the stricter of two equals."""
    sign = 1 if leader == "minimum" else -1
    single = [{key: value} for bound in bounds for key, value in bound.items()]
    return max(single, key=lambda bound: (sign * next(iter(bound.values())), leader not in bound))


def _both_properties(one: Schema, other: Schema) -> Schema:
    a, b = one.get("properties", {}), other.get("properties", {})
    rest_a, rest_b = one.get("additionalProperties", {}), other.get("additionalProperties", {})
    properties = {name: both(a.get(name, rest_a), b.get(name, rest_b)) for name in sorted(a.keys() | b.keys())}
    return {"properties": properties, "additionalProperties": both(rest_a, rest_b)}


def _both_items(one: Schema, other: Schema) -> Schema:
    return {"items": both(one["items"], other["items"])}


def _nullable(branches: list[Schema]) -> list[Schema] | None:
    """`anyOf: [X, {type: "null"}]` as X with one more type, which is how others write it."""
    null: Schema = {"type": ["null"]}
    if len(branches) != 2 or null not in branches:
        return None
    other = branches[1 - branches.index(null)]
    if "null" in types(other) or "type" not in other or other.keys() - ABOUT.keys() - {"type", "enum", NOTES}:
        return None
    merged = {**other, "type": sorted([*other["type"], "null"])}
    if "enum" in other:
        merged["enum"] = [*other["enum"], None]
    return [_tidy(merged)]


def _split(branches: list[Schema], discriminator: Any) -> list[Schema] | None:
    """Objects told apart by a discriminator, and alike in all but its values, as the one object that they are."""
    name = discriminator.get("propertyName") if isinstance(discriminator, dict) else None
    values: list[Any] = []
    alike = []
    for branch in branches:
        properties = branch.get("properties", {})
        tag = properties.get(name, {})
        values += tag.get("enum", [])
        rest = {keyword: tag[keyword] for keyword in tag if keyword != "enum"}
        alike.append({**branch, "properties": {**properties, name: rest}})
    if name is None or not all("enum" in branch.get("properties", {}).get(name, {}) for branch in branches):
        return None
    if any(branch != alike[0] for branch in alike):
        return None
    known = {text(value): value for value in values}
    tag = {**alike[0]["properties"][name], "enum": [known[key] for key in sorted(known)]}
    return [_tidy({**alike[0], "properties": {**alike[0]["properties"], name: tag}})]


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if value == int(value) else "number"
    names = {str: "string", list: "array", dict: "object", type(None): "null"}
    return names[type(value)]


def _integral(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _integral(item) for key, item in value.items()}
    return list(map(_integral, value)) if isinstance(value, list) else value
