"""A clause: one sentence of what a server must do, where it is from, and how binding it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from ..contract.resource import Resource
from ..target.exchange import Exchange
from .history import Made

Level = Literal["documented", "http", "expected"]
State = Literal["held", "broken", "not exercised"]
LEVELS: tuple[Level, ...] = ("documented", "http", "expected")
F = TypeVar("F", bound=Callable[..., object])


def _always(_: Resource) -> bool:
    return True


@dataclass(frozen=True)
class Clause:
    """`needs` are the clauses without which this one cannot be judged.

    What an item, its owner and the operations are called stands in requirement and source as {noun}, {create} and so
    on, until they are `worded`.
    """

    id: str
    requirement: str = field(compare=False)
    source: str = field(compare=False)
    level: Level
    needs: tuple[str, ...] = ()
    # Is there something in a resource that the clause is about?
    when: Callable[[Resource], object] = field(default=_always, compare=False, repr=False)

    def worded(self, resource: Resource) -> Clause:
        """The clause in the words of a contract."""
        texts = [text.format_map(resource.words) for text in (self.requirement, self.source)]
        requirement = texts[0][:1].upper() + texts[0][1:] if self.requirement[0] == "{" else texts[0]
        return replace(self, requirement=requirement, source=texts[1], when=_always)


def clause(
    id: str,
    requirement: str,
    *,
    source: str,
    level: Level,
    needs: str = "edit/works",
    when: Callable[[Resource], object] = _always,
) -> Callable[[F], F]:
    """Marks a test of the suite as the judge of a clause, which is one of those resources for which `when` is true.

    `needs` is a list of ids, separated by spaces.
    """

    def mark(function: F) -> F:
        function.clause = Clause(id, requirement, source, level, tuple(needs.split()), when)  # type: ignore[attr-defined]
        return function

    return mark


@dataclass(frozen=True)
class Finding:
    """A broken clause: what was expected and came instead, with the fewest exchanges that show it.

    `about` is the same for findings of several clauses that show the same fault. `expected` and `actual` are what the
    message is about, where it comes down to two values. `statuses` are those that the last answer may have, `holds` is
    what must hold of the answers (see conditions.py), where that can be said so that a shell can judge it too. `made`
    are the items that have to be there first, `lead` is how many of the exchanges only lead to it, and `rounds` how
    often the same requests have to be tried, where they do not always show it. `cases` are the messages of what else
    the clause has found that is of the same kind. `cause` is the clause whose finding is about the same fault, and says
    more of it. What shows only on a connection that has carried a valid request before is `connected`, and only on the
    connection of the exchange before the last, `in_turn`. What shows only over a connection on which the last request
    had been answered before the one before it was sent is `held`. `aged` is how many requests have to lie between the
    first exchange and the next.
    """

    clause: Clause
    message: str
    exchanges: tuple[Exchange, ...]
    about: str = ""
    expected: str = ""
    actual: str = ""
    statuses: tuple[int, ...] = ()
    holds: str = ""
    made: tuple[Made, ...] = ()
    lead: int = 0
    rounds: int = 1
    cases: tuple[str, ...] = ()
    cause: str = ""
    connected: bool = False
    in_turn: bool = False
    held: bool = False
    aged: int = 0


@dataclass
class Result:
    """What a run says of a clause.

    `requests` counts those that exercised it, `judged` the cases that could be judged to the end, `stumbled` those
    that could not because an answer broke another clause. `reason` says why the clause is not exercised, `note` what
    else there is to know.
    """

    clause: Clause
    requests: int = 0
    judged: int = 0
    stumbled: int = 0
    seconds: float = 0.0
    reason: str = "not run"
    # Is it not exercised for lack of requests, time or network, or because one that it needs is so?
    lacking: bool = False
    note: str = ""
    finding: Finding | None = None
    # Has the contract nothing that the clause is about?
    absent: bool = False

    @property
    def state(self) -> State:
        if self.finding:
            return "broken"
        return "not exercised" if self.reason else "held"


class Broken(Exception):
    """Raised by a clause's test: the server broke the clause."""

    def __init__(
        self,
        message: str,
        *exchanges: Exchange,
        about: str = "",
        expected: str = "",
        actual: str = "",
        statuses: tuple[int, ...] = (),
        holds: str = "",
    ) -> None:
        super().__init__(message)
        # Whether it is among the findings already.
        self.kept = False
        # Does it show only on a connection that has carried a valid request before?
        self.connected = False
        # Only on the connection of the exchange before the last?
        self.in_turn = False
        # Only over a connection that was open before the exchange before the last?
        self.held = False
        # Only so many requests after the first exchange?
        self.aged = 0
        # How many of the exchanges only lead to what it is about.
        self.lead = 0
        self.statuses = statuses
        self.holds = holds
        self.expected = expected
        self.actual = actual
        self.message = message
        self.exchanges = exchanges
        self.about = about

    def led_by(self, *exchanges: Exchange) -> None:
        """Puts exchanges before its own."""
        self.lead += len(exchanges)
        self.exchanges = (*exchanges, *self.exchanges)


class Stumbled(Exception):
    """An answer that broke another clause and so cannot be judged by this one."""
