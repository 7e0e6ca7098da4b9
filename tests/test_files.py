"""Files of a run are its owner's alone, and nothing that lies in their place leads elsewhere."""

from __future__ import annotations

import stat
from dataclasses import asdict
from pathlib import Path

import pytest

from conformance.report.files import write
from conformance.run.notes import Notes
from tests.independent import serve
from tests.suite import conformance
from tests.test_live import create, tokens


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_report_is_its_owners_alone_and_follows_no_link(tmp_path: Path) -> None:
    with serve("edit-201") as server:
        outcome = conformance(tmp_path / "new" / "report", asdict(server), "--only", "edit/works")
    assert outcome.code == 1
    assert mode(tmp_path / "new" / "report") == 0o700
    files = [path for path in (tmp_path / "new" / "report").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".json", ".html", ".sh"}
    assert {mode(path) for path in files if path.suffix != ".sh"} == {0o600}
    assert {mode(path) for path in files if path.suffix == ".sh"} == {0o700}

    victim, folder = tmp_path / "victim", tmp_path / "other"
    folder.mkdir()
    victim.write_text("mine")
    (folder / "results.json").symlink_to(victim)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.sh").write_text("mine")
    (folder / "findings").symlink_to(elsewhere)
    write(folder, outcome.results)
    assert victim.read_text() == "mine" and not (folder / "results.json").is_symlink()
    assert [path.name for path in elsewhere.iterdir()] == ["mine.sh"] and list((folder / "findings").iterdir())
    assert not list(folder.glob(".*"))


def test_notes_are_their_owners_alone_and_follow_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    notes = Notes("http://127.0.0.1", {})
    [path] = (tmp_path / "state").rglob("*.jsonl")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    notes.close(done=True)
    path.parent.rmdir()
    (tmp_path / "elsewhere").mkdir()
    path.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        Notes("http://127.0.0.1", {})
    assert not list((tmp_path / "elsewhere").iterdir())


def test_the_same_server_in_another_spelling_has_the_same_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    killed = Notes("http://localhost:8080/", {"organizationId": "o"})
    killed.write(created=["a"])
    killed.close(done=False)
    for url in ("http://127.0.0.1:8080", "http://LOCALHOST:8080", "http://[::1]:8080"):
        notes = Notes(url, {"organizationId": "o"})
        assert [left.created for left in notes.dead()] == [{"a"}]
        notes.close(done=True)
    for url in ("http://127.0.0.1:8081", "https://localhost:8080", "http://localhost:8080/api"):
        notes = Notes(url, {"organizationId": "o"})
        assert notes.dead() == []
        notes.close(done=True)


@pytest.mark.parametrize("option", ["--sweep", "--dry-run"])
def test_a_workflow_takes_no_commands_from_a_server(tmp_path: Path, option: str) -> None:
    with serve() as server:
        create(server, "conformance-20200101t0000-abcdef-1")
        [*_, old] = tokens(server)
        outcome = conformance(tmp_path, asdict(server), option, GITHUB_ACTIONS="true", CI="true")
    lines = outcome.output.splitlines()
    word = lines[0].removeprefix("::stop-commands::")
    assert len(word) == 32 and lines[-1] == f"::{word}::"
    assert option == "--dry-run" or old["id"] in outcome.output


def test_what_is_a_command_anywhere_in_a_line_is_none(tmp_path: Path) -> None:
    outcome = conformance(tmp_path, None, "--base-url", "http://##[group]x\n::error::y", CI="true")
    assert outcome.code == 2
    assert "##[" not in outcome.errors and outcome.errors.count("\n") == 1
