"""The reference server: the contract's operations in memory, one method a step.

A request goes through the steps in this order: `address`, `read`, `dispatch`, `authenticate`, `locate`, `decode`,
`validate`, `perform` (which calls `create`, `edit`, `get`, `list`, `delete` or `services`), `encode`, `send`. Faults
and variants replace single steps with `Mock.on`.
"""

from __future__ import annotations

import functools
import hmac
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

import jsonschema_rs
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from ..contract.contract import Contract, Operation, validator
from ..contract.fields import get, has, merged, put
from .sample import sample
from .world import World

MAX_BODY = 1024 * 1024  # bytes

# What says the same where an operation does not document a status.
_OTHER_WORDS = {400: (422,), 403: (404,), 404: (403,)}

# What the step of a role is called.
ACTIONS = {"create": "create", "edit": "edit", "read": "get", "list": "list", "delete": "delete"}


@dataclass
class Item:
    """A stored item; `fields` are the request's properties as last sent, the secrets among them."""

    id: str
    made_at: str
    moved_at: str
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
    tokens: dict[str, Item] = field(default_factory=dict)  # the owners'
    token: Item | None = None
    body: Any = None
    action: str = ""  # what the operation does, in a word


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


def documented(request: Request, *statuses: int) -> int:
    """The first of these statuses that the operation documents; the very first if it documents none."""
    said = request.operation.responses if request.operation else {}
    return next((each for each in statuses if str(each) in said), statuses[0])


