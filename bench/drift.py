"""The comparison of two documents beside openapi-diff, and how it grows with them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.documents import SIZES, growth, write
from bench.measure import ROOT, Comparison, run, timed

PEER = str(ROOT / "bench" / "peers" / "node_modules" / ".bin" / "openapi-diff")
# Like scripts/drift, on two files; exit code 1 says that there are differences, as openapi-diff's does.
PROGRAM = """
import sys
from drift.compare import compare
from drift.operations import operations
from drift.upstream import read
found = compare(*(operations(read(path), path) for path in sys.argv[1:]))
sys.exit(1 if found else 0)
"""


def comparisons(full: bool) -> Iterator[Comparison]:  # noqa: ARG001
    with tempfile.TemporaryDirectory() as folder:
        files = {
            size: [write(Path(folder), size, openapi="3.0.3", changed=changed) for changed in (False, True)]
            for size in SIZES
        }

        def measure(command: list[str], size: int) -> float:
            return timed(partial(run, [*command, *files[size]], code=1))()

        ours, theirs = (partial(measure, command) for command in ([sys.executable, "-c", PROGRAM], [PEER]))
        # openapi-diff runs out of memory with more.
        yield from growth("drift", "openapi-diff", ours, theirs, most=100, target=10)
