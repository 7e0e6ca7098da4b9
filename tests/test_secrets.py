"""No secret is in anything that a run prints or writes, whatever form a server gives it."""

from __future__ import annotations

import base64
import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from conformance.bundled import ROOT, environment, mock
from conformance.run.secrets import Secrets
from tests import warm
from tests.leaks import ENCODINGS, PART, generated, leaking, leaks
from tests.relay import answer, listening, relay

# With characters that encodings make something else of.
PINNED = "ghp+Real/Secret=0\"1'2<3>4&5~6%zw17~89abcdef"
CREDENTIALS = "qov_4f6a1b7c9d2e8f3a5b6c"


def parts(secret: str) -> list[str]:
    return [secret[start : start + PART] for start in range(len(secret) - PART + 1)]


# The search itself.


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_search_finds_every_part_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    for part in parts(PINNED):
        shown = f"before {ENCODINGS[encoding](part)} after"
        assert leaks(shown, [PINNED]) and leaks(shown.upper(), [PINNED])
    folder = tmp_path / "deep" / "down"
    folder.mkdir(parents=True)
    (folder / "binary").write_bytes(b"\xff\x00" + ENCODINGS[encoding](PINNED).encode())
    (folder / "other").write_text("nothing of the kind")
    assert leaking(tmp_path, [CREDENTIALS, PINNED]).keys() == {"deep/down/binary"}


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_the_search_finds_base64_of_something_longer(before: str) -> None:
    for part in parts(PINNED):
        raw = f"{before}{part}~".encode()
        assert leaks(base64.standard_b64encode(raw).decode(), [PINNED])
        assert leaks(base64.urlsafe_b64encode(raw).decode(), [PINNED])


def test_the_search_finds_nothing_where_nothing_is() -> None:
    assert leaks(Path(__file__).with_name("suite.py").read_text() * 5, [CREDENTIALS, PINNED]) == set()
    assert leaks(f"{PINNED[:7]} {PINNED[7:14]}", [PINNED]) == set()


# What hides them.


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_part_is_hidden_in_every_encoding(encoding: str) -> None:
    secrets = Secrets({"QOVERY_API_TOKEN": CREDENTIALS}, "GIT_TOKEN")
    secrets.keep(PINNED, "GIT_TOKEN")
    every = [CREDENTIALS, PINNED, secrets.token(random.Random(1))]
    for secret in every:
        for shown in (secret, *parts(secret)):
            text = ENCODINGS[encoding](shown)
            assert leaks(text, every)
            for said in (text, text.upper(), json.dumps(text)):
                assert not leaks(secrets.redact(f"\u0130{said}.\n{said}"), every)


@pytest.mark.parametrize("sign", [" ", ".", " - ", "*", "\u2060", "\n"])
def test_a_secret_with_signs_between_its_characters_is_hidden(sign: str) -> None:
    secrets = Secrets({"QOVERY_API_TOKEN": CREDENTIALS}, "GIT_TOKEN")
    for secret in (CREDENTIALS, secrets.token(random.Random(1))):
        said = secrets.redact(f"cannot use {sign.join(secret)} here")
        assert len([each for each in secret if each in said.removeprefix("cannot use ").removesuffix(" here")]) < 6


@pytest.mark.parametrize("between", ["a", "7", "oE", "-i."])
@pytest.mark.parametrize("part", [slice(0, 24), slice(16, 40), slice(0, 40)], ids=["first", "last", "whole"])
def test_a_secret_with_letters_between_its_characters_is_hidden(between: str, part: slice) -> None:
    secrets = Secrets({}, "GIT_TOKEN")
    source = random.Random(3)
    for _ in range(20):
        secret = secrets.token(source)
        said = secrets.redact(f'{{"detail": "cannot use {between.join(secret[part])} here"}}')
        assert between.join(secret[part])[2:-2] not in said and said.count("\N{FULL BLOCK}") > len(secret[part])


def test_ordinary_texts_hold_no_secret_by_chance() -> None:
    source = random.Random(1)
    secrets = Secrets({"QOVERY_API_TOKEN": CREDENTIALS}, "GIT_TOKEN")
    for _ in range(20):
        secrets.token(source)
    every = base64.b64encode(source.randbytes(8000)).decode()
    for text in ((ROOT / "README.md").read_text(), Path(__file__).read_text(), every, source.randbytes(2000).hex()):
        assert secrets.redact(text).count("\N{FULL BLOCK}") == 0


