"""Other resources than git tokens, each described by a fragment: the mock, and servers that share no code with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from conformance import NotConforming, verify
from conformance.bundled import ROOT
from conformance.contract.contract import Contract, ContractError
from conformance.detection import attempt_inside
from conformance.mock.faults import faults
from tests.others import TABLES, Application

FRAGMENTS = {path.stem: path for path in sorted((ROOT / "tests" / "fragments").glob("*.yaml"))}
# What is not exercised, for a resource does not have what it is about.
LACKING = {
    "helm-repository": set(),
    "webhook": {"resource/further-reads"},
    "job": {
        "resource/list",
        "resource/further-reads",
        "edit/listed",
        "authentication/schemes",
        "negotiation/query",
    },
}
BUGS = {
    "helm-repository": {
        "secret-shown": "secrets/value",
        "flag-lost": "resource/create",
        "nested-lost": "resource/create",
        "demand-ignored": "refusals/conditional",
    },
    "webhook": {"secret-shown": "secrets/value", "flag-lost": "resource/create", "list-cut": "resource/create"},
    "job": {
        "secret-shown": "secrets/value",
        "bound-ignored": "refusals/format",
        "patch-replaces": "edit/keeps",
        "demand-ignored": "refusals/missing",
        "list-cut": "resource/create",
    },
}


def test_every_fragment_has_a_server() -> None:
    assert FRAGMENTS.keys() == TABLES.keys() == BUGS.keys() == LACKING.keys()


@pytest.mark.parametrize("name", FRAGMENTS)
def test_the_mock_of_a_fragment_conforms(name: str) -> None:
    trial = attempt_inside("", 1, fail_fast=False, contract=Contract.load(FRAGMENTS[name]))
    assert (trial.clauses, trial.error) == ((), "")
    assert trial.requests <= 1200


@pytest.mark.parametrize("name", ["flag", "secret"])
def test_the_mock_of_a_fragment_written_as_others_write_conforms(name: str) -> None:
    contract = Contract.load(ROOT / "tests" / "foreign" / f"{name}.yaml")
    trial = attempt_inside("", 1, fail_fast=False, contract=contract)
    assert (trial.clauses, trial.error) == ((), "")
    assert trial.requests <= 1200


@pytest.mark.parametrize("name", FRAGMENTS)
def test_a_right_server_of_a_fragment_conforms(name: str) -> None:
    app = Application(name)
    results = verify(app, contract=FRAGMENTS[name], **app.known)
    assert {clause["state"] for clause in results["clauses"]} <= {"held", "not exercised"}
    absent = {clause["id"] for clause in results["clauses"] if clause["reason"].startswith("the contract has")}
    assert absent == LACKING[name]


@pytest.mark.parametrize(("name", "bug"), [(name, bug) for name, bugs in BUGS.items() for bug in bugs])
def test_a_bug_is_found(name: str, bug: str) -> None:
    app, clause = Application(name, bug), BUGS[name][bug]
    with pytest.raises(NotConforming) as caught:
        verify(app, contract=FRAGMENTS[name], only=[clause], **app.known)
    assert clause in {finding["clause"] for finding in caught.value.results["findings"]}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("get:\n      operationId: getHelm", "head:\n      operationId: getHelm", "no role is known for it; known are"),
        ("type: boolean, d", "type: boolean, not: {}, d", "not: it is not known in a request; known are"),
        ("in: header", "in: query", "an API key in a query is not known; known is in a header"),
    ],
)
def test_what_cannot_be_honoured_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = FRAGMENTS["helm-repository"].read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "fragment.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ContractError, match=re.escape(reason)):
        Contract.load(path)


def test_no_room_knows_a_word_of_the_git_tokens_fragment() -> None:
    resource = Contract.load().resource
    fields = {name for name in (*resource.fields, *resource.shown) if "_" in name} | {"workspace"}
    choices = {str(choice) for field in resource.of_kind("choice").values() for choice in field.choices}
    # GitHub is where a run may be, too.
    words = {*resource.operations, *resource.parameters, *fields, *choices} - {"GITHUB"}
    found = re.compile(rf"\b({'|'.join(sorted(words))})\b|{resource.prefix}_[A-Z]")
    folders = (ROOT / "conformance", ROOT / "drift")
    rooms = [path for folder in folders for path in folder.rglob("*.py") if "__pycache__" not in path.parts]
    assert len(rooms) > 110
    said = {f"{path.name}: {match[0]}" for path in rooms for match in found.finditer(path.read_text(encoding="utf-8"))}
    # An old id, and a property that other APIs know.
    assert said == {"choice.py: workspace", "properties.py: expired_at"}


def test_no_fault_is_spun_that_nobody_can_see() -> None:
    """Of a status that nobody documents, of what nobody can leave out, and of a field that no answer shows."""
    document = yaml.safe_load((ROOT / "tests" / "foreign" / "flag.yaml").read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    schemas["FlagBody"]["required"] = list(schemas["FlagBody"]["properties"])
    schemas["Base"]["properties"]["rank"] = {"type": "integer", "readOnly": True}
    spun = faults(Contract(document).resource)
    assert not spun.keys() & {
        "secrets/credentials-echoed-403-body",
        "meaning/all-kept-if-omitted",
        "answers/mistyped-rank-text",
    }
    assert {"secrets/credentials-echoed-404-body", "answers/mistyped-rollout-text"} <= spun.keys()
