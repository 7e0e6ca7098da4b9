"""Servers that verify secrets with the git provider: a run says so, or holds what is real at what it was given."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from conformance.bundled import mock
from conformance.contract.contract import Contract
from conformance.detection import Trial, examine, targeted
from conformance.mock import World
from conformance.mock.messages import Refusal, Request
from conformance.mock.server import Mock
from conformance.mock.verify import accepted_by
from conformance.target.transport import transport
from tests.spawned import spawned
from tests.suite import Outcome, conformance

SECRET, SECOND = "ghx_7Kq2mWv9Lr4Tz8", "ghx_3Bn6cXp1Jd5Ys0"
OPTIONS = ("--verify-secrets", f"GITHUB={SECRET}", f"GITHUB={SECOND}", "BITBUCKET=atx_*")


def run_with(report: Path, *options: str, **variables: str) -> Outcome:
    none = {"QOVERY_GIT_TOKEN_SECRET": "", "QOVERY_GIT_PROVIDER": ""}
    with mock(*OPTIONS) as server:
        return conformance(report, server, "--seed", "1", *options, **none | variables)


def test_without_a_real_secret_the_run_says_what_to_do(tmp_path: Path) -> None:
    outcome = run_with(tmp_path / "report")
    assert outcome.code == 2
    assert "this server seems to verify secrets" in outcome.errors
    assert "QOVERY_GIT_TOKEN_SECRET" in outcome.errors
    assert "--read-only" in outcome.errors
    assert outcome.broken == []


def test_overwriting_without_a_real_secret_says_so_too(tmp_path: Path) -> None:
    outcome = run_with(tmp_path / "report", "--overwrite")
    assert outcome.code == 2
    assert "this server seems to verify secrets" in outcome.errors
    assert outcome.broken == []


@pytest.mark.parametrize("second", ["", SECOND])
def test_with_a_real_secret_nearly_everything_is_judged(tmp_path: Path, second: str) -> None:
    given = {"QOVERY_GIT_TOKEN_SECRET": SECRET, "QOVERY_GIT_TOKEN_SECOND_SECRET": second}
    outcome = run_with(tmp_path / "report", **given)
    assert (outcome.code, outcome.broken) == (0, []), outcome.output
    assert sum(clause["state"] == "held" for clause in outcome.results["clauses"]) >= 60
    assert outcome.state("edit/rotation") == ("held" if second else "not exercised")
    written = [outcome.output, *(file.read_text() for file in (tmp_path / "report").rglob("*") if file.is_file())]
    assert not any(secret in text for text in written for secret in (SECRET, SECOND))


def test_another_provider_is_given_with_what_it_needs(tmp_path: Path) -> None:
    given = {"QOVERY_GIT_TOKEN_SECRET": "atx_4Fh8", "QOVERY_GIT_PROVIDER": "BITBUCKET"}
    lacking = run_with(tmp_path / "lacking", **given)
    assert (lacking.code, "QOVERY_GIT_WORKSPACE" in lacking.errors) == (2, True)
    outcome = run_with(tmp_path / "report", "--only", "edit", QOVERY_GIT_WORKSPACE="team", **given)
    assert (outcome.code, outcome.broken) == (0, []), outcome.output


@pytest.mark.parametrize(
    "given",
    [
        {"QOVERY_GIT_TOKEN_SECRET": "made-up"},
        {"QOVERY_GIT_TOKEN_SECRET": SECRET, "QOVERY_GIT_PROVIDER": "GITLAB"},
        {"QOVERY_GIT_TOKEN_SECRET": SECRET, "QOVERY_GIT_API_URL": "https://git.example.com"},
        {"QOVERY_GIT_TOKEN_SECRET": SECRET, "QOVERY_GIT_PROVIDER": "GITEA"},
        {"QOVERY_GIT_PROVIDER": "GITHUB"},
    ],
    ids=["made up", "another provider", "another address", "no provider", "no secret"],
)
def test_a_secret_that_is_none_is_said(tmp_path: Path, given: dict[str, str]) -> None:
    outcome = run_with(tmp_path / "report", **given)
    assert (outcome.code, (outcome.results.get("clauses") and outcome.broken) or []) == (2, [])
    assert outcome.errors.startswith("conformance: ")
    assert len(outcome.errors.splitlines()) == 1
    assert SECRET not in outcome.errors


@pytest.mark.parametrize(
    ("status", "last", "said"),
    [
        (400, 60, "accepted the secret of QOVERY_GIT_TOKEN_SECRET, and does no more (400)"),
        (422, 0, "seems to verify secrets"),
    ],
    ids=["revoked on the way", "refused in other words"],
)
def test_a_server_that_no_longer_takes_a_secret_is_no_finding(status: int, last: int, said: str) -> None:
    trial = spawned(refusing, status, last)
    assert said in trial.error
    assert trial.clauses == (() if status == 400 else ("answer/status",))


def refusing(status: int, last: int) -> Trial:
    """Tries a server that verifies secrets, and refuses each with a status after so many writes."""
    contract = Contract.load()
    world = World(contract.resource, **{"git_token_secret": SECRET, "git_provider": "GITHUB"} if last else {})
    server, writes = Mock(world, contract), itertools.count(1)

    @server.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        validate(request, body)
        if body["token"] != SECRET or body["type"] != "GITHUB" or next(writes) > last:
            raise Refusal(status, "not verified")

    target = targeted("http://localhost", world, contract, transport=transport(server.router()))
    return examine(target, "refusing", 1, world, fail_fast=False, contract=contract)


@pytest.mark.parametrize("told", ["GITEA=x", "GITHUB=", "GITHUB", "=x"])
def test_what_the_mock_is_told_names_a_provider_and_a_secret(told: str) -> None:
    with pytest.raises(ValueError, match="PROVIDER=SECRET"):
        accepted_by(Contract.load(), [told])
