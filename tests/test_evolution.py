"""An edit of the contract and nothing else: client, mock, suite and faults follow it. On copies of the project."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from conformance.bundled import ROOT, environment, mock
from tests import warm
from tests.test_limits import EDIT, Edit, Flat, Json, edited, put, schemas, sent, shown

CONTRACT = "openapi/git-token.yaml"

# The chapters for which a budget of 300 requests may leave none.
LAST = ("sequences/", "fuzzing/")


@dataclass(frozen=True)
class Evolution:
    """An edit of the contract, and what has to be true once it is made.

    `program` is what a user of the client writes. `broken` is a clause that a server breaks which has stayed as it was,
    if one can tell; `fault` is one of the mock's that is about what the edit has brought.
    """

    edit: Edit
    bump: str
    program: str
    broken: str | None = None
    fault: str | None = None
    idle: frozenset[str] = frozenset()


def provider(contract: Json) -> None:
    schemas(contract)["GitProvider"]["enum"].append("GITEA")


def required(contract: Json) -> None:
    schemas(contract)["GitTokenRequest"]["required"].append("description")
    schemas(contract)["GitTokenResponse"]["required"].append("expired_at")
    for example in contract["components"]["requestBodies"]["GitToken"]["content"]["application/json"][
        "examples"
    ].values():
        example["value"].setdefault("description", "an example")


def optional(contract: Json) -> None:
    schemas(contract)["GitTokenRequest"]["required"].remove("token")
    schemas(contract)["GitTokenResponse"]["required"].remove("git_api_url")


def nullable(contract: Json) -> None:
    for properties in (sent(contract), shown(contract)):
        properties["description"]["type"] = ["string", "null"]


def longer(contract: Json) -> None:
    sent(contract)["name"]["x-must-accept"]["maxLength"] = 600


def renamed(contract: Json) -> None:
    for properties in (sent(contract), shown(contract)):
        properties["team"] = properties.pop("workspace")
    schemas(contract)["GitTokenRequest"]["then"] = {"required": ["team"]}
    media = contract["components"]["requestBodies"]["GitToken"]["content"]["application/json"]
    for example in (*media["examples"].values(), *contract["components"]["examples"].values()):
        if "workspace" in example["value"]:
            example["value"]["team"] = example["value"].pop("workspace")


def added(contract: Json) -> None:
    owner = {"type": "string", "description": "Who looks after it."}
    sent(contract)["owner"] = owner | {"x-must-accept": {"minLength": 1, "maxLength": 100, "pattern": r"^\S*$"}}
    shown(contract)["owner"] = owner


def removed(contract: Json) -> None:
    del contract["paths"][f"{EDIT}/associatedServices"]
    del contract["paths"][EDIT]["delete"]
    for link in ("associatedServices", "delete"):
        del links(contract)[link]


def links(contract: Json) -> Json:
    create = contract["paths"]["/organization/{organizationId}/gitToken"]["post"]
    return create["responses"]["201"]["links"]  # type: ignore[no-any-return]


def status(contract: Json) -> None:
    put(contract)["responses"]["409"] = {"description": "Somebody else edits it."}


EVOLUTIONS = {
    "a provider added": Evolution(
        provider,
        "major",
        """
assert edit(type_=GitProvider.GITEA).type_ is GitProvider.GITEA
""",
        # Wherever the suite writes a git token of any provider: here the clause comes first that does.
        broken="resource/delete",
        fault="strict/choice-refused-GITEA",
    ),
    "a field made required": Evolution(
        required,
        "major",
        """
assert edit(description="needed").expired_at is not None
with raises(TypeError):
    GitTokenRequest(name="a", type_=GitProvider.GITHUB, token="t")
""",
        broken="answer/schema",
    ),
    "a field made optional": Evolution(
        optional,
        "major",
        """
body = GitTokenRequest(name="without a secret", type_=GitProvider.GITHUB)
assert call(body).name == "without a secret"
assert edit().git_api_url is None
""",
        broken="resource/create",
    ),
    "a field made nullable": Evolution(
        nullable,
        "major",
        """
assert edit(description="text").description == "text"
answer = edit(description=None)
assert answer.description is None
assert answer.to_dict()["description"] is None
assert "description" not in edit().to_dict()
""",
        broken="values/combinations",
    ),
    "a field made longer": Evolution(
        longer,
        "patch",
        """
assert edit(name="x" * 600).name == "x" * 600
""",
        fault="strict/length-name-above-599",
    ),
    "a field renamed": Evolution(
        renamed,
        "major",
        """
assert edit(type_=GitProvider.BITBUCKET, team="octo").team == "octo"
with raises(TypeError):
    edit(workspace="octo")
with raises(InvalidRequestError):
    edit(type_=GitProvider.BITBUCKET)
""",
        fault="meaning/not-stored-team",
    ),
    "an optional field added": Evolution(
        added,
        "minor",
        """
