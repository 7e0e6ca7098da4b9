"""scripts/generate, from the outside: on a copy of the project, with contracts that are right and wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.bundled import ROOT
from tests import warm

CONTRACT = "openapi/git-token.yaml"
CLIENT = "generated/qovery_git_token"
MYPY = ROOT / ".mypy_cache" / "generated"  # What mypy knows of httpx is the same for every copy of the project.


def generate(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return warm.run("generate", *arguments, folder=project)


def python(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MYPY_CACHE_DIR": str(MYPY)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def git(project: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    subprocess.run(["git", "-C", project, *identity, *arguments], check=True, capture_output=True)


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what generation takes and gives."""
    for name in ("openapi", CLIENT):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def edit(project: Path, old: str, new: str, file: str = CONTRACT) -> None:
    text = (project / file).read_text()
    assert old in text
    (project / file).write_text(text.replace(old, new, 1))


def test_the_client_is_what_the_contract_gives() -> None:
    answer = generate(ROOT, "--check")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith(f"{CLIENT} is what {CONTRACT} gives\n")


def test_the_same_contract_gives_the_same_bytes(project: Path) -> None:
    before = contents(project / "generated")
    shutil.rmtree(project / "generated")
    assert generate(project).stdout == f"{CLIENT} is written\n"
    assert contents(project / "generated") == before
    written = (project / CLIENT / "client.py").stat().st_mtime_ns
    assert generate(project).stdout == f"{CLIENT} is what {CONTRACT} gives\n"
    assert (project / CLIENT / "client.py").stat().st_mtime_ns == written


def test_a_changed_contract_changes_the_client(project: Path) -> None:
    edit(project, "enum: [BITBUCKET, GITHUB, GITLAB]", "enum: [BITBUCKET, GITEA, GITHUB, GITLAB]")
    edit(project, "version: 0.1.0", "version: 0.2.0")
    before = contents(project / "generated")
    answer = generate(project, "--check")
    assert answer.returncode == 1
    assert '\n+    GITEA = "GITEA"\n' in answer.stdout
    assert f"--- {CLIENT}/models/git_provider.py\n" in answer.stdout
    assert answer.stderr == f"{CLIENT} is not what {CONTRACT} gives: run scripts/generate\n"
    assert contents(project / "generated") == before
    assert generate(project).returncode == 0
    assert b'__contract__ = "0.2.0"' in contents(project / CLIENT)["__init__.py"]
    assert generate(project, "--check").returncode == 0


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda client: (client / "client.py").write_text("changed\n"), "-changed\n"),
        (lambda client: (client / "new.py").write_text("mine\n"), f"--- {CLIENT}/new.py\n+++ /dev/null\n"),
        (lambda client: (client / "errors.py").unlink(), f"--- /dev/null\n+++ {CLIENT}/errors.py\n"),
        (lambda client: (client / "py.typed").unlink(), f"+++ {CLIENT}/py.typed\n"),
    ],
)
def test_a_client_edited_by_hand_is_found(project: Path, change: Callable[[Path], object], shown: str) -> None:
    before = contents(project / "generated")
    change(project / CLIENT)
    answer = generate(project, "--check")
    assert answer.returncode == 1
    assert shown in answer.stdout
    assert generate(project).returncode == 0
    assert contents(project / "generated") == before


@pytest.mark.parametrize(
    ("old", "new", "at", "problem"),
    [
        ("openapi: 3.1.0", "openapi: [3.1.0", "", "expected ',' or ']'"),
        ("openapi: 3.1.0", "openapi: 2.0.0", "openapi: 2.0.0", "not an OpenAPI 3.0 or 3.1 document"),
        ("  version: 0.1.0\n", "", "info:", "is a required property"),
        ("operationId: editGitToken", "operationId: createGitToken", "post:", "createGitToken"),
        (
            "          type: string\n          description: What people",
            "          type: strin\n          description: What people",
            "type: strin\n",
            "'strin'",
        ),
        ("$ref: '#/components/schemas/GitProvider'", "$ref: '#/components/schemas/Missing'", "Missing", "cannot find"),
        ("$ref: '#/components/responses/NotFound'", "$ref: '#/components/responses/Missing'", "Missing", "Missing"),
        ("  title: Qovery git tokens\n", "  title: a\n  title: b\n", "  title: b", "duplicate key"),
        (
            "type: integer\n          minimum: 0",
            "type: [integer, string]\n          minimum: 0",
            "type: [integer, string]\n",
            "no property of responses of this type",
        ),
        ("        '429': ", "        '4XX': ", "'4XX'", "single statuses only"),
        (
            "        git_api_url:\n          type: string\n",
            "        git_api_url:\n          type: string\n          contentEncoding: a\n",
            "          contentEncoding: a",
            "honours contentEncoding",
        ),
    ],
)
def test_a_contract_that_cannot_be_used(project: Path, old: str, new: str, at: str, problem: str) -> None:
    before = contents(project / "generated")
    edit(project, old, new)
    text = (project / CONTRACT).read_text()
    answer = generate(project)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.count("\n") == 1
    file, line, message = answer.stderr.split(":", 2)
    assert file == CONTRACT
    assert problem in message
    assert at.strip() in text.splitlines()[int(line) - 1]
    assert contents(project / "generated") == before
    assert [path.name for path in (project / "generated").iterdir()] == ["qovery_git_token"]


