"""The mock as a process of its own, for tests from the outside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


@contextmanager
def mock() -> Iterator[dict[str, str]]:
    """Runs the mock on a free port; gives its address, credentials and ids by the names of World, and `base_url`."""
    command = [sys.executable, "-m", "conformance.mock", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            address: dict[str, str] = json.loads(process.stdout.readline())
            yield address
        finally:
            process.terminate()
