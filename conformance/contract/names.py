"""What a resource, its parameters and its credentials are called: to people, and in the environment."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import jsonschema_rs

from .document import Json, parameters, validator
from .requests import Requests
from .roles import ROLES

# Of what the names of variables begin where a contract does not say.
PREFIX = "API"


@dataclass(frozen=True)
class Scheme:
    """A way to authenticate: a value in a header, behind a prefix, from a variable of the environment."""

    name: str
    header: str
    prefix: str
    variable: str

    @property
    def called(self) -> str:
        """What people call it."""
        return self.prefix or self.header

    def value(self, credentials: str) -> str:
        """What the header holds."""
        return f"{self.prefix} {credentials}" if self.prefix else credentials

    def altered(self, credentials: str, change: Callable[[str], str]) -> str:
        """What the header holds of credentials that are changed: those of Basic within their Base64, not at its end.

        Many a decoder ignores what follows the padding, and those are the same credentials then.
        """
        if self.prefix != "Basic":
            return self.value(change(credentials))
        with contextlib.suppress(ValueError):
            credentials = base64.b64decode(credentials, validate=True).decode()
        return self.value(base64.b64encode(change(credentials).encode()).decode())


class Names(Requests):
    """Words for people, and the names of the environment's variables."""

    @cached_property
    def noun(self) -> str:
        """What an item is called: its parameter, without the word for an id."""
        return words(self.item)

    @cached_property
    def nouns(self) -> str:
        """What several items are called: the tag of the operations, if it is about them."""
        tag = next((str(tag["name"]) for tag in self.document.get("tags", ())), "")
        return tag if tag[:4].lower() == self.noun[:4] else f"{self.noun}s"

    @cached_property
    def a(self) -> str:
        """An item, with its article."""
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"

    @cached_property
    def owner(self) -> str:
        """What the nearest owner is called."""
        return words(self.owners[-1]) if self.owners else "server"

    @cached_property
    def words(self) -> dict[str, str]:
        """What sentences about any resource are filled in with."""
        roles: dict[str, str] = {role: each.id if (each := getattr(self, role)) else role for role in ROLES}
        an_owner = f"{'an' if self.owner[0] in 'aeiou' else 'a'} {self.owner}"
        names = {"a": self.a, "noun": self.noun, "nouns": self.nouns, "owner": self.owner, "an_owner": an_owner}
        return names | roles

    @cached_property
    def parameters(self) -> dict[str, Json]:
        """The schema of each of the path's parameters."""
        return parameters(self.document)

    @cached_property
    def _identifiers(self) -> dict[str, jsonschema_rs.Validator]:
        return {name: validator(schema) for name, schema in self.parameters.items()}

    def identifies(self, parameter: str, value: str) -> bool:
        """May a text of the path stand for one of its parameters?"""
        number = value if self.parameters[parameter].get("type") != "integer" else _integer(value)
        return bool(self._identifiers[parameter].is_valid(number))

    @cached_property
    def example_ids(self) -> Json:
        """The contract's own examples of the path's parameters, by name."""
        items = self.document["paths"].values()
        owners = [owner for item in items for owner in (item, *item.values()) if isinstance(owner, dict)]
        declared = [parameter for owner in owners for parameter in owner.get("parameters", ())]
        return {each["name"]: each["example"] for each in declared if each["in"] == "path" and "example" in each}

    def is_uuid(self, parameter: str) -> bool:
        return self.parameters[parameter].get("format") == "uuid"

    @cached_property
    def prefix(self) -> str:
        """What the names of all variables begin with."""
        return str(self.document["info"].get("x-environment", PREFIX))

    def variable(self, *parts: str) -> str:
        """The name of a variable of the environment."""
        return "_".join([self.prefix, *(words(part, "_", keep=True).upper() for part in parts)])

    @cached_property
    def secret(self) -> str:
        """The name of the variable that stands for an item's secret."""
        name = words(self.item, "_")
        return name.upper() if name.split("_")[-1] in self.secrets else f"{name}_secret".upper()

    @cached_property
    def schemes(self) -> list[Scheme]:
        """The ways to authenticate, the one that is used if there are credentials for all first."""
        declared = self.document.get("components", {}).get("securitySchemes", {})
        names = [name for each in self.document.get("security", ()) for name in each] or list(declared)
        return [_scheme(name, declared[name], self.variable(name)) for name in names if name in declared]


def _scheme(name: str, scheme: Json, variable: str) -> Scheme:
    if scheme["type"] == "http":
        return Scheme(name, "Authorization", str(scheme["scheme"]).capitalize(), variable)
    return Scheme(name, str(scheme["name"]), str(scheme.get("x-prefix", "")), variable)


def _integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None


def words(name: str, between: str = " ", *, keep: bool = False) -> str:
    """A name in camel case or with underscores as words in lower case; without the word for an id unless it is kept."""
    parts = [each.lower() for each in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]
    if not keep and len(parts) > 1 and parts[-1] in ("id", "uuid"):
        parts.pop()
    return between.join(parts)
