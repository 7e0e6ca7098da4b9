"""A contract or an upstream document that is too deep, or too large, is refused in one line."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from conformance.bundled import ROOT
from conformance.contract.document import NODES, ContractError, check_size, read
from drift.document import DocumentError, parse

_NAMES = "abcdefghi"
TEXTS = {
    "brackets": "[" * 50_000 + "]" * 50_000,
    "open brackets": "[ " * 50_000,
    "objects": '{"a": ' * 50_000 + "1" + "}" * 50_000,
    "dashes": "- " * 5_000 + "x",
    "aliases": "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n"
    + "".join(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in pairwise(_NAMES)),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_beyond_the_bounds_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(TEXTS[name])
    with pytest.raises(ContractError) as contract:
        read(path)
    with pytest.raises(DocumentError) as upstream:
        parse(TEXTS[name].encode(), str(path))
    said = [str(each.value) for each in (contract, upstream)]
    assert len(set(said)) == 1 and "\n" not in said[0]
    assert "nested deeper" in said[0] or f"more than {NODES:,} nodes" in said[0]


def test_what_is_within_the_bounds_passes() -> None:
    check_size("[" * 99 + "]" * 99, "x")
    check_size("a: &a [1, 2]\nb: [*a, *a]\n", "x")


def test_the_generator_refuses_it_too(tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(TEXTS["brackets"])
    generate = [str(ROOT / "scripts" / "generate"), "--check", "--contract", str(path)]
    ended = subprocess.run(generate, capture_output=True, text=True, check=False)
    assert ended.returncode not in (0, -11, 139)
    assert ended.stderr.count("\n") == 1 and "nested deeper" in ended.stderr
