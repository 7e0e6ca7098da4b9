"""OpenAPI documents, 3.0 and 3.1, as the operations in them: references resolved, schemas in normal form."""

from __future__ import annotations

import contextlib
import gc
import math
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import jsonschema_rs
import yaml

from conformance.contract.document import ContractError, check_size
from drift import schema as schemas
from drift.schema import Schema

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# Qovery's document has 1 MB; what is ten times that is something else.
MOST_BYTES = 10_000_000
MOST_SECONDS = 30
# Our operations have some thousand nodes; references (or YAML's aliases) to references can make billions.
MOST_NODES = 200_000


class DocumentError(Exception):
    """A document cannot be used; the message is one line that says where and why."""


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


def read(source: str) -> dict[str, Any]:
    """Reads a document from a file or an https address.

    Raises DocumentError if it is not there, too large, or not what `parse` takes.
    """
    if "://" in source:
        content = fetch(source)
    else:
        try:
            with Path(source).open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise DocumentError(f"{source}: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise DocumentError(f"{source}: larger than {MOST_BYTES:,} bytes")
    return parse(content, source)


def parse(content: bytes, name: str) -> dict[str, Any]:
    """Reads a document from YAML or JSON; `name` is its name in messages.

    Raises DocumentError if it is not YAML, or not an OpenAPI 3.0 or 3.1 document.
    """
    try:
        check_size(content, name)
        with _uncollected():
            document = yaml.load(content, Loader=yaml.CSafeLoader)
    except ContractError as error:
        raise DocumentError(str(error)) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DocumentError(f"{name}:{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DocumentError(f"{name}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict) or not re.match(r"3\.[01](\.|$)", str(document.get("openapi"))):
        raise DocumentError(f"{name}: not an OpenAPI 3.0 or 3.1 document")
    return document


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: to look for cycles in a large document takes longer than to read it."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def fetch(address: str, transport: httpx.BaseTransport | None = None) -> bytes:
    """Gets a document over https, at most one byte more than MOST_BYTES of it. Raises DocumentError if it cannot."""
    if not address.startswith("https://"):
        raise DocumentError(f"{address}: only files and https addresses are read")
    content = b""
    deadline = time.monotonic() + MOST_SECONDS
    try:
        with httpx.Client(transport=transport, timeout=10) as client, client.stream("GET", address) as response:
            if response.status_code != 200:
                raise DocumentError(f"{address}: answered {response.status_code}")
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MOST_BYTES:
                    return content[: MOST_BYTES + 1]
                if time.monotonic() > deadline:
                    raise DocumentError(f"{address}: took longer than {MOST_SECONDS} seconds")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DocumentError(f"{address}: {' '.join(str(error).split()) or type(error).__name__}") from None
    return content


def operations(document: dict[str, Any], name: str, under: Iterable[str] | None = None) -> dict[str, Operation]:
    """The operations of a document by method and shape of path; with `under`, only those on these paths and below.

    Nothing else of the document is looked at. `name` is the document's name in messages. Raises DocumentError where
    something is not OpenAPI, a reference leads nowhere, out of the document, or back to itself.
    """
    try:
        return _Reader(document).operations(under)
    except DocumentError as error:
        raise DocumentError(f"{name}: {error}") from None
    except RecursionError:
        raise DocumentError(f"{name}: nested too deeply") from None


class _Reader:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.old = str(document["openapi"]).startswith("3.0")
        self.nodes = 0

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
                raise DocumentError(f"{place}: {name} is not in the path")
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
        try:
            jsonschema_rs.Draft202012Validator(resolved, validate_formats=True)
        except ValueError as error:
            reason = error.message if isinstance(error, jsonschema_rs.ValidationError) else str(error)
            raise DocumentError(f"{place}: not a schema: {' '.join(reason.split())}") from None
        return _without(schemas.normal(resolved), hidden)

    def resolve(self, node: object, place: str, inside: tuple[str, ...]) -> Any:
        """A schema in the 3.1 form with every reference replaced by what it names."""
        self.count(place)
        if isinstance(node, bool):
            return node
        node = self.mapping(node, place)
        if "$ref" in node:
            reference = str(node["$ref"])
            if reference in inside:
                raise DocumentError(f"{place}: {reference} refers to itself, which cannot be compared")
            target = self.resolve(self.find(reference, place), reference, (*inside, reference))
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
                raise DocumentError(f"{place}: {key} cannot be compared")
            elif key in schemas.KNOWN:
                resolved[key] = self.plain(value, place)
        return _modern(resolved) if self.old else resolved

    def plain(self, value: object, place: str) -> Any:
        """A value of YAML as one of JSON: keys as text, dates as text, 1.0 as 1."""
        self.count(place)
        if isinstance(value, dict):
            return {str(key): self.plain(item, place) for key, item in value.items()}
        if isinstance(value, list):
            return [self.plain(item, place) for item in value]
        if isinstance(value, float):
            if not math.isfinite(value):
                raise DocumentError(f"{place}: {value} is not a number of JSON")
            return int(value) if value.is_integer() else value
        return value if isinstance(value, str | int | float | None) else str(value)

    def count(self, place: str) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise DocumentError(f"{place}: has too many parts")

    def target(self, node: object, place: str) -> dict[str, Any]:
        """What a mapping is, or refers to."""
        passed = set()
        while isinstance(node, dict) and "$ref" in node:
            reference = str(node["$ref"])
            if reference in passed:
                raise DocumentError(f"{place}: {reference} refers to itself")
            passed.add(reference)
            node = self.find(reference, place)
        return self.mapping(node, place)

    def find(self, reference: str, place: str) -> object:
        if not reference.startswith("#/"):
            raise DocumentError(f"{place}: {reference} is outside of the document")
        target: Any = self.document
        for part in reference[2:].split("/"):
            part = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(target, list) and part.isdecimal() and int(part) < len(target):
                target = target[int(part)]
                continue
            if isinstance(target, dict) and part not in target:
                # YAML's keys need not be text.
                part = next((key for key in target if str(key) == part), part)
            if not isinstance(target, dict) or part not in target:
                raise DocumentError(f"{place}: {reference} names nothing")
            target = target[part]
        return target

    def members(self, node: dict[str, Any], key: str, place: str) -> list[tuple[str, Any]]:
        value = self.mapping(node.get(key) or {}, f"{place} {key}".strip())
        return [(str(name), member) for name, member in value.items()]

    def mapping(self, node: object, place: str) -> dict[str, Any]:
        if not isinstance(node, dict):
            raise DocumentError(f"{place}: not a mapping")
        return node

    def sequence(self, node: object, place: str) -> list[Any]:
        if not isinstance(node, list | None):
            raise DocumentError(f"{place}: not a list")
        return node or []


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
