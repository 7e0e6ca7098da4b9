"""What a run has done to each of its own items, as far as it takes to bring another one into the same state."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ..contract.fields import get
from ..contract.resource import Resource
from ..target.exchange import Exchange, Request
from .requests import PLAIN, READS, encoded

# A longer body, in bytes, is a case of its own, and nothing that others build on.
_KEPT = 64 * 1024
# As many of an item's last requests are remembered, of its last edits, and of all items' last writes. To find the
# cause of a finding takes many edits, and what was before them is what a reproduction begins with.
_LAST = 4
_EDITS = 40
_WRITES = 40
# A shorter id occurs by chance.
_TELLING = 8


@dataclass
class Life:
    """What became of one item: what was accepted of it, and everything that was sent to it once it was deleted."""

    created: Exchange
    edits: deque[Exchange] = field(default_factory=lambda: deque(maxlen=_EDITS))
    deleted: Exchange | None = None
    after: deque[Exchange] = field(default_factory=lambda: deque(maxlen=_LAST))
    # When it was last shown, in seconds of Unix time.
    seen: float = 0.0
    # Has a write to it been left unanswered, or failed? Then nobody knows what it is, or will soon be.
    doubtful: bool = False


@dataclass(frozen=True)
class Made:
    """An item that a reproduction needs: its id in the run, the create's body, and what is to be sent to it then."""

    id: str
    body: bytes
    then: tuple[Request, ...] = ()