def test_generation_ends_with_what_changed_and_what_that_asks_for(project: Path) -> None:
    git(project, "init")
    git(project, "add", ".")
    git(project, "commit", "-m", "One")
    assert generate(project).stdout.endswith("\nSince HEAD:\n\nNo change.\n")
    edit(project, "[BITBUCKET, GITHUB, GITLAB]", "[BITBUCKET, GITHUB]")
    answer = generate(project)
    assert answer.returncode == 0
    assert "GITLAB" in answer.stdout
    assert "GitProvider.GITLAB: 'GITLAB'" in answer.stdout
    assert answer.stdout.endswith("\nBy semantic versioning this is a major change.\n")
    assert generate(project, "--check").returncode == 0
    answer = generate(project, "--check", "--base", "HEAD")
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "the contract: this is a major change of 0.1.0: the version has to be at least 0.2.0, and is 0.1.0",
        "the client: this is a major change of 0.2.0: the version has to be at least 0.3.0, and is 0.2.0",
    ]
    edit(project, "version: 0.1.0", "version: 0.2.0")
    edit(project, "package_version_override: 0.2.0", "package_version_override: 0.3.0", "openapi/generator/config.yml")
    own = "openapi/generator/generate.py"  # Its configuration has the client's version.
    assert python(project, own).returncode == 0
    answer = python(project, own, "--check", "--base", "HEAD")
    assert answer.stderr == "the client: the changelog says nothing of 0.3.0\n"
    (project / "CHANGELOG.md").write_text("## [0.3.0]\n\nBreaking: no GITLAB.\n")
    answer = python(project, own, "--check", "--base", "HEAD")
    assert (answer.returncode, answer.stderr) == (0, "")


def test_a_base_that_is_none_is_an_error(project: Path) -> None:
    answer = generate(project, "--check", "--base", "no-such-revision")
    assert answer.returncode == 1
    assert answer.stderr == f"nothing to compare with: there is no {CONTRACT} at no-such-revision\n"


@pytest.mark.parametrize("content", [None, b"", b"- a\n- b\n", b"info: {}\n\xff\xfe\n", b"\x00", b"{" * 5000])
def test_a_contract_that_is_none(project: Path, content: bytes | None) -> None:
    before = contents(project / "generated")
    if content is None:
        (project / CONTRACT).unlink()
    else:
        (project / CONTRACT).write_bytes(content)
    answer = generate(project)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"{CONTRACT}:")
    assert answer.stderr.count("\n") == 1
    assert contents(project / "generated") == before


def test_a_swap_that_fails_changes_nothing(project: Path) -> None:
    """The new tree cannot be put into its place when the old one is already aside."""
    edit(project, "version: 0.1.0", "version: 0.2.0")
    before = contents(project / "generated")
    program = """
import sys; sys.path.insert(0, "openapi/generator")
import generate
rename = generate.Path.rename
def fail(self, target):
    if ".new-" in str(self) and ".new-" not in str(target) and self.name != "old":
        raise OSError(28, "No space left on device")
    return rename(self, target)
generate.Path.rename = fail
sys.exit(generate.main())
"""
    answer = python(project, "-c", program)
    assert answer.returncode == 1
    assert "No space left on device" in answer.stderr
    assert contents(project / "generated") == before
    assert [path.name for path in (project / "generated").iterdir()] == ["qovery_git_token"]
