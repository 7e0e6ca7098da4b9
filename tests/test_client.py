"""The client, called as its users call it: against transports that answer what a test needs, and against servers."""

from __future__ import annotations

import asyncio
import copy
import datetime
import json
import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import qovery_git_token as q
from qovery_git_token import (
    Client,
    GitProvider,
    GitTokenRequest,
    GitTokenResponse,
    create_git_token,
    delete_git_token,
    edit_git_token,
    errors,
    get_git_token_associated_services,
    get_organization_git_token,
    list_organization_git_tokens,
)

from conformance.bundled import mock
from conformance.contract.contract import Contract
from tests import independent

CONTRACT = Contract.load()
ORGANIZATION, TOKEN = UUID(int=1), UUID(int=2)
PATH = f"/organization/{ORGANIZATION}/gitToken/{TOKEN}"
BODY = GitTokenRequest(name="ci", type_=GitProvider.GITHUB, token="s3cret")
ANSWER = {
    "id": str(TOKEN),
    "created_at": "2026-01-15T09:30:00Z",
    "name": "ci",
    "type": "GITHUB",
    "git_api_url": "https://api.github.com",
    "associated_services_count": 3,
}
CLASSES = {
    400: errors.BadRequestError,
    401: errors.UnauthorizedError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    429: errors.RateLimitedError,
}


def client(answer: httpx.Response | Callable[[httpx.Request], httpx.Response], **options: Any) -> Client:
    """A client whose requests are answered without a network."""

    def handler(request: httpx.Request) -> httpx.Response:
        if callable(answer):
            return answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    return Client(**{"api_token": "t0ken", "max_retries": 0, "transport": httpx.MockTransport(handler), **options})


def edit(caller: Client) -> GitTokenResponse:
    return edit_git_token.sync(ORGANIZATION, TOKEN, client=caller, body=BODY)


def aedit(caller: Client) -> GitTokenResponse:
    return asyncio.run(edit_git_token.asyncio(ORGANIZATION, TOKEN, client=caller, body=BODY))


# Errors


@pytest.mark.parametrize("call", [edit, aedit])
def test_every_status_has_its_class(call: Callable[[Client], GitTokenResponse]) -> None:
    for status in range(100, 600):
        caller = client(httpx.Response(status, json=ANSWER))
        if status == 200:
            assert call(caller).name == "ci"
            continue
        with pytest.raises(errors.StatusError) as caught:
            call(caller)
        assert type(caught.value) is CLASSES.get(status, errors.ServerError if status >= 500 else errors.StatusError)
        assert caught.value.status == status


@pytest.mark.parametrize(
    "call",
    [
        lambda caller: edit_git_token.sync_detailed(ORGANIZATION, TOKEN, client=caller, body=BODY),
        lambda caller: asyncio.run(edit_git_token.asyncio_detailed(ORGANIZATION, TOKEN, client=caller, body=BODY)),
    ],
)
def test_detailed_calls_give_documented_statuses_and_raise_the_others(
    call: Callable[[Client], q.Response[GitTokenResponse]],
) -> None:
    documented = {int(status) for status in CONTRACT.operations["editGitToken"].responses}
    for status in range(100, 600):
        caller = client(httpx.Response(status, json=ANSWER))
        if status in documented:
            response = call(caller)
            assert response.status_code == status
            assert (response.parsed is not None) == (status == 200)
        else:
            with pytest.raises(errors.StatusError):
                call(caller)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"status": 400, "error": "Bad Request", "message": "name is missing"}', "name is missing"),
        (b'{"type": "about:blank", "detail": "name is missing"}', "name is missing"),
        (b'{"message": 3, "detail": "the second"}', "the second"),
        (b'{"message": ""}', None),
        (b'{"error": "name is taken"}', "name is taken"),
        (b'{"error": {"code": 7, "message": "name is taken"}}', "name is taken"),
        (b'{"title": "Bad Request", "errors": [{"message": "name is taken"}]}', "Bad Request: name is taken"),
        (b'{"errors": [{"field": "name", "message": "is taken"}, "too long"]}', "name: is taken; too long"),
        (b'{"errors": "name is taken"}', "name is taken"),
        (b'{"message": "a\\n2026 INFO all is well\\u001b[2J"}', "a 2026 INFO all is well [2J"),
        (b'{"message": "' + b"x" * 3_000_000 + b'"}', "x" * 199 + "…"),
        (b"name is taken", "name is taken"),
        (b'"name is taken"', "name is taken"),
        (b'["message"]', None),
        (b"<html>", None),
        (b"", None),
        (b"\xff\xfe{", None),
        (b"[" * 100_000, None),
    ],
)
def test_errors_tell_what_is_known(body: bytes, message: str | None) -> None:
    headers = {"X-Request-Id": "r-1"}
    with pytest.raises(errors.BadRequestError) as caught:
        edit(client(httpx.Response(400, content=body, headers=headers)))
    error = caught.value
    assert (error.method, error.path, error.status) == ("PUT", PATH, 400)
    assert (error.message, error.request_id) == (message, "r-1")
    assert error.response.content == body
    assert str(error) == f"PUT {PATH}: 400" + (f": {message}" if message else "")


