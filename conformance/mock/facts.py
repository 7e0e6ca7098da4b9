"""What the families of faults and variants ask of a resource."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from ..contract.demands import Demand
from ..contract.demands import demands as demands_of
from ..contract.document import Json
from ..contract.fields import Field, get, kind, put
from ..contract.resource import Resource, words
from ..contract.zones import Zone, Zones
from .sample import sample

T = TypeVar("T")

WRITES = ["edit", "create", "delete"]
ACTIONS = ["edit", "create", "get", "list", "delete", "services"]

# What a text may hold that takes anything.
_ANYTHING = 'Aé漢😀"\\/<%;\u2028\u0301 -1'


def does(resource: Resource, action: str) -> bool:
    """Has a resource an action of the mock?

    Or something else: `replace` and `merge` are what an edit may be, `owners`, `bearer` and so on are there or not.
    """
    match action:
        case "get":
            return resource.read is not None
        case "services":
            return bool(resource.further)
        case "merge":
            return resource.merges
        case "replace":
            return resource.edit is not None and not resource.merges
        case "clears":
            return bool(cleared(resource))
        case "owners":
            return bool(resource.owners)
        case "rates":
            answers = (each for operation in resource.operations.values() for each in operation.responses.values())
            return any("X-RateLimit-Remaining" in each.get("headers", {}) for each in answers)
        case "bearer":
            return any(each.prefix == "Bearer" for each in resource.schemes)
        case _:
            return getattr(resource, action) is not None


def done(values: Mapping[str, tuple[str, Any]]) -> Callable[[Resource], dict[str, tuple[str, Any]]]:
    """Of values that begin with an action, those whose action a resource has."""
    return lambda resource: {name: value for name, value in values.items() if does(resource, value[0])}


# Fields.


def label(name: str) -> str:
    """What a field is called within a name."""
    return name.replace("_", "-").replace(".", "-")


def only(names: Iterable[str]) -> dict[str, str]:
    """Fields by their label, which is empty where there is one alone."""
    every = list(names)
    return {label(name) if len(every) > 1 else "": name for name in every}


def first(values: Iterable[T]) -> dict[str, T]:
    """The first of some values, without a label; none if there is none."""
    return {"": value for value in list(values)[:1]}  # noqa: B035


def required(resource: Resource) -> list[str]:
    """The fields that every body has."""
    return [name for name, field in resource.fields.items() if resource.is_always(field)]


def optional(resource: Resource) -> list[str]:
    """The fields that hold values and may be left out, if no condition says otherwise."""
    return [name for name, field in resource.leaves.items() if not field.required]


def promised(resource: Resource) -> list[str]:
    """The fields that every answer shows."""
    return list(resource.shown_schema.get("required", ()))


def visible(resource: Resource) -> list[str]:
    """The fields that a request sets and an answer shows."""
    return list(resource.visible)


def chosen(resource: Resource) -> list[str]:
    """Those of them that may be left out."""
    return [name for name in resource.visible if not resource.fields[name].required]


def cleared(resource: Resource) -> list[str]:
    """Those of them that an item is without when nobody sends them."""
    return [name for name in chosen(resource) if not resource.shown[name].required]


def texts(resource: Resource) -> list[str]:
    return list(resource.of_kind("text"))


def free(resource: Resource) -> list[str]:
    """The texts that may hold any character."""
    return [name for name in texts(resource) if takes(resource, name, _ANYTHING)]


def prose(resource: Resource) -> list[str]:
    """Those of them that answers show."""
    return [name for name in free(resource) if name in resource.visible]


def addresses(resource: Resource) -> list[str]:
    return list(resource.of_kind("address"))


def secrets(resource: Resource) -> dict[str, str]:
    """The fields that no answer shows, by their labels."""
    return only(name for name in resource.secrets if name in resource.leaves)


def choices(resource: Resource, name: str | None = None) -> list[str]:
    """What a choice may be: the one on which others depend, unless one is named."""
    name = name or resource.switch
    return [str(each) for each in resource.fields[name].choices] if name else []


def bound(field: Field) -> int:
    """How many characters of a text must be accepted."""
    return int(field.bound("maxLength", 255))


@cache
def zones(resource: Resource) -> Zones:
    return Zones(resource.request_schema)


def takes(resource: Resource, name: str, value: object) -> bool:
    """Must every server accept a value of a field?"""
    return zones(resource).must_accept(name, value)


def refuses(resource: Resource, name: str, value: object) -> bool:
    """Must every server refuse a value of a field?"""
    return zones(resource).zone(put(example(resource), name, value)) is Zone.REFUSE


@cache
def demands(resource: Resource) -> dict[str, Demand]:
    """What the value of another field demands, by the field that it demands."""
    found: dict[str, Demand] = {}
    every = demands_of(resource.request_schema)
    for each in every:
        alone = [other.field for other in every].count(each.field) == 1
        found[label(each.field) + ("" if alone else f"-{label(each.said)}")] = each
    return found


def items(resource: Resource, *kinds: str) -> dict[str, Field]:
    """The lists that answers show whose items are of such a kind."""
    lists = resource.of_kind("list", secret=False)
    return {
        name: field
        for name, field in lists.items()
        if name in resource.visible and kind(field.schema.get("items", {})) in kinds
    }


@cache
def example(resource: Resource) -> Json:
    """A body with every field: what the contract's own examples have, and else something made up."""
    body: Json = {}
    for name, field in resource.leaves.items():
        shown = next((got for each in resource.examples.values() if (got := get(each, name)) is not None), None)
        body = put(body, name, sample(field.schema, field.path[-1], whole=True) if shown is None else shown)
    return body


# Labels and turns.


def whose(resource: Resource) -> dict[str, str]:
    """The path's parameters, by what they stand for."""
    return {words(name, "-"): name for name in (*resource.owners, resource.item)}


def spread(
    triggers: Mapping[str, Any], fields: Callable[[Resource], Sequence[str]]
) -> Callable[[Resource], dict[str, tuple[str, Any]]]:
    """Each trigger in one field, the fields taking turns."""

    def values(resource: Resource) -> dict[str, tuple[str, Any]]:
        turns = itertools.cycle(fields(resource))
        return {f"{each}-{name}": (name, triggers[each]) for each, name in zip(triggers, turns, strict=False)}

    return values


def sized(
    resource: Resource,
    short: Sequence[Sequence[Any]],
    long: Sequence[Sequence[Any]],
    address: Sequence[Any] = (),
    fields: Iterable[str] | None = None,
) -> Iterator[tuple[str, int, Any]]:
    """Texts and addresses with the bound of each, and with one of the rows for texts that are as short or as long."""
    turns = itertools.cycle(short), itertools.cycle(long)
    for name in texts(resource) if fields is None else fields:
        most = bound(resource.fields[name])
        yield from ((name, most, each) for each in next(turns[most > 255]))
    for name in addresses(resource) if address else ():
        yield from ((name, bound(resource.fields[name]), each) for each in address)
