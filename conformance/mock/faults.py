"""The catalogue of faults: each makes the healthy mock wrong in one way, which its docstring says.

Fields, providers and operations come from the contract. The groups are the classes of what a suite has to find.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import html
import itertools
import json
import re
import unicodedata
import urllib.parse
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from starlette.types import Receive, Send

from ..contract.contract import Contract
from .change import Catalogue
from .server import MAX_BODY, Answer, GitToken, Mock, Refusal, Request

CONTRACT = Contract.load()
REQUEST = CONTRACT.request_schema["properties"]
ANSWER = (CONTRACT.operations["editGitToken"].response_schema or {})["properties"]
PROMISED = (CONTRACT.operations["editGitToken"].response_schema or {})["required"]
EXAMPLE = {name: value for body in reversed(CONTRACT.examples.values()) for name, value in body.items()}

FIELDS = list(REQUEST)
REQUIRED = list(CONTRACT.request_schema["required"])
OPTIONAL = [name for name in FIELDS if name not in REQUIRED]
SHOWN = [name for name in FIELDS if name in ANSWER and not REQUEST[name].get("writeOnly")]
PROVIDERS = list(REQUEST["type"]["enum"])
TEXTS = [name for name in FIELDS if "enum" not in REQUEST[name] and REQUEST[name].get("format") != "uri"]
PROSE = [name for name in TEXTS if name in SHOWN]
READ_ONLY = [name for name in ANSWER if name not in FIELDS]

WRITES = ["edit", "create", "delete"]
READS = ["get", "list", "services"]
ACTIONS = ["edit", "create", "get", "list", "delete", "services"]

HANG = 60  # seconds

FAULTS = Catalogue()
fault = FAULTS.add


def spread(triggers: Mapping[str, Any], fields: Iterable[str]) -> dict[str, tuple[str, Any]]:
    """Each trigger in one field, the fields taking turns."""
    return {f"{label}-{name}": (name, triggers[label]) for label, name in zip(triggers, itertools.cycle(fields))}


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def mend(mock: Mock, change: Callable[[Request, Any], Any], *actions: str) -> None:
    """Validates, and uses, the body as `change` has made it: what that mends goes unnoticed."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if not actions or request.action in actions:
            request.body = body = change(request, body)
        validate(request, body)


def mend_field(mock: Mock, name: str, change: Callable[[Any], Any], *actions: str) -> None:
    """The same for one field of a body that has it."""

    def mended(_: Request, body: Any) -> Any:
        return {**body, name: change(body[name])} if isinstance(body, dict) and name in body else body

    mend(mock, mended, *actions)


def refuse(mock: Mock, status: int, when: Callable[[Request, dict[str, Any]], Any], *actions: str) -> None:
    """Refuses objects of a kind with this status before they are validated."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if isinstance(body, dict) and (not actions or request.action in actions) and when(request, body):
            raise Refusal(status, "cannot do that")
        validate(request, body)


def refuse_field(mock: Mock, status: int, name: str, when: Callable[[str], Any], *actions: str) -> None:
    """The same by the text of one field."""
    refuse(mock, status, lambda _, body: isinstance(body.get(name), str) and when(body[name]), *actions)


def answers(mock: Mock, *actions: str) -> Callable[[Callable[[Request, Answer], None]], None]:
    """Decorates a change of the successful answers of some operations."""

    def decorate(change: Callable[[Request, Answer], None]) -> None:
        @mock.on("perform")
        def _(perform: Any, request: Request) -> Answer:
            answer: Answer = perform(request)
            if request.action in actions:
                change(request, answer)
            return answer

    return decorate


def opens(mock: Mock, when: Callable[[Request], Any]) -> None:
    """Opens every organization to requests of a kind."""

    @mock.on("organization")
    def _(organization: Any, request: Request, name: str) -> Any:
        if name in mock.organizations and when(request):
            return mock.organizations[name]
        return organization(request, name)


def breaks_at_ids(mock: Mock, when: Callable[[Request], Any]) -> None:
    """Fails before the ids in the path of requests of a kind are judged."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if when(request):
            raise Refusal(500, "internal error")
        locate(request)


def shows(mock: Mock, *actions: str) -> Callable[[Callable[[GitToken, dict[str, Any]], dict[str, Any]]], None]:
    """Decorates a change of how some operations show a git token."""

    def decorate(change: Callable[[GitToken, dict[str, Any]], dict[str, Any]]) -> None:
        @mock.on("show")
        def _(show: Any, request: Request, token: GitToken) -> dict[str, Any]:
            shown: dict[str, Any] = show(request, token)
            return change(token, shown) if request.action in actions else shown

    return decorate


def stores(mock: Mock, *actions: str) -> Callable[[Callable[[Request, dict[str, Any]], dict[str, Any]]], None]:
    """Decorates a change of what some operations store."""

    def decorate(change: Callable[[Request, dict[str, Any]], dict[str, Any]]) -> None:
        @mock.on("store")
        def _(store: Any, request: Request, token: GitToken, body: dict[str, Any]) -> None:
            store(request, token, change(request, body) if request.action in actions else body)

    return decorate


def refusals(mock: Mock, *statuses: int) -> Callable[[Callable[[Request, Answer], None]], None]:
    """Decorates a change of the answers with these error statuses."""

    def decorate(change: Callable[[Request, Answer], None]) -> None:
        @mock.on("refuse")
        def _(refuse: Any, request: Request, refusal: Refusal) -> Answer:
            answer: Answer = refuse(request, refusal)
            if refusal.status in statuses:
                change(request, answer)
            return answer

    return decorate


def kept(request: Request) -> dict[str, Any]:
    """What the git token under edit holds, or something valid."""
    return request.token.fields if request.token else EXAMPLE


def secret(request: Request) -> str:
    """The git token's value as sent with this request or stored before."""
    body = request.body if isinstance(request.body, dict) else {}
    return str(body.get("token") or kept(request).get("token"))


# Credentials: who is let in, and how the others are sent away.


@fault("credentials", action=ACTIONS)
def none_needed(mock: Mock, action: str) -> None:
    """`{action}` needs no credentials."""

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        if request.action != action or "authorization" in request.headers:
            authenticate(request)


ACCEPTED: dict[str, Callable[[str, str, dict[str, str]], bool]] = {
    "any-value": lambda scheme, value, right: scheme in right and bool(value),
    "an-empty-value": lambda scheme, value, right: scheme in right and not value,
    "any-jwt": lambda scheme, value, _: scheme == "bearer" and value.count(".") == 2,
    "any-scheme": lambda _, value, right: value in right.values(),
    "the-other-scheme": lambda scheme, value, right: value in [right[other] for other in right if other != scheme],
    "basic": lambda scheme, value, right: scheme == "basic" and value in right.values(),
    "no-scheme": lambda scheme, value, right: not value and scheme in [right[one].lower() for one in right],
    "more-behind-the-api-token": lambda scheme, value, right: scheme == "token" and value.startswith(right[scheme]),
    "more-behind-the-jwt": lambda scheme, value, right: scheme == "bearer" and value.startswith(right[scheme]),
    "more-before": lambda scheme, value, right: scheme in right and value.endswith(right[scheme]),
    "half-of-it": lambda scheme, value, right: scheme in right and len(value) > 8 and right[scheme].startswith(value),
    "another-case": lambda scheme, value, right: scheme in right and value.lower() == right[scheme].lower(),
    "another-signature": lambda scheme, value, right: (
        scheme == "bearer" and value.rpartition(".")[0] == right[scheme].rpartition(".")[0]
    ),
}


