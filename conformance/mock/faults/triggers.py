"""Faults that show only where something rare is sent."""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from ...contract.demands import Demand
from ...contract.fields import get, has, put
from ...contract.resource import Resource
from ..facts import (
    addresses,
    choices,
    demands,
    free,
    label,
    only,
    optional,
    required,
    sized,
    spread,
    texts,
)
from ..messages import MAX_BODY, Refusal, Request
from ..server import Mock
from .catalogue import fault, kept, refuse, refuse_field, stores
from .refusals import KINDS
from .values import mandatory, pairs

CHARACTERS: dict[str, Callable[[str], Any]] = {
    "single-quote": lambda text: "'" in text,
    "double-quote": lambda text: '"' in text,
    "backslash": lambda text: "\\" in text,
    "percent": lambda text: "%" in text,
    "percent-s": lambda text: "%s" in text or "%n" in text,
    "dollar-brace": lambda text: "${" in text,
    "two-braces": lambda text: "{{" in text,
    "semicolon": lambda text: ";" in text,
    "two-hyphens": lambda text: "--" in text,
    "less-than": lambda text: "<" in text,
    "ampersand": lambda text: "&" in text,
    "backtick": lambda text: "`" in text,
    "pipe": lambda text: "|" in text,
    "colon": lambda text: ":" in text,
    "zero-byte": lambda text: "\0" in text,
    "newline": lambda text: "\n" in text,
    "carriage-return": lambda text: "\r" in text,
    "tab": lambda text: "\t" in text,
    "escape": lambda text: "\x1b" in text,
    "c1-control": lambda text: any("\x80" <= one <= "\x9f" for one in text),
    "line-separator": lambda text: "\u2028" in text,
    "byte-order-mark": lambda text: "\ufeff" in text,
    "right-to-left-override": lambda text: "\u202e" in text,
    "zero-width-joiner": lambda text: "\u200d" in text,
    "no-character": lambda text: "\uffff" in text or "\ufffe" in text,
    "replacement-character": lambda text: "\ufffd" in text,
    "private-use": lambda text: any("\ue000" <= one <= "\uf8ff" for one in text),
    "emoji": lambda text: any("\U0001f300" <= one <= "\U0001faff" for one in text),
    "beyond-the-basic-plane": lambda text: any(one > "\uffff" for one in text),
    "combining-mark": lambda text: any(map(unicodedata.combining, text)),
    "dotless-i": lambda text: "\u0130" in text or "\u0131" in text,
    "sharp-s": lambda text: "\xdf" in text,
    "lone-surrogate": lambda text: any("\ud800" <= one <= "\udfff" for one in text),
    "parent-folder": lambda text: "../" in text,
    "null-word": lambda text: text.lower() == "null",
    "formula": lambda text: text[:1] == "=",
    "blank": lambda text: not text.strip(),
}  # fmt: skip


@fault("triggers", what=spread(CHARACTERS, texts))
def character(mock: Mock, what: tuple[str, Callable[[str], Any]]) -> None:
    """A text makes the server fail: {what}."""
    refuse_field(mock, 500, *what)


ADDRESSES: dict[str, Callable[[str], Any]] = {
    "user": lambda url: "@" in url,
    "fragment": lambda url: "#" in url,
    "other-scheme": lambda url: not url.startswith("http"),
    "ipv6": lambda url: "[" in url,
    "no-host": lambda url: url.endswith("://"),
    "not-ascii": lambda url: not url.isascii(),
    "big-port": lambda url: re.search(r":(6553[6-9]|[7-9]\d{4})", url),
}


@fault("triggers", what=ADDRESSES, field=lambda resource: only(addresses(resource)))
def address_breaks(mock: Mock, what: Callable[[str], Any], field: str) -> None:
    """An address makes the server fail: {what}."""
    refuse_field(mock, 500, field, what)


# Of short texts, of long ones, and of addresses: "of" a length, or "above" it; -1 is what must be accepted.
SHORT = (("of", -1), ("of", 128), ("above", -1), ("above", 65535)), (("of", 64), ("above", -1), ("above", 32767))
LONG = (
    (("of", 256), ("above", 500), ("above", -1), ("above", 8191)),
    (("above", 255), ("of", -1), ("above", -1), ("above", 4095), ("above", 65535)),
)
ADDRESS = (("above", -1), ("above", 2047))


