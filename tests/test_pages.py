"""Every snippet of the README and of the pages in docs/ does what its page says it does, as far as no network allows.

Each `python` and `sh` block is run on its own, with a mock in its environment, and has to end well. Where a `text`
block follows directly, the output has to be that; `...` stands for anything. Workflows are linted, links are followed.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.bundled import ROOT, mock
from conformance.bundled import environment as variables

PAGES = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        ROOT / "conformance/README.md",
        ROOT / "generated/README.md",
    ]
}
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$(?:\s*^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
# What stands on several pages is run once.
BLOCKS = list(
    {match[0]: (page, *match.groups()) for page, text in PAGES.items() for match in BLOCK.finditer(text)}.values()
)
YAML = [
    match[1]
    for text in PAGES.values()
    for match in re.finditer(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
]
# test_package.py and test_pipelines.py run these, and CI does on a fresh clone. The variables are set already.
ELSEWHERE = ("pip install", "uvx ", "git clone", "scripts/test", "docker ", "env UID=", "export ")
VAULT = """\
from tests.apps.fastapi_app import API_KEYS, app
from tests.apps.fastapi_app import ORGANIZATION as ORGANIZATION_ID

API_TOKEN = API_KEYS["Token"]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that makes a clone look like an installation: `bin` has the commands, and it has the import package."""
    folder = tmp_path_factory.mktemp("installed")
    (folder / "bin").mkdir()
    for name in ("conformance", "mock"):
        command = folder / "bin" / f"qovery-{name}"
        command.write_text(f'#!/bin/sh\nexec "{ROOT}/scripts/{name}" "$@"\n')
        command.chmod(0o755)
    client = folder / "bin" / "qovery-git-token"
    client.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m qovery_git_token.command "$@"\n')
    client.chmod(0o755)
    (folder / "qovery_conformance").symlink_to(ROOT / "conformance")
    (folder / "openapi").symlink_to(ROOT / "openapi")
    return folder


@pytest.fixture(scope="module")
def environment(installed: Path) -> Iterator[dict[str, str]]:
    with mock() as address:
        yield {
            **os.environ,
            "PATH": f"{installed / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": f"{installed}:{ROOT / 'generated'}:{ROOT}",
            **variables(address),
            "NEW_SECRET": "s3cret-value",
        }


def test_there_are_snippets() -> None:
    assert {language for _, language, _, _ in BLOCKS} == {"python", "sh"}


@pytest.mark.parametrize(("page", "language", "code", "output"), BLOCKS)
def test_snippet(
    page: str, language: str, code: str, output: str | None, environment: dict[str, str], tmp_path: Path
) -> None:
    if "mock --port" in code:
        assert output is not None or page == "conformance/README.md"
        # A free port: others may run this, too, at the same time.
        command = ["sh", "-c", "exec " + re.sub(r"--port \d+", "--port 0", code)]
        output = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:...", output or "Serving ...\n")
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            printed = "".join(process.stdout.readline() for _ in output.splitlines())
            process.terminate()
        assert doctest.OutputChecker().check_output(output, printed, doctest.ELLIPSIS), printed
        return
    newcomer = code.startswith("git clone") or "conformance --contract" in code
    if language == "sh":
        code = "\n".join(line for line in code.replace("\\\n", "").splitlines() if not line.startswith(ELSEWHERE))
    if newcomer:
        # The first command of a newcomer, who has set no variables, or of another resource, whose mock it starts.
        environment = {name: value for name, value in environment.items() if not name.startswith("QOVERY_")}
    if "test_our" in code:
        # In the project of somebody who has an application.
        (tmp_path / "vault.py").write_text(VAULT)
        (tmp_path / "test_snippet.py").write_text(code)
        language, code = (
            "sh",
            "python -m pytest -p no:cacheprovider -p qovery_conformance.pytest_plugin test_snippet.py",
        )
    folder = tmp_path if "report" in code or "pytest" in code else ROOT
    code = code.replace("scripts/", f"{ROOT}/scripts/").replace("http://127.0.0.1:8080", "$QOVERY_BASE_URL")
    command = [sys.executable, "-c", code] if language == "python" else ["sh", "-ec", code]
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    if output is not None:
        assert doctest.OutputChecker().check_output(output, answer.stdout, doctest.ELLIPSIS), answer.stdout


@pytest.mark.parametrize("text", YAML)
def test_a_pipeline_is_right(text: str, tmp_path: Path) -> None:
    document: Any = yaml.safe_load(text)
    if isinstance(document, dict) and "on" not in document and True in document:
        # A whole workflow: YAML takes `on` for a truth value.
        (tmp_path / "workflow.yml").write_text(text.replace("@COMMIT", f"@{'0' * 40}"))
        for command in (
            ["actionlint", "-shellcheck=", "-pyflakes="],
            ["zizmor", "--quiet", "--offline", "--persona=auditor"],
        ):
            tool = Path(sys.executable).with_name(command[0])
            told = [str(tool), *command[1:], str(tmp_path / "workflow.yml")]
            answer = subprocess.run(told, capture_output=True, text=True, check=False)
            assert answer.returncode == 0, answer.stdout + answer.stderr
    known = set(yaml.safe_load((ROOT / "action.yml").read_text())["inputs"])
    for step in steps(document):
        if step["uses"] == "OWNER/git-token@COMMIT":
            assert set(step["with"]) <= known
    for each in document.get("repos", ()) if isinstance(document, dict) else ():
        offered = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
        assert {hook["id"] for hook in each["hooks"]} <= offered
    if isinstance(document, dict) and "include" in document:
        described, job, *_ = (ROOT / "templates" / "gitlab-ci.yml").read_text().split("\n---\n")
        [include] = document["include"]
        assert set(include["inputs"]) <= set(yaml.safe_load(described)["spec"]["inputs"])
        assert set(document) == {"include", *yaml.safe_load(job)}


def steps(document: Any) -> Iterator[dict[str, Any]]:
    """The steps in a workflow, or in a part of one, that use an action."""
    if isinstance(document, dict) and "uses" in document:
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from steps(value)
    elif isinstance(document, list):
        for value in document:
            yield from steps(value)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", PAGES[page]):
        path, _, anchor = target.partition("#")
        linked = (ROOT / page).parent / path if path else ROOT / page
        assert linked.exists(), target
        headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE) if anchor else []
        anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, target


def test_every_page_is_linked_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)\)", PAGES["README.md"] + PAGES["CONTRIBUTING.md"]))
    assert linked == {page for page in PAGES if page.startswith("docs/")}
