"""The clauses on applications that this project did not shape, in a test and without a socket.

The applications in tests/apps are right as they stand. Each of BUGS is a change to the text of one of them.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import core
from starlette.types import Receive, Scope, Send

from conformance.application import NotConforming, verify
from conformance.bundled import ROOT
from conformance.mock import World, create_app
from conformance.run.run import Run
from conformance.target.stops import CannotRun
from conformance.target.transport import Application
from tests import reports
from tests.apps import store

APPS = ROOT / "tests" / "apps"

# The clause that finds a bug, and the text that makes it of another one.
BUGS = {
    ("fastapi_app", "secrets/value"): ('("token", "organization")', '("organization",)'),
    ("fastapi_app", "edit/read-back"): (
        "    return public(find(db, organization, id))\n\n\n@router.delete",
        "    row = public(find(db, organization, id))\n    db.rollback()\n    return row\n\n\n@router.delete",
    ),
    ("fastapi_app", "authentication/required"): (", dependencies=[Depends(caller)]", ""),
    ("fastapi_app", "refusals/type"): ("strict=True", "coerce_numbers_to_str=True"),
    ("fastapi_app", "methods/not-allowed"): ('        headers["Allow"] = ', "        allow = "),
    ("fastapi_app", "answer/schema"): ('"associated_services_count": 0, ', ""),
    ("fastapi_app", "answer/no-server-error"): ("        value.encode()", "        value.title()"),
    ("fastapi_app", "answer/in-time"): (
        "    fields = body",
        "    '😀' in body.name and time.sleep(3)\n    fields = body",
    ),
    ("flask_app", "secrets/value"): (' if key != "token"', ""),
    ("flask_app", "refusals/nothing-written"): (
        "    with lock:\n        fill",
        "    token['updated_at'] = timestamp()\n    with lock:\n        fill",
    ),
    ("flask_app", "refusals/conditional"): (' == "BITBUCKET"', ' == "Bitbucket"'),
    ("flask_app", "isolation/foreign-owner"): ("    if g.team == RIVAL:\n        abort(403)\n", ""),
    ("flask_app", "resource/delete"): ("        del tokens()[id]", "        pass"),
    ("flask_app", "answer/no-server-error"): ("errorhandler(RecursionError)", "errorhandler(ZeroDivisionError)"),
    ("flask_app", "answer/in-time"): (
        "            token[field] = ",
        "            while '😀' in data[field]: pass\n            token[field] = ",
    ),
}


def load(name: str, right: str = "", wrong: str = "") -> types.ModuleType:
    """The module of an application, with a text of it replaced."""
    text = (APPS / f"{name}.py").read_text()
    assert not right or text.count(right) == 1
    module = types.ModuleType(name)
    module.__dict__["time"] = time
    sys.modules[name] = module  # Where pydantic looks for annotations.
    exec(compile(text.replace(right, wrong) if right else text, name, "exec"), module.__dict__)
    return module


def access(module: types.ModuleType) -> dict[str, Any]:
    if module.__name__ == "flask_app":
        ids = {"organization_id": module.TEAM, "foreign_organization_id": module.RIVAL}
        ids["foreign_git_token_id"] = module.TOKENS_OF_RIVAL
        return {**{name: str(id) for name, id in ids.items()}, "api_token": module.KEY}
    return {
        "organization_id": module.ORGANIZATION,
        "foreign_organization_id": module.NEIGHBOUR,
        "foreign_git_token_id": module.NEIGHBOURS_TOKEN,
        "api_token": module.API_KEYS["Token"],
        "jwt": module.API_KEYS["Bearer"],
    }


# What needs connections, which an application has none of.
CONNECTED = ("concurrency/", "connections/held", "forged/illegal", "framing/", "sequences/idle")


def skipped_of(results: dict[str, Any]) -> set[str]:
    """The clauses that were not exercised, but for those that need connections."""
    skipped = {each["id"] for each in results["clauses"] if each["state"] == "not exercised"}
    return {each for each in skipped if not each.startswith(CONNECTED)}


@pytest.mark.parametrize(("seed", "requests"), [(0, 900), (1, 2000)])
@pytest.mark.parametrize("name", ["fastapi_app", "flask_app"])
def test_an_application_that_is_right_holds_every_clause(name: str, seed: int, requests: int, tmp_path: Path) -> None:
    module = load(name)
    results = verify(module.app, **access(module), seed=seed, max_requests=requests, report=tmp_path)
    assert reports.check(tmp_path) == results
    # The Flask application knows no JWTs.
    skipped = {"authentication/schemes"} if name == "flask_app" else set()
    assert skipped_of(results) <= skipped
    assert results["verdict"] == "held"


@pytest.mark.parametrize("name", ["django_app", "litestar_app"])
def test_so_does_one_of_another_framework(name: str) -> None:
    module = importlib.import_module(f"tests.apps.{name}")
    foreign: dict[str, Any] = {"foreign_organization_id": store.THEIRS, "foreign_git_token_id": store.TOKEN_OF_THEIRS}
    results = verify(module.app, organization_id=store.MINE, api_token=store.KEY, **foreign)
    assert skipped_of(results) <= {"authentication/schemes"}


@pytest.mark.parametrize(("name", "clause"), BUGS)
def test_a_bug_in_an_application_is_found_by_the_clause_about_it(name: str, clause: str) -> None:
    module = load(name, *BUGS[name, clause])
    with pytest.raises(NotConforming) as caught:
        verify(module.app, **access(module), timeout=1 if clause == "answer/in-time" else 5)
    broken = {finding["clause"] for finding in caught.value.results["findings"]}
    # What else such a bug breaks.
    also = {"authentication/nothing-written", "fuzzing/edit", "answer/schema", "refusals/malformed"}
    assert clause in broken <= {clause, *also}


def test_the_failure_reads_like_the_report_and_keeps_secrets() -> None:
    world = World()
    with pytest.raises(NotConforming) as caught:
        verify(create_app(world, "secrets/in-header-edit"), **of(world), only=["edit", "secrets"])
    message = str(caught.value)
    assert "✗ secrets/value: the answer shows the git token's secret" in message
    assert 'api --include --request PUT "$items/$ID"' in message
    assert 'verify(app, ..., only=["secrets/value"], seed=0)' in message
    assert world.api_token not in message
    assert len(caught.traceback) == 2  # Frames further below have requests, with the credentials, among their locals.


def of(world: World) -> dict[str, Any]:
    return {"organization_id": world.organization_id, "api_token": world.api_token}


def test_the_same_seed_sends_the_same_requests() -> None:
    def bodies() -> list[bytes]:
        sent: list[bytes] = []
        world = World()
        served = create_app(world)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            async def kept() -> Any:
                message = await receive()
                sent.append(message.get("body", b""))
                return message

            await served(scope, kept, send)

        verify(app, **of(world), only=["fuzzing/create"], max_requests=450)
        # Names have the time and the run in them, and ids are the server's.
        return [re.sub(rb"conformance-\w+-\w+|[0-9a-f-]{36}", b"", body) for body in sent]

    first = bodies()
    assert len(first) > 20
    assert bodies() == first


def test_an_application_is_started_and_stopped() -> None:
    heard: list[str] = []
    world = World()
    served = create_app(world)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            assert scope["state"] == {"pool": 1}
            await served(scope, receive, send)
            return
        for event in ("startup", "shutdown"):
            message = await receive()
            heard.append(message["type"])
            scope["state"]["pool"] = 1
            await send({"type": f"lifespan.{event}.complete"})

    verify(app, **of(world), only=["edit/works"])
    assert heard == ["lifespan.startup", "lifespan.shutdown"]


async def does_not_start(_: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "Traceback ...\nno database"})


@pytest.mark.parametrize(
    ("app", "options", "message"),
    [
        (does_not_start, {}, "the application does not start: no database"),
        (object(), {}, "object is neither an ASGI nor a WSGI application"),
        (create_app(), {"api_token": None}, "no credentials"),
        (create_app(), {"api_token": "wrong"}, "refuses the credentials"),
        (create_app(), {"only": ["edit/wonders"]}, "did you mean edit/works"),
    ],
)
def test_what_cannot_run_says_why(app: Application, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CannotRun, match=message):
        verify(app, **of(World()) | options)


def test_an_application_that_is_not_tested_is_stopped() -> None:
    heard = []

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        for event in ("startup", "shutdown"):
            heard.append((await receive())["type"])
            await send({"type": f"lifespan.{event}.complete"})

    with pytest.raises(CannotRun):
        verify(app, **of(World()) | {"api_token": None})
    assert heard == ["lifespan.startup", "lifespan.shutdown"]


def test_what_nothing_exercised_does_not_pass() -> None:
    with pytest.raises(NotConforming, match="0 broken"):
        verify(create_app(), **of(World()), only=["isolation"])


# -- what a server adds to an application, and what it does not --------------------------------------------------------


def answering(body: Iterable[bytes], *headers: tuple[str, str], then: Exception | None = None) -> Application:
    """A WSGI application that answers the first list as given, and everything else as the mock would not."""

    def app(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/json"), *headers])
        yield from body
        if then:
            raise then

    return app


@pytest.mark.parametrize(
    ("app", "clause", "message"),
    [
        (answering([b"{}"], ("Content-Length", "3")), "answer/complete", "it says that it is 3 bytes long and is 2"),
        (answering([b"{}"], ("X-Name", "漢")), "answer/no-server-error", "the server failed (500) at"),
        (answering([b"{"], then=OSError()), "answer/complete", "failed in the middle"),
        (answering([], then=OSError()), "answer/no-server-error", "the server failed (500) at"),
        (answering(b"x" * 1024 * 1024 for _ in iter(int, 1)), "answer/complete", "MiB of answer, and no end"),
    ],
    ids=["length", "header", "half", "failure", "endless"],
)
def test_a_broken_answer_is_seen_as_from_a_server(app: Application, clause: str, message: str) -> None:
    with pytest.raises(NotConforming) as caught:
        verify(app, **of(World()), only=["resource/list", "answer"])
    found = {each["clause"]: each["message"] for each in caught.value.results["findings"]}
    assert message in found[clause]


@pytest.mark.parametrize("name", ["fastapi_app", "flask_app"])
def test_paths_and_headers_arrive_as_from_a_server(name: str) -> None:
    """Percent-encoding is undone once, as bytes in WSGI and as text in ASGI; header values are Latin-1."""
    seen: list[tuple[str, str]] = []
    module = load(name)

    def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        seen.append((environ["PATH_INFO"].encode("latin-1").decode(), environ.get("HTTP_AUTHORIZATION", "")))
        return module.app(environ, start_response)

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            seen.append((scope["path"], dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")))
        await module.app(scope, receive, send)

    app = wsgi if name == "flask_app" else asgi
    verify(app, **access(module), only=["identifiers/no-uuid", "authentication/valid"])
    last = {path.rpartition("/")[2] for path, _ in seen}
    assert {"😀", "1' OR '1'='1"} <= last and any(each.endswith("\x00") for each in last)
    assert any(value.endswith("\xe9") for _, value in seen)


# -- in somebody's session ---------------------------------------------------------------------------------------------


def test_the_session_that_it_runs_in_is_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    hypothesis.settings.register_profile("theirs", max_examples=3)
    before = hypothesis.settings.get_current_profile_name()
    hypothesis.settings.load_profile("theirs")
    state = core.global_force_seed, dict(os.environ), sys.stdout, signal.getsignal(signal.SIGALRM)
    try:
        verify(create_app(), **of(World()), only=["edit/works"])
        assert hypothesis.settings.get_current_profile_name() == "theirs"
        assert hypothesis.settings().max_examples == 3
    finally:
        hypothesis.settings.load_profile(before)
    assert (core.global_force_seed, dict(os.environ), sys.stdout, signal.getsignal(signal.SIGALRM)) == state
    print("still captured")
    printed = capfd.readouterr().out
    assert "✓ edit/works" in printed and printed.endswith("\nstill captured\n")


def test_whatever_ends_a_run_it_cleans_up(monkeypatch: pytest.MonkeyPatch) -> None:
    world, methods = World(), list[str]()
    inner = create_app(world)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        methods.append(scope.get("method", ""))
        await inner(scope, receive, send)

    monkeypatch.setattr("conformance.runner.plugin.Plugin.main", lambda plugin: _create_and_end(plugin.run))
    with pytest.raises(SystemExit) as ended:
        verify(app, **of(world))
    assert methods.count("POST") == methods.count("DELETE") == 1
    assert {frame.name for frame in ended.traceback} & {"_create_and_end", "judge"} == set()


def _create_and_end(run: Run) -> None:
    assert run.create(run.bodies.full()).answer.status == 201
    raise SystemExit


def test_an_alarm_of_theirs_still_goes_off() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: rung.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        verify(create_app(), **of(World()), only=["edit/works"])
        signal.sigtimedwait([], 0.3)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert rung == [signal.SIGALRM]


def test_an_application_that_blocks_its_event_loop_is_cut_off() -> None:
    served = create_app()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while scope.get("method") == "PUT":
            pass
        await served(scope, receive, send)

    with pytest.raises(NotConforming, match=r"answer/in-time: no complete answer within 0\.3 s"):
        verify(app, **of(World()), only=["edit/works", "answer"], timeout=0.3)


def test_off_the_main_thread_an_application_that_awaits_is_held_to_the_time() -> None:
    world = World()
    served = create_app(world)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") == "PUT":
            await asyncio.sleep(60)
        await served(scope, receive, send)

    async def test() -> None:
        await asyncio.to_thread(verify, app, **of(world), only=["answer/in-time"], timeout=0.3)

    with pytest.raises(NotConforming, match=r"answer/in-time: no complete answer within 0\.3 s"):
        asyncio.run(test())


TESTS = """
from pathlib import Path
import httpx
import pytest
from conformance import mock_fixture, verify
from flask_app import KEY, TEAM, app

