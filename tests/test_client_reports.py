"""Public reports of bugs in generated clients, each tried on this one: what happened there does not happen here."""

from __future__ import annotations

import asyncio
import copy
import http.server
import json
import logging
import os
import pickle
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from qovery_git_token import (
    AsyncClient,
    Client,
    GitProvider,
    GitTokenRequest,
    QoveryError,
    delete_git_token,
    edit_git_token,
    errors,
    get_organization_git_token,
)

ORGANIZATION, TOKEN = UUID(int=1), UUID(int=2)
SECRET = "canary-9Qv-secret"
ANSWER = {
    "id": str(TOKEN),
    "created_at": "2026-01-15T09:30:00Z",
    "name": "ci",
    "type": "GITHUB",
    "git_api_url": "https://api.github.com",
    "associated_services_count": 3,
}


def answering(answer: httpx.Response, **options: Any) -> Client:
    """A client whose requests are all answered alike, without a network."""
    transport = httpx.MockTransport(lambda _: httpx.Response(answer.status_code, content=answer.content))
    return Client(**{"api_token": "t0ken", "organization": ORGANIZATION, "transport": transport, **options})


def failure(answer: httpx.Response) -> errors.StatusError:
    with pytest.raises(errors.StatusError) as caught:
        answering(answer, max_retries=0).git_tokens.get(TOKEN)
    return caught.value


