"""The generation of the client beside openapi-python-client, with which it is made, and how it grows."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.documents import SIZES, growth, write
from bench.measure import ROOT, Comparison, interleave, run, timed

PEER = str(Path(sys.executable).with_name("openapi-python-client"))
CONTRACT = str(ROOT / "openapi" / "git-token.yaml")
TURNS = 7
# scripts/generate on a document of any size: the operations that it refuses because the mock does not know them are
# what is to be measured.
PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, "openapi/generator")
import generate
generate.unsupported = lambda _: ()
generate.generate(generate.Document(Path(sys.argv[1])), Path(sys.argv[2], "client"))
"""


def comparisons(full: bool) -> Iterator[Comparison]:  # noqa: ARG001
    command = timed(partial(run, [sys.executable, "openapi/generator/generate.py", "--check"]))
    pairs = interleave(command, partial(theirs, CONTRACT), TURNS)
    yield Comparison("generate: the contract", "s", "openapi-python-client", pairs)
    with tempfile.TemporaryDirectory() as folder:
        files = {size: write(Path(folder), size, openapi="3.1.0") for size in SIZES}
        yield from growth(
            "generate", "openapi-python-client", lambda size: ours(files[size]), lambda size: theirs(files[size])
        )


def ours(document: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return timed(partial(run, [sys.executable, "-c", PROGRAM, document, folder]))()


def theirs(document: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        options = ["--path", document, "--meta", "none", "--output-path", str(Path(folder, "client"))]
        return timed(partial(run, [PEER, "generate", *options]))()
