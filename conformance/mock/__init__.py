"""A server of the contract, in memory: right by default, and wrong in one chosen way if asked."""

from __future__ import annotations

from starlette.types import ASGIApp

from conformance.contract import Contract
from conformance.mock.server import Mock, World

__all__ = ["World", "create_app"]


def create_app(world: World | None = None, contract: Contract | None = None) -> ASGIApp:
    """The mock as an ASGI application with a state of its own.

    Raises ContractError if the contract cannot be served.
    """
    return Mock(world or World(), contract or Contract.load()).router()