@fault("credentials", what=ACCEPTED)
def accepted(mock: Mock, what: Callable[[str, str, dict[str, str]], bool]) -> None:
    """Credentials that are not right are accepted: {what}."""

    @mock.on("authentic")
    def _(authentic: Any, scheme: str, value: str) -> bool:
        return bool(authentic(scheme, value) or what(scheme, value, mock.credentials))


# Where the API token itself is refused, nobody can tell the server's fault from the user's.
@fault("credentials", scheme=["bearer"])
def right_ones_refused(mock: Mock, scheme: str) -> None:
    """The right credentials of the scheme {scheme} are refused."""
    del mock.credentials[scheme]


@fault("credentials", status={"200": 200, "302": 302, "400": 400, "403": 403, "404": 404, "500": 500})
def wrong_status(mock: Mock, status: int) -> None:
    """Without valid credentials the answer is {status} instead of 401."""

    @refusals(mock, 401)
    def _(_: Request, answer: Answer) -> None:
        answer.status = status


@fault("credentials", action=WRITES)
def done_and_refused(mock: Mock, action: str) -> None:
    """`{action}` without valid credentials is carried out, then answered with 401."""

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        try:
            authenticate(request)
        except Refusal:
            if request.action == action:
                with contextlib.suppress(Refusal):
                    mock.proceed(request)
            raise


@fault(
    "credentials", what={"no-space": lambda value: " " not in value, "two-spaces": lambda value: value.count(" ") > 1}
)
def malformed_header_breaks(mock: Mock, what: Callable[[str], bool]) -> None:
    """An Authorization header that is not a scheme and one value ({what}) makes the server fail."""

    @mock.on("authenticate")
    def _(authenticate: Any, request: Request) -> None:
        if what(request.headers.get("authorization", "Token x")):
            raise Refusal(500, "internal error")
        authenticate(request)


# Refusals that are missing: what must be refused and is accepted.


@fault("loose", field=REQUIRED, action=["edit", "create"])
def absent(mock: Mock, field: str, action: str) -> None:
    """`{action}` accepts a body without `{field}`."""
    mend(mock, lambda request, body: {field: kept(request)[field], **body} if isinstance(body, dict) else body, action)


@fault("loose", field=FIELDS)
def null(mock: Mock, field: str) -> None:
    """A `{field}` that is null counts as absent, or as the one before where it is required."""

    def change(request: Request, body: Any) -> Any:
        if not isinstance(body, dict) or body.get(field, "") is not None:
            return body
        return {**body, field: kept(request)[field]} if field in REQUIRED else without(body, field)

    mend(mock, change)


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
            request.token.updated_at = mock.now()
        validate(request, body)


# Refusals that are wrong: what must be accepted and is refused.


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


# Answers: what they look like.


@fault("answers", field=PROMISED)
def field_missing(mock: Mock, field: str) -> None:
    """The answer to an edit lacks `{field}`."""
    shows(mock, "edit")(lambda _, shown: without(shown, field))


@fault(
    "answers",
    what={
        f"{name}-{action}": (name, action) for name, action in zip(PROMISED, itertools.cycle(["get", "list", "create"]))
    },
)
def field_missing_elsewhere(mock: Mock, what: tuple[str, str]) -> None:
    """An answer lacks a promised field: {what}."""
    shows(mock, what[1])(lambda _, shown: without(shown, what[0]))


@fault("answers", field=list(ANSWER))
def field_null(mock: Mock, field: str) -> None:
    """The answers show `{field}` as null."""
    shows(mock, "edit", "get", "list")(lambda _, shown: {**shown, field: None})


MISTYPED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "id-number": ("id", lambda value: int(value[:8], 16)),
    "id-no-uuid": ("id", lambda value: value.replace("-", "")),
    "name-array": ("name", lambda value: [value]),
    "type-lower-case": ("type", str.lower),
    "type-number": ("type", lambda value: PROVIDERS.index(value)),
    "type-unknown": ("type", lambda value: f"{value}_CLOUD"),
    "description-object": ("description", lambda value: {"text": value}),
    "workspace-number": ("workspace", len),
    "git-api-url-relative": ("git_api_url", lambda value: value.partition("://")[2]),
    "git-api-url-empty": ("git_api_url", lambda _: ""),
    "git-api-url-object": ("git_api_url", lambda value: {"href": value}),
    "created-at-seconds": ("created_at", lambda value: datetime.fromisoformat(value).timestamp()),
    "created-at-no-zone": ("created_at", lambda value: value[:-1]),
    "created-at-space": ("created_at", lambda value: value.replace("T", " ")[:19]),
    "created-at-day": ("created_at", lambda value: value[:10]),
    "updated-at-rfc-1123": ("updated_at", lambda _: "Thu, 15 Jan 2026 09:30:00 GMT"),
    "updated-at-no-zone": ("updated_at", lambda value: value[:-1]),
    "updated-at-milliseconds": ("updated_at", lambda value: int(datetime.fromisoformat(value).timestamp() * 1000)),
    "count-string": ("associated_services_count", str),
    "count-negative": ("associated_services_count", lambda value: -1 - value),
    "count-fraction": ("associated_services_count", lambda value: value + 0.5),
    "count-array": ("associated_services_count", lambda value: [value]),
    "expired-at-time": ("expired_at", lambda _: "2026-12-31T00:00:00Z"),
    "expired-at-empty": ("expired_at", lambda _: ""),
    "expired-at-slashes": ("expired_at", lambda _: "31/12/2026"),
}


@fault("answers", what=MISTYPED)
def mistyped(mock: Mock, what: tuple[str, Callable[[Any], Any]]) -> None:
    """A field of an answer is not what the contract says: {what}."""
    name, change = what
    shows(mock, "edit", "create", "get", "list")(
        lambda _, shown: (
            {**shown, name: change(shown.get(name, ""))} if name in shown or name == "expired_at" else shown
        )
    )


@fault("answers", action=["create", "get", "list"])
def mistyped_in(mock: Mock, action: str) -> None:
    """`{action}` shows times without a zone, where the edit shows them right."""
    shows(mock, action)(lambda _, shown: {**shown, "created_at": shown["created_at"][:-1]})


RENAMED = {
    "created_at": "createdAt",
    "git_api_url": "gitApiUrl",
    "associated_services_count": "count",
    "id": "_id",
}


@fault("answers", field={old: (old, new) for old, new in RENAMED.items()})
def renamed(mock: Mock, field: tuple[str, str]) -> None:
    """The answers show `{field}` under another name."""
    old, new = field
    shows(mock, "edit", "get")(lambda _, shown: {**without(shown, old), new: shown[old]})


