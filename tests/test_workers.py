"""A run over several processes or machines, and one that goes on and on."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from conformance.bundled import mock
from conformance.contract.contract import Contract
from conformance.detection import attempt_inside
from conformance.run.clause import Clause
from conformance.run.journal import Journal
from conformance.runner import choice
from conformance.runner.workers import APART, BASICS, LAST
from conformance.target.exchange import Answer, Exchange, Request
from conformance.target.ledger import Ledger
from tests.independent import serve
from tests.relay import listening, relay
from tests.spawned import spawned
from tests.suite import Outcome, Started, conformance
from tests.test_live import tokens

RESOURCE = Contract.load().resource


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes of runs go where no other run looks."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_every_chapter_is_somebodys() -> None:
    apart = [chapter for chapters in APART for chapter in chapters]
    assert sorted((*BASICS, *apart, *LAST)) == sorted(choice.CHAPTERS)


@pytest.mark.parametrize("workers", ["2", "3"])
def test_workers_judge_every_clause_and_leave_nothing(tmp_path: Path, workers: str) -> None:
    with serve() as server:
        before = tokens(server)
        outcome = conformance(tmp_path / "report", asdict(server), "--workers", workers)
        assert tokens(server) == before
    assert outcome.code == 0, outcome.output + outcome.errors
    states = {clause["id"]: clause["state"] for clause in outcome.results["clauses"]}
    assert {each.id for each in choice.tested(RESOURCE)} <= states.keys()
    assert outcome.results["requests"] <= 900
    # Nothing is lacking but what the last of so many workers had no requests left for.
    assert [id for id, state in states.items() if state != "held" and not id.startswith("fuzzing/")] == []


@pytest.mark.parametrize(
    "fault",
    [
        "meaning/ignored-git_api_url",
        "loose/coerced-array-token",
        "resource/listed-twice",
        "http/undeclared-method-status-DELETE-404",
        "secrets/in-header-get",
        "triggers/character-beyond-the-basic-plane-name",
    ],
)
def test_workers_find_what_one_finds(tmp_path: Path, fault: str) -> None:
    alone = spawned(attempt_inside, fault, 1, fail_fast=False)
    with mock("--fault", fault) as server:
        outcome = conformance(tmp_path, server, "--workers", "2", "--seed", "1")
    assert outcome.code == 1, outcome.output + outcome.errors
    assert sorted(outcome.broken) == sorted(alone.clauses)


def test_the_first_finding_ends_all_workers(tmp_path: Path) -> None:
    with mock("--fault", "loose/coerced-array-token") as server:
        outcome = conformance(tmp_path, server, "--workers", "2", "--fail-fast")
    assert (outcome.code, outcome.broken) == (1, ["refusals/type"]), outcome.output + outcome.errors


def test_workers_share_a_budget(tmp_path: Path) -> None:
    count = 0
    lock = threading.Lock()
    with serve() as server:

        def counted(request: BaseHTTPRequestHandler) -> None:
            nonlocal count
            with lock:
                count += 1
            relay(server.base_url, request)

        with listening(counted) as url:
            address = asdict(server) | {"base_url": url}
            outcome = conformance(tmp_path, address, "--workers", "3", "--max-requests", "300", "--partial")
    assert outcome.code == 0, outcome.output + outcome.errors
    assert count == outcome.results["requests"] <= 300


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_that_are_stopped_leave_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with serve() as server:
        before = tokens(server)
        run = Started(tmp_path / "report", asdict(server), "--workers", "2", "--rate", "60/s", "--verbose")
        while "authentication" not in run.output:
            time.sleep(0.01)
        run.signal(number)
        stopped = run.end()
        assert "Traceback" not in stopped.output + stopped.errors
        if number != signal.SIGKILL:
            assert stopped.code == 130, stopped.output
            assert tokens(server) == before
        outcome = conformance(tmp_path / "next", asdict(server), "--only", "edit/works")
        assert outcome.code == 0, outcome.output
        # The workers of a run that was killed see that it is gone, and clean up after themselves.
        deadline = time.monotonic() + 120
        while (tokens(server) != before or _alive(run.printed)) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert tokens(server) == before
        assert not _alive(run.printed)


def _alive(output: Path) -> bool:
    """Whether a process writes to this file still."""
    for process in Path("/proc").glob("[0-9]*/fd/1"):
        with suppress(OSError):
            if process.readlink() == output:
                return True
    return False


def test_one_git_token_takes_one_worker(tmp_path: Path) -> None:
    outcome = conformance(tmp_path, None, "--workers", "2", "--overwrite")
    assert outcome.code == 2
    assert "one worker" in outcome.errors


def test_the_ledger_is_one_for_all_processes() -> None:
    ledger = Ledger(reserve=4)
    children = []
    for _ in range(3):
        if not (child := os.fork()):
            for _ in range(200):
                with ledger.locked():
                    ledger.used += 1
            ledger.create(f"by {os.getpid()}")
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    ledger.create("mine")
    assert (ledger.used, ledger.reserve) == (600, 4)
    assert ledger.others() == {f"by {child}" for child in children}


def test_shards_share_the_clauses_out(tmp_path: Path) -> None:
    listed: list[str] = []
    for shard in ("1/3", "2/3", "3/3"):
        outcome = conformance(tmp_path, None, "--shard", shard, "--list")
        listed += [line.split()[0] for line in outcome.output.splitlines()]
    tests = [clause.id for clause in choice.tested(RESOURCE)]
    assert sorted(id for id in listed if id in tests) == sorted(tests)


def test_a_shard_runs_its_clauses_and_what_they_need(tmp_path: Path) -> None:
    outcome = conformance(tmp_path, None, "--shard", "2/20")
    assert outcome.code == 0, outcome.output + outcome.errors
    run = {clause["id"] for clause in outcome.results["clauses"]}
    mine = [clause for number, clause in enumerate(choice.tested(RESOURCE)) if number % 20 == 1]
    assert {id for clause in mine for id in (clause.id, *clause.needs)} <= run
    assert len(run) < len(choice.tested(RESOURCE))


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/500"])
def test_no_such_shard(tmp_path: Path, shard: str) -> None:
    assert conformance(tmp_path, None, "--shard", shard).code == 2


def _long(report: Path, server: dict[str, str] | None, *options: str) -> Outcome:
    return conformance(report, server, "--duration", "1h", *options)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_long_run_goes_on_until_its_budget_is_spent(tmp_path: Path, workers: str) -> None:
    outcome = _long(tmp_path, None, "--max-requests", "1300", "--workers", workers)
    assert outcome.code == 0, outcome.output + outcome.errors
    assert 1250 < outcome.results["requests"] <= 1300
    assert {clause["state"] for clause in outcome.results["clauses"]} == {"held"}


def test_a_long_run_ends_with_its_time(tmp_path: Path) -> None:
    outcome = conformance(tmp_path, None, "--duration", "6s", "--rate", "100/s", "--partial")
    assert outcome.code == 0, outcome.output + outcome.errors
    assert "the time is up" in outcome.output
    assert outcome.state("edit/works") == "held"
    assert outcome.state("fuzzing/links") == "not exercised"


def test_a_long_run_ends_with_a_finding(tmp_path: Path) -> None:
    with mock("--fault", "time/after-many-edits-60") as server:
        outcome = _long(tmp_path, server, "--max-requests", "100000")
    assert outcome.code == 1, outcome.output + outcome.errors


@pytest.mark.parametrize("duration", ["8", "1d", "m", "-1h", "0s"])
def test_no_such_duration(tmp_path: Path, duration: str) -> None:
    assert conformance(tmp_path, None, f"--duration={duration}").code == 2


def test_a_journal_of_a_long_run_stays_small() -> None:
    contract = Contract.load()
    journal, other = Journal(contract), Journal(contract)
    clause = Clause("a/b", "A sentence.", "a source", "expected")
    for number in range(90_000):
        journal.add(Exchange(Request("GET", "/"), Answer(200), at=journal.started + number), clause.id)
    assert journal.count == sum(journal.statuses[None].values()) == 90_000
    assert 10_000 <= len(journal.entries) <= 20_000
    gaps = {round(b.at - a.at) for a, b in zip(journal.entries, journal.entries[1:], strict=False)}
    assert gaps == {8}
    other.merge(journal)
    assert (other.count, other.statuses[None]) == (90_000, journal.statuses[None])
