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
    """One paragraph for each difference."""
    return "\n\n".join(
        "\n".join([_title(difference), *(f"  {label}: {said}" for label, said in _lines(difference, old, new))])
        for difference in differences
    )


def markdown(differences: list[Difference], old: str, new: str) -> str:
    """One list item for each difference."""
    return "\n".join(
        "\n".join(
            [
                f"- {_code(_title(difference))}",
                *(f"  - {label}: {_code(said)}" for label, said in _lines(difference, old, new)),
            ]
        )
        for difference in differences
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


def _lines(difference: Difference, old: str, new: str) -> Iterator[tuple[str, str]]:
    for side, said in ((old, difference.old), (new, difference.new)):
        printable = isinstance(said, str) and said.isprintable()
        yield side, "nothing" if said is None else said if printable else plain(said)
    yield "for a client", difference.client
    yield "for a server", difference.server
    for witness in difference.witnesses:
        accepts, refuses = (old, new) if witness.accepted == "old" else (new, old)
        yield f"accepted by {accepts}, refused by {refuses}", _cut(plain(witness.value))


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}… ({len(value):,} characters)"


def _code(said: str) -> str:
    """A value as code that no backtick of its own can end."""
    runs = re.findall("`+", said)
    fence = "`" * (1 + max(map(len, runs), default=0))
    return f"{fence} {said} {fence}" if runs else f"`{said}`"
