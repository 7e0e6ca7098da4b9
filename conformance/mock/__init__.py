"""A server of the contract, in memory: right by default, and wrong in one chosen way if asked."""

from __future__ import annotations

from starlette.types import ASGIApp

from ..contract.contract import Contract
from .server import Mock
from .verify import Accepted, verify_secrets
from .world import World

__all__ = ["World", "create_app"]


def create_app(
    world: World | None = None,
    *changes: str,
    contract: Contract | None = None,
    accepted: Accepted | None = None,
) -> ASGIApp:
    """The mock as an ASGI application with a state of its own.

    `changes` are names of faults and variants; empty ones are none. With `accepted`, secrets by provider, it verifies
    them.
    Raises ContractError if the contract cannot be served, and KeyError if there is no such fault or variant.
    """
    contract = contract or Contract.load()
    mock = Mock(world or World(contract.resource), contract)
    if names := [name for name in changes if name]:  # only then, because there are many
        from .faults import faults
        from .variants import variants

        catalogue = {**faults(contract.resource), **variants(contract.resource)}
        for name in names:
            catalogue[name].apply(mock)
    if accepted:
        verify_secrets(mock, accepted)
    return mock.router()
