"""The mock, from the outside: over HTTP in process, and as the command that people start."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp

from conformance.bundled import mock as bundled
from conformance.contract import contract as contracts
from conformance.contract.contract import Contract, Zone, validator
from conformance.mock import World, __main__, create_app
from conformance.mock.change import Catalogue
from tests.catalogue import FAULTS, VARIANTS

WORLD = World()
CONTRACT = Contract.load()
# A UUID that names nothing, the same in every process that collects these tests.
UNKNOWN = "5f3d7a10-6c42-4e8b-9d21-07b5c4e8f613"
TOKENS = f"/organization/{WORLD.organization_id}/gitToken"
TOKEN = f"{TOKENS}/{WORLD.git_token_id}"
FOREIGN = f"/organization/{WORLD.foreign_organization_id}/gitToken"
BODY = {"name": "ci", "type": "BITBUCKET", "token": "s3cret-value", "workspace": "team", "description": ""}


class InProcess(httpx.BaseTransport):
    """Takes requests to an ASGI application without a socket."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def exchange() -> httpx.Response:
            answer = await self.app.handle_async_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return asyncio.run(exchange())


def caller_of(app: ASGIApp, authorization: str = f"Token {WORLD.api_token}") -> httpx.Client:
    headers = {b"Authorization": authorization.encode("latin-1")} if authorization else None
    return httpx.Client(transport=InProcess(app), base_url="http://mock", headers=headers)


def client(contract: Contract = CONTRACT) -> httpx.Client:
    """A client of a mock of its own."""
    return caller_of(create_app(WORLD, contract=contract))


def send(caller: httpx.Client, content: bytes, media_type: str | None = "application/json") -> httpx.Response:
    """Edits the git token with a body as it is."""
    return caller.put(TOKEN, content=content, headers={"Content-Type": media_type} if media_type else {})


def test_a_git_token_is_created_listed_read_edited_and_deleted() -> None:
    caller = client()
    created = caller.post(TOKENS, json=BODY)
    assert created.status_code == 201
    path = f"{TOKENS}/{created.json()['id']}"
    edited = caller.put(path, json={**BODY, "name": "edited", "type": "GITLAB", "git_api_url": "https://[::1]:8443/v4"})
    assert edited.status_code == 200
    shown = edited.json()
    assert (shown["name"], shown["type"], shown["git_api_url"]) == ("edited", "GITLAB", "https://[::1]:8443/v4")
    assert shown["id"] == created.json()["id"]
    assert shown["created_at"] == created.json()["created_at"] < shown["updated_at"]
    assert (
        caller.get(path.upper().replace("/ORGANIZATION/", "/organization/").replace("GITTOKEN", "gitToken")).json()
        == shown
    )
    assert caller.get(f"{path}/associatedServices").json() == {"results": []}
    assert shown in caller.get(TOKENS).json()["results"]
    deleted = caller.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert [caller.request(method, path, json=BODY).status_code for method in ("GET", "PUT", "DELETE")] == [404] * 3
    assert [token["id"] for token in caller.get(TOKENS).json()["results"]] == [WORLD.git_token_id]


def test_every_answer_fits_the_contract() -> None:
    caller = client()
    paths = {"organizationId": WORLD.organization_id, "gitTokenId": WORLD.git_token_id}
    for operation in sorted(CONTRACT.operations.values(), key=lambda one: one.method == "DELETE"):
        body = BODY if operation.request_schema else None
        answer = caller.request(operation.method, operation.path.format(**paths), json=body)
        assert answer.status_code == operation.success
        if operation.response_schema:
            assert answer.headers["Content-Type"] == "application/json"
            validator(operation.response_schema).validate(answer.json())


def test_what_qoverys_console_sends_is_taken() -> None:
    """Its create carries an empty id, and its edit of a GITHUB token sends back the address that is stored."""
    caller, form = client(), {"name": "ci", "type": "GITHUB", "token": "s3cret-value", "description": ""}
    created = caller.post(TOKENS, json={"id": "", **form, "workspace": ""})
    assert created.status_code == 201
    shown = created.json()
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", shown["id"])
    echo = {**form, "id": shown["id"], "git_api_url": shown["git_api_url"], "name": "renamed"}
    edited = caller.put(f"{TOKENS}/{shown['id']}", json=echo)
    assert edited.status_code == 200
    assert edited.json().items() >= {name: value for name, value in echo.items() if name != "token"}.items()
    moved = caller.put(f"{TOKENS}/{shown['id']}", json={**form, "type": "GITLAB"})
    assert moved.json()["git_api_url"] == "https://gitlab.com"


