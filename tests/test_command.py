"""The command line of the suite: options, environment, exit codes, what it prints and leaves."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from conformance.bundled import ROOT, environment, mock
from conformance.commands import CONFORMANCE
from conformance.options import parse
from tests import warm
from tests.independent import serve
from tests.reports import check
from tests.suite import conformance


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    with mock() as address:
        yield address


def test_without_an_address_it_tests_the_mock(tmp_path: Path) -> None:
    outcome = conformance(tmp_path, None)
    assert outcome.code == 0, outcome.output
    assert "the bundled mock" in outcome.output
    assert {clause["state"] for clause in outcome.results["clauses"]} == {"held"}
    assert outcome.results["requests"] <= 900


def test_the_same_seed_sends_the_same_requests(tmp_path: Path) -> None:
    runs = []
    for number in "12":
        outcome = conformance(tmp_path / number, None, "--seed", "7", "--max-requests", "400")
        states = {clause["id"]: clause["state"] for clause in outcome.results["clauses"]}
        # Which of two at once comes first, and so what is answered, is not the seed's to say.
        sent = Counter((each["clause"], each["operation"], each["method"]) for each in outcome.results["timeline"])
        runs.append((states, sent))
        assert outcome.results["seed"] == 7
    assert runs[0] == runs[1]


def test_a_small_budget_is_spent_on_what_matters_first(tmp_path: Path, server: dict[str, str]) -> None:
    outcome = conformance(tmp_path, server, "--seed", "7", "--max-requests", "350", "--partial")
    assert outcome.code == 0, outcome.output
    assert outcome.results["requests"] <= 350
    idle = [clause for clause in outcome.results["clauses"] if clause["state"] != "held"]
    assert {clause["reason"] for clause in idle} == {"the budget of requests is used up"}
    # What is odd or generated gives way first: of every other chapter something has been judged.
    held = {clause["id"].split("/")[0] for clause in outcome.results["clauses"] if clause["state"] == "held"}
    assert {clause["id"].split("/")[0] for clause in idle} - held <= {"oddities", "sequences", "fuzzing"}


def test_a_run_leaves_no_git_token_behind(tmp_path: Path, server: dict[str, str]) -> None:
    def names() -> list[str]:
        return [token["name"] for token in listed(server)]

    before = names()
    assert conformance(tmp_path, server, "--max-requests", "300", "--partial").code == 0
    assert names() == before


def listed(server: dict[str, str]) -> list[dict[str, str]]:
    import httpx

    answer = httpx.get(
        f"{server['base_url']}/organization/{server['organization_id']}/gitToken",
        headers={"Authorization": f"Token {server['api_token']}"},
    )
    return list(answer.json()["results"])


def test_one_clause_is_run_with_what_it_needs(tmp_path: Path, server: dict[str, str]) -> None:
    outcome = conformance(tmp_path, server, "--only", "refusals/null")
    assert outcome.code == 0
    assert outcome.state("refusals/null") == "held"
    assert outcome.state("resource/create") == "held"
    assert all(clause["id"] != "refusals/missing" for clause in outcome.results["clauses"])


def test_a_level_leaves_out_the_others(tmp_path: Path) -> None:
    with serve("updated-at-stands") as server:
        assert (
            conformance(tmp_path, asdict(server), "--level", "documented", "--max-requests", "300", "--partial").code
            == 0
        )
        assert conformance(tmp_path, asdict(server), "--level", "expected", "--fail-fast").code == 1


def test_list_names_every_clause_and_sends_nothing() -> None:
    command = [str(ROOT / "scripts" / "conformance"), "--list"]
    short, long = (
        subprocess.run([*command, *more], capture_output=True, text=True, check=True).stdout.splitlines()
        for more in ([], ["--verbose"])
    )
    assert len(short) > 50
    assert all(re.search(r"  \[(documented|http|expected); [a-z]+\]  ", line) for line in short)
    assert len({line.split()[0] for line in short}) == len(short)
    # The sources are said only where they are asked for.
    for brief, line in zip(short, long, strict=True):
        assert line.startswith(f"{brief}  (") and line.endswith(")")


def test_a_run_in_a_new_folder_takes_no_more_memory(tmp_path: Path, server: dict[str, str]) -> None:
    """Hypothesis would make a table of everything that UTF-8 encodes, for which it takes 200 MB."""
    used = environment(server) | {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    # A small process in between: a child is counted from what its parent uses, and that of the tests is large.
    program = """
