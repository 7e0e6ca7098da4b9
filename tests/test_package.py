"""The two distributions: what is in them, and that a stranger can install and use them."""

from __future__ import annotations

import ast
import email
import email.message
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance
from conformance.bundled import ROOT, environment, mock

# The distributions: where each is built, its import package, and what that is made of.
CLIENT = ("qovery-git-token", ROOT, ROOT / "generated" / "qovery_git_token")
SUITE = ("qovery-conformance", ROOT / "conformance", ROOT / "conformance")
# What of conformance/ is not for an installation.
OURS = {"detection.py", "hatch_build.py", "pyproject.toml", "README.md", "LICENSE"}
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
    """The sdists, and the wheels built from them."""
    folder = tmp_path_factory.mktemp("dist")
    for _, source, _ in (CLIENT, SUITE):
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(source)]
        subprocess.run(command, capture_output=True, check=True)
    return folder


def uv(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", "--quiet", *arguments], check=True)


def run(*command: str | Path, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of a clean environment that both wheels are installed in."""
    folder = tmp_path_factory.mktemp("installed")
    uv("venv", str(folder), "--python", sys.executable)
    uv("pip", "install", "--compile-bytecode", "--python", str(folder), *map(str, dist.glob("*.whl")))
    return folder / "bin"


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    """The environment of somebody who has a server, which is a mock."""
    with mock() as address:
        yield environment(address)


def sources(package: Path) -> set[str]:
    files = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(package).as_posix() for path in files}


def metadata(dist: Path, name: str) -> tuple[set[str], email.message.Message]:
    """The files of a wheel, and what it says of itself."""
    (wheel,) = dist.glob(f"{name.replace('-', '_')}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (described,) = (each for each in names if each.endswith("METADATA"))
        return names, email.message_from_bytes(archive.read(described))


@pytest.mark.parametrize(("name", "package"), [(CLIENT[0], CLIENT[2]), (SUITE[0], SUITE[2])])
def test_a_wheel_is_the_package_and_its_metadata(name: str, package: Path, dist: Path) -> None:
    folder = name.replace("-", "_")
    names, described = metadata(dist, name)
    expected = {f"{folder}/{path}" for path in sources(package) - OURS}
    if name == SUITE[0]:
        expected.add(f"{folder}/contract/git-token.yaml")
    assert {each for each in names if ".dist-info/" not in each} == expected
    assert f"{folder}-{described['Version']}.dist-info/licenses/LICENSE" in names
    assert described.get_all("Project-URL") and described.get_all("Classifier") and described["Requires-Python"]


@pytest.mark.parametrize(("name", "package"), [(CLIENT[0], CLIENT[2]), (SUITE[0], SUITE[2])])
def test_a_distribution_depends_on_what_it_imports(name: str, package: Path, dist: Path) -> None:
    """Each import is either a dependency or an extra, and each dependency is imported."""
    _, described = metadata(dist, name)
    needed = {re.split(r"[^\w-]", line)[0].replace("-", "_") for line in described.get_all("Requires-Dist", [])}
    imported = set()
    for path in sources(package) - OURS:
        if path.endswith(".py"):
            for node in ast.walk(ast.parse((package / path).read_text())):
                if isinstance(node, ast.Import):
                    imported |= {each.name.partition(".")[0] for each in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    imported.add(str(node.module).partition(".")[0])
    imported = {
        {"yaml": "pyyaml", "_hypothesis_pytestplugin": "hypothesis"}.get(each, each)
        for each in imported - sys.stdlib_module_names
    }
    # uvicorn's HttpToolsProtocol imports httptools, which uvicorn itself does not ask for.
    assert imported == needed - {"httptools"}


def test_no_comprehension_hides_a_name_of_its_module() -> None:
    """CPython 3.12.1 takes such a name for a local one in the comprehensions that come after it."""
    hidden = []
    for path in [*SUITE[2].rglob("*.py"), *CLIENT[2].rglob("*.py"), *(ROOT / "drift").rglob("*.py")]:
        module = ast.parse(path.read_text())
        imported = [each for each in module.body if isinstance(each, ast.Import | ast.ImportFrom)]
        names = {alias.asname or alias.name for each in imported for alias in each.names}
        names |= {each.name for each in module.body if isinstance(each, ast.FunctionDef | ast.ClassDef)}
        for loop in (each for each in ast.walk(module) if isinstance(each, ast.comprehension)):
            targets = {each.id for each in ast.walk(loop.target) if isinstance(each, ast.Name)}
            hidden += [f"{path}:{loop.target.lineno} {name}" for name in targets & names]
    assert hidden == []


@pytest.mark.parametrize(("name", "package"), [(CLIENT[0], CLIENT[2]), (SUITE[0], SUITE[2])])
def test_a_source_distribution_holds_package_readme_licence_and_changelog(name: str, package: Path, dist: Path) -> None:
    (sdist,) = dist.glob(f"{name.replace('-', '_')}-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {each.partition("/")[2] for each in archive.getnames()}
    inside = "" if name == SUITE[0] else "generated/qovery_git_token/"
    own = {f"{inside}{path}" for path in sources(package)}
    own |= {".gitignore", "CHANGELOG.md", "LICENSE", "PKG-INFO", "pyproject.toml"}
    own |= {"contract/git-token.yaml"} if name == SUITE[0] else {"generated/README.md"}
    assert names == own
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "conformance" / "LICENSE").read_bytes()


def test_twine_takes_all(dist: Path) -> None:
    files = sorted(map(str, dist.iterdir()))
    assert len(files) == 4
    command = [sys.executable, "-m", "twine", "check", "--strict", *files]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


def test_a_stranger_edits_a_git_token(installed: Path, variables: dict[str, str], tmp_path: Path) -> None:
    ids = [variables["QOVERY_ORGANIZATION_ID"], variables["QOVERY_GIT_TOKEN_ID"]]
    answer = run(installed / "python", "-I", "-c", PROGRAM, *ids, cwd=tmp_path, env=variables)
    assert (answer.stdout, answer.stderr) == ("rotated\n", "")


def test_a_stranger_tests_the_bundled_mock(installed: Path, tmp_path: Path) -> None:
    command = ("--only", "edit", "--report", "report")
    answer = run(installed / "qovery-conformance", *command, cwd=tmp_path, env={"HOME": str(tmp_path)})
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert json.loads((tmp_path / "report" / "results.json").read_text())["verdict"] == "held"


def test_a_finding_names_the_command_that_is_there(installed: Path, tmp_path: Path) -> None:
    options = ("--port", "0", "--json", "--until-eof", "--fault", "answers/success-status-create-202")
    with subprocess.Popen(
        (installed / "qovery-mock", *options), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin and server.stdout
        address = json.loads(server.stdout.readline())
        found = {"HOME": str(tmp_path), **environment(address)}
        answer = run(
            installed / "qovery-conformance", "--only", "resource", "--only", "answer/status", cwd=tmp_path, env=found
        )
        server.stdin.close()
    assert answer.returncode == 1, answer.stderr
    assert "qovery-conformance --only answer/status" in answer.stdout and "scripts/" not in answer.stdout


TESTS = """
from qovery_conformance import verify
from qovery_conformance.mock import World, create_app

def test_fixture(qovery_git_token_mock):
    assert qovery_git_token_mock.base_url

def test_application():
    world = World()
    verify(create_app(world), organization_id=world.organization_id, api_token=world.api_token, only=["edit/works"])
"""


def test_the_plugin_is_there_without_a_line_of_configuration(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(TESTS)
    answer = run(installed / "python", "-m", "pytest", "-v", cwd=tmp_path, env={})
    assert "2 passed" in answer.stdout, answer.stdout
    assert "collected 2 items" in answer.stdout


def test_the_plugin_leaves_the_suite_unimported_where_no_test_asks_for_it(installed: Path) -> None:
    heavy = "{'hypothesis', 'schemathesis', 'starlette', 'uvicorn', 'httpx'}"
    program = f"import sys, qovery_conformance.pytest_plugin; print({heavy} & set(sys.modules))"
    answer = run(installed / "python", "-c", program, cwd=installed, env={})
    assert (answer.stdout, answer.stderr) == ("set()\n", "")


# -- the ways in that the documentation gives, from this repository as a local one -------------------------------------

# pip takes no address without a host behind a name.
HERE = f"git+file://localhost{ROOT}"
ENV = dict(os.environ)


@pytest.mark.parametrize("requirement", ["{}", "qovery-conformance @ {}#subdirectory=conformance"])
def test_pip_installs_from_git(requirement: str, tmp_path: Path) -> None:
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--target", tmp_path)
    answer = run(sys.executable, "-m", "pip", "install", *options, requirement.format(HERE), cwd=tmp_path, env=ENV)
    assert answer.returncode == 0, answer.stderr
    (found,) = tmp_path.glob("*.dist-info")
    assert found.name.startswith("qovery_conformance" if "conformance" in requirement else "qovery_git_token")


@pytest.mark.parametrize("runner", [["uv", "tool", "run", "--from"], ["pipx", "run", "--spec"]])
def test_the_suite_runs_without_being_installed(runner: list[str], tmp_path: Path) -> None:
    spec = f"qovery-conformance @ {HERE}#subdirectory=conformance"
    home = ENV | {"PIPX_HOME": str(tmp_path), "UV_TOOL_DIR": str(tmp_path)}
    command = (sys.executable, "-m", *runner, spec, "qovery-conformance", "--list")
    answer = run(*command, cwd=tmp_path, env=home)
    assert "edit/works" in answer.stdout, answer.stderr


@pytest.mark.parametrize("program", ["import {}.__main__", "from {} import verify"])
def test_windows_is_told_in_one_line(program: str, tmp_path: Path) -> None:
    told = f"import sys; sys.platform = 'win32'; {program.format('conformance')}"
    answer = run(sys.executable, "-c", told, cwd=ROOT, env={"HOME": str(tmp_path)})
    assert answer.returncode == 1 and conformance.WINDOWS in answer.stderr.splitlines()[-1]


def test_both_distributions_have_one_version(dist: Path) -> None:
    assert len({metadata(dist, name)[1]["Version"] for name, _, _ in (CLIENT, SUITE)}) == 1


@pytest.mark.parametrize(
    ("tag", "message"), [("v9.9.9", "is not the version of"), ("", "has no Source under project.urls")]
)
def test_what_must_not_be_released_is_refused(tag: str, message: str, dist: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", ROOT, tmp_path / "clone"], check=True)
    for name in (".venv", "requirements-dev.txt", "requirements.txt"):
        (tmp_path / "clone" / name).unlink(missing_ok=True)
        (tmp_path / "clone" / name).symlink_to(ROOT / name)
    current = f"v{metadata(dist, CLIENT[0])[1]['Version']}"
    answer = run(tmp_path / "clone" / "scripts" / "dist", tag or current, cwd=tmp_path, env=ENV)
    assert answer.returncode == 2 and message in answer.stderr.splitlines()[-1]
