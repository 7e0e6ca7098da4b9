"""What must never be shown: the git token's value and the caller's credentials, whole, in part or encoded."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote

from .scattered import Scattered

# Mixed-case consonants occur nowhere by chance: not in words, not in UUIDs, dates or numbers.
_ALPHABET = "bcdfghjkmnpqrstvwxzBCDFGHJKMNPQRSTVWXZ"
_LENGTH = 40
# A part this long of a generated git token is recognised anywhere in an answer.
_PART = 6
# A masked secret shows its first or last few characters.
_END = 4
# A part this long of any secret is hidden in what is shown.
_HIDDEN = 8
_STRANGER = "UNKNOWN_CREDENTIALS"
# Where a part of a generated git token may stand, in lower case.
_LETTERS = re.compile(f"[{''.join(sorted(set(_ALPHABET.lower())))}]{{{_PART},}}")
# How JSON, programs, URLs, mails and HTML write a character, and what UTF-16 that is read as something else is full of.
_ESCAPE = re.compile(
    r"""\\u([0-9a-f]{4})|\\u\{([0-9a-f]{1,5})\}|\\x([0-9a-f]{2})|%([0-9a-f]{2})|=([0-9a-f]{2})"""
    r"""|(&#?\w{1,10};)|\\(["'\\/])|\0""",
    re.IGNORECASE,
)
# Bytes as numbers, one after the other, decimal, hexadecimal or octal.
_NUMBER = re.compile(r"(?:0[xXoO]|\\)?([0-9a-fA-F]{2,3})")
# Without trying other ways to part them, of which a long text of digits has more than anybody can wait for.
_NUMBERS = re.compile(rf"(?<![0-9a-zA-Z])(?:(?>{_NUMBER.pattern}[^0-9a-zA-Z]{{0,3}})){{5,}}+(?![0-9a-zA-Z])")
# Escapes may be escaped again.
_LAYERS = 3


