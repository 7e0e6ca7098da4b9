"""Faults of what an edit means: what is stored, shown, and left alone."""

from __future__ import annotations

import html
import re
import unicodedata
import urllib.parse
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ...contract.fields import drop, get, has, merged, put
from ...contract.resource import Resource
from ..facts import (
    addresses,
    choices,
    chosen,
    cleared,
    first,
    label,
    only,
    promised,
    prose,
    required,
    sized,
    spread,
    takes,
    visible,
)
from ..messages import Answer, Item, Request
from ..sample import sample
from ..server import Mock
from .catalogue import answers, back, fault, kept, shows, stores, stores_field
from .values import extra


@fault("meaning", needs="edit", field=visible)
def not_stored(mock: Mock, field: str) -> None:
    """An edit shows the new `{field}` and does not store it."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before = request.token.fields
        shown = edit(request)
        request.token.fields = back(request.token.fields, field, before)
        return shown


@fault("meaning", needs="edit", field=visible)
def ignored(mock: Mock, field: str) -> None:
    """An edit leaves `{field}` as it was, and shows that."""
    stores(mock, "edit")(lambda request, body: back(body, field, kept(mock, request)))


@fault("meaning", needs="edit get", field=visible)
def shown_late(mock: Mock, field: str) -> None:
    """The answer to an edit shows the `{field}` of before; the next read shows the new one."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        before = mock.show(request, request.token) if request.token else {}
        return back(edit(request), field, before)


@fault("meaning", field=chosen, action=["edit", "get", "list"])
def hidden(mock: Mock, field: str, action: str) -> None:
    """`{action}` never shows `{field}`, or not the one that was sent."""
    about = mock.resource.shown[field]
    instead = sample(about.schema, field)
    shows(mock, action)(
        lambda _, shown: put(shown, field, instead) if about.required and has(shown, field) else drop(shown, field)
    )


def _lost(resource: Resource) -> dict[str, tuple[str, str | None]]:
    """The fields that may be left out; and the last text among them where it is a word that may mean nothing."""
    texts = [name for name in prose(resource) if name in cleared(resource)][-1:]
    return {name: (name, None) for name in chosen(resource)} | {f"{name}-of-null": (name, "null") for name in texts}


@fault("meaning", needs="create", field=_lost)
def lost_on_create(mock: Mock, field: tuple[str, str | None]) -> None:
    """A create does not store `{field}`."""
    name, word = field
    stores(mock, "create")(lambda _, body: drop(body, name) if word in (None, get(body, name)) else body)


def _when(resource: Resource) -> dict[str, str]:
    """When an edit may not be stored: always, with what is unknown, or with a field that may be left out."""
    texts = [name for name in prose(resource) if name in cleared(resource)][:1]
    return {"always": "", "with-additional-properties": "extra"} | {f"with-{label(name)}": name for name in texts}


@fault("meaning", needs="edit", when=_when)
def nothing_stored(mock: Mock, when: str) -> None:
    """An edit is accepted, answered as if done, and nothing is stored ({when})."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before = request.token.fields, request.token.moved_at
        shown = edit(request)
        if not when or has(request.body, when) or (when == "extra" and extra(mock, request.body)):
            request.token.fields, request.token.moved_at = before
        return shown


@fault("meaning", needs="edit", whose={"first": 0, "last": -1})
def wrong_token(mock: Mock, whose: int) -> None:
    """An edit changes the {whose} {noun} of the {owner} instead, whichever is meant."""

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


@fault("meaning", needs="edit create", field=visible)
def others_too(mock: Mock, field: str) -> None:
    """An edit changes `{field}` of the {owner}'s other {nouns} too."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        shown = edit(request)
        for other in request.tokens.values():
            if has(request.body, field):
                other.fields = put(other.fields, field, get(request.body, field))
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
    "two-backslashes-to-one": lambda text: text.replace("\\\\", "\\"),
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
    "decimal-like": lambda text: f"{float(text)}" if re.fullmatch(r"[0-9]+\.[0-9]+", text) else text,
    "null-like": lambda text: "" if text.lower() in ("null", "none", "undefined") else text,
    "sql-comment-lost": lambda text: text.partition("--")[0],
    "semicolon-cut": lambda text: text.partition(";")[0],
    "hash-cut": lambda text: text.partition("#")[0],
    "formula-quoted": lambda text: f"'{text}" if text[:1] in "=+-@" and text else text,
    "template-expanded": lambda text: re.sub(r"\$\{[^}]*\}|\{\{[^}]*\}\}", "", text),
    "word-filtered": lambda text: re.sub("(?i)script|select|drop", "***", text),
    "shortcut-expanded": lambda text: text.replace("\r\n", "\n").replace("...", "\u2026"),
}


