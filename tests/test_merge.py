"""One report of many runs: `scripts/conformance --merge`."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from conformance.bundled import mock
from conformance.contract.contract import Contract
from conformance.report.merge import load, merge
from conformance.report.results import report
from conformance.runner.choice import clauses
from conformance.target.stops import CannotRun
from tests import hostile, reports, warm
from tests.leaks import leaking
from tests.suite import Outcome, conformance

# What the chapter on fuzzing leaves out depends on what that on refusals has sent.
PART = {"refusals", "values", "sequences", "fuzzing"}
Results = dict[str, Any]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Outcome]]:
    """A whole run against a server with a fault, and two that are it in parts; tenants are tried in none of them."""
    every = {clause.id.split("/")[0] for clause in clauses(Contract.load().resource)}
    parts = {"whole": every, "one": PART, "two": every - PART}
    found = {}
    with mock("--fault", "credentials/none-needed-services") as server:
        own = server | {"foreign_organization_id": "", "foreign_git_token_id": ""}
        for name, groups in parts.items():
            folder = tmp_path_factory.mktemp(name)
            options = [each for group in sorted(groups) for each in ("--only", group)]
            outcome = conformance(folder, own, "--seed", "7", *options)
            assert outcome.code == (0 if name == "one" else 1), outcome.errors
            found[name] = folder, outcome
    return found


def merged(*options: object) -> subprocess.CompletedProcess[str]:
    return warm.run("conformance", "--merge", *options)


def states(results: Results) -> dict[str, str]:
    return {clause["id"]: clause["state"] for clause in results["clauses"]}


def test_two_parts_of_a_run_make_the_whole(runs: dict[str, tuple[Path, Outcome]], tmp_path: Path) -> None:
    whole = runs["whole"][1].results
    parts = [runs[name][1].results for name in ("one", "two")]
    process = merged(runs["one"][0], runs["two"][0], "--report", tmp_path)
    assert process.returncode == 1, process.stderr
    results = reports.check(tmp_path)
    assert states(results) == states(whole)
    assert set(states(whole).values()) == {"held", "broken", "not exercised"}
    assert all(states(part) != states(whole) for part in parts)
    assert [finding["clause"] for finding in results["findings"]] == ["authentication/required"]
    assert results["requests"] == sum(part["requests"] for part in parts)
    assert results["seed"] == 7
    # As a run, it is printed chapter by chapter, with the finding and the totals.
    chapters = {clause["id"].split("/")[0] for clause in results["clauses"]}
    assert all(re.search(rf"^[✓✗-] {chapter}\b", process.stdout, re.MULTILINE) for chapter in chapters)
    assert "api --include" in process.stdout and "1 broken" in process.stdout.splitlines()[-1]


def test_the_pictures_are_those_of_all(runs: dict[str, tuple[Path, Outcome]]) -> None:
    parts = [runs[name][1].results for name in ("one", "two")]
    results = merge(parts)

    def sent(results: Results) -> Counter[tuple[str, ...]]:
        count: Counter[tuple[str, ...]] = Counter()
        for field, kinds in results["coverage"]["fields"].items():
            for kind, statuses in kinds.items():
                count.update({("field", field, kind, status): number for status, number in statuses.items()})
        for operation in results["coverage"]["operations"]:
            for name in ("documented", "undocumented"):
                statuses = operation[name]
                count.update({(name, str(operation["operation"]), each): statuses[each] for each in statuses})
        return +count

    assert sent(results) == sent(parts[0]) + sent(parts[1])
    assert len(results["timeline"]) == sum(len(part["timeline"]) for part in parts) <= 2000
    times = [entry["at"] for entry in results["timeline"]]
    assert times == sorted(times)
    assert len(merge([results] * 3)["timeline"]) <= 2000


def test_what_was_merged_can_be_merged_again(runs: dict[str, tuple[Path, Outcome]]) -> None:
    one, two, whole = (runs[name][1].results for name in ("one", "two", "whole"))
    again, at_once = merge([merge([one, two]), whole]), merge([one, two, whole])
    assert again == at_once
    assert len(again["merged"]) == 3


@pytest.fixture(scope="module")
def hostile_results() -> Results:
    run = hostile.run()
    return report(run, run.target.base_url, 3.25, 1)


@pytest.fixture
def results(hostile_results: Results) -> Results:
    """Of a run with hostile findings, and clauses in every state."""
    return deepcopy(hostile_results)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("held", "not exercised", "held"),
        ("not exercised", "not exercised", "not exercised"),
        ("broken", "held", "broken"),
        ("not exercised", "broken", "broken"),
        ("held", "held", "held"),
    ],
)
def test_what_counts_of_two_states(results: Results, one: str, other: str, both: str) -> None:
    def but(state: str, requests: int) -> Results:
        changed = deepcopy(results)
        [clause] = [each for each in changed["clauses"] if each["id"] == "values/text"]
        clause |= {"state": state, "reason": state if state == "not exercised" else "", "requests": requests}
        changed["findings"] = [each for each in changed["findings"] if each["clause"] != "values/text"]
        if state == "broken":
            changed["findings"] += [each for each in results["findings"] if each["clause"] == "values/text"]
        return changed

    whole = merge([but(one, 3), but(other, 4)])
    [clause] = [each for each in whole["clauses"] if each["id"] == "values/text"]
    assert clause["state"] == both
    assert clause["reason"] == ("not exercised" if both == "not exercised" else "")
    assert clause["requests"] == 7
    assert [each["clause"] for each in whole["findings"]].count("values/text") == (both == "broken")
    assert len(whole["findings"]) == len({each["clause"] for each in whole["findings"]})


def test_servers_and_seeds_of_each_are_shown(results: Results, tmp_path: Path) -> None:
    for seed in (8, 9):
        written(tmp_path / str(seed), results | {"seed": seed, "server": f"server {seed}"})
    process = merged(tmp_path / "8", tmp_path / "9", "--report", tmp_path / "all")
    both = reports.check(tmp_path / "all")
    assert (both["seed"], both["server"]) == (None, "server 8, server 9")
    assert process.stdout.rstrip().endswith("; 2 runs")
    for name in ("report.html", "report.md"):
        text = (tmp_path / "all" / name).read_text()
        assert all(f"server {seed}: broken" in text and f"seed {seed}" in text for seed in (8, 9)), name
        assert "None" not in text


@pytest.mark.parametrize(
    ("verdicts", "verdict", "code"),
    [
        (("held", "held"), "held", 0),
        (("held", "incomplete"), "incomplete", 2),
        (("not exercised", "not exercised"), "not exercised", 0),
    ],
)
def test_a_part_that_was_interrupted_is_said(
    results: Results, verdicts: tuple[str, str], verdict: str, code: int, tmp_path: Path
) -> None:
    results["findings"] = []
    for clause in results["clauses"]:
        clause |= (
            {"state": "held", "reason": ""} if "held" in verdicts else {"state": "not exercised", "reason": "not run"}
        )
    for number, each in enumerate(verdicts):
        written(tmp_path / str(number), results | {"verdict": each})
    process = merged(tmp_path / "0", tmp_path / "1", "--report", tmp_path / "all")
    assert process.returncode == code, process.stderr
    assert reports.check(tmp_path / "all")["verdict"] == verdict
    assert ("has not come to its end" in process.stderr) == (code == 2)


def test_a_hostile_server_shows_no_secret_in_it_and_is_not_obeyed(results: Results, tmp_path: Path) -> None:
    for name in "12":
        written(tmp_path / name, results)
    process = merged(tmp_path / "1", tmp_path / "2", "--report", tmp_path / "all")
    assert process.returncode == 1
    assert not leaking(tmp_path / "all", [hostile.CREDENTIALS])
    assert all(each == "\n" or each.isprintable() for each in process.stdout)
    assert reports.check(tmp_path / "all")["server"] == results["server"]


def written(folder: Path, results: object) -> Path:
    folder.mkdir()
    (folder / "results.json").write_text(results if isinstance(results, str) else json.dumps(results))
    return folder


WRONG: dict[str, tuple[Callable[[Results], object], str]] = {
    "no JSON": (lambda _: "{", "is not a results.json"),
    "deep": (lambda _: "[" * 100_000, "is not a results.json"),
    "a list": (lambda _: [], "is not a results.json"),
    "an older version": (lambda results: results | {"version": 1}, "is of version 1, and can be merged only where"),
    "a field too many": (lambda results: results | {"more": 1}, "is not a results.json"),
    "no time": (lambda results: results | {"started": "once"}, "is not a results.json"),
    "no finding": (lambda results: results | {"findings": []}, "is not a results.json"),
    "a clause twice": (lambda results: results | {"clauses": results["clauses"] * 2}, "is not a results.json"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_merged_is_said(
    results: Results, change: Callable[[Results], object], message: str, tmp_path: Path
) -> None:
    assert load(written(tmp_path / "right", results)) == results
    with pytest.raises(CannotRun, match=message):
        load(written(tmp_path / "wrong", change(results)))


def test_what_is_missing_or_of_another_contract_is_said_in_a_line(results: Results, tmp_path: Path) -> None:
    one = written(tmp_path / "one", results)
    other = written(tmp_path / "other", results | {"contract": "99.0.0"})
    for folder, message in ((tmp_path / "none", "No such file"), (other, f"{results['contract']}, 99.0.0")):
        process = merged(one, folder)
        assert process.returncode == 2 and process.stdout == ""
        assert message in process.stderr and process.stderr.count("\n") == 1
