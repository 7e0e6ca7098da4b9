"""Faults of values that are outside of their bounds, or not of their format, and are accepted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ...contract.fields import get
from ...contract.resource import Resource
from ..facts import example, refuses
from ..server import Mock
from .catalogue import fault, mend_field

# By what is bounded: the keyword of the schema, a value that is beyond it, and whether any value is.
Beyond = Callable[[Any, Any], bool]
NUMBERS: dict[str, Beyond] = {
    "minimum": lambda value, least: type(value) in (int, float) and value < least,
    "maximum": lambda value, most: type(value) in (int, float) and value > most,
}
TEXTS: dict[str, Beyond] = {
    "minLength": lambda value, least: isinstance(value, str) and len(value) < least,
    "maxLength": lambda value, most: isinstance(value, str) and len(value) > most,
}
LISTS: dict[str, Beyond] = {
    "minItems": lambda value, least: isinstance(value, list) and len(value) < least,
    "maxItems": lambda value, most: isinstance(value, list) and len(value) > most,
    "uniqueItems": lambda value, _: isinstance(value, list) and len({*map(repr, value)}) < len(value),
}


def _bounds(resource: Resource) -> dict[str, tuple[str, Any, Beyond]]:
    return {
        f"{keyword}-{name}": (name, field.schema[keyword], beyond)
        for name, field in resource.leaves.items()
        for keyword, beyond in (NUMBERS | TEXTS | LISTS).items()
        if keyword in field.schema
    }


@fault("loose", bound=_bounds)
def beyond_bound(mock: Mock, bound: tuple[str, Any, Beyond]) -> None:
    """A value beyond its bound is accepted: {bound}."""
    name, limit, beyond = bound
    within = get(example(mock.resource), name)
    mend_field(mock, name, lambda value: within if beyond(value, limit) else value)


NO_DAYS: dict[str, str] = {
    "impossible": r"\d{4}-02-30|\d{4}-13-.*|.*T25:.*",
    "short": r"\d{4}-\d-\d|\d{4}-\d\d-\d\d \d\d:\d\d|\d{4}-\d\d-\d\d",
    "anything": r"[\s\S]*",
    "empty": "",
}


def _days(resource: Resource) -> dict[str, tuple[str, re.Pattern[str]]]:
    return {
        f"{form}-{name}": (name, re.compile(pattern))
        for name in resource.of_kind("date", "date-time")
        for form, pattern in NO_DAYS.items()
    }


@fault("loose", what=_days)
def no_day(mock: Mock, what: tuple[str, re.Pattern[str]]) -> None:
    """A text that is no date, or no time, is accepted: {what}."""
    name, form = what
    within = get(example(mock.resource), name)

    def taken(value: Any) -> Any:
        odd = isinstance(value, str) and form.fullmatch(value) and refuses(mock.resource, name, value)
        return within if odd else value

    mend_field(mock, name, taken)


ITEMS: dict[str, Callable[[Any], bool]] = {
    "null": lambda item: item is None,
    "number": lambda item: type(item) is int,
    "flag": lambda item: isinstance(item, bool),
    "object": lambda item: isinstance(item, dict),
    "array": lambda item: isinstance(item, list),
    "unknown": lambda item: isinstance(item, str),
}


def _items(resource: Resource) -> dict[str, tuple[str, Callable[[Any], bool]]]:
    return {
        f"{label}-{name}": (name, odd)
        for name, field in resource.of_kind("list").items()
        for label, odd in ITEMS.items()
        if label != "unknown" or "enum" in field.schema.get("items", {})
    }


@fault("loose", what=_items)
def odd_item(mock: Mock, what: tuple[str, Callable[[Any], bool]]) -> None:
    """A list may hold what is no item of it, and does without that: {what}."""
    name, odd = what
    field = mock.resource.fields[name]
    known = field.schema.get("items", {}).get("enum", ())
    within = get(example(mock.resource), name)

    def taken(value: Any) -> Any:
        if not isinstance(value, list) or not any(odd(each) and each not in known for each in value):
            return value
        rest = [each for each in value if not odd(each) or each in known]
        return rest if not refuses(mock.resource, name, rest) else within

    mend_field(mock, name, taken)
