"""The distribution: what is in it, and that a stranger can install and use it."""

from __future__ import annotations

import email
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

from conformance.bundled import ROOT, mock

VERSION = yaml.safe_load((ROOT / "openapi/git-token.yaml").read_text())["info"]["version"]
PROGRAM = """
import sys
from uuid import UUID
from qovery_git_token import Client, GitProvider, GitTokenRequest, edit_git_token

organization, token = map(UUID, sys.argv[1:])
body = GitTokenRequest(name="rotated", type_=GitProvider.GITLAB, token="n3w")
with Client.from_env() as client:
    print(edit_git_token.sync(organization, token, client=client, body=body).name)
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, capture_output=True, check=True)
    return folder


def test_the_wheel_is_the_package_and_its_metadata(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    assert wheel.name == f"qovery_git_token-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = email.message_from_bytes(archive.read(f"qovery_git_token-{VERSION}.dist-info/METADATA"))
    sources = {f"qovery_git_token/{path}" for path in package()}
    information = {f"qovery_git_token-{VERSION}.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD")}
    assert names == sources | information | {f"qovery_git_token-{VERSION}.dist-info/licenses/LICENSE"}
    assert metadata["Version"] == VERSION
    required = [line.partition(";") for line in metadata.get_all("Requires-Dist", [])]
    assert [line[0].partition("<")[0].partition(">")[0] for line in required if not line[2]] == ["anyio", "httpx"]
    assert {line[2].strip() for line in required if line[2]} == {"extra == 'retries'"}


def test_the_sdist_is_the_package_and_its_metadata(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    metadata = {".gitignore", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}
    assert names == {f"generated/qovery_git_token/{path}" for path in package()} | metadata


def test_twine_takes_both(dist: Path) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, sorted(dist.iterdir()))]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


def test_a_stranger_edits_a_git_token(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel], check=True)
    with mock() as address:
        environment = {"QOVERY_API_TOKEN": address["api_token"], "QOVERY_BASE_URL": address["base_url"]}
        command = [str(python), "-I", "-c", PROGRAM, address["organization_id"], address["git_token_id"]]
        answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (answer.stdout, answer.stderr) == ("rotated\n", "")


def package() -> list[str]:
    folder = ROOT / "generated" / "qovery_git_token"
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return [path.relative_to(folder).as_posix() for path in files]
