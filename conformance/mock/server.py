"""The reference server: the contract's operations in memory, one method a step.

A request goes through the steps in this order: `address`, `dispatch`, `authenticate`, `locate`, `decode`, `validate`,
`perform` (which calls `create`, `edit`, `get`, `list`, `delete` or `services`), `encode`, `send`. Faults and variants
replace single steps with `Mock.on`.
"""

from __future__ import annotations

import functools
import hmac
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import jsonschema_rs
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from ..contract.contract import Contract, ContractError, Operation, validator

MAX_BODY = 1024 * 1024  # bytes

ACTIONS = {
    "createGitToken": "create",
    "editGitToken": "edit",
    "getOrganizationGitToken": "get",
    "listOrganizationGitTokens": "list",
    "deleteGitToken": "delete",
    "getGitTokenAssociatedServices": "services",
}


@dataclass(frozen=True)
class World:
    """Who is there when the mock starts: a caller, the organization it may see, and one that it may not see.

    Each organization has a git token, whose value is `secret`; that of the caller's is used by two services.
    """

    api_token: str = field(default="mock-api-token-7tQ2vXc9Lr4KpZ8w", repr=False)
    jwt: str = field(default="eyJhbGciOiJub25lIn0.eyJzdWIiOiJtb2NrLWNhbGxlciJ9.bW9jay1zaWduYXR1cmU", repr=False)
    secret: str = field(default="mock-Wb5nT8rY1kE6hJ3fUz2mQ9xA", repr=False)
    organization_id: str = "0a1f4c52-3c5e-4b0e-9a57-5d0c4a8f6d1b"
    git_token_id: str = "1b7d9e30-8f21-4d6c-b1a4-2e9f70c35a64"
    foreign_organization_id: str = "f4c8a2d6-7b19-4e53-8c0d-91e6b3f5a72c"
    foreign_git_token_id: str = "e93b5d17-2a64-4f80-a6c8-0d7e4b1f9c35"


@dataclass
class GitToken:
    """A stored git token; `fields` are the request's properties as last sent, the secret among them."""

    id: str
    created_at: str
    updated_at: str
    fields: dict[str, Any] = field(repr=False)
    services: list[dict[str, Any]]


@dataclass
class Request:
    """A request on its way through the steps; the later attributes are filled in as it goes."""

    method: str
    operations: dict[str, Operation]  # of its path, by method
    ids: dict[str, str]
    query: bytes
    headers: dict[str, str]  # names in lower case
    raw: bytes | None  # None: longer than MAX_BODY
    operation: Operation | None = None
    tokens: dict[str, GitToken] = field(default_factory=dict)  # the organization's
    token: GitToken | None = None
    body: Any = None

    @property
    def action(self) -> str:
        """Which operation it is, in a word; empty before `dispatch`."""
        return ACTIONS[self.operation.id] if self.operation else ""


