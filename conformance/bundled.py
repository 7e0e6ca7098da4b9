"""The bundled mock, as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .contract.contract import Contract
from .contract.resource import Resource
from .target.stops import CannotRun

ROOT = Path(__file__).parent.parent


def environment(address: Mapping[str, str], resource: Resource | None = None) -> dict[str, str]:
    """The variables by which the suite and the client find a server, of what `mock` gives; of git tokens by default."""
    prefix = (resource or Contract.load().resource).prefix
    return {f"{prefix}_{name.upper()}": value for name, value in address.items() if value and name != "secret"}


@contextmanager
def mock(*options: str) -> Iterator[dict[str, str]]:
    """Runs the mock on a free port, with more options; gives its address, credentials and ids.

    They are called as in World, and `base_url`. Raises CannotRun if the mock does not start.
    """
    command = [sys.executable, "-m", f"{__package__}.mock", "--port", "0", "--json", "--until-eof", *options]
    # Ctrl-C must not end the mock before the run has cleaned up; however this process ends, the pipe ends with it.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise CannotRun("the bundled mock does not start")
        yield json.loads(line)
