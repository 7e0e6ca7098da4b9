"""What puts the suite into other people's pipelines: the action, the workflows, the GitLab template, the image."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.bundled import ROOT
from tests import reports

PINNED = re.compile(r"\./|[\w./-]+@[0-9a-f]{40}|[\w./:-]+@sha256:[0-9a-f]{64}")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
GITLAB = ROOT / "templates" / "gitlab-ci.yml"


def steps(file: Path) -> list[dict[str, Any]]:
    document = yaml.safe_load(file.read_text())
    owners = document["jobs"].values() if "jobs" in document else [document["runs"]]
    return [step for owner in owners for step in owner["steps"]]


@pytest.mark.parametrize("file", [ROOT / "action.yml", *WORKFLOWS], ids=lambda file: file.name)
def test_what_is_used_is_pinned_and_nothing_is_pasted_into_scripts(file: Path) -> None:
    used = [step["uses"] for step in steps(file) if "uses" in step]
    assert used and all(PINNED.fullmatch(each) for each in used)
    assert not any("${{" in step.get("run", "") for step in steps(file))


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_may_only_read(file: Path) -> None:
    document = yaml.safe_load(file.read_text())
    assert document["permissions"] == {}
    assert all(job["permissions"] == {"contents": "read"} for job in document["jobs"].values())


def test_the_gitlab_template_is_pinned_and_names_files_that_are_written() -> None:
    job = yaml.safe_load(GITLAB.read_text())["git-token-conformance"]
    assert PINNED.fullmatch(job["image"])
    [folder] = job["artifacts"]["paths"]
    assert job["script"][-1].endswith(f"--report {folder}")
    assert job["artifacts"]["reports"]["junit"] == f"{folder}/junit.xml"


def test_the_action_runs_on_a_fresh_clone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    # Installing takes minutes, and is tested by CI.
    (clone / ".venv").symlink_to(ROOT / ".venv")
    for lock in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / lock, clone)
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    inputs = {name: each["default"] for name, each in action["inputs"].items()} | {"max-requests": "300"}
    step = action["runs"]["steps"][0]
    variables = {
        name: inputs[re.sub(r"^\$\{\{ inputs\.([\w-]+) \}\}$", r"\1", value)] for name, value in step["env"].items()
    }
    own = {name: value for name, value in os.environ.items() if not name.startswith("QOVERY_")}
    summary = tmp_path / "summary"
    given = {"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": str(clone), "GITHUB_STEP_SUMMARY": str(summary)}
    process = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env=own | given | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    results = reports.check(tmp_path / inputs["report"])
    assert results["verdict"] == "held"
    assert [each["state"] for each in results["clauses"]].count("held") > 50
    assert "Every exercised clause held" in summary.read_text()
    assert action["runs"]["steps"][1]["with"]["path"] == "${{ inputs.report }}"


def test_the_image_holds_what_it_runs(tmp_path: Path) -> None:
    """No engine is needed: the files are copied and the commands run as the Dockerfile says, on a free port."""
    lines = [line.partition(" ") for line in re.sub(r"\\\n", "", (ROOT / "Dockerfile").read_text()).splitlines()]
    told: dict[str, str] = {name: rest for name, _, rest in lines}
    assert PINNED.fullmatch(told["FROM"])
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", told["USER"])
    assert "--require-hashes" in told["RUN"]
    for _, _, rest in (line for line in lines if line[0] == "COPY"):
        source, target = rest.split()
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / target.strip("/"), ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (tmp_path / target.strip("/")).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, tmp_path / target.strip("/"))
    before = sorted(tmp_path.rglob("*"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = dict(each.split("=", 1) for each in shlex.split(told["ENV"])) | {"PATH": os.environ["PATH"]}
    environment["PYTHONPATH"] = str(tmp_path / environment["PYTHONPATH"].strip("/"))

    def command(text: str) -> list[str]:
        words: list[str] = json.loads(text.replace(told["EXPOSE"], port).replace("0.0.0.0", "127.0.0.1"))
        return [sys.executable if word == "python" else word for word in words]

    healthy = command(told["HEALTHCHECK"].partition("CMD ")[2])
    assert subprocess.run(healthy, env=environment, capture_output=True, check=False).returncode != 0
    with subprocess.Popen(
        command(told["ENTRYPOINT"]) + command(told["CMD"]),
        env=environment,
        cwd=told["WORKDIR"],
        stdout=subprocess.DEVNULL,
    ) as mock:
        try:
            for _ in range(100):
                if subprocess.run(healthy, env=environment, capture_output=True, check=False).returncode == 0:
                    break
                time.sleep(0.2)
            else:
                pytest.fail("the health check does not succeed")
        finally:
            mock.terminate()
    tested = [*command(told["ENTRYPOINT"]), "conformance", "--only", "edit/works", "--report", str(tmp_path / "report")]
    subprocess.run(tested, env=environment, cwd=told["WORKDIR"], capture_output=True, check=True)
    shutil.rmtree(tmp_path / "report")
    assert sorted(tmp_path.rglob("*")) == before
