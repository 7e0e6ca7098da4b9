"""Checks a change in about ten seconds: format, lint, types, generation, and the tests that concern what has changed.

A test concerns a file if the test's module imports it, or is called like it or its folder, or if the test's parameter
names its family or its clauses. In the time that there is, as many of these tests run as possible, some of each kind:
`scripts/test` runs all.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
BIN = Path(sys.executable).parent
# What the client, or what is said of it, is made from.
GENERATED = ("openapi/", "generated/", "drift/")
# Those that try every fault and variant of a catalogue, or the suite on each.
CATALOGUES = ("test_catalogue", "test_detection")
CHAPTERS = "conformance/suite/"
CHANGES = ("conformance/mock/faults/", "conformance/mock/variants/")


def main() -> int:
    parser = argparse.ArgumentParser("scripts/check", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help="what has changed; else what git says since HEAD")
    parser.add_argument("--seconds", type=float, default=8, help="how long tests may take (default: %(default)g)")
    options = parser.parse_args()
    files = [str(Path(file).resolve().relative_to(ROOT)) for file in options.files] or changed()
    files = [file for file in files if (ROOT / file).exists()]
    if not files:
        print("scripts/check: nothing has changed since HEAD: name files")
        return 2
    start = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        linted = pool.submit(lambda: [run(*command) for command in commands(files)])
        tested = test(files, options.seconds)
        passed = all(linted.result())
    print(f"{len(files)} files checked in {time.monotonic() - start:.0f} s; scripts/test runs everything")
    return int(not passed or tested)


def changed() -> list[str]:
    """The files that differ from HEAD, new ones included."""
    command = ["git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=all", "--no-renames", "-z"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [entry[3:] for entry in listed.split("\0") if entry]


def commands(files: list[str]) -> Iterator[list[str]]:
    """What checks them without running them."""
    python = [file for file in files if file.endswith(".py") and not file.startswith("generated/")]
    if python:
        yield [str(BIN / "ruff"), "check", "--quiet", *python]
        yield [str(BIN / "ruff"), "format", "--quiet", "--check", *python]
        yield [str(BIN / "mypy"), "--no-error-summary"]
    if any(file.startswith(GENERATED) for file in files):
        yield [str(ROOT / "scripts" / "generate"), "--check"]


def run(*command: str) -> bool:
    """Whether a command succeeds; prints what it says if it does not."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        print(f"\n{Path(command[0]).name}:\n{done.stdout}", flush=True)
    return not done.returncode


def test(files: list[str], seconds: float) -> int:
    """Runs the tests about these files for so long; gives pytest's exit code, 0 if there are none."""
    modules = sorted(set(concerned(files)))
    if not modules:
        print("no test is about this by import or name")
        return 0
    options = [
        "-q",
        "-n0",
        "--no-header",
        "-pno:cacheprovider",
        f"--rootdir={ROOT}",
        "-c",
        str(ROOT / "pyproject.toml"),
    ]
    code = pytest.main([*options, *map(str, modules)], plugins=[Choice(files, seconds)])
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else int(code)


def concerned(files: Iterable[str]) -> Iterator[Path]:
    """The modules of tests about these files."""
    imports = {path: set(imported(path)) for path in sorted(TESTS.glob("test_*.py"))}
    for file in map(Path, files):
        module = ".".join(file.with_suffix("").parts)
        names = {file.stem, *file.parts[:-1], module.removesuffix(".__init__").rpartition(".")[2]} - {"tests"}
        for path, used in imports.items():
            words = path.stem.removeprefix("test_")
            by_name = path == ROOT / file or words in names or f"test_{file.stem}".startswith(f"{path.stem}_")
            if by_name or module in used or (path.stem in CATALOGUES and str(file).startswith((CHAPTERS, *CHANGES))):
                yield path


def imported(path: Path) -> Iterator[str]:
    """The modules that one imports by name; of a package, what is imported from it may be a module of it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def families(files: Iterable[str]) -> set[str]:
    """The groups of faults and variants that these files hold, or that these chapters of the suite are about."""
    # Not before pytest has prepared it.
    from tests.test_detection import ABOUT

    found: set[str] = set()
    for file in files:
        if file.startswith(CHAPTERS):
            found |= {group for group, chapters in ABOUT.items() if Path(file).stem in chapters}
        elif file.startswith(CHANGES):
            found |= set(re.findall(r'^@(?:fault|variant)\("(\w+)"', (ROOT / file).read_text(encoding="utf-8"), re.M))
    return found


class Choice:
    """A pytest plugin that runs some of every kind of test, one after the other, until the time is up."""

    def __init__(self, files: list[str], seconds: float) -> None:
        self.files = files
        self.end = time.monotonic() + seconds
        self.number = 0
        self.run = 0

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kinds: dict[str, list[pytest.Item]] = defaultdict(list)
        groups = families(self.files) if any(item.path.stem in CATALOGUES for item in items) else set()
        for item in items:
            module, name = item.path.stem, item.nodeid.partition("[")[2]
            if module not in CATALOGUES or not groups or name.partition("/")[0] in groups:
                kinds[item.nodeid.partition("[")[0]].append(item)
        rounds = itertools.zip_longest(*kinds.values())
        items[:] = [item for each in rounds for item in each if item]
        self.number = len(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self) -> bool | None:
        if self.run and time.monotonic() > self.end:
            return True
        self.run += 1
        return None

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(f"{self.run} of {self.number} tests about this, in the time that there was")


if __name__ == "__main__":
    sys.exit(main())
