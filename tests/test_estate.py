"""Nothing that was there before a run is ever its own, whatever a server answers."""

from __future__ import annotations

import json
import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from conformance.contract.contract import Contract
from conformance.run.estate import Estate
from tests.independent import serve
from tests.relay import listening
from tests.suite import Started, conformance
from tests.test_live import tokens

RESOURCE = Contract.load().resource

# What a wrong server may make of the id of somebody's git token.
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as-it-is": str,
    "capitals": str.upper,
    "without-hyphens": lambda id: id.replace("-", ""),
    "braces": lambda id: f"{{{id}}}",
    "escaped": lambda id: "".join(f"%{ord(each):02x}" for each in id),
    "escaped-twice": lambda id: "".join(f"%25{ord(each):02x}" for each in id),
    "path": lambda id: f"x/../{id}",
    "query": lambda id: f"{id}?x",
    "space": lambda id: f"{id} ",
}
READS = ("GET", "HEAD", "OPTIONS", "TRACE")


@pytest.mark.parametrize(
    ("whose", "spelling"), [("listed", spelling) for spelling in SPELLINGS] + [("foreign", "as-it-is")]
)
def test_a_create_that_is_answered_with_anothers_id(
    tmp_path: Path, spelling: str, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server lies in every create, and would show, edit and delete any git token that it is asked for by id."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    changed: list[str] = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        path = unquote(unquote(request.path))
        if victim in path.replace("-", "").lower() and request.command not in READS:
            changed.append(f"{request.command} {request.path}")
        upstream = HTTPConnection(urlsplit(server.base_url).netloc)
        upstream.request(request.command, request.path, getattr(request, "body", b"") or None, dict(request.headers))
        answer = upstream.getresponse()
        status, body = answer.status, answer.read()
        if status == 201:
            body = json.dumps(json.loads(body) | {"id": SPELLINGS[spelling](id)}).encode()
        elif whose == "foreign" and request.command == "GET" and victim in path.replace("-", "").lower():
            status, body = 200, json.dumps(tokens(server)[0] | {"id": id}).encode()
        head = f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nConnection: close\r\n"
        head += "" if status == 204 else f"Content-Length: {len(body)}\r\n"
        request.wfile.write(f"{head}\r\n".encode() + body)

    with serve() as server, listening(handle) as url:
        before = tokens(server)
        id = before[0]["id"] if whose == "listed" else server.foreign_git_token_id
        victim = id.replace("-", "")
        variables = {
            "QOVERY_BASE_URL": url,
            "QOVERY_FOREIGN_GIT_TOKEN_ID": "",
            "QOVERY_FOREIGN_ORGANIZATION_ID": "",
        }
        for number in (1, 2):
            outcome = conformance(tmp_path / str(number), asdict(server), "--max-requests", "60", **variables)
            assert outcome.code == 1 and outcome.broken, outcome.output + outcome.errors
            assert "Traceback" not in outcome.output + outcome.errors
        assert [token for token in tokens(server) if token["id"] == before[0]["id"]] == before
    assert changed == []
    noted = [note for file in (tmp_path / "state").rglob("*.jsonl") for note in file.read_text().splitlines()]
    assert not [note for note in noted if "created" in note and victim in unquote(unquote(note)).replace("-", "")]


def test_notes_in_which_anothers_id_is_called_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As runs of an earlier version wrote them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with serve() as server:
        run = Started(tmp_path / "killed", asdict(server), "--rate", "20/s", "--only", "edit", "--verbose")
        while "resource/create" not in run.output:
            time.sleep(0.01)
        run.signal(signal.SIGKILL)
        run.end()
        before = [token for token in tokens(server) if not token["name"].startswith("conformance-")]
        [notes] = (tmp_path / "state").rglob("*.jsonl")
        with notes.open("a") as file:
            file.write(json.dumps({"created": [before[0]["id"]]}) + "\n")
        outcome = conformance(tmp_path / "next", asdict(server), "--only", "resource/create")
        assert outcome.code == 0, outcome.output
        assert tokens(server) == before


def _id() -> str:
    return str(uuid.uuid4())


def test_what_a_list_has_shown_is_never_the_runs_own() -> None:
    others, own, unseen = _id(), _id(), _id()
    estate = Estate(RESOURCE, "conformance-20261127t0000-abcdef", unseen)
    estate.looked({others: {"id": others, "name": "ours"}})
    for spelling in SPELLINGS.values():
        assert estate.claim(spelling(others), {}) is None
        assert estate.claim(spelling(unseen), {}) is None
    assert estate.claim(own.upper(), {"name": "a"}) == own
    assert estate.claim(own, {"name": "b"}) is None, "the id of an earlier create is no other git token"
    assert estate.created == [own]
    assert estate.untouchable(f"/organization/x/gitToken/{others.upper()}/associatedServices")
    assert not estate.untouchable(f"/organization/x/gitToken/{own}")


def test_what_others_make_meanwhile_is_theirs() -> None:
    theirs, copy = _id(), _id()
    estate = Estate(RESOURCE, "conformance-20261127t0000-abcdef")
    estate.looked({})
    listed = {
        theirs: {"id": theirs, "name": "conformance-20261127t0000-123456-1"},
        copy: {"id": copy, "name": "a", "description": "description-conformance-20261127t0000-abcdef-3"},
    }
    estate.seen(listed)
    assert estate.adopt(listed) == [copy]
    assert estate.untouchable(theirs) and not estate.untouchable(copy)
    assert estate.claim(theirs, {}) is None


def test_an_own_git_token_is_seen_before_it_is_changed() -> None:
    listed, read, nowhere, others = _id(), _id(), _id(), _id()
    estate = Estate(RESOURCE, "conformance-20261127t0000-abcdef")
    estate.looked({})
    for id in (listed, read, nowhere, others):
        estate.claim(id, {"name": f"{estate.label}-{id}"})
    estate.seen({listed: {"id": listed, "name": "trimmed"}})
    estate.read(read, {"id": read, "name": f"{estate.label}-{read}"})
    estate.read(others, {"id": others, "name": "somebody's"})
    assert [bool(estate.claimed(id)) for id in (listed, read, nowhere, others)] == [False, False, True, True]
    estate.disown(nowhere)
    assert nowhere not in estate.created and estate.untouchable(nowhere)
