"""Runs on somebody's organization: consent, cleaning up, limits, bad networks, hostile servers, secrets."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import math
import os
import pty
import random
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cache
from http.server import BaseHTTPRequestHandler
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from conformance.bundled import ROOT, environment
from conformance.target.target import Target
from tests.independent import Address, serve
from tests.relay import Handle, answer, listening, relay
from tests.suite import Outcome, Started, conformance

Json = dict[str, Any]
MEMORY = 300 * 1024 * 1024
SHORT = ("--only", "resource/create", "--only", "edit/works")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes of runs go where no other run looks."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def tokens(server: Address) -> list[Json]:
    url = f"{server.base_url}/organization/{server.organization_id}/gitToken"
    request = urllib.request.Request(url, headers={"Authorization": f"Token {server.api_token}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return list(json.load(answer)["results"])


def create(server: Address, name: str) -> None:
    url = f"{server.base_url}/organization/{server.organization_id}/gitToken"
    headers = {"Authorization": f"Token {server.api_token}", "Content-Type": "application/json"}
    body = json.dumps({"name": name, "type": "GITHUB", "token": "a"}).encode()
    request = urllib.request.Request(url, body, headers, method="POST")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
# Which of a run's requests is the last one, or nearly so, and whether the signal comes before the server has it,
# before its answer is there, or after that.
MOMENTS = [
    (number, moment)
    for number, moment in zip([1, *random.Random(1).sample(range(2, 280), 9)], cycle((0, 1, -1)), strict=False)
]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(("request_number", "moment"), MOMENTS)
def test_a_killed_run_leaves_nothing_after_the_next(
    tmp_path: Path, number: signal.Signals, request_number: int, moment: int
) -> None:
    counter = itertools.count(1)

    def handle(request: BaseHTTPRequestHandler) -> None:
        last = next(counter) == request_number
        if last and moment < 0:
            run.signal(number)
        relay(server.base_url, request, meanwhile=lambda: run.signal(number) if last and moment == 0 else None)
        if last and moment > 0:
            run.signal(number)

    with serve() as server, listening(handle) as url:
        before = tokens(server)
        # A run on the smallest budget has every chapter.
        run = Started(tmp_path / "report", asdict(server), "--max-requests", "300", "--partial", QOVERY_BASE_URL=url)
        killed = run.end()
        assert next(counter) > request_number
        assert "Traceback" not in killed.output + killed.errors
        if number == signal.SIGKILL:
            assert killed.code == -number
            following = conformance(tmp_path / "next", asdict(server), *SHORT, QOVERY_BASE_URL=url)
            assert following.code == 0, following.output
        else:
            assert killed.code == 130, killed.output
            assert killed.results["verdict"] == "incomplete"
        assert tokens(server) == before


def test_the_bundled_mock_ends_with_the_run(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [ROOT / "scripts" / "conformance", "--rate", "20/s"], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout
    port = int(next(iter(re.findall(r"the bundled mock at http://127.0.0.1:(\d+)", process.stdout.readline()))))
    socket.create_connection(("127.0.0.1", port)).close()
    process.kill()
    process.communicate()
    with pytest.raises(ConnectionRefusedError):
        for _ in range(100):
            socket.create_connection(("127.0.0.1", port)).close()
            time.sleep(0.1)


def test_an_interrupted_run_leaves_a_report(tmp_path: Path) -> None:
    with serve() as server:
        run = Started(tmp_path, asdict(server), "--rate", "20/s", "--verbose")
        while "edit/works" not in run.output:
            time.sleep(0.01)
        run.signal(signal.SIGTERM)
        outcome = run.end()
    assert outcome.code == 130
    assert outcome.state("edit/works") == "held" and outcome.state("values/text") == "not exercised"


def test_sweep_removes_what_is_old_and_bears_the_mark(tmp_path: Path) -> None:
    now = time.strftime("%Y%m%dt%H%M", time.gmtime())
    with serve() as server:
        before = tokens(server)
        for name in ("conformance-20200101t0000-abcdef-1", f"conformance-{now}-abcdef-2", "conformance-mine"):
            create(server, name)
        outcome = conformance(tmp_path, asdict(server), "--sweep")
        assert outcome.code == 0 and "Removed" in outcome.output
        names = [token["name"] for token in tokens(server)[len(before) :]]
    assert names == [f"conformance-{now}-abcdef-2", "conformance-mine"]


def test_overwrite_restores_all_but_the_secret(tmp_path: Path) -> None:
    with serve() as server:
        before = tokens(server)
        outcome = conformance(
            tmp_path,
            asdict(server),
            "--overwrite",
            "--max-requests",
            "300",
            "--partial",
            QOVERY_GIT_TOKEN_ID=before[0]["id"],
        )
        after = tokens(server)
    assert outcome.code == 0, outcome.output
    assert "CANNOT be restored" in outcome.output
    assert outcome.state("edit/read-back") == "held" and outcome.state("values/create") == "not exercised"
    for token in (*before, *after):
        del token["updated_at"]
    assert after == before


def test_another_git_token_that_changes_is_a_finding(tmp_path: Path) -> None:
    with serve("neighbours-edited") as server:
        outcome = conformance(tmp_path, asdict(server), "--only", "edit/works", "--only", "resource/others")
    assert outcome.code == 1 and outcome.broken == ["resource/others"]


@pytest.fixture
def proxied() -> Iterator[tuple[Address, dict[str, str], list[str]]]:
    """A server behind a proxy that knows it as api.example.com, and the requests that went through."""
    seen: list[str] = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        seen.append(f"{request.command} {request.path}")
        request.path = request.path.removeprefix("http://api.example.com")
        relay(server.base_url, request)

    with serve() as server, listening(handle) as proxy:
        yield server, {"QOVERY_BASE_URL": "http://api.example.com", "HTTP_PROXY": proxy}, seen


def test_another_host_needs_consent(tmp_path: Path, proxied: tuple[Address, dict[str, str], list[str]]) -> None:
    server, variables, seen = proxied
    refused = conformance(tmp_path, asdict(server), **variables)
    assert refused.code == 2 and "--live" in refused.errors and seen == []
    rehearsed = conformance(tmp_path, asdict(server), "--dry-run", **variables)
    assert rehearsed.code == 0 and len(seen) == 1 and seen[0].startswith("GET")
    outcome = conformance(tmp_path, asdict(server), "--live", *SHORT, **variables)
    assert outcome.code == 0, outcome.output + outcome.errors
    first = "\n".join(outcome.output.splitlines()[:8])
    for word in ("Where:", "Token, from QOVERY_API_TOKEN", "900", "Creates:", "Edits:", "Deletes:"):
        assert word in first
    assert server.api_token not in outcome.output
    direct = conformance(tmp_path, asdict(server), "--live", *SHORT, **variables, NO_PROXY="api.example.com")
    assert direct.code == 2 and "cannot connect" in direct.errors


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"])
def test_loopback_never_uses_a_proxy(tmp_path: Path, variable: str, host: str) -> None:
    seen: list[str] = []
    with serve() as server, listening(lambda request: seen.append(request.path)) as proxy:
        url = server.base_url.replace("127.0.0.1", host)
        outcome = conformance(tmp_path, asdict(server), *SHORT, QOVERY_BASE_URL=url, **{variable: proxy})
    assert outcome.code == 0, outcome.output + outcome.errors
    assert seen == []


@pytest.mark.parametrize(
    ("address", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("127.255.255.254:8080", True),
        ("[::1]:8080", True),
        ("localhost", True),
        ("LOCALHOST:80", True),
        ("0.0.0.0", False),
        ("[::]", False),
        ("[::ffff:10.0.0.1]", False),
        ("app", False),
        ("a.localhost", False),
        ("localhost.", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("127.1", False),
        ("2130706433", False),
    ],
)
def test_what_counts_as_loopback(address: str, is_loopback: bool) -> None:
    assert Target(f"http://{address}", {}).loopback is is_loopback


def test_localhost_that_is_elsewhere_is_not_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (each, 0)) for each in ("127.0.0.1", "192.0.2.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: addresses)
    assert not Target("http://localhost", {}).loopback


@contextmanager
def limited(limit: int, reset: float, retry_after: str = "") -> Iterator[tuple[Address, str, list[int]]]:
    """A server behind a limit of requests in `reset` seconds; its address with it, and every status that it answers.

    Beyond the limit it says 429, and if so wished when to come again instead of what is left.
    """
    statuses: list[int] = []
    window = [time.time(), 0]

    def handle(request: BaseHTTPRequestHandler) -> None:
        if time.time() >= window[0] + reset:
            window[:] = time.time(), 0
        window[1] += 1
        left = limit - window[1]
        headers = [f"X-RateLimit-Remaining: {max(0, left)}", f"X-RateLimit-Reset: {math.ceil(window[0] + reset)}"]
        if retry_after:
            headers = [f"Retry-After: {retry_after}"] if left < 0 else []
        statuses.append(429 if left < 0 else 200)
        if left < 0:
            answer(request, 429, b"{}", *headers)
        else:
            relay(server.base_url, request, *headers)

    with serve() as server, listening(handle) as url:
        yield server, url, statuses


def test_a_default_run_keeps_to_a_limit_of_1000_an_hour(tmp_path: Path) -> None:
    with limited(1000, 3600) as (server, url, statuses):
        before = tokens(server)
        outcome = conformance(tmp_path, asdict(server), QOVERY_BASE_URL=url)
        assert tokens(server) == before
    assert outcome.code == 0, outcome.output
    assert 429 not in statuses and 600 < len(statuses) <= 900
    assert {clause["state"] for clause in outcome.results["clauses"]} == {"held"}


def test_a_run_under_a_limit_of_100_is_polite_and_partial(tmp_path: Path) -> None:
    with limited(100, 3600) as (server, url, statuses):
        before = tokens(server)
        outcome = conformance(tmp_path, asdict(server), QOVERY_BASE_URL=url)
        assert tokens(server) == before
    assert outcome.code == 2 and "lacked requests" in outcome.errors, outcome.output
    assert 429 not in statuses and len(statuses) <= 100
    assert "Requests were lacking for" in outcome.output and outcome.state("values/text") == "not exercised"


def test_what_is_found_broken_ends_with_1_whatever_was_asked_for(tmp_path: Path) -> None:
    with serve("refused-edit-written") as server:
        outcome = conformance(tmp_path, asdict(server), "--only", "refusals/choice", "--only", "refusals/conditional")
    assert outcome.code == 1 and "refusals/nothing-written" in outcome.broken, outcome.output


def test_chosen_clauses_that_lack_requests_end_with_2(tmp_path: Path) -> None:
    with serve() as server:
        outcome = conformance(tmp_path / "few", asdict(server), "--max-requests", "5")
        assert outcome.code == 2 and outcome.results["verdict"] == "incomplete", outcome.output
        assert re.fullmatch(r"conformance: \d+ of \d+ clauses lacked requests, time or network.*\n", outcome.errors)
        assert re.match(r"Judged \d+ of the \d+ clauses that were chosen, \d+ lacked", outcome.output.splitlines()[-1])
        partial = conformance(tmp_path / "partial", asdict(server), "--max-requests", "5", "--partial")
        assert (partial.code, partial.errors) == (0, ""), partial.output
        # What was not asked for may lack requests.
        enough = conformance(tmp_path / "enough", asdict(server), "--max-requests", "40", "--only", "edit/works")
        assert enough.code == 0 and enough.output.splitlines()[-1] == "Judged 1 of the 1 clauses that were chosen"


def test_what_a_server_cannot_exercise_lacks_nothing(tmp_path: Path) -> None:
    nobody = {"QOVERY_FOREIGN_ORGANIZATION_ID": "", "QOVERY_FOREIGN_GIT_TOKEN_ID": ""}
    with serve() as server:
        only = ("--only", "isolation", "--only", "answer/honest-error")
        outcome = conformance(tmp_path, asdict(server), *only, **nobody)
    assert outcome.code == 0, outcome.output
    reasons = {clause["id"]: clause["reason"] for clause in outcome.results["clauses"]}
    assert "not run" not in reasons.values()
    assert "QOVERY_FOREIGN" in reasons["isolation/foreign-owner"]
    assert outcome.output.splitlines()[-1].endswith("not exercised here")


@pytest.mark.parametrize("retry_after", ["", "1"])
def test_a_wait_that_is_short_enough_is_waited_for(tmp_path: Path, retry_after: str) -> None:
    with limited(7, 2, retry_after) as (server, url, statuses):
        outcome = conformance(tmp_path, asdict(server), *SHORT, "--max-wait", "3", QOVERY_BASE_URL=url)
    assert outcome.code == 0, outcome.output
    assert outcome.state("edit/works") == "held" and "Requests were lacking" not in outcome.output
    # Whoever is told what is left need not be refused.
    assert statuses.count(429) >= 1 if retry_after else statuses.count(429) <= 1
    assert retry_after or "waiting" in outcome.output


@pytest.mark.parametrize("retry_after", ["60", "Fri, 31 Dec 2100 00:00:00 GMT"])
def test_a_wait_that_is_too_long_ends_the_run(tmp_path: Path, retry_after: str) -> None:
    with limited(15, 3600, retry_after) as (server, url, statuses):
        outcome = conformance(tmp_path, asdict(server), "--max-wait", "3", QOVERY_BASE_URL=url)
        [_, *left] = tokens(server)
    # Nothing more is sent, not even to clean up: the run says what is left.
    assert statuses.count(429) == 1 and statuses[-1] == 429, statuses
    assert left and "Not put right" in outcome.output
    assert all(token["id"] in outcome.output for token in left)
    assert outcome.code == 2 and outcome.broken == [], outcome.output
    assert "Requests were lacking for" in outcome.output


def test_a_pinned_secret_is_sent_and_never_shown(tmp_path: Path) -> None:
    secret = "ghp+Real/Secret=0123456789abcdef"
    sent = []
    forms = itertools.cycle(
        [secret, quote(secret, safe=""), base64.b64encode(b"a" + secret.encode()).decode(), secret[5:14]]
    )

    def handle(request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.body) if getattr(request, "body", b"") else {}  # type: ignore[attr-defined]
        sent.append(body.get("token", secret) == secret)
        if request.command == "PUT":
            return answer(request, 400, json.dumps({"message": f"cannot use {next(forms)}"}).encode())
        return relay(server.base_url, request)

    with serve() as server, listening(handle) as url:
        options = ("--pin", "token=env:REAL", "--only", "edit", "--only", "secrets/value")
        outcome = conformance(tmp_path / "report", asdict(server), *options, QOVERY_BASE_URL=url, REAL=secret)
    assert outcome.code == 1 and "secrets/value" in outcome.broken
    assert sent.count(True) == len(sent) > 4
    written = outcome.output + outcome.errors
    written += "".join(file.read_text() for file in (tmp_path / "report").rglob("*.*"))
    for start in range(len(secret) - 7):
        assert secret[start : start + 8] not in written
    assert quote(secret, safe="")[:12] not in written


def endless(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 x\r\nContent-Type: application/json\r\n\r\n[")
    while True:
        request.wfile.write(b'"xxxxxxxx", ' * 10_000)


def drip(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 x\r\n")
    while True:
        request.wfile.write(b"x")
        time.sleep(0.1)


def drip_body(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 x\r\nContent-Type: application/json\r\n\r\n")
    while True:
        request.wfile.write(b" ")
        time.sleep(0.1)


@cache
def bomb() -> bytes:
    return gzip.compress(gzip.compress(b"[" * 50_000_000))


HOSTILE: dict[str, Handle] = {
    "endless": endless,
    "huge": lambda request: answer(request, 200, b'{"results": [' + b"{}," * 2_000_000 + b"{}]}"),
    # Just what is taken for an answer still, and for too much.
    "many-objects": lambda request: answer(request, 200, b'{"results": [' + b"{}, " * 29_000 + b"{}]}"),
    "too-many-objects": lambda request: answer(request, 200, b'{"results": [' + b"{}," * 130_000 + b"{}]}"),
    "emoji": lambda request: answer(request, 200, f'{{"results": ["{"😀" * 1_000_000}"]}}'.encode()),
    "too-many-emoji": lambda request: answer(request, 200, f'{{"results": ["{"😀" * 1_900_000}"]}}'.encode()),
    "deep": lambda request: answer(request, 200, b'{"results": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "rather-deep": lambda request: answer(request, 200, b'{"results": ' + b"[" * 900 + b"]" * 900 + b"}"),
    "bomb": lambda request: answer(request, 200, gzip.compress(b"[" * 50_000_000, 1), "Content-Encoding: gzip"),
    "two-layers": lambda request: answer(request, 200, bomb(), "Content-Encoding: gzip, gzip"),
    "dripping-headers": drip,
    "dripping-body": drip_body,
    "redirects": lambda request: answer(request, 307, b"", "Location: http://192.0.2.1/"),
    "bad-redirects": lambda request: answer(request, 302, b"", "Location: http://[x"),
    "control-characters": lambda request: answer(request, 200, b"{}", "X-A: \x1b[31m\x07", "X-B: \xff"),
    "no-header": lambda request: answer(request, 200, b"{}", "garbage\x00"),
    "too-short": lambda request: answer(request, 200, b"{}", "Content-Length: 90"),
    "wrong-types": lambda request: answer(request, 200, b'{"results": [null, 1, {"id": []}, {"id": {}}]}'),
    "huge-numbers": lambda request: answer(request, 200, b'{"results": ' + b"9" * 10_000 + b"}"),
    "no-http": lambda request: void(request.wfile.write(b"SSH-2.0-x\r\n")),
    "closed": lambda _: None,
    "limit-of-nothing": lambda request: answer(request, 200, b"{}", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1"),
}


def void(_: object) -> None:
    pass


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_server_is_reported(tmp_path: Path, kind: str) -> None:
    with serve() as server, listening(HOSTILE[kind]) as url:
        outcome = conformance(tmp_path, asdict(server), "--timeout", "1", "--max-requests", "60", QOVERY_BASE_URL=url)
    assert outcome.code in (1, 2), outcome.output
    assert "Traceback" not in outcome.output + outcome.errors
    assert "the suite itself" not in outcome.errors
    assert outcome.broken or outcome.errors.startswith("conformance: ")
    assert len(outcome.errors.splitlines()) <= 1
    assert "\x1b" not in outcome.output
    assert (tmp_path / "results.json").exists()
    assert 0 < outcome.memory < MEMORY


def test_a_network_that_breaks_is_no_finding(tmp_path: Path) -> None:
    counter = itertools.count()

    def handle(request: BaseHTTPRequestHandler) -> None:
        if next(counter) < 40:
            relay(server.base_url, request)

    with serve() as server, listening(handle) as url:
        outcome: Outcome = conformance(tmp_path, asdict(server), QOVERY_BASE_URL=url)
    assert outcome.code == 2 and "has ceased to answer" in outcome.errors
    assert outcome.broken == [] and outcome.state("resource/create") == "held"


def test_a_server_that_comes_back_is_waited_for(tmp_path: Path) -> None:
    counter = itertools.count()

    def handle(request: BaseHTTPRequestHandler) -> None:
        # Whatever is asked in the meantime, among it whether there are answers again.
        if not 40 <= next(counter) < 46:
            relay(server.base_url, request)

    with serve() as server, listening(handle) as url:
        before = tokens(server)
        outcome: Outcome = conformance(tmp_path, asdict(server), "--only", "edit", QOVERY_BASE_URL=url)
        assert tokens(server) == before
    assert outcome.code == 0 and outcome.broken == [], outcome.output + outcome.errors


def test_tls_with_a_private_authority(tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def serve_tls(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection = listener.accept()[0]
                threading.Thread(target=forward, args=(connection,), daemon=True).start()

    def forward(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            port = int(server.base_url.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as plain:
                threading.Thread(target=pump, args=(plain, secure), daemon=True).start()
                pump(secure, plain)

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)

    with serve() as server, socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve_tls, args=(listener,), daemon=True).start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        outcome = conformance(tmp_path / "a", asdict(server), *SHORT, QOVERY_BASE_URL=url)
        assert outcome.code == 2 and "certificate" in outcome.errors.lower()
        outcome = conformance(
            tmp_path / "b", asdict(server), *SHORT, QOVERY_BASE_URL=url, SSL_CERT_FILE=str(certificate)
        )
        assert outcome.code == 0, outcome.output + outcome.errors


def test_a_terminal_shows_how_far_the_run_is(tmp_path: Path) -> None:
    with serve() as server:
        leader, follower = pty.openpty()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("QOVERY_")}
        process = subprocess.Popen(
            [ROOT / "scripts" / "conformance", *SHORT, "--rate", "8/s"],
            env=inherited | environment(asdict(server)),
            stdout=follower,
            cwd=tmp_path,
        )
        os.close(follower)
        shown = b""
        with suppress(OSError):
            while chunk := os.read(leader, 4096):
                shown += chunk
        os.close(leader)
        assert process.wait() == 0
    assert "/900 requests, 0 broken" in shown.decode()
    assert "edit/works" in shown.decode()


def test_only_its_own_git_tokens_are_ever_addressed_to_change_them(tmp_path: Path) -> None:
    changed = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        if request.command not in ("GET", "HEAD", "OPTIONS", "TRACE"):
            changed.append(request.path)
        relay(server.base_url, request)

    with serve() as server, listening(handle) as url:
        [other] = tokens(server)
        outcome = conformance(tmp_path, asdict(server), QOVERY_BASE_URL=url)
        assert tokens(server) == [other]
    assert outcome.code == 0, outcome.output
    assert len(changed) > 300
    assert not [path for path in changed if other["id"] in path.lower()]
