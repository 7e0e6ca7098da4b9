"""What the synchronous and the asynchronous client have in common: who calls, how often a call is tried, what is read."""

from __future__ import annotations

import copy
import json
import logging
import os
import platform
import re
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from ssl import SSLContext
from typing import Any, Self, TypedDict, TypeVar, Unpack
from uuid import UUID

import httpx

from . import __contract__, __version__, redact, retries
from .errors import InvalidRequestError, InvalidResponseError, QoveryError, of_status
from .pools import HttpClient, Pools, Transport, Wiring
from .said import said
from .types import Model, Response, decode, secrets, segment

T = TypeVar("T")
E = TypeVar("E", bound=BaseException)
M = TypeVar("M", bound=Model)

Answers = Mapping[int, Callable[[bytes], T] | None]
"""An operation's documented statuses, each with how its body is read; None where no body is promised."""

BASE_URL = "https://api.qovery.com"
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
MAX_RETRIES = 2
MAX_WAIT = 60.0

_AGENT = (
    f"qovery-git-token/{__version__} (contract {__contract__}; "
    f"Python {platform.python_version()}; httpx {httpx.__version__})"
)
_SECRET = re.compile(r"[\x21-\x7e]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")
# The kinds of credentials: in which header they are sent, behind which word; and in which variable they are found.
_SCHEMES: dict[str, tuple[str, str]] = {
    "api_token": ("Authorization", "Token"),
    "jwt": ("Authorization", "Bearer"),
}
_VARIABLES: dict[str, str] = {
    "api_token": "QOVERY_API_TOKEN",
    "jwt": "QOVERY_JWT",
}
_LOG = logging.getLogger(__package__)
_ENCODER = json.JSONEncoder(allow_nan=False)


class CallOptions(TypedDict, total=False):
    """What every call takes beside its own arguments, in place of what the client has."""

    organization: UUID | str
    timeout: httpx.Timeout | float | None
    headers: Mapping[str, str]
    max_retries: int
    max_wait: float


@dataclass(frozen=True, repr=False)
class Settings:
    """What one client has of its own, where several share connections."""

    organization: str | None
    timeout: httpx.Timeout | float | None
    max_retries: int
    max_wait: float
    headers: Mapping[str, str] = field(default_factory=dict)


