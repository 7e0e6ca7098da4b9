"""Faults that may be the network's: what is repeated before a server is blamed for it."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from .exchange import Answer, Request

Kind = Literal["closed", "cut", "late", "502", "503", "504"]

# The problem of an answer of which nothing came.
CLOSED = "the connection was closed without an answer"
# How the problem of an answer begins that came in part, or is no HTTP.
CUT = "the answer is broken: "
# How the problem of an answer begins that did not come in time.
LATE = "no complete answer within "
# What gateways answer for a server that they do not reach.
GATEWAY: dict[int, Kind] = {502: "502", 503: "503", 504: "504"}

# How often a request is repeated: at 7 % of faults, one request in half a million fails five times. Another time-out
# costs too much.
_REPEATS: dict[Kind, int] = {"closed": 4, "cut": 4, "late": 1, "502": 4, "503": 4, "504": 4}
# So many faults of an operation, that are such a share of its requests, are no accident.
_OFTEN: dict[Kind, tuple[int, float]] = dict.fromkeys(GATEWAY.values(), (8, 0.06))
_USUALLY = (10, 0.25)

_WORDS: dict[Kind, tuple[str, str]] = {
    "closed": ("connection", "closed without an answer"),
    "cut": ("answer", "cut off"),
    "late": ("answer", "too late"),
    "502": ("answer", "502"),
    "503": ("answer", "503"),
    "504": ("answer", "504"),
}


def fault(answer: Answer) -> Kind | None:
    """What is wrong with an answer that a network can do to it."""
    problem = answer.problem or ""
    if problem == CLOSED:
        return "closed"
    if problem.startswith(CUT):
        return "cut"
    if problem.startswith(LATE):
        return "late"
    return GATEWAY.get(answer.status)


def ended(request: Request, answer: Answer) -> bool:
    """Has the server ended the connection without an answer at what is no HTTP, as it may?"""
    return request.framing == "illegal" and fault(answer) in ("closed", "cut")


class Network:
    """What a run has seen of the network.

    `faults` are those that did not happen again when the request was repeated, by kind.
    """

    def __init__(self) -> None:
        self.faults: Counter[Kind] = Counter()
        # What the server does again and again, so that it need not be tried any more.
        self._blamed: set[Kind] = set()
        self._requests: Counter[str | None] = Counter()
        self._of: Counter[tuple[str | None, Kind]] = Counter()

    def forgives(self, request: Request, kind: Kind, attempt: int, *, reused: bool) -> bool:
        """Is a request to be repeated whose `attempt`-th repetition had this fault? If not, the server is blamed.

        A connection that is `reused` may be closed at any time: RFC 9112 section 9.5.
        """
        if reused and kind == "closed":
            return True
        if attempt == 0:
            self._of[request.operation, kind] += 1
        count = self._of[request.operation, kind]
        least, share = _OFTEN.get(kind, _USUALLY)
        often = count >= max(least, share * self._requests[request.operation])
        if kind in self._blamed or often or attempt >= _REPEATS[kind]:
            self._blamed.add(kind)
            return False
        return True

    def count(self, request: Request) -> None:
        """Counts a request, its repetitions aside."""
        self._requests[request.operation] += 1

    def __str__(self) -> str:
        """How often requests had to be repeated, and why; empty if none had to be."""
        seen = [(count, *_WORDS[kind]) for kind, count in sorted(self.faults.items()) if count]
        return ", ".join(f"{count} {noun}{'s' * (count > 1)} {what}" for count, noun, what in seen)
