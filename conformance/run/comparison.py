"""How two accounts of a git token are compared: what was sent and what is shown, or two answers."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

from ..contract.contract import Contract

Json = dict[str, Any]


def difference(contract: Contract, sent: Json, token: Json) -> str | None:
    """The first field of a request body that a git token does not show as sent, and how; None if there is none."""
    shown_fields = contract.operations["editGitToken"].response_schema or {}
    for field in contract.request_schema["properties"]:
        if field not in sent or field not in shown_fields["properties"]:
            continue
        shown = token.get(field)
        # An empty optional text may be shown as absent: nobody can tell the two apart in use.
        if shown != sent[field] and not (sent[field] == "" and shown is None):
            return f"{field} was sent as {short(sent[field])} and is shown as {short(shown)}"
    return None


def unlike(contract: Contract, token: Json, other: Json, *ignored: str) -> str | None:
    """The first field of the contract in which two accounts of a git token differ; None if they say the same."""
    schema = contract.operations["editGitToken"].response_schema or {}
    for field, each in schema["properties"].items():
        if field not in ignored and not _same(token.get(field), other.get(field), each):
            return str(field)
    return None


def later(time: str, other: str) -> bool:
    """Is a time later than another, as finely as the coarser of the two shows it?"""
    digits = min(len(found[1]) if (found := re.search(r"\.(\d{1,6})", text)) else 0 for text in (time, other))
    return instant(time) - instant(other) >= timedelta(microseconds=10 ** (6 - digits))


def _same(value: object, other: object, schema: Json) -> bool:
    if schema.get("format") == "date-time" and isinstance(value, str) and isinstance(other, str):
        return not later(value, other) and not later(other, value)
    return _meaning(value, schema) == _meaning(other, schema)


def _meaning(value: object, schema: Json) -> object:
    """A value of an answer without the ways in which the same thing may be written."""
    if value == "":
        return None
    return value.lower() if schema.get("format") == "uuid" and isinstance(value, str) else value


def instant(text: str) -> datetime:
    """A date-time of RFC 3339, whatever its offset, fraction and case; a leap second is taken for the one before."""
    return datetime.fromisoformat(text.upper().replace(":60", ":59"))


def short(value: object) -> str:
    if value is None:
        return "absent"
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 120 else f"{text[:60]}…{text[-40:]} ({len(str(value))} characters)"