assert edit(owner="somebody").owner == "somebody"
assert edit().owner is None
""",
        broken="resource/create",
        fault="meaning/not-stored-owner",
    ),
    "operations removed": Evolution(
        removed,
        "major",
        """
import qovery_git_token
assert not hasattr(qovery_git_token, "delete_git_token")
assert not hasattr(qovery_git_token, "get_git_token_associated_services")
assert edit().name == "edited"
""",
        broken="methods/not-allowed",
        idle=frozenset(
            {
                "resource/further-reads",
                "resource/delete",
                "edit/deleted",
                "concurrency/edit-and-delete",
            }
        ),
    ),
    "an error status added": Evolution(
        status,
        "minor",
        """
transport = httpx.MockTransport(lambda request: httpx.Response(409))
client = Client(api_token="a", transport=transport)
body = GitTokenRequest(name="a", type_=GitProvider.GITHUB, token="t")
assert edit_git_token.sync_detailed(organization, token, client=client, body=body).status_code == 409
with raises(StatusError):
    edit_git_token.sync(organization, token, client=client, body=body)
""",
    ),
}

# What every program starts with.
PROGRAM = """
import os
from uuid import UUID

import httpx
from pytest import raises
from qovery_git_token import *

organization, token = UUID(os.environ["QOVERY_ORGANIZATION_ID"]), UUID(os.environ["QOVERY_GIT_TOKEN_ID"])
client = Client.from_env()


def call(body):
    answer = edit_git_token.sync(organization, token, client=client, body=body)
    assert get_organization_git_token.sync(organization, token, client=client).name == answer.name
    return answer


def edit(**fields):
    return call(GitTokenRequest(**{"name": "edited", "type_": GitProvider.GITHUB, "token": "t"} | fields))

"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, in a git repository of its own, that shares the installed requirements."""
    for name in ("openapi", "generated", "conformance", "drift", "bench", "scripts"):
        ignore = shutil.ignore_patterns("node_modules")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    for name in ("requirements.txt", "requirements-dev.txt", "CHANGELOG.md", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    with (tmp_path / ".gitignore").open("a") as ignored:
        ignored.write(".venv\n")
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    for command in (["init"], ["add", "."], ["commit", "-m", "One"]):
        subprocess.run(["git", "-C", tmp_path, *identity, *command], check=True, capture_output=True)
    return tmp_path


def run(project: Path, script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a script of the project's own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QOVERY_")}
    return warm.run(script, *arguments, project=project, folder=project, environment=inherited | variables)


def write(project: Path, edit: Edit) -> None:
    (project / CONTRACT).write_text(yaml.dump(edited(edit), Dumper=Flat, sort_keys=False), encoding="utf-8")


@contextmanager
def served(project: Path) -> Iterator[dict[str, str]]:
    """The project's own mock."""
    process = warm.Process("mock", "--port", "0", "--json", project=project, folder=project)
    try:
        while not process.output.endswith("\n"):
            time.sleep(0.01)
        yield json.loads(process.output)
    finally:
        process.signal(signal.SIGKILL)
        process.end()


@pytest.mark.parametrize("name", EVOLUTIONS)
def test_everything_follows_the_contract(project: Path, name: str) -> None:
    evolution = EVOLUTIONS[name]
    write(project, evolution.edit)

    generated = run(project, "generate")
    assert generated.returncode == 0, generated.stderr
    assert generated.stdout.endswith(f"\nBy semantic versioning this is a {evolution.bump} change.\n")

    with served(project) as server:
        variables = environment(server)
        used = subprocess.run(
            [sys.executable, "-c", PROGRAM + evolution.program],
            env=os.environ | variables | {"PYTHONPATH": str(project / "generated")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert used.returncode == 0, used.stderr
        suite = run(
            project, "conformance", "--max-requests=620", "--partial", "--seed=1", "--report=report", **variables
        )
    assert suite.returncode == 0, suite.stdout + suite.stderr
    clauses = json.loads((project / "report" / "results.json").read_text())["clauses"]
    idle = {clause["id"] for clause in clauses if clause["state"] != "held"}
    assert {clause for clause in idle if not clause.startswith(LAST)} == evolution.idle

    if evolution.broken:
        with mock() as outdated:
            suite = run(
                project, "conformance", "--max-requests=600", "--seed=1", "--fail-fast", **environment(outdated)
            )
        assert suite.returncode == 1, suite.stdout + suite.stderr
        assert f"✗ {evolution.broken}: " in suite.stdout, suite.stdout
    if evolution.fault:
        found = run(project, "detection", "--all", "--only", evolution.fault)
        assert found.returncode == 0, found.stdout + found.stderr
        assert "faults: 1 of 1 found" in found.stdout

    command = ["git", "-C", str(project), "status", "--porcelain", "--untracked-files=all"]
    changed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {line[3:] for line in changed if not line[3:].startswith(("generated/", "report/"))} == {CONTRACT}