class BaseClient:
    """What `Client` and `AsyncClient` have in common. Threads, event loops and processes may share one."""

    _base_url = BASE_URL

    def __init__(
        self,
        *,
        api_token: str | None = None,
        jwt: str | None = None,
        organization: UUID | str | None = None,
        base_url: str = BASE_URL,
        timeout: httpx.Timeout | float | None = TIMEOUT,
        max_retries: int = MAX_RETRIES,
        max_wait: float = MAX_WAIT,
        headers: Mapping[str, str] | None = None,
        transport: Transport | None = None,
        http_client: HttpClient | None = None,
        verify: SSLContext | bool | None = None,
        proxy: str | httpx.URL | httpx.Proxy | None = None,
    ) -> None:
        """Takes the credentials, of one kind.

        Redirects are not followed: neither the credentials nor a secret in a request reach another host.

        Args:
            api_token: An organization's API token, for machines. The header's value is `Token`, a space, and the token.
            jwt: A short-lived token of a person who signed in. The header's value is `Bearer`, a space, and the
                JWT.
            organization: The organization that owns the git token. A call may name another.
            base_url: Where the API is, if not at its public address.
            timeout: Seconds to wait for each of connecting, writing and reading; by default 5 to connect and 30 for the
                others. None waits forever.
            max_retries: How often a call is tried again, where that is safe and may help: GET, PUT and DELETE, after
                408, 429, 500, 502, 503, 504 and where no answer came. A create is never repeated.
            max_wait: Seconds to wait before one of these tries, at most. If the server says longer, the call raises at
                once, and the error says how long.
            headers: What is sent with every request beside the client's own headers.
            transport: What sends the requests, if not httpx's own. As everywhere in httpx, proxies from the environment
                are for its own transport only.
            http_client: An httpx client to send with, in place of one that is made. It is not closed.
            verify: As in httpx: which certificates are trusted.
            proxy: As in httpx: the proxy, in place of that of the environment.

        Raises:
            QoveryError: If there are not credentials of exactly one kind, or if one of the arguments cannot be used.
        """
        self._credentials, problem = _credentials(
            api_token=api_token,
            jwt=jwt,
        )
        # From here on no frame has the credentials in a local variable, which a traceback might show.
        del api_token, jwt
        problem = problem or _problem(base_url)
        if problem:
            del base_url, proxy, headers
            raise QoveryError(problem)
        if http_client is not None and not (transport is None and verify is None and proxy is None):
            raise QoveryError("an http_client has its own transport, verify and proxy")
        self._base_url = base_url.rstrip("/")
        self._settings = _settings(
            Settings(None, TIMEOUT, MAX_RETRIES, MAX_WAIT),
            organization=organization,
            timeout=timeout,
            max_retries=max_retries,
            max_wait=max_wait,
            headers=headers or {},
        )
        header, value, _ = self._credentials
        known = {"Accept": "application/json", "User-Agent": _AGENT, **({header: value} if header else {})}
        self._pools = Pools(Wiring(known, transport, http_client, verify, proxy))
        del known, value
        _log_as_told()

    @classmethod
    def from_env(
        cls,
        *,
        organization: UUID | str | None = None,
        timeout: httpx.Timeout | float | None = TIMEOUT,
        max_retries: int = MAX_RETRIES,
        max_wait: float = MAX_WAIT,
        headers: Mapping[str, str] | None = None,
        transport: Transport | None = None,
        http_client: HttpClient | None = None,
        verify: SSLContext | bool | None = None,
        proxy: str | httpx.URL | httpx.Proxy | None = None,
    ) -> Self:
        """Takes credentials and address from the environment. A variable that is empty counts as not set.

        The credentials are in `QOVERY_API_TOKEN`, or in `QOVERY_JWT`, of which the first that is set is used.
        `QOVERY_BASE_URL` is where the API is, if not at its public address. `QOVERY_ORGANIZATION_ID` is the `organization`, unless given.

        Raises:
            QoveryError: If neither credential is set, or if a variable cannot be used.
        """
        name = next((name for name, variable in _VARIABLES.items() if os.environ.get(variable)), "")
        if _VARIABLES and not name:
            raise QoveryError(f"no credentials: set {', or '.join(_VARIABLES.values())}")
        return cls(
            api_token=os.environ.get("QOVERY_API_TOKEN") if name == "api_token" else None,
            jwt=os.environ.get("QOVERY_JWT") if name == "jwt" else None,
            organization=organization or os.environ.get("QOVERY_ORGANIZATION_ID") or None,
            base_url=os.environ.get("QOVERY_BASE_URL") or BASE_URL,
            timeout=timeout,
            max_retries=max_retries,
            max_wait=max_wait,
            headers=headers,
            transport=transport,
            http_client=http_client,
            verify=verify,
            proxy=proxy,
        )

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Another client with other settings over the same connections, which are closed with either of the two."""
        other = object.__new__(type(self))
        other._credentials, other._base_url, other._pools = self._credentials, self._base_url, self._pools
        other._settings = _settings(self._settings, **options)
        return other

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self._base_url

    @property
    def organization(self) -> str | None:
        """The organization that owns the git token."""
        return self._settings.organization

    @property
    def timeout(self) -> httpx.Timeout | float | None:
        """Seconds to wait for each of connecting, writing and reading."""
        return self._settings.timeout

    @property
    def max_retries(self) -> int:
        """How often a call is tried again."""
        return self._settings.max_retries

    @property
    def max_wait(self) -> float:
        """Seconds to wait before a call is tried again, at most."""
        return self._settings.max_wait

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pools": copy.copy(self._pools)}  # A copy makes its own connections.

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._base_url!r})"

    def _send(
        self,
        method: str,
        path: str,
        answers: Answers[T],
        body: Model | None = None,
        media_type: str = "application/json",
    ) -> Response[T]:
        """Sends a request, again if need be, and reads the answer: what every operation's `sync_detailed` does."""
        request = self._request(method, path, body, media_type)
        pool = self._pools.sync()
        attempt, outer = 0, redact.SENT.get()
        redact.SENT.set(request.secrets)
        try:
            while True:
                attempt += 1
                try:
                    outcome: httpx.Response | Exception = pool.request(method, request.url, **request.options)
                except Exception as error:
                    outcome = _shielded(error, request.secrets)
                pause = self._pause(request, outcome, attempt)
                if pause is None:
                    return self._answer(request, answers, outcome)
                time.sleep(pause)
        except BaseException as error:
            _shielded(error, request.secrets)
            raise
        finally:
            redact.SENT.set(outer)

    async def _asend(
        self,
        method: str,
        path: str,
        answers: Answers[T],
        body: Model | None = None,
        media_type: str = "application/json",
    ) -> Response[T]:
        """Sends a request, again if need be, and reads the answer: what every operation's `asyncio_detailed` does."""
        import anyio

        request = self._request(method, path, body, media_type)
        pool, places = self._pools.of_loop()
        attempt, outer = 0, redact.SENT.get()
        redact.SENT.set(request.secrets)
        try:
            while True:
                attempt += 1
                try:
                    # httpx takes the longer for each request the more of them wait for one of its connections.
                    async with places:
                        outcome: httpx.Response | Exception = await pool.request(method, request.url, **request.options)
                except Exception as error:
                    outcome = _shielded(error, request.secrets)
                pause = self._pause(request, outcome, attempt)
                if pause is None:
                    return self._answer(request, answers, outcome)
                await anyio.sleep(pause)
        except BaseException as error:
            _shielded(error, request.secrets)
            raise
        finally:
            redact.SENT.set(outer)

    def _request(self, method: str, path: str, body: Model | None, media_type: str) -> Request:
        content = _content(body)  # before the credentials are in a variable: it may raise
        headers = {**self._pools.missing_headers, **self._settings.headers}
        options: dict[str, Any] = {"headers": headers, "timeout": self._settings.timeout}
        options |= {"follow_redirects": False, "auth": None}
        kept = [self._credentials[2]]
        if body is not None:
            options["content"] = content
            headers["Content-Type"] = media_type
            kept += secrets(body)
        return Request(method, path, self._base_url + path, options, tuple(kept), time.monotonic())

    def _pause(self, request: Request, outcome: httpx.Response | Exception, attempt: int) -> float | None:
        """How long to wait before the next attempt; None if this was the last one."""
        pause = None
        if attempt <= self._settings.max_retries:
            pause = retries.wait(request.method, outcome, attempt, self._settings.max_wait)
        if _LOG.isEnabledFor(logging.DEBUG):
            what = outcome.status_code if isinstance(outcome, httpx.Response) else type(outcome).__name__
            then = "" if pause is None else f", again in {pause:.1f} s"
            spent = time.monotonic() - request.start
            _LOG.debug("%s %s: %s after %.3f s, attempt %d%s", request.method, request.path, what, spent, attempt, then)
        return pause

    def _answer(self, request: Request, answers: Answers[T], outcome: httpx.Response | Exception) -> Response[T]:
        if isinstance(outcome, Exception):
            raise outcome
        status, content = outcome.status_code, outcome.content
        message, problem = None, None
        if status >= 400 or status not in answers:
            message, problem = said(outcome, request.secrets)
        parsed, failure = None, None
        if read := answers.get(status):
            try:
                parsed = read(content)
            except InvalidResponseError as error:
                failure = error
        response = Response(request.method, request.path, status, outcome.headers, content, message, parsed, problem)
        del outcome, content
        if failure:
            raise InvalidResponseError(failure.field, failure.problem, response)
        if status not in answers:
            raise of_status(response)
        return response


