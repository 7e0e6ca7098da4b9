"""Faults of acceptance: what must be accepted is refused."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from ...contract.fields import get, has
from ...contract.resource import Resource
from ..facts import (
    addresses,
    bound,
    choices,
    chosen,
    demands,
    first,
    free,
    label,
    only,
    optional,
    prose,
    required,
    sized,
    spread,
    takes,
    texts,
    whose,
)
from ..messages import Refusal, Request
from ..server import Mock
from .catalogue import fault, refuse, refuse_field, without


def mandatory(resource: Resource, choice: str, name: str) -> bool:
    """Does a choice demand a field?"""
    every = demands(resource).values()
    return any(each.by == resource.switch and choice in each.values and each.field == name for each in every)


def pairs(resource: Resource) -> dict[str, tuple[str, str]]:
    """Each choice with each field that may then be left out."""
    return {
        f"{one.lower()}-with-{name}": (one, name)
        for one in choices(resource)
        for name in optional(resource)
        if not mandatory(resource, one, name)
    }


@fault("strict", pair=pairs)
def pair(mock: Mock, pair: tuple[str, str]) -> None:
    """A choice with an optional field is refused: {pair}."""
    refuse(mock, 400, lambda _, body: get(body, str(mock.resource.switch)) == pair[0] and has(body, pair[1]))


@fault("strict", field=lambda resource: [name for name in texts(resource) if name in optional(resource)])
def optional_demanded(mock: Mock, field: str) -> None:
    """A body without the optional `{field}` is refused."""
    outer = field.rpartition(".")[0]
    refuse(mock, 400, lambda _, body: not has(body, field) and (not outer or has(body, outer)))


def _choices(resource: Resource) -> dict[str, tuple[str, str]]:
    fields = list(resource.of_kind("choice"))
    return {
        f"{name}-{choice}" if len(fields) > 1 else choice: (name, choice)
        for name in fields
        for choice in choices(resource, name)
    }


@fault("strict", choice=_choices)
def choice_refused(mock: Mock, choice: tuple[str, str]) -> None:
    """One of the choices is not known: {choice}."""
    refuse(mock, 400, lambda _, body: get(body, choice[0]) == choice[1])


def _falsy(resource: Resource) -> dict[str, tuple[str, str]]:
    """Words that mean nothing to some languages, in texts that may hold them."""
    pairs = zip(("0", "false", "null", "0", "false", "null"), free(resource) * 2, strict=False)
    return {f"{word}-{name}": (name, word) for word, name in pairs}


@fault("strict", what=_falsy)
def falsy(mock: Mock, what: tuple[str, str]) -> None:
    """A text that means nothing to some languages is refused as if it was absent: {what}."""
    refuse_field(mock, 400, what[0], lambda text: text == what[1])


def _empty(resource: Resource) -> list[str]:
    """The first field that may be an empty text."""
    return [name for name in prose(resource) if takes(resource, name, "")][:1]


@fault("strict", text=_empty, action=["edit", "create"])
def empty(mock: Mock, text: str, action: str) -> None:
    """`{action}` refuses a text that is empty, and may be."""
    refuse_field(mock, 400, text, lambda value: not value, action)


SCRIPTS: dict[str, Callable[[str], Any]] = {
    "not-ascii": lambda text: not text.isascii(),
    "not-latin-1": lambda text: any(character > "\xff" for character in text),
    "beyond-the-basic-plane": lambda text: any(character > "\uffff" for character in text),
    "combining": lambda text: any(map(unicodedata.combining, text)),
    "right-to-left": lambda text: any(unicodedata.bidirectional(character) in ("R", "AL") for character in text),
    "ideographs": lambda text: any("\u3000" <= character <= "\u9fff" for character in text),
    "not-a-word-character": lambda text: re.search(r"[^\w .-]", text),
    "inner-space": lambda text: " " in text.strip(),
    "outer-space": lambda text: text != text.strip(),
    "angle-bracket": lambda text: "<" in text or ">" in text,
    "upper-case": lambda text: text != text.lower(),
    "leading-digit": lambda text: text[:1].isdigit(),
    "hyphen": lambda text: "-" in text,
    "slash": lambda text: "/" in text,
    "format-character": lambda text: any(unicodedata.category(character) == "Cf" for character in text),
}


@fault("strict", what=spread(SCRIPTS, free))
def script(mock: Mock, what: tuple[str, Callable[[str], Any]]) -> None:
    """A text is refused for its characters: {what}."""
    refuse_field(mock, 400, *what)


def _lengths(resource: Resource) -> dict[str, tuple[str, int]]:
    """Bounds of storage that are within what must be accepted, and one character less than that."""
    short, long = ((32, 64, 100, 128, -1), (62, 127, -1)), ((40, 255, 512, -1), (140, 255, 500, -1))
    return {
        f"{label(name)}-above-{most if most > 0 else limit - 1}": (name, (most if most > 0 else limit - 1) + 1)
        for name, limit, most in sized(resource, short, long, (100, 255))
        if most < limit
    }


@fault("strict", length=_lengths)
def length(mock: Mock, length: tuple[str, int]) -> None:
    """A field within its bound is refused as too long: {length}."""
    refuse_field(mock, 400, length[0], lambda text: len(text) >= length[1])


def _bytes(resource: Resource) -> dict[str, tuple[str, int]]:
    limits = {name: bound(resource.fields[name]) for name in free(resource)[:3]}
    return {f"{name}-{limit}": (name, limit) for name, limit in limits.items()}


@fault("strict", length=_bytes)
def length_in_bytes(mock: Mock, length: tuple[str, int]) -> None:
    """A field within its bound in characters is refused because it is beyond it in bytes: {length}."""
    refuse_field(mock, 400, length[0], lambda text: len(text.encode(errors="replace")) > length[1])


def _least(resource: Resource) -> dict[str, tuple[str, int]]:
    """Texts of one character that must be accepted, and how long they had to be."""
    names = [name for name in texts(resource) if takes(resource, name, "x") and not takes(resource, name, "")]
    turns = itertools.cycle(((2, 3), (8,), (2,)))
    return {f"{name}-{least}": (name, least) for name, turn in zip(names, turns, strict=False) for least in turn}


@fault("strict", least=_least)
def too_short(mock: Mock, least: tuple[str, int]) -> None:
    """A text is refused as too short: {least} characters at least."""
    refuse_field(mock, 400, least[0], lambda text: len(text) < least[1])


ADDRESSES: dict[str, Callable[[str], Any]] = {
    "upper-case-scheme": lambda url: url.startswith("HTTP"),
    "many-labels": lambda url: url.partition("//")[2].partition("/")[0].count(".") > 20,
    "http": lambda url: url.startswith("http:"),
    "port": lambda url: re.match(r"https?://[^/]*:\d+", url),
    "high-port": lambda url: re.match(r"https?://[^/]*:[1-9]\d{4}", url),
    "ipv6": lambda url: "[" in url,
    "ipv4": lambda url: re.match(r"https?://[\d.]+(?=[:/]|$)", url),
    "no-dot": lambda url: re.match(r"https?://[^/.:\[]+(?=[:/?]|$)", url),
    "path": lambda url: re.match(r"https?://[^/]*/.", url),
    "no-path": lambda url: re.fullmatch(r"https?://[^/]*", url),
    "trailing-slash": lambda url: url.endswith("/"),
    "query": lambda url: "?" in url,
    "percent-encoded": lambda url: "%" in url,
    "tilde": lambda url: "~" in url,
    "upper-case-host": lambda url: (
        url.partition("//")[2].partition("/")[0] != url.partition("//")[2].partition("/")[0].lower()
    ),
    "other-host": lambda url: not re.search(r"(github|gitlab|bitbucket|example)", url),
    "hyphen-in-host": lambda url: "-" in url.partition("//")[2].partition("/")[0],
}


@fault("strict", form=ADDRESSES, field=lambda resource: only(addresses(resource)))
def address(mock: Mock, form: Callable[[str], Any], field: str) -> None:
    """An address of a form that must be accepted is refused: {form}."""
    refuse_field(mock, 400, field, form)


def extra(mock: Mock, body: dict[str, Any]) -> dict[str, Any]:
    """The properties of a body that the contract does not know."""
    return without(body, *mock.resource.fields)


def _nested(extra: dict[str, Any]) -> bool:
    return any(isinstance(value, dict | list) and value for value in extra.values())


EXTRAS: dict[str, Callable[[Resource, dict[str, Any]], Any]] = {
    "any": lambda _, extra: extra,
    "id": lambda resource, extra: resource.id in extra,
    "empty-id": lambda resource, extra: extra.get(resource.id) == "",
    "read-only": lambda resource, extra: any(name in extra for name in resource.read_only if name != resource.id),
    "null": lambda _, extra: None in extra.values(),
    "nested": lambda _, extra: _nested(extra),
    "numbers": lambda _, extra: any(type(value) in (int, float) for value in extra.values()),
    "several": lambda _, extra: len(extra) > 2,
}


@fault("strict", what=EXTRAS)
def additional_property(mock: Mock, what: Callable[[Resource, dict[str, Any]], Any]) -> None:
    """A body with an additional property is refused: {what}."""
    refuse(mock, 400, lambda _, body: what(mock.resource, extra(mock, body)))


@fault("strict", needs="edit", status={"304": 304, "400": 400, "409": 409})
def same_edit_again(mock: Mock, status: int) -> None:
    """The same edit twice is answered with {status} the second time."""
    refuse(mock, status, lambda request, body: request.token and body == request.token.fields)


@fault("strict", called="same-{mark}", mark=lambda resource: first([resource.mark]), action=["edit", "create"])
def same_name(mock: Mock, mark: str, action: str) -> None:
    """`{action}` refuses a text by which items are told apart that another {noun} has."""
    refuse(
        mock,
        400,
        lambda request, body: any(
            has(body, mark) and get(body, mark) == get(other.fields, mark)
            for other in request.tokens.values()
            if other is not request.token
        ),
        action,
    )


def _changing(resource: Resource) -> list[str]:
    """The choice, the secret and the text that every body has."""
    always = [name for name in required(resource) if name in resource.leaves]
    kinds = [resource.switch, *(name for name in resource.secrets if name in always), resource.mark]
    return list(dict.fromkeys(name for name in kinds if name in always))


def _changes(field: str, request: Request, body: dict[str, Any]) -> bool | None:
    """Does an edit change a field? None if it is none, or does not mention it."""
    return get(body, field) != get(request.token.fields, field) if request.token and has(body, field) else None


@fault("strict", needs="edit", field=_changing)
def change_of(mock: Mock, field: str) -> None:
    """An edit that changes `{field}` is refused."""
    refuse(mock, 400, lambda request, body: _changes(field, request, body), "edit")


@fault("strict", needs="edit", field=lambda resource: [name for name in _changing(resource) if name != resource.switch])
def no_change_of(mock: Mock, field: str) -> None:
    """An edit that leaves `{field}` as it is is refused."""
    refuse(mock, 400, lambda request, body: _changes(field, request, body) is False, "edit")


@fault("strict", needs="replace", field=chosen)
def removal_of(mock: Mock, field: str) -> None:
    """An edit without the optional `{field}` is refused once there is one."""
    refuse(
        mock,
        400,
        lambda request, body: request.token and has(request.token.fields, field) and not has(body, field),
        "edit",
    )


PARAMETERS: dict[str, Callable[[str], Any]] = {
    "charset": lambda media_type: ";" in media_type,
    "upper-case-charset": lambda media_type: "UTF-8" in media_type,
    "charset-in-quotes": lambda media_type: '"' in media_type,
    "space-before-charset": lambda media_type: "; " in media_type,
}


@fault("strict", what=PARAMETERS)
def media_type_form(mock: Mock, what: Callable[[str], Any]) -> None:
    """`application/json` is refused in another form: {what}."""

    @mock.on("accept")
    def _(accept: Any, media_type: str) -> None:
        accept("" if what(media_type) else media_type)


@fault("strict", front=lambda resource: first(resource.fields))
def order(mock: Mock, front: str) -> None:
    """A body that does not begin with the first field is refused."""
    refuse(mock, 400, lambda _, body: front in body and next(iter(body)) != front)


@fault("strict", which=lambda resource: {"": True} if any(map(resource.is_uuid, resource.parameters)) else {})
def mixed_case_id(mock: Mock, which: bool) -> None:  # noqa: ARG001
    """A UUID in mixed case is refused."""

    @mock.on("identifies")
    def _(identifies: Any, name: str, value: str) -> bool:
        return (value in (value.lower(), value.upper()) or not mock.resource.is_uuid(name)) and bool(
            identifies(name, value)
        )


@fault(
    "strict", which=lambda resource: {each: name for each, name in whose(resource).items() if resource.is_uuid(name)}
)
def upper_case_id(mock: Mock, which: str) -> None:
    """A UUID in upper case is not found: {which}."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        value = request.ids.get(which, "")
        if value != value.lower():
            raise Refusal(404, "not found")
        locate(request)