def test_the_rate_limit_is_parsed() -> None:
    headers = {
        "Retry-After": "120",
        "X-RateLimit-Limit": "1000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1767225600",
    }
    with pytest.raises(errors.RateLimitedError) as caught:
        edit(client(httpx.Response(429, headers=headers)))
    error = caught.value
    assert (error.retry_after, error.limit, error.remaining) == (120.0, 1000, 0)
    assert error.reset == datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def test_retry_after_may_be_a_date() -> None:
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    with pytest.raises(errors.RateLimitedError) as caught:
        edit(client(httpx.Response(429, headers={"Retry-After": format_datetime(until, usegmt=True)})))
    assert caught.value.retry_after is not None
    assert 3000 < caught.value.retry_after <= 3600


@pytest.mark.parametrize("value", ["", "soon", "1e3", "9" * 400, "٣", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_a_rate_limit_that_cannot_be_read_is_none(value: str) -> None:
    names = ("Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
    headers = [(name.encode(), value.encode()) for name in names]
    with pytest.raises(errors.RateLimitedError) as caught:
        edit(client(httpx.Response(429, headers=headers)))
    error = caught.value
    assert (error.retry_after, error.limit, error.remaining, error.reset) == (None, None, None, None)


def test_errors_of_httpx_pass_through() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    for call in (edit, aedit):
        with pytest.raises(httpx.ConnectError, match="connection refused"):
            call(client(refuse))


def test_a_missing_field_is_named() -> None:
    items = [ANSWER, {name: value for name, value in ANSWER.items() if name != "created_at"}]
    answer = list_organization_git_tokens.sync(
        ORGANIZATION, client=client(httpx.Response(200, json={"results": items}))
    )
    assert [token.name for token in answer.results] == ["ci", "ci"]
    assert repr(answer.results[1]).endswith("created_at=<unreadable>)")
    assert answer.to_dict() == {"results": items}
    with pytest.raises(errors.InvalidResponseError) as caught:
        print(answer.results[1].created_at)
    assert str(caught.value) == "results[1].created_at is missing"


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"\xff", b"[" * 100_000, b"9" * 5000, b"null", b"[]", b'"x"'])
def test_a_body_that_is_no_object_is_an_invalid_response(body: bytes) -> None:
    for call in (edit, aedit):
        with pytest.raises(errors.InvalidResponseError) as caught:
            call(client(httpx.Response(200, content=body)))
        assert caught.value.field == ""


def test_errors_and_responses_can_be_pickled_and_copied() -> None:
    found: list[Exception] = []
    for response in (httpx.Response(429, headers={"Retry-After": "9"}), httpx.Response(200, json=[])):
        with pytest.raises(errors.QoveryError) as caught:
            edit(client(response))
        found.append(caught.value)
    for error in found:
        for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
            assert type(twin) is type(error)
            assert str(twin) == str(error)
            assert twin.response == error.response  # type: ignore[attr-defined]


# Who calls, and where


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("QOVERY_API_TOKEN", "QOVERY_JWT", "QOVERY_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def sent(request: httpx.Request) -> httpx.Response:
    """Answers a list request with a git token that is named after the request's credentials and address."""
    name = f"{request.headers['Authorization']} {request.url}"
    return httpx.Response(200, json={"results": [{**ANSWER, "name": name}]})


def seen(caller: Client) -> str:
    return list_organization_git_tokens.sync(ORGANIZATION, client=caller).results[0].name


def test_both_schemes() -> None:
    transport = httpx.MockTransport(sent)
    url = f"https://api.qovery.com/organization/{ORGANIZATION}/gitToken"
    assert seen(Client(api_token="abc", transport=transport)) == f"Token abc {url}"
    assert seen(Client(jwt="x.y.z", transport=transport)) == f"Bearer x.y.z {url}"


def test_the_environment_says_who_and_where(environment: pytest.MonkeyPatch) -> None:
    transport = httpx.MockTransport(sent)
    environment.setenv("QOVERY_JWT", "x.y.z")
    assert seen(Client.from_env(transport=transport)).startswith("Bearer x.y.z https://api.qovery.com/")
    environment.setenv("QOVERY_API_TOKEN", "abc")
    environment.setenv("QOVERY_BASE_URL", "http://localhost:8080/prefix/")
    assert seen(Client.from_env(transport=transport)).startswith("Token abc http://localhost:8080/prefix/organization/")
    environment.setenv("QOVERY_API_TOKEN", "")
    environment.setenv("QOVERY_BASE_URL", "")
    assert seen(Client.from_env(transport=transport)).startswith("Bearer x.y.z https://api.qovery.com/")


def test_the_environment_may_lack_credentials(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("QOVERY_API_TOKEN", "")
    with pytest.raises(errors.QoveryError, match="QOVERY_API_TOKEN, or QOVERY_JWT"):
        Client.from_env()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "no credentials"),
        ({"api_token": ""}, "no credentials"),
        ({"api_token": "a", "jwt": "b"}, "not both"),
        ({"api_token": "abc\n"}, "white space"),
        ({"api_token": "päss"}, "ASCII"),
        ({"api_token": 5}, "strings"),
        ({"jwt": "x", "base_url": 5}, "string"),
        ({"jwt": "x", "base_url": "api.qovery.com"}, "absolute"),
        ({"jwt": "x", "base_url": "ftp://api.qovery.com"}, "absolute"),
        ({"jwt": "x", "base_url": "https://user:pass@api.qovery.com"}, "password"),
        ({"jwt": "x", "base_url": "https://[::1"}, "not a URL"),
        ({"jwt": "x", "base_url": "http://h?x=1"}, "query"),
        ({"jwt": "x", "base_url": "http://h#f"}, "fragment"),
        ({"jwt": "x", "base_url": "http://h:99999"}, "port|URL"),
        ({"jwt": "x", "base_url": "http://h "}, "white space"),
        ({"jwt": "x", "base_url": "http://h/a b"}, "white space"),
        ({"jwt": "x", "base_url": "http://h/../x"}, "dot segments"),
        ({"jwt": "x", "organization": "acme"}, "organization is not a UUID"),
        ({"jwt": "x", "timeout": 0}, "timeout"),
        ({"jwt": "x", "timeout": "5"}, "timeout"),
        ({"jwt": "x", "max_retries": -1}, "max_retries"),
        ({"jwt": "x", "max_wait": float("nan")}, "max_wait"),
        ({"jwt": "x", "headers": {"X-A": "a\r\nb"}}, "headers"),
        ({"jwt": "x", "headers": {"Authorization": "a"}}, "headers"),
        ({"jwt": "x", "http_client": httpx.Client(), "verify": False}, "http_client"),
    ],
)
def test_a_client_that_cannot_work_is_not_made(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(errors.QoveryError, match=problem):
        Client(**options)


def test_redirects_are_not_followed() -> None:
    asked: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"Location": "https://elsewhere.example.com/"})

    with pytest.raises(errors.StatusError) as caught:
        edit(client(redirect))
    assert caught.value.status == 307
    assert asked == ["api.qovery.com"]


