"""The operations of OpenAPI documents, 3.0 and 3.1: references resolved, schemas in normal form."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from conformance.contract.document import METHODS, ContractError, References
from drift import schema as schemas
from drift.schema import Schema

# How many parts the schema of one body may have: the largest of Qovery's has 4,000, that of its git tokens 66.
MOST_PARTS = 5_000


@dataclass(frozen=True)
class Parameter:
    """A parameter of a request, or a header of an answer."""

    name: str
    required: bool
    deprecated: bool
    encoding: str
    schema: Schema


@dataclass(frozen=True)
class Body:
    """What a request or an answer carries: a schema by media type."""

    required: bool
    content: dict[str, Schema]


@dataclass(frozen=True)
class Response:
    headers: dict[str, Parameter]
    content: dict[str, Schema]


@dataclass(frozen=True)
class Operation:
    """One operation, with what it inherits from its path and its document."""

    id: str
    method: str
    path: str
    deprecated: bool
    servers: frozenset[str]
    security: frozenset[str]
    parameters: dict[str, Parameter]
    body: Body | None
    responses: dict[str, Response]


def shape(path: str) -> str:
    """A path without its parameters' names, by which a server cannot tell paths apart."""
    return re.sub(r"{[^}]*}", "{}", path)


def operations(document: dict[str, Any], name: str, under: Iterable[str] | None = None) -> dict[str, Operation]:
    """The operations of a document by method and shape of path; with `under`, only those on these paths and below.

    Nothing else of the document is looked at. `name` is the document's name in messages. Raises ContractError where
    something is not OpenAPI, a reference leads nowhere, out of the document, or back to itself.
    """
    try:
        return _Reader(document).operations(under)
    except ContractError as error:
        raise ContractError(f"{name}: {error}") from None
    except RecursionError:
        raise ContractError(f"{name}: nested too deeply") from None


