"""What the body of an error says, from where servers usually say it, in words that can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from . import redact
from .errors import InvalidResponseError, Problem
from .types import decode


def said(answer: httpx.Response, secrets: tuple[str, ...]) -> tuple[str | None, Problem | None]:
    """What an error's body says, and the body itself if it is an object, without what it might echo."""
    try:
        body = redact.values(decode(answer.content), secrets)
    except (InvalidResponseError, RecursionError):
        try:
            text = answer.content.decode().strip()
        except UnicodeDecodeError:
            return None, None
        # A page or half an object is nothing to read in one line.
        plain = not text.startswith(("<", "{", "[")) and "html" not in answer.headers.get("Content-Type", "")
        return (_printable(redact.redact(text[:10_000], secrets)) if plain else None), None
    if isinstance(body, str):
        return _printable(body), None
    if not isinstance(body, dict):
        return None, None
    known = {name: body[name] for name in ("type", "title", "detail", "instance") if isinstance(body.get(name), str)}
    if isinstance(body.get("status"), int):
        known["status"] = body["status"]
    problem = Problem(**known, others={name: value for name, value in body.items() if name not in known})
    return _printable(_words(body)), problem


def _words(body: Mapping[str, Any]) -> str:
    """The text in the members that servers use for it, the most telling first."""
    members = [body.get(name) for name in ("message", "detail", "error_description", "error", "title")]
    text = next((text for text in map(_text, members) if text), "")
    errors = body.get("errors")
    inner = [_text(item) for item in (errors if isinstance(errors, list) else [errors])]
    return ": ".join(part for part in (text, "; ".join(part for part in inner if part and part != text)) if part)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        said = next((value[name] for name in ("message", "detail", "title") if isinstance(value.get(name), str)), "")
        place = next((value[name] for name in ("field", "pointer", "path") if isinstance(value.get(name), str)), "")
        return f"{place}: {said}" if place and said else said
    return value.strip() if isinstance(value, str) else ""


def _printable(text: str) -> str | None:
    """At most 200 characters that a terminal and a log show as they are, in one line."""
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in text[:10_000]).split())
    return (words if len(words) <= 200 else words[:199] + "…") or None
