"""Failing examples are shared: what one process has found, others try first."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from conformance.detection import serving
from conformance.mock.change import Change
from conformance.mock.faults.catalogue import refuse
from conformance.mock.server import Mock
from conformance.mock.world import World
from conformance.runner.database import DOWNLOADED, LOCAL, database
from conformance.target.stops import CannotRun
from tests.catalogue import FAULTS
from tests.leaks import leaks
from tests.suite import Outcome, conformance

WORLD = World()
CLAUSE = "fuzzing/create"
PASSWORD = "b4d/0fA:k3y-zQ9w"
QUOTED = "b4d%2F0fA%3Ak3y-zQ9w"


def mistaken(mock: Mock) -> None:
    """Answers creates with an unknown provider as if something else were unknown: a few generated bodies have one."""
    refuse(mock, 404, lambda _, body: body.get("type") not in ("BITBUCKET", "GITHUB", "GITLAB"), "create")


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, str]]]:
    """Four servers with the same fault, which is found by chance; a run would take another's git tokens for a fault."""
    monkeypatch.setitem(FAULTS, "mistaken", Change("mistaken", "", mistaken))
    with ExitStack() as stack:
        yield [vars(WORLD) | {"base_url": stack.enter_context(serving(WORLD, "mistaken"))} for _ in range(4)]


