"""What OpenAPI 3.1 can say and this project cannot honour: the client would drop it, the mock or the suite ignore it.

A contract that says such a thing is refused rather than half honoured. What is listed here is what is honoured; a
part of the project that learns more adds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from conformance.mock.server import ACTIONS
from drift.document import METHODS

# The keys and indices that lead to a part of the document, and why it cannot be there.
Place = tuple["str | int", ...]
Found = Iterator[tuple[Place, str]]

_TEXTS = {"title", "description", "summary", "example", "examples", "externalDocs"}
_HONOURED = {
    "document": _TEXTS | {"openapi", "info", "servers", "security", "tags", "paths", "components"},
    "server": _TEXTS | {"url"},
    "path": _TEXTS | {"parameters", *METHODS},
    "operation": _TEXTS | {"operationId", "tags", "parameters", "requestBody", "responses"},
    "parameter": _TEXTS | {"name", "in", "required", "schema"},
    "request body": _TEXTS | {"required", "content"},
    "media type": _TEXTS | {"schema"},
    "response": _TEXTS | {"headers", "content", "links"},
    "header": _TEXTS | {"schema", "required"},
    "components": _TEXTS
    | {"examples", "headers", "links", "parameters", "requestBodies", "responses", "schemas", "securitySchemes"},
    "request body's object": _TEXTS
    | {"$ref", "type", "required", "properties", "additionalProperties", "if", "then", "else", "$comment"},
    "response body's object": _TEXTS | {"$ref", "type", "required", "properties", "additionalProperties", "$comment"},
    "request body's property": _TEXTS
    | {"$ref", "type", "enum", "format", "minLength", "maxLength", "writeOnly", "x-must-accept", "$comment"},
    "response body's property": _TEXTS
    | {"$ref", "type", "enum", "format", "minimum", "items", "readOnly", "x-role", "x-counts", "$comment"},
}
_TYPES = {"request": {"string"}, "response": {"array", "integer", "object", "string"}}
_FORMATS = {"request": {"password", "uri"}, "response": {"date", "date-time", "uri", "uuid"}}

# What the suite cannot do without, and the clause that is about it.
_OPERATIONS = {"createGitToken": "resource/create", "editGitToken": "edit/works"}
_FIELDS = {"name": "edit/touches-no-other", "type": "refusals/provider"}


def unsupported(document: dict[str, Any]) -> list[tuple[Place, str]]:
    """The places of a valid OpenAPI 3.1 document that cannot be honoured, each with the reason.

    Its references have to lead somewhere.
    """
    return sorted(dict(_document(document)).items(), key=lambda found: str(found[0]))


def _document(document: dict[str, Any]) -> Found:
    yield from _others(document, "document", ())
    servers = document.get("servers", [])
    for number, server in enumerate(servers):
        yield from _others(server, "server", ("servers", number))
    if len(servers) != 1:
        yield ("servers",), "the client's default address is that of exactly one server"
    for number, requirement in enumerate(document.get("security", [])):
        if len(requirement) != 1:
            yield ("security", number), "the client and the mock know one scheme at a time, and no access without"
    components = document.get("components", {})
    yield from _others(components, "components", ("components",))
    for kind in ("securitySchemes", "parameters", "requestBodies", "responses", "headers"):
        for name, part in components.get(kind, {}).items():
            place = ("components", kind, name)
            if "$ref" in part:
                yield place, "nothing in this project follows a component that is a reference"
            elif kind == "securitySchemes":
                yield from _scheme(part, place)
            elif kind == "parameters":
                yield from _parameter(part, place)
            elif kind == "requestBodies":
                yield from _request(document, part, place)
            elif kind == "responses":
                yield from _response(document, part, place, success=False)
            else:
                yield from _header(part, place)
    paths = document.get("paths", {})
    for path, item in paths.items():
        yield from _path(document, item, ("paths", path))
    known = {item[method].get("operationId") for item in paths.values() for method in METHODS if method in item}
    for operation, clause in _OPERATIONS.items():
        if operation not in known:
            yield ("paths",), f"there is no {operation}, which the suite cannot do without: look at the clause {clause}"


def _scheme(scheme: dict[str, Any], place: Place) -> Found:
    said = (scheme["type"], scheme.get("scheme", "").lower(), scheme.get("name", "").lower(), scheme.get("in"))
    if said not in (("http", "bearer", "", None), ("apiKey", "", "authorization", "header")):
        yield place, "the client and the mock send and take only Authorization"


def _path(document: dict[str, Any], item: dict[str, Any], place: Place) -> Found:
    yield from _others(item, "path", place)
    yield from _parameters(item, place)
    for method in METHODS:
        if method not in item:
            continue
        operation, at = item[method], (*place, method)
        yield from _others(operation, "operation", at)
        yield from _parameters(operation, at)
        if operation.get("operationId") not in ACTIONS:
            yield (*at, "operationId"), "the mock does not know what this operation does"
        if "requestBody" in operation:
            yield from _request(document, operation["requestBody"], (*at, "requestBody"))
        for status, response in operation.get("responses", {}).items():
            if not str(status).isdecimal():
                yield (*at, "responses", status), "the client and the mock know single statuses only"
            else:
                success = str(status).startswith("2")
                yield from _response(document, response, (*at, "responses", status), success)


def _parameters(owner: dict[str, Any], place: Place) -> Found:
    for number, parameter in enumerate(owner.get("parameters", [])):
        if "$ref" not in parameter:
            at = (*place, "parameters", number)
            yield from list(_parameter(parameter, at)) or [(at, "the client knows parameters of components only")]


def _parameter(parameter: dict[str, Any], place: Place) -> Found:
    yield from _others(parameter, "parameter", place)
    if parameter["in"] != "path":
        yield (*place, "in"), "the client and the mock know parameters of paths only"
    if {**parameter.get("schema", {}), "description": ""} != {"type": "string", "format": "uuid", "description": ""}:
        yield (*place, "schema"), "the suite knows UUIDs in paths only"


def _request(document: dict[str, Any], body: dict[str, Any], place: Place) -> Found:
    if "$ref" in body:
        return
    yield from _others(body, "request body", place)
    if body.get("required") is not True:
        yield place, "the client always sends the body, and the mock refuses a request without"
    yield from _content(document, body, place, "request")


def _response(document: dict[str, Any], response: dict[str, Any], place: Place, success: bool) -> Found:
    if "$ref" in response:
        return
    yield from _others(response, "response", place)
    for name, header in response.get("headers", {}).items():
        if "$ref" not in header:
            yield from _header(header, (*place, "headers", name))
    if success:
        yield from _content(document, response, place, "response")
    for media, content in {} if success else response.get("content", {}).items():
        if "schema" in content:
            yield (*place, "content", media), "the client reads no promised body from an error"


def _header(header: dict[str, Any], place: Place) -> Found:
    yield from _others(header, "header", place)
    if header.get("required"):
        yield (*place, "required"), "the mock does not send it"


def _content(document: dict[str, Any], owner: dict[str, Any], place: Place, side: str) -> Found:
    for media, content in owner.get("content", {}).items():
        at = (*place, "content", media)
        if media != "application/json":
            yield at, "the client, the mock and the suite know application/json only"
            continue
        yield from _others(content, "media type", at)
        schema = content.get("schema", {})
        if not isinstance(schema, dict) or "$ref" not in schema:
            yield (*at, "schema"), "the client's models are named after schemas of components: move it there"
        else:
            yield from _object(document, *_target(document, schema, at), side)


def _object(
    document: dict[str, Any], schema: dict[str, Any], place: Place, side: str, within: tuple[Place, ...] = ()
) -> Found:
    yield from _others(schema, f"{side} body's object", place)
    if schema.get("type") != "object":
        yield (*place, "type"), "the client reads and writes objects only"
    if schema.get("additionalProperties", True) not in (True, {}):
        yield (*place, "additionalProperties"), "the client and the mock let additional properties through"
    for name, inner in schema.get("properties", {}).items():
        yield from _property(document, inner, (*place, "properties", name), side, (*within, place))
    for name, clause in _FIELDS.items() if side == "request" else ():
        if name not in schema.get("properties", {}):
            at = (*place, "properties")
            yield at, f"there is no {name}, which the suite cannot do without: look at the clause {clause}"


def _property(document: dict[str, Any], schema: Any, place: Place, side: str, within: tuple[Place, ...]) -> Found:
    if not isinstance(schema, dict):
        yield place, "the client needs to know the type"
        return
    if "$ref" in schema:
        for key in schema.keys() - _TEXTS - {"$ref"}:
            yield (*place, key), "the client drops what stands beside a reference"
    schema, target = _target(document, schema, place)
    if target != place and schema.get("type") == "object" and side == "response":
        if target in within:
            yield place, "the mock and the suite cannot resolve a schema that refers to itself"
        else:
            yield from _object(document, schema, target, side, within)
        return
    place = target
    yield from _others(schema, f"{side} body's property", place)
    kinds = schema.get("type")
    single = [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind != "null"]
    if len(single) != 1 or single[0] not in _TYPES[side]:
        yield (*place, "type"), f"the client, the mock and the suite know no property of {side}s of this type"
    elif single[0] == "object":
        yield place, "the client's models are named after schemas of components: move it there"
    elif single[0] == "array":
        yield from _property(document, schema.get("items", True), (*place, "items"), side, within)
    if "format" in schema and schema["format"] not in _FORMATS[side]:
        yield (*place, "format"), f"the client, the mock and the suite know no such format of {side}s"
    if not all(
        isinstance(value, str) or (value is None and "null" in (kinds or [])) for value in schema.get("enum", [])
    ):
        yield (*place, "enum"), "the client knows enumerations of strings only"


def _target(document: dict[str, Any], schema: dict[str, Any], place: Place) -> tuple[dict[str, Any], Place]:
    """What a schema is or refers to, and where that is."""
    if "$ref" not in schema:
        return schema, place
    steps: Place = tuple(
        unquote(step).replace("~1", "/").replace("~0", "~") for step in schema["$ref"].removeprefix("#/").split("/")
    )
    target: Any = document
    for step in steps:
        target = target[int(step) if isinstance(target, list) else step]
    return target, steps


def _others(node: dict[str, Any], kind: str, place: Place) -> Found:
    """The keys of a part that nothing honours."""
    for key in node:
        if key not in _HONOURED[kind]:
            yield (*place, key), f"nothing in this project honours {key} here, in a {kind}"
