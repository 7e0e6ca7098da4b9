"""The command `qovery-git-token`: what it does and prints, its exit codes, and no secret in its arguments or output."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from qovery_git_token import command

from conformance.bundled import ROOT, environment, mock

SECRET = "canary-9Qv-secret"


@pytest.fixture(scope="module")
def address() -> Iterator[dict[str, str]]:
    with mock() as found:
        yield environment(found)


class Shell:
    """Runs the command, as a shell does, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        try:
            code = command.main(arguments)
        except SystemExit as end:
            code = int(str(end.code))
        output, errors = self.capsys.readouterr()
        assert SECRET not in output + errors
        return code, output, errors

    def json(self, *arguments: str) -> Any:
        code, output, errors = self(*arguments, "--json")
        assert code == 0, errors
        return json.loads(output)


@pytest.fixture
def shell(address: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    for name, value in address.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NEW_SECRET", SECRET)
    return Shell(capsys)


def made(shell: Shell, *more: str) -> str:
    fields = ["--name", "ci", "--type", "GITHUB", "--description", "x", *more]
    return str(shell.json("create", *fields, "--secret-env", "NEW_SECRET")["id"])


def test_what_it_does(shell: Shell) -> None:
    id_ = made(shell)
    before = shell.json("show", "--id", id_)
    code, output, errors = shell("rotate", "--id", id_, "--secret-env", "NEW_SECRET")
    assert (code, errors) == (0, f"edited {id_}: the secret is replaced, and what was not given is kept\n")
    assert f"id: {id_}\n" in output
    kept = {name: value for name, value in before.items() if name != "updated_at"}
    assert kept.items() <= shell.json("show", "--id", id_).items()
    edited = shell.json("edit", "--id", id_, "--type", "BITBUCKET", "--workspace", "team", "--secret-env", "NEW_SECRET")
    assert (edited["type"], edited["workspace"], edited["description"]) == ("BITBUCKET", "team", "x")
    assert id_ in {item["id"] for item in shell.json("list")}
    code, output, _ = shell("list")
    assert output.splitlines()[0].split() == ["id", "name", "type", "git_api_url", "associated_services_count"]
    assert shell.json("associated-services", "--id", id_) == []
    assert shell("delete", "--id", id_, "--yes") == (0, "", f"{id_} is used by nobody\ndeleted {id_}\n")
    assert shell("show", "--id", id_)[0] == 5


def test_where_a_secret_comes_from(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    id_ = made(shell)
    assert shell("rotate", "--id", id_, "--secret-file", str(file))[0] == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n"))
    assert shell("rotate", "--id", id_, "--secret-stdin")[0] == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert shell("rotate", "--id", id_, "--secret-stdin") == (2, "", "qovery-git-token: secret is blank\n")
    assert shell("rotate", "--id", id_, "--secret-env", "NOPE")[::2] == (
        2,
        "qovery-git-token: --secret-env names NOPE, which is not set, or empty\n",
    )
    assert "cannot be read" in shell("rotate", "--id", id_, "--secret-file", str(tmp_path / "none"))[2]
    for wrong in (["--secret", SECRET], [f"--secret={SECRET}"], [f"--token={SECRET}"], [SECRET]):
        code, _, errors = shell("rotate", "--id", id_, "--secret-env", "NEW_SECRET", *wrong)
        assert (code, "a secret is never one" in errors) == (2, True)


def test_delete_says_who_uses_it_and_asks(
    shell: Shell, address: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = address["QOVERY_GIT_TOKEN_ID"]
    code, _, errors = shell("delete", "--id", id_)
    assert code == 2
    used = errors.splitlines()
    assert used[0] == f"{id_} is used by 2:"
    assert re.fullmatch(r"  .+, .+, .+, APPLICATION", used[1])
    assert "--yes is missing: there is no terminal to ask at" in errors

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    code, _, errors = shell("delete", "--id", id_)
    assert (code, errors.splitlines()[-1]) == (1, f"Delete {id_}? [y/N] nothing is deleted")
    assert shell("show", "--id", id_)[0] == 0
    other = made(shell)
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert shell("delete", "--id", other)[0] == 0


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(400, json={"message": "no"}), 6),
        (httpx.Response(401), 3),
        (httpx.Response(403), 4),
        (httpx.Response(404), 5),
        (httpx.Response(418), 6),
        (httpx.Response(429, headers={"Retry-After": "1800"}), 7),
        (httpx.Response(501), 8),
        (httpx.Response(200, content=b"{"), 8),
        (httpx.Response(200, json={"results": 5}), 8),
        (httpx.ConnectTimeout(""), 9),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(
    answer: httpx.Response | BaseException, code: int, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(*_: object, **__: object) -> httpx.Response:
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr("httpx.Client.request", send)
    monkeypatch.setattr("qovery_git_token.base.time.sleep", lambda _: None)
    found, output, errors = shell("list")
    assert (found, output) == (code, "")
    assert len(errors.splitlines()) == (0 if code == 130 else 1)
    assert "Traceback" not in errors
    assert errors.startswith("qovery-git-token: no answer from http://127.0.0.1:") is (code == 9)


def test_what_a_server_sends_is_made_harmless(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    item = {"id": "\x1b[2J", "name": f"::error::{SECRET}\n::warning::", "type": "\u202e", "token": SECRET}
    answer = httpx.Response(200, json={**item, "results": [item]})
    monkeypatch.setattr("httpx.Client.request", lambda *_, **__: answer)
    monkeypatch.setenv("QOVERY_API_TOKEN", SECRET)
    for arguments in (["list"], ["list", "--json"], ["show", "--id", "00000000-0000-0000-0000-000000000000"]):
        code, output, _ = shell(*arguments)
        assert code == 0
        assert all(line.isprintable() and not line.startswith("::") for line in output.splitlines())


def test_it_is_a_command_of_its_own(address: dict[str, str]) -> None:
    arguments = [sys.executable, "-m", "qovery_git_token.command"]
    variables = {**address, "PYTHONPATH": str(ROOT / "generated")}
    answer = subprocess.run([*arguments, "list"], env=variables, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    answer = subprocess.run(
        [*arguments, "list"], env={"PYTHONPATH": variables["PYTHONPATH"]}, capture_output=True, text=True
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "qovery-git-token: no credentials: set QOVERY_API_TOKEN, or QOVERY_JWT\n"
    assert 'qovery-git-token = "qovery_git_token.command:main"' in (ROOT / "pyproject.toml").read_text()
