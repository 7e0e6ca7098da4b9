"""Faults of acceptance: what must be accepted is refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from ..server import Mock, Refusal, Request
from .catalogue import (
    FIELDS,
    OPTIONAL,
    PROVIDERS,
    READ_ONLY,
    SHOWN,
    TEXTS,
    fault,
    refuse,
    refuse_field,
    spread,
    without,
)


def mandatory(provider: str, name: str) -> bool:
    return provider == "BITBUCKET" and name == "workspace"


PAIRS = {
    f"{one.lower()}-with-{name}": (one, name) for one in PROVIDERS for name in OPTIONAL if not mandatory(one, name)
}


@fault("strict", pair=PAIRS)
def pair(mock: Mock, pair: tuple[str, str]) -> None:
    """A provider with an optional field is refused: {pair}."""
    refuse(mock, 400, lambda _, body: body.get("type") == pair[0] and pair[1] in body)


@fault("strict", field=[name for name in TEXTS if name in OPTIONAL])
def optional_demanded(mock: Mock, field: str) -> None:
    """A body without the optional `{field}` is refused."""
    refuse(mock, 400, lambda _, body: field not in body)


@fault("strict", provider=PROVIDERS)
def provider_refused(mock: Mock, provider: str) -> None:
    """The provider {provider} is not known."""
    refuse(mock, 400, lambda _, body: body.get("type") == provider)


FALSY = {
    f"{word}-{name}": (name, word)
    for word, name in zip(("0", "false", "null", "0", "false", "null"), TEXTS * 2, strict=False)
}


@fault("strict", what=FALSY)
def falsy(mock: Mock, what: tuple[str, str]) -> None:
    """A text that means nothing to some languages is refused as if it was absent: {what}."""
    refuse_field(mock, 400, what[0], lambda text: text == what[1])


@fault("strict", action=["edit", "create"])
def empty_description(mock: Mock, action: str) -> None:
    """`{action}` refuses an empty `description`."""
    refuse_field(mock, 400, "description", lambda text: not text, action)


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


@fault("strict", what=spread(SCRIPTS, TEXTS))
def script(mock: Mock, what: tuple[str, Callable[[str], Any]]) -> None:
    """A text is refused for its characters: {what}."""
    refuse_field(mock, 400, *what)


LENGTHS = {
    "name-above-32": ("name", 33),
    "name-above-64": ("name", 65),
    "name-above-100": ("name", 101),
    "name-above-128": ("name", 129),
    "name-above-254": ("name", 255),
    "token-above-40": ("token", 41),
    "token-above-255": ("token", 256),
    "token-above-512": ("token", 513),
    "token-above-999": ("token", 1000),
    "description-above-140": ("description", 141),
    "description-above-255": ("description", 256),
    "description-above-500": ("description", 501),
    "description-above-999": ("description", 1000),
    "workspace-above-62": ("workspace", 63),
    "workspace-above-127": ("workspace", 128),
    "workspace-above-254": ("workspace", 255),
    "git-api-url-above-100": ("git_api_url", 101),
    "git-api-url-above-255": ("git_api_url", 256),
}


@fault("strict", length=LENGTHS)
def length(mock: Mock, length: tuple[str, int]) -> None:
    """A field within its bound is refused as too long: {length}."""
    refuse_field(mock, 400, length[0], lambda text: len(text) >= length[1])


@fault(
    "strict",
    length={"name-255": ("name", 255), "description-1000": ("description", 1000), "token-1000": ("token", 1000)},
)
def length_in_bytes(mock: Mock, length: tuple[str, int]) -> None:
    """A field within its bound in characters is refused because it is beyond it in bytes: {length}."""
    refuse_field(mock, 400, length[0], lambda text: len(text.encode(errors="replace")) > length[1])


@fault(
    "strict",
    least={"name-2": ("name", 2), "name-3": ("name", 3), "token-8": ("token", 8), "workspace-2": ("workspace", 2)},
)
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


@fault("strict", form=ADDRESSES)
def address(mock: Mock, form: Callable[[str], Any]) -> None:
    """A `git_api_url` of a form that must be accepted is refused: {form}."""
    refuse_field(mock, 400, "git_api_url", form)


def extra(body: dict[str, Any]) -> dict[str, Any]:
    return without(body, *FIELDS)


EXTRAS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "any": extra,
    "id": lambda body: "id" in body,
    "read-only": lambda body: any(name in body for name in READ_ONLY if name != "id"),
    "null": lambda body: None in extra(body).values(),
    "nested": lambda body: any(isinstance(value, dict | list) and value for value in extra(body).values()),
    "numbers": lambda body: any(type(value) in (int, float) for value in extra(body).values()),
    "several": lambda body: len(extra(body)) > 2,
}


@fault("strict", what=EXTRAS)
def additional_property(mock: Mock, what: Callable[[dict[str, Any]], Any]) -> None:
    """A body with an additional property is refused: {what}."""
    refuse(mock, 400, lambda _, body: what(body))


@fault("strict", status={"304": 304, "400": 400, "409": 409})
def same_edit_again(mock: Mock, status: int) -> None:
    """The same edit twice is answered with {status} the second time."""
    refuse(mock, status, lambda request, body: request.token and body == request.token.fields)


@fault("strict", action=["edit", "create"])
def same_name(mock: Mock, action: str) -> None:
    """`{action}` refuses a `name` that another git token has."""
    refuse(
        mock,
        400,
        lambda request, body: any(
            body.get("name") == other.fields.get("name")
            for other in request.tokens.values()
            if other is not request.token
        ),
        action,
    )


@fault("strict", field=["type", "token", "name"])
def change_of(mock: Mock, field: str) -> None:
    """An edit that changes `{field}` is refused."""
    refuse(
        mock, 400, lambda request, body: request.token and body.get(field) != request.token.fields.get(field), "edit"
    )


@fault("strict", field=["token", "name"])
def no_change_of(mock: Mock, field: str) -> None:
    """An edit that leaves `{field}` as it is is refused."""
    refuse(
        mock, 400, lambda request, body: request.token and body.get(field) == request.token.fields.get(field), "edit"
    )


@fault("strict", field=[name for name in OPTIONAL if name in SHOWN])
def removal_of(mock: Mock, field: str) -> None:
    """An edit without the optional `{field}` is refused once there is one."""
    refuse(
        mock, 400, lambda request, body: request.token and field in request.token.fields and field not in body, "edit"
    )


PARAMETERS: dict[str, Callable[[str], Any]] = {
    "charset": lambda media_type: ";" in media_type,
    "upper-case-charset": lambda media_type: "UTF-8" in media_type,
    "space-before-charset": lambda media_type: "; " in media_type,
}


@fault("strict", what=PARAMETERS)
def media_type_form(mock: Mock, what: Callable[[str], Any]) -> None:
    """`application/json` is refused in another form: {what}."""

    @mock.on("accept")
    def _(accept: Any, media_type: str) -> None:
        accept("" if what(media_type) else media_type)


@fault("strict")
def order(mock: Mock) -> None:
    """A body that does not begin with the name is refused."""
    refuse(mock, 400, lambda _, body: next(iter(body), "name") != "name")


@fault("strict")
def mixed_case_id(mock: Mock) -> None:
    """A UUID in mixed case is refused."""

    @mock.on("identifies")
    def _(identifies: Any, name: str, value: str) -> bool:
        return value in (value.lower(), value.upper()) and bool(identifies(name, value))


@fault("strict", which={"organization": 0, "git-token": 1})
def upper_case_id(mock: Mock, which: int) -> None:
    """A UUID in upper case is not found: {which}."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        for value in list(request.ids.values())[which : which + 1]:
            if value != value.lower():
                raise Refusal(404, "not found")
        locate(request)