@contextmanager
def redis_server() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A Redis server that keeps nothing, and its port."""
    program = shutil.which("redis-server")
    if not program and not os.environ.get("CI"):
        pytest.skip("Redis is not here: apt-get install redis-server")
    assert program, "Redis is not here: apt-get install redis-server"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = f"--port {port} --bind 127.0.0.1 --appendonly no --dir / --requirepass {PASSWORD} --save".split()
    with subprocess.Popen([program, *options, ""], stdout=subprocess.DEVNULL) as process:
        try:
            for _ in range(100):
                assert process.poll() is None
                with suppress(redis.ConnectionError):
                    client(port).ping()
                    break
                time.sleep(0.1)
            yield process, port
        finally:
            process.kill()


def client(port: int) -> Any:
    return redis.Redis(port=port, password=PASSWORD, retry=Retry(NoBackoff(), 0))


@pytest.fixture(scope="module")
def store() -> Iterator[int]:
    with redis_server() as (_, port):
        yield port


def run(folder: Path, server: dict[str, str], seed: int, *options: str, **variables: str) -> Outcome:
    folder.mkdir(exist_ok=True)
    return conformance(folder / str(seed), server, "--only", CLAUSE, "--seed", str(seed), *options, **variables)


def first(outcome: Outcome) -> int:
    """The status that the first request for the clause was answered with."""
    return next(int(entry["status"]) for entry in outcome.results["timeline"] if entry["clause"] == CLAUSE)


def search(folder: Path, server: dict[str, str], misses: int) -> tuple[int, list[int]]:
    """A seed by which the fault is found without a database, and some by which it is not."""
    found: list[int] = []
    not_found: list[int] = []
    for seed in range(40):
        outcome = run(folder / "alone", server, seed)
        assert outcome.code in (0, 1), outcome.errors
        (found if outcome.broken == [CLAUSE] else not_found).append(seed)
        if found and len(not_found) >= misses:
            return found[0], not_found[:misses]
    raise AssertionError("the fault is found always or never")


def test_what_one_process_finds_others_try_first(store: int, servers: list[dict[str, str]], tmp_path: Path) -> None:
    lucky, others = search(tmp_path, servers[0], 3)
    url = f"redis://:{QUOTED}@127.0.0.1:{store}/1"
    assert run(tmp_path, servers[0], lucky, "--database", url).broken == [CLAUSE]
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(
            pool.map(lambda each: run(tmp_path, *each, "--database", url), zip(servers[1:], others, strict=True))
        )
    for outcome in outcomes:
        assert outcome.broken == [CLAUSE], outcome.errors
        assert first(outcome) == 404
        assert outcome.results["findings"][0]["again"].endswith(f" --database redis://127.0.0.1:{store}/1")
        assert not leaks(outcome.output + outcome.errors + json.dumps(outcome.results), [PASSWORD])
    kept = client(store)
    kept.select(1)
    examples = [value for key in kept.scan_iter() for value in (key, *kept.smembers(key))]
    assert examples
    shown = "\n".join(value.decode("latin-1") for value in examples)
    assert not leaks(shown, [WORLD.api_token, WORLD.jwt, WORLD.secret, PASSWORD])


def test_a_directory_and_what_github_keeps_of_it_are_tried_first(
    servers: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, *_ = servers
    lucky, [other] = search(tmp_path, server, 1)
    shared = tmp_path / "shared" / "examples"
    assert run(tmp_path, server, lucky, "--database", str(shared)).broken == [CLAUSE]
    assert first(run(tmp_path, server, other, "--database", str(shared))) == 404
    # As if it had been downloaded a moment ago.
    artifact = tmp_path / DOWNLOADED
    artifact.mkdir(parents=True)
    now = datetime.now(UTC).isoformat().replace(":", "_")
    with zipfile.ZipFile(artifact / f"{now}.zip", "w") as archive:
        for file in shared.rglob("*"):
            archive.write(file, file.relative_to(shared))
    monkeypatch.chdir(tmp_path)
    variables = {"GITHUB_TOKEN": "a-token", "GITHUB_REPOSITORY": "somebody/something"}
    outcome = run(tmp_path / "github", server, other, "--database", "github", **variables)
    assert outcome.broken == [CLAUSE] and first(outcome) == 404
    # What is found is kept here, for the workflow to upload.
    assert any(path.is_file() for path in (tmp_path / LOCAL).rglob("*"))


def test_an_artifact_that_cannot_be_had_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"TOKEN": "s3cret-of-github", "REPOSITORY": "somebody/something"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    said: list[str] = []
    database("github", said.append).save(b"key", b"value")
    assert "Could not connect to GitHub" in "".join(said) and "s3cret" not in "".join(said)
    assert list(database("github", said.append).fetch(b"key")) == [b"value"]


def test_a_run_goes_on_when_redis_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    with redis_server() as (process, port):
        shared = database(f"redis://:{QUOTED}@127.0.0.1:{port}", said.append)
        shared.save(b"key", b"value")
        assert list(shared.fetch(b"key")) == [b"value"]
        process.kill()
        process.wait()
        shared.save(b"key", b"other")
    assert list(shared.fetch(b"key")) == [b"other"]
    shared.delete(b"key", b"other")
    assert not list(shared.fetch(b"key"))
    assert len(said) == 1 and "ceased to answer" in said[0] and PASSWORD not in said[0]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("redis://127.0.0.1:1", "Connection refused"),
        ("redis://u:s3cret@127.0.0.1:1/0", "Connection refused"),
        ("redis://:s3cret/x@127.0.0.1:1", r"is redis\[s\]://"),
        ("redis://:s3cret@127.0.0.1:s3cret", r"is redis\[s\]://"),
        ("redis://:s3cret@127.0.0.1:99999", "cannot be used"),
        ("https://u:s3cret@127.0.0.1", r"is redis\[s\]://"),
        ("README.md", "File exists"),
        ("github", "GITHUB_TOKEN"),
    ],
)
def test_what_cannot_be_a_database_is_said_in_a_line(where: str, message: str, tmp_path: Path) -> None:
    outcome = conformance(tmp_path, None, "--database", where, GITHUB_TOKEN="", GITHUB_REPOSITORY="")
    assert outcome.code == 2
    assert re.search(message, outcome.errors) and outcome.errors.count("\n") == 1
    assert "s3cret" not in outcome.output + outcome.errors


def test_a_wrong_password_and_a_wrong_repository_are_said(store: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRun, match="refuses the user or the password"):
        database(f"redis://:s3cret@127.0.0.1:{store}", print)
    monkeypatch.setenv("GITHUB_TOKEN", "s3cret")
    monkeypatch.setenv("GITHUB_REPOSITORY", "somebody")
    with pytest.raises(CannotRun, match="GITHUB_REPOSITORY, as owner/name"):
        database("github", print)


def test_without_the_package_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "hypothesis.extra.redis", raising=False)
    with pytest.raises(CannotRun, match="needs the package redis"):
        database("redis://127.0.0.1", print)
