"""A secret whose characters stand in a text in their order, with others between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

# A shorter one, or one of fewer different characters, as hexadecimal is, would be found in many a text by chance.
_LEAST, _DIFFERENT = 32, 20
# For each character of a secret, so many of the text at most.
_SPREAD = 3
# How far apart the places are where it is looked for, as parts of the span that it may take.
_STEPS, _FINE = 2, 16
# Of what is found of a secret, at least one in so many is a capital letter.
_CAPITALS = 4


class Scattered:
    """Finds more than half of one secret in a text, in order and in a short span."""

    def __init__(self, secret: str) -> None:
        self._least = len(secret) // 2 + 1
        self._span = _SPREAD * self._least
        self._all = (1 << len(secret)) - 1
        self._places: dict[str, int] = {}
        for index, character in enumerate(secret):
            self._places[character] = self._places.get(character, 0) | 1 << index

    @staticmethod
    def knows(secret: str) -> bool:
        """Can the secret be told from other texts so?"""
        return len(secret) >= _LEAST and len(set(secret)) >= _DIFFERENT and secret.lower() != secret != secret.upper()

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where a text, of letters and digits, holds more than half of the secret."""
        step = self._span // _STEPS
        capitals = [0, *accumulate(map(str.isupper, text))]
        for start in range(0, max(1, len(text) - self._least + 1), step):
            # Every short span is within one of these. Few texts have as many capitals.
            end = min(start + self._span + step, len(text))
            if capitals[end] - capitals[start] < self._least // _CAPITALS:
                continue
            if self._common(text[start:end]) >= self._least:
                for inner in range(start, start + step + 1, max(1, self._span // _FINE)):
                    if self._common(text[inner : inner + self._span]) >= self._least:
                        yield inner, min(inner + self._span, len(text))

    def _common(self, text: str) -> int:
        """The length of the longest common subsequence of a text and the secret, by Hyyrö's method."""
        rest = self._all
        for character in text:
            if matches := rest & self._places.get(character, 0):
                rest = ((rest + matches) | (rest - matches)) & self._all
        return (~rest & self._all).bit_count()
