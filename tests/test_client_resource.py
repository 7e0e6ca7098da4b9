"""The resource as methods of a client: `client.git_tokens.edit(...)`, and rotation in one line."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import qovery_git_token as q
from qovery_git_token import AsyncClient, Client, GitProvider, GitTokenRequest, errors

from conformance.bundled import environment, mock

ORGANIZATION, TOKEN = UUID(int=1), UUID(int=2)
SECRET = "canary-9Qv-secret"
ANSWER = {
    "id": str(TOKEN),
    "created_at": "2026-01-15T09:30:00Z",
    "name": "ci",
    "type": "BITBUCKET",
    "workspace": "octo-team",
    "description": "Clones for CI",
    "git_api_url": "https://api.bitbucket.org",
    "expired_at": "2026-12-31",
    "associated_services_count": 3,
}


class Server:
    """Answers with what it holds, and remembers what it is sent."""

    def __init__(self, **fields: Any) -> None:
        held = {**ANSWER, **fields}
        self.held = {name: value for name, value in held.items() if value != "absent"}
        self.sent: list[tuple[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((request.method, json.loads(request.content or b"null")))
        return httpx.Response(200, json=self.held)

    def client(self, **options: Any) -> Client:
        transport = httpx.MockTransport(self)
        return Client(**{"api_token": "t0ken", "organization": ORGANIZATION, "transport": transport, **options})


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of somebody who has a server, which is a mock."""
    with mock() as address:
        values = environment(address)
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        yield values


def test_the_life_of_a_git_token(variables: dict[str, str]) -> None:
    with Client.from_env() as client:
        made = client.git_tokens.create(name="ci", type="GITHUB", token=SECRET)
        assert (made.name, made.type_, made.description) == ("ci", GitProvider.GITHUB, None)
        edited = client.git_tokens.edit(
            str(made.id), name="ci", type=GitProvider.BITBUCKET, token=SECRET, workspace="team", description="x"
        )
        assert (edited.type_, edited.workspace, edited.description) == ("BITBUCKET", "team", "x")
        assert client.git_tokens.get(made.id) == edited
        rotated = client.git_tokens.rotate(made.id, "n3w-secret")
        assert (rotated.name, rotated.workspace, rotated.description) == ("ci", "team", "x")
        assert rotated in client.git_tokens.list()
        assert client.git_tokens.associated_services(made.id) == []
        raw = client.git_tokens.with_raw_response.edit(made.id, GitTokenRequest("b", "GITLAB", SECRET))
        assert (raw.status_code, raw.parsed and raw.parsed.name) == (200, "b")
        client.git_tokens.delete(made.id)
        assert client.git_tokens.with_raw_response.get(made.id).status_code == 404
        with pytest.raises(errors.NotFoundError):
            client.git_tokens.get(made.id)
    assert client.organization == variables["QOVERY_ORGANIZATION_ID"]


def test_the_same_awaited(variables: dict[str, str]) -> None:
    async def life() -> None:
        async with AsyncClient.from_env() as client:
            made = await client.git_tokens.create(name="ci", type="GITHUB", token=SECRET, description="x")
            await client.git_tokens.edit(made.id, name="ci", type="GITLAB", token=SECRET, description="y")
            rotated = await client.git_tokens.rotate(made.id, "n3w-secret")
            assert (rotated.type_, rotated.description) == ("GITLAB", "y")
            assert rotated in await client.git_tokens.list()
            assert await client.git_tokens.associated_services(made.id) == []
            assert (await client.git_tokens.with_raw_response.delete(made.id)).status_code == 204

    asyncio.run(life())
    assert variables