def test_time_outs() -> None:
    found: list[object] = []

    def note(request: httpx.Request) -> httpx.Response:
        found.append(request.extensions["timeout"])
        return httpx.Response(200, json=ANSWER)

    edit(client(note))
    edit(client(note, timeout=3.0))
    assert found == [
        {"connect": 5.0, "read": 30.0, "write": 30.0, "pool": 30.0},
        {"connect": 3.0, "read": 3.0, "write": 3.0, "pool": 3.0},
    ]


def test_a_transport_for_the_other_kind_of_call_is_refused() -> None:
    with pytest.raises(TypeError, match="synchronous calls only"):
        aedit(Client(jwt="x", transport=httpx.HTTPTransport()))
    with pytest.raises(TypeError, match="asynchronous calls only"):
        edit(Client(jwt="x", transport=httpx.AsyncHTTPTransport()))


class Counting(ThreadingHTTPServer):
    """A server that answers every request alike, counts its connections, and keeps the names of its edits."""

    request_queue_size = 128
    connections = 0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.edits: list[str] = []

    def get_request(self) -> Any:
        self.connections += 1
        return super().get_request()


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    server: Counting

    def do_GET(self) -> None:
        self.answer({"id": self.path.rpartition("/")[2]})

    def do_PUT(self) -> None:
        name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["name"]
        self.server.edits.append(name)
        self.answer({"name": name})

    def answer(self, fields: dict[str, str]) -> None:
        content = json.dumps({**ANSWER, **fields}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def counting() -> Iterator[Counting]:
    server = Counting(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_one_pool_a_client(counting: Counting) -> None:
    with Client(jwt="x", base_url=f"http://127.0.0.1:{counting.server_port}") as caller:
        for _ in range(20):
            get_organization_git_token.sync(ORGANIZATION, TOKEN, client=caller)
    assert counting.connections == 1


def test_threads_share_a_client(counting: Counting) -> None:
    ids = [uuid4() for _ in range(200)]
    with Client(jwt="x", base_url=f"http://127.0.0.1:{counting.server_port}") as caller, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda id_: get_organization_git_token.sync(ORGANIZATION, id_, client=caller), ids))
    assert [answer.id for answer in answers] == ids
    assert counting.connections <= 8


