"""What the mock holds: the items of every owner, and the time."""

from __future__ import annotations

import functools
import time
from typing import Any

from ..contract.contract import Contract, Operation
from ..contract.fields import has, put
from .messages import Item
from .sample import sample
from .world import World


class State:
    """The contract, who is there, and the items of each owner."""

    def __init__(self, world: World, contract: Contract) -> None:
        self.world = world
        self.contract = contract
        self.resource = contract.resource
        self.secrets = [name for name in self.resource.secrets if name in self.resource.leaves]
        # Microseconds of Unix time.
        self.last = 0
        # Items by owners, by their ids.
        self.organizations: dict[str, dict[str, Item]] = {}
        services = [self.service(number) for number in (1, 2)]
        self.seed(self.home, world.id(self.resource.item), services)
        if self.resource.owners:
            owners = "/".join(world.id(name, foreign=True) for name in self.resource.owners)
            self.seed(owners, world.id(self.resource.item, foreign=True), services[:1])

    @property
    def home(self) -> str:
        """The owners that the caller may use."""
        return "/".join(self.world.id(name) for name in self.resource.owners)

    def seed(self, owners: str, id: str, services: list[dict[str, Any]]) -> None:
        """Puts an item below owners."""
        fields = next(iter(self.contract.examples.values()), None) or sample(self.contract.request_schema, "mock")
        for name in self.secrets:
            if has(fields, name):
                fields = put(fields, name, self.world.secret)
        now = self.now()
        self.organizations.setdefault(owners, {})[id.lower()] = Item(id, now, now, fields, services)

    def service(self, number: int) -> dict[str, Any]:
        """What a further read lists, made up from the contract's schema."""
        for operation in self.resource.further:
            for schema in _arrays(operation):
                item = schema.get("items", {})
                return {name: sample(each, f"{name}-{number}") for name, each in item.get("properties", {}).items()}
        return {}

    def now(self) -> str:
        """The time, to the microsecond, and later than all times before."""
        self.last = max(time.time_ns() // 1000, self.last + 1)
        seconds, fraction = divmod(self.last, 1_000_000)
        return f"{_date_time(seconds)}.{fraction:06}Z"


@functools.lru_cache(maxsize=1)
def _date_time(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def _arrays(operation: Operation) -> list[dict[str, Any]]:
    """The lists that an answer of an operation holds."""
    schema = operation.response_schema or {}
    return [each for each in (schema, *schema.get("properties", {}).values()) if each.get("type") == "array"]