def test_the_organization_is_given_once_or_with_the_call() -> None:
    server = Server()
    with pytest.raises(
        errors.InvalidRequestError, match="organization is missing: give it to the client or to the call"
    ):
        server.client(organization=None).git_tokens.get(TOKEN)
    with pytest.raises(errors.InvalidRequestError, match="organization is not a UUID"):
        server.client(organization=None).git_tokens.get(TOKEN, organization="acme")
    assert server.sent == []
    raw = server.client().git_tokens.with_raw_response.get(TOKEN, organization=UUID(int=9))
    assert raw.path == f"/organization/{UUID(int=9)}/gitToken/{TOKEN}"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"token": None}, "token is not a string, but None"),
        ({"token": b"x"}, "token is not a string, but of type bytes"),
        ({"name": 5}, "name is not a string, but of type int"),
        ({"type": "GITEA"}, "type is none of BITBUCKET, GITHUB, GITLAB"),
        ({"type": "github"}, "type is none of BITBUCKET, GITHUB, GITLAB"),
        ({"type": "BITBUCKET"}, "workspace is missing, which is needed where type is BITBUCKET"),
        ({"type": GitProvider.BITBUCKET, "workspace": " "}, "workspace is missing"),
        ({"description": 5}, "description is not a string"),
        ({"git_api_url": "gitlab.example.com"}, "git_api_url is not an absolute URI"),
        ({"git_api_url": ""}, "git_api_url is not an absolute URI"),
        ({"additional_properties": 5}, "additional_properties is not a dict"),
        ({"additional_properties": {"x": {1}}}, "body has something in it that JSON does not have"),
    ],
)
def test_what_cannot_be_right_is_not_sent(fields: dict[str, Any], problem: str) -> None:
    server = Server()
    client = server.client()
    given = {"name": "ci", "type": "GITHUB", "token": SECRET, **fields}
    for call in (client.git_tokens.edit, client.git_tokens.with_raw_response.edit):
        with pytest.raises(errors.InvalidRequestError, match=problem) as caught:
            call(TOKEN, **given)
        hidden(caught.value)
    assert server.sent == []


@pytest.mark.parametrize(
    "given",
    [
        {"name": "ci", "token": SECRET},
        {"name": "ci", "type": "GITHUB", "token": SECRET, "colour": "red"},
        {"body": GitTokenRequest("ci", "GITHUB", SECRET), "token": SECRET},
        {},
    ],
)
def test_arguments_that_do_not_fit_are_a_type_error(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError) as caught:
        Server().client().git_tokens.edit(TOKEN, **given)
    hidden(caught.value)


def hidden(error: Exception) -> None:
    """No frame but the test's own, which has the secret, shows it in a variable."""
    assert error.__traceback__
    error = error.with_traceback(error.__traceback__.tb_next)
    lines = traceback.TracebackException.from_exception(error, capture_locals=True).format()
    assert SECRET not in "".join(lines)


def test_rotation_keeps_every_other_field() -> None:
    server = Server(colour="red")
    answer = server.client().git_tokens.rotate(TOKEN, SECRET)
    assert answer.to_dict() == server.held
    kept = {name: ANSWER[name] for name in ("name", "type", "workspace", "description", "git_api_url")}
    assert server.sent == [("GET", None), ("PUT", {**kept, "colour": "red", "token": SECRET})]


@pytest.mark.parametrize("spelling", [None, ""])
def test_what_is_not_there_is_not_sent(spelling: str | None) -> None:
    server = Server(type="GITHUB", workspace="absent", description="absent", git_api_url=spelling)
    server.client().git_tokens.rotate(TOKEN, SECRET)
    assert server.sent[1] == ("PUT", {"name": "ci", "type": "GITHUB", "token": SECRET})


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"type": "GITEA"}, "type cannot be kept: it is none of BITBUCKET, GITHUB, GITLAB"),
        ({"name": 5}, "name cannot be kept: the server's is not a string"),
        ({"name": "absent"}, "name cannot be kept: the server's is missing"),
        ({"workspace": "absent"}, "workspace cannot be kept: it is missing, which is needed where type is BITBUCKET"),
        ({"description": ["x"]}, "description cannot be kept: the server's is not a string"),
        ({"git_api_url": "absent"}, "git_api_url cannot be kept: the server's is missing"),
        ({"git_api_url": "not a URI"}, "git_api_url cannot be kept: it is not an absolute URI"),
    ],
)
def test_rotation_is_refused_where_a_field_cannot_be_kept(fields: dict[str, Any], problem: str) -> None:
    for server in (Server(**fields), Server(**fields)):
        with pytest.raises(errors.InvalidRequestError, match=problem) as caught:
            server.client().git_tokens.rotate(TOKEN, SECRET)
        hidden(caught.value)
        assert [method for method, _ in server.sent] == ["GET"]