def _sizes(resource: Resource) -> dict[str, tuple[str, int, int]]:
    found = {}
    for name, limit, (how, number) in sized(resource, SHORT, LONG, ADDRESS):
        size = limit if number < 0 else number
        # What must be accepted ends at the bound; beyond it a text may have any length.
        most = size if how == "of" else limit if size < limit else MAX_BODY
        if how == "above" or size <= limit:
            found[f"{label(name)}-{how}-{size}"] = (name, size + (how == "above"), most)
    return found


@fault("triggers", what=_sizes)
def size(mock: Mock, what: tuple[str, int, int]) -> None:
    """A length in characters makes the server fail: {what}."""
    name, least, most = what
    refuse_field(mock, 500, name, lambda text: least <= len(text) <= most)


def _bytes(resource: Resource) -> dict[str, tuple[str, int]]:
    rows = sized(resource, ((255,), (256,)), ((1024,),), fields=free(resource))
    return {f"{name}-above-{most}": (name, most + 1) for name, _, most in rows}


@fault("triggers", what=_bytes)
def size_in_bytes(mock: Mock, what: tuple[str, int]) -> None:
    """A length in bytes, of a text within its bound in characters, makes the server fail: {what}."""
    name, least = what
    refuse_field(mock, 500, name, lambda text: len(text.encode(errors="replace")) >= least and len(text) < least)


def _pairs(resource: Resource) -> dict[str, tuple[str, str]]:
    return dict(list(pairs(resource).items())[::2])


@fault("triggers", pair=_pairs)
def pair_breaks(mock: Mock, pair: tuple[str, str]) -> None:
    """A choice with an optional field alone makes the server fail: {pair}."""
    (choice, name), switch = pair, str(mock.resource.switch)
    outer = name.rpartition(".")[0]
    beside = [one for one in optional(mock.resource) if one != name and one.rpartition(".")[0] == outer]
    others = [one for one in beside if not mandatory(mock.resource, choice, one)]
    refuse(
        mock,
        500,
        lambda _, body: get(body, switch) == choice and has(body, name) and not any(has(body, one) for one in others),
    )


@fault("triggers", what=["all", "none"])
def optional_fields_break(mock: Mock, what: str) -> None:
    """A body with {what} of the optional fields makes the server fail."""
    names = [name for name in optional(mock.resource) if "." not in name]
    refuse(mock, 500, lambda _, body: [name for name in names if has(body, name)] == (names if what == "all" else []))


def _turns(resource: Resource) -> dict[str, tuple[str, str]]:
    if not (resource.edit and resource.switch):
        return {}
    return {f"{one.lower()}-to-{two.lower()}": (one, two) for one, two in itertools.permutations(choices(resource), 2)}


@fault("triggers", called="change-of-{switch}-breaks", turn=_turns)
def change_breaks(mock: Mock, turn: tuple[str, str]) -> None:
    """A change of the choice makes the server fail: {turn}."""
    switch = str(mock.resource.switch)
    refuse(
        mock,
        500,
        lambda request, body: request.token and (get(request.token.fields, switch), get(body, switch)) == turn,
    )


