"""Differences for people, for issues, and for programs. The two sides are called what the caller calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from drift.compare import Difference
from drift.schema import text as plain

# Longer witnesses are cut in text and Markdown; JSON has the whole.
LONGEST = 240


def text(differences: list[Difference], old: str, new: str) -> str:
    """One paragraph for each difference; one that is the same in several places is told once."""
    return "\n\n".join(
        "\n".join([*map(_title, same), *(f"  {label}: {said}" for label, said in _lines(same, old, new))])
        for same in _alike(differences)
    )


def markdown(differences: list[Difference], old: str, new: str) -> str:
    """One list item for each difference; one that is the same in several places is told once."""
    return "\n".join(
        "\n".join(
            [
                f"- {', '.join(_code(_title(each)) for each in same)}",
                *(f"  - {label}: {_code(said)}" for label, said in _lines(same, old, new)),
            ]
        )
        for same in _alike(differences)
    )


def data(differences: list[Difference], old: str, new: str) -> list[dict[str, Any]]:
    """Each difference as a value of JSON."""
    sides = {"old": old, "new": new}
    return [
        {
            "where": difference.where,
            "what": difference.what,
            old: difference.old,
            new: difference.new,
            "client": difference.client,
            "server": difference.server,
            "witnesses": [{"accepted by": sides[one.accepted], "value": one.value} for one in difference.witnesses],
        }
        for difference in differences
    ]


def _title(difference: Difference) -> str:
    return f"{difference.where}: {difference.what}"


def _alike(differences: list[Difference]) -> list[list[Difference]]:
    """The differences, those together that say the same of the same field in several places."""
    groups: dict[tuple[str, ...], list[Difference]] = {}
    for each in differences:
        field = re.split(r" (?:request|response \S+) ?", each.where, maxsplit=1)[-1].rpartition("[].")[2]
        groups.setdefault((field, each.what, plain(each.old), plain(each.new)), []).append(each)
    return list(groups.values())


def _lines(same: list[Difference], old: str, new: str) -> Iterator[tuple[str, str]]:
    """What there is to say of differences that are alike; the first witness of each kind stands for all."""
    for side, said in ((old, same[0].old), (new, same[0].new)):
        printable = isinstance(said, str) and said.isprintable()
        yield side, "nothing" if said is None else said if printable else plain(said)
    yield "for a client", _meanings({_direction(each): each.client for each in reversed(same)})
    yield "for a server", _meanings({_direction(each): each.server for each in reversed(same)})
    witnesses = {(_direction(each), one.accepted): one for each in reversed(same) for one in each.witnesses}
    for witness in reversed(witnesses.values()):
        accepts, refuses = (old, new) if witness.accepted == "old" else (new, old)
        yield f"accepted by {accepts}, refused by {refuses}", _cut(plain(witness.value))


def _direction(difference: Difference) -> str:
    found = re.search(r" (request|response) ?", difference.where)
    return f"{found[1]}s" if found else ""


def _meanings(by_direction: dict[str, str]) -> str:
    """A meaning, or what it is in which direction where it is not the same in both."""
    if len(set(by_direction.values())) == 1:
        return next(iter(by_direction.values()))
    return ", ".join(f"{meaning} in {direction}" for direction, meaning in sorted(by_direction.items()))


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}… ({len(value):,} characters)"


def _code(said: str) -> str:
    """A value as code that no backtick of its own can end."""
    runs = re.findall("`+", said)
    fence = "`" * (1 + max(map(len, runs), default=0))
    return f"{fence} {said} {fence}" if runs else f"`{said}`"
