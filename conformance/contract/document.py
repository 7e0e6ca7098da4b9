"""OpenAPI documents as they are read: from YAML, references resolved, with the operations that are in them."""

from __future__ import annotations

import contextlib
import gc
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import yaml

Json = dict[str, Any]

# Beside this file in an installation, in openapi/ in a clone.
PATH = Path(__file__).with_name("git-token.yaml")
if not PATH.exists():
    PATH = Path(__file__).parent.parent.parent / "openapi" / "git-token.yaml"

# How large a document may be, how deep it may be nested, and how many nodes it may have, aliases and references told
# out: Qovery's own has 1 MB, is 17 deep, and has 74,000 nodes.
BYTES, DEPTH, NODES = 10_000_000, 100, 400_000

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


def read(path: Path, versions: str = "3.1") -> Json:
    """The document in a YAML or JSON file, as it stands there. Raises ContractError as `content` and `parse` do."""
    return parse(content(path), str(path), versions)


def content(path: Path) -> bytes:
    """What a file holds. Raises ContractError if it cannot be read, or is too large for a document."""
    try:
        with path.open("rb") as file:
            data = file.read(BYTES + 1)
    except OSError as error:
        raise ContractError(f"{path}: {error.strerror}") from None
    if len(data) > BYTES:
        raise ContractError(f"{path}: larger than {BYTES:,} bytes")
    return data


def parse(data: bytes, name: str, versions: str = "3.1") -> Json:
    """The document in YAML or JSON, as it stands there; `name` is its name in messages.

    Raises ContractError with name and line if it has too many parts, is not YAML, or not OpenAPI of these versions.
    """
    try:
        text = data.decode()
        check_size(text, name)
        with _uncollected():
            document = yaml.load(text, Loader=yaml.CSafeLoader)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ContractError(f"{name}:{line}: not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContractError(f"{name}:{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ContractError(f"{name}: not YAML: {' '.join(str(error).split())}") from None
    version = document.get("openapi") if isinstance(document, dict) else None
    known = versions.split(" or ")
    if not re.fullmatch(rf"({'|'.join(map(re.escape, known))})(\.\d+)*", str(version)):
        raise ContractError(f"{name}:1: not an OpenAPI {versions} document")
    return dict(document)


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


class References:
    """What the references of a document name, and how many nodes it has when they are told out."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._nodes = 0

    def resolve(self, node: Any, place: str = "", inside: tuple[str, ...] = ()) -> Any:
        """A copy of a part of the document with every reference replaced by what it names.

        Raises ContractError where one leads nowhere, out of the document, or back to itself.
        """
        self.count(place)
        if isinstance(node, list):
            return [self.resolve(item, place, inside) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return {key: self.resolve(value, place, inside) for key, value in node.items()}
        if reference in inside:
            raise ContractError(f"{place}: {reference} refers to itself".removeprefix(": "))
        target = self.find(reference, place)
        if not isinstance(target, dict):
            raise ContractError(f"{place}: {reference} is not a mapping".removeprefix(": "))
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return self.resolve({**target, **beside}, reference, (*inside, reference))

    def find(self, reference: str, place: str) -> Any:
        """What a reference names. Raises ContractError if that is nothing, or outside of the document."""
        if not reference.startswith("#/"):
            raise ContractError(f"{place}: {reference} is outside of the document".removeprefix(": "))
        target: Any = self._document
        for part in reference[2:].split("/"):
            part = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(target, list) and part.isdecimal() and int(part) < len(target):
                target = target[int(part)]
                continue
            if isinstance(target, dict) and part not in target:
                # YAML's keys need not be text.
                part = next((key for key in target if str(key) == part), part)
            if not isinstance(target, dict) or part not in target:
                raise ContractError(f"{place}: {reference} names nothing".removeprefix(": "))
            target = target[part]
        return target

    def count(self, place: str) -> None:
        """Counts a node. Raises ContractError if there are too many."""
        self._nodes += 1
        if self._nodes > NODES:
            raise ContractError(f"{place}: with its references told out, the document has more than {NODES:,} nodes")
