"""Faults of refusals: what must be refused is accepted, or carried out in spite of the refusal."""

from __future__ import annotations

import json
import re
import unicodedata
import urllib.parse
from collections.abc import Callable
from typing import Any

from ...contract.demands import Demand
from ...contract.fields import get, has, put
from ...contract.resource import Resource, words
from ..facts import (
    ACTIONS,
    addresses,
    choices,
    chosen,
    cleared,
    demands,
    example,
    label,
    only,
    prose,
    required,
    takes,
    texts,
    visible,
)
from ..messages import Refusal, Request
from ..server import Mock
from .catalogue import breaks_at_ids, fault, kept, mend, mend_field


def _demanding(resource: Resource) -> list[str]:
    """The actions that want every required field."""
    return ["create"] if resource.merges else ["edit", "create"]


@fault("loose", field=required, action=_demanding)
def absent(mock: Mock, field: str, action: str) -> None:
    """`{action}` accepts a body without `{field}`."""

    def change(request: Request, body: Any) -> Any:
        lacks = isinstance(body, dict) and not has(body, field)
        return put(body, field, get(kept(mock, request), field)) if lacks else body

    mend(mock, change, action)


@fault("loose", field=required)
def null(mock: Mock, field: str) -> None:
    """A `{field}` that is null counts as the one before."""

    def change(request: Request, body: Any) -> Any:
        none = has(body, field) and get(body, field) is None
        return put(body, field, get(kept(mock, request), field)) if none else body

    mend(mock, change)


def _nullable(resource: Resource) -> list[str]:
    return [name for name in prose(resource) if name in cleared(resource)]


@fault("loose", field=_nullable, word=["null", "None"])
def null_as_text(mock: Mock, field: str, word: str) -> None:
    """A `{field}` that is null is stored as the text `{word}`."""
    mend(mock, lambda _, body: put(body, field, word) if has(body, field) and get(body, field) is None else body)


KINDS: dict[str, tuple[type, Callable[[Any], str]]] = {
    "integer": (int, str),
    "boolean": (bool, lambda value: str(value).lower()),
    "array": (list, lambda value: ",".join(map(str, value))),
    "object": (dict, json.dumps),
    "fraction": (float, str),
}


def _coerced(resource: Resource) -> dict[str, tuple[str, type, Callable[[Any], str]]]:
    """Three of the kinds for each text, in turn."""
    return {
        f"{kind}-{name}": (name, *KINDS[kind])
        for number, name in enumerate(texts(resource))
        for kind in [list(KINDS)[(2 * number + turn) % len(KINDS)] for turn in range(3)]
    }


@fault("loose", what=_coerced)
def coerced(mock: Mock, what: tuple[str, type, Callable[[Any], str]]) -> None:
    """A value of another JSON type is taken for a string: {what}."""
    name, kind, change = what
    mend_field(mock, name, lambda value: change(value) if type(value) is kind else value)


# What a field that is no text may be taken from, by its kind: the JSON type, and what is made of it.
Conversion = tuple[type, Callable[[Any], Any]]
CONVERTED: dict[str, dict[str, Conversion]] = {
    "flag": {"text": (str, bool), "number": (int, bool), "array": (list, bool)},
    "integer": {"text": (str, len), "fraction": (float, int), "flag": (bool, int), "array": (list, len)},
    "number": {"text": (str, len), "flag": (bool, int), "array": (list, len)},
    "date": {"number": (int, lambda _: "2026-01-15"), "array": (list, lambda value: value[0] if value else value)},
    "date-time": {"number": (int, lambda _: "2026-01-15T09:30:00Z"), "array": (list, lambda value: (*value, value)[0])},
    "list": {"text": (str, lambda _: []), "object": (dict, list), "number": (int, lambda _: [])},
    "object": {"text": (str, lambda _: {}), "array": (list, lambda value: (*value, {})[0])},
}


