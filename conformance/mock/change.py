"""What faults and variants are: named changes of the mock, registered in families and spun from a resource."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..contract.resource import Resource
from .facts import does, label
from .server import Mock

# The values of a parameter: strings, or anything by a label. An empty label is left out of the name.
Values = Iterable[str] | Mapping[str, Any]


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


@dataclass(frozen=True)
class Family:
    """Changes of one kind: a function that changes a mock, once for each combination of the parameters."""

    group: str
    function: Callable[..., None]
    needs: tuple[str, ...]
    called: str
    parameters: Mapping[str, Values | Callable[[Resource], Values]]

    def changes(self, resource: Resource) -> Iterator[Change]:
        """Those that are possible with a resource: none if it lacks what they need."""
        if not all(does(resource, each) for each in self.needs):
            return
        named = {"switch": resource.switch, "edited": resource.edited, "mark": resource.mark}
        words = _Words(resource.words, **{key: label(name or "") for key, name in named.items()})
        about = (self.function.__doc__ or "").format_map(words)
        about = about[:1].upper() + about[1:]
        family = f"{self.group}/{self._called(words)}"
        members = list(itertools.product(*(self._values(resource, name) for name in self.parameters)))
        core = random.Random(self.function.__name__).sample(range(len(members)), -(-len(members) // 4))
        for number, member in enumerate(members):
            labels = [word for word, _ in member]
            said = [word if word is value else word.replace("-", " ") for word, value in member]
            yield Change(
                name="-".join([family, *filter(None, labels)]),
                sentence=about.format_map(_Words(zip(self.parameters, said, strict=True))),
                apply=functools.partial(_apply, self.function, [value for _, value in member]),
                sibling=number not in core,
                family=family,
                about=about,
                file=self.function.__module__.rpartition(".")[2],
            )

    def _called(self, words: Mapping[str, str]) -> str:
        name = self.called.format_map({key: value.replace(" ", "-") for key, value in words.items()})
        return name or self.function.__name__.replace("_", "-")

    def _values(self, resource: Resource, name: str) -> list[tuple[str, Any]]:
        given = self.parameters[name]
        values = given(resource) if callable(given) else given
        found = list(values.items()) if isinstance(values, Mapping) else [(value, value) for value in values]
        return [each for each in found if does(resource, each[1])] if name == "action" else found


class Families(list[Family]):
    """The families of a catalogue, in the order in which they were written."""

    def add(
        self, group: str, *, needs: str = "", called: str = "", **parameters: Values | Callable[[Resource], Values]
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Decorates a function that changes a mock: it becomes a change for each combination of the parameters.

        A parameter's values may depend on the resource, and of an `action` only those count that the resource has.
        `needs` are the actions without which there is no such change. The docstring is the sentence, the parameters
        and the resource's words filled in; `called` is what the family is called, where the function's name will not
        do.
        """

        def register(function: Callable[..., None]) -> Callable[..., None]:
            assert function.__doc__
            self.append(Family(group, function, tuple(needs.split()), called, parameters))
            return function

        return register

    def catalogue(self, resource: Resource) -> Catalogue:
        """All changes that are possible with a resource."""
        found = Catalogue()
        for family in self:
            for change in family.changes(resource):
                assert change.name not in found, change.name
                found[change.name] = change
        return found


class _Words(dict[str, str]):
    """What a sentence is filled in with; what is missing stays as it is."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def _apply(function: Callable[..., None], values: list[Any], mock: Mock) -> None:
    function(mock, *values)
