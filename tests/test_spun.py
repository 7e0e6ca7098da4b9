"""The faults and variants of other resources, spun from their fragments: one of each group, and each kind of its own.

All of them are tried by `scripts/detection --contract`.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import cache

import pytest

from conformance.bundled import ROOT
from conformance.contract.contract import Contract, Zone
from conformance.contract.fields import has
from conformance.detection import attempt_inside
from conformance.mock import World, __main__
from conformance.mock.change import Catalogue, Change
from conformance.mock.facts import example
from conformance.mock.faults import faults
from conformance.mock.server import Mock
from conformance.mock.variants import variants
from tests.catalogue import FAULTS
from tests.test_detection import ABOUT

FRAGMENTS = ("helm-repository", "job", "webhook")
# These show over connections alone, or take seconds.
SLOW = ("at-once/", "framing/", "time/hangs", "time/stops", "time/endless", "time/after")


@cache
def contract(fragment: str) -> Contract:
    return Contract.load(ROOT / "tests" / "fragments" / f"{fragment}.yaml")


def catalogue(fragment: str) -> Catalogue:
    return faults(contract(fragment).resource)


def representatives(fragment: str) -> Iterator[str]:
    """A fault of each group, another one for each fragment, and of each family that git tokens have none of."""
    families: dict[str, Change] = {}
    groups: dict[str, list[Change]] = {}
    for change in catalogue(fragment).core:
        if not change.name.startswith(SLOW):
            families.setdefault(change.family, change)
            groups.setdefault(change.group, []).append(change)
    known = {change.family for change in FAULTS.values()}
    yield from (change.name for family, change in families.items() if family not in known)
    for number, changes in enumerate(groups.values()):
        yield changes[(7 * number + 5 * FRAGMENTS.index(fragment)) % len(changes)].name


CASES = [(fragment, name) for fragment in FRAGMENTS for name in dict.fromkeys(representatives(fragment))]


@pytest.mark.parametrize(("fragment", "name"), CASES)
def test_a_spun_fault_is_found_by_a_clause_about_it(fragment: str, name: str) -> None:
    about = ABOUT[catalogue(fragment)[name].group]
    # What makes a server fail, a clause about something else may come upon.
    only = (*about, "refusals", "oddities") if about[0] == "answer" else about
    trial = attempt_inside(name, 1, fail_fast=True, only=only, contract=contract(fragment))
    assert (trial.error, bool(trial.clauses)) == ("", True)
    assert trial.clauses[0].split("/")[0] in about


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_every_fault_and_variant_of_a_resource_can_be_served(fragment: str) -> None:
    mock = Mock(World(contract(fragment).resource), contract(fragment))
    for change in (*catalogue(fragment).values(), *variants(contract(fragment).resource).values()):
        served = copy(mock)
        served.credentials = dict(mock.credentials)
        change.apply(served)
        assert "{" not in change.sentence.replace("{name}", ""), change.sentence


def test_a_resource_without_what_a_family_needs_has_none_of_it() -> None:
    spun = {fragment: {change.family for change in catalogue(fragment).values()} for fragment in FRAGMENTS}
    known = {change.family for change in FAULTS.values()}
    lists = {"resource/not-listed", "tenants/listed", "negotiation/cut-by", "loose/refused-and-created"}
    assert lists <= known & spun["webhook"]
    assert not lists & spun["job"]
    assert not {"secrets/in-services", "meaning/count-settable", "loose/not-mandatory"} & spun["webhook"]
    assert {"meaning/patch-replaces", "tenants/one-owner-counts", "loose/beyond-bound"} <= spun["job"] - known


def test_the_example_of_a_resource_has_every_field_and_must_be_accepted() -> None:
    for fragment in FRAGMENTS:
        resource = contract(fragment).resource
        body = example(resource)
        assert contract(fragment).zone(body) is Zone.ACCEPT
        assert all(has(body, name) for name in resource.leaves)


def test_the_mock_lists_the_faults_of_another_resource(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--contract", str(ROOT / "tests" / "fragments" / "job.yaml")]
    assert __main__.main([*options, "--list-faults", "meaning/patch-replaces"]) == 0
    assert "meaning/patch-replaces  An edit takes away" in capsys.readouterr().out
    assert __main__.main([*options, "--list-faults", "resource/not-listed"]) == 2
