"""What real servers do, and is right: scripts/real-server has shown it, and the suite has to stay silent about it."""

from __future__ import annotations

import base64
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conformance import NotConforming, verify
from conformance.bundled import ROOT
from conformance.contract.contract import Contract
from conformance.mock import World, create_app

ACCOUNT = base64.b64encode(b"own:made-up-password").decode()
FRAGMENTS = ROOT / "tests" / "fragments"


def known(world: World) -> dict[str, Any]:
    return {name: value for name, value in vars(world).items() if name != "secret"}


class LikeKinto:
    """It is lenient about Base64 and ETags, a PUT creates what is not there, and it has a list and PATCH, too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        authorized = any(name == b"authorization" for name, _ in scope["headers"])
        of_item = not scope["path"].endswith("/records")
        if authorized and scope["method"] in (("PATCH",) if of_item else ("GET", "DELETE")):
            await answered(send, 200, b"{}")
            return
        received = await receive()
        answer = await called(self.app, scope, received)
        if scope["method"] == "PUT" and answer[0]["status"] == 404:
            collection = scope["path"].rpartition("/")[0]
            answer = await called(self.app, {**scope, "method": "POST", "path": collection}, received)
        if answer[0]["status"] == 412:
            await answered(send, 400, b"{}")
            return
        for message in answer:
            await send(message)


async def called(app: ASGIApp, scope: Scope, received: Message) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return received

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(name, decoded(value) if name == b"authorization" else value) for name, value in scope["headers"]]
    await app({**scope, "raw_path": scope["path"].encode(), "headers": headers}, receive, send)
    return sent


def decoded(authorization: bytes) -> bytes:
    """Credentials without what a decoder of Base64 ignores."""
    scheme, _, value = authorization.partition(b" ")
    with contextlib.suppress(ValueError, RecursionError):
        value = base64.b64encode(base64.b64decode(value))
    return scheme + b" " + value


async def answered(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


CHAPTERS = ("resource", "edit", "identifiers", "authentication", "methods", "preconditions", "forged", "isolation")


def test_a_server_like_kinto_is_right() -> None:
    path = FRAGMENTS / "kinto" / "contract.yaml"
    contract = Contract.load(path)
    world = World(contract.resource, account=ACCOUNT)
    app = LikeKinto(create_app(world, "conditions/tags-strong", contract=contract))
    # A collection of theirs may be called as one's own.
    theirs = {"foreign_collection": world.collection}
    results = verify(app, contract=path, only=CHAPTERS, **known(world) | theirs)
    held = {each["id"] for each in results["clauses"] if each["state"] == "held"}
    assert {"resource/delete", "edit/idempotent", "edit/edited-at", "methods/not-allowed", "preconditions/edit"} <= held


class LikePrefect:
    """No two variables have one name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.names: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        received = await receive()
        id, name = scope["path"].rpartition("/")[2], named(received.get("body", b""))
        if name and name in {each for other, each in self.names.items() if other != id}:
            await answered(send, 409, b"{}")
            return
        answer = await called(self.app, scope, received)
        status = answer[0]["status"]
        if status == 201:
            self.names[json.loads(answer[1]["body"])["id"]] = name
        elif status == 204 and scope["method"] == "DELETE":
            self.names.pop(id, None)
        elif status == 204 and name:
            self.names[id] = name
        for message in answer:
            await send(message)


def named(body: bytes) -> str:
    with contextlib.suppress(ValueError, RecursionError):
        held = json.loads(body)
        return str(held.get("name", "")) if isinstance(held, dict) else ""
    return ""


@pytest.mark.parametrize("old", ["", "[array, 'null']"], ids=["as it is", "without null"])
def test_a_server_like_prefect_is_right(old: str, tmp_path: Path) -> None:
    """Its edits answer nothing, its bodies are closed, its collection's path ends with a slash."""
    path = tmp_path / "contract.yaml"
    path.write_text((FRAGMENTS / "prefect" / "contract.yaml").read_text().replace(old or "\0", "array"))
    contract = Contract.load(path)
    world = World(contract.resource, account=ACCOUNT)
    app = LikePrefect(create_app(world, contract=contract))
    only = ["edit", "values", "framing", "oddities", "sequences", "fuzzing"] if not old else ["edit/keeps"]
    results = verify(app, contract=path, only=only, **known(world))
    held = {each["id"] for each in results["clauses"] if each["state"] == "held"}
    assert {"edit/keeps", "edit/works"} <= held
    if not old:
        assert {"edit/touches-no-other", "edit/edited-at", "values/bounds", "oddities/structure"} <= held


def test_a_method_that_nobody_has_announced_is_found(tmp_path: Path) -> None:
    """Without the annotation."""
    path = tmp_path / "contract.yaml"
    text = (FRAGMENTS / "kinto" / "contract.yaml").read_text()
    path.write_text(text.replace("x-other-methods: [PATCH]", ""))
    contract = Contract.load(path)
    world = World(contract.resource, account=ACCOUNT)
    with pytest.raises(NotConforming, match="PATCH is not a method of"):
        verify(
            LikeKinto(create_app(world, contract=contract)), contract=path, only=["methods/not-allowed"], **known(world)
        )


def test_every_server_has_a_contract_and_what_it_is_installed_from() -> None:
    for folder in FRAGMENTS.iterdir():
        if folder.is_dir():
            Contract.load(folder / "contract.yaml")
            assert "--hash=sha256:" in (folder / "requirements.txt").read_text()
            assert (folder / f"serve_{folder.name}.py").exists()
