"""What puts the suite into other people's pipelines: the action, the workflows, the GitLab template, the image."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from conformance.bundled import ROOT, mock
from tests import reports

PINNED = re.compile(r"\./|[\w./-]+@[0-9a-f]{40}|[\w./:-]+@sha256:[0-9a-f]{64}")
# What a job may write; all others read.
WRITING = {
    ("release.yml", "index"): {"attestations", "id-token"},
    ("release.yml", "image"): {"attestations", "id-token", "packages"},
    ("release.yml", "release"): {"contents"},
}
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
def test_a_job_may_write_what_it_publishes_and_nothing_else(file: Path) -> None:
    document = yaml.safe_load(file.read_text())
    assert document["permissions"] == {}
    for name, job in document["jobs"].items():
        writing = {each for each, level in job["permissions"].items() if level == "write"}
        assert writing == WRITING.get((file.name, name), set())


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone with what is installed here: installing takes a while, and CI does it."""
    clone = tmp_path_factory.mktemp("clone") / "git-token"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    (clone / ".venv").symlink_to(ROOT / ".venv")
    for lock in ("requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / lock, clone)
    return clone


def step(clone: Path, **given: str) -> tuple[list[str], dict[str, str]]:
    """The command of the action's first step and its environment, as GitHub's runner makes them of these inputs."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    inputs = {name: each["default"] for name, each in action["inputs"].items()}
    inputs |= {name.replace("_", "-"): value for name, value in given.items()}
    first = action["runs"]["steps"][0]
    expressions = {f"${{{{ inputs.{name} }}}}": value for name, value in inputs.items()}
    variables = {name: expressions[value] for name, value in first["env"].items()}
    own = {name: value for name, value in os.environ.items() if not name.startswith("QOVERY_")}
    runner = {"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": str(clone)}
    return ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", first["run"]], own | runner | variables


def test_the_action_runs_on_a_fresh_clone(clone: Path, tmp_path: Path) -> None:
    command, variables = step(clone, max_requests="300", options="--partial")
    variables["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary")
    process = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    results = reports.check(tmp_path / "conformance-report")
    assert results["verdict"] == "held"
    assert [each["state"] for each in results["clauses"]].count("held") > 50
    assert "Every exercised clause held" in (tmp_path / "summary").read_text()


@pytest.mark.parametrize(("live", "code"), [("false", 2), ("true", 0)])
def test_the_action_tests_a_service_container_if_told_to(live: str, code: int, clone: Path, tmp_path: Path) -> None:
    """0.0.0.0 stands for the service's name: it is no loopback address, and does not leave the machine."""
    with mock("--host", "0.0.0.0") as address:
        inputs = {"base_url": address["base_url"], "organization_id": address["organization_id"], "live": live}
        command, variables = step(clone, **inputs, options="--only edit/works --timeout 20")
        variables["QOVERY_API_TOKEN"] = address["api_token"]
        process = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert process.returncode == code, process.stdout + process.stderr
    assert (tmp_path / "conformance-report" / "results.json").exists() == (live == "true")


def test_a_cancelled_job_cleans_up(clone: Path, tmp_path: Path) -> None:
    """GitHub's runner interrupts the step's shell, and nothing else."""
    with mock() as address:
        inputs = {"base_url": address["base_url"], "organization_id": address["organization_id"]}
        command, variables = step(clone, **inputs)
        variables["QOVERY_API_TOKEN"] = address["api_token"]
        with subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert any("✓ resource" in line for line in process.stdout)
            process.send_signal(signal.SIGINT)
            process.stdout.read()
        assert process.returncode == 130
        url = f"{address['base_url']}/organization/{address['organization_id']}/gitToken"
        listed = httpx.get(url, headers={"Authorization": f"Token {address['api_token']}"}).json()["results"]
        assert [each["id"] for each in listed] == [address["git_token_id"]]


@pytest.mark.parametrize("file", [*WORKFLOWS, ROOT / "action.yml", GITLAB], ids=lambda file: file.name)
def test_the_suite_takes_the_place_of_the_shell(file: Path) -> None:
    """Else a cancelled job would interrupt the shell alone."""
    lines = [line.strip().removeprefix("- ").removeprefix("run: ") for line in file.read_text().splitlines()]
    assert all(line.startswith("exec ") for line in lines if re.search("scripts/conformance|[.]ci/run", line))


def test_the_upload_can_be_switched_off() -> None:
    upload = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"][1]
    assert upload["if"] == "${{ !cancelled() && inputs.upload == 'true' }}"
    assert upload["with"]["path"] == "${{ inputs.report }}"


def test_the_gitlab_template_is_a_job_that_runs(clone: Path, tmp_path: Path) -> None:
    """Its script is run as GitLab's runner does, with the inputs in their places; git is here already."""
    commit = subprocess.run(["git", "-C", clone, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    given = {"suite": str(clone), "ref": commit.stdout.strip(), "options": "--only edit/works"}
    described, text = GITLAB.read_text().split("\n---\n")
    inputs = yaml.safe_load(described)["spec"]["inputs"]
    assert {name for name, each in inputs.items() if "default" not in each} == {"suite", "ref"}
    for name, each in inputs.items():
        text = text.replace(f"$[[ inputs.{name} ]]", given.get(name, each.get("default")))
    job = yaml.safe_load(text)["git-token-conformance"]
    assert "$[[" not in text and PINNED.fullmatch(job["image"])
    own = {name: value for name, value in os.environ.items() if not name.startswith("QOVERY_")}
    script = [
        *job["script"][:-1],
        f"ln -s {ROOT}/.venv suite/.venv && cp {ROOT}/requirements*.txt suite",
        job["script"][-1],
    ]
    command = ["bash", "-eo", "pipefail", "-c", "\n".join(script)]
    process = subprocess.run(
        command, cwd=tmp_path, env=own | job["variables"], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stdout + process.stderr
    [folder] = job["artifacts"]["paths"]
    reports.check(tmp_path / folder)
    written = {f"{folder}/{file.name}" for file in (tmp_path / folder).iterdir()}
    assert set(job["artifacts"]["reports"].values()) <= written


def test_the_hooks_run_in_another_repository(clone: Path, tmp_path: Path) -> None:
    manifest = ROOT / ".pre-commit-hooks.yaml"
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-manifest", manifest], check=True)
    drift, generate = (f"{clone}/{hook['entry']}" for hook in yaml.safe_load(manifest.read_text()))

    def run(command: str) -> tuple[int, str]:
        answer = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
        return answer.returncode, answer.stdout + answer.stderr

    code, said = run(f"{drift} --upstream {ROOT}/tests/upstream.yaml")
    assert code == 0 and "operations compared" in said, said
    shutil.copy(ROOT / "openapi" / "git-token.yaml", tmp_path / "ours.yaml")
    contract = "--contract ours.yaml --package ours --output clients"
    assert run(f"{generate} {contract}")[0] == 1
    code, said = run(f"{clone}/scripts/generate {contract}")
    assert code == 0 and (tmp_path / "clients" / "ours" / "client.py").exists(), said
    assert run(f"{generate} {contract}")[0] == 0


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
