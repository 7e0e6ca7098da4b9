"""The contract as data, and the line of each of its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from openapi_python_client.parser.errors import GeneratorError, ParseError
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from usual import left_out, usual

from conformance.contract.document import ContractError, References, check_size, content
from conformance.contract.fields import MOST

# The keys and indices that lead to a part of the document.
Steps = tuple[Any, ...]


class Unusable(Exception):
    """The contract gives no client; the message says where and why, in one line."""


class Document:
    """A valid OpenAPI document. To make one of a file that is none raises Unusable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            data = content(path)
        except ContractError as error:
            raise Unusable(str(error)) from None
        try:
            text = data.decode()
            check_size(text, str(path))
            loader = yaml.CSafeLoader(text)
            self._root: yaml.Node | None = loader.get_single_node()
            for key in _repeated(self._root):
                raise Unusable(f"{path}:{key.start_mark.line + 1}: duplicate key {key.value}")
            content_: Any = loader.construct_document(self._root) if self._root else None
            self.content: dict[str, Any] = content_ if isinstance(content_, dict) else {}
        except ContractError as error:
            raise Unusable(str(error)) from None
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise Unusable(f"{path}:{line}: is not UTF-8") from None
        except RecursionError:
            raise Unusable(f"{path}:1: is nested too deep") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or "is not YAML"
            raise Unusable(f"{path}:{mark.line + 1 if mark else 1}: {_one_line(problem)}") from None
        version = str(self.content.get("openapi", ""))
        if not version.startswith(("3.0", "3.1")):
            raise self.unusable("is not an OpenAPI 3.0 or 3.1 document", ("openapi",))
        for place, part in _parts(self.content):
            if isinstance(part, dict) and isinstance(part.get("$ref"), str) and not self._names(part["$ref"]):
                raise self.unusable(f"cannot find {part['$ref']}", (*place, "$ref"))
            if isinstance(part, dict) and isinstance(part.get("properties"), dict) and len(part["properties"]) > MOST:
                raise self.unusable(f"has more than {MOST} fields", (*place, "properties"))
        try:
            References(self.content).resolve(self.content)
        except ContractError as error:
            raise self.unusable(str(error), _named(str(error))) from None
        judge = OpenAPIV30SpecValidator if version.startswith("3.0") else OpenAPIV31SpecValidator
        for violation in judge(self.content).iter_errors():
            problem = violation.message.partition("\n")[0]
            place = self._from_root(tuple(violation.absolute_path), violation.instance)
            raise self.unusable(problem, place or _named(problem))
        self.left_out = left_out(self.content)
        self.content = usual(self.content)

    def unusable(self, problem: str, place: Steps = ()) -> Unusable:
        """The error that says that something is wrong at a place."""
        return Unusable(f"{self.path}:{self._line(place)}: {_one_line(problem)}")

    def refusal(self, error: GeneratorError) -> Unusable:
        """The error that says what the generator says, at the place that it means as well as that can be told."""
        problem = f"{error.header.strip()} {error.detail or ''}"
        if isinstance(error, ParseError) and error.data is not None:
            wanted = error.data.model_dump(mode="json", by_alias=True, exclude_unset=True)
            for place, part in _parts(self.content):
                if part == wanted:
                    return self.unusable(problem, place)
        return self.unusable(problem, _named(problem))

    def _names(self, reference: str) -> bool:
        """Whether a reference names a part of this document."""
        part: Any = self.content
        for step in reference.removeprefix("#/").split("/"):
            part = part.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(part, dict) else None
        return part is not None

    def _line(self, place: Steps) -> int:
        """The line of a place, or of the nearest around it that exists."""
        line, node = 1, self._root
        for step in place:
            if isinstance(node, yaml.MappingNode):
                start, node = next((pair for pair in node.value if pair[0].value == str(step)), (None, None))
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                start = node = node.value[step]
            else:
                start = None
            if start is None:
                break
            line = start.start_mark.line + 1
        return line

    def _from_root(self, place: Steps, instance: object) -> Steps:
        """The place from the root; the validator counts from the nearest schema where it is inside of one."""
        for start, part in _parts(self.content):
            try:
                for step in place:
                    part = part[step]
            except (KeyError, IndexError, TypeError):
                continue
            if part == instance:
                return start + place
        return place


def _repeated(root: yaml.Node | None) -> Iterator[yaml.Node]:
    """The keys that their mapping has already."""
    nodes, met = [root], set()
    while nodes:
        node = nodes.pop()
        if id(node) in met:
            continue
        met.add(id(node))
        if isinstance(node, yaml.MappingNode):
            names = set()
            for key, value in node.value:
                if str(key.value) in names:
                    yield key
                names.add(str(key.value))
                nodes.append(value)
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value


def _parts(part: Any, place: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Every part of the document."""
    yield place, part
    for step, inner in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        yield from _parts(inner, (*place, step))


def _named(problem: str) -> Steps:
    """The place that a message names in its words: a component, or an operation by method and path."""
    if component := re.search(r"/(components/\w+/\w+)", problem):
        return tuple(component[1].split("/"))
    operation = re.search(r"\b(get|put|post|delete|patch)\b.*?(/[^'\s]*)", problem, re.IGNORECASE)
    return ("paths", operation[2], operation[1].lower()) if operation else ()


def _one_line(text: str) -> str:
    """A text of one line that a terminal shows as it is."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in " ".join(text.split())
    )
