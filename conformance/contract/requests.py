"""What requests make an item of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from .answers import Answers
from .document import ContractError, Json
from .fields import Field


class Requests(Answers):
    """The fields of requests, and what they ask of each other."""

    @cached_property
    def leaves(self) -> dict[str, Field]:
        """The fields that hold values, at any depth, and not other fields."""
        return {name: each for name, each in self.fields.items() if each.kind != "object" or not _holds(each)}

    def of_kind(self, *kinds: str, secret: bool | None = None) -> dict[str, Field]:
        """The fields that take one of these kinds of value."""
        return {
            name: each
            for name, each in self.leaves.items()
            if each.kind in kinds and (secret is None or each.secret is secret)
        }

    @cached_property
    def secrets(self) -> list[str]:
        """The fields that go in and never come out."""
        return [name for name, each in self.fields.items() if each.secret]

    @cached_property
    def optional(self) -> list[str]:
        """The fields that may be left out, if no condition says otherwise."""
        return [name for name, each in self.fields.items() if not each.required]

    @cached_property
    def visible(self) -> list[str]:
        """The fields that a request sets and an answer shows."""
        return [name for name, each in self.leaves.items() if not each.secret and name in self.shown]

    @cached_property
    def mark(self) -> str:
        """The field by which an item is recognised: a required text, or else address, or else an optional one."""
        found = [each for each in self.of_kind("text", "address", secret=False).values() if each.name in self.shown]
        found.sort(key=lambda each: (not self.is_always(each), each.kind != "text"))
        if not found:
            raise ContractError("no field holds a text that answers show, by which to recognise an item")
        return found[0].name

    def is_always(self, field: Field) -> bool:
        """Is a field in every body, whatever else is?"""
        return all(self.fields[".".join(field.path[: end + 1])].required for end in range(len(field.path)))

    @cached_property
    def switch(self) -> str | None:
        """The choice on which other fields depend, if there is one; else any choice that every body makes."""
        choices = self.of_kind("choice")
        told = set(_conditions(self.request_schema, ()))
        ranked = [name for name in choices if name in told] + [
            name for name, each in choices.items() if self.is_always(each)
        ]
        return ranked[0] if ranked else None

    def choice(self, number: int) -> Json:
        """One of the choices that `switch` has, as fields for a body; none where there is no switch."""
        choices = self.fields[self.switch].choices if self.switch else []
        return {self.switch: choices[number % len(choices)]} if self.switch else {}

    @cached_property
    def choices(self) -> list[Json]:
        """All of them."""
        return [self.choice(number) for number in range(len(self.fields[self.switch].choices))] if self.switch else [{}]

    @cached_property
    def conditional(self) -> bool:
        """Are there fields that the value of another one requires?"""
        return "'if': {" in repr(self.request_schema)

    @cached_property
    def dependent(self) -> list[str]:
        """The fields that are required where others are there."""
        found = []
        for path, schema in [((), self.request_schema), *((each.path, each.schema) for each in self.fields.values())]:
            for names in schema.get("dependentRequired", {}).values():
                found += [".".join((*path, name)) for name in names]
        return found

    @cached_property
    def bounded(self) -> bool:
        """Is there a field of which not every value of its JSON type will do?"""
        bounds = {"minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems", "uniqueItems"}
        kinds = ("address", "date", "date-time", "other", "list")
        return any(each.kind in kinds or bounds & each.schema.keys() for each in self.leaves.values())

    @cached_property
    def examples(self) -> dict[str, Json]:
        """The contract's own request bodies, by name."""
        found: dict[str, Json] = {}
        for operation in sorted(self.writes, key=lambda each: each != self.main):
            content = self.document["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]
            media = content[operation.media_type]
            if "example" in media:
                found[operation.id] = media["example"]
            found |= {name: each["value"] for name, each in media.get("examples", {}).items()}
            if found:
                break
        return found


def _holds(field: Field) -> bool:
    """Has an object fields of its own?"""
    return bool(field.schema.get("properties"))


def _conditions(schema: Any, path: tuple[str, ...]) -> Iterator[str]:
    """The fields that a schema's conditions ask, at any depth."""
    if not isinstance(schema, dict):
        return
    if isinstance(condition := schema.get("if"), dict):
        yield from (".".join(each.path) for each in asked(condition, path))
    for each in schema.get("allOf", ()):
        yield from _conditions(each, path)
    for name, each in schema.get("properties", {}).items():
        yield from _conditions(each, (*path, name))


def asked(condition: Json, path: tuple[str, ...]) -> Iterator[Field]:
    """The fields that a condition asks, each with what it asks of it as the schema."""
    for name, each in condition.get("properties", {}).items():
        if "properties" in each:
            yield from asked(each, (*path, name))
        else:
            yield Field((*path, name), each, required=True)
