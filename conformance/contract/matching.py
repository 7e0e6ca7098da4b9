"""Texts that match a pattern, for fields whose texts cannot be any."""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

# What stands for any character, for one of a class, and how far an open repetition goes.
_ANY = "abcdefghijklmnopqrstuvwxyz"
_CLASSES = {"DIGIT": "0123456789", "SPACE": " ", "WORD": f"{_ANY}0123456789"}
_PRINTED = [chr(code) for code in range(0x21, 0x7F)]
_OPEN = 16
_TRIES = 20


def matching(pattern: str, source: random.Random, least: int = 0, most: int = 1000) -> Iterator[str]:
    """Some texts that match a pattern and are between `least` and `most` characters long; none if it is not understood.

    What looks around is not looked at until a text is there, so there may be none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parts: Any = re._parser.parse(pattern)
            check = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return
    for _ in range(_TRIES):
        text = _Text(source, most).of(parts)
        if least <= len(text) <= most and check.search(text):
            yield text


class _Text:
    def __init__(self, source: random.Random, most: int) -> None:
        self._source = source
        self._most = most
        self._groups: dict[int, str] = {}

    def of(self, parts: Sequence[Any]) -> str:
        return "".join(self._part(str(kind), value) for kind, value in parts)

    def _part(self, kind: str, value: Any) -> str:
        match kind:
            case "LITERAL":
                return chr(value)
            case "NOT_LITERAL":
                return self._source.choice([each for each in _ANY if each != chr(value)])
            case "ANY":
                return self._source.choice(_ANY)
            case "IN":
                return self._source.choice(_members(value) or [""])
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, inner = value
                count = self._source.randint(least, min(int(most), least + min(_OPEN, self._most)))
                return "".join(self.of(inner) for _ in range(min(count, max(least, self._most))))
            case "SUBPATTERN":
                text = self.of(value[3])
                if value[0]:
                    self._groups[value[0]] = text
                return text
            case "ATOMIC_GROUP":
                return self.of(value)
            case "BRANCH":
                return self.of(self._source.choice(value[1]))
            case "GROUPREF":
                return self._groups.get(value, "")
        return ""


def _members(parts: Sequence[Any]) -> list[str]:
    """The characters of a class that are printed, or of one that is negated those that are not in it."""
    found: list[str] = []
    negated = False
    for kind, value in parts:
        match str(kind):
            case "LITERAL":
                found.append(chr(value))
            case "RANGE":
                found += [chr(code) for code in range(value[0], min(value[1], value[0] + 200) + 1)]
            case "CATEGORY":
                name = str(value).removeprefix("CATEGORY_")
                chosen = _CLASSES.get(name.removeprefix("NOT_"), _ANY)
                found += [each for each in _PRINTED if each not in chosen] if name.startswith("NOT_") else chosen
            case "NEGATE":
                negated = True
    return [each for each in _ANY + "".join(_PRINTED) if each not in found] if negated else found
