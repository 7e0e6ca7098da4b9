"""Faults of what an edit means: what is stored, shown, and left alone."""

from __future__ import annotations

import html
import re
import unicodedata
import urllib.parse
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..server import Answer, Item, Mock, Request
from .catalogue import (
    CLEARED,
    CONTRACT,
    OPTIONAL,
    PROMISED,
    PROSE,
    PROVIDERS,
    READS,
    REQUIRED,
    SHOWN,
    answers,
    fault,
    kept,
    shows,
    spread,
    stores,
    without,
)
from .values import extra


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
        before = request.token.fields, request.token.moved_at
        shown = edit(request)
        if not when or when in request.body or (when == "extra" and extra(request.body)):
            request.token.fields, request.token.moved_at = before
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


STAYS: dict[str, Callable[[dict[str, Any], dict[str, Any]], bool]] = {
    "ever": lambda *_: True,
    "of-the-same-provider": lambda before, body: before.get("type") == body["type"],
    "of-another-provider": lambda before, body: before.get("type") != body["type"],
}


@fault("meaning", field=CLEARED, when=STAYS)
def kept_if_omitted(mock: Mock, field: str, when: Callable[[dict[str, Any], dict[str, Any]], bool]) -> None:
    """An edit keeps the `{field}` that it leaves out ({when})."""

    @stores(mock, "edit")
    def _(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        before = kept(request)
        return {field: before[field], **body} if field in before and when(before, body) else body


@fault("meaning")
def all_kept_if_omitted(mock: Mock) -> None:
    """An edit changes what it mentions, and no more."""
    stores(mock, "edit")(lambda request, body: {**kept(request), **body})


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
    def _(store: Any, request: Request, token: Item, body: dict[str, Any]) -> None:
        before = token.fields, token.moved_at
        store(request, token, body)
        if all(before[0].get(name) == token.fields.get(name) for name in what):
            token.moved_at = before[1]


@fault("meaning", field=["id", "created_at", "updated_at"])
def read_only_settable(mock: Mock, field: str) -> None:
    """A client can set the read-only `{field}` by an additional property."""
    chosen: dict[int, Any] = {}

    @mock.on("store")
    def _(store: Any, request: Request, token: Item, body: dict[str, Any]) -> None:
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
            request.token.made_at = mock.now()
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
        before = request.token.moved_at
        edit(request)
        request.token.moved_at = how(before, request.token.moved_at)
        return mock.show(request, request.token)


@fault("meaning", action=READS[:2])
def read_touches(mock: Mock, action: str) -> None:
    """`{action}` moves `updated_at`."""

    @mock.on(action)
    def _(read: Any, request: Request) -> Any:
        for token in [request.token] if request.token else request.tokens.values():
            token.moved_at = mock.now()
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
