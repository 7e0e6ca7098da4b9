"""Where a mock is and how to call it."""

from __future__ import annotations

from typing import Any

from .world import World


class Address(World):
    """The base URL of a mock, with the credentials and ids to use it with."""

    base_url: str

    def __init__(self, base_url: str, world: World) -> None:
        values: dict[str, Any] = {**vars(world), "base_url": base_url}
        self.__dict__ |= values
