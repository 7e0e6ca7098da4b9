"""What has become of an item that is not there, or not as it was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..contract.fields import get
from ..target.exchange import Exchange, Request
from . import conditions
from .about import FRESH, OTHERS_DELETED, REFUSED_AND_DONE, TWO_IN_ONE, UNLISTED
from .clause import Broken
from .comparison import difference
from .history import History
from .requests import said

if TYPE_CHECKING:
    from .run import Run

# What may be sent again.
_SAFE = ("GET", "PUT", "PATCH")
# As often is read what was there and is not found.
_READS = 4


class Losses:
    """Finds out which of the run's requests an item is lost by."""

    def __init__(self, run: Run, history: History, tried: Callable[[Request], Exchange]) -> None:
        """`tried` sends a request that is not judged, and removes what it has created."""
        self._run = run
        self._history = history
        self._tried = tried

    def two_in_one(self, broken: Broken) -> bool:
        """A create was answered with an item that was there: whatever is done to one is done to both."""
        last = broken.exchanges[-1]
        creates = self._run.resource.role(last.request.operation) == "create"
        named = [self._run.resource.id_of(last.answer.json)] if creates else self._history.named(last.request)
        twice = [self._history.twice[id] for id in named if id in self._history.twice]
        if not twice or not (last.answer.status == 404 or (creates and twice[0][-1] is last)):
            return False
        broken.message = f"a create was answered with the id of another {self._run.noun}"
        mark = self._run.resource.mark
        one, other = (get(each.request.json, mark) for each in twice[0])
        if one == other:
            broken.message += f", which has the same {mark}"
        broken.message += ": what is done to one is done to both"
        broken.exchanges, broken.statuses, broken.about = twice[0], (), TWO_IN_ONE
        broken.holds = conditions.different(self._run.resource.id)
        return True

    def gone(self, broken: Broken) -> bool:
        """An item is gone, though the run has not deleted it: says which request it disappeared after."""
        last = broken.exchanges[-1]
        since = self._history.vanished(last)
        if since is None or not self._run.resource.read:
            return False
        if last.request.method in _SAFE and (how := self._sometimes(last)):
            broken.message = (
                f"{self._run.a} that exists is found {how} (404): is what is written shared by all servers?"
            )
            broken.exchanges, broken.about = (last,), FRESH
            return True
        item = next(iter(self._history.named(last.request)), self._run.subject)
        if not since or self._run.resource.role(since[-1].request.operation) == "create":
            return False
        if self._run.get(item=item).answer.status != 404:
            return False
        # What found nothing is no cause.
        since = tuple(each for each in since if each.answer.status != 404)
        broken.message = (
            f"{self._run.a} that the run did not delete is gone: {last.request.operation} finds it no more (404)"
        )
        deletes = [each for each in since if each.request.method == "DELETE" and each.answer.ok]
        named = [each for each in since if each.request.method == "DELETE" and item in each.request.path.lower()]
        if refused := [each for each in named if 400 <= each.answer.status < 500]:
            deletes, broken.about = [], REFUSED_AND_DONE
            since = (refused[-1],)
        # What should not have been carried out at all comes before what should have been carried out on another one.
        if unusual := [each for each in since if each.request.operation is None and each.answer.ok]:
            since = (unusual[-1],)
        if deletes and not unusual:
            # Any of them may have been it.
            since, broken.about = tuple(deletes), OTHERS_DELETED
            alike = " of the same " + self._run.resource.mark if self._alike(since, item) else ""
            what = f"{since[0].request.operation or 'a delete'} of another one{alike}"
            broken.message += f" since {what}, which was answered {since[0].answer.status}"
        elif since:
            what = said(since[-1].request)
            broken.message += f" since {what}, which was answered {since[-1].answer.status}"
        broken.exchanges = (*since, last)
        return True

    def unlisted(self, broken: Broken) -> None:
        """The list does not show an item: is it gone, or can it be read?"""
        last, resource = broken.exchanges[-1], self._run.resource
        listed = resource.listed(last.answer.json) if resource.role(last.request.operation) == "list" else None
        absent = [id for id in self._history.lives if broken.holds == conditions.listed(resource.id, id, 1)]
        if listed is None or not absent or absent[0] in map(resource.id_of, listed) or not resource.read:
            return
        read = self._tried(self._run.request(resource.read.id, item=absent[0]))
        if not read.answer.ok:
            return
        broken.message, broken.about = f"the list does not show {self._run.a} that can be read", UNLISTED
        choice = get(read.answer.json, resource.switch) if resource.switch else None
        # Does it show others that the run has made?
        shown = [each for each in listed if resource.id_of(each) in self._run.estate.created]
        if choice and shown and all(get(each, str(resource.switch)) != choice for each in listed):
            broken.message += f", and none of {resource.switch} {choice}"

    def aged(self, broken: Broken) -> None:
        """An item is not listed as it was written: is it so at once, or only some requests later?"""
        written, listed = broken.exchanges[0], broken.exchanges[-1]
        roles = [self._run.resource.role(each.request.operation) for each in (written, listed)]
        sent = written.request.json
        if self._run.resource.unique or self._run.target.keeps or roles[1] != "list" or not isinstance(sent, dict):
            return
        if roles[0] not in ("create", "edit") or not broken.about.startswith("altered "):
            return
        created = self._run.create(sent)
        if not (id := self._run.resource.id_of(created.answer.json) if created.answer.ok else ""):
            return
        shown = self._run.listed()[1].get(id)
        self._run.cleanup.discard(id)
        passed = self._run.journal.since(written.at, listed.at)
        if passed and shown is not None and difference(self._run.contract, sent, shown) is None:
            broken.aged = passed
            broken.message += f", {broken.aged} requests after it was written, and not at once"

    def _sometimes(self, exchange: Exchange) -> str:
        """Says how a request that has found nothing finds something when it is sent again; empty if it does not."""
        if any(self._run.repeat(exchange).answer.status != 404 for _ in range(_READS)):
            return "by one request and not by the next"
        self._run.target.connections.renew()
        found = self._run.repeat(exchange).answer.status != 404
        return "over one connection and not over another" if found else ""

    def _alike(self, deletes: tuple[Exchange, ...], item: str) -> bool:
        """Was an item that was deleted called as another one?"""
        mark = self._run.resource.mark
        name, *names = [
            get(self._history.state(id).json, mark)
            for id in (item, *self._history.named(*(each.request for each in deletes)))
        ]
        return name in names