@pytest.mark.parametrize("provider", ["BITBUCKET", "GITHUB", "GITLAB"])
def test_a_git_token_without_an_address_shows_its_providers(provider: str) -> None:
    hosts = {
        "BITBUCKET": "https://api.bitbucket.org",
        "GITHUB": "https://api.github.com",
        "GITLAB": "https://gitlab.com",
    }
    assert client().put(TOKEN, json={**BODY, "type": provider}).json()["git_api_url"] == hosts[provider]


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Token",
        "Token ",
        "Token wrong",
        f"Token {WORLD.api_token}x",
        f"Token {WORLD.api_token[:-1]}",
        f"Token {WORLD.jwt}",
        f"Bearer {WORLD.api_token}",
        WORLD.api_token,
        f"Basic {WORLD.api_token}",
        "Token \xe9",
    ],
)
@pytest.mark.parametrize("operation", CONTRACT.operations.values(), ids=CONTRACT.operations.keys())
def test_without_valid_credentials_nothing_is_done(authorization: str, operation: contracts.Operation) -> None:
    app = create_app(WORLD)
    stranger, caller = caller_of(app, authorization), caller_of(app, f"Bearer {WORLD.jwt}")
    before = caller.get(TOKENS).json()
    path = operation.path.format(organizationId=WORLD.organization_id, gitTokenId=WORLD.git_token_id)
    answer = stranger.request(operation.method, path, json=BODY)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Token, Bearer"
    assert caller.get(TOKENS).json() == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{TOKENS}/{UNKNOWN}", 404),
        (f"{TOKENS}/{WORLD.foreign_git_token_id}", 404),
        (f"/organization/{UNKNOWN}/gitToken/{WORLD.git_token_id}", 404),
        (f"{FOREIGN}/{WORLD.foreign_git_token_id}", 403),
        (f"{FOREIGN}/{WORLD.git_token_id}", 403),
        (f"{TOKENS}/{WORLD.git_token_id}x", 400),
        (f"{TOKENS}/{WORLD.git_token_id}%0A", 400),
        (f"{TOKENS}/{WORLD.git_token_id.replace('-', '')}", 400),
        (f"/organization/1/gitToken/{WORLD.git_token_id}", 400),
        ("/", 404),
        (f"{TOKEN}/", 404),
    ],
)
def test_a_path_that_leads_nowhere(path: str, status: int) -> None:
    caller = client()
    assert [caller.request(method, path, json=BODY).status_code for method in ("GET", "PUT", "DELETE")] == [status] * 3


@pytest.mark.parametrize("method", ["POST", "PATCH", "TRACE", "HEAD", "OPTIONS", "QUERY"])
def test_a_method_that_is_not_there(method: str) -> None:
    answer = client().request(method, TOKEN)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "PUT", "DELETE"}


VALID = json.dumps(BODY).encode()
WRONG: list[Any] = [None, 1, True, [], {}]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        VALID[:-1],
        VALID + b"}",
        VALID.replace(b'"ci"', b"NaN"),
        VALID.replace(b"}", b', "extra": NaN}'),
        VALID.replace(b"}", b', "extra": -Infinity}'),
        VALID.replace(b"}", b", }"),
        VALID.replace(b"ci", b"c\xe9"),
        VALID.decode().encode("utf-16"),
        VALID.replace(b"}", b', "extra": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        VALID + b" " * 1024 * 1024,
        *(json.dumps({**BODY, name: value}).encode() for name in BODY for value in WRONG),
        *(json.dumps({name: BODY[name] for name in BODY if name != absent}).encode() for absent in list(BODY)[:4]),
        *(json.dumps({**BODY, "type": value}).encode() for value in ("github", "GITHUB ", "GITHUB\n", "", "GITEA")),
        *(
            json.dumps({**BODY, "git_api_url": value}).encode()
            for value in ("", "a b", "/path", "http://a b", "\ud800")
        ),
    ],
    ids=lambda content: repr(content[:40]),
)
def test_a_body_that_must_be_refused(content: bytes) -> None:
    caller = client()
    before = caller.get(TOKENS).json()
    answer = send(caller, content)
    assert answer.status_code == 400
    assert BODY["token"] not in answer.text
    assert caller.get(TOKENS).json() == before