class _Reader:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.old = str(document["openapi"]).startswith("3.0")
        self.references = References(document)

    def operations(self, under: Iterable[str] | None) -> dict[str, Operation]:
        wanted = None if under is None else list(map(shape, under))
        found = {}
        for path, item in self.members(self.document, "paths", ""):
            if not path.startswith("/"):
                continue
            if wanted is not None and not any(f"{shape(path)}/".startswith(f"{prefix}/") for prefix in wanted):
                continue
            item = self.target(item, path)
            for method in METHODS:
                if method in item:
                    operation = self.operation(method.upper(), path, item, f"{method.upper()} {path}")
                    found[f"{operation.method} {shape(path)}"] = operation
        return found

    def operation(self, method: str, path: str, item: dict[str, Any], place: str) -> Operation:
        node = self.mapping(item[method.lower()], place)
        parameters = {}
        for owner in (item, node):
            for listed in self.sequence(owner.get("parameters"), f"{place} parameters"):
                key, parameter = self.parameter(listed, path, f"{place} parameters")
                if key not in ("header accept", "header content-type", "header authorization"):
                    parameters[key] = parameter
        body = None
        if "requestBody" in node:
            target = self.target(node["requestBody"], f"{place} requestBody")
            content = self.content(target, f"{place} requestBody", "readOnly")
            body = Body(target.get("required") is True, content)
        responses = {}
        for status, response in self.members(node, "responses", place):
            if not status.startswith("x-"):
                responses[status.upper()] = self.response(response, status, f"{place} response {status}")
        servers = node.get("servers") or item.get("servers") or self.document.get("servers") or [{"url": "/"}]
        return Operation(
            id=str(node.get("operationId", f"{method} {path}")),
            method=method,
            path=path,
            deprecated=node.get("deprecated") is True,
            servers=frozenset(
                str(self.mapping(server, "servers").get("url")).rstrip("/")
                for server in self.sequence(servers, f"{place} servers")
            ),
            security=self.security(node.get("security", self.document.get("security")), place),
            parameters=parameters,
            body=body,
            responses=responses,
        )

    def parameter(self, node: object, path: str, place: str) -> tuple[str, Parameter]:
        target = self.target(node, place)
        name, where = str(target.get("name")), str(target.get("in"))
        if where == "path":
            names = re.findall(r"{([^}]*)}", path)
            if name not in names:
                raise ContractError(f"{place}: {name} is not in the path")
            key = f"path {names.index(name)}"
        else:
            key = f"{where} {name.lower() if where == 'header' else name}"
        default = {"query": "form", "cookie": "form"}.get(where, "simple")
        return key, self.value(target, name, default, f"{place} {name}", "readOnly")

    def value(self, node: dict[str, Any], name: str, default: str, place: str, hidden: str) -> Parameter:
        """A parameter or header, whose schema is its own or that of its only media type."""
        style = str(node.get("style", default))
        encoding = f"{style}, exploded" if node.get("explode", style == "form") else style
        schema: Schema = {}
        if "schema" in node:
            schema = self.schema(node["schema"], place, hidden)
        elif "content" in node:
            encoding, schema = next(iter(self.content(node, place, hidden).items()), (encoding, {}))
        flags = [flag for flag in ("allowReserved", "allowEmptyValue") if node.get(flag) is True]
        return Parameter(
            name=name,
            required=node.get("required") is True,
            deprecated=node.get("deprecated") is True,
            encoding=", ".join([encoding, *flags]),
            schema=schema,
        )

    def response(self, node: object, status: str, place: str) -> Response:
        target = self.target(node, place)
        headers = {}
        for name, header in self.members(target, "headers", place):
            if name.lower() != "content-type":
                at = f"{place} header {name}"
                headers[name.lower()] = self.value(self.target(header, at), name, "simple", at, "writeOnly")
        content = self.content(target, place, "writeOnly")
        if status[0] in "45":
            # A media type without a schema says what an error may look like, and promises nothing.
            content = {media: schema for media, schema in content.items() if schema}
        return Response(headers, content)

    def content(self, node: dict[str, Any], place: str, hidden: str) -> dict[str, Schema]:
        return {
            media.lower().replace(" ", ""): self.schema(self.mapping(value, place).get("schema", {}), place, hidden)
            for media, value in self.members(node, "content", place)
        }

    def security(self, node: object, place: str) -> frozenset[str]:
        """The alternatives, each as its schemes in words: what they are counts, not what they are called."""
        alternatives = []
        for requirement in self.sequence(node, f"{place} security"):
            needed = []
            for name, scopes in self.mapping(requirement, f"{place} security").items():
                scheme = self.target({"$ref": f"#/components/securitySchemes/{name}"}, f"{place} security")
                words = [str(scheme.get(key, "")).lower() for key in ("type", "in", "scheme", "name")]
                words.append(str(scheme.get("openIdConnectUrl", "")))
                flows = [schemas.text(self.plain(scheme["flows"], place))] if "flows" in scheme else []
                needed.append(" ".join(filter(None, [*words, *flows, *sorted(map(str, scopes))])))
            alternatives.append(" and ".join(sorted(needed)) or "nothing")
        return frozenset(alternatives or ["nothing"])

    def schema(self, node: object, place: str, hidden: str) -> Schema:
        """The normal form of a schema where properties that are `hidden`, read-only or write-only, are not required."""
        resolved = self.resolve(node, place, ())
        if _parts(resolved) > MOST_PARTS:
            raise ContractError(f"{place}: its schema has more than {MOST_PARTS:,} parts, which cannot be compared")
        try:
            jsonschema_rs.Draft202012Validator(resolved, validate_formats=True)
        except ValueError as error:
            reason = error.message if isinstance(error, jsonschema_rs.ValidationError) else str(error)
            raise ContractError(f"{place}: not a schema: {' '.join(reason.split())}") from None
        return _without(schemas.normal(resolved), hidden)

    def resolve(self, node: object, place: str, inside: tuple[str, ...]) -> Any:
        """A schema in the 3.1 form with every reference replaced by what it names."""
        self.references.count(place)
        if isinstance(node, bool):
            return node
        node = self.mapping(node, place)
        if "$ref" in node:
            reference = str(node["$ref"])
            if reference in inside:
                raise ContractError(f"{place}: {reference} refers to itself, which cannot be compared")
            target = self.resolve(self.references.find(reference, place), reference, (*inside, reference))
            beside = {key: value for key, value in node.items() if key != "$ref"}
            return target if self.old or not beside else {"allOf": [target, self.resolve(beside, place, inside)]}
        resolved: Schema = {}
        for key, value in node.items():
            if key in schemas.SINGLE:
                resolved[key] = self.resolve(value, place, inside)
            elif key in schemas.LISTED or key == "allOf":
                resolved[key] = [self.resolve(branch, place, inside) for branch in self.sequence(value, place)]
            elif key in schemas.NAMED:
                members = self.members(node, key, place)
                resolved[key] = {name: self.resolve(value, f"{place} {name}", inside) for name, value in members}
            elif key in ("$dynamicRef", "unevaluatedItems", "unevaluatedProperties"):
                raise ContractError(f"{place}: {key} cannot be compared")
            elif key in schemas.KNOWN:
                resolved[key] = self.plain(value, place)
        return _modern(resolved) if self.old else resolved

    def plain(self, value: object, place: str) -> Any:
        """A value of YAML as one of JSON: keys as text, dates as text, 1.0 as 1."""
        self.references.count(place)
        if isinstance(value, dict):
            return {str(key): self.plain(item, place) for key, item in value.items()}
        if isinstance(value, list):
            return [self.plain(item, place) for item in value]
        if isinstance(value, float):
            if not math.isfinite(value):
                raise ContractError(f"{place}: {value} is not a number of JSON")
            return int(value) if value.is_integer() else value
        return value if isinstance(value, str | int | float | None) else str(value)

    def target(self, node: object, place: str) -> dict[str, Any]:
        """What a mapping is, or refers to."""
        passed = set()
        while isinstance(node, dict) and "$ref" in node:
            reference = str(node["$ref"])
            if reference in passed:
                raise ContractError(f"{place}: {reference} refers to itself")
            passed.add(reference)
            node = self.references.find(reference, place)
        return self.mapping(node, place)

    def members(self, node: dict[str, Any], key: str, place: str) -> list[tuple[str, Any]]:
        value = self.mapping(node.get(key) or {}, f"{place} {key}".strip())
        return [(str(name), member) for name, member in value.items()]

    def mapping(self, node: object, place: str) -> dict[str, Any]:
        if not isinstance(node, dict):
            raise ContractError(f"{place}: not a mapping")
        return node

    def sequence(self, node: object, place: str) -> list[Any]:
        if not isinstance(node, list | None):
            raise ContractError(f"{place}: not a list")
        return node or []