@dataclass(repr=False, slots=True)
class Request:
    """A request as it is sent, as often as it is."""

    method: str
    path: str
    url: str
    options: dict[str, Any]
    secrets: tuple[str, ...]
    start: float


def _credentials(**given: str | None) -> tuple[tuple[str, str, str], str | None]:
    """The header that has the credentials, its value, and they themselves; or what is wrong with them, without them."""
    none = ("", "", "")
    if not all(isinstance(value or "", str) for value in given.values()):
        return none, "the credentials are strings"
    some = [name for name, value in given.items() if value]
    if len(some) != 1 and _SCHEMES:
        names = ", or ".join(_SCHEMES)
        return (
            none,
            f"credentials of one kind are needed, and not both: give {names}"
            if some
            else f"no credentials: give {names}",
        )
    if not some:
        return none, None
    secret = given[some[0]] or ""
    if not _SECRET.fullmatch(secret):
        return none, "the credentials have white space, control characters or characters beyond ASCII in them"
    header, prefix = _SCHEMES[some[0]]
    return (header, f"{prefix} {secret}".strip(), secret), None


def _problem(base_url: str) -> str | None:
    """What is wrong with an address, in words that do not show it."""
    if not isinstance(base_url, str):
        return "the base URL is a string"
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        return "the base URL is not a URL"
    if url.scheme not in ("http", "https") or not url.host:
        return "the base URL is not an absolute http or https URL"
    if url.userinfo:
        # httpx would send it in place of the credentials, and write it into its log.
        return "the base URL has a user name or a password in it"
    if "?" in base_url or "#" in base_url:
        return "the base URL has a query or a fragment in it"
    if not re.fullmatch(r"[^\s\x00-\x20\x7f\\]+", base_url):
        return "the base URL has white space, control characters or backslashes in it"
    if url.port is not None and not 0 < url.port < 65536:
        return "the base URL has a port that is none"
    if {".", ".."} & set(base_url.split("/")):
        return "the base URL has dot segments in it"
    return None