class History:
    """The lives of the run's own items, by id in lower case."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self.lives: dict[str, Life] = {}
        # The creates that were answered with the id of an item that was there, each with what was done to that last.
        self.twice: dict[str, tuple[Exchange, Exchange]] = {}
        # The creates that were answered with the id of an item that was deleted, each with that item's life.
        self.again: dict[str, tuple[Life, Exchange]] = {}
        self._writes: deque[Exchange] = deque(maxlen=_WRITES)
        self._lists: deque[Exchange] = deque(maxlen=_LAST)
        self._refused: deque[Exchange] = deque(maxlen=2 * _LAST)

    def note(self, exchange: Exchange) -> None:
        """Remembers a request that may have changed something, and which items were there."""
        request, answer = exchange.request, exchange.answer
        if request.body and 400 <= answer.status < 500:
            self._refused.append(exchange)
        shown = answer.json if answer.ok and isinstance(answer.json, dict) else {}
        id = self._resource.id_of(shown) if request.method == "POST" and request.operation else ""
        if (life := self.lives.get(id)) and not life.deleted:
            self.twice[id] = life.edits[-1] if life.edits else life.created, exchange
        if len(request.body or b"") > _KEPT:
            return
        if writes := _may_write(request):
            self._writes.append(exchange)
        if id and life and life.deleted:
            self.again[id] = life, exchange
        if id and (life is None or life.deleted):
            self.lives[id] = Life(exchange, seen=exchange.at)
        elif life := self._addressed(request):
            if answer.ok and request.operation and not life.deleted:
                life.seen = exchange.at
            life.doubtful |= writes and not 0 < answer.status < 500
            if life.deleted:
                life.after.append(exchange)
            elif request.method in ("PUT", "PATCH") and answer.ok and request.operation:
                life.edits.append(exchange)
            elif request.method == "DELETE" and answer.ok:
                life.deleted = exchange
        items = self._resource.listed(answer.json) if self._resource.role(request.operation) == "list" else None
        if items is None:
            return
        self._lists.append(exchange)
        for item in items:
            if life := self.lives.get(self._resource.id_of(item)):
                life.seen = exchange.at

    def named(self, *requests: Request) -> list[str]:
        """The ids of the run's own items that requests name, anywhere, in the order in which they were made."""
        heads = "\n".join(part for each in requests for part in (each.path, *(value for _, value in each.headers)))
        text = b"\n".join([heads.encode(), *(each.body or b"" for each in requests)]).lower()
        return [id for id in self.lives if _names(text, id.encode())]

    def alike(self, marks: re.Pattern[str], *requests: Request) -> list[str]:
        """The ids of those that hold a mark of the run's which requests send too, as one of equal name does."""
        sent = {mark for each in requests for mark in marks.findall((each.body or b"").decode("latin-1"))}
        return [
            id
            for id, life in self.lives.items()
            if not life.deleted and sent & set(marks.findall((self._state(life).body or b"").decode("latin-1")))
        ]

    def called(self, mark: str, *requests: Request) -> list[str]:
        """The ids of those that have the name which a request gives to another one."""
        names = {json.dumps(get(each.json, mark)) for each in requests if each.method == "POST"} - {"null"}
        return [
            id
            for id, life in self.lives.items()
            if not life.deleted and json.dumps(get(self._state(life).json, mark)) in names
        ]

    def alive(self, at: float) -> list[str]:
        """The ids of those that were there at a time."""
        return [
            id
            for id, life in self.lives.items()
            if life.created.at < at and not (life.deleted and life.deleted.at < at)
        ]

    def before(self, ids: Iterable[str], exchanges: tuple[Exchange, ...]) -> Iterator[Made]:
        """What brings new items into the state that those with these ids were in before the exchanges."""
        start = exchanges[0].at
        for id in ids:
            life = self.lives[id]
            if life.created in exchanges or life.created.at >= start:
                continue
            edits = [each for each in life.edits if each.at < start and each not in exchanges]
            last = edits[-1] if edits else life.created
            body = _stored(last, id)
            then: list[Request] = []
            if edits and all(each.request.method not in ("PUT", "PATCH") for each in exchanges):
                # That it has been edited may matter too.
                body, then = _stored(life.created, id), [replace(last.request, body=body)]
            if life.deleted and life.deleted.at < start and life.deleted not in exchanges:
                then.append(life.deleted.request)
                then += [each.request for each in life.after if each.at < start and each not in exchanges]
            yield Made(id, body, tuple(then))

    def vanished(self, exchange: Exchange) -> tuple[Exchange, ...] | None:
        """The writes since an item was last seen, where it is gone and the run has not deleted it; else None."""
        life = self._addressed(exchange.request)
        if exchange.answer.status != 404 or life is None or life.deleted or not exchange.request.operation:
            return None
        return tuple(each for each in self._writes if life.seen <= each.at < exchange.at)

    def since(self, id: str) -> tuple[Exchange, ...]:
        """The writes since an item was last seen."""
        seen = self.lives[id].seen if id in self.lives else 0.0
        return tuple(each for each in self._writes if seen <= each.at)

    def listed_before(self, exchange: Exchange) -> tuple[Exchange, ...]:
        """The last list that was answered before an exchange, if there was one."""
        return tuple(each for each in self._lists if each.at < exchange.at)[-1:]

    def refused_before(self, exchange: Exchange) -> Exchange | None:
        """The last request with a body that was refused before an exchange."""
        return next((each for each in reversed(self._refused) if each is not exchange and each.at <= exchange.at), None)

    def doubt(self, *exchanges: Exchange) -> None:
        """Knows no longer what the items are that exchanges name or have created."""
        created = [self._resource.id_of(each.answer.json) for each in exchanges if isinstance(each.answer.json, dict)]
        for id in {*self.named(*(each.request for each in exchanges)), *created} & self.lives.keys():
            self.lives[id].doubtful = True

    def lost(self, listed: dict[str, Any] | None) -> None:
        """Knows no longer what has become of items that are not listed: a finding may have been that they are gone."""
        for id in self.lives.keys() - listed.keys() if listed is not None else ():
            self.lives[id].doubtful = True

    def unanswered(self, *requests: Request) -> None:
        """Knows no longer what the items are that requests name, and no longer those that were to be deleted."""
        for request in requests:
            for id in self.named(request):
                self.lives[id].doubtful = True
                if request.method == "DELETE":
                    del self.lives[id]

    def created(self, id: str) -> Exchange | None:
        """How an item was created, if the run has done it."""
        life = self.lives.get(id)
        return life.created if life else None

    def written(self, id: str) -> Exchange | None:
        """How an item was last written; None if it is deleted, or nobody knows it."""
        life = self.lives.get(id)
        if life is None or life.deleted or life.doubtful:
            return None
        return life.edits[-1] if life.edits else life.created

    def state(self, id: str) -> Request:
        """The last accepted write of an item."""
        return self._state(self.lives[id])

    def kept(self, secret: str, request: Request) -> str:
        """Says of a secret that a request has not sent whether the item that it addresses holds it, or has held it."""
        life = self._addressed(request)
        writes = [each for each in (life.created, *life.edits) if each.request is not request] if life else []
        holds = [secret.encode() in (each.request.body or b"") for each in writes]
        if not any(holds):
            return "of another one"
        if holds[-1]:
            return "that the edit has replaced" if request.method in ("PUT", "PATCH") else "that is stored"
        return "that the last edit replaced" if holds[-2:-1] == [True] else "that an earlier edit replaced"

    def _state(self, life: Life) -> Request:
        return (life.edits[-1] if life.edits else life.created).request

    def _addressed(self, request: Request) -> Life | None:
        """The life of the item that a path names."""
        return next((life for part in request.path.lower().split("/") if (life := self.lives.get(part))), None)


def _names(text: bytes, id: bytes) -> bool:
    """Does a text name an item? A short id stands in many a text, and so it has to be a word."""
    if len(id) < _TELLING:
        return re.search(rb"(?<!\w)" + re.escape(id) + rb"(?!\w)", text) is not None
    return id[:-1] in text


def _may_write(request: Request) -> bool:
    """May a request change something, by its method or by what turns one method into another?"""
    plain = all(name.lower() in PLAIN for name, _ in request.headers)
    return request.method not in READS or request.operation is None or "?" in request.path or not plain


def _stored(exchange: Exchange, id: str) -> bytes:
    """The body of an accepted write, with what the answer shows of it: a server may have stored something else."""
    sent, shown = exchange.request.json, exchange.answer.json
    if not isinstance(sent, dict) or not isinstance(shown, dict):
        return exchange.request.body or b""
    stored = {name: shown[name] if isinstance(shown.get(name), str) else value for name, value in sent.items()}
    # What names itself cannot be made anew.
    stored = {name: value for name, value in stored.items() if value != id}
    if stored == sent:
        return exchange.request.body or b""
    return encoded(stored)