import resource, subprocess, sys
command = [sys.executable, "-m", "conformance", "--only", "fuzzing/edit", "--max-requests", "300"]
subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, cwd=tmp_path, env=used, capture_output=True, text=True, check=True).stdout
    assert 0 < int(printed) < 200 * 1024


def test_help_is_said_before_what_takes_a_while_is_imported() -> None:
    program = """
import sys
from conformance.__main__ import main
sys.argv = ["conformance", "--help"]
try:
    main()
finally:
    print("imported:", *{"httpx", "hypothesis", "pytest", "requests", "schemathesis"} & sys.modules.keys())
"""
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "--max-requests" in printed
    assert printed.endswith("imported:\n")


@pytest.mark.parametrize(
    ("variables", "options", "says"),
    [
        ({"QOVERY_API_TOKEN": "", "QOVERY_JWT": ""}, [], "set QOVERY_API_TOKEN or QOVERY_JWT"),
        ({"QOVERY_ORGANIZATION_ID": ""}, [], "set QOVERY_ORGANIZATION_ID"),
        ({"QOVERY_API_TOKEN": "wrong-wrong-wrong", "QOVERY_JWT": ""}, [], "refuses the credentials"),
        ({"QOVERY_ORGANIZATION_ID": "11111111-1111-4111-8111-111111111111"}, [], "check QOVERY_ORGANIZATION_ID"),
        ({}, ["--base-url", "api.example.com"], "must start with http"),
        ({}, ["--base-url", "https://api.example.com"], "not a loopback address"),
        ({}, ["--max-requests", "0"], "--max-requests"),
        ({}, ["--rate", "fast"], "--rate"),
        ({}, ["--level", "wishful"], "--level"),
        ({}, ["--overwrite-nothing"], "--overwrite-nothing"),
        ({}, ["--only", "no/such-clause"], "no/such-clause"),
        ({}, ["--compare", "no/such/results.json"], "no/such/results.json"),
    ],
)
def test_what_cannot_run_is_said_in_one_line(
    tmp_path: Path, server: dict[str, str], variables: dict[str, str], options: list[str], says: str
) -> None:
    outcome = conformance(tmp_path, server, *options, **variables)
    assert outcome.code == 2
    [line] = [line for line in outcome.errors.splitlines() if not line.startswith(("usage:", " "))]
    assert says in line
    assert "Traceback" not in outcome.output + outcome.errors


