"""How two accounts of a git token are compared: what was sent and what is shown, or two answers."""

from __future__ import annotations

import json
from datetime import datetime
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
        if field not in ignored and _meaning(token.get(field), each) != _meaning(other.get(field), each):
            return str(field)
    return None


def _meaning(value: object, schema: Json) -> object:
    """A value of an answer without the ways in which the same thing may be written."""
    if value == "":
        return None
    if schema.get("format") == "date-time":
        return value and instant(str(value))
    return value.lower() if schema.get("format") == "uuid" and isinstance(value, str) else value


def instant(text: str) -> datetime:
    """A date-time of RFC 3339, whatever its offset, fraction and case; a leap second is taken for the one before."""
    return datetime.fromisoformat(text.upper().replace(":60", ":59"))


def short(value: object) -> str:
    if value is None:
        return "absent"
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 120 else f"{text[:60]}…{text[-40:]} ({len(str(value))} characters)"