@fault("meaning", how=spread(ALTERED, prose))
def altered(mock: Mock, how: tuple[str, Callable[[str], str]]) -> None:
    """A text is not stored as it was sent: {how}."""
    stores_field(mock, *how)


def _bytes(resource: Resource) -> dict[str, tuple[str, int]]:
    """Texts with numbers of bytes, of which -1 is as many as characters must be accepted."""
    rows = sized(resource, ((-1, 100), (127,)), ((255, -1),), fields=prose(resource))
    return {
        f"{label(name)}-{limit if size < 0 else size}-bytes": (name, limit if size < 0 else size)
        for name, limit, size in rows
        if size < limit
    }


@fault("meaning", what=_bytes)
def cut_in_bytes(mock: Mock, what: tuple[str, int]) -> None:
    """A text is cut to a number of bytes: {what}."""
    name, size = what
    stores_field(mock, name, lambda text: text.encode(errors="replace")[:size].decode(errors="ignore"))


def _characters(resource: Resource) -> dict[str, tuple[str, int]]:
    """Texts with numbers of characters, of which -1 is one less than must be accepted."""
    rows = sized(resource, ((64, -1), (50,)), ((255, -1),), (255,), prose(resource))
    return {
        f"{label(name)}-{limit - 1 if size < 0 else size}": (name, limit - 1 if size < 0 else size)
        for name, limit, size in rows
        if size < limit
    }


@fault("meaning", what=_characters)
def cut(mock: Mock, what: tuple[str, int]) -> None:
    """A text is cut to a number of characters: {what}."""
    name, size = what
    stores_field(mock, name, lambda text: text[:size])


URLS: dict[str, Callable[[str], str]] = {
    "slash-lost": lambda url: url.rstrip("/"),
    "slash-added": lambda url: url if url.endswith("/") else url + "/",
    "default-port-lost": lambda url: re.sub(r"^(https://[^/]*):443(?=/|$)|^(http://[^/]*):80(?=/|$)", r"\1\2", url),
    "port-lost": lambda url: re.sub(r"^(https?://[^/\[]*?):\d+", r"\1", url),
    "path-lost": lambda url: re.sub(r"^(https?://[^/]+)/.*", r"\1", url),
    "query-lost": lambda url: url.partition("?")[0],
    "https-forced": lambda url: url.replace("http://", "https://"),
    "host-lower-case": lambda url: re.sub(r"^https?://[^/]*", lambda match: match[0].lower(), url),
    "slash-before-query": lambda url: re.sub(r"^(https?://[^/?#]+)\?", r"\1/?", url),
    "percent-in-capitals": lambda url: re.sub("%..", lambda match: match[0].upper(), url),
    "percent-decoded": urllib.parse.unquote,
    "dots-resolved": lambda url: re.sub(r"/[^/]+/\.\.(?=/|$)|/\.(?=/)", "", url),
    "encoded-twice": lambda url: url.replace("%", "%25"),
}  # fmt: skip


@fault("meaning", how=URLS, field=lambda resource: only(addresses(resource)))
def address_altered(mock: Mock, how: Callable[[str], str], field: str) -> None:
    """An address is not stored as it was sent: {how}."""
    stores_field(mock, field, how)