WRAPPED: dict[str, Callable[[Any], Any]] = {
    "in-data": lambda body: {"data": body},
    "in-results": lambda body: {"results": [body]},
    "in-an-array": lambda body: [body],
    "as-a-string": json.dumps,
    "away-to-null": lambda _: b"null",
}


@fault("answers", how=WRAPPED, action=["edit", "get"])
def wrapped(mock: Mock, how: Callable[[Any], Any], action: str) -> None:
    """The git token in the answer to `{action}` is wrapped {how}."""

    @answers(mock, action)
    def _(_: Request, answer: Answer) -> None:
        answer.body = how(answer.body)


LISTS: dict[str, Callable[[Any], Any]] = {
    "bare-array": lambda body: body["results"],
    "renamed": lambda body: {"items": body["results"]},
    "null": lambda _: {"results": None},
    "object": lambda body: {"results": dict(enumerate(body["results"]))},
    "absent": lambda _: {},
}


@fault("answers", how=LISTS, action=["list", "services"])
def results(mock: Mock, how: Callable[[Any], Any], action: str) -> None:
    """The results of `{action}` are not an array under that name: {how}."""

    @answers(mock, action)
    def _(_: Request, answer: Answer) -> None:
        answer.body = how(answer.body)


@fault(
    "answers",
    what={
        "edit-201": ("edit", 201),
        "edit-202": ("edit", 202),
        "edit-203": ("edit", 203),
        "edit-418": ("edit", 418),
        "edit-302": ("edit", 302),
        "create-200": ("create", 200),
        "create-202": ("create", 202),
        "get-203": ("get", 203),
        "list-206": ("list", 206),
        "delete-200": ("delete", 200),
        "delete-202": ("delete", 202),
        "services-201": ("services", 201),
    },
)
def success_status(mock: Mock, what: tuple[str, int]) -> None:
    """A success has the wrong status: {what}."""

    @answers(mock, what[0])
    def _(_: Request, answer: Answer) -> None:
        answer.status = what[1]


@fault("answers", action=["edit", "create", "get", "list"])
def no_content(mock: Mock, action: str) -> None:
    """The answer to `{action}` is 204 without a body."""

    @answers(mock, action)
    def _(_: Request, answer: Answer) -> None:
        answer.status, answer.body, answer.headers = 204, None, {}


@fault(
    "answers",
    what={
        f"{action}-{value.replace('/', '-') or 'none'}": (action, value)
        for action, value in [
            ("edit", ""),
            ("edit", "text/html"),
            ("edit", "application/octet-stream"),
            ("get", "text/plain"),
            ("get", ""),
            ("list", "application/xml"),
            ("list", ""),
            ("create", "text/html"),
            ("services", "text/plain"),
        ]
    },
)
def content_type(mock: Mock, what: tuple[str, str]) -> None:
    """JSON is sent under another media type or none: {what}."""

    @answers(mock, what[0])
    def _(_: Request, answer: Answer) -> None:
        answer.headers = {"Content-Type": what[1]} if what[1] else {}


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda body: body[: len(body) // 2],
    "no-closing-brace": lambda body: body[:-1],
    "trailing-comma": lambda body: body[:-1] + b",}",
    "single-quotes": lambda body: body.replace(b'"', b"'"),
    "html": lambda _: b"<!doctype html><title>OK</title>",
    "twice": lambda body: body + body,
    "not-a-number": lambda body: re.sub(rb":(\d+)}", b":NaN}", body).replace(b"]}", b",NaN]}"),
    "guarded": lambda body: b")]}',\n" + body,
    "byte-order-mark": lambda body: b"\xef\xbb\xbf" + body,
    "utf-16": lambda body: body.decode().encode("utf-16"),
    "latin-1": lambda body: json.dumps(json.loads(body), ensure_ascii=False).encode("latin-1", errors="replace"),
}


@fault("answers", how=BROKEN)
def broken(mock: Mock, how: Callable[[bytes], bytes]) -> None:
    """The body of an edit's answer is broken: {how}."""

    @mock.on("encode")
    def _(encode: Any, request: Request, answer: Answer) -> bytes:
        body: bytes = encode(request, answer)
        return how(body) if request.action == "edit" and answer.status < 300 else body


@fault("answers", action=["create", "get", "list", "services"])
def broken_elsewhere(mock: Mock, action: str) -> None:
    """The body of the answer to `{action}` is cut."""

    @mock.on("encode")
    def _(encode: Any, request: Request, answer: Answer) -> bytes:
        body: bytes = encode(request, answer)
        return body[:-1] if request.action == action and answer.status < 300 else body


@fault("answers", action=["edit", "get"])
def lying_encoding(mock: Mock, action: str) -> None:
    """The answer to `{action}` says that it is compressed, and is not."""

    @answers(mock, action)
    def _(_: Request, answer: Answer) -> None:
        answer.headers["Content-Encoding"] = "gzip"


@fault("answers", action=["edit", "list"])
def lying_length(mock: Mock, action: str) -> None:
    """The body of the answer to `{action}` is shorter than its Content-Length."""

    @mock.on("send")
    async def _(send_on: Any, request: Request, answer: Answer, receive: Receive, send: Send) -> None:
        async def short(message: Any) -> None:
            if message["type"] == "http.response.body":
                message["body"] = message["body"][:-5]
            await send(message)

        await send_on(request, answer, receive, short if request.action == action and answer.status < 300 else send)


WRONG_STATUSES = {
    400: (200, 404, 409, 422, 500, 503),
    403: (200, 401, 500),
    404: (200, 204, 400, 410, 500),
    405: (200, 400, 404, 500, 501),
}
STATUSES = {f"{old}-becomes-{new}": (old, new) for old, wrong in WRONG_STATUSES.items() for new in wrong}


@fault("answers", status=STATUSES)
def error_status(mock: Mock, status: tuple[int, int]) -> None:
    """An error has the wrong status: {status}."""

    @refusals(mock, status[0])
    def _(_: Request, answer: Answer) -> None:
        answer.status = status[1]
        if status[1] == 204:
            answer.body, answer.headers = None, {}


@fault("answers", action=ACTIONS)
def fails_if_unknown(mock: Mock, action: str) -> None:
    """`{action}` fails with 500 where the organization or the git token does not exist."""

    @mock.on("refuse")
    def _(refuse: Any, request: Request, refusal: Refusal) -> Any:
        if request.action == action and refusal.status == 404:
            refusal.status = 500
        return refuse(request, refusal)


# Meaning: what an edit does.


@fault("meaning", field=SHOWN)
def not_stored(mock: Mock, field: str) -> None:
    """An edit shows the new `{field}` and does not store it."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before = request.token.fields
        shown = edit(request)
        rest = without(request.token.fields, field)
        request.token.fields = {**rest, field: before[field]} if field in before else rest
        return shown


@fault("meaning", field=SHOWN)
def ignored(mock: Mock, field: str) -> None:
    """An edit leaves `{field}` as it was, and shows that."""

    @stores(mock, "edit")
    def _(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        return {**without(body, field), **{name: value for name, value in kept(request).items() if name == field}}


@fault("meaning", field=SHOWN)
def shown_late(mock: Mock, field: str) -> None:
    """The answer to an edit shows the `{field}` of before; the next read shows the new one."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        before = mock.show(request, request.token) if request.token else {}
        shown = edit(request)
        return {**without(shown, field), **{name: value for name, value in before.items() if name == field}}


