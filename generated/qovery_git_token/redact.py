"""Crosses secrets out of texts: what a server says is wrong, and what httpx and httpcore log of its headers."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote

SENT: ContextVar[tuple[str, ...]] = ContextVar("sent", default=())
"""The secrets of the request that is under way: what httpx and httpcore log meanwhile is shown without them."""

# What is shorter is no secret, and part of many words.
_SHORTEST = 4


def redact(text: str, secrets: Iterable[str]) -> str:
    """Replaces every secret, in its usual encodings or in part, by three asterisks."""
    for secret in secrets:
        if len(secret) < _SHORTEST:
            continue
        for form in sorted(_forms(secret), key=len, reverse=True):
            text = re.sub(re.escape(form), "***", text, flags=re.IGNORECASE)
        part = max(_SHORTEST, min(8, len(secret) // 2))
        if len(secret) > part:
            parts = {secret[start : start + part].lower() for start in range(len(secret) - part + 1)}
            text = _without(text, parts, part)
    return text


def _forms(secret: str) -> set[str]:
    data = secret.encode("utf-8", "surrogatepass")
    forms = {
        secret,
        quote(secret, safe="", errors="replace"),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        secret[::-1],
    }
    forms |= {base64.b64encode(data).decode().rstrip("="), base64.urlsafe_b64encode(data).decode().rstrip("=")}
    forms |= {binascii.hexlify(data).decode(), base64.b32encode(data).decode().rstrip("=")}
    return {form for form in forms if form}


def _without(text: str, parts: set[str], length: int) -> str:
    """Replaces what is made of parts of a secret."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = text
    shown = list(text)
    for part in parts:
        start = lower.find(part)
        while start >= 0:
            shown[start : start + length] = "\0" * length
            start = lower.find(part, start + 1)
    return re.sub("\0+", "***", "".join(shown)) if "\0" in shown else text


def values(part: Any, secrets: tuple[str, ...]) -> Any:
    """Decoded JSON without the secrets."""
    if isinstance(part, str):
        return redact(part, secrets)
    if isinstance(part, dict):
        return {redact(name, secrets): values(inner, secrets) for name, inner in part.items()}
    return [values(inner, secrets) for inner in part] if isinstance(part, list) else part


class _Filter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if secrets := SENT.get():
            record.msg, record.args = redact(record.getMessage(), secrets), ()
        return True


for _name in ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))):
    logging.getLogger(_name).addFilter(_Filter())
