"""Every snippet of the README, and of the page about the client, does what it says it does.

Each `python` and `sh` block is run on its own, with the mock in its environment, and has to end well. Where a `text`
block follows directly, the output has to be that; `...` stands for anything.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.bundled import ROOT, mock
from conformance.bundled import environment as variables

BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$(?:\s*^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
PAGES = ("README.md", "docs/client.md")
BLOCKS = [match.groups() for page in PAGES for match in BLOCK.finditer((ROOT / page).read_text())]
# Tests of their own run these: test_package.py and, on a fresh clone, CI. The variables are set already.
ELSEWHERE = ("pip install", "git clone", "scripts/test", "export ")
VAULT = """\
from tests.apps.fastapi_app import API_KEYS, app
from tests.apps.fastapi_app import ORGANIZATION as ORGANIZATION_ID

API_TOKEN = API_KEYS["Token"]
"""


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with mock() as address:
        yield {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "generated"),
            **variables(address),
            "NEW_SECRET": "s3cret-value",
        }


def test_the_readme_has_snippets() -> None:
    assert {language for language, _, _ in BLOCKS} == {"python", "sh"}


@pytest.mark.parametrize(("language", "code", "output"), BLOCKS)
def test_snippet(language: str, code: str, output: str | None, environment: dict[str, str], tmp_path: Path) -> None:
    if code.startswith("scripts/mock --port"):
        assert output is not None
        with subprocess.Popen(code.split(), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            printed = "".join(process.stdout.readline() for _ in output.splitlines())
            process.terminate()
        assert doctest.OutputChecker().check_output(output, printed, doctest.ELLIPSIS), printed
        return
    newcomer = code.startswith("git clone")
    if language == "sh":
        code = "\n".join(line for line in code.splitlines() if not line.startswith(ELSEWHERE))
    if newcomer:
        # The first command of a newcomer, who has set no variables.
        environment = {name: value for name, value in environment.items() if not name.startswith("QOVERY_")}
    if "def test_" in code:
        # In the project of somebody who has an application.
        (tmp_path / "conftest.py").write_text(next(code for _, code, _ in BLOCKS if code.startswith("pytest_plugins")))
        (tmp_path / "vault.py").write_text(VAULT)
        (tmp_path / "test_snippet.py").write_text(code)
        environment = {**environment, "PYTHONPATH": f"{ROOT}:{ROOT / 'generated'}"}
        language, code = "sh", "python -m pytest -p no:cacheprovider test_snippet.py"
    folder = tmp_path if "--report" in code or "pytest" in code else ROOT
    code = code.replace("scripts/", f"{ROOT}/scripts/")
    code = code.replace("qovery-git-token ", f"{sys.executable} -m qovery_git_token.command ")
    command = [sys.executable, "-c", code] if language == "python" else ["sh", "-ec", code]
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    if output is not None:
        assert doctest.OutputChecker().check_output(output, answer.stdout, doctest.ELLIPSIS), answer.stdout
