"""A bad network between the suite and a right server is never the server's fault."""

from __future__ import annotations

import time
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.flaky import Fault, gateway, late, network, resets
from tests.independent import serve
from tests.relay import listening, relay
from tests.suite import conformance
from tests.test_live import tokens

NETWORKS: dict[str, dict[Fault, float]] = {
    "resets-1": resets(0.01),
    "resets-2": resets(0.02),
    "resets-5": resets(0.05),
    "delays": {late: 0.05},
    "502": gateway(502, 0.01),
    "503": gateway(503, 0.01),
    "mixed": resets(0.05) | gateway(502, 0.01) | gateway(503, 0.01) | {late: 0.02},
}


def trial(folder: Path, name: str, seed: int, *options: str) -> None:
    """A run through a bad network; raises if a clause is blamed, or if the run says more than it has judged."""
    with serve() as server, network(server.base_url, seed, NETWORKS[name]) as (url, done):
        before = tokens(server)
        outcome = conformance(folder, asdict(server), "--seed", str(seed), *options, QOVERY_BASE_URL=url)
        assert tokens(server) == before and "Not put right" not in outcome.output, outcome.output
    said = outcome.output + outcome.errors
    assert outcome.broken == [] and "the suite itself" not in said, said
    assert outcome.code == 0 or "lacked requests" in outcome.errors, said
    lacking = [clause for clause in outcome.results["clauses"] if clause["state"] == "not exercised"]
    assert bool(lacking) is bool(outcome.code), said
    repeated = sum(outcome.results["network"].values())
    # All but what was under way as the budget ended.
    assert 0 <= done.total() - done["relayed"] - done["late"] - repeated <= 4, said
    assert ("The network:" in outcome.output) is (repeated > 0)


@pytest.mark.parametrize("name", ["resets-5", "mixed"])
def test_a_bad_network_is_no_finding(tmp_path: Path, name: str) -> None:
    trial(tmp_path / "report", name, 1)


def test_a_long_body_has_the_time_that_a_slow_network_takes(tmp_path: Path) -> None:
    slow = 0

    def handle(request: BaseHTTPRequestHandler) -> None:
        nonlocal slow
        if int(request.headers.get("Content-Length") or 0) > 200_000:
            slow += 1
            time.sleep(1.5)
        relay(server.base_url, request)

    with serve() as server, listening(handle) as url:
        options = ("--only", "oddities/long", "--timeout", "1")
        outcome = conformance(tmp_path, asdict(server), *options, QOVERY_BASE_URL=url)
    assert slow and (outcome.code, outcome.broken) == (0, []), outcome.output