def _converted(resource: Resource) -> dict[str, tuple[str, Conversion]]:
    return {
        f"{each}-{name}": (name, conversion)
        for name, field in resource.fields.items()
        for each, conversion in CONVERTED.get(field.kind, {}).items()
    }


@fault("loose", what=_converted)
def converted(mock: Mock, what: tuple[str, Conversion]) -> None:
    """A value of another JSON type is converted: {what}."""
    name, (kind, change) = what
    example_of = get(example(mock.resource), name)

    def taken(value: Any) -> Any:
        if type(value) is not kind:
            return value
        made = change(value)
        return made if takes(mock.resource, name, made) else example_of

    mend_field(mock, name, taken)


@fault("loose", field=lambda resource: list(resource.of_kind("choice", "address")), action=["edit", "create"])
def first_of_array(mock: Mock, field: str, action: str) -> None:
    """`{action}` takes an array as `{field}` for its first item."""
    mend_field(mock, field, lambda value: value[0] if isinstance(value, list) and value else value, action)


def _choices(resource: Resource) -> dict[str, str]:
    return only(resource.of_kind("choice"))


# Each makes of a text one of the choices that are known, if it is nearly one.
NEAR_MISSES: dict[str, Callable[[str, list[str]], str]] = {
    "lower-case": lambda text, known: _same(text, known, str.lower),
    "capitalized": lambda text, known: _same(text, known, str.lower) if text.istitle() else text,
    "white-space": lambda text, _: text.strip(),
    "trailing-newline": lambda text, _: text.removesuffix("\n"),
    "trailing-space": lambda text, _: text.removesuffix(" "),
    "prefix": lambda text, known: next((one for one in known if len(text) > 2 and one.startswith(text)), text),
    "longer": lambda text, known: next((one for one in known if text.startswith(one)), text),
    "empty": lambda text, known: text or known[0],
    "unknown": lambda text, known: known[-1] if text.isupper() else text,
    "compatible-characters": lambda text, _: unicodedata.normalize("NFKC", text),
    "zero-byte": lambda text, _: text.partition("\0")[0],
    "hyphens": lambda text, known: _same(text, known, lambda one: re.sub("[-_]", "", one)),
}


def _same(text: str, known: list[str], change: Callable[[str], str]) -> str:
    return next((one for one in known if change(one) == change(text)), text)


@fault("loose", miss=NEAR_MISSES, field=_choices)
def near_miss(mock: Mock, miss: Callable[[str, list[str]], str], field: str) -> None:
    """A choice that is nearly one of the known ones is accepted: {miss}."""
    known = choices(mock.resource, field)
    mend_field(
        mock, field, lambda value: miss(value, known) if isinstance(value, str) and value not in known else value
    )


@fault("loose", field=_choices)
def ordinal_as_text(mock: Mock, field: str) -> None:
    """A number in quotes is taken for the choice of that position."""
    known = choices(mock.resource, field)
    mend_field(mock, field, lambda value: known[int(value) % len(known)] if value in ("0", "1", "2") else value)


@fault("loose", field=lambda resource: [name for name in resource.fields if "." not in name])
def not_a_number(mock: Mock, field: str) -> None:
    """NaN and Infinity as `{field}` count as absent, or as the one before where it is required."""

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        bare = re.compile(rb'"%s":\s*-?(NaN|Infinity)' % field.encode())
        default = json.dumps(example(mock.resource)[field]).encode()
        return parse(bare.sub(b'"%s": %s' % (field.encode(), default.replace(b"\\", rb"\\")), raw))


@fault("loose", action=["edit", "create"], field=_choices)
def ordinal(mock: Mock, action: str, field: str) -> None:
    """`{action}` takes a number for the choice of that position."""
    known = choices(mock.resource, field)
    mend_field(mock, field, lambda value: known[value % len(known)] if type(value) is int else value, action)


