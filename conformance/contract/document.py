"""OpenAPI documents as they are read: from YAML, references resolved, with the operations that are in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

Json = dict[str, Any]

# Beside this file in an installation, in openapi/ in a clone.
PATH = Path(__file__).with_name("git-token.yaml")
if not PATH.exists():
    PATH = Path(__file__).parent.parent.parent / "openapi" / "git-token.yaml"

# How deep a document may be nested, and how many nodes it may have: Qovery's own is 17 deep and has 74,000.
DEPTH, NODES = 100, 1_000_000

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_JSON = re.compile(r"application/(.+\+)?json")


class ContractError(Exception):
    """The contract cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Operation:
    """One operation: a method on a path, with what it takes and what it answers."""

    id: str
    method: str
    path: str
    request_schema: Json | None
    responses: Json
    media_type: str = "application/json"

    @cached_property
    def success(self) -> int:
        """The one status that says the operation was carried out."""
        return min(int(status) for status in self.responses if status.startswith("2"))

    @property
    def response_schema(self) -> Json | None:
        """The schema of the body of a successful answer; None where there is no body."""
        content = self.responses[str(self.success)].get("content", {})
        return next((each["schema"] for name, each in content.items() if _JSON.fullmatch(name)), None)

    @property
    def parameters(self) -> list[str]:
        """The names of the path's parameters, in order."""
        return re.findall(r"{(\w+)}", self.path)


def read(path: Path) -> Json:
    """The document in a YAML file, as it stands there.

    Raises ContractError with file and line if it cannot be read, is not YAML, or is not an OpenAPI 3.1 document.
    """
    try:
        text = path.read_text(encoding="utf-8")
        check_size(text, str(path))
        document = yaml.load(text, yaml.CSafeLoader)
    except OSError as error:
        raise ContractError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ContractError(f"{path}: not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContractError(f"{path}:{line}: {error.problem}") from None
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3.1"):
        raise ContractError(f"{path}:1: not an OpenAPI 3.1 document")
    return document


def check_size(text: str | bytes, name: str) -> None:
    """Raises ContractError if a document of YAML or JSON is nested too deep, or has too many nodes, aliases told out.

    By the parser's events: what makes objects of them recurs, and a document could end the process.
    """
    sizes: dict[str, int] = {}
    # For each node that is open: its anchor, and the nodes in it.
    open_nodes: list[tuple[str | None, int]] = [(None, 0)]
    for event in yaml.parse(text, yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, 1))
            size = 0
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_nodes.pop()
            if anchor:
                sizes[anchor] = size
        elif isinstance(event, yaml.AliasEvent):
            size = sizes.get(event.anchor or "", 1)
        elif isinstance(event, yaml.ScalarEvent):
            size = 1
            if event.anchor:
                sizes[event.anchor] = 1
        else:
            continue
        anchor, before = open_nodes[-1]
        open_nodes[-1] = anchor, before + size
        if len(open_nodes) > DEPTH or before + size > NODES:
            line = event.start_mark.line + 1 if event.start_mark else 1
            what = f"nested deeper than {DEPTH}" if len(open_nodes) > DEPTH else f"more than {NODES:,} nodes"
            raise ContractError(f"{name}:{line}: {what}")


def operations(document: Json) -> dict[str, Operation]:
    """Every operation of a resolved document by its id, in the document's order."""
    found = {}
    for path, item in document["paths"].items():
        for method in item:
            if method in METHODS:
                content = item[method].get("requestBody", {}).get("content", {})
                media_type = next((each for each in content if _JSON.fullmatch(each)), None)
                operation = Operation(
                    id=item[method]["operationId"],
                    method=method.upper(),
                    path=path,
                    request_schema=content[media_type]["schema"] if media_type else None,
                    responses=item[method]["responses"],
                    media_type=media_type or "application/json",
                )
                found[operation.id] = operation
    return found


def parameters(document: Json) -> dict[str, Json]:
    """The schema of each path parameter, by its name."""
    found = {}
    for item in document["paths"].values():
        for declared in [item, *(value for value in item.values() if isinstance(value, dict))]:
            for parameter in declared.get("parameters", []):
                if parameter["in"] == "path":
                    found[parameter["name"]] = parameter["schema"]
    return found


def validator(schema: Json) -> jsonschema_rs.Validator:
    """A validator of JSON values against a resolved schema, formats asserted."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def resolve(node: Any, document: Json, inside: tuple[str, ...]) -> Any:
    """A copy of `node` with every local reference replaced by what it names."""
    if isinstance(node, list):
        return [resolve(item, document, inside) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return {key: resolve(value, document, inside) for key, value in node.items()}
    if not reference.startswith("#/") or reference in inside:
        raise LookupError(f"cannot resolve {reference}")
    target: Any = document
    for part in reference[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(target, dict) or part not in target:
            raise LookupError(f"{reference} names nothing")
        target = target[part]
    siblings = {key: value for key, value in node.items() if key != "$ref"}
    return resolve({**target, **siblings}, document, (*inside, reference))
