"""The mock beside Prism: a PUT over 16 connections by wrk, and the mock's memory over many of them."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.measure import ROOT, Comparison, interleave

PRISM = ROOT / "bench" / "peers" / "node_modules" / ".bin" / "prism"
TURNS, SECONDS = 7, 3
# PUTs that the mock has served when its memory is first looked at, and at the end.
WARM, MANY = 20_000, 1_000_000

# wrk's times are in microseconds.
SCRIPT = """
wrk.method = "PUT"
wrk.body = [[%s]]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Token %s"
function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.stderr:write(string.format('{"requests": %%d, "rate": %%f, "p99": %%f, "failed": %%d}',
    summary.requests, summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000, failed))
end
"""
BODY = {"name": "ci", "type": "GITHUB", "token": "s3cret", "description": "Clones for CI"}


def comparisons(full: bool) -> Iterator[Comparison]:  # noqa: ARG001
    """Raises RuntimeError if a request failed."""
    with mock() as (_, ours), prism() as other, put(ours) as measure:
        pairs = interleave(lambda: measure(ours["base_url"]), lambda: measure(other), TURNS)
        rates = [(mine["rate"], theirs["rate"]) for mine, theirs in pairs]
        yield Comparison("mock: PUT, 16 connections", "requests/s", "Prism", rates, at_least=5)
        slowest = [(mine["p99"], theirs["p99"]) for mine, theirs in pairs]
        yield Comparison("mock: 99th percentile of these", "ms", "Prism", slowest, at_most=1)
    yield memory()


def memory() -> Comparison:
    """The mock's memory after many PUTs beside that when it was warm."""
    with mock() as (pid, ours), put(ours) as measure:
        done, warm = 0.0, 0.0
        while done < WARM + MANY:
            done += measure(ours["base_url"])["requests"]
            warm = warm or (megabytes(pid) if done >= WARM else 0)
        what = f"mock: memory after {MANY:,} PUTs"
        return Comparison(what, "MB", "itself when warm", [(megabytes(pid), warm)], at_most=1.05)


def megabytes(pid: int) -> float:
    """What a process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


@contextmanager
def put(address: dict[str, str]) -> Iterator[Callable[[str], dict[str, float]]]:
    """What measures PUTs to a server: requests, requests a second, and the 99th percentile in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "put.lua")
        script.write_text(SCRIPT % (json.dumps(BODY), address["api_token"]), encoding="utf-8")
        path = f"/organization/{address['organization_id']}/gitToken/{address['git_token_id']}"
        options = ["--threads", "1", "--connections", "16", "--duration", f"{SECONDS}s", "--script", str(script)]

        def measure(base_url: str) -> dict[str, float]:
            answer = subprocess.run(["wrk", *options, base_url + path], capture_output=True, text=True, check=True)
            measured: dict[str, float] = json.loads(answer.stderr)
            if measured["failed"] or not measured["requests"]:
                raise RuntimeError(f"{measured['failed']} of {measured['requests']} requests failed")
            return measured

        yield measure


@contextmanager
def mock() -> Iterator[tuple[int, dict[str, str]]]:
    """The mock in a process of its own: the process's id; address, credentials and ids by the names of World."""
    command = [sys.executable, "-m", "conformance.mock", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.pid, json.loads(process.stdout.readline())
        finally:
            process.terminate()


@contextmanager
def prism() -> Iterator[str]:
    """The address of Prism with the contract, as fast as it goes: it logs nothing, as our mock does not."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    contract = str(ROOT / "openapi" / "git-token.yaml")
    command = [str(PRISM), "mock", "--port", port, "--verboseLevel", "silent", contract]
    with subprocess.Popen(command) as process:
        try:
            while process.poll() is None:
                with suppress(OSError), socket.create_connection(("127.0.0.1", int(port))):
                    break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
