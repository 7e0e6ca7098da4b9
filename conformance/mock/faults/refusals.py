"""Faults of refusals: what must be refused is accepted, or carried out in spite of the refusal."""

from __future__ import annotations

import json
import re
import unicodedata
import urllib.parse
from collections.abc import Callable
from typing import Any

from ..server import Mock, Refusal, Request
from .catalogue import (
    ACTIONS,
    CLEARED,
    EXAMPLE,
    FIELDS,
    PROVIDERS,
    REQUIRED,
    SHOWN,
    TEXTS,
    breaks_at_ids,
    fault,
    kept,
    mend,
    mend_field,
)


@fault("loose", field=REQUIRED, action=["edit", "create"])
def absent(mock: Mock, field: str, action: str) -> None:
    """`{action}` accepts a body without `{field}`."""
    mend(mock, lambda request, body: {field: kept(request)[field], **body} if isinstance(body, dict) else body, action)


@fault("loose", field=REQUIRED)
def null(mock: Mock, field: str) -> None:
    """A `{field}` that is null counts as the one before."""

    def change(request: Request, body: Any) -> Any:
        if not isinstance(body, dict) or body.get(field, "") is not None:
            return body
        return {**body, field: kept(request)[field]}

    mend(mock, change)


@fault("loose", field=CLEARED, word=["null", "None"])
def null_as_text(mock: Mock, field: str, word: str) -> None:
    """A `{field}` that is null is stored as the text `{word}`."""
    mend(
        mock,
        lambda _, body: {**body, field: word} if isinstance(body, dict) and body.get(field, "") is None else body,
    )


KINDS: dict[str, tuple[type, Callable[[Any], str]]] = {
    "integer": (int, str),
    "boolean": (bool, lambda value: str(value).lower()),
    "array": (list, lambda value: ",".join(map(str, value))),
    "object": (dict, json.dumps),
    "fraction": (float, str),
}
COERCED = {
    f"{kind}-{name}": (name, *KINDS[kind])
    for number, name in enumerate(name for name in TEXTS)
    for kind in [list(KINDS)[(2 * number + turn) % len(KINDS)] for turn in range(3)]
}


@fault("loose", what=COERCED)
def coerced(mock: Mock, what: tuple[str, type, Callable[[Any], str]]) -> None:
    """A value of another JSON type is taken for a string: {what}."""
    name, kind, change = what
    mend_field(mock, name, lambda value: change(value) if type(value) is kind else value)


@fault("loose", field=[name for name in FIELDS if name not in TEXTS], action=["edit", "create"])
def first_of_array(mock: Mock, field: str, action: str) -> None:
    """`{action}` takes an array as `{field}` for its first item."""
    mend_field(mock, field, lambda value: value[0] if isinstance(value, list) and value else value, action)


NEAR_MISSES: dict[str, Callable[[str], str]] = {
    "lower-case": str.upper,
    "capitalized": lambda text: text.upper() if text.istitle() else text,
    "white-space": str.strip,
    "trailing-newline": lambda text: text.removesuffix("\n"),
    "trailing-space": lambda text: text.removesuffix(" "),
    "prefix": lambda text: next((one for one in PROVIDERS if len(text) > 2 and one.startswith(text)), text),
    "longer": lambda text: next((one for one in PROVIDERS if text.startswith(one)), text),
    "empty": lambda text: text or PROVIDERS[0],
    "unknown": lambda text: text if text in PROVIDERS or not text.isupper() else PROVIDERS[-1],
    "compatible-characters": lambda text: unicodedata.normalize("NFKC", text),
    "zero-byte": lambda text: text.partition("\0")[0],
    "hyphens": lambda text: text.replace("-", "").replace("_", ""),
}


@fault("loose", miss=NEAR_MISSES)
def near_miss(mock: Mock, miss: Callable[[str], str]) -> None:
    """A `type` that is nearly one of the known ones is accepted: {miss}."""
    mend_field(mock, "type", lambda value: miss(value) if isinstance(value, str) else value)


@fault("loose")
def ordinal_as_text(mock: Mock) -> None:
    """A `type` that is a number in quotes is taken for the provider of that position."""
    mend_field(mock, "type", lambda value: PROVIDERS[int(value) % 3] if value in ("0", "1", "2") else value)


