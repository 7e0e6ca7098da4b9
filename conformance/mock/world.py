"""Who is there when a mock starts, and what they are called."""

from __future__ import annotations

import uuid
from typing import Any

from ..contract.contract import Contract
from ..contract.resource import Resource, Scheme, words
from .sample import sample


class World:
    """A caller, the owners that it may use and others that it may not, each with an item, and the secret of these.

    Every value is an attribute that is called as the variable of the environment, in lower case and without the
    prefix: `api_token`, `organization_id`, `git_token_id`, `foreign_organization_id` and so on, for git tokens.
    """

    def __init__(self, resource: Resource | None = None, **values: str) -> None:
        resource = resource or Contract.load().resource
        made: dict[str, str] = {_name(scheme.name): _credential(scheme) for scheme in resource.schemes}
        made["secret"] = f"mock-{uuid.uuid5(uuid.NAMESPACE_OID, 'secret').hex[:20]}A"
        for whose in ("", "foreign_"):
            for name in (*resource.owners, resource.item):
                made[whose + _name(name)] = _id(resource, name, whose)
        self.__dict__ |= made | values

    def __getattr__(self, name: str) -> str:
        raise AttributeError(f"the contract has nothing that is called {name}")

    def credential(self, scheme: Scheme) -> str:
        return str(vars(self)[_name(scheme.name)])

    def id(self, parameter: str, *, foreign: bool = False) -> str:
        """The id that a parameter of the path stands for."""
        return str(vars(self)["foreign_" * foreign + _name(parameter)])


def _name(name: str) -> str:
    return words(name, "_", keep=True)


def _credential(scheme: Scheme) -> str:
    letters = uuid.uuid5(uuid.NAMESPACE_OID, scheme.name).hex
    if scheme.prefix == "Bearer":
        return f"eyJhbGciOiJub25lIn0.eyJzdWIiOiJtb2Nr{letters[:12]}J9.bW9j{letters[12:28]}XU"
    return f"mock-{scheme.name}-{letters[:10]}tQvXcLr"


def _id(resource: Resource, parameter: str, whose: str) -> str:
    example = resource.example_ids.get(parameter)
    if example is not None and not whose:
        return str(example)
    named: Any = uuid.uuid5(uuid.NAMESPACE_OID, whose + parameter)
    if resource.is_uuid(parameter):
        # Of version 4, as most are, and with a letter to write large.
        return str(uuid.UUID(int=named.int, version=4))
    if resource.parameters[parameter].get("type") == "integer":
        return str(named.int % 10**6 + 10)
    schema = resource.parameters[parameter]
    if choices := schema.get("enum"):
        return str(choices[bool(whose) % len(choices)])
    return str(sample(schema, f"{whose.rstrip('_') or 'mock'}-{named.hex[:8]}"))