@pytest.mark.parametrize(
    "media_type", [None, "", "text/plain", "application/jsonx", "application/x-www-form-urlencoded"]
)
def test_a_media_type_that_must_be_refused(media_type: str | None) -> None:
    assert send(client(), VALID, media_type).status_code == 400


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8"])
def test_a_media_type_that_must_be_accepted(media_type: str) -> None:
    assert send(client(), VALID, media_type).status_code == 200


text = st.text(max_size=300)
values: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), text, st.lists(text, max_size=2)
)
surrogates = st.text(st.characters(codec=None), max_size=5)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "name": text | surrogates | values,
        "type": st.sampled_from(["BITBUCKET", "GITHUB", "GITLAB"]) | values,
        "token": text | surrogates | values,
        "description": text | values,
        "workspace": text | values,
        "git_api_url": st.from_regex(CONTRACT.request_schema["properties"]["git_api_url"]["x-must-accept"]["pattern"])
        | surrogates
        | values,
        "id": values,
        "created_at": values,
        "extra": st.recursive(values, lambda inner: st.dictionaries(surrogates, inner, max_size=2), max_leaves=5),
    },
)
shared = client()


@given(bodies)
def test_any_body_is_treated_as_the_contract_says(body: dict[str, Any]) -> None:
    answer = send(shared, json.dumps(body).encode())
    zone = CONTRACT.zone(body)
    if zone is not Zone.UNSPECIFIED:
        assert answer.status_code == (200 if zone is Zone.ACCEPT else 400)
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        sent = {name: body[name] for name in CONTRACT.request_schema["properties"] if name in body and name != "token"}
        assert answer.json() == {**answer.json(), **sent}
        assert answer.json()["id"] == WORLD.git_token_id
        assert shared.get(TOKEN).json() == answer.json()


def test_a_changed_contract_changes_the_mock() -> None:
    document = yaml.safe_load(contracts.PATH.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    for schema in (schemas["GitTokenRequest"], schemas["GitTokenResponse"]):
        schema["properties"]["region"] = {"type": "string", "maxLength": 3}
        schema["properties"]["login"] = schema["properties"].pop("name")
        schema["required"][schema["required"].index("name")] = "login"
    schemas["GitTokenResponse"]["properties"]["quota"] = {"type": "integer"}
    schemas["GitTokenResponse"]["required"].append("quota")
    schemas["GitProvider"]["enum"].append("GITEA")
    caller = client(Contract(document))
    body = {"login": "ci", "type": "GITEA", "token": "s3cret-value", "region": "eu"}
    shown = caller.put(TOKEN, json=body).json()
    assert (shown["login"], shown["type"], shown["region"], shown["quota"]) == ("ci", "GITEA", "eu", 0)
    assert caller.put(TOKEN, json={**body, "region": "long"}).status_code == 400
    assert caller.put(TOKEN, json={**body, "login": None}).status_code == 400


# The command.


@contextmanager
def started(*options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "conformance.mock", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_curl_line_that_it_prints_works() -> None:
    with started("--port", "0") as process:
        assert process.stdout
        printed = "".join(iter(process.stdout.readline, "\n"))
        printed += "".join(iter(process.stdout.readline, "\n"))
        printed += "".join(iter(process.stdout.readline, "\n"))
        command = shlex.split(printed[printed.index("curl ") :].replace("\\\n", ""))
        answer = subprocess.run([*command, "-s"], capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout)["name"] == "ci-github"
    for name, value in vars(WORLD).items():
        assert (value in printed) == (name != "secret")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_stops_without_a_word(stop: signal.Signals) -> None:
    with started("--port", "0", "--json") as process:
        assert process.stdout
        where = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {where['jwt']}"}
        with httpx.Client(base_url=where["base_url"], headers=headers) as caller:
            listed = caller.get(f"/organization/{where['organization_id']}/gitToken").json()
            process.send_signal(stop)
            assert process.communicate(timeout=60) == ("", "")
    assert [token["id"] for token in listed["results"]] == [where["git_token_id"]]
    assert process.returncode == (0 if stop == signal.SIGINT else -signal.SIGTERM)


def test_an_answer_that_hangs_does_not_outlive_the_mock() -> None:
    with started("--port", "0", "--json", "--fault", "time/hangs-an-edit") as process:
        assert process.stdout
        where = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Token {where['api_token']}"}
        with httpx.Client(base_url=where["base_url"], headers=headers) as caller:
            with pytest.raises(httpx.ReadTimeout):
                caller.put(TOKEN, json=BODY, timeout=0.3)
            assert caller.get(TOKEN).status_code == 200
        with socket.create_connection(
            (httpx.URL(where["base_url"]).host, httpx.URL(where["base_url"]).port or 0)
        ) as open_one:
            body = json.dumps(BODY).encode()
            head = f"PUT {TOKEN} HTTP/1.1\r\nHost: x\r\nAuthorization: {headers['Authorization']}\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            open_one.sendall(head.encode() + body)
            open_one.settimeout(0.3)
            with pytest.raises(TimeoutError):
                open_one.recv(1)
            process.terminate()
            assert process.communicate(timeout=60) == ("", "")


@pytest.mark.parametrize("fault", ["answers/lying-length-edit", "time/endless-edit", "time/stops-half-way-edit"])
def test_an_answer_without_its_end(fault: str) -> None:
    with started("--port", "0", "--json", "--fault", fault) as process:
        assert process.stdout
        where = json.loads(process.stdout.readline())
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadTimeout, TimeoutError)):
            headers = {"Authorization": f"Token {where['api_token']}"}
            with httpx.stream("PUT", where["base_url"] + TOKEN, json=BODY, headers=headers, timeout=0.3) as answer:
                assert answer.status_code == 200
                for size, _ in enumerate(answer.iter_raw(4096)):
                    if size > 10:
                        raise TimeoutError
        process.terminate()
        assert process.communicate(timeout=60) == ("", "")


