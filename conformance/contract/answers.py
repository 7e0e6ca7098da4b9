"""What answers show of an item."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from .document import ContractError
from .fields import Field, get
from .roles import Roles


class Answers(Roles):
    """Where answers hold an item, and what in it only the server sets."""

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
