"""The suite against a server that shares nothing with it: the right one passes, each bug is found by its clause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from conformance.contract.contract import Contract
from conformance.detection import Trial, examine
from conformance.target import variables
from tests.independent import BUGS, Address, serve
from tests.spawned import spawned
from tests.suite import conformance

CLAUSES = {
    "credentials-ignored": "authentication/required",
    "credentials-prefix": "authentication/valid",
    "credentials-any-scheme": "authentication/valid",
    "unauthorized-edit-written": "authentication/nothing-written",
    "workspace-optional": "refusals/conditional",
    "null-name": "refusals/null",
    "type-any-case": "refusals/choice",
    "relative-url": "refusals/format",
    "name-coerced": "refusals/type",
    "any-media-type": "refusals/media-type",
    "refused-edit-written": "refusals/nothing-written",
    "name-64": "values/text",
    "additional-refused": "edit/read-only",
    "ipv6-refused": "values/text",
    "text-trimmed": "values/text",
    "text-escaped": "values/text",
    "edit-lost": "edit/read-back",
    "count-missing": "answer/schema",
    "created-at-format": "answer/schema",
    "edit-201": "answer/status",
    "media-type-html": "answer/media-type",
    "updated-at-stands": "edit/edited-at",
    "created-at-moves": "edit/fixed",
    "id-settable": "edit/read-only",
    "neighbours-edited": "edit/touches-no-other",
    "not-idempotent": "edit/idempotent",
    "create-loses-workspace": "resource/create",
    "list-stale": "edit/listed",
    "delete-keeps": "resource/delete",
    "delete-twice-500": "answer/no-server-error",
    "uppercase-id": "identifiers/case",
    "malformed-id-500": "answer/no-server-error",
    "foreign-read": "isolation/foreign-owner",
    "foreign-through-own": "isolation/foreign-item",
    "token-shown": "secrets/value",
    "token-in-refusal": "secrets/value",
    "credentials-echoed": "secrets/credentials",
    "patch-edits": "methods/not-allowed",
    "allow-missing": "methods/not-allowed",
    "emoji-500": "answer/no-server-error",
    "deep-500": "answer/no-server-error",
    "every-ninth-500": "answer/no-server-error",
}


def test_the_right_server_passes_in_full(tmp_path: Path) -> None:
    with serve() as server:
        outcome = conformance(tmp_path, asdict(server))
    assert (outcome.code, outcome.broken) == (0, []), outcome.output
    states = {clause["state"] for clause in outcome.results["clauses"]}
    assert states == {"held"}, outcome.output


def test_every_bug_has_its_clause() -> None:
    assert CLAUSES.keys() == BUGS.keys()


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_found_by_the_clause_about_it(bug: str) -> None:
    with serve(bug) as server:
        trial = spawned(_examine, server, bug)
    assert (trial.clauses, trial.error) == ((CLAUSES[bug],), "")


@pytest.mark.parametrize(
    ("bug", "other"),
    [
        ("unauthorized-edit-written", "paths/credentials"),
        ("null-name", "negotiation/accept"),
        ("text-escaped", "values/bounds"),
    ],
)
def test_one_cause_is_one_finding(bug: str, other: str) -> None:
    with serve(bug) as server:
        trial = spawned(_examine, server, bug, fail_fast=False, only=[CLAUSES[bug], other])
    assert trial.clauses == (CLAUSES[bug],)


def _examine(server: Address, bug: str, *, fail_fast: bool = True, only: Sequence[str] = ()) -> Trial:
    known = {name: value for name, value in asdict(server).items() if name != "base_url"}
    target = variables.from_names(server.base_url, Contract.load().resource, known)
    return examine(target, bug, 1, fail_fast=fail_fast, only=only)