@pytest.mark.parametrize("length", [6, 7])
def test_the_end_of_a_masked_secret_is_hidden(length: int) -> None:
    end = CREDENTIALS[-length:]
    assert end not in Secrets({"QOVERY_API_TOKEN": CREDENTIALS}, "GIT_TOKEN").redact(f"the token ***{end} is not valid")
    word = Secrets({"QOVERY_API_TOKEN": "0123-secret"}, "GIT_TOKEN").redact("a secret")
    assert word == "a secret"


@pytest.mark.parametrize("unit", ["a", "0", "0x", "\\1", "ab ", "1,"])
def test_what_only_begins_like_numbers_takes_no_time(unit: str) -> None:
    text = unit * 3000 + "g"
    assert Secrets({"QOVERY_JWT": CREDENTIALS}, "GIT_TOKEN").redact(text) == text


def test_what_is_no_secret_is_shown() -> None:
    text = 'HTTP 400 {"message": "na\\u00efve \\"name\\" %41 &amp; \\\\ İstanbul"} \x00 ' + PINNED[:7]
    assert Secrets({"QOVERY_JWT": CREDENTIALS, "REAL": PINNED}, "GIT_TOKEN").redact(text) == text


# Whole runs, as their users start them.


# Bodies in which this is found are refused, and quoted; escapes are in those that Hypothesis generates.
REFUSED = {"every body": rb"{", "escapes": rb"(?<!\\)\\u"}


@dataclass
class Witness:
    """What a mock with a fault knows of a run: where it is reached, and every git token's value that it was sent."""

    server: dict[str, str]
    values: set[str]


@pytest.fixture
def witness(request: pytest.FixtureRequest) -> Iterator[Witness]:
    def handle(exchange: BaseHTTPRequestHandler) -> None:
        body: bytes = exchange.body  # type: ignore[attr-defined]
        found.values.update(generated(body))
        if refused and re.search(refused, body):
            # The server cannot be used for what it says.
            said = [ENCODINGS[each](PINNED) for each in ENCODINGS]
            message = json.dumps({"message": f"{said} {exchange.headers['Authorization']} {body.decode('latin-1')}"})
            answer(exchange, 400, message.encode(), f"X-Sent: {ENCODINGS['percent'](PINNED)}")
        else:
            relay(server["base_url"], exchange)

    refused: bytes | None = REFUSED.get(request.param)
    options = [] if request.param in REFUSED else ["--fault", request.param]
    with mock(*options) as server, listening(handle) as url:
        found = Witness(server | {"base_url": url}, {server["api_token"], server["jwt"], server["secret"], PINNED})
        yield found


def run(witness: Witness, folder: Path, *options: str) -> int:
    """Runs the suite in `folder`, in what takes itself for a step of a workflow; what it prints goes to a file."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QOVERY_")}
    variables = {
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHONPATH": str(ROOT),
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "REAL": PINNED,
    }
    used = inherited | environment(witness.server) | variables
    ended = warm.run("conformance", "--report", "report", *options, folder=folder, environment=used)
    (folder / "printed.txt").write_text(ended.stdout + ended.stderr)
    return ended.returncode


PIN = ("--pin", "token=env:REAL")
FEW = ("--max-requests", "300", "--partial")
# So that Hypothesis comes upon an escape, whatever the seed.
MANY = ("--max-requests", "4500")


@pytest.mark.parametrize(
    ("witness", "options"),
    [
        ("every body", (*PIN, *FEW)),
        ("escapes", (*PIN, *MANY, "--only", "fuzzing/edit", "--only", "secrets")),
        ("secrets/shown-list", FEW),
        ("secrets/shown-as-base64", (*PIN, *FEW)),
        ("secrets/in-error-400", (*PIN, *FEW)),
        ("secrets/credentials-echoed-200-header", FEW),
    ],
    indirect=["witness"],
)
def test_no_run_leaks(witness: Witness, options: tuple[str, ...], tmp_path: Path) -> None:
    assert run(witness, tmp_path, *options) == 1
    # Hypothesis keeps files besides, where a generated example fails.
    assert {path.name for path in tmp_path.iterdir()} >= {"report", "summary.md", "printed.txt"}
    assert leaking(tmp_path, witness.values) == {}