@fault("meaning", needs="edit", field=prose)
def case_is_no_change(mock: Mock, field: str) -> None:
    """An edit that changes nothing but the case of letters in `{field}` leaves it as it was."""

    @stores(mock, "edit")
    def _(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        before, now = get(kept(mock, request), field), get(body, field)
        same = isinstance(before, str) and isinstance(now, str) and before.casefold() == now.casefold()
        return put(body, field, before) if same else body


def _public(resource: Resource) -> list[str]:
    """The choices, where an address that nobody sent is shown as that of the choice."""
    return choices(resource) if any(name in promised(resource) for name in addresses(resource)) else []


@fault("meaning", choice=_public)
def own_address(mock: Mock, choice: str) -> None:
    """The address of {a} of {choice} is replaced by the public one."""
    [address, *_], switch = addresses(mock.resource), str(mock.resource.switch)
    stores(mock, "edit", "create")(lambda _, body: drop(body, address) if get(body, switch) == choice else body)


@fault(
    "meaning", needs="replace", field=lambda resource: [name for name in prose(resource) if takes(resource, name, "")]
)
def empty_keeps(mock: Mock, field: str) -> None:
    """An empty `{field}` counts as absent, and an absent one keeps the one before."""
    stores(mock, "edit")(lambda request, body: body if get(body, field) else back(body, field, kept(mock, request)))


Stays = Callable[[Any, Any], bool]
STAYS: dict[str, Stays] = {
    "ever": lambda *_: True,
    "of-the-same-{switch}": lambda before, now: before == now,
    "of-another-{switch}": lambda before, now: before != now,
}


def _stays(resource: Resource) -> dict[str, Stays]:
    known = list(STAYS.items())[: None if resource.switch else 1]
    return {when.format(switch=label(resource.switch or "")): stays for when, stays in known}


@fault("meaning", needs="replace", field=cleared, when=_stays)
def kept_if_omitted(mock: Mock, field: str, when: Stays) -> None:
    """An edit keeps the `{field}` that it leaves out ({when})."""
    switch = mock.resource.switch or ""

    @stores(mock, "edit")
    def _(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        before = kept(mock, request)
        stays = not has(body, field) and has(before, field) and when(get(before, switch), get(body, switch))
        return put(body, field, get(before, field)) if stays else body


@fault("meaning", needs="replace clears")
def all_kept_if_omitted(mock: Mock) -> None:
    """An edit changes what it mentions, and no more."""
    stores(mock, "edit")(lambda request, body: {**kept(mock, request), **body})


COPIED: dict[str, Callable[[dict[str, Any], dict[str, Any]], bool]] = {
    "every": lambda _, __: True,
    "a-repeated": lambda before, after: before == after,
}


@fault("meaning", needs="edit list", which=COPIED)
def edit_copies(mock: Mock, which: Callable[[dict[str, Any], dict[str, Any]], bool]) -> None:
    """The list has one more {noun} after {which} edit, as it was before that."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        copy = replace(request.token, id=mock.new_id())
        answer = edit(request)
        if which(copy.fields, request.token.fields):
            request.tokens[copy.id] = copy
        return answer


def _looked_at(resource: Resource) -> dict[str, list[str]]:
    always = [name for name in required(resource) if name in resource.leaves]
    but_one = {f"is-not-{label(each)}": [name for name in resource.leaves if name != each] for each in chosen(resource)}
    return {
        "is-shown": visible(resource),
        "is-required": always,
        f"is-the-{label(resource.mark)}": [resource.mark],
    } | but_one


@fault("meaning", needs="edit edited", called="{edited}-stands", what=_looked_at)
def edited_at_stands(mock: Mock, what: list[str]) -> None:
    """The time of the last edit stands still unless something is changed that {what}."""

    @mock.on("store")
    def _(store: Any, request: Request, token: Item, body: dict[str, Any]) -> None:
        before = token.fields, token.moved_at
        store(request, token, body)
        if all(get(before[0], name) == get(token.fields, name) for name in what):
            token.moved_at = before[1]


def _set(resource: Resource) -> list[str]:
    """The fields of texts that the server alone sets, and that a body may have a property like."""
    names = [resource.id, resource.created, resource.edited]
    return [name for name in names if name and "." not in name and name not in resource.fields]


@fault("meaning", field=_set)
def read_only_settable(mock: Mock, field: str) -> None:
    """A client can set the read-only `{field}` by an additional property."""
    chosen: dict[int, Any] = {}

    @mock.on("store")
    def _(store: Any, request: Request, token: Item, body: dict[str, Any]) -> None:
        store(request, token, body)
        if isinstance(request.body.get(field), str):
            chosen[id(token)] = request.body[field]

    shows(mock, "edit", "create", "get", "list")(
        lambda token, shown: put(shown, field, chosen[id(token)]) if id(token) in chosen else shown
    )


@fault("meaning", needs="edit", field=lambda resource: first(name for name in resource.counts if "." not in name))
def count_settable(mock: Mock, field: str) -> None:
    """A client can set what the server counts by an additional property."""

    @answers(mock, "edit")
    def _(request: Request, answer: Answer) -> None:
        sent = request.body.get(field)
        if type(sent) is int:
            answer.body = put(answer.body, field, sent)


def _moved(resource: Resource) -> dict[str, tuple[str, bool]]:
    """What the server alone sets, and whether the first edit moves it for good."""
    names = [name for name in (resource.id, resource.created) if name]
    at_first = {f"{label(resource.created)}-at-first": (resource.created, True)} if resource.created else {}
    return {label(name): (name, False) for name in names} | at_first


@fault("meaning", needs="edit", field=_moved)
def read_only_moves(mock: Mock, field: tuple[str, bool]) -> None:
    """An edit changes the read-only `{field}`."""
    name, at_first = field

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        if name == mock.resource.id:
            del request.tokens[request.token.id.lower()]
            request.token.id = mock.new_id()
            request.tokens[request.token.id] = request.token
        else:
            request.token.made_at = f"{request.token.made_at[:10]}T00:00:00Z" if at_first else mock.now()
        return edit(request)


MOVED: dict[str, Callable[[str, str], str]] = {
    "stands-still": lambda before, _: before,
    "goes-back": lambda before, _: later(before, -1),
    "is-long-ago": lambda *_: "1970-01-01T00:00:00Z",
}


def later(time: str, seconds: float) -> str:
    return (datetime.fromisoformat(time) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


@fault("meaning", needs="edit edited", called="{edited}", how=MOVED)
def edited_at(mock: Mock, how: Callable[[str, str], str]) -> None:
    """The time of the last edit {how} with an edit."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        before = request.token.moved_at
        edit(request)
        request.token.moved_at = how(before, request.token.moved_at)
        return mock.show(request, request.token)


@fault("meaning", needs="edited", action=["get", "list"])
def read_touches(mock: Mock, action: str) -> None:
    """`{action}` moves the time of the last edit."""

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


@fault("meaning", needs="edit", how=spread(AGAIN, prose))
def not_idempotent(mock: Mock, how: tuple[str, Callable[[str], str]]) -> None:
    """The same edit a second time gives another {noun}: {how}."""
    name, change = how

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        assert request.token
        after = merged(request.token.fields, request.body) if mock.resource.merges else request.body
        again = put(request.token.fields, name, "") == put(after, name, "")
        shown = edit(request)
        if again and has(request.token.fields, name):
            request.token.fields = put(request.token.fields, name, change(get(request.token.fields, name)))
            shown = mock.show(request, request.token)
        return shown


@fault(
    "meaning", needs="merge", field=lambda resource: [name for name in visible(resource) if name in cleared(resource)]
)
def lost_if_omitted(mock: Mock, field: str) -> None:
    """An edit takes away the `{field}` that it does not mention."""
    stores(mock, "edit")(lambda _, body: body if has(body, field) else put(body, field, None))


@fault(
    "meaning", needs="merge", field=lambda resource: [name for name in visible(resource) if name in cleared(resource)]
)
def null_ignored(mock: Mock, field: str) -> None:
    """An edit does not take away a `{field}` that is null."""
    stores(mock, "edit")(lambda _, body: drop(body, field) if has(body, field) and get(body, field) is None else body)


@fault("meaning", needs="merge")
def patch_replaces(mock: Mock) -> None:
    """An edit takes away whatever it does not mention and need not be there."""
    optional = cleared(mock.resource)

    @stores(mock, "edit")
    def _(_: Request, body: dict[str, Any]) -> dict[str, Any]:
        for name in optional:
            body = body if has(body, name) else put(body, name, None)
        return body


@fault("meaning", field=lambda resource: list(resource.tells), how={"ever": True, "never": False})
def told_wrong(mock: Mock, field: str, how: bool) -> None:
    """Answers say that a secret is set {how}, whether it is or not: `{field}`."""
    shows(mock, "edit", "create", "get", "list")(lambda _, shown: put(shown, field, how))
