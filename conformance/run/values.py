"""Values of fields that must be accepted, another each time, by which an item is recognised wherever it is shown."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import jsonschema_rs

from ..contract.contract import Contract, validator
from ..contract.fields import Field, fields_of, get, kind, nested
from ..contract.matching import matching
from ..contract.zones import narrowed
from .secrets import Secrets

Json = dict[str, Any]
# As many names as a worker may give.
NAMES = 10**6
# The first of the dates that are sent.
_DAY = datetime(2031, 1, 1, tzinfo=UTC)
# What stands for digits where only letters may be.
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
# Values of formats that nobody has an example of.
_FORMATS = {
    "email": "{}@example.com",
    "hostname": "{}.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "12:00:00Z",
    "duration": "PT5M",
}


class Values:
    """Makes values, and ids of nothing. `label` is in every text that may hold it."""

    def __init__(self, contract: Contract, secrets: Secrets, source: random.Random, label: str) -> None:
        self._contract = contract
        self._resource = contract.resource
        self._secrets = secrets
        self._random = source
        self._label = label
        self._tokens = [secrets.token(source) for _ in range(4)]
        self._count = self._creates = 0
        self._checks: dict[int, jsonschema_rs.Validator] = {}

    def number_from(self, number: int) -> None:
        """Numbers what is made from here on, so that no two workers give the same name."""
        self._count = self._creates = number

    def value(self, name: str) -> Any:
        """A value of a field that must be accepted; by all but choices and secrets an item is recognised."""
        if name == self._resource.mark:
            self._count += 1
        field = self._resource.fields[name]
        for value in chain(self._values(field), self._matching(field)):
            if self._contract.must_accept(name, value):
                return value
        return next((got for each in self._resource.examples.values() if (got := get(each, name)) is not None), None)

    def token(self) -> str:
        """A value for a secret that is recognised wherever a server shows it."""
        return self._tokens[self._count % len(self._tokens)]

    def secret_number(self) -> int:
        """A number that is recognised like a secret, and which every parser reads as it is."""
        number = self._random.randrange(10**14, 10**15)
        self._secrets.keep(str(number), self._secrets.secret)
        return number

    def secret_text(self, length: int) -> str:
        """A text of that length that is recognised like a secret."""
        token = self.token()
        return (token * (length // len(token) + 1))[:length]

    def unknown(self, parameter: str) -> str:
        """A value of a path's parameter that names nothing."""
        if self._resource.is_uuid(parameter):
            return self.unknown_id()
        if self._resource.parameters[parameter].get("type") == "integer":
            return str(self._random.randrange(10**8, 10**9))
        text = f"unknown-{self._random.getrandbits(32):08x}"
        schema = self._resource.parameters[parameter]
        found = matching(
            schema.get("pattern", ""), self._random, schema.get("minLength", 0), schema.get("maxLength", 255)
        )
        return text if self._resource.identifies(parameter, text) else next(found, text)

    def unknown_id(self) -> str:
        """A UUID that names nothing."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _values(self, field: Field) -> list[Any]:
        """Values of which one must be accepted, the best first."""
        mark = f"{self._label}-{self._count}"
        if field.secret and field.kind == "text":
            return self._secret(field)
        named = mark if field.name == self._resource.mark else f"{field.path[-1]}-{mark}"
        return self._made(field.schema, named, mark)

    def _secret(self, field: Field) -> list[Any]:
        least, most = field.bound("minLength", 0), field.bound("maxLength", 1000)
        token = self.token()
        return [token, token[:most], token * (least // len(token) + 1)]

    def _made(self, schema: Json, named: str, mark: str) -> list[Any]:
        """Values that a schema takes; `named` and `mark` are texts to recognise them by."""
        given = [*schema.get("examples", ()), *([schema["default"]] if "default" in schema else [])]
        field = Field(("value",), schema, required=True)
        count = self._count
        match field.kind:
            case "choice":
                return [field.choices[count % len(field.choices)]]
            case "text" if field.secret:
                return self._secret(field)
            case "text":
                most = field.bound("maxLength", 255)
                short = f"{mark[-most:]}".strip("-")
                joined = short.replace("-", "")
                letters = joined.translate(_LETTERS)[-most:]
                return [named[:most], mark, short, short.replace("-", "_"), joined, letters, letters.upper(), *given]
            case "address":
                return [f"https://{mark}.example.com/api", *given]
            case "flag":
                return [bool(count % 2)]
            case "integer" | "number":
                return [*_numbers(field, count), *given]
            case "date":
                return [(_DAY + timedelta(days=count % 1000)).date().isoformat(), *given]
            case "date-time":
                return [(_DAY + timedelta(seconds=count % 10**6)).strftime("%Y-%m-%dT%H:%M:%SZ"), *given]
            case "uuid":
                return [self.unknown_id()]
            case "list":
                return [*self._lists(schema, named, mark), *given, []]
            case "object":
                inner = fields_of(schema)
                whole = nested(
                    {name: self._one(each.schema, name, mark) for name, each in inner.items() if each.kind != "object"}
                )
                return [whole, *given, {}]
            case "other":
                text = _FORMATS.get(str(schema.get("format")), "{}").format(mark)
                return [*given, text, None]

    def _lists(self, schema: Json, named: str, mark: str) -> list[Any]:
        """Lists of two values, or as many as there have to be."""
        bounds = Field(("value",), schema, required=True)
        size = min(max(int(bounds.bound("minItems", 0)), 2), int(bounds.bound("maxItems", 2)))
        items = schema.get("items", {})
        if kind(items) == "choice":
            choices = items["enum"]
            chosen = [choices[(self._count + number) % len(choices)] for number in range(min(size, len(choices)))]
            return [chosen]
        made = self._one(items, named, mark)
        values = [f"{made}-{number}" if isinstance(made, str) and number else made for number in range(size)]
        several = [made, *(self._one(items, f"{number}-{named}", f"{number}-{mark}") for number in range(1, size))]
        return [values, several, [made], several[:1] * size]

    def _one(self, schema: Json, named: str, mark: str) -> Any:
        """The best of the values that a schema takes."""
        if id(schema) not in self._checks:
            self._checks[id(schema)] = validator(narrowed(schema))
        made = self._made(schema, named, mark)
        fitting = chain(made, self._matching(Field(("value",), schema, required=True)))
        return next((each for each in fitting if self._checks[id(schema)].is_valid(each)), made[0])

    def _matching(self, field: Field) -> Iterator[str]:
        """Texts that match a field's pattern, for those that no text of ours matches."""
        patterns = [
            said["pattern"] for said in (field.schema.get("x-must-accept", {}), field.schema) if "pattern" in said
        ]
        for pattern in patterns if field.kind in ("text", "address", "other") else ():
            found = matching(pattern, self._random, field.bound("minLength", 0), field.bound("maxLength", 1000))
            for each in found:
                if field.secret:
                    self._secrets.watch(each)
                yield each


def _numbers(field: Field, count: int) -> list[Any]:
    """A number between the bounds, another each time; with a part after the point if it may have one."""
    step = field.bound("multipleOf", 1)
    least = field.bound("minimum", field.bound("exclusiveMinimum", -step) + step)
    most = field.bound("maximum", field.bound("exclusiveMaximum", least + 10**6 + step) - step)
    first = -(-least // step) * step
    whole = first + count % max(1, int((most - first) // step) + 1) * step
    half = whole + 0.5 if field.kind == "number" and whole + 0.5 <= most else whole
    return [half, whole, least, most, least + 1, *([most / 2, most / 4] if field.kind == "number" else ())]
