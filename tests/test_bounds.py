"""A contract or an upstream document that is too deep, or too large, is refused in one line."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.bundled import ROOT
from conformance.contract.contract import Contract
from conformance.contract.document import BYTES, NODES, ContractError, check_size, parse, read
from drift.__main__ import main as drift

_NAMES = "abcdefghi"
TEXTS = {
    "brackets": "[" * 50_000 + "]" * 50_000,
    "open brackets": "[ " * 50_000,
    "objects": '{"a": ' * 50_000 + "1" + "}" * 50_000,
    "dashes": "- " * 5_000 + "x",
    "aliases": "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n"
    + "".join(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in pairwise(_NAMES)),
}
CONTRACT = ROOT / "openapi" / "git-token.yaml"
UPSTREAM = ROOT / "tests" / "upstream.yaml"
# Seconds of the processor, and bytes, that a command may have.
SECONDS, MEMORY = 30, 300 * 2**20


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_beyond_the_bounds_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(TEXTS[name])
    with pytest.raises(ContractError) as contract:
        read(path)
    assert "\n" not in str(contract.value)
    assert "nested deeper" in str(contract.value) or f"more than {NODES:,} nodes" in str(contract.value)


def test_what_is_within_the_bounds_passes() -> None:
    check_size("[" * 99 + "]" * 99, "x")
    check_size("a: &a [1, 2]\nb: [*a, *a]\n", "x")


def test_a_file_without_an_end_is_read_no_further_than_the_bound() -> None:
    with pytest.raises(ContractError, match=f"larger than {BYTES:,} bytes"):
        read(Path("/dev/zero"))


Edit = Callable[[dict[str, Any]], object]
REFUSED: dict[str, tuple[Edit, str]] = {
    "5,000 fields": (
        lambda s: s["GitTokenRequest"]["properties"].update(
            {f"p{number}": {"type": "string"} for number in range(5000)}
        ),
        "more than 500 fields",
    ),
    "references to nine times nine": (
        lambda s: s.update(
            {
                "GitProvider": {"$ref": "#/components/schemas/R0"},
                **{
                    f"R{step}": {
                        "properties": {f"p{n}": {"$ref": f"#/components/schemas/R{step + 1}"} for n in range(9)}
                    }
                    for step in range(9)
                },
                "R9": {"type": "string"},
            }
        ),
        f"more than {NODES:,} nodes",
    ),
    "a text of a billion": (
        lambda s: s["GitTokenRequest"]["properties"]["name"].update(maxLength=10**9),
        "name, maxLength: larger than 100,000",
    ),
    "lists of a billion": (
        lambda s: s["GitTokenRequest"]["properties"].update(
            tags={"type": "array", "items": {"type": "string"}, "x-must-accept": {"maxItems": 10**9}}
        ),
        "tags, x-must-accept, maxItems: larger than 1,000",
    ),
}


def edited(source: Path, folder: Path, edit: Callable[[dict[str, Any]], object]) -> Path:
    """A copy of a document whose schemas are changed."""
    document = yaml.safe_load(source.read_text())
    edit(document["components"]["schemas"])
    path = folder / source.name
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.mark.parametrize("name", REFUSED)
def test_a_contract_that_asks_for_too_much_is_refused(name: str, tmp_path: Path) -> None:
    edit, reason = REFUSED[name]
    path = edited(CONTRACT, tmp_path, edit)
    with pytest.raises(ContractError) as error:
        Contract.load(path)
    assert reason in str(error.value) and "\n" not in str(error.value)


def test_no_operations_are_an_error_that_says_so() -> None:
    document = parse(b"openapi: 3.1.0\ninfo: {title: a, version: 1.0.0}\npaths: {}\n", "contract.yaml")
    with pytest.raises(ContractError, match="there are no operations"):
        _ = Contract(document).resource


def many(schemas: dict[str, Any]) -> None:
    schemas["Request"]["properties"].update({f"p{n}": {"type": "string", "maxLength": n} for n in range(5000)})


def branches(schemas: dict[str, Any]) -> None:
    schemas["Request"]["properties"]["name"]["oneOf"] = [
        {"oneOf": [{"type": "string", "minLength": n, "maxLength": n + m} for m in range(30)]} for n in range(30)
    ]


def pattern(schemas: dict[str, Any]) -> None:
    schemas["Request"]["properties"]["name"]["pattern"] = "^(a+)+$"


def upstream(folder: Path, edit: Callable[[dict[str, Any]], None]) -> str:
    return str(edited(UPSTREAM, folder, edit))


@pytest.mark.parametrize(
    ("edit", "code", "said"),
    [
        (branches, 2, "the documents differ in too much, or in schemas that are too large, to be compared"),
        (pattern, 1, ""),
    ],
)
def test_a_comparison_is_bounded_in_work(
    edit: Callable[[dict[str, Any]], None], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift(["--upstream", upstream(tmp_path, edit)]) == code
    errors = capsys.readouterr().err
    assert said in errors and errors.count("\n") == (code == 2)


def test_a_comparison_is_bounded_in_memory(tmp_path: Path) -> None:
    ended = bounded("-m", "drift", "--upstream", upstream(tmp_path, many))
    assert ended.returncode == 2, ended.stderr
    assert "has more than 5,000 parts, which cannot be compared" in ended.stderr and ended.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["brackets", "references to nine times nine"])
def test_the_generator_refuses_it_too(name: str, tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    if name in TEXTS:
        path.write_text(TEXTS[name])
    else:
        document = yaml.safe_load(CONTRACT.read_text())
        REFUSED[name][0](document["components"]["schemas"])
        path.write_text(yaml.safe_dump(document))
    ended = bounded("openapi/generator/generate.py", "--check", "--contract", str(path), "--output", str(tmp_path))
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert any(said in ended.stderr for said in ("nested deeper", "has more than"))


def bounded(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python with little time and memory: beyond them it is killed, or ends in a traceback."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        # Addresses, of which libraries take some that they never use.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY * 3, MEMORY * 3))

    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, preexec_fn=limit
    )
