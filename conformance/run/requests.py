"""A request to an operation, as clauses ask for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from ..target.exchange import Framing, Request
from ..target.stops import Absent, NotExercised
from .harmless import harmless

if TYPE_CHECKING:
    from .sending import Sending

Headers = tuple[tuple[str, str], ...]
Credentials = tuple[str, str] | Literal["own"] | None
# Stands for the credentials of the run, and for the media type of the operation.
OWN: Literal["own"] = "own"

# The methods of what changes nothing.
READS = ("GET", "HEAD", "OPTIONS", "TRACE")
# The headers of a request that asks for nothing else.
PLAIN = ("authorization", "accept", "content-type")


class Options(TypedDict, total=False):
    """In what a request differs from what the contract has.

    `owners` stand in place of the run's own, `authorization` is a header with its value. Ids are put into the path as
    they are. `method` replaces the operation's own, and `road`, which is sent as it stands, its path; either makes the
    request one to no operation.
    """

    item: str | None
    owners: dict[str, str] | None
    authorization: Credentials
    media_type: str | None
    headers: Headers
    method: str | None
    road: str | None
    framing: Framing


def encoded(body: object) -> bytes:
    """A JSON value as it is sent."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def said(request: Request) -> str:
    """A request by what tells it from others to the same operation."""
    name = request.operation or request.method
    _, found, query = request.path.partition("?")
    headers = [f"{name}: {value}" for name, value in request.headers if name.lower() not in PLAIN]
    return " with ".join([name, *[f"?{query}"] * bool(found), *headers])


def requested(run: Sending, operation: str, body: object, **options: Unpack[Options]) -> Request:
    """A request to an operation. Raises NotExercised if it must not be sent, or the server has no such operation."""
    if operation not in run.contract.operations:
        raise Absent(f"the contract has no {operation}")
    if operation in run.missing and run.current:
        raise NotExercised(f"the server has no {operation}, as {run.missing[operation]} says")
    each = run.contract.operations[operation]
    item, owners, road = options.get("item"), options.get("owners"), options.get("road")
    method, authorization = options.get("method"), options.get("authorization", OWN)
    media_type = options.get("media_type", OWN)
    if run.resource.role(operation) in ("create", "delete") and (method is None or run.target.overwrite):
        run.expendable()
    body = run.bodies.whole(operation, run.pinned(body))
    if run.target.read_only and (method or each.method) != "GET":
        own = authorization == OWN and not owners and method is None
        body, item = harmless(run, operation, body, item, own=own)
        if road is not None:
            raise NotExercised("with --read-only nothing is written by other paths")
    sent = list(options.get("headers", ()))
    credentials = run.target.authorization if authorization == OWN else authorization
    if credentials is not None:
        sent.append(credentials)
    raw = body if isinstance(body, bytes) or body is None else encoded(body)
    if raw is not None and media_type is not None:
        sent.append(("Content-Type", each.media_type if media_type == OWN else media_type))
    return Request(
        method=method or each.method,
        path=run.path(operation, item, owners) if road is None else road,
        headers=tuple(sent),
        body=raw,
        operation=None if road or (method and method != each.method) else operation,
        verbatim=road is not None,
        framing=options.get("framing", ""),
    )
