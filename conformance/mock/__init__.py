"""A server of the contract, in memory: right by default, and wrong in one chosen way if asked."""

from __future__ import annotations

from starlette.types import ASGIApp

from conformance.contract import Contract
from conformance.mock.server import Mock, World

__all__ = ["World", "create_app"]


def create_app(
    world: World | None = None,
    *,
    fault: str | None = None,
    variant: str | None = None,
    contract: Contract | None = None,
) -> ASGIApp:
    """The mock as an ASGI application with a state of its own, with a fault or as a variant if named.

    Raises ContractError if the contract cannot be served, and KeyError if there is no such fault or variant.
    """
    mock = Mock(world or World(), contract or Contract.load())
    if fault or variant:  # only then, because the catalogues read the contract once more
        from conformance.mock.faults import FAULTS
        from conformance.mock.variants import VARIANTS

        if variant:
            VARIANTS[variant].apply(mock)
        if fault:
            FAULTS[fault].apply(mock)
    return mock.router()
