"""Runs a command while a server that others have written serves on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Seconds for a server to start in.
PATIENCE = 120


def main(serve: Callable[[Path], contextlib.AbstractContextManager[dict[str, str]]]) -> int:
    """Runs the command of the arguments with the variables that `serve`, given an empty folder, says."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as variables:
        return subprocess.run(sys.argv[1:], env={**os.environ, **variables}, check=False).returncode


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def process(command: list[str], folder: Path, ready: str, **variables: str) -> Iterator[None]:
    """A server, from when it answers at the address `ready` on. What it prints is in a file of the folder."""
    environment = {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **variables}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        end = time.monotonic() + PATIENCE
        while not _answers(ready):
            if server.poll() is not None or time.monotonic() > end:
                sys.exit(
                    f"real-server: it does not start\n{(folder / 'server.log').read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait()


def call(method: str, address: str, body: object = None, authorization: str = "") -> Any:
    """Sends JSON, and gives what is answered. Raises HTTPError if that is a refusal."""
    headers = {"Content-Type": "application/json", **({"Authorization": authorization} if authorization else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, headers, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def _answers(address: str) -> bool:
    try:
        call("GET", address)
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True
