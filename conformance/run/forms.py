"""The forms in which an answer may show a secret, and how a shell makes them of the secret's variable."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from ..target.exchange import Answer

# As much of an answer is searched, in characters.
SEARCHED = 50_000
_HASHES = (
    ("sha256sum | cut -c1-64", "sha256", "as its SHA-256"),
    ("sha1sum | cut -c1-40", "sha1", "as its SHA-1"),
    ("md5sum | cut -c1-32", "md5", "as its MD5"),
)


class Form(NamedTuple):
    """How much of a secret is shown, in characters, the expression of a shell for that, and what it is in words."""

    size: int
    expression: str
    what: str


def shown(answer: Answer, secrets: Iterable[tuple[str, str]]) -> tuple[Form, str] | None:
    """The form in which an answer shows the most of a secret, and which it is; None if no known form is found.

    Secrets are values with their variables.
    """
    text = "\n".join([*(f"{name}: {value}" for name, value in answer.headers), answer.text])[:SEARCHED]
    found = [(each, value) for value, name in secrets if (each := _form(value, name, text))]
    return max(found, default=None)


def _form(value: str, name: str, text: str) -> Form | None:
    """The form in which a text shows a secret, which the variable `name` holds; None if none is known."""
    lower, raw = text.lower(), value.encode("utf-8", "surrogatepass")
    printed = f'printf %s "${name}" | '
    if value.lower() in lower:
        return Form(len(value), f'"${name}"', "")
    forms = [(hashlib.new(kind, raw).hexdigest(), command, what) for command, kind, what in _HASHES]
    forms += [
        (raw.hex(), "od -An -v -tx1 | tr -d ' \\n'", "in hexadecimal"),
        ("".join(f"%{each:02x}" for each in raw), "od -An -v -tx1 | tr -d '\\n' | tr ' ' %", "percent-encoded"),
        (
            "".join(f"\\u{each:04x}" for each in raw),
            "od -An -v -tx1 | tr -d '\\n' | sed 's/ /\\\\u00/g'",
            "in escapes",
        ),
        (
            value[::-1].lower(),
            "awk '{ for (i = length; i; i--) printf \"%s\", substr($0, i, 1) }'",
            "backwards",
        ),
        (base64.b64encode(raw).decode().rstrip("=").lower(), "base64 | tr -d '=\\n'", "in base64"),
    ]
    for shown, command, what in forms:
        if shown in lower:
            return Form(len(value), f'"$({printed}{command})"', what)
    for size in range(len(value) - 1, 3, -1):
        for start in range(len(value) - size + 1):
            if value[start : start + size].lower() in lower:
                return Form(size, f'"$({printed}cut -c{start + 1}-{start + size})"', "in part")
    return None