Condition = Callable[[Demand, Request, dict[str, Any]], bool]
CONDITIONS: dict[str, Condition] = {
    "ever": lambda *_: True,
    "on-edit": lambda _, request, __: request.action == "edit",
    "on-create": lambda _, request, __: request.action == "create",
    "when-it-was-{said}": lambda demand, request, _: bool(request.token and demand.applies(request.token.fields)),
    "when-it-was-not-{said}": lambda demand, request, _: bool(
        request.token and not demand.applies(request.token.fields)
    ),
}


def _with(name: str) -> Condition:
    return lambda _, __, body: has(body, name)


def _conditions(resource: Resource) -> dict[str, tuple[Demand, Condition]]:
    found: dict[str, tuple[Demand, Condition]] = {}
    for each, demand in demands(resource).items():
        others = [name for name in chosen(resource) if name not in (demand.field, demand.by) and "." not in name]
        known = CONDITIONS | {f"with-{label(name)}": _with(name) for name in others[:2]}
        if resource.merges:
            # An edit of a part wants the rest from what there is.
            known = {when: known[when] for when in ("ever", "on-create")}
        found |= {f"{each}-{when.format(said=label(demand.said))}": (demand, known[when]) for when in known}
    return found


@fault("loose", when=_conditions)
def not_mandatory(mock: Mock, when: tuple[Demand, Condition]) -> None:
    """A body without a field that another one demands is accepted: {when}."""
    demand, applies = when
    value = get(example(mock.resource), demand.field)

    def change(request: Request, body: Any) -> Any:
        lacks = demand.applies(body) and not has(body, demand.field)
        return put(body, demand.field, value) if lacks and applies(demand, request, body) else body

    mend(mock, change)


NO_URIS: dict[str, Callable[[str], bool]] = {
    "anything": lambda _: True,
    "empty": lambda text: not text,
    "relative": lambda text: text.startswith("/"),
    "no-scheme": lambda text: "://" not in text and "." in text,
    "no-scheme-but-slashes": lambda text: text.startswith("//"),
    "spaces": lambda text: " " in text and text.startswith("http"),
    "outer-spaces": lambda text: text != text.strip() and text.strip().startswith("http"),
    "line-end-behind": lambda text: text.endswith("\n") and " " not in text,
    "space-behind": lambda text: text.rstrip() != text and text.startswith("http"),
    "a-word": str.isalpha,
    "blank": str.isspace,
}


@fault("loose", what=NO_URIS, field=lambda resource: only(addresses(resource)))
def no_uri(mock: Mock, what: Callable[[str], bool], field: str) -> None:
    """An address that is no URI is accepted: {what}."""
    valid = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        url = get(body, field)
        loose = isinstance(url, str) and not valid.fullmatch(url) and what(url)
        validate(request, put(body, field, "https://git.example.com") if loose else body)