class Secrets:
    """Finds secrets in what a server sends, and takes them out of what is shown.

    Credentials are somebody's real ones, of whatever form; git tokens are generated here, so that even a part of one
    can be recognised.
    """

    def __init__(self, credentials: dict[str, str], secret: str) -> None:
        # The variable that stands for what the run generates.
        self.secret = secret
        self._values: dict[str, str] = {}
        self._parts: dict[str, str] = {}
        self._ends: dict[str, str] = {}
        self._encoded: dict[str, str] = {}
        # Those that are recognised in capitals too, as hexadecimal is.
        self._lower: dict[str, str] = {}
        # Parts of credentials that do not occur by chance.
        self._telling: dict[str, str] = {}
        # Parts of what must not be shown, in lower case.
        self._hidden: set[str] = set()
        # What a masked secret may show of its end.
        self._tails: set[str] = set()
        # Those that can be told from other texts by the order of their characters.
        self._scattered: dict[str, Scattered] = {}
        for variable, value in credentials.items():
            self.keep(value, variable)

    @property
    def values(self) -> dict[str, str]:
        """Every secret that is known, with its variable."""
        return dict(self._values)

    def keep(self, value: str, variable: str) -> None:
        """Treats `value`, somebody's real secret of whatever form, as the one that `variable` holds."""
        self._telling.update(dict.fromkeys(_telling_parts(value), variable))
        self._add(value, variable)

    def token(self, source: random.Random) -> str:
        """A new value for a git token."""
        while True:
            value = "".join(source.choices(_ALPHABET, k=_LENGTH))
            if all(not end.islower() and not end.isupper() for end in (value[:_END], value[-_END:])):
                break
        self.watch(value)
        return value

    def stranger(self, source: random.Random) -> str:
        """A credential that no server knows; showing it would be as bad as showing the caller's own."""
        value = "".join(source.choices(_ALPHABET, k=_LENGTH))
        self._add(value, _STRANGER)
        return value

    def watch(self, value: str, variable: str = "") -> None:
        """Treats `value` as a git token's value from now on; it must be as improbable as a generated one."""
        variable = variable or self.secret
        self._add(value, variable)
        lower = value.lower()
        for text in (lower, lower[::-1]):
            self._parts.update((text[i : i + _PART], variable) for i in range(len(text) - _PART + 1))
        self._ends.update({value[:_END]: variable, value[-_END:]: variable})

    def _add(self, value: str, variable: str) -> None:
        self._values[value] = variable
        raw = value.encode("utf-8", "surrogatepass")
        if len(raw) < _HIDDEN:
            return
        if variable != _STRANGER:
            for form in (value, value[::-1], raw.decode("latin-1"), *_encoded(raw)):
                self._hidden |= _windows(_lower(form), _HIDDEN)
                # Without the signs that may stand in it, words of it would be found in many a text.
                self._hidden |= set(filter(_is_telling, _windows(_lower(_squeezed(form)), _HIDDEN)))
            self._tails |= {value[-size:] for size in (6, 7) if _is_telling(value[-size:])}
            if Scattered.knows(value):
                self._scattered[value] = Scattered(value)
        forms = [raw.hex(), quote(raw, safe=""), value[::-1], *_base64(raw)]
        for digest in (hashlib.new(name, raw).digest() for name in ("md5", "sha1", "sha256")):
            forms += [digest.hex(), base64.b64encode(digest).decode().rstrip("=")]
        for form in forms:
            (self._lower if form == form.lower() else self._encoded)[form] = variable

    def merge(self, others: Secrets) -> None:
        """Treats as secret what `others` do too."""
        for mine, theirs in zip(vars(self).values(), vars(others).values(), strict=True):
            if not isinstance(mine, str):
                mine.update(theirs)

    def in_text(self, text: str) -> set[str]:
        """The variables whose secret, whole, in part or encoded, `text` shows."""
        found = {variable for value, variable in self._values.items() if len(value) >= 6 and value in text}
        lower = text.lower()
        found |= {variable for form, variable in self._encoded.items() if form in text}
        found |= {variable for form, variable in self._lower.items() if form in lower}
        found |= {variable for end, variable in self._ends.items() if end in text}
        for letters in _LETTERS.findall(lower):
            found |= {self._parts[part] for part in self._parts.keys() & _windows(letters, _PART)}
        found |= {variable for part, variable in self._telling.items() if part in text}
        return found

    def redact(self, text: str) -> str:
        """`text` with every secret replaced by the name of the variable that holds it."""
        for forms in (self._values, self._encoded, self._lower):
            for form in sorted(forms, key=len, reverse=True):
                if len(form) >= 4:
                    text = text.replace(form, f"${forms[form]}")
        for tail in sorted(self._tails, key=len, reverse=True):
            text = text.replace(tail, "\N{FULL BLOCK}" * len(tail))
        hidden = [False] * len(text)
        for plain, places, squeezed in _readings(text):
            lower = _lower(plain)
            for size, parts in ((_PART, self._parts), (_HIDDEN, self._hidden)):
                if _windows(lower, size).isdisjoint(parts):
                    continue
                for index in range(len(lower) - size + 1):
                    part = lower[index : index + size]
                    # Without the signs between, words of a secret stand in many a text: as in API_TOKEN.
                    if part in parts and (size == _PART or not squeezed or _is_telling(part)):
                        start, end = places[index], places[index + size]
                        hidden[start:end] = [True] * (end - start)
            for each in self._scattered.values() if squeezed else ():
                for first, last in each.spans(plain):
                    start, end = places[first], places[last]
                    hidden[start:end] = [True] * (end - start)
        return "".join(
            "\N{FULL BLOCK}" if secret else character for character, secret in zip(text, hidden, strict=True)
        )


def _readings(text: str) -> Iterator[tuple[str, Sequence[int], bool]]:
    """`text` in every way in which it may be read, with where in it each character begins and the end.

    The last value says whether signs between letters and digits were dropped.
    """
    for plain, places in _layers(text):
        yield plain, places, False
        for reading in _READINGS[plain.isascii() :]:
            read, at = reading(plain)
            if read and read != plain:
                yield read, [places[index] for index in at], reading is _SQUEEZED


