"""What is printed of a finding shows it again: on a server started anew with the fault, and on no other."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.bundled import ROOT, environment, mock
from conformance.contract.contract import Contract
from conformance.detection import attempt, attempt_inside, reproduce
from conformance.report.shell import Names, body, word
from tests.catalogue import FAULTS
from tests.leaks import leaks
from tests.spawned import spawned
from tests.suite import conformance

# Of everything, `scripts/detection --reproduce` tells; here, what takes each kind of step and judgement once.
SAMPLE = (
    "credentials/done-and-refused-delete",
    "strict/same-name-edit",
    "strict/upper-case-id-git-token",
    "meaning/empty-keeps-description",
    "meaning/wrong-token-last",
    "secrets/of-before",
    "secrets/where-parsing-ends-edit",
    "forged/jwt-a-key-of-its-own",
    "properties/names-gitTokenId",
    "conditions/tag-of-the-id",
    "at-once/creates-same-id",
    "secrets/shown-as-sha-256",
    "tenants/open-to-people",
    "http/allow-without-put",
    "resource/list-capped-2",
    "time/every-20-500",
    "time/stops-half-way-edit",
    "framing/left-over-401",
    "framing/first-packet-create",
    "resource/forgotten-workspace",
    "resource/clock-two-hours-ahead",
    "resource/id-given-again-last",
)
BODIES = (
    b"",
    b'{"a": "it\'s 100%, \\"quoted\\", $HOME `id` \\\\ and bang!"}',
    b"a\0b\x01\x7f\r\n\t\x1b[31m",
    "é漢😀\u202e\u200b\ud7ff".encode(),
    b"\xff\xfe\x80 not UTF-8",
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    json.dumps({f"m{number}": 0 for number in range(20_000)}).encode(),
    b'{"x": "' + b"a" * 1_100_000 + b'"}',
    ("é!" * 70_000).encode(),
)
SECRET, ID = "s3cret-' \"$x`", "0a1f4c52-3c5e-4b0e-9a57-5d0c4a8f6d1b"
NAMES = Names([(SECRET, "SECRET"), (ID, "ID")])


PIN = "zq7Yk2-vW9xT4-bR6nM1-hJ8"


def shell(text: str) -> bytes:
    given = {**os.environ, "SECRET": SECRET, "ID": ID}
    return subprocess.run(["sh", "-c", text], env=given, capture_output=True, check=True).stdout


@pytest.mark.parametrize("raw", BODIES, ids=lambda raw: repr(raw[:12]))
def test_a_shell_sends_every_byte_of_a_body(raw: bytes) -> None:
    for each in (raw, SECRET.encode() + raw + ID.upper().encode()):
        command = body(each, NAMES) if each else ":"
        assert shell(command) == each
        assert len(command) < 3000 and "!" not in command and SECRET not in command


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"{SECRET}x",
        f"x{SECRET}",
        SECRET[:-1],
        f"{SECRET[:-4]}abcd",
        f"abcdefgh{ID[8:]}",
        SECRET.swapcase(),
        f"/{ID}0/{ID.upper()}?a=$b!",
        f"Token {SECRET}, {SECRET}",
        "a\xe9b",
    ],
)
def test_a_changed_credential_is_an_expression_of_the_right_one(text: str) -> None:
    shown = word(NAMES.pieces(text))
    assert shell(f"printf %s {shown}").decode("latin-1") == text
    assert "!" not in shown and SECRET[:-4] not in shown


@pytest.mark.parametrize("name", SAMPLE)
def test_a_reproduction_shows_the_fault_and_nothing_else(name: str, tmp_path: Path) -> None:
    assert name in FAULTS
    assert spawned(attempt, name, 1, fail_fast=True, folder=tmp_path).clauses
    results = json.loads((tmp_path / "results.json").read_text())
    codes = spawned(reproduce, tmp_path, name)
    assert set(codes.values()) == {(1, 0)}, codes
    for finding in results["findings"]:
        assert (tmp_path / finding["file"]).read_text() == finding["script"]
        assert ("--only" in finding["again"]) is (name != "resource/forgotten-workspace")
        assert "\N{FULL BLOCK}" not in finding["script"] + finding["paste"]
        assert "!" not in finding["script"].partition("\n")[2] + finding["paste"]


@pytest.mark.parametrize(
    ("fault", "only", "shown"),
    [
        ("loose/not-mandatory-workspace-on-edit", "refusals/conditional", ("HTTP/1.1 200", '"type":"BITBUCKET"')),
        # A right server accepts what this one refuses, or does it twice.
        ("strict/choice-refused-GITHUB", "resource/create", ("HTTP/1.1 400",)),
        ("at-once/creates-same-id", "concurrency/creates", ("HTTP/1.1 201",)),
    ],
)
def test_pasted_lines_show_the_fault_and_leave_nothing(
    fault: str, only: str, shown: tuple[str, ...], tmp_path: Path
) -> None:
    spawned(attempt, fault, 1, fail_fast=True, only=[only], folder=tmp_path)
    found = json.loads((tmp_path / "results.json").read_text())["findings"]
    # A text with a backslash is printed as it came.
    paste = found[0]["paste"].replace('"name": "', '"name": "\\\\\\\\ ', 1)
    command = f'before=$(curl -s {_LIST}); {paste}; [ "$before" = "$(curl -s {_LIST})" ]'
    for name in (fault, ""):
        with mock(*(("--fault", name) if name else ())) as server:
            given = {**os.environ, **environment(server)}
            pasted = subprocess.run(["sh", "-c", command], env=given, capture_output=True, text=True, check=not name)
        assert not name or all(each in pasted.stdout for each in shown), pasted.stdout


def test_items_with_short_ids_are_those_that_a_reproduction_has_made(tmp_path: Path) -> None:
    # On another server, somebody else's may be called so.
    contract, name = Contract.load(ROOT / "tests" / "fragments" / "job.yaml"), "loose/null-title"
    spawned(attempt_inside, name, 1, fail_fast=True, folder=tmp_path, only=["refusals/null"], contract=contract)
    assert set(spawned(reproduce, tmp_path, name, contract).values()) == {(1, 0)}
    [finding] = json.loads((tmp_path / "results.json").read_text())["findings"]
    for shown in (finding["script"], finding["paste"]):
        assert '"$items/$ID"' in shown or '"$items/${ID}"' in shown
        assert not re.search(r"items/\w", shown)


# Kills the script when it is about to create something.
_KILLS = """\
#!/bin/sh
case " $* " in *" --request POST "*) kill -TERM "$(cat "$SCRIPT")" ;; esac
exec "$CURL" "$@"
"""


def test_a_reproduction_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    spawned(attempt_inside, "loose/null-name", 1, fail_fast=True, only=["refusals/null"], folder=tmp_path)
    (tmp_path / "curl").write_text(_KILLS)
    (tmp_path / "curl").chmod(0o755)
    command = f'list() {{ "$CURL" -s {_LIST}; }}; before=$(list); PATH=$FAKE:$PATH sh -c "$1"; code=$?; ' + (
        '[ "$before" = "$(list)" ]; echo "$code, equal: $?"'
    )
    script = f'echo $$ > "$SCRIPT"; exec sh {shlex.quote(str(tmp_path / "findings" / "refusals-null.sh"))}'
    with mock() as server:
        given = {**os.environ, **environment(server), "CURL": str(shutil.which("curl")), "FAKE": str(tmp_path)}
        given |= {"SCRIPT": str(tmp_path / "pid")}
        run = subprocess.run(["sh", "-c", command, "sh", script], env=given, capture_output=True, text=True, check=True)
    assert run.stdout.endswith("2, equal: 0\n"), run.stdout


_LIST = (
    "--noproxy '*' --header \"Authorization: Token $QOVERY_API_TOKEN\" "
    '"$QOVERY_BASE_URL/organization/$QOVERY_ORGANIZATION_ID/gitToken"'
)


def test_a_reproduction_without_a_server_cannot_tell_and_says_why(tmp_path: Path) -> None:
    spawned(attempt, "loose/null-token", 1, fail_fast=True, folder=tmp_path)
    script = tmp_path / "findings" / "refusals-null.sh"
    given = {"PATH": os.environ["PATH"]}
    unset = subprocess.run([script], env=given, capture_output=True, text=True, check=False)
    assert (unset.returncode, unset.stdout) == (2, "set QOVERY_BASE_URL\n")
    given |= {"QOVERY_BASE_URL": "http://127.0.0.1:9", "QOVERY_API_TOKEN": "x" * 9, "QOVERY_ORGANIZATION_ID": ID}
    silent = subprocess.run([script], env=given, capture_output=True, text=True, check=False)
    assert silent.returncode == 2 and "nothing could be created" in silent.stdout


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        (
            "loose/null-name",
            ("--only", "refusals", "--max-requests", "500", "--rate", "400/s", "--pin", f"token={PIN}"),
        ),
        ("credentials/none-needed-list", ("--read-only", "--only", "authentication", "--timeout", "3")),
        (
            "loose/null-name",
            ("--live", "--workers", "2", "--only", "refusals", "--level", "documented", "--max-wait", "5"),
        ),
    ],
    ids=["pinned", "read-only", "workers"],
)
def test_run_it_again_finds_the_same(fault: str, options: tuple[str, ...], tmp_path: Path) -> None:
    with mock("--fault", fault) as server:
        first = conformance(tmp_path / "first", server, *options)
        [finding] = first.results["findings"]
        program, *words = shlex.split(finding["again"])
        again = conformance(tmp_path / "again", {**server, "base_url": ""}, *words, GIT_TOKEN=PIN)
    assert program == "scripts/conformance"
    assert [(each["clause"], each["message"]) for each in again.results["findings"]] == [
        (finding["clause"], finding["message"])
    ]
    assert again.results["max_requests"] == first.results["max_requests"]
    assert not leaks(finding["again"] + finding["script"] + finding["paste"], [PIN])
    # In every place in which it is printed.
    assert f"Run it again: {finding['again']}\n" in first.output
    assert f"Run it again: `{finding['again']}`\n" in (tmp_path / "first" / "report.md").read_text()
    for name in ("report.html", "junit.xml"):
        assert finding["again"] in html.unescape((tmp_path / "first" / name).read_text()), name


def test_a_clause_goes_on_after_its_first_broken_case(tmp_path: Path) -> None:
    trial = spawned(attempt, "loose/media-type-any", 1, fail_fast=False, folder=tmp_path, max_requests=600)
    # What was accepted by mistake is found once, and what it has changed is no finding of its own.
    assert trial.clauses == ("refusals/media-type",)
    [finding] = json.loads((tmp_path / "results.json").read_text())["findings"]
    assert finding["message"].startswith("editGitToken with the media type text/plain")
    assert finding["cases"] and all("Token with the media type " in case for case in finding["cases"])
    assert f"And {len(finding['cases'])} other case" in (tmp_path / "terminal.txt").read_text()


def test_cases_without_a_body_differ_in_their_path(tmp_path: Path) -> None:
    only = ["identifiers/unknown-item"]
    spawned(attempt_inside, "resource/unknown-400", 1, fail_fast=False, folder=tmp_path, only=only)
    [finding] = json.loads((tmp_path / "results.json").read_text())["findings"]
    assert any(": /organization/" in case for case in finding["cases"])
    assert len(set(finding["cases"])) == len(finding["cases"])
