"""What is no finding is one line and exit code 2: addresses, notes and reports that are not what they should be."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from conformance import __main__
from conformance.report import compare, merge
from conformance.run.notes import Notes
from conformance.target.stops import CannotRun
from tests.independent import serve
from tests.suite import conformance

NO_ADDRESSES = (
    "http://[abc",
    "http://[127.0.0.1]",
    "http://\u2100",
    "http://..localhost",
    "http://xn--.localhost",
    "http://.",
    "http://" + "a" * 300,
    "http://127.0.0.1:99999",
    "http://127.0.0.1:port",
    "http://127.0.0.1\\@localhost",
)


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["conformance", "--base-url", url])
    assert __main__.main() == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1 and "is not the address of a server" in errors


def test_an_exception_that_nobody_expects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("sys.argv", ["conformance", "--report", str(tmp_path)])
    monkeypatch.setattr("conformance.cli._server", fail)
    printed: list[str] = []
    monkeypatch.setattr("builtins.print", lambda *texts, **_: printed.extend(texts))
    assert __main__.main() == 2
    assert len(printed) == 1 and "\n" not in printed[0] and "a secret" not in printed[0]
    assert "RuntimeError at test_robustness.py" in printed[0] and str(tmp_path) in printed[0]


NOTES: dict[str, bytes] = {
    "list": b"[1]\n",
    "number": b'{"before": 5}\n',
    "numbers": b'{"created": [1, null]}\n',
    "hash": b'{"creating": {}}\n',
    "fields": b'{"overwriting": {"a": 1}}\n',
    "binary": b"\xff\xfe\x00\n",
    "deep": b"[" * 100_000 + b"\n",
}


def test_notes_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with serve() as server:
        own = Notes(server.base_url, {"organizationId": server.organization_id})
        [path] = (tmp_path / "state").rglob("*.jsonl")
        own.close(done=True)
        for name, content in NOTES.items():
            path.with_name(f"{path.name[:16]}-{name}.jsonl").write_bytes(content)
        os.mkfifo(path.with_name(f"{path.name[:16]}-fifo.jsonl"))
        outcome = conformance(tmp_path / "report", asdict(server), "--only", "resource/create")
    assert (outcome.code, outcome.errors) == (0, ""), outcome.output


Json = dict[str, Any]
REPORTS: dict[str, Callable[[str], str]] = {
    "lone-surrogate": lambda text: text.replace('"contract": "', '"contract": "\\ud800'),
    "long-number": lambda text: text.replace('"seed": 1', f'"seed": {"9" * 5000}'),
    "great-number": lambda text: text.replace('"seconds": 1', '"seconds": 1e999'),
    "nan": lambda text: text.replace('"seconds": 1', '"seconds": NaN'),
    "long-text": lambda text: text.replace('"server": "', f'"server": "{"a" * 60_000_000}'),
    "markup": lambda text: text.replace("edit/works", "<b>[x](http://e)/y"),
    "deep": lambda text: text.replace('"seed": 1', f'"seed": {"[" * 100_000}'),
    "place": lambda text: text.replace('"file": "findings/', '"file": "../'),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    with serve("edit-201") as server:
        outcome = conformance(folder, asdict(server), "--only", "edit/works", "--fail-fast")
    assert outcome.broken
    return json.dumps(outcome.results | {"seed": 1, "seconds": 1})


@pytest.mark.parametrize("name", REPORTS)
def test_results_that_are_none(name: str, results: str, tmp_path: Path) -> None:
    changed = REPORTS[name](results)
    assert changed != results
    (tmp_path / "results.json").write_text(changed)
    with pytest.raises(CannotRun, match="that --report has written"):
        merge.load(tmp_path)
    if name != "place":
        with pytest.raises(CannotRun, match="that --report has written"):
            compare.load(tmp_path / "results.json")


def test_a_pipe_is_no_report(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "results.json")
    with pytest.raises(CannotRun, match="No such file"):
        compare.load(tmp_path / "results.json")