@fault("loose", field=FIELDS)
def not_a_number(mock: Mock, field: str) -> None:
    """NaN and Infinity as `{field}` count as absent, or as the one before where it is required."""

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        bare = re.compile(rb'"%s":\s*-?(NaN|Infinity)' % field.encode())
        default = json.dumps(EXAMPLE[field]).encode()
        return parse(bare.sub(b'"%s": %s' % (field.encode(), default.replace(b"\\", rb"\\")), raw))


@fault("loose", action=["edit", "create"])
def ordinal(mock: Mock, action: str) -> None:
    """`{action}` takes a `type` that is a number for the provider of that position."""
    mend_field(mock, "type", lambda value: PROVIDERS[value % len(PROVIDERS)] if type(value) is int else value, action)


CONDITIONS: dict[str, Callable[[Request, dict[str, Any]], bool]] = {
    "ever": lambda *_: True,
    "on-edit": lambda request, _: request.action == "edit",
    "on-create": lambda request, _: request.action == "create",
    "when-it-was-bitbucket": lambda request, _: bool(request.token and request.token.fields["type"] == "BITBUCKET"),
    "when-it-was-not-bitbucket": lambda request, _: bool(request.token and request.token.fields["type"] != "BITBUCKET"),
    "with-git-api-url": lambda _, body: "git_api_url" in body,
    "with-description": lambda _, body: "description" in body,
}


@fault("loose", when=CONDITIONS)
def workspace_not_mandatory(mock: Mock, when: Callable[[Request, dict[str, Any]], bool]) -> None:
    """BITBUCKET without `workspace` is accepted ({when})."""

    def change(request: Request, body: Any) -> Any:
        if isinstance(body, dict) and body.get("type") == "BITBUCKET" and when(request, body):
            return {"workspace": "default", **body}
        return body

    mend(mock, change)


NO_URIS: dict[str, Callable[[str], bool]] = {
    "anything": lambda _: True,
    "empty": lambda text: not text,
    "relative": lambda text: text.startswith("/"),
    "no-scheme": lambda text: "://" not in text and "." in text,
    "no-scheme-but-slashes": lambda text: text.startswith("//"),
    "spaces": lambda text: " " in text and text.startswith("http"),
    "outer-spaces": lambda text: text != text.strip() and text.strip().startswith("http"),
    "space-behind": lambda text: text.rstrip() != text and text.startswith("http"),
    "a-word": str.isalpha,
    "blank": str.isspace,
}


@fault("loose", what=NO_URIS)
def no_uri(mock: Mock, what: Callable[[str], bool]) -> None:
    """A `git_api_url` that is no URI is accepted: {what}."""
    valid = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        url = body.get("git_api_url") if isinstance(body, dict) else None
        loose = isinstance(url, str) and not valid.fullmatch(url) and what(url)
        validate(request, {**body, "git_api_url": "https://git.example.com"} if loose else body)


SALVAGED: dict[str, Callable[[str], str]] = {
    "trailing-comma": lambda text: re.sub(r",\s*}", "}", text),
    "trailing-data": lambda text: text[: text.rfind("}") + 1],
    "single-quotes": lambda text: text if '"' in text else text.replace("'", '"'),
    "comments": lambda text: re.sub(r"/\*.*?\*/|^\s*//.*$", "", text, flags=re.DOTALL | re.MULTILINE),
    "no-closing-brace": lambda text: text if text.rstrip().endswith("}") else text + "}",
    "leading-zeros": lambda text: re.sub(r":\s*0+(\d)", r":\1", text),
    "raw-control-characters": lambda text: text.replace("\t", " ").replace("\n", " "),
}


@fault("loose", what=SALVAGED)
def malformed(mock: Mock, what: Callable[[str], str]) -> None:
    """A body that is not JSON is accepted: {what}."""

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        return parse(what(raw.decode(errors="surrogateescape")).encode(errors="surrogateescape"))


@fault("loose", what={"latin-1": "latin-1", "overlong-or-cut": "utf-8"})
def not_utf_8(mock: Mock, what: str) -> None:
    """A body that is not UTF-8 is accepted ({what})."""

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        try:
            raw.decode()
        except UnicodeDecodeError:
            raw = raw.decode(what, errors="replace").encode()
        return parse(raw)