def test_a_thousand_edits_at_once_are_each_made_once(counting: Counting) -> None:
    names = [str(number) for number in range(1000)]

    async def edits() -> list[GitTokenResponse]:
        async with Client(jwt="x", base_url=f"http://127.0.0.1:{counting.server_port}") as caller:
            bodies = (GitTokenRequest(name=name, type_=GitProvider.GITHUB, token="s3cret") for name in names)
            calls = (edit_git_token.asyncio(ORGANIZATION, TOKEN, client=caller, body=body) for body in bodies)
            return await asyncio.gather(*calls)

    assert [answer.name for answer in asyncio.run(edits())] == names
    assert sorted(counting.edits) == sorted(names)


def test_a_client_can_be_copied_and_pickled() -> None:
    caller = Client(api_token="abc", base_url="http://localhost:1", timeout=1.0, max_retries=0)
    for twin in (copy.copy(caller), copy.deepcopy(caller), pickle.loads(pickle.dumps(caller))):
        with pytest.raises(httpx.ConnectError):
            edit(twin)
        assert (twin.base_url, twin.timeout) == ("http://localhost:1", 1.0)


# What is newer than this client


def test_an_unknown_provider_is_a_string() -> None:
    answer = edit(client(httpx.Response(200, json={**ANSWER, "type": "GITEA"})))
    assert answer.type_ == "GITEA"
    assert str(answer.type_) == "GITEA"
    assert answer.to_dict()["type"] == "GITEA"
    with pytest.raises(ValueError, match="GITEA"):
        GitProvider("GITEA")


def test_a_known_provider_is_a_member() -> None:
    answer = edit(client(httpx.Response(200, json=ANSWER)))
    assert answer.type_ is GitProvider.GITHUB
    assert f"{answer.type_}" == "GITHUB"


def test_unknown_fields_are_kept() -> None:
    extra = {"owner": {"id": 7}, "labels": ["a"]}
    answer = edit(client(httpx.Response(200, json={**ANSWER, **extra})))
    assert answer.additional_properties == extra
    assert answer.to_dict() == {**ANSWER, **extra}


