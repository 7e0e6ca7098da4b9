"""The client's types, as mypy and pyright see them in the program of a user."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.bundled import ROOT

TYPING = Path(__file__).parent / "typing"
MISTAKES = TYPING / "mistakes.py"
WRONG = {number for number, line in enumerate(MISTAKES.read_text().splitlines(), 1) if line.endswith("# wrong")}


def mypy(*paths: Path | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", os.devnull, *paths]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "generated")}
    return subprocess.run(command, cwd=TYPING, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [["program.py"], ["-p", "qovery_git_token"]])
def test_mypy_understands_a_program_and_the_package(arguments: list[str]) -> None:
    answer = mypy(*arguments)
    assert answer.returncode == 0, answer.stdout


def test_mypy_finds_mistakes() -> None:
    lines = mypy("mistakes.py").stdout.splitlines()
    found = {int(line.split(":")[1]) for line in lines if ": error:" in line}
    assert found == WRONG


@pytest.fixture(scope="module")
def pyright() -> list[str]:
    """The command, which needs Node: required in CI."""
    if not shutil.which("npx") and not os.environ.get("CI"):
        pytest.skip("pyright needs Node")
    return ["npx", "--yes", "pyright@1.1.414", "--outputjson", "--pythonpath", sys.executable]


def check(pyright: list[str], folder: Path, *files: str) -> list[dict[str, object]]:
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(ROOT / "generated")], "include": [*files]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    for file in files:
        shutil.copy(TYPING / file, folder)
    answer = subprocess.run([*pyright, "--project", folder], capture_output=True, text=True, check=False)
    assert answer.stdout, answer.stderr
    found: list[dict[str, object]] = json.loads(answer.stdout)["generalDiagnostics"]
    return [item for item in found if item["severity"] == "error"]


def test_pyright_understands_a_program(pyright: list[str], tmp_path: Path) -> None:
    assert check(pyright, tmp_path, "program.py") == []


def test_pyright_finds_mistakes(pyright: list[str], tmp_path: Path) -> None:
    found = check(pyright, tmp_path, "mistakes.py")
    assert {item["range"]["start"]["line"] + 1 for item in found} == WRONG  # type: ignore[index]