class Counting(http.server.ThreadingHTTPServer):
    """Answers everything alike, and remembers the paths, and the client's port of each request."""

    request_queue_size = 128

    def __init__(self, pause: float = 0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pause = pause
        self.seen: list[tuple[str, int]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """A client that cancels goes away in the middle."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Counting

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.client_address[1]))
        threading.Event().wait(self.server.pause)
        content = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def counting(pause: float = 0) -> Iterator[Counting]:
    with Counting(pause) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def caller(server: Counting, **options: Any) -> Client:
    return Client(api_token="t0ken", organization=ORGANIZATION, base_url=server.address, **options)


def no_dot_changes_the_path() -> None:
    sent: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        return httpx.Response(204)

    client = Client(api_token="t0ken", transport=httpx.MockTransport(note))
    for wrong in ("..", ".", "", None, "%2e%2e", f"{TOKEN}/..", f"{TOKEN}\n", f" {TOKEN}", 5, b"x", f"{{{TOKEN}}}"):
        for ids in ((ORGANIZATION, wrong), (wrong, TOKEN)):
            with pytest.raises(errors.InvalidRequestError, match="_id is not a UUID"):
                delete_git_token.sync(*ids, client=client)
            with pytest.raises(errors.InvalidRequestError, match="_id is not a UUID"):
                asyncio.run(delete_git_token.asyncio(*ids, client=client))
    assert sent == []
    delete_git_token.sync(str(ORGANIZATION).upper(), str(TOKEN), client=client)
    assert sent == [f"/organization/{ORGANIZATION}/gitToken/{TOKEN}"]


def null_is_as_good_as_absent() -> None:
    row = {**ANSWER, "workspace": None, "description": None, "expired_at": None}
    assert answering(httpx.Response(200, json=row)).git_tokens.get(TOKEN).workspace is None


def a_proxy_is_used_with_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    with counting() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.address)
        monkeypatch.delenv("NO_PROXY", raising=False)
        client = Client(api_token="t0ken", organization=ORGANIZATION, base_url="http://qovery.invalid")
        assert client.git_tokens.get(TOKEN).name == "ci"
        assert client.max_retries > 0
    assert [path.startswith("http://qovery.invalid/") for path, _ in proxy.seen] == [True]


def a_long_retry_after_is_raised() -> None:
    asked: list[object] = []

    def limited(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(429, headers={"Retry-After": "1800"})

    client = Client(api_token="t0ken", organization=ORGANIZATION, transport=httpx.MockTransport(limited))
    with pytest.raises(errors.RateLimitedError, match="try again in 1800 s") as caught:
        client.git_tokens.get(TOKEN)
    assert (len(asked), caught.value.retry_after) == (1, 1800)


def one_client_and_many_event_loops() -> None:
    with counting() as server:
        client = AsyncClient(api_token="t0ken", organization=ORGANIZATION, base_url=server.address)

        async def many() -> set[str]:
            return {token.name for token in await asyncio.gather(*(client.git_tokens.get(TOKEN) for _ in range(20)))}

        found: list[set[str]] = []
        for _ in range(2):
            found.append(asyncio.run(many()))
        threads = [threading.Thread(target=lambda: found.append(asyncio.run(many()))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [{"ci"}] * 5


def no_connection_on_both_sides_of_a_fork() -> None:
    with counting() as server:
        client = caller(server)
        client.git_tokens.get(TOKEN)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if client.git_tokens.get(TOKEN).name == "ci" else 1
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        client.git_tokens.get(TOKEN)
    before, in_child, after = (port for _, port in server.seen)
    assert (before == after, in_child == before) == (True, False)


def a_time_out_says_what_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = AsyncClient(api_token="t", organization=ORGANIZATION, base_url=address, timeout=0.05, max_retries=0)
        with pytest.raises(httpx.ReadTimeout, match="no answer within the time-out"):
            asyncio.run(client.git_tokens.get(TOKEN))


def timeout_and_headers_for_one_request() -> None:
    seen: list[tuple[object, object, object]] = []

    def note(request: httpx.Request) -> httpx.Response:
        headers = request.headers
        seen.append((request.extensions["timeout"]["read"], headers.get("X-Team"), headers["User-Agent"]))
        return httpx.Response(200, json=ANSWER)

    client = answering(httpx.Response(200), transport=httpx.MockTransport(note), headers={"X-Team": "ci"})
    client.git_tokens.get(TOKEN)
    client.git_tokens.get(TOKEN, timeout=3, headers={"X-Team": "ops", "User-Agent": "mine"})
    assert [each[:2] for each in seen] == [(30, "ci"), (3, "ops")]
    assert str(seen[0][2]).startswith("qovery-git-token/")
    assert seen[1][2] == "mine"


def an_error_says_what_the_server_says() -> None:
    assert str(failure(httpx.Response(400, json={"error": "name is taken"}))).endswith(": 400: name is taken")
    answer = {"title": "Bad Request", "status": 400, "errors": [{"message": "name is taken"}], "trace": "7f"}
    error = failure(httpx.Response(400, json=answer))
    assert str(error).endswith(": 400: Bad Request: name is taken")
    assert error.problem is not None
    assert (error.problem.title, error.problem.status, error.problem.others["trace"]) == ("Bad Request", 400, "7f")
    assert str(failure(httpx.Response(400, text="name is taken"))).endswith(": 400: name is taken")
    assert "which the contract does not have" in str(failure(httpx.Response(202, text="queued")))
    loud = str(failure(httpx.Response(400, json={"message": "\x1b[2J\x00\u202e" + "x" * 3_000_000})))
    assert loud.isprintable()
    assert len(loud) < 400


def a_client_with_retries_can_be_pickled() -> None:
    with counting() as server:
        client = caller(server, max_retries=5)
        client.git_tokens.get(TOKEN)
        for twin in (copy.copy(client), copy.deepcopy(client), pickle.loads(pickle.dumps(client))):
            assert twin.git_tokens.get(TOKEN).name == "ci"
            assert twin.max_retries == 5
            twin.close()
        client.git_tokens.get(TOKEN)


def a_closed_client_says_so() -> None:
    client = answering(httpx.Response(200, json=ANSWER))
    with client:
        client.git_tokens.get(TOKEN)
    other = client.with_options(timeout=1)
    for closed in (client, other):
        with pytest.raises(QoveryError, match="the client is closed"):
            closed.git_tokens.get(TOKEN)


def errors_can_be_pickled() -> None:
    error = failure(httpx.Response(404, json={"detail": "gone"}))
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def cancelled_calls_leak_no_connection() -> None:
    """A thousand calls, of which each second is cancelled; then there is a connection for another."""

    async def calls(client: AsyncClient) -> int:
        tasks = [asyncio.create_task(client.git_tokens.get(TOKEN)) for _ in range(1000)]
        await asyncio.sleep(0.05)
        for task in tasks[::2]:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert (await client.git_tokens.get(TOKEN)).name == "ci"
        return sum(not isinstance(each, BaseException) for each in done)

    async def main() -> int:
        async with AsyncClient(api_token="t", organization=ORGANIZATION, base_url=server.address) as client:
            return await calls(client)

    with counting() as server:
        assert asyncio.run(main()) >= 500


def a_pool_is_not_waited_for_too_long() -> None:
    async def main() -> int:
        async with AsyncClient(
            api_token="t", organization=ORGANIZATION, base_url=server.address, timeout=5, max_retries=0
        ) as client:
            return len(await asyncio.gather(*(client.git_tokens.get(TOKEN) for _ in range(300))))

    with counting(0.01) as server:
        assert asyncio.run(main()) == 300


def an_unknown_choice_is_a_text() -> None:
    assert answering(httpx.Response(200, json={**ANSWER, "type": "GITEA"})).git_tokens.get(TOKEN).type_ == "GITEA"


def white_space_in_credentials_is_refused() -> None:
    for wrong in ("a b", "a\n", "\ufeffa"):
        with pytest.raises(QoveryError, match="credentials have white space"):
            Client(api_token=wrong)


def a_page_in_place_of_json_is_an_error() -> None:
    error = failure(httpx.Response(502, html="<html><title>Bad Gateway</title>"))
    assert (error.status, error.message) == (502, None)
    with pytest.raises(errors.InvalidResponseError, match="the body is not JSON"):
        answering(httpx.Response(200, html="<html>")).git_tokens.get(TOKEN)


def an_error_is_raised_and_not_returned() -> None:
    for status in (400, 401, 403, 404, 418):
        assert failure(httpx.Response(status)).status == status


def no_credentials_in_logs(caplog: pytest.LogCaptureFixture) -> None:
    """Not even where a server sends them back in a header or a reason phrase, which httpcore logs."""
    answer = f"HTTP/1.1 400 {SECRET}\r\nX-Echo: Token {SECRET[:12]}\r\nContent-Length: 0\r\n\r\n".encode()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        caplog.set_level(logging.DEBUG)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(errors.BadRequestError):
            Client(api_token=SECRET, organization=ORGANIZATION, base_url=address).git_tokens.get(TOKEN)
        client = AsyncClient(api_token="t0ken", organization=ORGANIZATION, base_url=address)
        with pytest.raises(errors.BadRequestError):
            asyncio.run(client.git_tokens.edit(TOKEN, name="ci", type="GITHUB", token=SECRET))
    assert "receive_response_headers.complete" in caplog.text
    assert SECRET[:12] not in caplog.text


def a_retry_after_in_every_form() -> None:
    for said, seconds in (("1.5", 1.5), ("120", 120), ("Fri, 31 Dec 1999 23:59:59 GMT", 0), ("soon", None)):
        response = httpx.Response(429, headers={"Retry-After": said})
        with pytest.raises(errors.RateLimitedError) as caught:
            answering(
                response, max_retries=0, transport=httpx.MockTransport(lambda _, said=response: said)
            ).git_tokens.get(TOKEN)
        assert caught.value.retry_after == seconds


def no_secret_is_a_misspelt_variable() -> None:
    client = answering(httpx.Response(200, json=ANSWER))
    with pytest.raises(errors.InvalidRequestError, match="token is not a string, but None"):
        client.git_tokens.edit(TOKEN, name="ci", type="GITHUB", token=os.environ.get("NEW_SECRTE"))  # type: ignore[call-overload]
    body = GitTokenRequest("ci", GitProvider.GITHUB, SECRET)
    body.token = None  # type: ignore[assignment]
    with pytest.raises(errors.InvalidRequestError, match="token is not a string"):
        edit_git_token.sync(ORGANIZATION, TOKEN, client=client, body=body)


def pytest_shows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = f"""
from qovery_git_token import GitProvider, GitTokenRequest
def made(secret): return GitTokenRequest("n", GitProvider.GITHUB, secret)
def test():
    one, other = made("".join({list(SECRET)!r})), made("other")
    assert one == other
"""
    (tmp_path / "test_comparison.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    command = [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", "test_comparison.py"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "1 failed" in answer.stdout
    assert SECRET not in answer.stdout


def a_bug_in_a_transport_of_ones_own_can_be_found() -> None:
    class Audit(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            content = request.content
            raise AttributeError(len(content))

    client = Client(api_token="t0ken", transport=Audit())
    for call in (edit, get):
        with pytest.raises(AttributeError) as caught:
            call(client)
        lines = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
        text = "".join(lines)
        assert "in handle_request" in text
        assert "raise AttributeError(len(content))" in text
        assert SECRET not in text


def edit(client: Client) -> object:
    return edit_git_token.sync(
        ORGANIZATION, TOKEN, client=client, body=GitTokenRequest("ci", GitProvider.GITHUB, SECRET)
    )


def get(client: Client) -> object:
    return get_organization_git_token.sync(ORGANIZATION, TOKEN, client=client)


def a_client_cannot_be_changed() -> None:
    client = answering(httpx.Response(200, json=ANSWER))
    for name in ("timeout", "base_url", "organization", "max_retries", "max_wait"):
        with pytest.raises(AttributeError):
            setattr(client, name, 1)


def a_base_url_is_one() -> None:
    for wrong in ("http://h?x=1", "http://h#f", "http://h:99999", "http://h ", "http://h?", "http://h#"):
        with pytest.raises(QoveryError, match="base URL"):
            Client(api_token="t0ken", base_url=wrong)


REPORTS: dict[str, Callable[..., None]] = {
    "workos-python#728": no_dot_changes_the_path,
    "openapi-python-client#791, #997; openapi-generator#14410": null_is_as_good_as_absent,
    "httpx#1122, huggingface_hub#3412": a_proxy_is_used_with_retries,
    "openai-python#3555": a_long_retry_after_is_raised,
    "httpx#2473, #2058": one_client_and_many_event_loops,
    "langfuse-python#1658": no_connection_on_both_sides_of_a_fork,
    "httpx#2620": a_time_out_says_what_it_is,
    "openapi-python-client#1416": timeout_and_headers_for_one_request,
    "openapi-python-client#839": an_error_says_what_the_server_says,
    "dill#308": a_client_with_retries_can_be_pickled,
    "openapi-python-client#999": a_closed_client_says_so,
    "inspect_scout#616": errors_can_be_pickled,
    "httpcore#1093, httpx#1461": cancelled_calls_leak_no_connection,
    "httpx#1171": a_pool_is_not_waited_for_too_long,
    "apify-client-python#931": an_unknown_choice_is_a_text,
    "devlake#7132": white_space_in_credentials_is_refused,
    "exa-py#233": a_page_in_place_of_json_is_an_error,
    "openapi-python-client#491": an_error_is_raised_and_not_returned,
    "httpx#2760": no_credentials_in_logs,
    "retryhttp#8": a_retry_after_in_every_form,
    "ours: a misspelt variable": no_secret_is_a_misspelt_variable,
    "ours: pytest's comparison": pytest_shows_no_secret,
    "ours: a transport's bug": a_bug_in_a_transport_of_ones_own_can_be_found,
    "ours: settings that do nothing": a_client_cannot_be_changed,
    "ours: a base URL that is none": a_base_url_is_one,
}


@pytest.mark.parametrize("report", REPORTS)
def test_report(report: str, request: pytest.FixtureRequest) -> None:
    check = REPORTS[report]
    names = check.__code__.co_varnames[: check.__code__.co_argcount]
    check(**{name: request.getfixturevalue(name) for name in names})