FAULTS = ["answers/success-status-create-202", "no/such"]

def created(mock):
    url = f"{mock.base_url}/organization/{mock.organization_id}/gitToken"
    headers = {"Authorization": f"Token {mock.api_token}"}
    return httpx.post(url, headers=headers, json={"name": "ci", "type": "GITHUB", "token": "s3cret"}).status_code

def test_mock(qovery_git_token_mock):
    assert created(qovery_git_token_mock) == 201
    assert qovery_git_token_mock.api_token not in repr(qovery_git_token_mock)

@pytest.mark.parametrize("qovery_git_token_mock", FAULTS, indirect=True)
def test_fault(qovery_git_token_mock):
    assert created(qovery_git_token_mock) == 202

webhooks = mock_fixture(contract=Path("{ROOT}/tests/fragments/webhook.yaml"))

def test_another_resource(webhooks):
    url = f"{webhooks.base_url}/organization/{webhooks.organization_id}/webhook"
    answer = httpx.get(url, headers={"Authorization": f"Token {webhooks.api_token}"})
    assert [each["id"] for each in answer.json()["results"]] == [webhooks.webhook_id]

def test_right():
    verify(app, organization_id=str(TEAM), api_token=KEY, only=["edit"])

def test_broken(monkeypatch):
    monkeypatch.setattr("flask_app.timestamp", lambda: "now")
    verify(app, organization_id=str(TEAM), api_token=KEY, only=["edit", "answer"])
