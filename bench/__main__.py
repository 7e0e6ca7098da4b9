"""`python -m bench`: measures, prints ratios, and writes results.md if everything is measured."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench import client, drift, generate, mock, suite
from bench.measure import HEADER

HERE = Path(__file__).parent
BENCHES = {each.__name__.rpartition(".")[2]: each.comparisons for each in (suite, mock, client, generate, drift)}


def main() -> int:
    parser = argparse.ArgumentParser("scripts/bench", description="Measures what this project makes beside its peers.")
    parser.add_argument("what", nargs="?", default="all", choices=[*BENCHES, "all"])
    parser.add_argument("--full", action="store_true", help="the suite on every fault: takes hours")
    options = parser.parse_args()
    rows = []
    for name in BENCHES if options.what == "all" else [options.what]:
        for comparison in BENCHES[name](options.full):
            print(comparison, flush=True)
            rows.append(comparison.row())
    if options.what == "all":
        text = "\n".join([introduction(), "", HEADER, *rows, ""])
        (HERE / "results.md").write_text(text, encoding="utf-8")
    return 0


def introduction() -> str:
    """What the figures are, and where and when they were measured."""
    return f"""\
# Measured

Written by `scripts/bench all`. Each row compares two things that took turns in one run on one machine: medians, with
the quartiles in parentheses. The ratio is ours to theirs, the median of the turns' ratios.

{datetime.now(UTC).date()}, {machine()}.

{versions()}."""


def machine() -> str:
    """Processor, cores and memory."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{model or platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()}"


def versions() -> str:
    """What took part."""
    packages = ("httpx", "httptools", "uvicorn", "schemathesis", "openapi-python-client")
    peers = json.loads((HERE / "peers" / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip("v\n")
    # Its exit code is 1 all the same.
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout
    wrk = re.search(r"\d+(\.\d+)+", said)
    known = {
        "Python": platform.python_version(),
        **{name: version(name) for name in packages},
        "Node": node,
        "wrk": wrk[0] if wrk else "of some version",
        **peers,
    }
    return ", ".join(f"{name} {number}" for name, number in known.items())


if __name__ == "__main__":
    sys.exit(main())