@fault("triggers", called="change-of-{switch}-lost", turn=lambda resource: dict(list(_turns(resource).items())[::2]))
def change_lost(mock: Mock, turn: tuple[str, str]) -> None:
    """A change of the choice is not stored: {turn}."""
    switch = str(mock.resource.switch)

    @stores(mock, "edit")
    def _(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        old = get(kept(mock, request), switch)
        return put(body, switch, old) if (old, get(body, switch)) == turn else body


DOCUMENTS: dict[str, Callable[[str], Any]] = {
    "deep-arrays": lambda text: "[" * 50 in text,
    "deep-objects": lambda text: text.count('{"') > 50,
    "very-deep": lambda text: "[" * 1000 in text or text.count('{"') > 1000,
    "duplicate-keys": lambda text: _twice(text),
    "infinite-number": lambda text: re.search(r"\d[eE]\+?\d{3,}", text),
    "big-integer": lambda text: re.search(r"(?<![\w.-])\d{20,}(?![\w.-])", text) and not re.search(r'"\d{20,}"', text),
    "not-a-number": lambda text: re.search(r"[:\[,]\s*(NaN|-?Infinity)", text),
    "empty-key": lambda text: re.search(r'[{,]\s*""\s*:', text),
    "prototype-key": lambda text: "__proto__" in text or "constructor" in text,
    "dollar-key": lambda text: re.search(r'[{,]\s*"\$', text),
    "dotted-key": lambda text: re.search(r'[{,]\s*"\w*\.\w*"\s*:', text),
    "many-keys": lambda text: text.count('":') > 100,
    "escapes": lambda text: re.search(r"\\u00[0-9a-fA-F]{2}", text),
    "white-space": lambda text: text != text.strip(),
    "empty": lambda text: not text,
    "cut": lambda text: text.count("{") > text.count("}"),
    "array": lambda text: text.lstrip().startswith("["),
    "scalar": lambda text: re.fullmatch(r'\s*(null|true|false|-?\d+|"[^"]*")\s*', text),
}  # fmt: skip


def _twice(text: str) -> bool:
    """Has the outermost object of a document a key twice?"""
    try:
        pairs = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return False
    return isinstance(pairs, list) and len({str(key) for key, *_ in pairs if _}) < len(pairs)


@fault("triggers", what=DOCUMENTS)
def document_breaks(mock: Mock, what: Callable[[str], Any]) -> None:
    """A body makes the server fail: {what}."""

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        if what(raw.decode(errors="replace")):
            raise Refusal(500, "internal error")
        return parse(raw)


BYTES: dict[str, Callable[[bytes | None], Any]] = {
    "not-utf-8": lambda raw: raw is not None and raw != raw.decode(errors="ignore").encode(),
    "over-64-kib": lambda raw: raw is None or len(raw) > 64 * 1024,
    "over-1-mib": lambda raw: raw is None,
    "byte-order-mark": lambda raw: raw and raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe")),
}


@fault("triggers", what=BYTES)
def bytes_break(mock: Mock, what: Callable[[bytes | None], Any]) -> None:
    """A body makes the server fail by its bytes: {what}."""

    @mock.on("decode")
    def _(decode: Any, request: Request) -> Any:
        if what(request.raw):
            raise Refusal(500, "internal error")
        return decode(request)


@fault(
    "triggers",
    what={
        "absent": lambda value: not value,
        "text": lambda value: value.startswith("text/"),
        "form": lambda value: "form" in value,
        "malformed": lambda value: value and "/" not in value,
    },
)
def media_type_breaks(mock: Mock, what: Callable[[str], Any]) -> None:
    """A media type makes the server fail: {what}."""

    @mock.on("accept")
    def _(accept: Any, media_type: str) -> None:
        if what(media_type):
            raise Refusal(500, "internal error")
        accept(media_type)


@fault("triggers", field=lambda resource: list(resource.fields))
def null_breaks(mock: Mock, field: str) -> None:
    """A `{field}` that is null makes the server fail."""
    refuse(mock, 500, lambda _, body: has(body, field) and get(body, field) is None)


def _kinds(resource: Resource) -> dict[str, tuple[str, type]]:
    """Each field with a JSON type that is none of its own."""
    own = {"integer": ("integer", "fraction"), "number": ("integer", "fraction"), "flag": ("boolean",)}
    own |= {"list": ("array",), "object": ("object",)}
    turns, found = itertools.cycle(KINDS), {}
    for name, field in resource.fields.items():
        kind = next(each for each in turns if each not in own.get(field.kind, ()))
        found[f"{kind}-{name}"] = (name, KINDS[kind][0])
    return found


@fault("triggers", what=_kinds)
def kind_breaks(mock: Mock, what: tuple[str, type]) -> None:
    """A value of another JSON type makes the server fail: {what}."""
    refuse(mock, 500, lambda _, body: type(get(body, what[0])) is what[1])


@fault("triggers", field=required)
def absence_breaks(mock: Mock, field: str) -> None:
    """A body without `{field}` makes the server fail."""
    actions = ("create",) if mock.resource.merges else ()
    refuse(mock, 500, lambda _, body: not has(body, field), *actions)


@fault("triggers", field=lambda resource: only(resource.of_kind("choice")))
def unknown_choice_breaks(mock: Mock, field: str) -> None:
    """A choice that is not known makes the server fail."""
    known = choices(mock.resource, field)
    refuse_field(mock, 500, field, lambda text: text not in known)


@fault("triggers", demand=demands)
def missing_breaks(mock: Mock, demand: Demand) -> None:
    """A body without a field that another one demands makes the server fail: {demand}."""
    refuse(mock, 500, lambda _, body: demand.applies(body) and not has(body, demand.field))
