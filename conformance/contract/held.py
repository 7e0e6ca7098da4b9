"""The variables by which somebody gives a run what a server verifies: a secret, and what it belongs to."""

from __future__ import annotations

from functools import cached_property

from .fields import get
from .resource import Resource


class Held:
    """Which variables hold a resource's secret and the fields that a server verifies it with."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self.secret = resource.variable(resource.noun, "secret")
        # Another one, which lets a run change the secret alone.
        self.second = resource.variable(resource.noun, "second_secret")

    @cached_property
    def choice(self) -> str:
        """The one that holds the choice that a secret belongs to."""
        return self.of(self._resource.switch or "")

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Those that hold addresses, by field."""
        return {name: self.of(name) for name in self._resource.of_kind("address")}

    @property
    def default(self) -> str:
        """The choice that counts if there is none: that of the contract's first example."""
        return str(get(next(iter(self._resource.examples.values()), {}), self._resource.switch or "") or "")

    def of(self, name: str) -> str:
        """The variable of a field, as its `x-environment` says or as the field is called."""
        field = self._resource.fields.get(name)
        said = field.schema.get("x-environment") if field else None
        return f"{self._resource.prefix}_{said}" if said else self._resource.variable(self._resource.noun, name)

    def key(self, variable: str) -> str:
        """What a variable is called in a mock's world: in lower case, without the prefix."""
        return variable.removeprefix(f"{self._resource.prefix}_").lower()

    @cached_property
    def all(self) -> list[str]:
        """All of them, without those of the secret."""
        said = [self.of(name) for name, field in self._resource.fields.items() if "x-environment" in field.schema]
        return list(dict.fromkeys([self.choice, *self.addresses.values(), *said]))