@pytest.mark.parametrize("secret", [None, 5, b"x"])
def test_a_new_secret_is_a_text(secret: Any) -> None:
    server = Server()
    with pytest.raises(errors.InvalidRequestError, match="token is not a string"):
        server.client().git_tokens.rotate(TOKEN, secret)
    assert [method for method, _ in server.sent] == ["GET"]


@pytest.mark.parametrize("secret", ["", " \n"])
def test_no_secret_is_replaced_by_a_blank_one(secret: str) -> None:
    server = Server()
    with pytest.raises(errors.InvalidRequestError, match="token is blank"):
        server.client().git_tokens.rotate(TOKEN, secret)
    assert [method for method, _ in server.sent] == ["GET"]


def test_options_of_a_client_and_of_a_call() -> None:
    server = Server()
    client = server.client(headers={"X-A": "1"})
    other = client.with_options(timeout=3, max_retries=7, max_wait=1, headers={"X-B": "2"}, organization=UUID(int=9))
    assert (client.timeout, client.max_retries, client.max_wait) == (httpx.Timeout(30, connect=5), 2, 60)
    assert (other.timeout, other.max_retries, other.max_wait, other.organization) == (3, 7, 1, str(UUID(int=9)))
    for wrong in (
        {"timeout": -1},
        {"max_retries": 1.5},
        {"max_wait": "1"},
        {"headers": {"X": "\n"}},
        {"headers": {"": "a"}},
    ):
        with pytest.raises(errors.InvalidRequestError, match=next(iter(wrong))):
            client.git_tokens.get(TOKEN, **wrong)
    with pytest.raises(TypeError, match="colour"):
        client.git_tokens.get(TOKEN, colour="red")  # type: ignore[call-arg]
    assert server.sent == []


def test_an_http_client_of_ones_own_is_used_and_not_closed() -> None:
    server = Server()
    seen: list[httpx.Headers] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return server(request)

    with httpx.Client(transport=httpx.MockTransport(note), auth=("user", "pass"), follow_redirects=True) as own:
        with server.client(transport=None, http_client=own) as client:
            client.git_tokens.get(TOKEN)
        assert not own.is_closed
    assert seen[0]["Authorization"] == "Token t0ken"
    with pytest.raises(TypeError, match="asynchronous calls only"):
        server.client(transport=None, http_client=httpx.AsyncClient()).git_tokens.get(TOKEN)


def test_the_log_says_what_was_done_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "qovery_git_token")
    monkeypatch.setattr("qovery_git_token.base.time.sleep", lambda _: None)
    answers = iter([httpx.Response(503), httpx.Response(200, json=ANSWER)])
    client = Server().client(transport=httpx.MockTransport(lambda _: next(answers)))
    client.git_tokens.edit(TOKEN, name="ci", type="GITHUB", token=SECRET)
    # What other tests have left running may log, too.
    first, second = [each.getMessage() for each in caplog.records if each.name.startswith("qovery_git_token")]
    path = f"PUT /organization/{ORGANIZATION}/gitToken/{TOKEN}"
    assert first.startswith(f"{path}: 503 after ") and "attempt 1, again in" in first
    assert second.startswith(f"{path}: 200 after ") and second.endswith("attempt 2")
    assert SECRET not in caplog.text


def test_what_a_package_and_a_client_show_is_what_is_meant_to_be_used() -> None:
    assert dir(q) == sorted(q.__all__)
    shown = [name for name in dir(Client(jwt="x").git_tokens) if not name.startswith("_")]
    methods = ["associated_services", "create", "delete", "edit", "get", "list", "rotate", "with_raw_response"]
    assert shown == methods
    assert [name for name in dir(AsyncClient(jwt="x").git_tokens) if not name.startswith("_")] == methods
    assert q.__version__ != q.__contract__
