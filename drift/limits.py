"""What OpenAPI 3.1 can say and a generated client cannot honour.

A contract that says such a thing is refused rather than half honoured. What is listed here is what is honoured; for
mock and suite, conformance/contract/limits.py says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from conformance.contract.document import METHODS

# The keys and indices that lead to a part of the document, and why it cannot be there.
Place = tuple["str | int", ...]
Found = Iterator[tuple[Place, str]]

_TEXTS = {"title", "description", "summary", "example", "examples", "externalDocs"}
# What bounds values: checked by the client as far as it can, and by the server in any case.
_VALUES = {
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
}
_VALUES |= {"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "dependentRequired", "default"}
_VALUES |= {"readOnly", "writeOnly", "deprecated", "$comment"}
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
    | {"$ref", "type", "required", "properties", "additionalProperties", "if", "then", "else", "allOf", *_VALUES},
    "response body's object": _TEXTS | {"$ref", "type", "required", "properties", "additionalProperties", *_VALUES},
    "request body's property": _TEXTS
    | {"$ref", "type", "enum", "format", "items", "additionalProperties", "writeOnly", *_VALUES},
    "response body's property": _TEXTS
    | {"$ref", "type", "enum", "format", "items", "additionalProperties", "readOnly", *_VALUES},
}
_TYPES = {"array", "boolean", "integer", "number", "object", "string"}


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


def _scheme(scheme: dict[str, Any], place: Place) -> Found:
    if scheme["type"] != "http" and (scheme["type"], scheme.get("in")) != ("apiKey", "header"):
        yield place, "the client sends credentials in a header only: known are http, and apiKey in a header"


def _path(document: dict[str, Any], item: dict[str, Any], place: Place) -> Found:
    yield from _others(item, "path", place)
    yield from _parameters(item, place)
    for method in METHODS:
        if method not in item:
            continue
        operation, at = item[method], (*place, method)
        yield from _others(operation, "operation", at)
        yield from _parameters(operation, at)
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
    if parameter.get("schema", {}).get("type") not in ("string", "integer"):
        yield (*place, "schema"), "the client knows texts, UUIDs and integers in paths only"


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
        if media not in ("application/json", "application/merge-patch+json"):
            yield at, "the client knows application/json and application/merge-patch+json only"
            continue
        yield from _others(content, "media type", at)
        schema, at = content.get("schema", {}), (*at, "schema")
        if side == "response" and isinstance(schema, dict) and _target(document, schema, at)[0].get("type") == "array":
            # A list of objects that is the whole answer.
            schema, at = _target(document, schema, at)
            schema, at = schema.get("items", {}), (*at, "items")
        if not isinstance(schema, dict) or "$ref" not in schema:
            yield at, "the client's models are named after schemas of components: move it there"
        else:
            yield from _object(document, *_target(document, schema, at), side)


def _object(
    document: dict[str, Any], schema: dict[str, Any], place: Place, side: str, within: tuple[Place, ...] = ()
) -> Found:
    yield from _others(schema, f"{side} body's object", place)
    if schema.get("type") != "object":
        yield (*place, "type"), "the client reads and writes objects only"
    for name, inner in schema.get("properties", {}).items():
        yield from _property(document, inner, (*place, "properties", name), side, (*within, place))


def _property(document: dict[str, Any], schema: Any, place: Place, side: str, within: tuple[Place, ...]) -> Found:
    if not isinstance(schema, dict):
        yield place, "the client needs to know the type"
        return
    if "$ref" in schema:
        for key in schema.keys() - _TEXTS - {"$ref"}:
            yield (*place, key), "the client drops what stands beside a reference"
    schema, target = _target(document, schema, place)
    if schema.get("type") == "object" and schema.get("properties"):
        if target in within:
            yield place, "a schema that refers to itself cannot be resolved"
        else:
            yield from _object(document, schema, target, side, within)
        return
    place = target
    yield from _others(schema, f"{side} body's property", place)
    kinds = schema.get("type")
    single = [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if kind != "null"]
    if len(single) != 1 or single[0] not in _TYPES:
        yield (*place, "type"), f"the client knows no property of {side}s of this type"
    elif single[0] == "object" and schema.get("additionalProperties", True) not in (True, {}):
        yield place, "the client knows objects of known properties, and such as may hold anything"
    elif single[0] == "array":
        yield from _property(document, schema.get("items", True), (*place, "items"), side, within)
    if schema.get("format") in ("binary", "byte"):
        yield (*place, "format"), "the client knows no such format"
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
        if key not in _HONOURED[kind] and not key.startswith("x-"):
            yield (*place, key), f"nothing in this project honours {key} here, in a {kind}"