@pytest.mark.parametrize(("option", "catalogue"), [("--list-faults", FAULTS), ("--list-variants", VARIANTS)])
def test_the_catalogues_are_listed_by_family(
    option: str, catalogue: Catalogue, capsys: pytest.CaptureFixture[str]
) -> None:
    assert __main__.main([option]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(dict.fromkeys(change.family for change in catalogue.values()))
    assert sum(int(line.split()[1]) for line in lines) == len(catalogue)
    assert last.startswith(f"{len(catalogue)} ")


@pytest.mark.parametrize("wanted", ["refusals", "loose", "loose/absent", "absent-name"])
def test_a_list_is_of_those_that_are_called_so(wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["--list-faults", wanted]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert listed == [
        fault.name for fault in FAULTS.values() if wanted in (fault.group, fault.file) or wanted in fault.name
    ]
    assert __main__.main(["--list-faults", "no-such"]) == 2


def test_a_list_whose_reader_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m conformance.mock --list-faults loose | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("0", "")


@pytest.mark.parametrize(("host", "says"), [("0.0.0.0", True), ("127.0.0.1", False)])
def test_it_says_that_everybody_can_use_it(host: str, says: bool) -> None:
    command = [sys.executable, "-m", "conformance.mock", "--port", "0", "--host", host, "--until-eof"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert ("everybody on the network can use it" in done.stderr) is says


def test_a_head_without_an_end_is_cut_off() -> None:
    with (
        bundled() as address,
        socket.create_connection(("127.0.0.1", int(address["base_url"].split(":")[2]))) as caller,
    ):
        caller.settimeout(60)
        caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ")
        answer = b""
        with contextlib.suppress(OSError):
            for _ in range(1000):
                caller.sendall(b"a" * 1024)
        with contextlib.suppress(OSError):
            answer = caller.recv(1000)
        assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""
    body = {"name": "a" * 200_000, "type": "GITHUB", "token": "t"}
    with bundled() as address, httpx.Client(base_url=address["base_url"]) as caller_of_it:
        headers = {"Authorization": f"Token {address['api_token']}"}
        assert caller_of_it.put(TOKEN, json=body, headers=headers).status_code == 200


@pytest.mark.parametrize("option", ["--fault", "--variant"])
def test_an_unknown_name_is_said_in_one_line(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main([option, "no-such"]) == 2
    assert re.fullmatch(r"mock: there is no .* 'no-such'.*\n", capsys.readouterr().err)


def test_a_port_in_use_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert __main__.main(["--port", str(taken.getsockname()[1])]) == 2
    assert re.fullmatch(r"mock: cannot listen on .* in use.*\n", capsys.readouterr().err)


def test_a_bad_contract_is_said_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text("openapi: 3.1.0\npaths: [\n")
    assert __main__.main(["--port", "0", "--contract", str(path)]) == 2
    assert re.fullmatch(r"mock: .*contract.yaml:\d+: .*\n", capsys.readouterr().err)