class Mock:
    """The server's state and its steps."""

    def __init__(self, world: World, contract: Contract) -> None:
        self.world = world
        self.contract = contract
        self.resource = contract.resource
        self.credentials = {scheme.prefix.lower(): world.credential(scheme) for scheme in self.resource.schemes}
        self.requested = self.resource.taken
        self.secrets = [name for name in self.resource.secrets if name in self.resource.leaves]
        self.defaults = _defaults(contract, self.resource.shown_schema)
        self.validators = {
            operation.id: validator(operation.request_schema)
            for operation in contract.operations.values()
            if operation.request_schema
        }
        self.media_types = {operation.media_type for operation in self.resource.writes}
        # Microseconds of Unix time.
        self.last = 0
        # Items by owners, by their ids.
        self.organizations: dict[str, dict[str, Item]] = {}
        services = [self.service(number) for number in (1, 2)]
        self.seed(self.home, world.id(self.resource.item), services)
        if self.resource.owners:
            owners = "/".join(world.id(name, foreign=True) for name in self.resource.owners)
            self.seed(owners, world.id(self.resource.item, foreign=True), services[:1])

    @property
    def home(self) -> str:
        """The owners that the caller may use."""
        return "/".join(self.world.id(name) for name in self.resource.owners)

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

    def seed(self, owners: str, id: str, services: list[dict[str, Any]]) -> None:
        """Puts an item below owners."""
        fields = next(iter(self.contract.examples.values()), None) or sample(self.contract.request_schema, "mock")
        for name in self.secrets:
            if has(fields, name):
                fields = put(fields, name, self.world.secret)
        now = self.now()
        self.organizations.setdefault(owners, {})[id.lower()] = Item(id, now, now, fields, services)

    def service(self, number: int) -> dict[str, Any]:
        """What a further read lists, made up from the contract's schema."""
        for operation in self.resource.further:
            for schema in _arrays(operation):
                item = schema.get("items", {})
                return {name: sample(each, f"{name}-{number}") for name, each in item.get("properties", {}).items()}
        return {}

    def now(self) -> str:
        """The time, to the microsecond, and later than all times before."""
        self.last = max(time.time_ns() // 1000, self.last + 1)
        seconds, fraction = divmod(self.last, 1_000_000)
        return f"{_date_time(seconds)}.{fraction:06}Z"

    # The steps.

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
        challenges = []
        for scheme in self.resource.schemes:
            sent = request.headers.get(scheme.header.lower(), "")
            prefix, _, value = sent.partition(" ") if scheme.prefix else ("", "", sent)
            if self.authentic(prefix.lower(), value):
                return
            challenges.append(scheme.called)
        if challenges:
            raise Refusal(401, "no valid credentials", {"WWW-Authenticate": ", ".join(challenges)})

    def authentic(self, scheme: str, value: str) -> bool:
        return hmac.compare_digest(self.credentials.get(scheme, "").encode(), value.encode()) and bool(value)

    def locate(self, request: Request) -> None:
        """Finds the owners and, where the path names one, the item."""
        for name, value in request.ids.items():
            if not self.identifies(name, value):
                raise Refusal(documented(request, 400, 404), f"{name} is not valid")
        ids = {name: value.lower() for name, value in request.ids.items()}
        request.tokens = self.organization(request, "/".join(ids[name] for name in self.resource.owners))
        if self.resource.item in ids:
            request.token = self.find(request, ids[self.resource.item])

    def identifies(self, name: str, value: str) -> bool:
        return self.resource.identifies(name, value)

    def organization(self, request: Request, name: str) -> dict[str, Item]:  # noqa: ARG002
        if name not in self.organizations:
            raise Refusal(404, f"no such {self.resource.owner}")
        if name != self.home:
            raise Refusal(403, f"not your {self.resource.owner}")
        return self.organizations[name]

    def find(self, request: Request, name: str) -> Item:
        if name not in request.tokens:
            raise Refusal(404, f"no such {self.resource.noun}")
        return request.tokens[name]

    def decode(self, request: Request) -> Any:
        self.accept(request.headers.get("content-type", ""))
        if request.raw is None:
            raise Refusal(400, "the body is too long")
        return self.parse(request.raw)

    def accept(self, media_type: str) -> None:
        if media_type.partition(";")[0].strip().lower() not in self.media_types:
            raise Refusal(400, f"the body is not {' or '.join(sorted(self.media_types))}")

    def parse(self, raw: bytes) -> Any:
        try:
            return _JSON.decode(raw.decode())
        except (ValueError, RecursionError):
            raise Refusal(400, "the body is not JSON in UTF-8") from None

    def validate(self, request: Request, body: Any) -> None:
        assert request.operation
        self.check(request.operation.id, body)
        if request.action == "edit" and self.resource.merges and self.resource.create and request.token:
            self.check(self.resource.create.id, merged(request.token.fields, body))

    def check(self, operation: str, body: Any) -> None:
        """Raises Refusal unless a body is one that an operation takes."""
        check = self.validators[operation]
        status = self.resource.refusals(self.contract.operations[operation])[0]
        try:
            check.validate(body)
        except jsonschema_rs.ValidationError as error:
            raise Refusal(status, _broken_rule(error)) from None
        except ValueError:  # lone surrogates where the validator needs to look at characters
            raise Refusal(status, "the body is not Unicode") from None

    def perform(self, request: Request) -> Answer:
        assert request.operation
        body = getattr(self, request.action)(request)
        status = request.operation.success
        return Answer(status, body, {} if body is None else {"Content-Type": "application/json"})

    def create(self, request: Request) -> Any:
        now = self.now()
        token = Item(self.named(request) or self.new_id(), now, now, {}, [])
        self.store(request, token, request.body)
        token.made_at = token.moved_at
        request.tokens[token.id.lower()] = token
        return self.show(request, token)

    def edit(self, request: Request) -> Any:
        assert request.token
        self.store(request, request.token, request.body)
        return None if self.resource.silent else self.show(request, request.token)

    def get(self, request: Request) -> Any:
        assert request.token
        return self.show(request, request.token)

    def list(self, request: Request) -> Any:
        assert self.resource.list
        items = [self.show(request, token) for token in request.tokens.values()]
        return self.resource.relisted(sample(self.resource.list.response_schema or {}, ""), items)

    def delete(self, request: Request) -> Any:
        assert request.token
        del request.tokens[request.token.id.lower()]
        assert request.operation
        schema = request.operation.response_schema
        return sample(schema, "") if schema else None

    def services(self, request: Request) -> Any:
        assert request.token
        assert request.operation
        schema = request.operation.response_schema or {}
        answer = sample(schema, "")
        lists = [name for name, each in schema.get("properties", {}).items() if each.get("type") == "array"]
        return {**answer, lists[0]: request.token.services} if lists else answer

    def named(self, request: Request) -> str | None:
        """The id that a create gives an item, where that is a field of the body."""
        if self.resource.id not in self.resource.fields:
            return None
        id = get(request.body, self.resource.id)
        if str(id).lower() in request.tokens:
            raise Refusal(documented(request, 409, 400, 422), f"there is such {self.resource.a} already")
        return None if id is None else str(id)

    def new_id(self) -> str:
        if self.resource.parameters[self.resource.item].get("type") == "integer":
            return str(self.last % 10**9)
        named = str(uuid.uuid4())
        return (
            named
            if self.resource.identifies(self.resource.item, named)
            else str(sample(self.resource.parameters[self.resource.item], named))
        )

    def store(self, request: Request, token: Item, body: dict[str, Any]) -> None:
        kept = {name: value for name, value in body.items() if name in self.requested}
        if request.action == "edit" and self.resource.merges:
            kept = merged(token.fields, kept)
        elif request.action == "edit":
            kept = {name: token.fields[name] for name in self.resource.fixed if name in token.fields} | kept
        token.fields = kept
        token.moved_at = self.now()

    def show(self, request: Request, token: Item) -> dict[str, Any]:  # noqa: ARG002
        """An item as answers show it: what was stored and may be seen, and what a stored one lacks."""
        resource = self.resource
        switch = get(token.fields, resource.switch) if resource.switch else None
        values = {**self.defaults.get(switch, self.defaults[None]), **token.fields}
        integer = resource.shown.get(resource.id) and resource.shown[resource.id].kind == "integer"
        made: dict[str | None, Any] = {
            resource.id: int(token.id) if integer else token.id,
            resource.created: self._time(resource.created, token.made_at),
            resource.edited: self._time(resource.edited, token.moved_at),
            **dict.fromkeys(resource.counts, len(token.services)),
            **{name: has(token.fields, secret) for name, secret in resource.tells.items()},
        }
        for name, value in made.items():
            if name:
                values = put(values, name, value)
        shown: dict[str, Any] = _shown(resource.shown_schema, values)
        return shown

    def _time(self, field: str | None, moment: str) -> str | int:
        """A time as a field shows it: as text, or in milliseconds since 1970."""
        if field and self.resource.shown[field].kind == "integer":
            return round(datetime.fromisoformat(moment).timestamp() * 1000)
        return moment

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


def _arrays(operation: Operation) -> list[dict[str, Any]]:
    """The lists that an answer of an operation holds."""
    schema = operation.response_schema or {}
    return [each for each in (schema, *schema.get("properties", {}).values()) if each.get("type") == "array"]


def _shown(schema: dict[str, Any], value: Any) -> Any:
    """A value with what its schema has, and no secrets."""
    if isinstance(value, list):
        return [_shown(schema.get("items", {}), each) for each in value]
    properties = schema.get("properties")
    if not properties or not isinstance(value, dict):
        return value
    # Null is shown as absent where no answer may hold it.
    null = {name for name, each in properties.items() if "type" in each and "null" not in each["type"]}
    value = {name: each for name, each in value.items() if each is not None or name not in null}
    visible = {name: each for name, each in properties.items() if not each.get("writeOnly") and name in value}
    required = {name: sample(properties[name], name) for name in schema.get("required", ()) if name not in value}
    return required | {name: _shown(each, value[name]) for name, each in visible.items()}


def _defaults(contract: Contract, schema: dict[str, Any]) -> dict[Any, dict[str, Any]]:
    """What answers show of the required fields that nobody sent, by choice (None: any other choice).

    It is what the contract's first example of that choice shows, else something made up from the schema.
    """
    resource = contract.resource
    made = {name: sample(schema["properties"][name], name) for name in schema.get("required", ())}
    found: dict[Any, dict[str, Any]] = {None: made}
    for example in contract.document.get("components", {}).get("examples", {}).values():
        value = example["value"]
        if validator(schema).is_valid(value):
            choice = get(value, resource.switch) if resource.switch else None
            found.setdefault(choice, {**made, **{name: value[name] for name in made}})
    return found