def test_a_request_can_carry_what_the_contract_does_not_know() -> None:
    body = GitTokenRequest(name="ci", type_=GitProvider.GITHUB, token="x", additional_properties={"id": "7"})
    assert body.to_dict() == {"id": "7", "name": "ci", "type": "GITHUB", "token": "x"}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-15T09:30:00Z", (2026, 1, 15, 9, 30)),
        ("2026-01-15t09:30:00z", (2026, 1, 15, 9, 30)),
        ("2026-01-15T09:30:00+00:00", (2026, 1, 15, 9, 30)),
        ("2026-01-15T09:30:00-00:00", (2026, 1, 15, 9, 30)),
        ("2026-01-15T15:00:00+05:30", (2026, 1, 15, 9, 30)),
        ("2026-01-15T09:30:00.5Z", (2026, 1, 15, 9, 30, 0, 500000)),
        ("2026-01-15T09:30:00.123456789Z", (2026, 1, 15, 9, 30, 0, 123456)),
        ("2016-12-31T23:59:60Z", (2017, 1, 1)),
        ("1990-12-31T15:59:60-08:00", (1991, 1, 1)),
    ],
)
def test_date_times_in_every_form(text: str, moment: tuple[int, ...]) -> None:
    answer = GitTokenResponse.from_dict({**ANSWER, "created_at": text})
    assert answer.created_at == datetime.datetime(*moment, tzinfo=datetime.UTC)  # type: ignore[misc, arg-type]
    assert answer.to_dict()["created_at"] == text


def test_what_is_changed_is_written_anew() -> None:
    answer = GitTokenResponse.from_dict({**ANSWER, "id": str(TOKEN).upper()})
    answer.created_at += datetime.timedelta(days=1)
    answer.id = UUID(int=10)
    assert answer.to_dict()["created_at"] == "2026-01-16T09:30:00+00:00"
    assert answer.to_dict()["id"] == str(UUID(int=10))


def test_models_compare_copy_and_pickle() -> None:
    answer = GitTokenResponse.from_dict({**ANSWER, "x": 1})
    for model in (BODY, answer):
        for twin in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert twin == model
            assert twin.to_dict() == model.to_dict()
    assert GitTokenRequest(name="ci", type_=GitProvider.GITHUB, token="other") != BODY


# Against servers


@pytest.fixture(scope="module", params=["mock", "independent"])
def server(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    if request.param == "mock":
        with mock() as address:
            yield address
    else:
        with independent.serve() as independent_address:
            yield vars(independent_address)


def test_the_life_of_a_git_token(server: dict[str, str]) -> None:
    organization = UUID(server["organization_id"])
    with Client(api_token=server["api_token"], base_url=server["base_url"]) as caller:
        created = create_git_token.sync(organization, client=caller, body=BODY)
        assert (created.name, created.type_, created.associated_services_count) == ("ci", GitProvider.GITHUB, 0)
        body = GitTokenRequest(name="bb", type_=GitProvider.BITBUCKET, token="n3w", workspace="team", description="")
        edited = edit_git_token.sync(organization, created.id, client=caller, body=body)
        assert (edited.id, edited.workspace, edited.description) == (created.id, "team", "")
        assert edited.updated_at is not None
        assert edited == get_organization_git_token.sync(organization, created.id, client=caller)
        assert edited in list_organization_git_tokens.sync(organization, client=caller).results
        assert get_git_token_associated_services.sync(organization, created.id, client=caller).results == []
        delete_git_token.sync(organization, created.id, client=caller)
        with pytest.raises(errors.NotFoundError):
            get_organization_git_token.sync(organization, created.id, client=caller)
        with pytest.raises((errors.ForbiddenError, errors.NotFoundError)):
            list_organization_git_tokens.sync(UUID(server["foreign_organization_id"]), client=caller)
    with Client(jwt=server["jwt"], base_url=server["base_url"]) as person:
        assert list_organization_git_tokens.sync(organization, client=person).results
    with Client(api_token="wrong", base_url=server["base_url"]) as stranger:
        response = list_organization_git_tokens.sync_detailed(organization, client=stranger)
        assert (response.status_code, response.parsed) == (401, None)
        with pytest.raises(errors.UnauthorizedError):
            list_organization_git_tokens.sync(organization, client=stranger)


def test_asynchronous_calls(server: dict[str, str]) -> None:
    organization = UUID(server["organization_id"])

    async def life() -> None:
        async with Client(api_token=server["api_token"], base_url=server["base_url"]) as caller:
            creations = (create_git_token.asyncio(organization, client=caller, body=BODY) for _ in range(10))
            created = await asyncio.gather(*creations)
            assert len({token.id for token in created}) == 10
            for token in created:
                await delete_git_token.asyncio(organization, token.id, client=caller)
            with pytest.raises(errors.NotFoundError):
                await get_organization_git_token.asyncio(organization, created[0].id, client=caller)

    asyncio.run(life())