NO_OBJECTS: dict[str, Callable[[Request, Any], Any]] = {
    "an-array-of-one": lambda _, body: body[0] if isinstance(body, list) and body else body,
    "an-empty-array": lambda request, body: kept(request) if body == [] else body,
    "a-string-of-json": lambda _, body: json.loads(body) if isinstance(body, str) and body[:1] == "{" else body,
    "null": lambda request, body: kept(request) if body is None else body,
    "an-empty-object": lambda request, body: body or kept(request) if isinstance(body, dict) else body,
    "a-number": lambda request, body: kept(request) if type(body) in (int, float) else body,
}


@fault("loose", what=NO_OBJECTS)
def no_object(mock: Mock, what: Callable[[Request, Any], Any]) -> None:
    """A body that is not the object asked for is accepted: {what}."""
    mend(mock, what)


@fault("loose", action=["edit", "create"])
def no_body(mock: Mock, action: str) -> None:
    """`{action}` without a body is accepted as one that changes nothing."""

    @mock.on("decode")
    def _(decode: Any, request: Request) -> Any:
        return kept(request) if request.action == action and not request.raw else decode(request)


MEDIA_TYPES: dict[str, Callable[[str], bool]] = {
    "any": lambda _: True,
    "text": lambda media_type: media_type.startswith("text/"),
    "form": lambda media_type: "form" in media_type,
    "octets": lambda media_type: "octet-stream" in media_type,
    "like-json": lambda media_type: "json" in media_type,
    "xml": lambda media_type: media_type.startswith("application/xml"),
}


@fault("loose", what=MEDIA_TYPES)
def media_type(mock: Mock, what: Callable[[str], bool]) -> None:
    """JSON is accepted under another media type ({what})."""

    @mock.on("accept")
    def _(accept: Any, media_type: str) -> None:
        if not what(media_type.lower()):
            accept(media_type)


@fault("loose", action=["edit", "create"])
def form(mock: Mock, action: str) -> None:
    """`{action}` accepts a body that is an HTML form."""

    @mock.on("decode")
    def _(decode: Any, request: Request) -> Any:
        if request.action == action and "urlencoded" in request.headers.get("content-type", ""):
            return dict(urllib.parse.parse_qsl((request.raw or b"").decode(errors="replace"), keep_blank_values=True))
        return decode(request)


IDS: dict[str, Callable[[str], str]] = {
    "more-behind": lambda text: text[:36],
    "spaces": str.strip,
}


@fault("loose", what=IDS, which={"organization": 0, "git-token": 1})
def id_no_uuid(mock: Mock, what: Callable[[str], str], which: int) -> None:
    """An id in the path that is not a UUID is accepted: {which}, {what}."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        for name in list(request.ids)[which : which + 1]:
            request.ids[name] = what(request.ids[name])
        locate(request)


@fault("loose", action=ACTIONS)
def id_no_uuid_breaks(mock: Mock, action: str) -> None:
    """An id in the path that is not a UUID makes `{action}` fail."""

    def no_uuid(request: Request) -> bool:
        return request.action == action and not all(mock.identifies(*id) for id in request.ids.items())

    breaks_at_ids(mock, no_uuid)


BREAKING_IDS: dict[str, Callable[[str], Any]] = {
    "dots": lambda text: ".." in text,
    "percent": lambda text: "%" in text,
    "long": lambda text: len(text) > 255,
    "number": str.isdigit,
    "not-ascii": lambda text: not text.isascii(),
    "quote": lambda text: "'" in text,
    "control-character": lambda text: not text.isprintable(),
}


@fault("loose", what=BREAKING_IDS)
def id_breaks(mock: Mock, what: Callable[[str], Any]) -> None:
    """An id in the path that is not a UUID makes the server fail: {what}."""
    breaks_at_ids(mock, lambda request: any(map(what, request.ids.values())))


@fault("loose", field=SHOWN)
def refused_and_stored(mock: Mock, field: str) -> None:
    """An edit that is refused has changed `{field}` already."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if request.token and isinstance(body, dict) and isinstance(body.get(field), str):
            request.token.fields = {**request.token.fields, field: body[field]}
        validate(request, body)


@fault("loose")
def refused_and_created(mock: Mock) -> None:
    """A create that is refused has made a git token already."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        try:
            validate(request, body)
        except Refusal:
            if request.action == "create" and isinstance(body, dict) and isinstance(body.get("name"), str):
                request.body = {**EXAMPLE, "name": body["name"]}
                mock.create(request)
            raise


@fault("loose")
def refused_and_touched(mock: Mock) -> None:
    """An edit that is refused moves `updated_at`."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if request.token:
            request.token.moved_at = mock.now()
        validate(request, body)
