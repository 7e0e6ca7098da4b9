"""Who is tested: address, credentials, ids, the budget of requests, pacing, and what must be kept secret."""

from __future__ import annotations

import contextlib
import email.utils
import ipaddress
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from conformance.exchange import Answer, Request

# An answer longer than this is taken for endless: a git token is some hundred bytes, a list some thousand of them.
MAX_ANSWER = 16 * 1024 * 1024
# Hung answers after which a server is taken to hang for good.
MAX_HANGS = 4
# Connections closed without an answer after which it is no accident.
MAX_DROPPED = 3


class CannotRun(Exception):
    """The run cannot start or go on through no fault of the server's; the message says what to do. Exit code 2."""


class NotExercised(Exception):
    """A clause could not be judged; the message says why."""


class BudgetSpent(NotExercised):
    """No request is left in the budget."""

    def __init__(self) -> None:
        super().__init__("the budget of requests is used up")


@dataclass
class Target:
    """A server under test.

    `rate` is in requests a second (0: no pacing), `timeout` and `max_wait` are in seconds. Credentials are the bare
    values, without the scheme.
    """

    base_url: str
    organization: str
    api_token: str | None = field(default=None, repr=False)
    jwt: str | None = field(default=None, repr=False)
    foreign_organization: str | None = None
    foreign_token: str | None = None
    max_requests: int = 900
    rate: float = 0
    timeout: float = 5
    max_wait: float = 60
    used: int = 0
    hangs: int = 0
    dropped: int = 0
    # Requests that only cleaning up may use.
    reserve: int = 12
    cleaning: bool = False

    def __post_init__(self) -> None:
        self.base_url = self.base_url.rstrip("/")
        self._client = httpx.Client(
            timeout=httpx.Timeout(self.timeout),
            headers={"User-Agent": "qovery-git-token-conformance", "Accept-Encoding": "gzip, deflate"},
            limits=httpx.Limits(max_keepalive_connections=2, max_connections=4),
        )
        self._next = 0.0

    @classmethod
    def from_environment(cls, base_url: str, **options: float) -> Target:
        """Reads credentials and ids from the QOVERY_… variables. Raises CannotRun that names what is missing."""
        get = os.environ.get
        if not (get("QOVERY_API_TOKEN") or get("QOVERY_JWT")):
            raise CannotRun("no credentials: set QOVERY_API_TOKEN or QOVERY_JWT")
        if not get("QOVERY_ORGANIZATION_ID"):
            raise CannotRun("no organization: set QOVERY_ORGANIZATION_ID to the organization to test in")
        return cls(
            base_url=base_url,
            organization=get("QOVERY_ORGANIZATION_ID", ""),
            api_token=get("QOVERY_API_TOKEN") or None,
            jwt=get("QOVERY_JWT") or None,
            foreign_organization=get("QOVERY_FOREIGN_ORGANIZATION_ID") or None,
            foreign_token=get("QOVERY_FOREIGN_GIT_TOKEN_ID") or None,
            **options,  # type: ignore[arg-type]
        )

    @property
    def authorization(self) -> str:
        """The value of the Authorization header that is sent unless a case says otherwise."""
        return f"Token {self.api_token}" if self.api_token else f"Bearer {self.jwt}"

    @property
    def credentials(self) -> list[str]:
        return [value for value in (self.api_token, self.jwt) if value]

    @property
    def remaining(self) -> int:
        """How many requests may still be sent."""
        return self.max_requests - self.used - (0 if self.cleaning else self.reserve)

    @property
    def loopback(self) -> bool:
        """Whether the address is this machine's own."""
        host = urlsplit(self.base_url).hostname or ""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(host).is_loopback
        return host == "localhost" or host.endswith(".localhost")

    @contextlib.contextmanager
    def cleanup(self) -> Iterator[None]:
        """Within it, the reserve of requests may be used."""
        self.cleaning = True
        try:
            yield
        finally:
            self.cleaning = False

    def send(self, request: Request) -> Answer:
        """Sends a request and reads the answer; a 429 is waited for as the server says, and the request sent again.

        Raises BudgetSpent when no request is left, NotExercised when the server keeps answering 429 or hanging, and
        CannotRun when nobody can be reached.
        """
        refused = 0
        for attempt in range(8):
            if self.remaining <= 0:
                raise BudgetSpent
            self._pace()
            self.used += 1
            try:
                answer = self._exchange(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                refused += 1
                if refused == 3:
                    raise CannotRun(f"cannot connect to {self.base_url}: {error}") from None
                time.sleep(0.2 * 4**refused)
                continue
            if answer.status == 429:
                self._wait(answer, attempt)
                continue
            if answer.problem and attempt == 0 and not answer.problem.startswith(("no complete answer within", "more")):
                # A kept-alive connection may be closed between two requests: that is nobody's fault, so once more.
                # But it is rare: a server to which it happens all the time drops requests.
                self.dropped += 1
                if self.dropped < MAX_DROPPED:
                    continue
            return answer
        raise NotExercised("the server kept answering 429 Too Many Requests")

    def _pace(self) -> None:
        if self.rate:
            time.sleep(max(0.0, self._next - time.monotonic()))
            self._next = time.monotonic() + 1 / self.rate

    def _wait(self, answer: Answer, attempt: int) -> None:
        seconds = _retry_after(answer.header("Retry-After"))
        if seconds is None:
            seconds = 0.25 * 2**attempt
        if seconds > self.max_wait:
            raise NotExercised(f"the server asks to wait {seconds:.0f} s before the next request")
        time.sleep(seconds)

    def _exchange(self, request: Request) -> Answer:
        if self.hangs >= MAX_HANGS:
            raise NotExercised(f"the server hung {self.hangs} times")
        start = time.monotonic()
        status = 0
        headers: tuple[tuple[str, str], ...] = ()
        body = bytearray()
        problem = None
        late = f"no complete answer within {self.timeout:g} s"
        try:
            sent = self._client.build_request(
                request.method,
                self.base_url + request.path,
                headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers],
                content=request.body,
            )
            response = self._client.send(sent, stream=True)
            status = response.status_code
            headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw)
            try:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        problem = f"more than {MAX_ANSWER // 2**20} MiB of answer, and no end"
                    elif time.monotonic() - start > self.timeout:
                        problem = late
                    if problem:
                        break
            finally:
                response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise
        except httpx.TimeoutException:
            problem = late
        except httpx.DecodingError:
            problem = "the body does not decode by its Content-Encoding"
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
            problem = f"the answer is broken: {error}" if status or "disconnected" not in str(error) else "no answer"
            if isinstance(error, httpx.WriteError | httpx.ReadError) and not status:
                problem = "the connection was closed without an answer"
        if problem == late:
            self.hangs += 1
        return Answer(status, headers, bytes(body), time.monotonic() - start, problem)

    def close(self) -> None:
        self._client.close()


def _retry_after(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    return None
