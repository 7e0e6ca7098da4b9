"""What the suite is worth: it finds each of the mock's faults by a clause about it, and reports no variant.

Whatever a server's fault, nothing that a run prints or writes shows a secret.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.bundled import ROOT
from conformance.detection import Trial, attempt, attempt_inside
from conformance.mock import World
from conformance.report import github
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target
from tests import reports
from tests.catalogue import FAULTS, VARIANTS
from tests.leaks import generated, leaking
from tests.spawned import spawned

# The chapters and groups of checks whose clauses are about the faults of a group. Where a fault shows in an answer's
# form, or makes the server fail, the check on every answer may say it first.
WRITTEN = ("refusals", "values")
ABOUT = {
    "credentials": ("authentication", "answer"),
    "loose": ("refusals", "oddities", "identifiers", "answer", "fuzzing"),
    "strict": ("values", "edit", "resource", "identifiers", "answer"),
    "answers": ("answer", "resource", "edit", "methods", "authentication", "identifiers", "refusals", "isolation"),
    "meaning": ("edit", "values", "resource", "sequences", "answer"),
    "secrets": ("secrets",),
    "tenants": ("isolation", "answer"),
    "roads": ("paths",),
    "forged": ("forged", "authentication", "answer"),
    "properties": ("properties", "edit", "answer", "values"),
    "ids": ("identifiers", "paths", "answer"),
    "negotiation": ("negotiation", "answer"),
    "conditions": ("preconditions",),
    "at-once": ("concurrency", "answer"),
    "framing": ("framing", "connections", "sequences", "answer", "methods", "concurrency", "resource", *WRITTEN),
    "triggers": ("answer", "edit", "values", "sequences"),
    "http": ("methods", "answer", "secrets", "negotiation"),
    "resource": ("resource", "edit", "values", "identifiers", "sequences", "answer"),
    "time": ("answer", "sequences", "edit", "resource", "methods"),
}


# Chapters that send most of what makes a server fail.
ODD = ("oddities", "refusals")
# What shows over connections alone. All others show in the same answers without, which takes half as long.
CONNECTED = ("at-once", "framing")
MISSING = {
    "create": "resource/create",
    "get": "resource/get",
    "list": "resource/list",
    "services": "resource/further-reads",
    "delete": "resource/delete",
    "edit": "edit/works",
}


def _attempt(name: str) -> Callable[..., Trial]:
    """What tries a fault or a variant: over connections where it shows over these alone."""
    return attempt if name.partition("/")[0] in CONNECTED else attempt_inside


@dataclass(frozen=True)
class Searched:
    """A trial, and the secrets that its output shows: the encodings by file."""

    trial: Trial
    leaking: dict[str, set[str]]


def searched(name: str, folder: Path) -> Searched:
    """Tries a fault, and searches what is written into `folder` for every secret sent or held."""
    world = World()
    secrets = {world.api_token, world.jwt, world.secret}
    send = Target.send

    def witnessed(target: Target, request: Request) -> Answer:
        secrets.update(generated(request.body or b""))
        return send(target, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Target, "send", witnessed)
        trial = _attempt(name)(name, 1, fail_fast=True, folder=folder)
    annotations = io.StringIO()
    with contextlib.redirect_stdout(annotations):
        github.tell(json.loads((folder / "results.json").read_text()), "word")
    (folder / "annotations.txt").write_text(annotations.getvalue())
    return Searched(trial, leaking(folder, secrets))


# The clause that came upon the last fault of a family, in this process.
_found: dict[str, str] = {}


def tried_by_what_is_about_it(name: str) -> Trial:
    """Tries a fault by the clause that found one of its family, else by the chapters about it, else by all."""
    group, _, rest = name.partition("/")
    if group in CONNECTED:
        return attempt(name, 1, fail_fast=True)
    family = f"{group}/{rest.partition('-')[0]}"
    for only in (
        [_found[family]] if family in _found else None,
        ODD if group == "triggers" else None,
        ABOUT[group],
        (),
    ):
        if only is not None:
            trial = attempt_inside(name, 1, fail_fast=True, only=only)
            if trial.error or trial.clauses:
                break
    if trial.last:
        _found[family] = trial.last
    return trial


def judge(trial: Trial) -> None:
    """Raises unless the fault was found, and first by a clause about it."""
    assert trial.error == ""
    assert trial.clauses, f"not found in {trial.requests} requests"
    chapter = trial.clauses[0].split("/")[0]
    assert chapter in ABOUT[FAULTS[trial.name].group], trial.clauses


@pytest.mark.parametrize("name", [change.name for change in FAULTS.core])
def test_a_fault_is_found_by_a_clause_about_it(name: str, tmp_path: Path) -> None:
    outcome = spawned(searched, name, tmp_path)
    judge(outcome.trial)
    assert reports.check(tmp_path)["verdict"] == "broken"
    assert outcome.leaking == {}


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - {change.name for change in FAULTS.core}))
def test_a_fault_like_those_is_found_by_a_clause_about_it(name: str) -> None:
    judge(spawned(tried_by_what_is_about_it, name))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_not_reported(name: str) -> None:
    trial = spawned(_attempt(name), name, 1, fail_fast=False, max_requests=450)
    assert (trial.clauses, trial.error) == ((), "")


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        *((f"resource/missing-{action}", clause) for action, clause in MISSING.items()),
        ("resource/unknown-400", "identifiers/unknown-item"),
        ("resource/unknown-401", "identifiers/unknown-item"),
        ("resource/unknown-is-fine-delete", "identifiers/unknown-item"),
    ],
)
def test_one_cause_is_one_finding(name: str, clause: str) -> None:
    assert spawned(attempt_inside, name, 1, fail_fast=False).clauses == (clause,)


@pytest.mark.parametrize(
    ("name", "clause", "others"),
    [
        ("resource/unknown-is-fine-services", "identifiers/unknown-item", "resource/delete"),
        ("resource/unknown-is-fine-edit", "identifiers/unknown-item", "resource/delete"),
        ("resource/list-lacks-GITLAB", "resource/list", "values sequences/list"),
        ("resource/delete-refused-after-an-edit", "edit/deleted", "authentication/schemes"),
        ("credentials/accepted-any-value", "authentication/valid", "forged/jwt paths/cached"),
        ("credentials/done-and-refused-delete", "authentication/nothing-written", "forged paths/credentials"),
        ("meaning/others-too-description", "edit/touches-no-other", "properties sequences/list"),
        ("tenants/own-token-by-foreign-path-edit", "isolation/foreign-owner", "identifiers/unknown-owner"),
        ("loose/not-utf-8-overlong-or-cut", "refusals/malformed", "negotiation/charset"),
        ("triggers/null-breaks-type", "answer/no-server-error", "refusals"),
        ("http/delete-all", "methods/not-allowed", "sequences/list"),
    ],
)
def test_what_others_show_too_is_one_finding(name: str, clause: str, others: str) -> None:
    only = [clause, *others.split()]
    assert spawned(attempt_inside, name, 1, fail_fast=False, only=only).clauses == (clause,)


def test_the_table_says_what_was_found() -> None:
    options = ("--only", "secrets/in-header-*", "--only", "refusals/blank", "--seeds", "2")
    printed = subprocess.run(
        [ROOT / "scripts" / "detection", *options], capture_output=True, text=True, check=True
    ).stdout
    *rows, totals = [line for line in printed.splitlines() if line]
    assert all(row.split()[0] in ("found", "clean") for row in rows if " seed " in row)
    assert "variants: 0 of 2 reported" in totals


def test_the_table_says_what_st_run_found() -> None:
    options = ("--only", "answers/success-status-edit-418", "--all", "--compare")
    printed = subprocess.run(
        [ROOT / "scripts" / "detection", *options], capture_output=True, text=True, check=True
    ).stdout
    ours, theirs, *totals = [line for line in printed.splitlines() if line]
    assert ours.split()[0] == theirs.split()[0] == "found"
    assert " st run " in theirs
    assert {"answers                  1 of 1", "st run: answers                  1 of 1"} <= set(totals)
