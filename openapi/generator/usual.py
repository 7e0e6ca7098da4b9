"""A contract in the one form that the client's templates know, of the several in which others write the same.

What stands in an operation moves to components, where models and parameters have names; what a client need not know,
such as the body that an error promises, is left out.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from conformance.contract.document import METHODS, References
from conformance.contract.plain import plain
from conformance.contract.resource import words

Json = dict[str, Any]


def usual(document: Json) -> Json:
    """A copy of a valid document as the templates know it."""
    made = copy.deepcopy(plain(document))
    references = References(made)
    components: dict[str, Json] = made.setdefault("components", {})
    for response in components.get("responses", {}).values():
        if not _used_for_success(made, response):
            response.pop("content", None)
    for path, item in made.get("paths", {}).items():
        item["parameters"] = list(_parameters(item.get("parameters", ()), components, references))
        for method in item.keys() & set(METHODS):
            operation = item[method]
            if "parameters" in operation:
                operation["parameters"] = list(_parameters(operation["parameters"], components, references))
            operation.setdefault("tags", [_tag(path)])
            if "operationId" in operation:
                operation["operationId"] = _identifier(operation["operationId"])
            _bodies(operation, components, references)
        if not item["parameters"]:
            del item["parameters"]
    for schema in _schemas(made):
        _values(schema)
    # What only errors were made of.
    for name in set(_used(document)) - set(_used(made)):
        components.get("schemas", {}).pop(name, None)
    return made


def _used(document: Json) -> Iterator[str]:
    """The names of the schemas that operations lead to."""
    schemas = document.get("components", {}).get("schemas", {})
    responses = document.get("components", {}).get("responses", {})
    waiting, met = [document.get("paths", {})], set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            kind, _, name = str(part.get("$ref", "")).removeprefix("#/components/").partition("/")
            known = {"schemas": schemas, "responses": responses}.get(kind, {})
            if name in known and (kind, name) not in met:
                met.add((kind, name))
                waiting.append(known[name])
                yield from [name] if kind == "schemas" else []
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def left_out(document: Json) -> list[str]:
    """What a client of a document cannot say, and that a server does not need: optional parameters of requests."""
    references = References(document)
    found = []
    for item in document.get("paths", {}).values():
        for part in (item, *(item[method] for method in METHODS if method in item)):
            for each in part.get("parameters", ()):
                said = references.find(each["$ref"], "") if "$ref" in each else each
                if said["in"] != "path" and not said.get("required"):
                    found.append(f"{said['name']} ({said['in']})")
    return list(dict.fromkeys(found))


def _identifier(operation: str) -> str:
    """An operation's id without the signs that no module's name has."""
    return re.sub(r"[^0-9A-Za-z_]+", "_", operation)


def _tag(path: str) -> str:
    """What a client calls a resource of which no tag says it: the last fixed word of its path."""
    fixed = [part for part in path.split("/") if part and "{" not in part]
    return words(fixed[-1], "_", keep=True) if fixed else "items"


def _parameters(parameters: Any, components: Json, references: References) -> Iterator[Json]:
    for each in parameters:
        said = references.find(each["$ref"], "") if "$ref" in each else each
        if said["in"] != "path" and not said.get("required"):
            continue
        if "$ref" in each:
            yield each
            continue
        known = components.setdefault("parameters", {})
        name = _free(re.sub(r"\W", "_", said["name"]), known, said)
        known[name] = said
        yield {"$ref": f"#/components/parameters/{name}"}


def _bodies(operation: Json, components: Json, references: References) -> None:
    """Gives the bodies of an operation names, and leaves out those that errors promise."""
    title = "".join(
        part[:1].upper() + part[1:] for part in re.findall(r"[A-Za-z0-9]+", operation.get("operationId", ""))
    )
    body = operation.get("requestBody")
    if isinstance(body, dict):
        # The client always sends it.
        body = references.find(body["$ref"], "") if "$ref" in body else body
        body["required"] = True
        _named(body, f"{title}Body", components)
    responses = operation.get("responses", {})
    if len(responses) > 1:
        responses.pop("default", None)
    for status, response in responses.items():
        if str(status).startswith("2"):
            answer = references.find(response["$ref"], "") if "$ref" in response else response
            _named(answer, f"{title}Answer", components)
            for link in answer.get("links", {}).values():
                if "operationId" in link:
                    link["operationId"] = _identifier(link["operationId"])
        elif "$ref" not in response:
            response.pop("content", None)


def _named(owner: Json, name: str, components: Json) -> None:
    for content in owner.get("content", {}).values():
        schema = content.get("schema")
        if isinstance(schema, dict) and schema.get("type") == "object" and schema.get("properties"):
            known = components.setdefault("schemas", {})
            name = _free(name, known, schema)
            known[name] = schema
            content["schema"] = {"$ref": f"#/components/schemas/{name}"}


def _free(name: str, known: Json, part: Json) -> str:
    """A name that nothing else has."""
    number, tried = 1, name
    while tried in known and known[tried] != part:
        number, tried = number + 1, f"{name}{number + 1}"
    return tried


def _used_for_success(document: Json, response: Json) -> bool:
    names = {name for name, each in document["components"]["responses"].items() if each is response}
    return any(
        str(status).startswith("2") and str(answer.get("$ref", "")).rpartition("/")[2] in names
        for item in document.get("paths", {}).values()
        for method in item.keys() & set(METHODS)
        for status, answer in item[method].get("responses", {}).items()
    )


def _schemas(part: Any) -> Iterator[Json]:
    """Every schema of a property, and every other mapping with a type."""
    if isinstance(part, dict):
        if isinstance(part.get("type"), str | list):
            yield part
        for key, value in part.items():
            if key not in ("example", "examples", "default", "if"):
                yield from _schemas(value)
    elif isinstance(part, list):
        for each in part:
            yield from _schemas(each)


def _values(schema: Json) -> None:
    """Numbers of a choice are numbers within its bounds, and objects that hold anything of one type hold anything."""
    values = [each for each in schema.get("enum", ()) if each is not None]
    if values and not all(isinstance(each, str) for each in values):
        del schema["enum"]
        if all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
            schema["minimum"], schema["maximum"] = min(values), max(values)
    if isinstance(schema.get("additionalProperties"), dict) and not schema.get("properties"):
        schema["additionalProperties"] = True
