"""Documents of many operations, made of the contract's edit, and how the time for one grows with its size."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from bench.measure import Comparison, interleave
from conformance.contract.contract import PATH

SIZES = (10, 100, 1000)
TURNS = 3


def document(operations: int, *, openapi: str, changed: bool = False) -> dict[str, Any]:
    """A document in which every operation has schemas of its own; `changed`: every tenth has one that is narrower."""
    contract = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    edit = contract["paths"]["/organization/{organizationId}/gitToken/{gitTokenId}"]["put"]
    components = contract["components"]
    schemas = {"GitProvider": components["schemas"]["GitProvider"]}
    paths = {}
    for number in range(operations):
        request = copy.deepcopy(components["schemas"]["GitTokenRequest"])
        del request["if"], request["then"]  # OpenAPI 3.0 knows neither.
        if changed and number % 10 == 0:
            request["properties"]["name"]["maxLength"] = 100
        schemas[f"Request{number}"] = request
        schemas[f"Response{number}"] = components["schemas"]["GitTokenResponse"]
        paths[f"/organization/{{organizationId}}/token{number}/{{gitTokenId}}"] = {
            "put": {
                **edit,
                "operationId": f"editToken{number}",
                "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in components["parameters"]],
                "requestBody": {"required": True, "content": _json(f"Request{number}")},
                "responses": {
                    **edit["responses"],
                    "200": {"description": "Done.", "content": _json(f"Response{number}")},
                },
            }
        }
    kept = ("securitySchemes", "parameters", "headers", "responses")
    return {
        "openapi": openapi,
        "info": {"title": "Many tokens", "version": "1.0.0"},
        **{key: contract[key] for key in ("servers", "security", "tags")},
        "paths": paths,
        "components": {**{key: components[key] for key in kept}, "schemas": schemas},
    }


def growth(
    what: str,
    peer: str,
    ours: Callable[[int], float],
    theirs: Callable[[int], float],
    most: int = max(SIZES),
    target: float | None = None,
) -> Iterator[Comparison]:
    """Compares the seconds for each size with the next, and up to `most` operations with the peer's."""
    ours(SIZES[0]), theirs(SIZES[0])  # to warm up: all of them would take minutes
    turns = interleave(
        lambda: {size: ours(size) for size in SIZES},
        lambda: {size: theirs(size) for size in SIZES if size <= most},
        TURNS,
        warm_up=0,
    )
    for size in turns[0][1]:
        yield Comparison(
            f"{what}: {size:,} operations", "s", peer, [(mine[size], other[size]) for mine, other in turns]
        )
    for small, large in pairwise(SIZES):
        pairs = [(mine[large], mine[small]) for mine, _ in turns]
        yield Comparison(f"{what}: {large:,} operations", "s", f"{small:,} operations", pairs, at_most=target)


def write(folder: Path, operations: int, *, openapi: str, changed: bool = False) -> str:
    """Writes such a document into a folder, as JSON, and gives its path."""
    path = folder / f"{operations}{'-changed' if changed else ''}.json"
    path.write_text(json.dumps(document(operations, openapi=openapi, changed=changed)), encoding="utf-8")
    return str(path)


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