def _settings(before: Settings, **options: Any) -> Settings:
    """Settings with others in place of some. Raises QoveryError for what cannot be used."""
    unknown = options.keys() - Settings.__dataclass_fields__.keys()
    if unknown:
        raise TypeError(f"there is no option {', '.join(sorted(unknown))}")
    if options.get("organization") is not None:
        options["organization"] = segment("organization", options["organization"])
    timeout = options.get("timeout")
    if timeout is not None and not isinstance(timeout, httpx.Timeout) and not _positive(timeout):
        raise InvalidRequestError("timeout", "is not a positive number of seconds")
    if not isinstance(options.get("max_retries", 0), int) or options.get("max_retries", 0) < 0:
        raise InvalidRequestError("max_retries", "is not a number of tries")
    if not isinstance(options.get("max_wait", 0), int | float) or not options.get("max_wait", 0) >= 0:
        raise InvalidRequestError("max_wait", "is not a number of seconds")
    if "headers" in options:
        if problem := _header_problem(options["headers"]):
            del options
            raise InvalidRequestError("headers", problem)
        options["headers"] = {**before.headers, **options["headers"]}
    return replace(before, **options)


def _header_problem(headers: Mapping[str, str]) -> str | None:
    for name, value in headers.items():
        if (
            not isinstance(name, str)
            or not _HEADER_NAME.fullmatch(name)
            or name.lower() in {header.lower() for header, _ in _SCHEMES.values()}
        ):
            return "have a name that cannot be sent"
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            return f"have a value of {name} that cannot be sent"
    return None


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _content(body: Model | None) -> bytes | None:
    try:
        return None if body is None else _ENCODER.encode(body.to_dict()).encode()
    except InvalidRequestError:
        raise
    except (TypeError, ValueError, RecursionError):
        pass  # The error of the standard library has frames that hold the body.
    raise InvalidRequestError("body", "has something in it that JSON does not have")


def _shielded(error: E, secrets: tuple[str, ...]) -> E:
    """Clears the variables of all frames below, for they hold the request, and says what httpx leaves unsaid.

    The frames stay, so that the error in a transport of one's own can be found. What led to the error is taken off
    where it holds a secret in its text.
    """
    traceback.clear_frames(error.__traceback__)
    link: BaseException = error
    while before := link.__cause__ or link.__context__:
        text = "".join(map(repr, (before, before.args)))
        if redact.redact(text, secrets) != text or len(text) > 10_000:
            link.__cause__ = link.__context__ = None
            break
        traceback.clear_frames(before.__traceback__)
        link = before
    if isinstance(error, httpx.TransportError) and not str(error):
        error.args = (_SILENT.get(type(error), type(error).__name__),)
    return error


# httpx's asynchronous errors say nothing.
_SILENT = {
    httpx.ConnectTimeout: "no connection within the time-out",
    httpx.ReadTimeout: "no answer within the time-out",
    httpx.WriteTimeout: "the request could not be sent within the time-out",
    httpx.PoolTimeout: "no connection was free within the time-out",
    httpx.ConnectError: "no connection",
    httpx.ReadError: "the connection failed before the answer was there",
    httpx.WriteError: "the connection failed before the request was sent",
    httpx.CloseError: "the connection could not be closed",
}


def no_content(_: bytes) -> None:
    """Reads the body of a success that has none."""


def json_of(model: type[M]) -> Callable[[bytes], M]:
    """Reads a model from the body of a success."""
    return lambda content: model.from_dict(decode(content))


def _log_as_told() -> None:
    """Logs on standard error what `QOVERY_LOG` says, `debug` or `info`: methods, paths, statuses and times, no more."""
    level = os.environ.get("QOVERY_LOG", "").upper()
    if level in ("DEBUG", "INFO") and not _LOG.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
        _LOG.addHandler(handler)
        _LOG.setLevel(level)
