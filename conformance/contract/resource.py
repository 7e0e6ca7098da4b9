"""The resource that a contract is about: everything that the rest of the project knows of it, it asks here."""

from __future__ import annotations

from .names import PREFIX, Names, Scheme, words
from .roles import ROLES, Role

__all__ = ["PREFIX", "ROLES", "Resource", "Role", "Scheme", "words"]


class Resource(Names):
    """Items below owners: what can be done with them, what they are made of, and what all that is called.

    Its classes are layers: the roles of operations, what answers show, what requests hold, and what all that is called.
    """

    @property
    def budget(self) -> int:
        """How many requests it takes to judge every clause: more where there are many fields."""
        return 900 if len(self.leaves) <= 10 else 1200

    @property
    def cost(self) -> int:
        """How many requests a deletion takes: what no list has shown is looked at first."""
        return 1 if self.list else 2