"""


ASYNCHRONOUS = """
import asyncio
import pytest
from conformance import NotConforming, verify
from conformance.mock import World, create_app

world = World()
app = create_app(world)
options = {"organization_id": world.organization_id, "api_token": world.api_token, "only": ["edit/works"]}

def test_asyncio():
    async def test():
        verify(app, **options)
    asyncio.run(test())

@pytest.mark.anyio
async def test_anyio():
    verify(app, **options)
    with pytest.raises(NotConforming):
        verify(create_app(world, "answers/success-status-edit-202"), **options | {"only": ["answer/status"]})

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""
CASES = """
import flask_app
from conformance import clause_tests

flask_app.timestamp = lambda: "now"
test_our_server = clause_tests(flask_app.app, organization_id=str(flask_app.TEAM), api_token=flask_app.KEY)
"""


def session(tmp_path: Path, code: str, *options: str) -> str:
    """What pytest prints of a module of tests."""
    (tmp_path / "test_theirs.py").write_text(code)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--override-ini=pythonpath={ROOT} {APPS}"]
    process = subprocess.run(
        [*command, *options, "test_theirs.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    return process.stdout + process.stderr


def test_an_asynchronous_test_calls_it_as_it_stands(tmp_path: Path) -> None:
    said = session(tmp_path, ASYNCHRONOUS, "--override-ini=filterwarnings=error")
    assert "2 passed" in said, said


def test_each_clause_is_a_test_that_can_be_selected(tmp_path: Path) -> None:
    """One run judges those that are selected, and each case is told what it was."""
    said = session(tmp_path, CASES, "-rA", "-k", "answer or resource/create or isolation")
    failed = set(re.findall(r"^FAILED \S+test_our_server\[(\S+)\]", said, re.MULTILINE))
    passed = set(re.findall(r"^PASSED \S+test_our_server\[(\S+)\]", said, re.MULTILINE))
    assert failed == {"answer/schema"}, said
    assert "answer/status" in passed and not any("edit/" in each for each in passed)
    assert "6 skipped" in said and "SKIPPED" in said
    assert "its answers broke answer/schema: resource/create" in said and "flask-vault-key" not in said


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_somebody_elses_project(workers: tuple[str, ...], tmp_path: Path) -> None:
    """Their tests are strict about warnings, and what is theirs alone in plugins and options stays so."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["conformance.pytest_plugin"]\n')
    (tmp_path / "test_theirs.py").write_text(TESTS.replace("{ROOT}", str(ROOT)))
    options = [f"--override-ini=pythonpath={ROOT} {APPS}", "--override-ini=filterwarnings=error", "-rA", *workers]
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, "test_theirs.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_ADDOPTS": "--strict-markers --maxfail=9"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = process.stdout
    passed = {line.split("::")[1] for line in said.splitlines() if line.startswith("PASSED")}
    right = {"test_mock", "test_another_resource", "test_fault[answers/success-status-create-202]", "test_right"}
    assert passed == right, said + process.stderr
    assert "1 failed" in said and "1 error" in said
    assert "there is no fault or variant no/such" in said
    assert "NotConforming: ✗ answer/schema: " in said and "flask-vault-key" not in said
