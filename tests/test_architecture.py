"""The house is as ARCHITECTURE.md draws it: no arrow leads back up, no class has several concerns, no file is long."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from conformance.bundled import ROOT

# What each room may import of the others.
ARROWS = {
    "contract": set(),
    "target": {"contract"},
    "run": {"contract", "target"},
    "suite": {"contract", "target", "run"},
    "runner": {"contract", "target", "run", "suite"},
    "report": {"contract", "target", "run"},
    "mock": {"contract"},
}
# What any of them may.
SMALL = {"commands", "printing"}
METHODS, LINES, FILE = 25, 300, 600


@cache
def modules() -> dict[Path, str]:
    folders = ("conformance", "drift", "bench", "openapi/generator")
    return {path: path.read_text("utf-8") for folder in folders for path in (ROOT / folder).rglob("*.py")}


def imported(room: str) -> Iterator[tuple[Path, str]]:
    """The other rooms and modules of the suite that the modules of a room import."""
    house = ROOT / "conformance"
    for path, text in modules().items():
        if house / room not in path.parents:
            continue
        for each in ast.walk(ast.parse(text)):
            if isinstance(each, ast.ImportFrom) and each.level:
                folder = path.parents[each.level - 1]
                names = [each.module] if each.module else [alias.name for alias in each.names]
                for name in names:
                    parts = (folder / name.replace(".", "/")).relative_to(house).parts
                    yield path, parts[0]
            elif isinstance(each, ast.ImportFrom):
                assert not (each.module or "").startswith("conformance"), path


@pytest.mark.parametrize("room", ARROWS)
def test_no_arrow_leads_back_up(room: str) -> None:
    found = list(imported(room))
    assert found or room == "contract"
    assert {(path, other) for path, other in found if other not in {room, *ARROWS[room], *SMALL}} == set()


def test_a_class_has_one_concern_and_a_file_can_be_read() -> None:
    for path, text in modules().items():
        assert text.count("\n") <= FILE, path
        for each in ast.walk(ast.parse(text)):
            if isinstance(each, ast.ClassDef):
                methods = [part for part in each.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
                assert len(methods) <= METHODS, (path, each.name)
                assert (each.end_lineno or 0) - each.lineno < LINES, (path, each.name)