@dataclass
class Answer:
    """An answer before it is encoded: `body` is a JSON value, or bytes to be sent as they are, or None."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The request is refused with this status; the message never quotes what was sent."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class Mock:
    """The server's state and its steps."""

    def __init__(self, world: World, contract: Contract) -> None:
        """Raises ContractError if the contract has an operation that the mock does not know."""
        if unknown := contract.operations.keys() - ACTIONS:
            raise ContractError(f"the mock does not know the operation {min(unknown)}")
        self.world = world
        self.contract = contract
        self.credentials = {"token": world.api_token, "bearer": world.jwt}
        self.requested: dict[str, Any] = contract.request_schema["properties"]
        self.secrets = [name for name, schema in self.requested.items() if schema.get("writeOnly")]
        answered = contract.operations["editGitToken"].response_schema or {}
        self.shown = [name for name in answered["properties"] if name not in self.secrets]
        self.defaults = _defaults(contract, answered)
        self.validators = {
            operation.id: validator(operation.request_schema)
            for operation in contract.operations.values()
            if operation.request_schema
        }
        self.parameters = _parameters(contract)
        # Microseconds of Unix time.
        self.last = 0
        self.organizations: dict[str, dict[str, GitToken]] = {}
        services = [self.service(number) for number in (1, 2)]
        self.seed(world.organization_id, world.git_token_id, services)
        self.seed(world.foreign_organization_id, world.foreign_git_token_id, services[:1])

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

    # The state at the start.

    def seed(self, organization: str, name: str, services: list[dict[str, Any]]) -> None:
        """Puts a git token into an organization."""
        fields = next(iter(self.contract.examples.values())) | dict.fromkeys(self.secrets, self.world.secret)
        now = self.now()
        self.organizations[organization] = {name: GitToken(name, now, now, fields, services)}

    def service(self, number: int) -> dict[str, Any]:
        """A service that uses a git token, made up from the contract's schema."""
        operation = self.contract.operations.get("getGitTokenAssociatedServices")
        if operation is None or operation.response_schema is None:
            return {}
        item = operation.response_schema["properties"]["results"]["items"]
        return {name: _sample(schema, f"{name}-{number}") for name, schema in item["properties"].items()}

    def now(self) -> str:
        """The time, to the microsecond, and later than all times before."""
        self.last = max(time.time_ns() // 1000, self.last + 1)
        seconds, fraction = divmod(self.last, 1_000_000)
        return f"{_date_time(seconds)}.{fraction:06}Z"

    # The steps.

    def address(self, scope: Scope) -> Scope:
        """The request as it is routed."""
        return scope

    def handle(self, request: Request) -> Answer:
        """All steps but the last two."""
        try:
            return self.serve(request)
        except Refusal as refusal:
            return self.refuse(request, refusal)

    def serve(self, request: Request) -> Answer:
        """All steps to a successful answer; raises Refusal."""
        request.operation = self.dispatch(request)
        self.authenticate(request)
        return self.proceed(request)

    def proceed(self, request: Request) -> Answer:
        """All steps after the caller is known."""
        assert request.operation
        self.locate(request)
        if request.operation.request_schema:
            request.body = self.decode(request)
            self.validate(request, request.body)
        return self.perform(request)

    def dispatch(self, request: Request) -> Operation:
        if request.method not in request.operations:
            raise Refusal(405, "no such method", {"Allow": ", ".join(request.operations)})
        return request.operations[request.method]

    def authenticate(self, request: Request) -> None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if not self.authentic(scheme.lower(), value):
            raise Refusal(401, "no valid credentials", {"WWW-Authenticate": "Token, Bearer"})

    def authentic(self, scheme: str, value: str) -> bool:
        return hmac.compare_digest(self.credentials.get(scheme, "").encode(), value.encode()) and bool(value)

    def locate(self, request: Request) -> None:
        """Finds the organization and, where the path names one, the git token."""
        for name, value in request.ids.items():
            if not self.identifies(name, value):
                raise Refusal(400, f"{name} is not valid")
        organization, *tokens = (value.lower() for value in request.ids.values())
        request.tokens = self.organization(request, organization)
        for token in tokens:
            request.token = self.find(request, token)

    def identifies(self, name: str, value: str) -> bool:
        return bool(self.parameters[name].is_valid(value))

    def organization(self, request: Request, name: str) -> dict[str, GitToken]:  # noqa: ARG002
        if name not in self.organizations:
            raise Refusal(404, "no such organization")
        if name != self.world.organization_id:
            raise Refusal(403, "not your organization")
        return self.organizations[name]

    def find(self, request: Request, name: str) -> GitToken:
        if name not in request.tokens:
            raise Refusal(404, "no such git token")
        return request.tokens[name]

    def decode(self, request: Request) -> Any:
        self.accept(request.headers.get("content-type", ""))
        if request.raw is None:
            raise Refusal(400, "the body is too long")
        return self.parse(request.raw)

    def accept(self, media_type: str) -> None:
        if media_type.partition(";")[0].strip().lower() != "application/json":
            raise Refusal(400, "the body is not application/json")

    def parse(self, raw: bytes) -> Any:
        try:
            return _JSON.decode(raw.decode())
        except (ValueError, RecursionError):
            raise Refusal(400, "the body is not JSON in UTF-8") from None

    def validate(self, request: Request, body: Any) -> None:
        assert request.operation
        check = self.validators[request.operation.id]
        try:
            if check.is_valid(body):
                return
            error = next(iter(check.iter_errors(body)))
        except ValueError:  # lone surrogates where the validator needs to look at characters
            raise Refusal(400, "the body is not Unicode") from None
        raise Refusal(400, _broken_rule(error))

    def perform(self, request: Request) -> Answer:
        assert request.operation
        body = getattr(self, request.action)(request)
        status = request.operation.success
        return Answer(status, body, {} if body is None else {"Content-Type": "application/json"})

    def create(self, request: Request) -> Any:
        now = self.now()
        token = GitToken(str(uuid.uuid4()), now, now, {}, [])
        self.store(request, token, request.body)
        token.created_at = token.updated_at
        request.tokens[token.id] = token
        return self.show(request, token)

    def edit(self, request: Request) -> Any:
        assert request.token
        self.store(request, request.token, request.body)
        return self.show(request, request.token)

    def get(self, request: Request) -> Any:
        assert request.token
        return self.show(request, request.token)

    def list(self, request: Request) -> Any:
        return {"results": [self.show(request, token) for token in request.tokens.values()]}

    def delete(self, request: Request) -> Any:
        assert request.token
        del request.tokens[request.token.id]

    def services(self, request: Request) -> Any:
        assert request.token
        return {"results": request.token.services}

    def store(self, request: Request, token: GitToken, body: dict[str, Any]) -> None:  # noqa: ARG002
        token.fields = {name: value for name, value in body.items() if name in self.requested}
        token.updated_at = self.now()

    def show(self, request: Request, token: GitToken) -> dict[str, Any]:  # noqa: ARG002
        """A git token as answers show it: what was stored and may be seen, and what a stored one lacks."""
        values = {
            **self.defaults.get(token.fields.get("type"), self.defaults[None]),
            **token.fields,
            "id": token.id,
            "created_at": token.created_at,
            "updated_at": token.updated_at,
            "associated_services_count": len(token.services),
        }
        return {name: values[name] for name in self.shown if name in values}

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
            raw=await _read(receive),
        )
        await self.mock.send(request, self.mock.handle(request), receive, send)


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


