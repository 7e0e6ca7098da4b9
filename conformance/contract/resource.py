"""The resource that a contract is about: everything that the rest of the project knows of it, it asks here."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import jsonschema_rs

from .document import ContractError, Json, Operation, parameters, validator
from .fields import Field, fields_of, get

Role = Literal["create", "list", "read", "edit", "delete"]
ROLES: tuple[Role, ...] = ("create", "list", "read", "edit", "delete")
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


class Resource:
    """Items below owners: what can be done with them, what they are made of, and what all that is called."""

    def __init__(self, document: Json, operations: dict[str, Operation]) -> None:
        """Raises ContractError if the operations are not those of one resource."""
        self.document = document
        self.operations = operations
        self.collection = self._collection()
        inner = {each.path for each in operations.values() if self._is_item(each.path)}
        if len(inner) > 1:
            raise ContractError(f"paths: {' and '.join(sorted(inner))} are items of {self.collection}, and one can be")
        self.path = inner.pop() if inner else ""
        if not self.path:
            raise ContractError(f"paths: none is {self.collection} with a parameter behind it, the path of an item")
        *self.owners, self.item = re.findall(r"{(\w+)}", self.path)
        found = {(each.path, each.method): each for each in operations.values()}
        self.create = found.get((self.collection, "POST"))
        self.list = found.get((self.collection, "GET"))
        self.read = found.get((self.path, "GET"))
        self.edit = found.get((self.path, "PUT")) or found.get((self.path, "PATCH"))
        self.delete = found.get((self.path, "DELETE"))
        roles = [self.create, self.list, self.read, self.edit, self.delete]
        # Reads below an item, such as of what uses it.
        self.further = [
            each for each in operations.values() if each.method == "GET" and each.path.startswith(f"{self.path}/")
        ]
        for each in operations.values():
            if each not in roles and each not in self.further:
                raise ContractError(
                    f"paths/{each.path}/{each.method.lower()}: no role is known for it; known are POST and GET of "
                    "the collection, GET, PUT or PATCH, and DELETE of an item, and GET below an item"
                )
        if not self.writes:
            raise ContractError("paths: there is neither a create nor an edit, and nothing to test")
        self.request_schema: Json = self.writes[0].request_schema or {}
        self.fields = fields_of(self.request_schema)
        self.shown_schema: Json = next(
            (each.response_schema for each in (self.read, self.edit, self.create) if each and each.response_schema), {}
        )
        self.shown = fields_of(self.shown_schema)

    def _collection(self) -> str:
        """The path that all others begin with."""
        if not self.operations:
            raise ContractError("paths: there are no operations")
        shortest = min(self.operations.values(), key=lambda each: (len(each.path.split("/")), each.path)).path
        if shortest.endswith("}"):
            shortest = shortest.rpartition("/")[0]
        if strangers := [each.path for each in self.operations.values() if not each.path.startswith(shortest)]:
            raise ContractError(f"paths/{strangers[0]}: not below {shortest}; one contract describes one resource")
        return shortest

    def _is_item(self, path: str) -> bool:
        return bool(re.fullmatch(re.escape(self.collection.rstrip("/")) + r"/{\w+}", path))

    # Operations.

    @property
    def writes(self) -> list[Operation]:
        """The operations that take a body: create, and edit."""
        return [each for each in (self.create, self.edit) if each and each.request_schema]

    @property
    def merges(self) -> bool:
        """Does an edit keep the fields that it does not mention?"""
        return self.edit is not None and self.edit.method == "PATCH"

    @property
    def upserts(self) -> bool:
        """Does an edit create an item where there is none that is called so, as a PUT may?"""
        return self.edit is not None and self.edit.method == "PUT" and "201" in self.edit.responses

    @property
    def unique(self) -> bool:
        """May a body be refused for what another item has, such as its name? Where a write documents a conflict."""
        return any("409" in each.responses for each in self.writes)

    @property
    def silent(self) -> bool:
        """Is an edit answered with no body?"""
        return self.edit is not None and self.edit.response_schema is None

    @property
    def open(self) -> bool:
        """May a body hold more than the fields that are described?"""
        return self.request_schema.get("additionalProperties", True) is not False

    def other_methods(self, path: str) -> set[str]:
        """The methods that a path has, and the contract says no more about."""
        return {str(each).upper() for each in self.document["paths"][path].get("x-other-methods", ())}

    def role(self, operation: str | None) -> str:
        """What an operation does, in a word; of a further read, its id."""
        return next((each for each in ROLES if (own := getattr(self, each)) and own.id == operation), operation or "")

    def addresses(self, operation: Operation) -> bool:
        """Is an operation about one item?"""
        return self.item in operation.parameters

    @staticmethod
    def refusals(operation: Operation) -> tuple[int, ...]:
        """The statuses with which an operation refuses a body."""
        return tuple(each for each in (400, 422) if str(each) in operation.responses) or (400,)

    @property
    def budget(self) -> int:
        """How many requests it takes to judge every clause: more where there are many fields."""
        return 900 if len(self.leaves) <= 10 else 1200

    @property
    def cost(self) -> int:
        """How many requests a deletion takes: what no list has shown is looked at first."""
        return 1 if self.list else 2

    # Words.

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

    # Answers.

    @cached_property
    def id(self) -> str:
        """The field of an answer that names the item: as the create's links say, or that is called so."""
        if self.create:
            answer = self.create.responses[str(self.create.success)]
            for link in answer.get("links", {}).values():
                pointer = str(link.get("parameters", {}).get(f"path.{self.item}", ""))
                if pointer.startswith("$response.body#/"):
                    return pointer.removeprefix("$response.body#/").replace("/", ".")
        return next((name for name in ("id", self.item) if name in self.shown), "id")

    @cached_property
    def items(self) -> str | None:
        """The field of a list's answer that holds the items; empty if the answer is them, None if there is no list."""
        schema = self.list.response_schema if self.list else None
        if schema is None:
            return None
        if schema.get("type") == "array":
            return ""
        arrays = [name for name, each in schema.get("properties", {}).items() if each.get("type") == "array"]
        same = [name for name in arrays if schema["properties"][name].get("items") == self.shown_schema] or arrays
        if len(same) != 1:
            raise ContractError("the list's answer has no one array whose items are what a read answers")
        return str(same[0])

    def listed(self, answer: Any) -> list[Any] | None:
        """The items of a list's answer; None if it is none."""
        found = get(answer, self.items) if self.items else answer
        return found if isinstance(found, list) else None

    def relisted(self, answer: Any, items: list[Any]) -> Any:
        """A list's answer with other items."""
        return {**answer, self.items: items} if self.items else items

    def id_of(self, item: object) -> str:
        """The id of an item as an answer shows it, in lower case; empty if there is none."""
        found = get(item, self.id)
        return "" if found is None or isinstance(found, bool | dict | list) else str(found).lower()

    @property
    def linked(self) -> bool:
        """Does what a create answers lead to other operations?"""
        return bool(self.create and self.create.responses[str(self.create.success)].get("links"))

    # Fields.

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
    def read_only(self) -> list[str]:
        """The fields that only the server sets."""
        return [
            name
            for name, each in self.shown.items()
            if name not in self.fields
            and (each.schema.get("readOnly") or self._role(each) or name in (self.id, *self.tells))
        ]

    def _role(self, field: Field) -> str:
        return str(field.schema.get("x-role", "counts" if "x-counts" in field.schema else ""))

    def _with_role(self, role: str) -> str | None:
        return next((name for name, each in self.shown.items() if self._role(each) == role), None)

    @cached_property
    def created(self) -> str | None:
        """The field that says when an item was made."""
        return self._with_role("created")

    @cached_property
    def edited(self) -> str | None:
        """The field that says when an item was last edited."""
        return self._with_role("edited")

    @cached_property
    def counts(self) -> dict[str, str]:
        """The fields that count what a further read lists, with the id of that operation."""
        return {name: str(each.schema["x-counts"]) for name, each in self.shown.items() if "x-counts" in each.schema}

    @cached_property
    def tells(self) -> dict[str, str]:
        """The fields that say whether a secret is set, with that secret."""
        return {name: str(each.schema["x-tells"]) for name, each in self.shown.items() if "x-tells" in each.schema}

    @cached_property
    def unsteady(self) -> list[str]:
        """The fields that change though nobody edits an item."""
        return [*([self.edited] if self.edited else []), *self.counts]

    @cached_property
    def examples(self) -> dict[str, Json]:
        """The contract's own request bodies, by name."""
        found: dict[str, Json] = {}
        for operation in self.writes:
            content = self.document["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]
            media = content[operation.media_type]
            if "example" in media:
                found[operation.id] = media["example"]
            found |= {name: each["value"] for name, each in media.get("examples", {}).items()}
            if found:
                break
        return found

    # Ids in the path.

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

    # The environment.

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

    def path_of(self, path: str, owners: Json, item: str) -> str:
        """A path with ids put in as they are."""
        for name, value in {**owners, self.item: item}.items():
            path = path.replace(f"{{{name}}}", str(value))
        return path


def _scheme(name: str, scheme: Json, variable: str) -> Scheme:
    if scheme["type"] == "http":
        return Scheme(name, "Authorization", str(scheme["scheme"]).capitalize(), variable)
    return Scheme(name, str(scheme["name"]), str(scheme.get("x-prefix", "")), variable)


def _integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None


def _holds(field: Field) -> bool:
    """Has an object fields of its own?"""
    return bool(field.schema.get("properties"))


def _conditions(schema: Any, path: tuple[str, ...]) -> Iterator[str]:
    """The fields that a schema's conditions ask, at any depth."""
    if not isinstance(schema, dict):
        return
    if isinstance(condition := schema.get("if"), dict):
        yield from (".".join(each.path) for each in _asked(condition, path))
    for each in schema.get("allOf", ()):
        yield from _conditions(each, path)
    for name, each in schema.get("properties", {}).items():
        yield from _conditions(each, (*path, name))


def _asked(condition: Json, path: tuple[str, ...]) -> Iterator[Field]:
    for name, each in condition.get("properties", {}).items():
        if "properties" in each:
            yield from _asked(each, (*path, name))
        else:
            yield Field((*path, name), each, required=True)


def words(name: str, between: str = " ", *, keep: bool = False) -> str:
    """A name in camel case or with underscores as words in lower case; without the word for an id unless it is kept."""
    parts = [each.lower() for each in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]
    if not keep and len(parts) > 1 and parts[-1] in ("id", "uuid"):
        parts.pop()
    return between.join(parts)
