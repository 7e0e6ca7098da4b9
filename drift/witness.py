"""Witnesses: a small concrete value that one schema accepts and another refuses.

Values are made at and around the edges of both schemas (their bounds, their enumerations, what lacks a required
property, ...), smallest first, and a validator decides. The body around the place of a difference is valid for both
schemas where there is such a body, so that nothing but that difference can be the reason of the refusal.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from itertools import islice
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import find as find_simplest
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

from drift.schema import Schema, both, text, types, valid

# Where in a body: the name of a property, ITEM of an array, or OTHER, any property that has no schema of its own.
Path = tuple["str | int", ...]
ITEM, OTHER = 0, 1

# Longer strings, and larger arrays and objects, are not tried.
LONGEST = 100_000
LARGEST = 1_000

# Keywords that hold schemas about the same value, of which one or another decides.
_BRANCHES = ("anyOf", "else", "if", "not", "oneOf", "then")

_FEW = settings(max_examples=50, derandomize=True, database=None, suppress_health_check=list(HealthCheck))

_SIMPLE: tuple[Any, ...] = (None, False, True, 0, 1, -1, 0.5, "", "a", [], {})
_FORMATTED = {
    "date": "2000-01-01",
    "date-time": "2000-01-01T00:00:00Z",
    "duration": "P1D",
    "email": "a@b.c",
    "hostname": "a",
    "idn-email": "a@b.c",
    "idn-hostname": "a",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "iri": "a:b",
    "json-pointer": "/a",
    "relative-json-pointer": "0",
    "time": "00:00:00Z",
    "uri": "a:b",
    "uuid": "00000000-0000-0000-0000-000000000000",
}


def find(
    accepts: Schema, refuses: Schema, path: Path = (), because: Iterable[str] = (), without: str | None = None
) -> Any:
    """The smallest value found that is valid for one schema and not for the other, and differs at `path`.

    `because` names the keywords at that place that are to be the reason of the refusal. With `without`, the object
    there has no such property. Raises LookupError if there is none among the values tried.
    """
    inner, outer = _at(accepts, path), _at(refuses, path)
    if without is not None:
        values = [v for v in samples(inner) if isinstance(v, dict) and without not in v]
    else:
        tried = samples(inner, outer)
        if "pattern" in inner and "pattern" in because:
            tried = _telling(inner["pattern"], text(inner), text(outer)) or tried
        values = [v for v in tried if valid(inner, v) and not valid(outer, v)]
    reason = {keyword: outer[keyword] for keyword in because if keyword in outer}
    rest = {keyword: value for keyword, value in outer.items() if keyword not in reason}
    refused = [value for value in values if not reason or not valid(reason, value)]
    for choice in ([value for value in refused if valid(rest, value)], refused):
        for around in (both(accepts, refuses), accepts):
            for body in sorted(_bodies(around, path, choice), key=_size):
                if valid(accepts, body) and not valid(refuses, body):
                    return body
    raise LookupError(f"no witness among the values tried at {path}")


def samples(schema: Schema, other: Schema | None = None) -> list[Any]:
    """Values in and around a schema, and another one, from the smallest."""
    return _samples(text(schema), text(other or {}))


@cache
def _samples(*schemas: str) -> list[Any]:
    accepts, refuses = map(json.loads, schemas)
    found = list(_SIMPLE)
    for schema in (accepts, refuses):
        found += schema.get("enum", [])
        found += _numbers(schema)
        found += _strings(schema)
        found += _arrays(schema)
        found += _objects(schema)
        if "pattern" in schema:
            found += _matching(schema["pattern"])
        plain = {keyword: value for keyword, value in schema.items() if keyword not in (*_BRANCHES, "allOf")}
        for branch in _branches(schema):
            found += samples(both(plain, branch))
        for part in schema.get("allOf", []):
            found += samples(part)
    return sorted({text(value): value for value in found}.values(), key=_size)


def smallest(schema: Schema) -> Any:
    """The smallest of the samples of a schema that is valid. Raises LookupError if none is."""
    for value in samples(schema):
        if valid(schema, value):
            return value
    raise LookupError("no valid value among those tried")


def _size(value: object) -> tuple[int, str]:
    encoded = text(value)
    return len(encoded), encoded


def _at(schema: Schema, path: Path) -> Schema:
    for step in path:
        if step == ITEM:
            schema = schema.get("items", {})
        else:
            schema = schema.get("properties", {}).get(step, schema.get("additionalProperties", {}))
    return schema


def _bodies(schema: Schema, path: Path, values: list[Any]) -> Iterator[Any]:
    """Bodies with one of the values at the path, and little else."""
    if not path:
        yield from values
        return
    step, *rest = path
    inner = list(islice(_bodies(_at(schema, path[:1]), tuple(rest), values), 50))
    if step == ITEM:
        size = max(1, schema.get("minItems", 0))
        yield from ([value] * size for value in inner if size <= LARGEST)
        return
    known = schema.get("properties", {})
    name = step if isinstance(step, str) else next(n for n in ("other", "another", "x-other") if n not in known)
    for around in _around(schema, name):
        yield from ({**around, name: value} for value in inner)


def _around(schema: Schema, name: str) -> Iterator[dict[str, Any]]:
    """Objects that need nothing but the property of this name, with each choice that an enumeration leaves."""
    properties = schema.get("properties", {})
    try:
        base = {need: smallest(properties.get(need, {})) for need in schema.get("required", []) if need != name}
    except LookupError:
        return
    yield base
    for choice, inner in properties.items():
        if choice != name:
            yield from ({**base, choice: value} for value in inner.get("enum", []))


def _numbers(schema: Schema) -> Iterator[float]:
    bounds = [schema[key] for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum") if key in schema]
    step = schema.get("multipleOf")
    with suppress(OverflowError):  # of numbers beyond what floating point has
        for bound in bounds:
            yield from (bound - 1, bound - 0.5, bound, bound + 0.5, bound + 1, math.ceil(bound), math.floor(bound))
        for bound in (0, *bounds) if step else ():
            near = math.floor(bound / step)
            yield from (near * step, (near + 1) * step, (near + 2) * step, (near + 0.5) * step)


def _lengths(schema: Schema, least: str, most: str, longest: int) -> Iterator[int]:
    for key in (least, most):
        if key in schema:
            yield from (length for length in (schema[key] - 1, schema[key], schema[key] + 1) if 0 <= length <= longest)


def _strings(schema: Schema) -> Iterator[str]:
    yield from _FORMATTED.values() if "format" in schema else ()
    for length in _lengths(schema, "minLength", "maxLength", LONGEST):
        yield from (start + "a" * (length - len(start)) for start in ("", "a:", "a@b.") if length >= len(start))


@cache
def _matching(pattern: str) -> list[str]:
    """Some strings of a pattern, simple ones among them."""
    found: list[str] = []
    with suppress(HypothesisException, OverflowError, re.error):
        given(st.from_regex(pattern))(settings(_FEW, phases=[Phase.generate])(lambda value: found.append(value)))()
    return found


@cache
def _telling(pattern: str, accepts: str, refuses: str) -> list[str]:
    """The simplest string of a pattern, if any is found, that one schema accepts and the other refuses."""
    one, other = json.loads(accepts), json.loads(refuses)
    with suppress(HypothesisException, OverflowError, re.error):
        return [find_simplest(st.from_regex(pattern), lambda v: valid(one, v) and not valid(other, v), settings=_FEW)]
    return []


def _arrays(schema: Schema) -> Iterator[list[Any]]:
    if not schema.keys() & {"items", "minItems", "maxItems", "uniqueItems"}:
        return
    inner = samples(schema["items"]) if "items" in schema else list(_SIMPLE)
    known = [value for value in inner if valid(schema.get("items", {}), value)]
    yield from ([value] for value in inner)
    yield known[:1] * 2
    for length in _lengths(schema, "minItems", "maxItems", LARGEST):
        yield known[:length]
        yield (known * length)[:length]


def _objects(schema: Schema) -> Iterator[dict[str, Any]]:
    if "object" not in types(schema):
        return
    properties = schema.get("properties", {})
    try:
        base = {name: smallest(properties.get(name, {})) for name in schema.get("required", [])}
    except LookupError:
        return
    yield base
    yield from ({n: value for n, value in base.items() if n != name} for name in base)
    yield {**base, "other": 0}
    for name, inner in properties.items():
        yield from ({**base, name: value} for value in samples(inner)[:20])
        yield from ({**base, name: value} for value in inner.get("enum", []))
    for count in _lengths(schema, "minProperties", "maxProperties", LARGEST):
        names = [*properties, *(f"other{n}" for n in range(count))][:count]
        yield {name: _lenient(properties.get(name, {})) for name in names}


def _lenient(schema: Schema) -> Any:
    try:
        return smallest(schema)
    except LookupError:
        return None


def _branches(schema: Schema) -> Iterator[Schema]:
    for keyword in _BRANCHES:
        held = schema.get(keyword, [])
        yield from held if isinstance(held, list) else [held]