def _parts(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_parts, inner))


def _modern(schema: Schema) -> Schema:
    """An OpenAPI 3.0 schema in the words of JSON Schema 2020-12."""
    nullable = schema.pop("nullable", False) is True
    if nullable and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    for bound in ("minimum", "maximum"):
        exclusive = f"exclusive{bound.capitalize()}"
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and bound in schema:
            schema[exclusive] = schema.pop(bound)
    if schema.get("format") == "byte":
        schema["contentEncoding"] = "base64"
        del schema["format"]
    elif schema.get("format") == "binary":
        schema["contentMediaType"] = "application/octet-stream"
        del schema["format"]
    return schema


def _without(schema: Schema, hidden: str) -> Schema:
    """A schema in normal form that does not require the properties that the other direction is to carry."""
    properties = {name: _without(value, hidden) for name, value in schema.get("properties", {}).items()}
    changed: Schema = {"properties": properties} if properties else {}
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            changed[keyword] = _without(schema[keyword], hidden)
    required = [name for name in schema.get("required", []) if not _notes(properties, name).get(hidden)]
    if required:
        changed["required"] = required
    return {key: value for key, value in schema.items() if key != "required"} | changed


def _notes(properties: dict[str, Schema], name: str) -> Any:
    return properties.get(name, {}).get(schemas.NOTES, {})
