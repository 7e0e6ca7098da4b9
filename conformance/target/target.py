"""Who is tested: address, credentials and ids; sends it requests, with patience for the network."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from ..contract.resource import Scheme, words
from . import limits
from .budget import HOUR, Budget
from .connections import Connections
from .exchange import Answer, Request
from .ledger import Ledger
from .network import CLOSED, Kind, Network, ended, fault
from .stops import BudgetSpent, CannotRun, NotExercised, short
from .wires import Wires

# Hung answers after which a server is taken to hang for good.
MAX_HANGS = 4
# How long a server that has ceased to answer may take to come back, in pauses between two tries, in seconds.
PAUSES = (0.5, 1.0, 2.0, 4.0)
# After so many requests in a row without an answer, it is looked whether there are answers at all.
_SILENT = 3


@dataclass
class Target:
    """A server under test.

    `owners` are the ids that the paths' parameters stand for, but for the item's, and `credentials` the bare values by
    the schemes of the contract, of which the first is used; `foreign` are owners that the caller may not touch.
    `rate` is in requests a second (0: no pacing), `timeout` and `max_wait` are in seconds, `until` is in seconds of
    the monotonic clock. `announce` is told what the run is waiting for, `progress` of every request.
    """

    base_url: str
    owners: dict[str, str]
    credentials: dict[Scheme, str] = field(default_factory=dict, repr=False)
    foreign: dict[str, str] = field(default_factory=dict)
    foreign_item: str | None = None
    # The item to edit instead of one that the run creates.
    overwrite: str | None = None
    # Whether nothing is sent that a right server would carry out, and the item that refused edits may name.
    read_only: bool = False
    refuser: str | None = None
    max_requests: int = 900
    rate: float = 0
    timeout: float = 5
    max_wait: float = 60
    # When a run that goes on round by round has to end.
    until: float = float("inf")
    # How often the server has hung.
    hangs: int = 0
    announce: Callable[[str], None] = print
    progress: Callable[[], None] = lambda: None
    # What carries requests instead of the network.
    transport: httpx.BaseTransport | None = None

    def __post_init__(self) -> None:
        self.base_url = self.base_url.rstrip("/")
        self.network = Network()
        self.ledger = Ledger(reserve=4)
        self.budget = Budget(self)
        self.connections = Connections(self)
        self.wires = Wires(self)
        # The last read that was answered, and when the answers ceased after it.
        self._answered: Request | None = None
        self.silent_since: float | None = None
        self._silent = 0

    @cached_property
    def proxy(self) -> str | None:
        """The proxy's address. Looked up once: macOS ends a forked process that asks for the system's settings."""
        scheme, host, *_ = urlsplit(self.base_url)
        # What is meant for this machine stays on it: a proxy would be shown the credentials.
        proxies = {} if self.loopback or proxy_bypass(host) else getproxies()
        proxy = proxies.get(scheme) or proxies.get("all")
        return f"http://{proxy}" if proxy and "://" not in proxy else proxy

    @property
    def keeps(self) -> bool:
        """Is nothing created and deleted?"""
        return self.read_only or self.overwrite is not None

    @property
    def authorization(self) -> tuple[str, str] | None:
        """The header with the credentials that is sent unless a case says otherwise."""
        scheme = next(iter(self.credentials), None)
        return (scheme.header, scheme.value(self.credentials[scheme])) if scheme else None

    @property
    def where(self) -> str:
        """The owners, in words."""
        return ", ".join(f"{words(name)} {value}" for name, value in self.owners.items())

    @cached_property
    def loopback(self) -> bool:
        """Is the address this machine's own: 127.0.0.0/8, ::1, or localhost where that is looked up as nothing else?"""
        if self.transport:
            return True
        host = urlsplit(self.base_url).hostname or ""
        addresses = {host}
        if host == "localhost":
            with contextlib.suppress(OSError):
                addresses = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
        return all(_is_loopback(each) for each in addresses)

    @contextlib.contextmanager
    def cleanup(self) -> Iterator[None]:
        """Within it, the reserve of requests may be used, and no signal ends the run."""
        self.budget.cleaning = True
        # One that has hung may have come back.
        self.hangs = 0
        try:
            yield
        finally:
            self.budget.cleaning = False

    def send(self, request: Request) -> Answer:
        """Sends a request and reads the answer. What may be the network's fault is repeated; a 429 is waited for.

        Raises BudgetSpent when no request is left, NotExercised when the server keeps answering 429 or hanging,
        CannotRun when nobody can be reached, and KeyboardInterrupt when a signal has come.
        """
        faults: list[Kind] = []
        while self.forgives(request, answer := self.deliver(request), faults):
            pass
        return replace(answer, repeated=True) if faults else answer

    def forgives(self, request: Request, answer: Answer, faults: list[Kind]) -> bool:
        """Is a request to be repeated, since its answer may be the network's fault? Then waits, and connects anew.

        `faults` are those of its earlier answers, and grow by this one.
        """
        if not faults:
            self.network.count(request)
        kind = None if self.transport or ended(request, answer) else fault(answer)
        if kind is None:
            # What there was did not happen again.
            self.network.faults.update(faults)
            self.hangs -= faults.count("late")
            return False
        if not self.network.forgives(request, kind, len(faults), reused=self.connections.reused):
            return False
        # Whoever limits connections has one more for what counts.
        self.wires.release()
        told = limits.retry_after(answer)
        self.budget.sleep(min(told, self.max_wait) if told else 0.05 * 2 ** len(faults))
        faults.append(kind)
        self.connections.renew()
        return True

    def deliver(self, request: Request) -> Answer:
        """Sends a request once, or again where nobody has taken it, and after a 429; raises as `send` does."""
        refused = 0
        for attempt in range(8):
            if self.hangs >= MAX_HANGS:
                raise NotExercised(f"the server hung {self.hangs} times")
            number = self.budget.take()
            self.progress()
            try:
                answer = self.wires.framed(request, number) if request.framing else self._exchange(request, number)
            except httpx.InvalidURL as error:
                raise CannotRun(f"{self.base_url} is not the address of a server: {error}") from None
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
                # One that has never answered may not be there at all.
                if refused == len(PAUSES) - (self._answered is None):
                    raise CannotRun(f"cannot connect to {self.base_url}: {short(error)}") from None
                self.wires.release()
                self.budget.sleep(PAUSES[refused])
                refused += 1
                continue
            if answer.status == 429:
                self.budget.wait(answer, attempt)
                continue
            if answer.problem == CLOSED and not ended(request, answer):
                self._silent += 1
                if self._silent % _SILENT == 0:
                    self.expect_answers()
            return answer
        self.budget.stop(HOUR)
        raise BudgetSpent("the server kept answering 429 Too Many Requests")

    def expect_answers(self) -> None:
        """Returns once a request is answered that has been before: what was not is that request's, or the network's.

        Raises CannotRun if none is for some seconds.
        """
        for pause in (0.0, *PAUSES):
            if self._answered is None or self.budget.remaining <= 0:
                break
            if pause == PAUSES[1]:
                self.announce("The server has ceased to answer: waiting")
            self.budget.sleep(pause)
            self.ledger.used += 1
            with contextlib.suppress(httpx.HTTPError):
                if self._exchange(self._answered, self.budget.used).status:
                    return
        raise CannotRun(f"{self.base_url} has ceased to answer: {CLOSED}")

    def _exchange(self, request: Request, number: int) -> Answer:
        """Sends a request, the run's `number`-th, and takes note of what its answer says of the server."""
        at = time.time()
        answer = self.connections.exchange(request)
        if answer.status:
            self.budget.heed(answer, number)
            self._silent, self.silent_since = 0, None
            if request.method == "GET":
                self._answered = request
        elif self.silent_since is None:
            self.silent_since = at
        return answer

    def close(self) -> None:
        self.connections.close()
        self.wires.release()
        self.ledger.close()


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
