"""A finding says cause and effect: what was done, and to whom it was done; what follows from another one says so."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from starlette.types import Receive, Scope, Send

from conformance.bundled import environment, mock
from conformance.contract.contract import Contract
from conformance.detection import attempt_inside, examine, targeted
from conformance.mock import World
from conformance.mock.messages import Request
from conformance.mock.server import Mock
from conformance.run.run import Run
from conformance.target.exchange import Answer, Exchange
from conformance.target.transport import transport
from tests.relay import listening, relay
from tests.spawned import spawned
from tests.suite import conformance

CONTRACT = Contract.load()


def findings(folder: Path) -> dict[str, tuple[str, str | None]]:
    """The message of each finding of a report, and the clause that it names as its cause."""
    results = json.loads((folder / "results.json").read_text())
    return {each["clause"]: (each["message"], each["cause"]) for each in results["findings"]}


@pytest.mark.parametrize(
    ("fault", "only", "clause", "message"),
    [
        ("secrets/of-before", "edit/works", "secrets/value", "secret that the edit has replaced"),
        ("secrets/shown-as-sha-256", "edit/works", "secrets/value", "secret that was sent, as its SHA-256"),
        (
            "forged/jwt-breaks-not-ascii",
            "forged",
            "answer/no-server-error",
            "with a JWT that is not ASCII",
        ),
        (
            "triggers/character-formula-workspace",
            "values",
            "answer/no-server-error",
            'failed (500) at workspace: "=1+1"',
        ),
        (
            "properties/names-gitTokenId",
            "properties",
            "properties/edit",
            "gitTokenId in the body was followed, not the id",
        ),
        ("http/method-in-query", "methods", "methods/override", "since getOrganizationGitToken with ?_method=DELETE"),
        (
            "resource/create-by-name",
            "values",
            "values/create",
            "with the id of another git token, which has the same name",
        ),
        ("time/after-many-edits-10", "edit", "answer/no-server-error", ", after 10 edits that worked"),
        ("properties/breaks-organization", "properties", "answer/no-server-error", "failed (500) at organization"),
        ("answers/fails-if-unknown-delete", "resource", "answer/no-server-error", "at deleteGitToken on a deleted git"),
        ("strict/choice-refused-GITHUB", "resource", "resource/create", '400 for type: "GITHUB"'),
        ("strict/optional-demanded-description", "edit/works", "edit/works", "for description, which is left out"),
        ("strict/additional-property-id", "edit", "edit/read-only", "400 for id, which is there"),
        ("strict/change-of-name", "edit", "edit/works", "400 for name, which changes"),
        ("strict/no-change-of-token", "edit", "edit/edited-at", "400 for token, which is what it was before"),
        ("strict/same-name-edit", "edit", "edit/touches-no-other", "for name, which another git token shares"),
        ("strict/script-not-latin-1-token", "values", "values/text", "for the characters of token: a text of 1 char"),
        ("strict/length-name-above-254", "values", "values/bounds", 'for the length of name: "<'),
        ("strict/order", "values", "values/escapes", "for how its JSON is written, not for what it says"),
        ("credentials/wrong-status-200", "authentication", "answer/media-type", "answers with a problem, and says 200"),
    ],
)
def test_a_finding_says_its_cause(fault: str, only: str, clause: str, message: str, tmp_path: Path) -> None:
    spawned(attempt_inside, fault, 1, fail_fast=True, only=[only], folder=tmp_path)
    assert message in findings(tmp_path)[clause][0]


def test_what_shows_the_same_names_the_clause_that_is_about_it(tmp_path: Path) -> None:
    spawned(attempt_inside, "http/trace", 1, fail_fast=False, only=["methods"], folder=tmp_path)
    found = findings(tmp_path)
    assert list(found) == ["methods/trace", "secrets/credentials"]
    assert found["secrets/credentials"][1] == "methods/trace"
    assert (
        "secrets/credentials: the answer shows QOVERY_API_TOKEN, as methods/trace says"
        in (tmp_path / "terminal.txt").read_text()
    )


def changed(change: Callable[[Mock], None], only: list[str], folder: Path) -> dict[str, tuple[str, str | None]]:
    """What the suite finds in a mock that is changed, by clause."""
    world = World(CONTRACT.resource)
    served = Mock(world, CONTRACT)
    change(served)
    target = targeted("http://localhost", world, CONTRACT, transport=transport(served.router()))
    examine(target, "changed", 1, world, fail_fast=False, folder=folder, only=only)
    return findings(folder)


@pytest.mark.parametrize(("again", "requests"), [(False, 1), (True, 0)])
def test_what_is_sent_to_find_a_cause_is_not_judged(again: bool, requests: int) -> None:
    world = World(CONTRACT.resource)
    target = targeted("http://localhost", world, CONTRACT, transport=transport(Mock(world, CONTRACT).router()))
    run = Run(CONTRACT, target, 1)
    edit = run.request("editGitToken", run.bodies.full(), item=str(UUID(int=1)))
    exchange = run.repeat(Exchange(edit, Answer())) if again else run.send(edit)
    assert exchange.answer.status == 404
    assert run.results["answer/status"].requests == requests
    target.close()


def trims(mock: Mock) -> None:
    """Takes white space from both ends of every text, before anybody looks at it."""

    @mock.on("parse")
    def _(parse: Any, raw: bytes) -> Any:
        body = parse(raw)
        if not isinstance(body, dict):
            return body
        return {name: value.strip() if isinstance(value, str) else value for name, value in body.items()}


def deletes_namesakes(mock: Mock) -> None:
    """Deletes by name."""

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        assert request.token
        name = request.token.fields["name"]
        delete(request)
        for id in [id for id, each in request.tokens.items() if each.fields["name"] == name]:
            del request.tokens[id]


def test_trimmed_text_is_one_cause(tmp_path: Path) -> None:
    found = spawned(changed, trims, ["refusals/format", "values"], tmp_path)
    assert found["values/text"][1] is None and found["values/text"][0].endswith("it is trimmed")
    assert found["refusals/format"][1] == "values/text"
    assert list(found) == ["values/text", "refusals/format"]


def test_a_delete_that_deletes_others_is_named(tmp_path: Path) -> None:
    found = spawned(changed, deletes_namesakes, ["oddities", "sequences/list"], tmp_path)
    assert any(
        "deleteGitToken of another one of the same name, which was answered 204" in each for each, _ in found.values()
    )
    assert len(found) == 1


def alternating(folder: Path) -> dict[str, tuple[str, str | None]]:
    """What the suite finds where two servers with memories of their own are behind one address."""
    world = World(CONTRACT.resource)
    servers = [Mock(world, CONTRACT).router() for _ in range(2)]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await servers[0](scope, receive, send)
        servers.reverse()

    examine(
        targeted("http://localhost", world, CONTRACT, transport=transport(app)),
        "two",
        1,
        world,
        fail_fast=False,
        folder=folder,
    )
    return findings(folder)


def test_two_memories_behind_one_address_are_suspected(tmp_path: Path) -> None:
    found = spawned(alternating, tmp_path)
    assert "is found by one request and not by the next (404)" in found["connections/fresh"][0]


def test_what_only_a_used_connection_shows_is_shown_by_one(tmp_path: Path) -> None:
    with mock() as server:

        def remembering(request: BaseHTTPRequestHandler) -> None:
            known = vars(request).setdefault("known", {})
            if "Authorization" in request.headers:
                known["Authorization"] = request.headers["Authorization"]
            elif known:
                request.headers["Authorization"] = known["Authorization"]
            relay(server["base_url"], request)

        with listening(remembering) as address:
            outcome = conformance(
                tmp_path, {**server, "base_url": address}, "--only", "authentication/required", "--fail-fast"
            )
            [finding] = outcome.results["findings"]
            assert finding["message"].endswith("only on a connection that has carried a valid request before")
            given = {**os.environ, **environment(server)}
            script = [tmp_path / finding["file"]]
            codes = [
                subprocess.run(
                    script, env=given | {"QOVERY_BASE_URL": url}, capture_output=True, check=False
                ).returncode
                for url in (address, server["base_url"])
            ]
    assert codes == [1, 0]
