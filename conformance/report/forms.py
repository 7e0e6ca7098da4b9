"""The forms in which an answer may show a secret, and how a shell makes them of the secret's variable."""

from __future__ import annotations

import base64
import hashlib

_HASHES = (
    ("sha256sum | cut -c1-64", "sha256"),
    ("sha1sum | cut -c1-40", "sha1"),
    ("md5sum | cut -c1-32", "md5"),
)


def form(value: str, name: str, text: str) -> tuple[int, str] | None:
    """How much of a secret a text shows, and what a shell makes of its variable to get that; None if none is known."""
    lower, raw = text.lower(), value.encode()
    printed = f'printf %s "${name}" | '
    if value.lower() in lower:
        return len(value), f'"${name}"'
    forms = [(hashlib.new(kind, raw).hexdigest(), command) for command, kind in _HASHES]
    forms += [
        (raw.hex(), "od -An -v -tx1 | tr -d ' \\n'"),
        ("".join(f"%{each:02x}" for each in raw), "od -An -v -tx1 | tr -d '\\n' | tr ' ' %"),
        ("".join(f"\\u{each:04x}" for each in raw), "od -An -v -tx1 | tr -d '\\n' | sed 's/ /\\\\u00/g'"),
        (value[::-1].lower(), "awk '{ for (i = length; i; i--) printf \"%s\", substr($0, i, 1) }'"),
        (base64.b64encode(raw).decode().rstrip("=").lower(), "base64 | tr -d '=\\n'"),
    ]
    for shown, command in forms:
        if shown in lower:
            return len(value), f'"$({printed}{command})"'
    for size in range(len(value) - 1, 3, -1):
        for start in range(len(value) - size + 1):
            if value[start : start + size].lower() in lower:
                return size, f'"$({printed}cut -c{start + 1}-{start + size})"'
    return None
