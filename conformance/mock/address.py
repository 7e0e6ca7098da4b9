"""Where a mock is and how to call it."""

from __future__ import annotations

from dataclasses import dataclass

from .server import World


@dataclass(frozen=True)
class Address(World):
    """The base URL of a mock, with the credentials and ids to use it with."""

    base_url: str = ""
