"""What faults and variants are: named changes of the mock, registered in families."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .server import Mock


@dataclass(frozen=True)
class Change:
    """One way in which a mock differs from the healthy one; `apply` makes it differ.

    A sibling is a member of a family that others of it stand for: the same flaw in another field or operation.
    """

    name: str
    sentence: str
    apply: Callable[[Mock], None]
    sibling: bool = False
    # What siblings share, in a word and in a sentence, and the file that they are in.
    family: str = ""
    about: str = ""
    file: str = ""

    @property
    def group(self) -> str:
        return self.name.partition("/")[0]


class Catalogue(dict[str, Change]):
    """Changes by name, in the order in which they were written."""

    @property
    def core(self) -> list[Change]:
        """The changes without the siblings: a quarter of each family, and one at least."""
        return [change for change in self.values() if not change.sibling]

    def add(
        self, group: str, **parameters: Iterable[str] | Mapping[str, Any]
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Decorates a function that changes a mock: it becomes a change for each combination of the parameters.

        A parameter's values are strings, or anything by a label. The docstring is the sentence, {parameters} filled in.
        """
        options = [
            list(values.items()) if isinstance(values, Mapping) else [(value, value) for value in values]
            for values in parameters.values()
        ]

        def register(function: Callable[..., None]) -> Callable[..., None]:
            assert function.__doc__
            family = list(itertools.product(*options))
            core = random.Random(function.__name__).sample(range(len(family)), -(-len(family) // 4))
            for number, member in enumerate(family):
                labels = [label for label, _ in member]
                words = [label if label is value else label.replace("-", " ") for label, value in member]
                change = Change(
                    name="-".join([f"{group}/{function.__name__.replace('_', '-')}", *labels]),
                    sentence=function.__doc__.format(**dict(zip(parameters, words, strict=True))),
                    apply=functools.partial(_apply, function, [value for _, value in member]),
                    sibling=number not in core,
                    family=f"{group}/{function.__name__.replace('_', '-')}",
                    about=function.__doc__,
                    file=function.__module__.rpartition(".")[2],
                )
                assert change.name not in self
                self[change.name] = change
            return function

        return register


def _apply(function: Callable[..., None], values: list[Any], mock: Mock) -> None:
    function(mock, *values)
