"""The operations of a resource by their roles: what can be done with an item."""

from __future__ import annotations

import re
from typing import Literal

from .document import ContractError, Json, Operation
from .fields import fields_of

Role = Literal["create", "list", "read", "edit", "delete"]
ROLES: tuple[Role, ...] = ("create", "list", "read", "edit", "delete")


class Roles:
    """Which operation does what with the items of a collection."""

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
        self.shown_schema: Json = next(
            (each.response_schema for each in (self.read, self.edit, self.create) if each and each.response_schema), {}
        )
        self.shown = fields_of(self.shown_schema)
        self.main = self.writes[-1] if self._fixes() else self.writes[0]
        self.request_schema: Json = self.main.request_schema or {}
        self.fields = fields_of(self.request_schema)

    def _fixes(self) -> bool:
        """Does a create take fields that an edit does not, which knows enough to recognise an item by?"""
        taken = [(each.request_schema or {}).get("properties", {}).keys() for each in self.writes]
        fields = fields_of(self.writes[-1].request_schema or {}).values()
        marks = [each for each in fields if each.kind == "text" and not each.secret and each.name in self.shown]
        return len(taken) == 2 and taken[1] < taken[0] and bool(marks)

    @property
    def taken(self) -> set[str]:
        """The fields that a create or an edit takes, but not those within others."""
        return {name for each in self.writes for name in (each.request_schema or {}).get("properties", {})}

    @property
    def fixed(self) -> Json:
        """The schemas of the fields that every create has to have, and no edit takes."""
        schema = self.writes[0].request_schema or {}
        known = self.request_schema.get("properties", {})
        return {name: schema["properties"][name] for name in schema.get("required", ()) if name not in known}

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

    def path_of(self, path: str, owners: Json, item: str) -> str:
        """A path with ids put in as they are."""
        for name, value in {**owners, self.item: item}.items():
            path = path.replace(f"{{{name}}}", str(value))
        return path