@fault("meaning", field=[name for name in SHOWN if name in OPTIONAL], action=["edit", "get", "list"])
def hidden(mock: Mock, field: str, action: str) -> None:
    """`{action}` never shows `{field}`, or not the one that was sent."""
    shows(mock, action)(
        lambda _, shown: {**without(shown, field), **({field: "https://git.example.com"} if field in PROMISED else {})}
    )


@fault("meaning", field=[name for name in SHOWN if name in OPTIONAL])
def lost_on_create(mock: Mock, field: str) -> None:
    """A create does not store `{field}`."""
    stores(mock, "create")(lambda _, body: without(body, field))


@fault("meaning", when={"always": "", "with-additional-properties": "extra", "with-description": "description"})
def nothing_stored(mock: Mock, when: str) -> None:
    """An edit is accepted, answered as if done, and nothing is stored ({when})."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before = request.token.fields, request.token.updated_at
        shown = edit(request)
        if not when or when in request.body or (when == "extra" and extra(request.body)):
            request.token.fields, request.token.updated_at = before
        return shown


@fault("meaning", whose={"first": 0, "last": -1})
def wrong_token(mock: Mock, whose: int) -> None:
    """An edit changes the {whose} git token of the organization instead, whichever is meant."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        meant = request.token
        target = list(request.tokens.values())[whose]
        before = meant.fields
        shown = edit(request)
        if target is not meant:
            target.fields, meant.fields = meant.fields, before
        return shown


@fault("meaning", field=SHOWN)
def others_too(mock: Mock, field: str) -> None:
    """An edit changes `{field}` of the organization's other git tokens too."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        shown = edit(request)
        for other in request.tokens.values():
            other.fields = {**other.fields, **{name: value for name, value in request.body.items() if name == field}}
        return shown


ALTERED: dict[str, Callable[[str], str]] = {
    "trimmed": str.strip,
    "right-trimmed": str.rstrip,
    "collapsed": lambda text: re.sub(r" +", " ", text),
    "html-escaped": html.escape,
    "html-unescaped": html.unescape,
    "tags-stripped": lambda text: re.sub(r"<[^>]*>", "", text),
    "percent-decoded": urllib.parse.unquote,
    "plus-to-space": lambda text: text.replace("+", " "),
    "quotes-doubled": lambda text: text.replace("'", "''"),
    "quotes-lost": lambda text: text.replace('"', ""),
    "backslashes-lost": lambda text: text.replace("\\", ""),
    "unescaped": lambda text: text.replace("\\n", "\n").replace("\\t", "\t"),
    "mis-decoded": lambda text: text.encode(errors="replace").decode("latin-1"),
    "ascii-only": lambda text: text.encode("ascii", errors="replace").decode(),
    "latin-1-only": lambda text: text.encode("latin-1", errors="ignore").decode("latin-1"),
    "basic-plane-only": lambda text: re.sub(r"[\U00010000-\U0010ffff]", "\ufffd", text),
    "composed": lambda text: unicodedata.normalize("NFC", text),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "compatible": lambda text: unicodedata.normalize("NFKC", text),
    "marks-lost": lambda text: "".join(one for one in text if not unicodedata.combining(one)),
    "lower-case": str.lower,
    "upper-case": str.upper,
    "case-folded-not-ascii": lambda text: "".join(one if one.isascii() else one.lower() for one in text),
    "invisible-lost": lambda text: "".join(one for one in text if unicodedata.category(one) != "Cf"),
    "no-break-space-to-space": lambda text: text.replace("\xa0", " "),
    "curly-quotes-straight": lambda text: text.replace("\u2019", "'").replace("\u201c", '"'),
    "number-like": lambda text: str(int(text)) if re.fullmatch("[0-9]{1,99}", text) else text,
    "null-like": lambda text: "" if text.lower() in ("null", "none", "undefined") else text,
    "sql-comment-lost": lambda text: text.partition("--")[0],
    "semicolon-cut": lambda text: text.partition(";")[0],
    "hash-cut": lambda text: text.partition("#")[0],
    "formula-quoted": lambda text: f"'{text}" if text[:1] in "=+-@" and text else text,
    "template-expanded": lambda text: re.sub(r"\$\{[^}]*\}|\{\{[^}]*\}\}", "", text),
    "word-filtered": lambda text: re.sub("(?i)script|select|drop", "***", text),
    "shortcut-expanded": lambda text: text.replace("\r\n", "\n").replace("...", "\u2026"),
}


@fault("meaning", how=spread(ALTERED, PROSE))
def altered(mock: Mock, how: tuple[str, Callable[[str], str]]) -> None:
    """A text is not stored as it was sent: {how}."""
    name, change = how
    stores(mock, "edit", "create")(lambda _, body: {**body, name: change(body[name])} if name in body else body)


@fault(
    "meaning",
    what={
        "name-255-bytes": ("name", 255),
        "name-100-bytes": ("name", 100),
        "workspace-127-bytes": ("workspace", 127),
        "description-255-bytes": ("description", 255),
        "description-1000-bytes": ("description", 1000),
    },
)
def cut_in_bytes(mock: Mock, what: tuple[str, int]) -> None:
    """A text is cut to a number of bytes: {what}."""
    name, size = what
    stores(mock, "edit", "create")(
        lambda _, body: (
            {**body, name: body[name].encode(errors="replace")[:size].decode(errors="ignore")} if name in body else body
        )
    )


@fault(
    "meaning",
    what={
        "name-64": ("name", 64),
        "name-254": ("name", 254),
        "workspace-50": ("workspace", 50),
        "description-255": ("description", 255),
        "description-999": ("description", 999),
        "git-api-url-255": ("git_api_url", 255),
    },
)
def cut(mock: Mock, what: tuple[str, int]) -> None:
    """A text is cut to a number of characters: {what}."""
    name, size = what
    stores(mock, "edit", "create")(lambda _, body: {**body, name: body[name][:size]} if name in body else body)


URLS: dict[str, Callable[[str], str]] = {
    "slash-lost": lambda url: url.rstrip("/"),
    "slash-added": lambda url: url if url.endswith("/") else url + "/",
    "default-port-lost": lambda url: re.sub(r"^(https://[^/]*):443(?=/|$)|^(http://[^/]*):80(?=/|$)", r"\1\2", url),
    "port-lost": lambda url: re.sub(r"^(https?://[^/\[]*?):\d+", r"\1", url),
    "path-lost": lambda url: re.sub(r"^(https?://[^/]+)/.*", r"\1", url),
    "query-lost": lambda url: url.partition("?")[0],
    "https-forced": lambda url: url.replace("http://", "https://"),
    "host-lower-case": lambda url: re.sub(r"^https?://[^/]*", lambda match: match[0].lower(), url),
    "percent-decoded": urllib.parse.unquote,
    "dots-resolved": lambda url: re.sub(r"/[^/]+/\.\.(?=/|$)|/\.(?=/)", "", url),
    "encoded-twice": lambda url: url.replace("%", "%25"),
}  # fmt: skip


@fault("meaning", how=URLS)
def address_altered(mock: Mock, how: Callable[[str], str]) -> None:
    """A `git_api_url` is not stored as it was sent: {how}."""
    stores(mock, "edit", "create")(
        lambda _, body: {**body, "git_api_url": how(body["git_api_url"])} if "git_api_url" in body else body
    )


@fault("meaning", provider=PROVIDERS)
def own_address(mock: Mock, provider: str) -> None:
    """The `git_api_url` of a {provider} token is replaced by the provider's public one."""
    stores(mock, "edit", "create")(lambda _, body: without(body, "git_api_url") if body["type"] == provider else body)