def test_nobody_listening_is_said_in_one_line(tmp_path: Path, server: dict[str, str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        outcome = conformance(tmp_path, server, "--base-url", url)
    assert outcome.code == 2
    assert "cannot connect" in outcome.errors and len(outcome.errors.splitlines()) == 1


def test_a_finding_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    with serve("null-name") as server:
        outcome = conformance(tmp_path, asdict(server), "--only", "refusals/null")
        [finding] = outcome.results["findings"]
    # What is pasted makes the git token that it needs, on another server as well.
    with serve("null-name") as server:
        before = listed(asdict(server))
        printed = subprocess.run(
            ["sh", "-c", finding["paste"]],
            env=environment(asdict(server)) | {"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert listed(asdict(server)) == before
    assert "HTTP/1.1 200" in printed.stdout


def test_the_report_is_what_ci_reads(tmp_path: Path) -> None:
    with serve("foreign-read") as server:
        outcome = conformance(tmp_path, asdict(server), "--max-requests", "300", "--partial")
    assert outcome.code == 1
    suite = ET.parse(tmp_path / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    failed = {
        case.get("classname", "") + "/" + case.get("name", "") for case in suite if case.find("failure") is not None
    }
    assert failed == set(outcome.broken)
    assert int(suite.get("tests", 0)) == len(outcome.results["clauses"])
    assert "isolation/foreign-owner" in outcome.output
    assert f"--seed {outcome.results['seed']}" in outcome.output


def test_two_runs_are_compared(tmp_path: Path) -> None:
    only = ("--only", "refusals/null")
    with serve() as server:
        assert conformance(tmp_path / "old", asdict(server), *only).code == 0
    with serve("null-name") as server:
        outcome = conformance(tmp_path, asdict(server), *only, "--compare", str(tmp_path / "old" / "results.json"))
    assert outcome.code == 1
    assert "newly broken: refusals/null" in outcome.output
    assert outcome.results["comparison"]["newly_broken"] == ["refusals/null"]


def test_a_workflow_is_told_of_a_finding(tmp_path: Path) -> None:
    summary = tmp_path / "summary"
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    with serve("null-name") as server:
        outcome = conformance(tmp_path, asdict(server), "--only", "refusals/null", **variables)
    assert any(line.startswith("::error title=refusals/null::") for line in outcome.output.splitlines())
    assert summary.read_text() == (tmp_path / "report.md").read_text()


def test_no_secret_is_shown_whatever_the_server_echoes(tmp_path: Path) -> None:
    for bug in ("token-in-refusal", "token-shown", "credentials-echoed"):
        with serve(bug) as server:
            outcome = conformance(tmp_path / bug, asdict(server), "--max-requests", "300", "--partial")
        assert outcome.code == 1
        written = outcome.output + outcome.errors
        for file in (tmp_path / bug).rglob("*.*"):
            written += file.read_text()
        for secret in (server.api_token, server.jwt):
            assert secret not in written
            assert not any(secret[start : start + 8] in written for start in range(len(secret) - 7))
        # A generated git token is forty mixed-case consonants. What is pasted makes one up, of these, and the report
        # tells the browser what its own script hashes to.
        written = re.sub(r"gHjKmNpQrStVwXyZ|sha256-[\w+/]+", "", written)
        assert json.dumps(outcome.results)
        consonants = "bcdfghjkmnpqrstvwxzBCDFGHJKMNPQRSTVWXZ"
        for start in range(len(written) - 8):
            part = written[start : start + 8]
            assert not (all(each in consonants for each in part) and part.lower() != part != part.upper()), part


def test_a_report_that_cannot_be_written_is_said_before_the_run(tmp_path: Path, server: dict[str, str]) -> None:
    (tmp_path / "file").touch()
    outcome = conformance(tmp_path / "file", server)
    assert outcome.code == 2 and outcome.output == ""
    assert outcome.errors == f"conformance: the report cannot be written to {tmp_path / 'file'}: File exists\n"


def test_a_reader_that_goes_away_does_not_end_the_run(tmp_path: Path) -> None:
    command = [str(ROOT / "scripts" / "conformance"), "--only", "edit/works", "--report", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
    assert check(tmp_path)["verdict"] == "held"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--max-requests", "x"), "--max-requests takes a whole number, such as 300; not 'x'"),
        (("--seed", "x"), "--seed takes a whole number, such as 7; not 'x'"),
        (("--rate", "0"), "--rate takes requests a second, such as 5/s; not '0'"),
        (("--timeout", "nan"), "--timeout takes seconds, more than 0 and less than 3600, such as 30; not 'nan'"),
        (("--duration", "1"), "--duration takes a number with s, m or h behind it, such as 10m or 8h; not '1'"),
        (("--shard", "3/2"), "--shard takes which of how many parts, such as 2/5; not '3/2'"),
        (("--level", "must"), "--level takes documented, http or expected; not 'must'"),
        (("--base-url",), "--base-url takes URL"),
        (("--ony", "x"), "unrecognized arguments: --ony x: did you mean --only?"),
    ],
)
def test_an_error_in_an_option_is_one_line(
    options: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["conformance", *options])
    with pytest.raises(SystemExit) as ended:
        parse()
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{CONFORMANCE}: error: {message}\n"


def test_a_value_that_an_option_cannot_use_is_said_with_its_name() -> None:
    for options, message in (
        (("--base-url", "localhost"), "--base-url: 'localhost' is not the address of a server"),
        (("--contract", "/none"), "--contract: /none: No such file"),
        (("--compare", "/none"), "--compare: /none: No such file"),
        (("--merge", "/none"), "--merge: /none/results.json: No such file"),
        (("--database", "other://x", "--only", "edit/works"), "--database takes a directory, github or a Redis server"),
    ):
        ended = warm.run("conformance", *options)
        assert (ended.returncode, ended.stderr[: len(message) + 13]) == (2, f"conformance: {message}")
