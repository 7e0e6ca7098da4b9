"""Reports: what they hold, that nothing in them is obeyed, that no secret is in them, and that they stay small."""

from __future__ import annotations

import io
import json
import re
import shutil
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from conformance.report import github
from conformance.report.compare import compare, lines, load
from conformance.report.files import write
from conformance.report.html import html
from conformance.report.markdown import markdown
from conformance.report.results import report
from conformance.report.terminal import Terminal
from conformance.run.run import Run
from conformance.target.exchange import Answer, Exchange, Request
from conformance.target.stops import CannotRun
from tests import hostile, reports

FILES = {"results.json", "report.html", "report.md", "junit.xml", "findings.har", "codequality.json"}
SCRIPTS = {"secrets-value.sh", "refusals-null.sh", "values-text.sh"}


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))


@pytest.fixture(scope="module")
def run() -> Run:
    return hostile.run()


@pytest.fixture(scope="module")
def results(run: Run) -> dict[str, Any]:
    return report(run, run.target.base_url, 3.25, 1)


@pytest.fixture(scope="module")
def folder(results: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "made"
    write(folder, results)
    return folder


def test_every_file_is_written_and_fits_its_schema(folder: Path) -> None:
    assert {file.name for file in folder.rglob("*") if file.is_file()} == FILES | SCRIPTS
    assert reports.check(folder)["verdict"] == "broken"


@pytest.mark.parametrize("change", [{"version": 4}, {"verdict": "fine"}, {"clauses": [{}]}, {"further": 1}])
def test_the_schema_tells_what_is_no_report(folder: Path, change: dict[str, Any], tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "results.json").write_text(json.dumps(json.loads((folder / "results.json").read_text()) | change))
    with pytest.raises(ValueError, match=next(iter(change)) if "clauses" not in change else "required"):
        reports.check(tmp_path)


def test_no_file_holds_a_secret_or_what_is_obeyed(run: Run, results: dict[str, Any], folder: Path) -> None:
    stream = io.StringIO()
    terminal = Terminal(run, stream)
    terminal.start("the server")
    for result in run.results.values():
        terminal.finished(result)
    terminal.flush()
    terminal.end(results)
    texts = {file.name: file.read_text() for file in folder.rglob("*") if file.is_file()} | {
        "terminal": stream.getvalue()
    }
    for name, text in texts.items():
        assert not run.secrets.in_text(text) - {"UNKNOWN_CREDENTIALS"}, name
        assert "s3cret-of-the-address" not in text
        assert all(each == "\n" or each.isprintable() for each in text), name
        assert len(text) < 1_000_000, name


def test_nothing_in_the_markdown_is_markup(folder: Path) -> None:
    tokens = MarkdownIt("commonmark").parse((folder / "report.md").read_text())
    inline = [child for token in tokens for child in token.children or []]
    assert {token.type for token in (*tokens, *inline)}.isdisjoint({"html_block", "html_inline", "link_open", "image"})
    outside = "".join(child.content for child in inline if child.type == "text")
    outside += "".join(token.content for token in tokens if token.type in ("html_block", "code_block"))
    assert "Expected" in outside and "owned" not in outside
    headings = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == [
        "✗ Broken: git-token conformance",
        "✗ `secrets/value`",
        "✗ `refusals/null`",
        "✗ `values/text`",
        "Not exercised",
    ]


def test_the_page_needs_nothing_and_runs_nothing_else(folder: Path, results: dict[str, Any]) -> None:
    page = (folder / "report.html").read_text()
    assert "default-src 'none'" in page
    reader = Tags()
    reader.feed(page)
    names = [tag for tag, _ in reader.tags]
    assert names.count("script") == names.count("style") == 1
    assert {"img", "link", "iframe", "object", "embed", "base"}.isdisjoint(names)
    for _, attributes in reader.tags:
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("src", "style", "srcset")
            assert name != "href" or (value or "").startswith("#")
    assert not re.search(r"url\(|@import", page)
    for clause in results["clauses"]:
        assert f'id="{clause["id"]}"' in page


def test_a_report_of_very_many_findings_stays_small(results: dict[str, Any]) -> None:
    many = deepcopy(results)
    [clause] = [each for each in many["clauses"] if each["id"] == "refusals/null"]
    [finding] = [each for each in many["findings"] if each["clause"] == "refusals/null"]
    finding["exchanges"] = [each | {"answer": each["answer"][:1200], "marks": []} for each in finding["exchanges"]]
    many["clauses"] += [clause | {"id": f"many/number-{number}"} for number in range(500)]
    many["findings"] = [finding | {"clause": f"many/number-{number}"} for number in range(500)]
    assert len(html(many)) < 2_000_000


def test_the_offending_part_is_marked(results: dict[str, Any]) -> None:
    marked = {}
    for finding in results["findings"]:
        *_, exchange = finding["exchanges"]
        marked[finding["clause"]] = [exchange["answer"][start:stop] for start, stop in exchange["marks"]]
    assert marked["refusals/null"] == ["-> HTTP 500"]
    assert marked["secrets/value"][0].startswith("-> no complete answer")
    assert all(text.startswith('"name": ') for text in marked["values/text"]) and marked["values/text"]


@pytest.mark.parametrize(
    ("body", "status", "field", "kind"),
    [
        ({"name": "a b", "type": "GITHUB", "token": "t t"}, 200, "name", "valid"),
        ({"name": "a", "type": "GITHUB", "token": "t t"}, 200, "name", "boundary"),
        ({"name": "a" * 255, "type": "GITHUB", "token": "t t"}, 200, "name", "boundary"),
        ({"name": "a" * 256, "type": "GITHUB", "token": "t t"}, 400, "name", "unspecified"),
        ({"name": 1, "type": "GITHUB", "token": "t t"}, 400, "name", "invalid"),
        ({"type": "GITHUB", "token": "t t"}, 400, "name", "invalid"),
        ({"name": "a b", "type": "BITBUCKET", "token": "t t"}, 400, "workspace", "invalid"),
        ({"name": "a b", "type": "GITHUB", "token": "t\ud800"}, 400, "token", "unspecified"),
        ({"name": "a b", "type": "GITHUB", "token": "t t"}, 401, "name", None),
        ({"name": "a b", "type": "GITHUB", "token": "t t", "other": float("nan")}, 400, "name", None),
    ],
)
def test_coverage_says_what_was_sent(body: Any, status: int, field: str, kind: str | None) -> None:
    run = hostile.run()
    before = deepcopy(run.journal.fields)
    operation = run.contract.operations["createGitToken"]
    path = operation.path.replace("{organizationId}", run.bodies.unknown_id())
    raw = json.dumps(body).encode()
    request = Request("POST", path, (("Content-Type", "application/json"),), raw, operation.id)
    run.journal.add(Exchange(request, Answer(status)), None)
    found = {each: count[status] - before[field][each][status] for each, count in run.journal.fields[field].items()}
    assert found == dict.fromkeys(found, 0) | ({kind: 1} if kind else {})
    assert run.journal.statuses["createGitToken"] == {status: 1}


def test_a_long_run_has_a_short_timeline() -> None:
    run = hostile.run()
    [one] = run.journal.entries[:1]
    run.journal.entries = [one] * 5001
    assert 1000 < len(report(run, "", 1, 0)["timeline"]) <= 2000


@pytest.mark.parametrize(("code", "verdict"), [(0, "held"), (1, "broken"), (2, "incomplete"), (130, "incomplete")])
def test_the_verdict_is_the_exit_codes(run: Run, code: int, verdict: str) -> None:
    results = report(run, "", 1, code)
    assert results["verdict"] == verdict
    assert html(results) and markdown(results)


def test_a_run_that_judged_nothing_has_not_held() -> None:
    run = hostile.run()
    for result in run.results.values():
        result.finding, result.reason = None, "not run"
    assert report(run, "", 1, 0)["verdict"] == "not exercised"


def test_two_runs_are_compared(results: dict[str, Any], tmp_path: Path) -> None:
    old = deepcopy(results)
    now = {clause["id"]: clause["state"] for clause in results["clauses"]}
    was = {"values/text": "held", "edit/works": "broken", "edit/listed": "not exercised"}
    was |= {"isolation/foreign-owner": "held", "refusals/null": "broken"}
    for clause in old["clauses"]:
        clause["state"] = was.get(clause["id"], now[clause["id"]])
    (tmp_path / "old.json").write_text(json.dumps(old))
    comparison = compare(load(tmp_path / "old.json"), results["clauses"])
    changes = {name: ids for name, ids in comparison.items() if isinstance(ids, list)}
    assert changes == {
        "newly_broken": ["values/text"],
        "mended": ["edit/works"],
        "newly_exercised": ["edit/listed"],
        "no_longer_exercised": ["isolation/foreign-owner"],
    }
    assert "newly broken: values/text" in lines(comparison)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"clauses": [1]}', "[" * 100_000, None])
def test_what_is_no_older_run_is_said(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(CannotRun, match=r"old\.json"):
        load(file)


def test_github_is_told_and_hears_nothing_else(
    results: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    word = github.deafen()
    github.tell(results, word)
    first, last, *annotations = capsys.readouterr().out.splitlines()
    assert first == f"::stop-commands::{word}" and last == f"::{word}::"
    assert [line.split("::")[1] for line in annotations] == [
        f"error title={finding['clause']}" for finding in results["findings"]
    ]
    assert (tmp_path / "summary").read_text() == markdown(results)


def test_without_github_nothing_is_told(
    results: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    github.tell(results, github.deafen())
    assert capsys.readouterr().out == ""
