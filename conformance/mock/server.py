"""The reference server: the contract's operations in memory, one method a step.

A request goes through the steps in this order: `address`, `read`, `dispatch`, `authenticate`, `locate`, `decode`,
`validate`, `perform` (which calls `create`, `edit`, `get`, `list`, `delete` or `services`), `encode`, `send`. Faults
and variants replace single steps with `Mock.on`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from ..contract.contract import Operation
from .admission import Admission
from .messages import MAX_BODY, Answer, Refusal, Request, documented

# What says the same where an operation does not document a status.
_OTHER_WORDS = {400: (422,), 403: (404,), 404: (403,)}

# What the step of a role is called.
ACTIONS = {"create": "create", "edit": "edit", "read": "get", "list": "list", "delete": "delete"}


class Mock(Admission):
    """The server: takes a request through the steps, and sends the answer.

    Its classes are layers: what it holds, what it does with it, what it lets in, and the order of all that.
    """

    def on(self, step: str) -> Callable[[Callable[..., Any]], None]:
        """Decorates a replacement of a step: it is called with the step that it replaces, and that one's arguments."""

        def replace(new: Callable[..., Any]) -> None:
            setattr(self, step, functools.partial(new, getattr(self, step)))

        return replace

    def router(self) -> ASGIApp:
        """The mock as an ASGI application."""
        paths: dict[str, dict[str, Operation]] = {}
        for operation in self.contract.operations.values():
            paths.setdefault(operation.path, {})[operation.method] = operation
        routes = [Route(path, _Endpoint(self, operations)) for path, operations in paths.items()]
        router = Router(routes, redirect_slashes=False)

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await router(self.address(scope), receive, send)

        return application

    def address(self, scope: Scope) -> Scope:
        """The request as it is routed."""
        return scope

    async def read(self, scope: Scope, receive: Receive) -> bytes | None:  # noqa: ARG002
        """The body; None if it is too long."""
        return await _read(receive)

    async def exchange(self, request: Request, receive: Receive, send: Send) -> None:
        """All steps after routing."""
        await self.send(request, self.handle(request), receive, send)

    def handle(self, request: Request) -> Answer:
        """All steps but the last two."""
        try:
            return self.serve(request)
        except Refusal as refusal:
            refusal.status = documented(request, refusal.status, *_OTHER_WORDS.get(refusal.status, ()))
            return self.refuse(request, refusal)

    def serve(self, request: Request) -> Answer:
        """All steps to a successful answer; raises Refusal."""
        request.operation = self.dispatch(request)
        request.action = self.action(request.operation.id)
        self.authenticate(request)
        return self.proceed(request)

    def action(self, operation: str) -> str:
        """The step of an operation."""
        return ACTIONS.get(self.resource.role(operation), "services")

    def dispatch(self, request: Request) -> Operation:
        if request.method not in request.operations:
            raise Refusal(405, "no such method", {"Allow": ", ".join(request.operations)})
        return request.operations[request.method]

    def proceed(self, request: Request) -> Answer:
        """All steps after the caller is known."""
        assert request.operation
        self.locate(request)
        if request.operation.request_schema:
            request.body = self.decode(request)
            self.validate(request, request.body)
        return self.perform(request)

    def perform(self, request: Request) -> Answer:
        assert request.operation
        body = getattr(self, request.action)(request)
        status = request.operation.success
        return Answer(status, body, {} if body is None else {"Content-Type": "application/json"})

    def refuse(self, request: Request, refusal: Refusal) -> Answer:
        body = {
            "type": "about:blank",
            "title": HTTPStatus(refusal.status).phrase,
            "status": refusal.status,
            "detail": str(refusal),
            "message": str(refusal),
        }
        # An id that is none may be anything, and no answer quotes what was sent.
        if request.operation and all(self.identifies(name, value) for name, value in request.ids.items()):
            body["instance"] = request.operation.path.format_map(request.ids)
        return Answer(refusal.status, body, {"Content-Type": "application/problem+json", **refusal.headers})

    def encode(self, request: Request, answer: Answer) -> bytes:  # noqa: ARG002
        if answer.body is None or isinstance(answer.body, bytes):
            return answer.body or b""
        return _encode(answer.body).encode()

    async def send(self, request: Request, answer: Answer, receive: Receive, send: Send) -> None:  # noqa: ARG002
        body = self.encode(request, answer)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        if answer.status != HTTPStatus.NO_CONTENT:
            headers.append((b"Content-Length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class _Endpoint:
    """One path of the contract, with its operations by method, as an ASGI application."""

    def __init__(self, mock: Mock, operations: dict[str, Operation]) -> None:
        self.mock = mock
        self.operations = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(
            method=scope["method"],
            operations=self.operations,
            ids=scope["path_params"],
            query=scope["query_string"],
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            raw=await self.mock.read(scope, receive),
        )
        await self.mock.exchange(request, receive, send)


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None if it is longer than MAX_BODY, of which no more than that is kept."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_BODY:
            chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks) if size <= MAX_BODY else None


_encode = json.JSONEncoder(separators=(",", ":")).encode
