"""How two accounts of an item are compared: what was sent and what is shown, or two answers."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import unquote, unquote_plus

from ..contract.contract import Contract
from ..contract.fields import get, has, kind

Json = dict[str, Any]
TRIMMED = "it is trimmed"
_ALTERATIONS: dict[str, Callable[[str], str]] = {
    "it is in lower case": str.lower,
    "it is in capitals": str.upper,
    "its white space is collapsed": lambda text: re.sub(r"\s+", " ", text),
    "it is decoded from HTML": html.unescape,
    "it is decoded from percent signs": unquote,
    "it is decoded from percent signs, and + is a space": unquote_plus,
    "it is normalized to NFC": partial(unicodedata.normalize, "NFC"),
    "it is normalized to NFKC": partial(unicodedata.normalize, "NFKC"),
    "it is normalized to NFD": partial(unicodedata.normalize, "NFD"),
}


def difference(contract: Contract, sent: Json, shown: object) -> str | None:
    """The first field of a request body that an item does not show as sent, and how; None if there is none."""
    if shown is None and contract.resource.silent:
        return None
    for field in contract.resource.visible:
        if not has(sent, field):
            continue
        was, now = get(sent, field), get(shown, field)
        # An empty optional text or list may be shown as absent: nobody can tell the two apart in use. What is null is.
        if was in ("", None) and now in ("", None):
            continue
        schema = _seen(contract.resource.fields[field].schema, contract.resource.shown[field].schema)
        if meaning(was, schema) != meaning(now, schema):
            how = alteration(was, now)
            return f"{field} was sent as {short(was)} and is shown as {short(now)}{': ' if how else ''}{how}"
    for field, secret in contract.resource.tells.items():
        if get(sent, secret) not in (None, "") and get(shown, field) is not True:
            return f"{field} was to be true, for {secret} was sent, and is shown as {short(get(shown, field))}"
    return None


def _seen(sent: Json, shown: Json) -> Json:
    """What of a value that is sent can be seen in an answer: no secrets in it, and nothing that only requests have."""
    made = dict(sent)
    if "properties" in sent:
        known: Json = shown.get("properties") or sent["properties"]
        both = {name: each for name, each in sent["properties"].items() if name in known and not each.get("writeOnly")}
        made["properties"] = {name: _seen(each, known[name]) for name, each in both.items()}
    if isinstance(items := sent.get("items"), dict):
        made["items"] = _seen(items, shown.get("items") or {})
    return made


def untrue(contract: Contract, sent: Json, shown: object) -> str | None:
    """The first field that says of a secret that a create did not send that it is set."""
    for field, secret in contract.resource.tells.items():
        if not has(sent, secret) and get(shown, field) is True:
            return f"{field} is shown as true, and no {secret} was sent"
    return None


def alteration(sent: object, shown: object) -> str:
    """What has been done to a text, where that is to every text of any field; empty if nobody can tell."""
    if not isinstance(sent, str):
        return ""
    if shown in (sent.strip(), sent.lstrip(), sent.rstrip()) or (shown is None and not sent.strip()):
        return TRIMMED
    # Some escape all that has a meaning in HTML, and some not the quotation marks.
    if isinstance(shown, str) and sent != shown and "&" in shown and html.unescape(shown) == sent:
        return "it is escaped for HTML"
    return next((what for what, change in _ALTERATIONS.items() if change(sent) == shown), "")


def unlike(contract: Contract, item: Json | None, other: Json | None, *ignored: str) -> str | None:
    """The first field of the contract in which two accounts of an item differ; None if they say the same."""
    if contract.resource.silent and None in (item, other):
        return None
    for field, each in contract.resource.shown.items():
        if each.schema.get("properties"):
            continue  # The fields within it are compared.
        if field not in ignored and not same(get(item, field), get(other, field), each.schema):
            return field
    return None


def later(time: str | float, other: str | float) -> bool:
    """Is a time later than another, as finely as the coarser of the two shows it? A number counts up to it."""
    if not isinstance(time, str) or not isinstance(other, str):
        return float(time) > float(other)
    digits = min(len(found[1]) if (found := re.search(r"\.(\d{1,6})", text)) else 0 for text in (time, other))
    return instant(time) - instant(other) >= timedelta(microseconds=10 ** (6 - digits))


def same(value: object, other: object, schema: Json) -> bool:
    """Do two values say the same?"""
    if kind(schema) == "date-time" and isinstance(value, str) and isinstance(other, str):
        return not later(value, other) and not later(other, value)
    return meaning(value, schema) == meaning(other, schema)


def meaning(value: object, schema: Json) -> object:
    """A value of an answer without the ways in which the same thing may be written."""
    if value == "":
        return None
    match kind(schema):
        case "date-time" if isinstance(value, str):
            return instant(value)
        case "uuid" if isinstance(value, str):
            return value.lower()
        case "object" if isinstance(value, dict) and "properties" in schema:
            return {name: meaning(value.get(name), each) for name, each in schema["properties"].items()}
        case "list" if isinstance(value, list):
            items = [meaning(each, schema.get("items", {})) for each in value]
            # What may hold nothing twice is a set.
            return sorted(items, key=repr) if schema.get("uniqueItems") else items
        case "integer" | "number" if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    # True is not 1.
    return (value, "flag") if isinstance(value, bool) else value


def instant(text: str) -> datetime:
    """A date-time of RFC 3339, whatever its offset, fraction and case; a leap second is taken for the one before."""
    return datetime.fromisoformat(text.upper().replace(":60", ":59"))


def moment(value: object) -> float | None:
    """A time as answers show it, as text or in milliseconds since 1970, in seconds since then; None if it is none."""
    try:
        return instant(value).timestamp() if isinstance(value, str) else float(value) / 1000  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


def short(value: object) -> str:
    if value is None:
        return "absent"
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 120 else f"{text[:60]}…{text[-40:]} ({len(str(value))} characters)"
