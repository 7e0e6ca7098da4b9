"""What a contract says that cannot be honoured: the place, the reason, and what is known instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .document import ContractError
from .resource import Resource

# What the schemas of request bodies may say.
KNOWN = frozenset(
    {
        "type",
        "properties",
        "required",
        "additionalProperties",
        "enum",
        "const",
        "default",
        "description",
        "title",
        "format",
        "examples",
        "example",
        "readOnly",
        "writeOnly",
        "deprecated",
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "items",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "if",
        "then",
        "else",
        "allOf",
        "dependentRequired",
        "$comment",
    }
)

# The longest texts and lists that are sent, be it to see them refused: larger ones take memory, and find nothing.
LARGEST = {"minLength": 100_000, "maxLength": 100_000, "minItems": 1_000, "maxItems": 1_000}


def refuse(resource: Resource) -> None:
    """Raises ContractError with the first thing that cannot be honoured."""
    for place, reason in unsupported(resource):
        raise ContractError(f"{place}: {reason}")


def unsupported(resource: Resource) -> Iterator[tuple[str, str]]:
    """Every place of a contract that cannot be honoured, and why."""
    for name, scheme in resource.document.get("components", {}).get("securitySchemes", {}).items():
        place = f"components/securitySchemes/{name}"
        if scheme.get("type") not in ("apiKey", "http"):
            yield place, f"{scheme.get('type')} is not known; known are apiKey in a header and http"
        elif scheme["type"] == "apiKey" and scheme.get("in") != "header":
            yield place, f"an API key in a {scheme.get('in')} is not known; known is in a header"
    for operation in resource.writes:
        yield from _schema(operation.request_schema, f"{operation.id}'s request body")
    for operation in resource.operations.values():
        item = resource.document["paths"][operation.path]
        for parameter in [*item.get("parameters", ()), *item[operation.method.lower()].get("parameters", ())]:
            if parameter["in"] != "path" and parameter.get("required"):
                place = f"{operation.id}'s parameter {parameter['name']}"
                yield place, f"a required parameter in the {parameter['in']} is not known; known are those in the path"
    if resource.list and resource.items is None:
        yield resource.list.id, "its answer has no array of items"
    variables: dict[str, str] = {}
    for scheme in resource.schemes:
        variables[scheme.variable] = f"the scheme {scheme.name}"
    for name in (*resource.owners, resource.item):
        if other := variables.get(variable := resource.variable(name)):
            yield f"the parameter {name}", f"its variable is {variable}, and so is that of {other}: rename one"
    _ = resource.mark


def _schema(schema: Any, place: str) -> Iterator[tuple[str, str]]:
    if not isinstance(schema, dict):
        return
    for key in schema:
        if key not in KNOWN and not key.startswith("x-"):
            yield f"{place}, {key}", f"it is not known in a request; known are {', '.join(sorted(KNOWN))}"
    for narrower, where in ((schema, place), (schema.get("x-must-accept") or {}, f"{place}, x-must-accept")):
        for key, most in LARGEST.items():
            if narrower.get(key, 0) > most:
                yield f"{where}, {key}", f"larger than {most:,}, and no larger texts or lists are sent: leave it out"
    for name, each in schema.get("properties", {}).items():
        yield from _schema(each, f"{place}, {name}")
    for key in ("items", "then", "else"):
        yield from _schema(schema.get(key), f"{place}, {key}")
    for number, each in enumerate(schema.get("allOf", ())):
        yield from _schema(each, f"{place}, allOf {number + 1}")