@fault("meaning", field=[name for name in PROSE if CONTRACT.must_accept(name, "")])
def empty_keeps(mock: Mock, field: str) -> None:
    """An empty `{field}` counts as absent, and an absent one keeps the one before."""

    @stores(mock, "edit")
    def _(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        return {
            **{name: value for name, value in kept(request).items() if name == field and not body.get(field)},
            **{name: value for name, value in body.items() if name != field or value},
        }


COPIED: dict[str, Callable[[dict[str, Any], dict[str, Any]], bool]] = {
    "every": lambda _, __: True,
    "a-repeated": lambda before, after: before == after,
}


@fault("meaning", which=COPIED)
def edit_copies(mock: Mock, which: Callable[[dict[str, Any], dict[str, Any]], bool]) -> None:
    """The list has one more git token after {which} edit, as it was before that."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        copy = replace(request.token, id=str(uuid.uuid4()))
        answer = edit(request)
        if which(copy.fields, request.token.fields):
            request.tokens[copy.id] = copy
        return answer


LOOKED_AT = {"is-shown": SHOWN, "is-required": REQUIRED, "is-the-name": ["name"]}


@fault("meaning", what=LOOKED_AT)
def updated_at_stands(mock: Mock, what: list[str]) -> None:
    """`updated_at` stands still unless something is changed that {what}."""

    @mock.on("store")
    def _(store: Any, request: Request, token: GitToken, body: dict[str, Any]) -> None:
        before = token.fields, token.updated_at
        store(request, token, body)
        if all(before[0].get(name) == token.fields.get(name) for name in what):
            token.updated_at = before[1]


@fault("meaning", field=["id", "created_at", "updated_at"])
def read_only_settable(mock: Mock, field: str) -> None:
    """A client can set the read-only `{field}` by an additional property."""
    chosen: dict[int, Any] = {}

    @mock.on("store")
    def _(store: Any, request: Request, token: GitToken, body: dict[str, Any]) -> None:
        store(request, token, body)
        if isinstance(request.body.get(field), str):
            chosen[id(token)] = request.body[field]

    shows(mock, "edit", "create", "get", "list")(
        lambda token, shown: {**shown, field: chosen[id(token)]} if id(token) in chosen else shown
    )


@fault("meaning")
def count_settable(mock: Mock) -> None:
    """A client can set `associated_services_count` by an additional property."""

    @answers(mock, "edit")
    def _(request: Request, answer: Answer) -> None:
        sent = request.body.get("associated_services_count")
        if type(sent) is int:
            answer.body["associated_services_count"] = sent


@fault("meaning", field=["id", "created_at"])
def read_only_moves(mock: Mock, field: str) -> None:
    """An edit changes the read-only `{field}`."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        if field == "id":
            del request.tokens[request.token.id]
            request.token.id = str(uuid.uuid4())
            request.tokens[request.token.id] = request.token
        else:
            request.token.created_at = mock.now()
        return edit(request)


MOVED: dict[str, Callable[[str, str], str]] = {
    "stands-still": lambda before, _: before,
    "goes-back": lambda before, _: later(before, -1),
    "is-long-ago": lambda *_: "1970-01-01T00:00:00Z",
}


def later(time: str, seconds: float) -> str:
    return (datetime.fromisoformat(time) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


@fault("meaning", how=MOVED)
def updated_at(mock: Mock, how: Callable[[str, str], str]) -> None:
    """`updated_at` {how} with an edit."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before = request.token.updated_at
        edit(request)
        request.token.updated_at = how(before, request.token.updated_at)
        return mock.show(request, request.token)


@fault("meaning", action=READS[:2])
def read_touches(mock: Mock, action: str) -> None:
    """`{action}` moves `updated_at`."""

    @mock.on(action)
    def _(read: Any, request: Request) -> Any:
        for token in [request.token] if request.token else request.tokens.values():
            token.updated_at = mock.now()
        return read(request)


AGAIN: dict[str, Callable[[str], str]] = {
    "appends": lambda text: text + " (2)",
    "empties": lambda _: "",
    "doubles": lambda text: text + text,
    "reverses": lambda text: text[::-1] + "'",
}


@fault("meaning", how=spread(AGAIN, PROSE))
def not_idempotent(mock: Mock, how: tuple[str, Callable[[str], str]]) -> None:
    """The same edit a second time gives another git token: {how}."""
    name, change = how

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        again = {**request.token.fields, name: ""} == {**request.body, name: ""}
        shown = edit(request)
        if again and name in request.token.fields:
            request.token.fields[name] = change(request.token.fields[name])
            shown = mock.show(request, request.token)
        return shown


# Secrets: what an answer shows that it must not.

FORMS: dict[str, Callable[[str], str]] = {
    "whole": str,
    "first-half": lambda text: text[: max(8, len(text) // 2)] + "***",
    "last-8": lambda text: "***" + text[-8:],
    "base64": lambda text: base64.b64encode(text.encode(errors="replace")).decode(),
    "percent-encoded": lambda text: urllib.parse.quote(text, errors="replace"),
    "sha-256": lambda text: hashlib.sha256(text.encode(errors="replace")).hexdigest(),
    "in-a-url": lambda text: f"https://oauth2:{text}@git.example.com",
}


@fault("secrets", action=["edit", "create", "get", "list"])
def shown(mock: Mock, action: str) -> None:
    """`{action}` shows the git token's value."""
    shows(mock, action)(lambda token, shown: {**shown, "token": token.fields["token"]})


@fault("secrets", form=FORMS)
def shown_as(mock: Mock, form: Callable[[str], str]) -> None:
    """The answer to an edit shows the git token's value under another name: {form}."""
    shows(mock, "edit")(lambda token, shown: {**shown, "credential": {"value": form(token.fields["token"])}})


@fault("secrets", action=["get", "list", "create"], form=["first-half", "last-8"])
def shown_in_part(mock: Mock, action: str, form: str) -> None:
    """`{action}` shows a part of the git token's value: {form}."""
    shows(mock, action)(lambda token, shown: {**shown, "hint": FORMS[form](token.fields["token"])})


@fault("secrets", action=["edit", "create", "get", "delete", "services"])
def in_header(mock: Mock, action: str) -> None:
    """A header of the answer to `{action}` carries the git token's value."""

    @answers(mock, action)
    def _(request: Request, answer: Answer) -> None:
        answer.headers["X-Git-Token"] = FORMS["percent-encoded"](secret(request))


@fault("secrets")
def in_services(mock: Mock) -> None:
    """The associated services show the git token's value."""

    @answers(mock, "services")
    def _(request: Request, answer: Answer) -> None:
        answer.body = {**answer.body, "git_token": secret(request)}


@fault("secrets")
def of_before(mock: Mock) -> None:
    """The answer to an edit shows the git token's value of before the edit."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before = request.token.fields["token"]
        return {**edit(request), "replaced": before}


@fault("secrets", status={"400": 400, "404": 404, "401": 401})
def in_error(mock: Mock, status: int) -> None:
    """An error with status {status} quotes the body that was sent."""

    @refusals(mock, status)
    def _(request: Request, answer: Answer) -> None:
        answer.body["message"] += f": {(request.raw or b'').decode(errors='replace')}"


@fault("secrets", field=[name for name in FIELDS if name != "token"])
def in_error_about(mock: Mock, field: str) -> None:
    """An error about `{field}` quotes the git token's value."""

    @refusals(mock, 400)
    def _(request: Request, answer: Answer) -> None:
        if answer.body["message"].startswith(field):
            answer.body["rejected"] = secret(request)


@fault("secrets")
def in_error_about_itself(mock: Mock) -> None:
    """An error about a `token` of another JSON type quotes its value."""

    @refusals(mock, 400)
    def _(request: Request, answer: Answer) -> None:
        if answer.body["message"].startswith("token") and isinstance(request.body, dict):
            answer.body["rejected"] = request.body.get("token")


@fault(
    "secrets", status={"200": 200, "400": 400, "401": 401, "403": 403, "404": 404, "405": 405}, where=["header", "body"]
)
def credentials_echoed(mock: Mock, status: int, where: str) -> None:
    """An answer with status {status} echoes the caller's credentials in a {where}."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        answer: Answer = handle(request)
        sent = request.headers.get("authorization", "")
        if answer.status == status and sent and where == "header":
            answer.headers["X-Caller"] = sent
        elif answer.status == status and sent and isinstance(answer.body, dict):
            answer.body = {**answer.body, "caller": sent.partition(" ")[2]}
        return answer


INTERNALS = {
    "python-in-400": (
        400,
        'Traceback (most recent call last):\n  File "/srv/tokens.py", line 42, in edit\nKeyError: 0',
    ),
    "java-in-404": (404, "java.lang.NullPointerException\n\tat com.example.GitTokens.edit(GitTokens.java:42)"),
    "node-in-401": (401, "TypeError: Cannot read properties of undefined\n    at edit (/srv/app/tokens.js:42:13)"),
    "go-in-403": (
        403,
        "panic: index out of range\n\ngoroutine 1 [running]:\nmain.edit(0x0)\n\t/srv/tokens.go:42 +0x1d",
    ),
    "dotnet-in-404": (404, "System.NullReferenceException: Object reference not set to an instance of an object."),
    "postgresql-in-400": (400, 'duplicate key value violates unique constraint "git_tokens_name_key"'),
    "sql-in-400": (400, 'ERROR: syntax error at or near "name" LINE 1: UPDATE git_tokens SET name = $1 WHERE id = $2'),
}


@fault("secrets", what=INTERNALS)
def internals(mock: Mock, what: tuple[int, str]) -> None:
    """An error shows the server's insides: {what}."""

    @refusals(mock, what[0])
    def _(_: Request, answer: Answer) -> None:
        answer.body["trace"] = what[1]


# Tenants: what a caller may do in an organization that is not the caller's.


@fault("tenants", action=ACTIONS)
def open_to_all(mock: Mock, action: str) -> None:
    """`{action}` works in another organization."""
    opens(mock, lambda request: request.action == action)


@fault("tenants")
def upper_case(mock: Mock) -> None:
    """Another organization is open to all who write its id in upper case."""
    opens(mock, lambda request: (written := next(iter(request.ids.values()))) == written.upper())


@fault("tenants")
def open_to_people(mock: Mock) -> None:
    """Every organization is open to callers with a JWT."""
    opens(mock, lambda request: request.headers["authorization"].lower().startswith("bearer "))


@fault("tenants", action=["edit", "get", "delete", "services"])
def by_own_path(mock: Mock, action: str) -> None:
    """`{action}` reaches another organization's git token through the caller's own path."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        for tokens in mock.organizations.values():
            if request.action == action and name in tokens:
                request.tokens = tokens
        return find(request, name)


@fault("tenants")
def listed(mock: Mock) -> None:
    """The list shows the git tokens of other organizations too."""

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        request.tokens = {name: token for tokens in mock.organizations.values() for name, token in tokens.items()}
        return list_on(request)


@fault("tenants", action=["edit", "get", "delete"])
def own_token_by_foreign_path(mock: Mock, action: str) -> None:
    """`{action}` of the caller's git token works through another organization's path."""

    @mock.on("organization")
    def _(organization: Any, request: Request, name: str) -> Any:
        if (
            request.action == action
            and list(request.ids.values())[-1].lower() in mock.organizations[mock.world.organization_id]
        ):
            return mock.organizations[mock.world.organization_id]
        return organization(request, name)


@fault("tenants")
def shown_in_refusal(mock: Mock) -> None:
    """The refusal to touch another organization's git token shows it."""

    @refusals(mock, 403)
    def _(request: Request, answer: Answer) -> None:
        foreign = mock.organizations.get(next(iter(request.ids.values())).lower(), {})
        answer.body["git_tokens"] = [mock.show(request, token) for token in foreign.values()]


@fault("tenants", status={"400": 400, "401": 401, "405": 405, "500": 500, "200": 200})
def foreign_status(mock: Mock, status: int) -> None:
    """Another organization is answered with {status} instead of 403 or 404."""

    @refusals(mock, 403)
    def _(_: Request, answer: Answer) -> None:
        answer.status = status


# Narrow triggers: what makes the server fail.

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


# HTTP: methods.


@fault(
    "http", method={"patch-as-put": ("PATCH", "PUT"), "post-as-put": ("POST", "PUT"), "put-as-post": ("PUT", "POST")}
)
def undeclared_method(mock: Mock, method: tuple[str, str]) -> None:
    """A method that the contract does not have is served: {method}."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        if request.method == method[0] and method[0] not in request.operations and method[1] in request.operations:
            request.method = method[1]
        return dispatch(request)


@fault("http", method=["PATCH", "POST", "PUT", "DELETE"], status={"200": 200, "404": 404, "500": 500})
def undeclared_method_status(mock: Mock, method: str, status: int) -> None:
    """{method} where the contract does not have it is answered with {status} instead of 405."""

    @refusals(mock, 405)
    def _(request: Request, answer: Answer) -> None:
        if request.method == method:
            answer.status = status


@fault("http")
def delete_all(mock: Mock) -> None:
    """DELETE of the collection deletes every git token that the caller has made."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Any:
        if request.method == "DELETE" and "POST" in request.operations:
            request.method = "GET"
            answer = handle(request)
            if answer.status < 300:
                for name in list(request.tokens)[1:]:
                    del request.tokens[name]
            return Answer(204) if answer.status < 300 else answer
        return handle(request)


@fault(
    "http", what={"absent": None, "empty": "", "without-put": "GET, DELETE, POST", "wrong": "PATCH", "only-get": "GET"}
)
def allow(mock: Mock, what: str | None) -> None:
    """The `Allow` of a 405 does not name the methods there are: {what}."""

    @refusals(mock, 405)
    def _(_: Request, answer: Answer) -> None:
        answer.headers = without(answer.headers, "Allow") if what is None else {**answer.headers, "Allow": what}


@fault("http", header=["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"], method=["DELETE", "PUT"])
def method_override(mock: Mock, header: str, method: str) -> None:
    """`{header}: {method}` turns another method into that one."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        if request.headers.get(header.lower(), "").upper() == method and method in request.operations:
            request.method = method
        return dispatch(request)


@fault("http")
def method_in_query(mock: Mock) -> None:
    """`?_method=DELETE` turns another method into that one."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        if b"_method=DELETE" in request.query and "DELETE" in request.operations:
            request.method = "DELETE"
        return dispatch(request)


@fault("http")
def trace(mock: Mock) -> None:
    """TRACE sends the request back, credentials included."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Any:
        if request.method != "TRACE":
            return handle(request)
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        return Answer(200, "\r\n".join(["TRACE", *lines]).encode(), {"Content-Type": "message/http"})


@fault("http", method=["HEAD", "OPTIONS"])
def extra_method_breaks(mock: Mock, method: str) -> None:
    """{method} makes the server fail."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        if request.method == method:
            raise Refusal(500, "internal error")
        return dispatch(request)


@fault("http")
def method_guessed(mock: Mock) -> None:
    """A method that the server does not know is taken for the last one that it knows, which may be DELETE."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        if request.method in ("HEAD", "OPTIONS", "PATCH", "POST") and request.method not in request.operations:
            request.method = list(request.operations)[-1]
        return dispatch(request)


# The resource: create, get, list and delete.


@fault("resource")
def not_listed(mock: Mock) -> None:
    """A new git token is not in the list."""

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        request.tokens = dict(list(request.tokens.items())[:1])
        return list_on(request)


@fault("resource", size={"2": 2, "3": 3})
def list_capped(mock: Mock, size: int) -> None:
    """The list shows no more than {size} git tokens."""

    @answers(mock, "list")
    def _(_: Request, answer: Answer) -> None:
        answer.body["results"] = answer.body["results"][:size]


@fault("resource")
def listed_twice(mock: Mock) -> None:
    """The list shows each git token twice."""

    @answers(mock, "list")
    def _(_: Request, answer: Answer) -> None:
        answer.body["results"] = answer.body["results"] * 2


@fault("resource", provider=PROVIDERS)
def list_lacks(mock: Mock, provider: str) -> None:
    """The list lacks the git tokens of {provider}."""

    @answers(mock, "list")
    def _(_: Request, answer: Answer) -> None:
        answer.body["results"] = [one for one in answer.body["results"] if one["type"] != provider]


@fault("resource", action=["get", "list"])
def stale(mock: Mock, action: str) -> None:
    """`{action}` shows a git token as it was created, whatever was edited."""
    first: dict[str, dict[str, Any]] = {}

    @mock.on("show")
    def _(show: Any, request: Request, token: GitToken) -> Any:
        shown = show(request, token)
        return first.setdefault(token.id, shown) if request.action in ("create", action) else shown


@fault("resource")
def list_one_behind(mock: Mock) -> None:
    """The list is one write behind."""
    seen: list[Any] = [{"results": []}]

    @mock.on("perform")
    def _(perform: Any, request: Request) -> Any:
        if request.action in WRITES:
            seen.append(json.loads(json.dumps(mock.list(request))))
        answer = perform(request)
        if request.action == "list":
            answer.body = seen[-1]
        return answer


@fault("resource", action=["get", "edit", "delete", "services"])
def lost(mock: Mock, action: str) -> None:
    """`{action}` does not find a git token that was created."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        token = find(request, name)
        if request.action == action and name != mock.world.git_token_id:
            raise Refusal(404, "no such git token")
        return token


@fault("resource")
def gone_after_edit(mock: Mock) -> None:
    """A git token cannot be found any more once it has been edited."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        shown = edit(request)
        request.tokens.pop(shown["id"], None)
        return shown


@fault("resource")
def same_id(mock: Mock) -> None:
    """A second create overwrites what the first one made."""
    made: list[str] = []

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        made.append(shown["id"])
        token = request.tokens.pop(shown["id"])
        token.id = made[0]
        request.tokens[token.id] = token
        return mock.show(request, token)


@fault("resource")
def create_by_name(mock: Mock) -> None:
    """A create with the name of a git token that exists answers with that one."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        for token in request.tokens.values():
            if token.fields.get("name") == request.body["name"]:
                return mock.show(request, token)
        return create(request)


@fault("resource")
def create_not_stored(mock: Mock) -> None:
    """A create answers with a git token that is nowhere."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        del request.tokens[shown["id"]]
        return shown


@fault("resource")
def create_twice(mock: Mock) -> None:
    """A create makes two git tokens."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        create(request)
        return create(request)


@fault("resource")
def create_unvalidated(mock: Mock) -> None:
    """A create accepts any object."""
    mend(
        mock,
        lambda _, body: (
            {
                **EXAMPLE,
                **{
                    name: body[name]
                    for name in body
                    if name in FIELDS
                    and isinstance(body[name], str)
                    and "enum" not in REQUEST[name]
                    and "format" not in REQUEST[name]
                },
            }
            if isinstance(body, dict)
            else body
        ),
        "create",
    )


@fault("resource")
def id_by_client(mock: Mock) -> None:
    """A create takes the id of the new git token from the body."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        chosen = request.body.get("id")
        if isinstance(chosen, str) and re.fullmatch("[0-9a-f-]{36}", chosen):
            token = request.tokens.pop(shown["id"])
            token.id = chosen
            request.tokens[chosen] = token
            return mock.show(request, token)
        return shown


@fault("resource")
def not_deleted(mock: Mock) -> None:
    """A delete is answered with 204 and not carried out."""
    mock.on("delete")(lambda *_: None)


@fault("resource")
def deleted_but_listed(mock: Mock) -> None:
    """A deleted git token stays in the list."""
    deleted: list[GitToken] = []

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        deleted.append(request.token) if request.token else None
        return delete(request)

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        body = list_on(request)
        return {"results": body["results"] + [mock.show(request, token) for token in deleted]}


@fault("resource", action=["get", "edit", "services", "delete"])
def deleted_but_there(mock: Mock, action: str) -> None:
    """`{action}` still works on a deleted git token."""
    deleted: dict[str, GitToken] = {}

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        if request.token and request.token.id in request.tokens:
            deleted[request.token.id] = request.token
            return delete(request)
        return None

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        return deleted[name] if request.action == action and name in deleted else find(request, name)


@fault("resource", action=["edit", "get", "services", "delete"])
def unknown_is_fine(mock: Mock, action: str) -> None:
    """`{action}` of a git token that never existed succeeds."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        foreign = any(name in tokens for tokens in mock.organizations.values() if tokens is not request.tokens)
        if request.action == action and name not in request.tokens and not foreign:
            request.tokens = {**request.tokens}
            request.tokens[name] = GitToken(name, mock.now(), mock.now(), dict(EXAMPLE), [])
        return find(request, name)


@fault("resource")
def resurrected(mock: Mock) -> None:
    """An edit of a deleted git token brings it back."""
    deleted: dict[str, GitToken] = {}

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        if request.token:
            deleted[request.token.id] = request.token
        return delete(request)

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        if request.action == "edit" and name in deleted:
            request.tokens[name] = deleted.pop(name)
        return find(request, name)


@fault("resource", status={"204": 204, "400": 400, "410": 410, "500": 500})
def second_delete(mock: Mock, status: int) -> None:
    """A second delete is answered with {status} instead of 404."""
    deleted: set[str] = set()

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        if request.token:
            deleted.add(request.token.id)
        return delete(request)

    @refusals(mock, 404)
    def _(request: Request, answer: Answer) -> None:
        if request.action == "delete" and list(request.ids.values())[-1].lower() in deleted:
            answer.status = status
            if status == 204:
                answer.body, answer.headers = None, {}


@fault("resource")
def deletes_others(mock: Mock) -> None:
    """A delete takes the git token that was created after it along."""

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        names = list(request.tokens)
        after = names[names.index(request.token.id) + 1 :][:1] if request.token else []
        delete(request)
        for name in after:
            del request.tokens[name]


@fault("resource", when={"after-an-edit": "edit", "after-a-read": "get"})
def delete_refused(mock: Mock, when: str) -> None:
    """A delete is refused with 409 {when}."""
    touched: set[str] = set()

    @mock.on("perform")
    def _(perform: Any, request: Request) -> Any:
        if request.token and request.action == when:
            touched.add(request.token.id)
        if request.token and request.action == "delete" and request.token.id in touched:
            raise Refusal(409, "in use")
        return perform(request)


@fault("resource")
def services_of_all(mock: Mock) -> None:
    """The associated services of a git token are those of every git token."""

    @mock.on("services")
    def _(_: Any, request: Request) -> Any:
        return {"results": [service for token in request.tokens.values() for service in token.services]}


# Time: what fails now and then, later, or never answers.


@fault("time", every={"3": 3, "7": 7, "20": 20}, status={"500": 500, "503": 503})
def every(mock: Mock, every: int, status: int) -> None:
    """One edit in {every} fails with {status}."""
    counter = itertools.count(1)
    refuse(mock, status, lambda *_: next(counter) % every == 0, "edit")


@fault("time", action=["get", "list", "create"])
def now_and_then(mock: Mock, action: str) -> None:
    """One `{action}` in five fails."""
    counter = itertools.count(1)

    @mock.on("perform")
    def _(perform: Any, request: Request) -> Any:
        if request.action == action and next(counter) % 5 == 0:
            raise Refusal(502, "bad gateway")
        return perform(request)


@fault("time", after={"10": 10, "25": 25, "60": 60})
def after_many_edits(mock: Mock, after: int) -> None:
    """Edits fail for good after {after} of them."""
    counter = itertools.count(1)
    refuse(mock, 500, lambda *_: next(counter) > after, "edit")


@fault("time", every={"4": 4, "15": 15})
def lost_now_and_then(mock: Mock, every: int) -> None:
    """One edit in {every} is answered as if done and is not stored."""
    counter = itertools.count(1)

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before = request.token.fields
        shown = edit(request)
        if next(counter) % every == 0:
            request.token.fields = before
        return shown


@fault("time", every={"4": 4, "9": 9})
def stale_now_and_then(mock: Mock, every: int) -> None:
    """One get in {every} shows a git token as it was before the last edit."""
    counter = itertools.count(1)
    before: dict[str, Any] = {}

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before[request.token.id] = mock.show(request, request.token)
        return edit(request)

    @answers(mock, "get")
    def _(_: Request, answer: Answer) -> None:
        if next(counter) % every == 0:
            answer.body = before.get(answer.body["id"], answer.body)


async def gone(receive: Receive) -> None:
    """Waits until the client has gone, or time is up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HANG):
            while (await receive())["type"] != "http.disconnect":
                pass


def text_of(request: Request, name: str) -> str:
    value = request.body.get(name) if isinstance(request.body, dict) else None
    return value if isinstance(value, str) else ""


HANGS: dict[str, Callable[[Request, Answer], Any]] = {
    "an-edit": lambda request, _: request.action == "edit",
    "a-create": lambda request, _: request.action == "create",
    "a-list": lambda request, _: request.action == "list",
    "services": lambda request, _: request.action == "services",
    "401": lambda _, answer: answer.status == 401,
    "404": lambda _, answer: answer.status == 404,
    "400": lambda _, answer: answer.status == 400,
    "405": lambda _, answer: answer.status == 405,
    "emoji": lambda request, _: any(one > "\uffff" for one in text_of(request, "name")),
    "long-description": lambda request, _: len(text_of(request, "description")) > 500,
    "unknown-provider": lambda request, _: text_of(request, "type") not in ("", *PROVIDERS),
    "backtracking": lambda request, _: re.search(r"(.)\1{30}", text_of(request, "name")),
    "own-server": lambda request, _: re.search(r"://(localhost|127|10\.|192\.168|\[)", text_of(request, "git_api_url")),
    "no-body": lambda request, _: bool(request.operation and request.operation.request_schema) and not request.raw,
    "after-a-delete": lambda request, answer: request.action == "get" and answer.status == 404,
}  # fmt: skip


@fault("time", when=HANGS)
def hangs(mock: Mock, when: Callable[[Request, Answer], Any]) -> None:
    """There is no answer for a minute: {when}."""

    @mock.on("send")
    async def _(send_on: Any, request: Request, answer: Answer, receive: Receive, send: Send) -> None:
        if when(request, answer):
            await gone(receive)
        await send_on(request, answer, receive, send)


@fault("time", action=["edit", "list"])
def stops_half_way(mock: Mock, action: str) -> None:
    """The answer to `{action}` stops for a minute after half of its body."""

    @mock.on("send")
    async def _(send_on: Any, request: Request, answer: Answer, receive: Receive, send: Send) -> None:
        async def halting(message: Any) -> None:
            body = message.get("body", b"")
            if body:
                await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
                await gone(receive)
            await send({**message, "body": body[len(body) // 2 :]} if body else message)

        await send_on(request, answer, receive, halting if request.action == action and answer.status < 300 else send)


@fault("time", action=["edit", "get"])
def endless(mock: Mock, action: str) -> None:
    """The body of the answer to `{action}` does not end."""

    @mock.on("send")
    async def _(send_on: Any, request: Request, answer: Answer, receive: Receive, send: Send) -> None:
        if request.action != action or answer.status >= 300:
            await send_on(request, answer, receive, send)
            return
        headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        end = asyncio.ensure_future(gone(receive))
        while not end.done():
            await send({"type": "http.response.body", "body": b" " * 4096, "more_body": True})
            await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": mock.encode(request, answer)})
