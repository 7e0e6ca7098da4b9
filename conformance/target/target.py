"""Who is tested: address, credentials, ids, the budget of requests, pacing, and how answers are read."""

from __future__ import annotations

import contextlib
import ipaddress
import math
import os
import re
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from ..contract.resource import Resource, Scheme, words
from . import limits
from .exchange import Answer, Request
from .ledger import Ledger
from .network import CLOSED, CUT, LATE, Kind, Network, fault
from .reading import MAX_ANSWER, Late, deadline, decoded
from .stops import BudgetSpent, CannotRun, NotExercised, TimeUp, short
from .wires import Wires

# An answer of more JSON values than this is taken for a bomb: decoded, each takes up to a hundred bytes.
MAX_VALUES = 60_000
# Hung answers after which a server is taken to hang for good.
MAX_HANGS = 4
_HOUR = 3600
# How often a connection is tried.
TRIES = 3
# Sent with every request.
HEADERS = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", "qovery-git-token-conformance"),
)


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
    hangs: int = 0
    cleaning: bool = False
    # Set by a signal: the request that is under way is the last one before cleaning up.
    interrupted: bool = False
    # Whether a request could not be sent for lack of budget.
    spent: bool = False
    announce: Callable[[str], None] = print
    progress: Callable[[], None] = lambda: None
    # What carries requests instead of the network.
    transport: httpx.BaseTransport | None = None

    def __post_init__(self) -> None:
        self.base_url = self.base_url.rstrip("/")
        # How long it may take, in seconds, by what the user allows; for what nobody foresees, there is another hour.
        self.timed = math.isfinite(self.until)
        allowed = self.left if self.timed else 0.0
        self.lasting = max(allowed, self.max_requests / self.rate if self.rate else 0.0) + self.max_wait
        self.until = min(self.until, time.monotonic() + self.lasting + 3600)
        self.connect()
        self.network = Network()
        self.wires = Wires(self)
        self.ledger = Ledger(reserve=4)
        # The last read that was answered, and when the answers ceased after it.
        self._answered: Request | None = None
        self.silent_since: float | None = None
        self._silent = 0
        # Was the last request sent over a connection that had been used before?
        self._reused = False
        # What the server speaks, by its last answer.
        self.version = b""

    def connect(self) -> None:
        """Makes the connections: a process must not use those of the one that it was forked from."""
        # Not an httpx.Client: what that does beyond carrying requests takes half as long again, cookies above all.
        if self.transport:
            self._carrier = self.transport
            return
        scheme, proxy = urlsplit(self.base_url).scheme, self.proxy
        try:
            self._carrier = httpx.HTTPTransport(
                # Certificates take a while to read, and without TLS nobody shows one.
                verify=scheme == "https" or proxy is not None,
                proxy=proxy,
                # An idle connection is given up before most servers close it.
                limits=httpx.Limits(max_keepalive_connections=2, max_connections=4, keepalive_expiry=2),
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise CannotRun(f"check HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE: {short(error)}") from None

    @cached_property
    def proxy(self) -> str | None:
        """The proxy's address. Looked up once: macOS ends a forked process that asks for the system's settings."""
        scheme, host, *_ = urlsplit(self.base_url)
        # What is meant for this machine stays on it: a proxy would be shown the credentials.
        proxies = {} if self.loopback or proxy_bypass(host) else getproxies()
        proxy = proxies.get(scheme) or proxies.get("all")
        return f"http://{proxy}" if proxy and "://" not in proxy else proxy

    @classmethod
    def from_environment(cls, base_url: str, resource: Resource, *, overwrite: bool = False, **options: Any) -> Target:
        """Reads credentials and ids from the contract's variables. Raises CannotRun that names what is missing."""
        prefix = f"{resource.prefix}_"
        named = {name: value for name, value in os.environ.items() if name.startswith(prefix)}
        known = {name.removeprefix(prefix).lower(): value for name, value in named.items()}
        return cls.of(base_url, resource, known, spell=resource.variable, overwrite=overwrite, **options)

    @classmethod
    def of(
        cls,
        base_url: str,
        resource: Resource,
        known: dict[str, str],
        *,
        spell: Callable[[str], str] = str,
        overwrite: bool = False,
        read_only: bool = False,
        **options: Any,
    ) -> Target:
        """A target of which credentials and ids are known by the names of the contract's variables, in lower case.

        `spell` says how a user writes such a name. Raises CannotRun that names what is missing, or unknown.
        """

        def get(*parts: str) -> str:
            return known.get(resource.variable(*parts).removeprefix(f"{resource.prefix}_").lower(), "")

        def name(*parts: str) -> str:
            return spell("_".join(words(part, "_", keep=True) for part in parts))

        credentials = {scheme: value for scheme in resource.schemes if (value := get(scheme.name))}
        if resource.schemes and not credentials:
            raise CannotRun(f"no credentials: set {' or '.join(name(scheme.name) for scheme in resource.schemes)}")
        for scheme, value in credentials.items():
            if not re.fullmatch(r"[\x21-\x7e]*", value):
                raise CannotRun(f"{name(scheme.name)} holds white space or other characters that no credentials have")
        owners = {owner: get(owner) for owner in resource.owners}
        for owner, value in owners.items():
            if not value:
                raise CannotRun(f"no {words(owner)}: set {name(owner)} to the {words(owner)} to test in")
        if overwrite and resource.list is None:
            raise CannotRun(
                f"--overwrite needs a list of {resource.nouns}, to put back what was there, and there is none"
            )
        if overwrite and not get(resource.item):
            raise CannotRun(f"--overwrite needs {name(resource.item)}, the {resource.noun} that may be overwritten")
        return cls(
            base_url=base_url,
            owners=owners,
            credentials=credentials,
            foreign={owner: value for owner in resource.owners if (value := get("foreign", owner))},
            foreign_item=get("foreign", resource.item) or None,
            overwrite=get(resource.item).lower() if overwrite else None,
            read_only=read_only,
            refuser=get(resource.item).lower() or None if read_only else None,
            **options,
        )

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

    @property
    def used(self) -> int:
        """How many requests were sent."""
        return int(self.ledger.used)

    @property
    def budget(self) -> int:
        """How many requests the run may send in all, by --max-requests and by the server's own limit."""
        return int(min(self.max_requests, self.ledger.allowed))

    @property
    def remaining(self) -> int:
        """How many requests may still be sent."""
        if self.cleaning:
            return self.max_requests - self.used
        # In a bad network, cleaning up takes more than one request each.
        more = self.ledger.reserve // 4 + 4 if self.network.faults else 0
        return self.budget - self.used - int(self.ledger.reserve + more)

    @property
    def left(self) -> float:
        """The seconds until the run has to end."""
        return self.until - time.monotonic()

    def keep(self, requests: int) -> None:
        """Reserves so many more requests for cleaning up, or fewer."""
        with self.ledger.locked():
            self.ledger.reserve += requests

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
        self.cleaning = True
        # One that has hung may have come back.
        self.hangs = 0
        try:
            yield
        finally:
            self.cleaning = False

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
        kind = None if self.transport else fault(answer)
        if request.framing == "illegal" and kind in ("closed", "cut"):
            # What is no HTTP, a server may well close the connection at.
            kind = None
        if kind is None:
            # What there was did not happen again.
            self.network.faults.update(faults)
            self.hangs -= faults.count("late")
            return False
        if not self.network.forgives(request, kind, len(faults), reused=self._reused):
            return False
        # Whoever limits connections has one more for what counts.
        self.wires.release()
        told = limits.retry_after(answer)
        self._sleep(min(told, self.max_wait) if told else 0.05 * 2 ** len(faults))
        faults.append(kind)
        self.renew()
        return True

    def deliver(self, request: Request) -> Answer:
        """Sends a request once, or again where nobody has taken it, and after a 429; raises as `send` does."""
        refused = 0
        for attempt in range(8):
            if self.hangs >= MAX_HANGS:
                raise NotExercised(f"the server hung {self.hangs} times")
            number = self.may_send()
            self.progress()
            self._reused = False
            try:
                answer = self.wires.framed(request, number) if request.framing else self._exchange(request, number)
            except httpx.InvalidURL as error:
                raise CannotRun(f"{self.base_url} is not the address of a server: {error}") from None
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
                refused += 1
                if refused == TRIES:
                    raise CannotRun(f"cannot connect to {self.base_url}: {short(error)}") from None
                self.wires.release()
                self._sleep(0.2 * 4**refused)
                continue
            if answer.status == 429:
                self._wait(answer, attempt)
                continue
            if answer.problem == CLOSED and request.framing != "illegal":
                self._reachable(answer)
            return answer
        self._stop(_HOUR)
        raise BudgetSpent("the server kept answering 429 Too Many Requests")

    def renew(self) -> None:
        """Closes idle connections: the next request goes over a fresh one."""
        if not self.transport:
            self._carrier.close()
            self.connect()

    def request_target(self, request: Request) -> str:
        """What stands behind the method on the first line of a request; a whole address stays one."""
        return request.path if "://" in request.path else urlsplit(self.base_url).path + request.path

    def may_send(self) -> int:
        """Returns when the next request may be sent, with its number; raises BudgetSpent if none may."""
        if self.interrupted and not self.cleaning:
            raise KeyboardInterrupt
        if self.left < 0 and not self.cleaning:
            raise TimeUp("the time is up")
        ledger = self.ledger
        seconds = ledger.reset - time.time()
        if ledger.used >= ledger.allowed and seconds <= self.max_wait:
            if seconds > 1:
                self.announce(f"The server allows no more requests for {seconds:.0f} s: waiting")
            self._sleep(seconds)
            ledger.allowed = float("inf")
        with ledger.locked():
            # Cleaning up may use what is left of the run's budget, but not go against the server's word.
            forbidden = ledger.used >= ledger.allowed
            if self.remaining <= 0 or forbidden:
                self.spent = True
                if forbidden or self.budget < self.max_requests:
                    at = time.strftime("%H:%M:%S", time.localtime(ledger.reset))
                    raise BudgetSpent(f"the server allows no more requests until {at}")
                raise BudgetSpent("the budget of requests is used up")
            ledger.used += 1
            number = self.used
            due = max(ledger.next, time.monotonic())
            ledger.next = due + (1 / self.rate if self.rate else 0)
        self._sleep(due - time.monotonic())
        return number

    def _sleep(self, seconds: float) -> None:
        """Sleeps, but not through a signal."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.interrupted and not self.cleaning:
                raise KeyboardInterrupt
            time.sleep(min(left, 0.1))

    def _wait(self, answer: Answer, attempt: int) -> None:
        """Waits as long as a 429 says."""
        seconds = limits.retry_after(answer)
        if seconds == 0:
            # It does not mean it.
            seconds = attempt + 1.0
        elif seconds is None:
            # Of some servers the limit's reset says it, of others nothing does.
            full = self.ledger.used >= self.ledger.allowed
            seconds = max(self.ledger.reset - time.time() if full else 0, 0.25 * 2**attempt)
        if seconds > self.max_wait:
            self._stop(seconds)
            raise BudgetSpent(f"the server asks to wait {seconds:.0f} s before the next request")
        if seconds > 1:
            self.announce(f"The server asks to wait {seconds:.0f} s: waiting")
        self._sleep(seconds)

    def _stop(self, seconds: float) -> None:
        """Lets nothing be sent for so long."""
        self.ledger.allowed, self.ledger.reset = self.used, time.time() + seconds

    def heed(self, answer: Answer, number: int) -> None:
        """Takes note of the server's own limit: what it has left, in `X-RateLimit-Remaining`, and until when.

        It has counted the request that it answers, the run's `number`-th, and not always those that others have sent.
        """
        if (said := limits.left(answer)) is None:
            return
        left, self.ledger.reset = said
        near = self.ledger.reset - time.time() <= self.max_wait
        # Where the reset is near, there is no need to stop before the limit is reached.
        self.ledger.allowed = float("inf") if near and left else number + left

    def _reachable(self, answer: Answer) -> None:
        """Raises CannotRun if it is not only this request that gets no answer: then the network may be to blame."""
        self._silent += 1
        if self._silent % TRIES:
            return
        if self._answered and self.remaining > 0:
            self.ledger.used += 1
            with contextlib.suppress(httpx.HTTPError):
                if self._exchange(self._answered, self.used).status:
                    return
        raise CannotRun(f"{self.base_url} has ceased to answer: {answer.problem}")

    def _trace(self, event: str, _: object) -> None:
        """Notes that a connection is made for a request."""
        if event == "connection.connect_tcp.started":
            self._reused = False

    def _exchange(self, request: Request, number: int) -> Answer:
        start, at = time.monotonic(), time.time()
        status = 0
        headers: tuple[tuple[str, str], ...] = ()
        body = bytearray()
        problem = None
        late = f"{LATE}{self.timeout:g} s"
        fields = [*(each for each in HEADERS if request.header(each[0]) is None), *request.headers]
        extensions: dict[str, Any] = {
            "timeout": dict.fromkeys(("connect", "read", "write", "pool"), self.timeout),
            "trace": self._trace,
        }
        if request.verbatim:
            extensions["target"] = self.request_target(request).encode()
        sent = httpx.Request(
            request.method,
            self.base_url + ("" if request.verbatim else request.path),
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields],
            content=request.body,
            extensions=extensions,
        )
        self._reused = True
        try:
            with deadline(self.timeout):
                response = self._carrier.handle_request(sent)
                status = response.status_code
                self.version = response.extensions.get("http_version", b"")
                headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw)
                with contextlib.closing(response):
                    for chunk in decoded(response):
                        body += chunk
                        if len(body) > MAX_ANSWER:
                            problem = f"more than {MAX_ANSWER // 2**20} MiB of answer, and no end"
                            break
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.LocalProtocolError):
            raise
        except (httpx.TimeoutException, Late):
            problem = late
            self.hangs += 1
        except zlib.error:
            problem = "the body does not decode by its Content-Encoding"
        except httpx.TransportError as error:
            problem = f"{CUT}{error}"
            if not status and (isinstance(error, httpx.NetworkError) or "disconnected" in str(error)):
                problem = CLOSED
        if sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
            problem, body = f"more than {MAX_VALUES} values in an answer", bytearray()
        answer = Answer(status, headers, bytes(body), time.monotonic() - start, problem)
        if status:
            self.heed(answer, number)
            self._silent, self.silent_since = 0, None
            if request.method == "GET":
                self._answered = request
        elif self.silent_since is None:
            self.silent_since = at
        return answer

    def close(self) -> None:
        self._carrier.close()
        self.wires.release()
        self.ledger.close()


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
