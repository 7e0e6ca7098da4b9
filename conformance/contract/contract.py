"""The contract as the mock and the suite need it: operations, schemas, and the zone of a request body.

A body is in one of three zones (openapi/git-token.yaml says where each begins): it must be accepted, it must be
refused, or nobody has said and a server may do either.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

# Beside this file in an installation, in openapi/ in a clone.
PATH = Path(__file__).with_name("git-token.yaml")
if not PATH.exists():
    PATH = Path(__file__).parent.parent.parent / "openapi" / "git-token.yaml"

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# Additional properties up to here are "of moderate size and depth": nobody says a number, every server has to
# take what a web console might send along.
MODERATE_DEPTH = 8
MODERATE_SIZE = 10_000

# `format: uri` refuses more than the facts do. Refused by every server is only what is no URI at all: a relative
# reference, or anything with white space or control characters in it.
_NO_URI = re.compile(r"(?![A-Za-z][A-Za-z0-9+.-]*:)|[\s\S]*[\s\x00-\x1f\x7f]")
# Half of a pair, which no UTF-8 can hold.
_SURROGATE = re.compile("[\ud800-\udfff]")


class ContractError(Exception):
    """The contract cannot be used; the message says where and why."""


class Zone(enum.Enum):
    """What a server has to do with a request body."""

    ACCEPT = "must be accepted"
    REFUSE = "must be refused"
    UNSPECIFIED = "unspecified"


@dataclass(frozen=True)
class Operation:
    """One operation: a method on a path, with what it takes and what it answers."""

    id: str
    method: str
    path: str
    request_schema: dict[str, Any] | None
    responses: dict[str, Any]

    @cached_property
    def success(self) -> int:
        """The one status that says the operation was carried out."""
        return min(int(status) for status in self.responses if status.startswith("2"))

    @property
    def response_schema(self) -> dict[str, Any] | None:
        """The schema of the body of a successful answer; None where there is no body."""
        content = self.responses[str(self.success)].get("content", {})
        return content["application/json"]["schema"] if content else None

    @property
    def parameters(self) -> list[str]:
        """The names of the path's parameters, in order."""
        return re.findall(r"{(\w+)}", self.path)


class Contract:
    """A contract that has been read, with its references resolved."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document: dict[str, Any] = _resolve(document, document, ())

    @classmethod
    def load(cls, path: Path = PATH) -> Contract:
        """Reads a contract from a YAML file.

        Raises ContractError with file and line if it cannot be read, is not YAML, or is not an OpenAPI 3.1 document.
        """
        try:
            document = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        except OSError as error:
            raise ContractError(f"{path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ContractError(f"{path}: not UTF-8") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ContractError(f"{path}:{line}: {error.problem}") from None
        if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3.1"):
            raise ContractError(f"{path}:1: not an OpenAPI 3.1 document")
        try:
            contract = cls(document)
            _ = contract.operations
        except (KeyError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise ContractError(f"{path}: not a usable OpenAPI document: {error}") from None
        return contract

    @property
    def version(self) -> str:
        return str(self.document["info"]["version"])

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """Every operation by its id, in the contract's order."""
        found = {}
        for path, item in self.document["paths"].items():
            for method in item:
                if method in METHODS:
                    body = item[method].get("requestBody", {}).get("content", {}).get("application/json")
                    operation = Operation(
                        id=item[method]["operationId"],
                        method=method.upper(),
                        path=path,
                        request_schema=body["schema"] if body else None,
                        responses=item[method]["responses"],
                    )
                    found[operation.id] = operation
        return found

    @cached_property
    def request_schema(self) -> dict[str, Any]:
        """The schema of the edit's request body."""
        schema = self.operations["editGitToken"].request_schema
        if schema is None:
            raise ContractError("editGitToken has no request body")
        return schema

    @cached_property
    def examples(self) -> dict[str, dict[str, Any]]:
        """The contract's own request bodies, by name."""
        content = self.document["components"]["requestBodies"]["GitToken"]["content"]["application/json"]
        return {name: example["value"] for name, example in content["examples"].items()}

    @cached_property
    def _request_validator(self) -> jsonschema_rs.Validator:
        return validator(self.request_schema)

    def offence(self, body: object) -> str | None:
        """Why every server has to refuse `body`: the field that is wrong, or "body" if it is no object; else None."""
        return None if is_odd(body) else self._offence(body)

    def _offence(self, body: object) -> str | None:
        properties = self.request_schema["properties"]
        for error in self._request_validator.iter_errors(body):
            field = str(error.instance_path[0]) if error.instance_path else "body"
            if error.kind.name == "required":
                return next(str(each) for each in properties if f'"{each}"' in error.message)
            text = str(error.instance)
            if error.kind.name != "format" or properties[field]["format"] != "uri" or _NO_URI.match(text):
                return field
        return None

    def zone(self, body: object) -> Zone:
        """Says what a server has to do with `body`, a decoded JSON value, as the request body of an edit or create."""
        if is_odd(body):
            return Zone.UNSPECIFIED
        if self._offence(body):
            return Zone.REFUSE
        if not isinstance(body, dict) or not self._request_validator.is_valid(body):
            return Zone.UNSPECIFIED
        properties = self.request_schema["properties"]
        known = {name: value for name, value in body.items() if name in properties}
        if any(not self.must_accept(name, value) for name, value in known.items()):
            return Zone.UNSPECIFIED
        others = {name: value for name, value in body.items() if name not in properties}
        return Zone.UNSPECIFIED if len(repr(others)) > MODERATE_SIZE else Zone.ACCEPT

    def must_accept(self, field: str, value: object) -> bool:
        """Whether every server has to take `value` as the request's `field`, the rest of the body being right."""
        return self._must_accept[field].is_valid(value)

    @cached_property
    def _must_accept(self) -> dict[str, jsonschema_rs.Validator]:
        schemas: dict[str, dict[str, Any]] = self.request_schema["properties"]
        return {
            field: validator({"allOf": [schema, schema.get("x-must-accept", {})]}) for field, schema in schemas.items()
        }


def validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """A validator of JSON values against a resolved schema, formats asserted."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _resolve(node: Any, document: dict[str, Any], inside: tuple[str, ...]) -> Any:
    """A copy of `node` with every local reference replaced by what it names."""
    if isinstance(node, list):
        return [_resolve(item, document, inside) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return {key: _resolve(value, document, inside) for key, value in node.items()}
    if not reference.startswith("#/") or reference in inside:
        raise LookupError(f"cannot resolve {reference}")
    target: Any = document
    for part in reference[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(target, dict) or part not in target:
            raise LookupError(f"{reference} names nothing")
        target = target[part]
    siblings = {key: value for key, value in node.items() if key != "$ref"}
    return _resolve({**target, **siblings}, document, (*inside, reference))


def _parts(value: object) -> Iterator[tuple[object, int]]:
    """Every key and value within a JSON value, with its depth; not by recursion, for values that break it."""
    pending: list[tuple[object, int]] = [(value, 0)]
    while pending:
        part, depth = pending.pop()
        yield part, depth
        if isinstance(part, dict):
            pending += [(each, depth + 1) for item in part.items() for each in item]
        elif isinstance(part, list):
            pending += [(each, depth + 1) for each in part]


def is_odd(body: object) -> bool:
    """Whether a body is too deep, or holds text, for anybody to have said what to do with it."""
    for part, depth in _parts(body):
        if depth > MODERATE_DEPTH or (isinstance(part, str) and not part.isascii() and _SURROGATE.search(part)):
            return True
    return False
