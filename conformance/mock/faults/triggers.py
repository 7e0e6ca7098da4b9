"""Faults that show only where something rare is sent."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from ..server import MAX_BODY, Mock, Refusal, Request
from .catalogue import FIELDS, OPTIONAL, PROVIDERS, REQUIRED, TEXTS, fault, kept, refuse, refuse_field, spread, stores
from .refusals import KINDS
from .values import PAIRS, mandatory

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


@fault("triggers", what=spread(CHARACTERS, TEXTS))
def character(mock: Mock, what: tuple[str, Callable[[str], Any]]) -> None:
    """A text makes the server fail: {what}."""
    refuse_field(mock, 500, *what)


@fault(
    "triggers",
    what={
        "user": lambda url: "@" in url,
        "fragment": lambda url: "#" in url,
        "other-scheme": lambda url: not url.startswith("http"),
        "ipv6": lambda url: "[" in url,
        "no-host": lambda url: url.endswith("://"),
        "not-ascii": lambda url: not url.isascii(),
        "big-port": lambda url: re.search(r":(6553[6-9]|[7-9]\d{4})", url),
    },
)
def address_breaks(mock: Mock, what: Callable[[str], Any]) -> None:
    """A `git_api_url` makes the server fail: {what}."""
    refuse_field(mock, 500, "git_api_url", what)


SIZES = {
    "name-of-255": ("name", 255, 255),
    "name-of-128": ("name", 128, 128),
    "name-above-255": ("name", 256, MAX_BODY),
    "name-above-65535": ("name", 65536, MAX_BODY),
    "token-of-256": ("token", 256, 256),
    "token-above-500": ("token", 501, 1000),
    "token-above-1000": ("token", 1001, MAX_BODY),
    "token-above-8191": ("token", 8192, MAX_BODY),
    "description-above-255": ("description", 256, 1000),
    "description-of-1000": ("description", 1000, 1000),
    "description-above-1000": ("description", 1001, MAX_BODY),
    "description-above-4095": ("description", 4096, MAX_BODY),
    "description-above-65535": ("description", 65536, MAX_BODY),
    "workspace-of-64": ("workspace", 64, 64),
    "workspace-above-255": ("workspace", 256, MAX_BODY),
    "workspace-above-32767": ("workspace", 32768, MAX_BODY),
    "git-api-url-above-1000": ("git_api_url", 1001, MAX_BODY),
    "git-api-url-above-2047": ("git_api_url", 2048, MAX_BODY),
}


@fault("triggers", what=SIZES)
def size(mock: Mock, what: tuple[str, int, int]) -> None:
    """A length in characters makes the server fail: {what}."""
    name, least, most = what
    refuse_field(mock, 500, name, lambda text: least <= len(text) <= most)


@fault(
    "triggers",
    what={
        "name-above-255": ("name", 256),
        "token-above-1024": ("token", 1025),
        "description-above-1024": ("description", 1025),
        "workspace-above-256": ("workspace", 257),
    },
)
def size_in_bytes(mock: Mock, what: tuple[str, int]) -> None:
    """A length in bytes, of a text within its bound in characters, makes the server fail: {what}."""
    name, least = what
    refuse_field(mock, 500, name, lambda text: len(text.encode(errors="replace")) >= least and len(text) < least)


@fault("triggers", pair={label: PAIRS[label] for label in list(PAIRS)[::2]})
def pair_breaks(mock: Mock, pair: tuple[str, str]) -> None:
    """A provider with an optional field makes the server fail: {pair}."""
    provider, name = pair
    others = [one for one in OPTIONAL if not mandatory(provider, one) and one != name]
    refuse(
        mock,
        500,
        lambda _, body: body.get("type") == provider and name in body and not any(one in body for one in others),
    )


@fault("triggers", what={"all": OPTIONAL, "none": []})
def optional_fields_break(mock: Mock, what: list[str]) -> None:
    """A body with {what} of the optional fields makes the server fail."""
    refuse(mock, 500, lambda _, body: sorted(name for name in OPTIONAL if name in body) == sorted(what))


TURNS = {f"{one.lower()}-to-{two.lower()}": (one, two) for one, two in itertools.permutations(PROVIDERS, 2)}


@fault("triggers", turn=TURNS)
def change_of_provider_breaks(mock: Mock, turn: tuple[str, str]) -> None:
    """A change of provider makes the server fail: {turn}."""
    refuse(mock, 500, lambda request, body: request.token and (request.token.fields["type"], body.get("type")) == turn)


@fault("triggers", turn={label: TURNS[label] for label in list(TURNS)[::2]})
def change_of_provider_lost(mock: Mock, turn: tuple[str, str]) -> None:
    """A change of provider is not stored: {turn}."""

    @stores(mock, "edit")
    def _(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        old = kept(request)["type"]
        return {**body, "type": old} if (old, body["type"]) == turn else body


DOCUMENTS: dict[str, Callable[[str], Any]] = {
    "deep-arrays": lambda text: "[" * 50 in text,
    "deep-objects": lambda text: text.count('{"') > 50,
    "very-deep": lambda text: "[" * 1000 in text or text.count('{"') > 1000,
    "duplicate-keys": lambda text: any(text.count(f'"{name}":') + text.count(f'"{name}" :') > 1 for name in FIELDS),
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


@fault("triggers", field=FIELDS)
def null_breaks(mock: Mock, field: str) -> None:
    """A `{field}` that is null makes the server fail."""
    refuse(mock, 500, lambda _, body: body.get(field, "") is None)


@fault(
    "triggers", what={f"{kind}-{name}": (name, KINDS[kind][0]) for kind, name in zip(itertools.cycle(KINDS), FIELDS)}
)
def kind_breaks(mock: Mock, what: tuple[str, type]) -> None:
    """A value of another JSON type makes the server fail: {what}."""
    refuse(mock, 500, lambda _, body: type(body.get(what[0])) is what[1])


@fault("triggers", field=REQUIRED)
def absence_breaks(mock: Mock, field: str) -> None:
    """A body without `{field}` makes the server fail."""
    refuse(mock, 500, lambda _, body: field not in body)


@fault("triggers")
def unknown_provider_breaks(mock: Mock) -> None:
    """A `type` that is not known makes the server fail."""
    refuse_field(mock, 500, "type", lambda text: text not in PROVIDERS)


@fault("triggers")
def missing_workspace_breaks(mock: Mock) -> None:
    """BITBUCKET without `workspace` makes the server fail."""
    refuse(mock, 500, lambda _, body: body.get("type") == "BITBUCKET" and "workspace" not in body)
