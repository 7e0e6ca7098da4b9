"""The client beside raw httpx: the time of a call on the same connection, and of the import.

The server is a socket that answers everything alike, so that the clients are most of what is measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from qovery_git_token import Client, GitProvider, GitTokenRequest, edit_git_token

from bench.measure import Comparison, interleave, timed

CALLS = 3000
IMPORTS = 25
ORGANIZATION, TOKEN = UUID(int=1), UUID(int=2)
ANSWER = {
    "id": str(TOKEN),
    "created_at": "2026-01-15T09:30:00Z",
    "updated_at": "2026-02-01T08:00:00Z",
    "name": "ci",
    "type": "GITHUB",
    "description": "Clones for CI",
    "git_api_url": "https://api.github.com",
    "associated_services_count": 12,
}
REQUEST = {"name": "ci", "type": "GITHUB", "token": "s3cret", "description": "Clones for CI"}


# In a process of its own. A request is complete with the brace that ends its JSON.
SERVER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
connection, _ = listener.accept()
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
data = b""
while part := connection.recv(65536):
    data += part
    if data.endswith(b"}"):
        connection.sendall(sys.argv[1].encode())
        data = b""
"""


@contextmanager
def server() -> Iterator[str]:
    """Answers every request on one connection with ANSWER."""
    body = json.dumps(ANSWER)
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    with subprocess.Popen([sys.executable, "-c", SERVER, answer], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


def comparisons(full: bool) -> Iterator[Comparison]:  # noqa: ARG001
    yield call()
    pairs = interleave(start("qovery_git_token"), start("httpx"), IMPORTS)
    yield Comparison("client: import", "ms", "httpx", pairs, at_most=1.3)


def call() -> Comparison:
    """An edit beside the same request by httpx on the same connection."""
    body = GitTokenRequest("ci", GitProvider.GITHUB, "s3cret", "Clones for CI")
    path = f"/organization/{ORGANIZATION}/gitToken/{TOKEN}"
    headers = {"Authorization": "Token x", "Accept": "application/json"}
    with server() as address, Client(api_token="x", base_url=address) as client:
        edit_git_token.sync(ORGANIZATION, TOKEN, client=client, body=body)
        connection = client._pools.sync()  # the same for both

        def ours() -> None:
            edit_git_token.sync(ORGANIZATION, TOKEN, client=client, body=body)

        def theirs() -> None:
            response = connection.put(address + path, json=REQUEST, headers=headers)
            response.raise_for_status()
            response.json()

        pairs = interleave(timed(ours), timed(theirs), CALLS)
    return Comparison(
        "client: a call", "ms", "httpx", [(mine * 1e3, other * 1e3) for mine, other in pairs], at_most=1.15
    )


def start(module: str) -> Callable[[], float]:
    """The milliseconds that a new interpreter takes to import a module, as it says itself."""
    program = f"import time; start = time.perf_counter(); import {module}; print((time.perf_counter() - start) * 1e3)"
    path = str(Path(__file__).parent.parent / "generated")
    command = [sys.executable, "-c", program]

    def measure() -> float:
        answer = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True
        )
        return float(answer.stdout)

    return measure
