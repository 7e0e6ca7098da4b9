"""--read-only: a run that a right server has nothing to do for, and that no wrong one can be led to write by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.bundled import mock
from conformance.contract.contract import Contract
from conformance.detection import targeted
from conformance.mock import World
from conformance.mock.server import Mock
from conformance.run.harmless import CLAUSES
from conformance.run.preflight import preflight
from conformance.run.run import Run
from conformance.runner.choice import choose
from conformance.runner.plugin import Plugin
from conformance.target.transport import transport
from tests.catalogue import FAULTS
from tests.spawned import spawned
from tests.suite import conformance

CONTRACT = Contract.load()


def state(served: Mock) -> str:
    """Everything that a mock has stored."""
    items = {owner: {id: vars(item) for id, item in items.items()} for owner, items in served.organizations.items()}
    return json.dumps(items, sort_keys=True)


def changed(names: list[str]) -> list[str]:
    """The faults with which a run has changed what the mock stores."""
    return [name for name in names if _changes(name)]


def _changes(name: str) -> bool:
    world = World(CONTRACT.resource)
    served = Mock(world, CONTRACT)
    FAULTS[name].apply(served)
    before = state(served)
    target = targeted("http://localhost", world, CONTRACT, transport=transport(served.router()), read_only=True)
    run = Run(CONTRACT, target, 1)
    plugin = Plugin(run, choose(run.resource), lambda _: None)
    preflight(run)
    plugin.main()
    run.cleanup.finish()
    target.close()
    assert plugin.failure is None, name
    return state(served) != before


def test_its_clauses_exist() -> None:
    assert {clause.id for clause in choose(CONTRACT.resource)} >= CLAUSES


def groups() -> Iterator[tuple[str, list[str]]]:
    """Some faults of each group whose servers may take a request for another one, or do what they should not."""
    for group in ("credentials", "forged", "loose", "tenants", "http", "resource"):
        yield group, [fault.name for fault in FAULTS.core if fault.group == group][::3]


@pytest.mark.parametrize("names", [pytest.param(names, id=group) for group, names in groups()])
def test_no_fault_can_be_led_to_write(names: list[str]) -> None:
    assert spawned(changed, names) == []


@pytest.mark.parametrize(
    ("variables", "least"), [({}, 30), ({"QOVERY_GIT_TOKEN_ID": ""}, 25)], ids=["one that is named", "none"]
)
def test_a_server_that_verifies_secrets_is_tested_without_one(
    tmp_path: Path, variables: dict[str, str], least: int
) -> None:
    none = {"QOVERY_GIT_TOKEN_SECRET": "", "QOVERY_GIT_PROVIDER": ""}
    with mock("--verify-secrets") as server:
        outcome = conformance(tmp_path / "report", server, "--read-only", **none, **variables)
    assert (outcome.code, outcome.broken) == (0, []), outcome.output
    assert sum(clause["state"] == "held" for clause in outcome.results["clauses"]) >= least
    assert "Creates:  nothing" in outcome.output
    assert ("WARNING:  a server that accepts what must be refused changes" in outcome.output) is (variables == {})