@functools.lru_cache(maxsize=1)
def _date_time(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def _broken_rule(error: jsonschema_rs.ValidationError) -> str:
    """Which rule a field breaks, without its value."""
    field = "/".join(map(str, error.instance_path)) or "the body"
    rule = error.kind.as_dict()
    match error.kind.name:
        case "required":
            return f"{rule['property']} is required"
        case "type":
            return f"{field} is not of the type {' or '.join(rule['types'])}"
        case "enum":
            return f"{field} is not one of {', '.join(map(str, rule['options']))}"
        case "format":
            return f"{field} is not of the format {rule['format']}"
        case name:
            return f"{field} breaks the rule {name} {next(iter(rule.values()), '')}".rstrip()


def _no_constant(name: str) -> None:
    raise ValueError(name)


_JSON = json.JSONDecoder(parse_constant=_no_constant)
_encode = json.JSONEncoder(separators=(",", ":")).encode


def _parameters(contract: Contract) -> dict[str, Any]:
    """A validator of each path parameter, by its name."""
    found = {}
    for item in contract.document["paths"].values():
        operations = [value for value in item.values() if isinstance(value, dict)]
        for declared in [item, *operations]:
            for parameter in declared.get("parameters", []):
                found[parameter["name"]] = validator(parameter["schema"])
    return found


def _defaults(contract: Contract, schema: dict[str, Any]) -> dict[str | None, dict[str, Any]]:
    """What answers show of the required fields that nobody sent, by provider (None: any other provider).

    It is what the contract's first example of that provider shows, else something made up from the schema.
    """
    made = {name: _sample(schema["properties"][name], name) for name in schema["required"]}
    found: dict[str | None, dict[str, Any]] = {None: made}
    for example in contract.document.get("components", {}).get("examples", {}).values():
        value = example["value"]
        if validator(schema).is_valid(value):
            found.setdefault(value.get("type"), {**made, **{name: value[name] for name in made}})
    return found


def _sample(schema: dict[str, Any], name: str) -> Any:
    """Some value that the schema of a property allows; `name` makes it recognisable."""
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    if "enum" in schema:
        return schema["enum"][0]
    formats = {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        "uri": "https://git.example.com",
        "date-time": "2026-01-15T09:30:00Z",
        "date": "2026-12-31",
    }
    kinds = {"integer": 0, "number": 0, "boolean": False, "array": [], "object": {}, "null": None}
    kind = schema.get("type", "string")
    return kinds.get(kind[0] if isinstance(kind, list) else kind, formats.get(schema.get("format", ""), name))
