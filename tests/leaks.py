"""Searches what a run has printed and written for secrets, in every encoding; by other means than the suite's own."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from urllib.parse import quote

# A part of a secret that is this long is as bad as the whole.
PART = 8
_GENERATED = re.compile(rb"[b-zB-Z]{40}")


def generated(body: bytes) -> set[str]:
    """The values of git tokens that the suite has made up, in the body of a request; many an `x` is none."""
    return {found.decode() for found in _GENERATED.findall(body) if len(set(found[:8])) > 1}


def _each(form: str) -> Callable[[str], str]:
    return lambda text: "".join(form.format(ord(character)) for character in text)


def _base64(offset: int, altchars: bytes) -> Callable[[str], str]:
    """What the text becomes within something longer, at one of the three places that it may stand at."""

    def encode(text: str) -> str:
        raw = bytes(offset) + text.encode()
        encoded = base64.b64encode(raw, altchars).decode()
        # The characters of which all six bits are the text's.
        return encoded[-(-offset * 8 // 6) : len(raw) * 8 // 6]

    return encode


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "reversed": lambda text: text[::-1],
    "percent": lambda text: quote(text, safe=""),
    "percent, every character": _each("%{:02x}"),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "hex": lambda text: text.encode().hex(),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, every character": _each("\\u{:04x}"),
    "JSON twice, every character": _each("\\\\u{:04x}"),
    "Python": _each("\\x{:02x}"),
    "HTML": html.escape,
    "HTML, every character": _each("&#{};"),
    "HTML, every character in hex": _each("&#x{:x};"),
    "UTF-16": lambda text: "\0".join(text),
    "UTF-16 in JSON": lambda text: "\\u0000".join(text),
    "hex with colons": lambda text: text.encode().hex(":"),
    "numbers": lambda text: ", ".join(map(str, text.encode())),
    "hexadecimal numbers": _each("0x{:02x}, "),
    "octal numbers": _each("{:03o} "),
    "octal escapes": _each("\\{:03o}"),
    "quoted-printable": _each("={:02x}"),
    "UTF-16 in hex": lambda text: text.encode("utf-16-le").hex(),
    "full-width": lambda text: "".join(chr(ord(each) + 0xFEE0) for each in text),
    "zero-width spaces between": lambda text: "\u200b".join(text),
    "base32": lambda text: base64.b32encode(text.encode())[: len(text) * 8 // 5].decode(),
    "base64 twice": lambda text: _base64(0, b"+/")(_base64(0, b"+/")(text)),
    **{f"base64 at {offset}": _base64(offset, b"+/") for offset in range(3)},
    **{f"base64url at {offset}": _base64(offset, b"-_") for offset in range(3)},
}


@cache
def _needles(secret: str) -> dict[str, str]:
    """Every part of a secret in every encoding, in lower case, with the encoding."""
    parts = [secret[start : start + PART] for start in range(len(secret) - PART + 1)]
    return {encode(part).lower(): name for name, encode in reversed(ENCODINGS.items()) for part in parts}


def leaks(text: str, secrets: Iterable[str]) -> set[str]:
    """The encodings in which `text` shows a part of one of the secrets, in any letter case."""
    lower = text.lower()
    # Most needles do not even begin anywhere, and need not be looked for. None has a line end, and lines are twins.
    begun = {line[start : start + PART] for line in set(lower.split("\n")) for start in range(len(line))}
    return {
        name
        for secret in secrets
        for needle, name in _needles(secret).items()
        if needle[:PART] in begun and needle in lower
    }


def leaking(folder: Path, secrets: Iterable[str]) -> dict[str, set[str]]:
    """The files in `folder`, at any depth, that show a secret, and in which encodings; names of files count too."""
    every = list(secrets)
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {str(path.relative_to(folder)): leaks(f"{path}\n{_read(path)}", every) for path in files}
    return {name: forms for name, forms in found.items() if forms}


def _read(path: Path) -> str:
    raw = path.read_bytes()
    text = raw.decode("utf-8", "replace")
    return text if raw.isascii() else f"{text}\n{raw.decode('latin-1')}"