def _kept(keep: Callable[[str], bool]) -> Callable[[str], tuple[str, list[int]]]:
    """Reads some characters of a text alone, full-width ones as the plain ones that they look like."""

    def read(text: str) -> tuple[str, list[int]]:
        read, places = [], []
        for index, character in enumerate(text):
            plain = character if character.isascii() else unicodedata.normalize("NFKC", character)
            if keep(plain):
                read.append(plain)
                places += [index] * len(plain)
        return "".join(read), [*places, len(text)]

    return read


def _bytes(base: int) -> Callable[[str], tuple[str, list[int]]]:
    """Reads the numbers of a text as the characters with these codes."""

    def read(text: str) -> tuple[str, list[int]]:
        characters, places = [], []
        for run in _NUMBERS.finditer(text):
            for number in _NUMBER.finditer(text, run.start(), run.end()):
                with contextlib.suppress(ValueError):
                    characters.append(chr(int(number[1], base)))
                    places.append(number.start())
            # What follows a run does not belong to it.
            characters.append(" ")
            places.append(run.end())
        return "".join(characters), [*places, len(text)]

    return read


# Without what has no width, letters and digits alone, and numbers as characters.
_SQUEEZED = _kept(str.isalnum)
_READINGS = (_kept(str.isprintable), _SQUEEZED, *(_bytes(base) for base in (10, 16, 8)))


def _squeezed(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _is_telling(end: str) -> bool:
    """Is the end of a secret one that does not occur by chance, as a word would?"""
    return any(map(str.isdigit, end)) and any(map(str.isalpha, end))


def _encoded(raw: bytes) -> Iterator[str]:
    """What encodings make of a secret, also one within the other."""
    yield raw.hex()
    yield raw.decode("utf-8", "replace").encode("utf-16-le", "replace").hex()
    for form in _base64(raw):
        yield form
        yield from _base64(form.encode())
    yield from _base64(base64.b64encode(raw))
    for offset in range(5):
        # Five bits a character.
        encoded = base64.b32encode(bytes(offset) + raw).decode()
        yield encoded[-(-offset * 8 // 5) : (offset + len(raw)) * 8 // 5]


def _layers(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """`text`, and what it becomes when its escapes are undone, with where in it each character begins and the end."""
    places: Sequence[int] = range(len(text) + 1)
    yield text, places
    for _ in range(_LAYERS):
        pieces: list[str] = []
        kept: list[int] = []
        end = 0
        for escape in _ESCAPE.finditer(text):
            *codes, entity, character = escape.groups()
            code = next(filter(None, codes), None)
            meant = chr(int(code, 16)) if code else html.unescape(entity) if entity else character or ""
            pieces += text[end : escape.start()], meant
            kept += [*places[end : escape.start()], *[places[escape.start()]] * len(meant)]
            end = escape.end()
        if not end:
            return
        text, places = "".join([*pieces, text[end:]]), [*kept, *places[end:]]
        yield text, places


def _base64(raw: bytes) -> list[str]:
    """The middle of what base64 gives wherever `raw` stands in the encoded bytes, in both alphabets."""
    forms = []
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + raw).decode()
        # Six bits a character; those at the ends may be of other bytes too.
        inner = encoded[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]
        forms += [inner, inner.replace("+", "-").replace("/", "_")]
    return forms


def _lower(text: str) -> str:
    """`text` in lower case, as long as before: of one letter two would be made."""
    return text.replace("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "i").lower()


def _windows(text: str, size: int) -> set[str]:
    return {text[i : i + size] for i in range(len(text) - size + 1)}


def _telling_parts(value: str) -> list[str]:
    """Parts of a credential that do not occur by chance: eight characters, and not only letters of one word."""
    parts = [value[i : i + 8] for i in range(len(value) - 7)]
    return [part for part in parts if sum(map(str.isdigit, part)) >= 2 and sum(map(str.isalpha, part)) >= 2]
