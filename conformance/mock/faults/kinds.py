"""Faults of flags, numbers, times and lists: what must be accepted is refused, or stored as something else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from ...contract.fields import get
from ...contract.resource import Resource
from ..facts import items, takes
from ..server import Mock
from .catalogue import fault, refuse, stores_field

# Values by what is odd about them, by the kind of field.
Odd = Callable[[Any], bool]
REFUSED: dict[str, dict[str, Odd]] = {
    "flag": {"true": lambda value: value is True, "false": lambda value: value is False},
    "integer": {
        "zero": lambda value: value == 0,
        "above-127": lambda value: value > 127,
        "odd": lambda value: value % 2,
    },
    "number": {"zero": lambda value: value == 0, "fraction": lambda value: value != int(value)},
    "date": {
        "leap-day": lambda value: value.endswith("-02-29"),
        "past": lambda value: value < "2020",
        "last-of-a-year": lambda value: value.endswith("-12-31"),
    },
    "date-time": {
        "leap-day": lambda value: "-02-29T" in value,
        "offset": lambda value: not value.upper().endswith("Z"),
        "last-second": lambda value: ":59Z" in value,
    },
    "list": {
        "empty": lambda value: not value,
        "one": lambda value: len(value) == 1,
        "three": lambda value: len(value) == 3,
    },
}
# Of each kind, values of which one must be accepted for its being refused to be a fault.
PROOFS: dict[str, dict[str, list[Any]]] = {
    "integer": {"zero": [0], "above-127": [255], "odd": [1]},
    "number": {"zero": [0], "fraction": [0.5, 99.25]},
    "list": {"empty": [[]]},
}


def _odd(resource: Resource) -> dict[str, tuple[str, Odd]]:
    return {
        f"{label}-{name}": (name, odd)
        for name, field in resource.leaves.items()
        for label, odd in REFUSED.get(field.kind, {}).items()
        if any(takes(resource, name, value) for value in PROOFS.get(field.kind, {}).get(label, []))
        or not PROOFS.get(field.kind, {}).get(label)
    }


@fault("strict", what=_odd)
def value_refused(mock: Mock, what: tuple[str, Odd]) -> None:
    """A value that must be accepted is refused: {what}."""
    name, odd = what
    refuse(mock, 400, lambda _, body: takes(mock.resource, name, value := get(body, name)) and odd(value))


def _ends(resource: Resource) -> dict[str, tuple[str, Any]]:
    return {
        f"{end}-{name}": (name, limit)
        for name, field in resource.of_kind("integer", "number").items()
        for end in ("minimum", "maximum")
        if (limit := field.bound(end)) is not None and takes(resource, name, limit)
    }


@fault("strict", end=_ends)
def end_refused(mock: Mock, end: tuple[str, Any]) -> None:
    """The least or the greatest number that must be accepted is refused: {end}."""
    refuse(mock, 400, lambda _, body: get(body, end[0]) == end[1])


@fault("strict", item=lambda resource: _item_choices(resource))
def item_refused(mock: Mock, item: tuple[str, Any]) -> None:
    """A list with one of the items that must be accepted is refused: {item}."""
    refuse(mock, 400, lambda _, body: item[1] in _list(get(body, item[0])))


def _item_choices(resource: Resource) -> dict[str, tuple[str, Any]]:
    return {
        f"{name}-{choice}": (name, choice)
        for name, field in items(resource, "choice").items()
        for choice in field.schema["items"]["enum"]
    }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


Change = Callable[[Any], Any]
ALTERED: dict[str, dict[str, Change]] = {
    "flag": {"inverted": lambda value: not value, "ever-true": lambda _: True, "ever-false": lambda _: False},
    "integer": {
        "a-byte": lambda value: value % 256,
        "one-more": lambda value: value + 1,
        "zero-to-one": lambda value: value or 1,
    },
    "number": {
        "rounded": round,
        "cut": math.trunc,
        "one-digit": lambda value: round(value, 1),
    },
    "date": {
        "a-day-before": lambda value: (date.fromisoformat(value) - timedelta(days=1)).isoformat(),
        "first-of-a-month": lambda value: value[:8] + "01",
    },
    "date-time": {
        "offset-lost": lambda value: value[:19] + "Z",
        "seconds-lost": lambda value: value[:17] + "00" + value[19:],
        "midnight": lambda value: value[:11] + "00:00:00Z",
        "an-hour-later": lambda value: (datetime.fromisoformat(value) + timedelta(hours=1)).isoformat(),
    },
}


def _altered(resource: Resource) -> dict[str, tuple[str, Change]]:
    return {
        f"{label}-{name}": (name, change)
        for name, field in resource.leaves.items()
        if name in resource.visible
        for label, change in ALTERED.get(field.kind, {}).items()
        if label != "a-byte" or field.bound("maximum", 256) > 255
    }


@fault("meaning", how=_altered)
def value_altered(mock: Mock, how: tuple[str, Change]) -> None:
    """A value is not stored as it was sent: {how}."""
    stores_field(mock, *how)


LISTS: dict[str, Callable[[list[Any]], list[Any]]] = {
    "first-alone": lambda value: value[:1],
    "last-lost": lambda value: value[:-1],
    "emptied": lambda _: [],
    "two-at-most": lambda value: value[:2],
}
# What is no difference in a set.
ORDERED: dict[str, Callable[[list[Any]], list[Any]]] = {
    "reversed": lambda value: value[::-1],
    "sorted": sorted,
    "twice": lambda value: value * 2,
    "duplicates-lost": lambda value: list(dict.fromkeys(value)),
}


def _lists(resource: Resource) -> dict[str, tuple[str, Callable[[list[Any]], list[Any]]]]:
    return {
        f"{label}-{name}": (name, change)
        for name, field in items(resource, "text", "choice").items()
        for label, change in _possible(resource, name, field.bound("uniqueItems", False))
    }


def _possible(resource: Resource, name: str, unique: bool) -> Iterable[tuple[str, Callable[[list[Any]], list[Any]]]]:
    schema = resource.shown[name].schema
    ordered = {} if schema.get("uniqueItems") else ORDERED
    for label, change in (LISTS | ordered).items():
        if label == "duplicates-lost" and unique:
            continue
        yield label, change


@fault("meaning", how=_lists)
def list_altered(mock: Mock, how: tuple[str, Callable[[list[Any]], list[Any]]]) -> None:
    """A list is not stored as it was sent: {how}."""
    stores_field(mock, *how)


ITEMS: dict[str, Callable[[str], str]] = {
    "trimmed": str.strip,
    "lower-case": str.lower,
    "ascii-only": lambda text: text.encode("ascii", errors="replace").decode(),
    "cut-at-a-comma": lambda text: text.partition(",")[0],
}


def _item_texts(resource: Resource) -> dict[str, tuple[str, Callable[[str], str]]]:
    return {f"{label}-{name}": (name, change) for name in items(resource, "text") for label, change in ITEMS.items()}


@fault("meaning", how=_item_texts)
def item_altered(mock: Mock, how: tuple[str, Callable[[str], str]]) -> None:
    """The texts of a list are not stored as they were sent: {how}."""
    name, change = how
    stores_field(mock, name, lambda value: [change(each) for each in value])
