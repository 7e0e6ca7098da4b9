"""Who calls the API, and where it is."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

import anyio
import httpx

from .errors import InvalidResponseError, QoveryError, of_status
from .types import Model, Response, decode, secrets

T = TypeVar("T")
M = TypeVar("M", bound=Model)

Answers = Mapping[int, Callable[[bytes], T] | None]
"""An operation's documented statuses, each with how its body is read; None where no body is promised."""

BASE_URL = "https://api.qovery.com"
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
CONNECTIONS = 100  # as many as httpx opens

_HEADERS = {"Accept": "application/json", "User-Agent": "qovery-git-token/0.1.0"}
_CREDENTIALS = re.compile(r"[\x21-\x7e]+")
_LOCK = threading.Lock()


class Client:
    """Calls the API as one caller, over one connection pool. Several threads may share it.

    Redirects are not followed: neither the credentials nor a git token's secret reach another host.
    """

    base_url: str = BASE_URL

    def __init__(
        self,
        *,
        api_token: str | None = None,
        jwt: str | None = None,
        base_url: str = BASE_URL,
        timeout: httpx.Timeout | float | None = TIMEOUT,
        transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Takes the credentials of a machine or of a person.

        Args:
            api_token: An organization's API token. Either this or `jwt`.
            jwt: The token of a person who signed in.
            base_url: Where the API is, if not at Qovery.
            timeout: Seconds to wait for each of connecting, writing and reading; by default 5 to connect and 30 for the
                others. None waits forever.
            transport: What sends the requests, if not httpx's own; `qovery_git_token.retries.transport()` tries again.
                As everywhere in httpx, proxies from the environment are for its own transport only.

        Raises:
            QoveryError: If there is not exactly one of the two credentials, or if one of the arguments cannot be sent.
        """
        problem = _problem(api_token, jwt, base_url)
        self._authorization = f"Token {api_token}" if api_token else f"Bearer {jwt}"
        # From here on no frame has the credentials in a local variable, which a traceback might show.
        del api_token, jwt
        if problem:
            del base_url
            raise QoveryError(problem)
        self.base_url = base_url
        self.timeout = timeout
        self._transport = transport
        self._sync: httpx.Client | None = None
        self._async: tuple[httpx.AsyncClient, anyio.Semaphore] | None = None

    @classmethod
    def from_env(
        cls,
        *,
        timeout: httpx.Timeout | float | None = TIMEOUT,
        transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        """Takes credentials and address from the environment. A variable that is empty counts as not set.

        `QOVERY_API_TOKEN` is an API token, `QOVERY_JWT` the token of a person; with both set, the API token is used.
        `QOVERY_BASE_URL` is where the API is, if not at Qovery.

        Raises:
            QoveryError: If neither credential is set, or if a variable cannot be used.
        """
        if not os.environ.get("QOVERY_API_TOKEN") and not os.environ.get("QOVERY_JWT"):
            raise QoveryError("no credentials: set QOVERY_API_TOKEN, or QOVERY_JWT")
        return cls(
            api_token=os.environ.get("QOVERY_API_TOKEN"),
            jwt=None if os.environ.get("QOVERY_API_TOKEN") else os.environ.get("QOVERY_JWT"),
            base_url=os.environ.get("QOVERY_BASE_URL") or BASE_URL,
            timeout=timeout,
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_sync": None, "_async": None}  # A copy makes its own connections.

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def close(self) -> None:
        """Closes the connections of synchronous calls."""
        if self._sync is not None:
            self._sync.close()

    async def aclose(self) -> None:
        """Closes the connections of asynchronous calls."""
        if self._async is not None:
            await self._async[0].aclose()

    def send(self, method: str, path: str, answers: Answers[T], body: Model | None = None) -> Response[T]:
        """Sends a request and reads the answer: what every operation's `sync_detailed` does."""
        try:
            response = self._sync_pool().request(method, path, **_content(body))
        except BaseException as error:
            raise _bare(error) from None
        return self._answer(method, path, answers, body, response)

    async def asend(self, method: str, path: str, answers: Answers[T], body: Model | None = None) -> Response[T]:
        """Sends a request and reads the answer: what every operation's `asyncio_detailed` does."""
        try:
            pool, places = self._async_pool()
            # httpx takes the longer for each request the more of them wait for one of its connections.
            async with places:
                response = await pool.request(method, path, **_content(body))
        except BaseException as error:
            raise _bare(error) from None
        return self._answer(method, path, answers, body, response)

    def _answer(
        self, method: str, path: str, answers: Answers[T], body: Model | None, raw: httpx.Response
    ) -> Response[T]:
        status, content = raw.status_code, raw.content
        message = None
        if status >= 400:
            message = _message(content, [self._authorization.split(" ", 1)[1], *(secrets(body) if body else [])])
        parsed, failure = None, None
        if read := answers.get(status):
            try:
                parsed = read(content)
            except InvalidResponseError as error:
                failure = error
        response = Response(method, path, status, raw.headers, content, message, parsed)
        del raw, content
        if failure:
            raise InvalidResponseError(failure.field, failure.problem, response)
        if status not in answers:
            raise of_status(response)
        return response

    def _sync_pool(self) -> httpx.Client:
        with _LOCK:
            if self._sync is None:
                if self._transport is not None and not isinstance(self._transport, httpx.BaseTransport):
                    raise TypeError("the client's transport is for asynchronous calls only")
                self._sync = httpx.Client(
                    base_url=self.base_url, headers=self._headers(), timeout=self.timeout, transport=self._transport
                )
            return self._sync

    def _async_pool(self) -> tuple[httpx.AsyncClient, anyio.Semaphore]:
        with _LOCK:
            if self._async is None:
                if self._transport is not None and not isinstance(self._transport, httpx.AsyncBaseTransport):
                    raise TypeError("the client's transport is for synchronous calls only")
                pool = httpx.AsyncClient(
                    base_url=self.base_url, headers=self._headers(), timeout=self.timeout, transport=self._transport
                )
                self._async = pool, anyio.Semaphore(CONNECTIONS)
            return self._async

    def _headers(self) -> dict[str, str]:
        return {**_HEADERS, "Authorization": self._authorization}


def _problem(api_token: str | None, jwt: str | None, base_url: str) -> str | None:
    """What is wrong with a client's arguments, in words that show none of them."""
    if not all(isinstance(argument, str) for argument in (api_token or "", jwt or "", base_url)):
        return "the credentials and the base URL are strings"
    if bool(api_token) == bool(jwt):
        return (
            "give an API token or a JWT, and not both" if api_token else "no credentials: give an API token, or a JWT"
        )
    if not _CREDENTIALS.fullmatch(api_token or jwt or ""):
        return "the credentials have white space, control characters or characters beyond ASCII in them"
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        return "the base URL is not a URL"
    if url.scheme not in ("http", "https") or not url.host:
        return "the base URL is not an absolute http or https URL"
    if url.userinfo:
        # httpx would send it in place of the credentials, and write it into its log.
        return "the base URL has a user name or a password in it"
    return None


def _content(body: Model | None) -> dict[str, Any]:
    if body is None:
        return {}
    content = json.dumps(body.to_dict(), allow_nan=False).encode()
    return {"content": content, "headers": {"Content-Type": "application/json"}}


def _bare(error: BaseException) -> BaseException:
    """Takes off the frames of httpx: their locals hold the request, and a traceback with locals would show it."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _message(content: bytes, secrets: list[str]) -> str | None:
    """What the server says is wrong, if it says so in one of the usual ways, without what it might echo."""
    try:
        body = decode(content)
    except InvalidResponseError:
        return None
    fields = [body.get(name) for name in ("message", "detail")] if isinstance(body, dict) else []
    message = next((field for field in fields if isinstance(field, str) and field), None)
    if message is not None:
        for secret in filter(None, secrets):
            message = message.replace(secret, "***")
    return message


def no_content(_: bytes) -> None:
    """Reads the body of a success that has none."""


def json_of(model: type[M]) -> Callable[[bytes], M]:
    """Reads a model from the body of a success."""
    return lambda content: model.from_dict(decode(content))
