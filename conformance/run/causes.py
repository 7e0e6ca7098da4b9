"""What a finding is due to: the message then says cause and effect, and the exchanges are those that show it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..contract.fields import get, has, put
from ..target.exchange import Answer, Exchange, Request
from ..target.stops import NotExercised
from . import conditions
from .admission import Admission
from .clause import Broken
from .comparison import TRIMMED, difference, short
from .forms import SEARCHED, shown
from .history import PLAIN, History
from .refused import Refused
from .requests import encoded

if TYPE_CHECKING:
    from .run import Run

Json = dict[str, Any]
# Of a body's properties that the contract does not know, as many are left out in turn.
_NAMES = 12
# The clauses that are broken where connections, or requests, reach servers that do not share what they store.
FRESH, HELD, AFTER_A_PAUSE = "connections/fresh", "connections/held", "sequences/idle"
# Where what a refused request has left on its connection spoils the next, or a body has to come with its head.
KEPT, PIECES = "framing/kept", "framing/pieces"
# What findings are about, of which the clause that is about just that leads.
OTHERS_DELETED, TWO_IN_ONE = "a delete deletes others", "a create gives the id of another"
OTHERS_EDITED = "an edit changes others"
UNLISTED, REFUSED_AND_DONE = "the list lacks what can be read", "a request is refused and carried out"
# The clauses that have what others come upon.
HOMES = {UNLISTED: "resource/list"} | {each: each for each in (FRESH, HELD, AFTER_A_PAUSE, KEPT, PIECES)}
LEADS = {OTHERS_DELETED: "resource/delete", TRIMMED: "values/text"}
# What a sentence says and the name of a case does not.
_SAYS = re.compile(r"\b(was refused|were refused|was not created|cannot be|is gone|came back|is not a)\b")
# What may be sent again.
_SAFE = ("GET", "PUT", "PATCH")
# As often is read what was there and is not found.
_READS = 4


class Causes:
    """Looks for the cause of a finding in what the run has done, and by a few more requests."""

    def __init__(self, run: Run, history: History) -> None:
        self._run = run
        self._history = history
        self._refused = Refused(run, history, self._tried)
        self._admission = Admission(run)

    def explain(self, broken: Broken) -> bool:
        """Has a clause's finding say its cause. Gives whether it is about something else now."""
        if broken.held:
            # Its clause has looked: it is the connection.
            return False
        if self._two_in_one(broken) or self._gone(broken) or self._in_pieces(broken):
            return True
        self._trimmed(broken)
        self._aged(broken)
        self._unlisted(broken)
        self._refused.explain(broken)
        self._admission.explain(broken)
        self._by_connection(broken)
        return False

    def told(self, id: str, exchange: Exchange, message: str) -> str:
        """What a check has found in an answer, with its cause."""
        if id == "secrets/value":
            return self._whose_secret(exchange) or message
        if id in ("answer/status", "answer/media-type") and is_problem(exchange.answer):
            return f"{exchange.request.operation} answers with a problem, and says {exchange.answer.status}"
        if id == "answer/no-server-error":
            return _failed(exchange)
        return message

    @staticmethod
    def at(exchange: Exchange, message: str, because: str) -> str:
        """What a check has found in the answer to a request that was sent for the case `because`."""
        if _SAYS.search(because) or f" at {because}" in message:
            return message
        found = message == _failed(exchange)
        return f"the server failed ({exchange.answer.status}) at {because}" if found else message

    def _two_in_one(self, broken: Broken) -> bool:
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

    def _gone(self, broken: Broken) -> bool:
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
            what = _name(since[-1].request)
            broken.message += f" since {what}, which was answered {since[-1].answer.status}"
        broken.exchanges = (*since, last)
        return True

    def _unlisted(self, broken: Broken) -> None:
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

    @staticmethod
    def _trimmed(broken: Broken) -> None:
        """A text with white space around it was accepted: is it without in the answer?"""
        sent, shown = broken.exchanges[-1].request.json, broken.exchanges[-1].answer.json
        if broken.exchanges[-1].answer.ok and isinstance(sent, dict):
            kept = [get(shown, name) for name in sent]
            if any(
                isinstance(value, str) and value != now == value.strip()
                for value, now in zip(sent.values(), kept, strict=True)
            ):
                broken.message += f": {TRIMMED}" if TRIMMED not in broken.message else ""
                broken.about = TRIMMED

    def _in_pieces(self, broken: Broken) -> bool:
        """What came at the same time as another is refused also where it comes alone, but in several packets."""
        last = broken.exchanges[-1]
        role = self._run.resource.role(last.request.operation)
        if not last.together or role not in ("edit", "create") or not 400 <= last.answer.status < 500:
            return False
        # The item may be gone.
        whole = self._run.request(last.request.operation or "", last.request.body)
        alone = self._tried(replace(whole, framing="pieces"))
        if alone.answer.status != last.answer.status or not self._tried(whole).answer.ok:
            return False
        what, status = last.request.operation, last.answer.status
        broken.message = (
            f"{what} is refused ({status}) where its body comes after its head, and not where both come at once"
        )
        broken.exchanges, broken.about, broken.statuses = (alone,), PIECES, (self._run.success(role),)
        broken.expected, broken.actual = str(self._run.success(role)), str(status)
        return True

    def _tried(self, request: Request) -> Exchange:
        """Sends a request that is not judged, and removes what it has created."""
        exchange = self._run.repeat(Exchange(request, Answer()))
        if exchange.answer.ok and self._run.resource.role(request.operation) == "create":
            self._run.cleanup.discard(self._run.resource.id_of(exchange.answer.json))
        return exchange

    def left_over(self, broken: Broken) -> bool:
        """Is what does not show again due to a request with a body that was refused on the same connection before?"""
        last = broken.exchanges[-1]
        before = self._history.refused_before(last)
        harmless = self._run.resource.role(last.request.operation) in ("edit", "read", "list")
        if self._run.target.transport or before is None or last.answer.ok or not harmless:
            return False
        self._run.target.connections.renew()
        if (fresh := self._run.repeat(last).answer.status) == last.answer.status:
            return False
        with contextlib.suppress(NotExercised):
            [_, (again, kept)] = self._run.in_turn(before.request, last.request)
            if again and kept and again.answer.status == last.answer.status:
                broken.message = spoilt(before, again, fresh)
                broken.exchanges, broken.statuses, broken.about = (before, again), broken.statuses or (fresh,), KEPT
                broken.in_turn = True
        return broken.in_turn

    def _aged(self, broken: Broken) -> None:
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

    def _by_connection(self, broken: Broken) -> None:
        """A request without the caller's credentials was carried out: is that so over a fresh connection too?"""
        [*_, last] = broken.exchanges
        own = self._run.target.authorization
        unsafe = last.request.method != "GET" or last.request.operation is None
        if self._run.target.transport or not own or own in last.request.headers or not last.answer.ok or unsafe:
            return
        self._run.target.connections.renew()
        if not self._run.repeat(last).answer.ok:
            broken.message += ", only on a connection that has carried a valid request before"
            broken.connected = True

    def _whose_secret(self, exchange: Exchange) -> str | None:
        """Says which secret an answer shows, and in which form."""
        values = ((value, name) for value, name in self._run.secrets.values.items() if name == self._run.secrets.secret)
        found = shown(exchange.answer, values)
        if found is None:
            return None
        how, value = found
        sent = (exchange.request.body or b"").decode("utf-8", "replace")
        what = "that was sent" if value[:8] in sent else self._history.kept(value, exchange.request)
        return f"the answer shows the {self._run.noun}'s secret {what}{', ' if how.what else ''}{how.what}".rstrip()

    def what_breaks(self, exchange: Exchange) -> str:
        """Says what makes the server fail: the field of a body with whose usual value it does not, or the operation."""
        request, sent = exchange.request, exchange.request.json
        writes = self._run.resource.role(request.operation) in ("create", "edit") and isinstance(sent, dict)
        if not writes or len(request.body or b"") > SEARCHED or (request.method == "POST" and self._run.target.keeps):
            return _failed(exchange)
        for what, body in self._without(sent):
            again = self._tried(replace(request, body=encoded(body)))
            if again.answer.status < 500 <= self._tried(request).answer.status:
                return f"the server failed ({exchange.answer.status}) at {what}"
        return _failed(exchange)

    def _without(self, sent: Json) -> Iterator[tuple[str, Json]]:
        """Bodies in which one thing is as usual that is not in `sent`, and what that is."""
        usual = self._run.bodies.full()
        for field, about in self._run.resource.leaves.items():
            value, body = get(sent, field), put(sent, field, get(usual, field))
            if value is not None:
                size = f"a text of {len(value)} characters" if isinstance(value, str) else short(value)
                yield f"{field}: {size if about.secret else short(value)}", body
            elif not has(sent, field) and has(usual, field):
                yield f"{field}, which is left out", body
        for name in [name for name in sent if name not in self._run.resource.fields][:_NAMES]:
            yield name, {other: value for other, value in sent.items() if other != name}


def is_problem(answer: Answer) -> bool:
    """Is an answer a problem detail (RFC 9457), and yet one of success?"""
    return answer.ok and "problem+json" in (answer.header("Content-Type") or "")


def _failed(exchange: Exchange) -> str:
    return f"the server failed ({exchange.answer.status}) at {_name(exchange.request)}"


def _name(request: Request) -> str:
    """A request by what tells it from others to the same operation."""
    name = request.operation or request.method
    _, found, query = request.path.partition("?")
    headers = [f"{name}: {value}" for name, value in request.headers if name.lower() not in PLAIN]
    return " with ".join([name, *[f"?{query}"] * bool(found), *headers])


def spoilt(before: Exchange, exchange: Exchange, fresh: int) -> str:
    """Says of a request that it is answered otherwise after another one on its connection."""
    return (
        f"a request over a connection on which {before.answer.status} was answered before is answered with "
        f"{exchange.answer.status}, and over a fresh one with {fresh}"
    )
