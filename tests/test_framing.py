"""How requests come over the wire: what servers of several kinds make of it, and what a finding's script sends."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from urllib.parse import urlsplit

import pytest

from conformance.contract.contract import Contract
from conformance.detection import attempt_inside
from conformance.report.shell import Names, options
from conformance.run.preflight import preflight
from conformance.run.run import Run
from conformance.runner.choice import choose
from conformance.runner.plugin import Plugin
from conformance.target import variables, wire
from conformance.target.exchange import Framing, Request
from tests import independent
from tests.spawned import spawned


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives each answer after what comes in one piece or more, and what has come."""
    received: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):
            for answer in answers:
                wire, _ = listener.accept()
                with wire:
                    wire.settimeout(0.2)
                    came = b""
                    with suppress(TimeoutError):
                        while part := wire.recv(65_536):
                            came += part
                    received.append(came)
                    wire.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
        thread.join(5)


DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize("framing", ["chunked", "expect", "pieces", "illegal"])
def test_what_is_sent(framing: Framing) -> None:
    body = "😀".encode() * 400
    request = Request("PUT", "/a", (("Authorization", "Token a\0b"),), body, framing=framing)
    # What comes before an answer is none.
    with answering(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + DONE) as (base_url, received):
        answer = wire.framed(base_url, request, 5, 1000)
    assert (answer.status, answer.body, answer.problem) == (200, b"{}", None)
    head, _, sent = received[0].partition(b"\r\n\r\n")
    assert b"Authorization: Token a\0b" in head
    assert (b"Expect: 100-continue" in head) == (framing == "expect")
    if framing != "chunked":
        # This server says what it thinks of the head before it reads on.
        assert sent == (b"" if framing == "expect" else body) and b"Content-Length: 1600" in head
        return
    chunks = sent.split(b"\r\n")
    assert b"Content-Length" not in head and chunks[0] == b"1" and chunks[-3:] == [b"0", b"", b""]
    assert sum(int(each, 16) for each in chunks[:-2:2]) == 1600


def test_requests_in_turn() -> None:
    """What a connection has left over is the next answer; after its end another one is taken."""
    two = b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n" + b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"
    last = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with answering(two, last) as (base_url, _):
        answers = wire.in_turn(base_url, [Request("GET", "/")] * 4, 5, 1000)
    assert [(answer and answer.status, used) for answer, used in answers] == [
        (401, False),
        (400, True),
        (None, True),
        (200, False),
    ]


@contextmanager
def gateway(base_url: str, change: Callable[[bytes], bytes]) -> Iterator[str]:
    """A gateway that changes what comes, one request a connection, or ends it without an answer."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, socket.create_connection(address) as server:
                    client.settimeout(5)
                    came = b""
                    while not _is_whole(came):
                        came += client.recv(65_536)
                    if changed := change(came):
                        server.sendall(changed.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
                        while part := server.recv(65_536):
                            client.sendall(part)

    address = (str(urlsplit(base_url).hostname), urlsplit(base_url).port or 80)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _is_whole(came: bytes) -> bool:
    head, found, body = came.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(found) and len(body) >= int(length[1] if length else 0)


def _broken(server: independent.Address, clause: str) -> list[str]:
    """What the suite finds in a server, in this process, with one clause."""
    run = started(server)
    plugin = Plugin(run, choose(run.resource, [clause]), lambda _: None)
    plugin.main()
    run.target.close()
    assert not plugin.failure
    return plugin.findings


@pytest.mark.parametrize("sign", [b"\0", b"\r\n "], ids=["zero", "fold"])
def test_a_gateway_that_drops_signs_within_credentials(sign: bytes) -> None:
    """What is in their middle is dropped, or what comes behind it is."""
    lenient = re.compile(rb"(Authorization: Token [^\r\n\0]{20,})" + re.escape(sign) + rb"[^\r\n\0]{9,}")
    with independent.serve() as server, gateway(server.base_url, lambda came: lenient.sub(rb"\1", came)) as url:
        assert spawned(_broken, replace(server, base_url=url), "forged/illegal") == ["forged/illegal"]


def test_a_gateway_that_ends_the_connection_at_what_is_no_http() -> None:
    illegal = re.compile(rb"\0|\r\n ")
    with (
        independent.serve() as server,
        gateway(server.base_url, lambda came: b"" if illegal.search(came) else came) as url,
    ):
        assert spawned(_broken, replace(server, base_url=url), "forged/illegal") == []


def started(server: independent.Address) -> Run:
    known = {name: value for name, value in asdict(server).items() if name != "base_url"}
    run = Run(Contract.load(), variables.from_names(server.base_url, Contract.load().resource, known), 1)
    preflight(run)
    return run


def _states(server: independent.Address) -> dict[str, str]:
    """What the suite says of a server, in this process, by clause."""
    run = started(server)
    plugin = Plugin(run, choose(run.resource, ["framing"]), lambda _: None)
    plugin.main()
    run.target.close()
    assert not plugin.failure and not plugin.findings
    return {name.partition("/")[2]: result.state for name, result in run.results.items() if name.startswith("framing/")}


def test_a_server_of_the_standard_library() -> None:
    with independent.serve() as server:
        assert set(spawned(_states, server).values()) == {"held"}


def test_http_1_0_knows_no_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(independent.Handler, "protocol_version", "HTTP/1.0")
    with independent.serve() as server:
        states = spawned(_states, server)
    assert {name for name, state in states.items() if state == "not exercised"} == {"chunked", "expect", "kept"}


def test_an_application_has_no_wire() -> None:
    trial = spawned(attempt_inside, "framing/header-breaks-expect-edit", 1, fail_fast=False, only=["framing"])
    assert (trial.clauses, trial.error) == ((), "")


def test_a_script_sends_it_so() -> None:
    shown = [options(Request("PUT", "/", body=b"{}", framing=each), Names([]), "URL") for each in ("chunked", "expect")]
    assert "--header 'Transfer-Encoding: chunked'" in shown[0] and "--header 'Expect: 100-continue'" in shown[1]