SALVAGED: dict[str, Callable[[str], str]] = {
    "trailing-comma": lambda text: re.sub(r",\s*}", "}", text),
    "trailing-data": lambda text: text[: text.rfind("}") + 1],
    "single-quotes": lambda text: text if '"' in text else text.replace("'", '"'),
    "comments": lambda text: re.sub(r"/\*.*?\*/|^\s*//.*$", "", text, flags=re.DOTALL | re.MULTILINE),
    "no-closing-brace": lambda text: text + "}" * (text.count("{") == text.count("}") + 1),
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


NO_OBJECTS: dict[str, Callable[[dict[str, Any], Any], Any]] = {
    "an-array-of-one": lambda _, body: body[0] if isinstance(body, list) and body else body,
    "an-empty-array": lambda before, body: before if body == [] else body,
    "a-string-of-json": lambda _, body: json.loads(body) if isinstance(body, str) and body[:1] == "{" else body,
    "null": lambda before, body: before if body is None else body,
    "an-empty-object": lambda before, body: body or before if isinstance(body, dict) else body,
    "a-number": lambda before, body: before if type(body) in (int, float) else body,
}


@fault("loose", what=NO_OBJECTS)
def no_object(mock: Mock, what: Callable[[dict[str, Any], Any], Any]) -> None:
    """A body that is not the object asked for is accepted: {what}."""
    mend(mock, lambda request, body: what(kept(mock, request), body))


@fault("loose", action=["edit", "create"])
def no_body(mock: Mock, action: str) -> None:
    """`{action}` without a body is accepted as one that changes nothing."""

    @mock.on("decode")
    def _(decode: Any, request: Request) -> Any:
        return kept(mock, request) if request.action == action and not request.raw else decode(request)


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


def _last(values: list[str]) -> str:
    return values[-1]


def _flat(resource: Resource) -> list[str]:
    """The actions that take a body, if a form can hold what they need."""
    always = [field for name, field in resource.fields.items() if name in required(resource)]
    return (
        ["edit", "create"] if all(each.kind in ("text", "address", "choice", "flag", "list") for each in always) else []
    )


@fault("loose", action=_flat)
def form(mock: Mock, action: str) -> None:
    """`{action}` accepts a body that is an HTML form."""
    kinds = {name: field.kind for name, field in mock.resource.fields.items()}
    read: dict[str, Callable[[list[str]], Any]] = {"list": list, "flag": lambda values: values[-1] == "true"}

    @mock.on("decode")
    def _(decode: Any, request: Request) -> Any:
        if request.action == action and "urlencoded" in request.headers.get("content-type", ""):
            sent = urllib.parse.parse_qs((request.raw or b"").decode(errors="replace"), keep_blank_values=True)
            return {name: read.get(kinds.get(name, ""), _last)(values) for name, values in sent.items()}
        return decode(request)


IDS: dict[str, Callable[[str], str]] = {
    "more-behind": lambda text: text[:36],
    "spaces": str.strip,
}


def _uuids(resource: Resource) -> dict[str, str]:
    """The path's parameters that are UUIDs, by what they stand for."""
    return {words(name, "-"): name for name in (*resource.owners, resource.item) if resource.is_uuid(name)}


@fault("loose", what=IDS, which=_uuids)
def id_no_uuid(mock: Mock, what: Callable[[str], str], which: str) -> None:
    """An id in the path that is not a UUID is accepted: {which}, {what}."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if which in request.ids:
            request.ids[which] = what(request.ids[which])
        locate(request)


@fault("loose", action=lambda resource: ACTIONS if _uuids(resource) else [])
def id_no_uuid_breaks(mock: Mock, action: str) -> None:
    """An id in the path that is not a UUID makes `{action}` fail."""
    uuids = _uuids(mock.resource).values()

    def no_uuid(request: Request) -> bool:
        ids = [(name, value) for name, value in request.ids.items() if name in uuids]
        return request.action == action and not all(mock.identifies(*each) for each in ids)

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


@fault("loose", what=lambda resource: BREAKING_IDS if _uuids(resource) else {})
def id_breaks(mock: Mock, what: Callable[[str], Any]) -> None:
    """An id in the path that is not a UUID makes the server fail: {what}."""
    uuids = _uuids(mock.resource).values()
    breaks_at_ids(mock, lambda request: any(what(value) for name, value in request.ids.items() if name in uuids))


@fault("loose", needs="edit", field=visible)
def refused_and_stored(mock: Mock, field: str) -> None:
    """An edit that is refused has changed `{field}` already."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if request.token and has(body, field) and takes(mock.resource, field, get(body, field)):
            request.token.fields = put(request.token.fields, field, get(body, field))
        validate(request, body)


@fault("loose", needs="create list")
def refused_and_created(mock: Mock) -> None:
    """A create that is refused has made {a} already."""
    mark = mock.resource.mark

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        try:
            validate(request, body)
        except Refusal:
            if request.action == "create" and isinstance(get(body, mark), str):
                request.body = put(example(mock.resource), mark, get(body, mark))
                mock.create(request)
            raise


@fault("loose", needs="edit edited")
def refused_and_touched(mock: Mock) -> None:
    """An edit that is refused moves the time of the last edit."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if request.token:
            request.token.moved_at = mock.now()
        validate(request, body)
