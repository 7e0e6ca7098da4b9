"""What the contract documents of answers: media types, headers and bodies, ready to judge by."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs

from ..contract.contract import Contract
from ..contract.document import validator
from ..target.exchange import Answer

Json = dict[str, Any]


class Documented:
    """The answers that one operation documents with one status. Each method says what is wrong with such an answer."""

    def __init__(self, response: Json) -> None:
        self._bodies = {
            _media_type(name): validator(_answered(each["schema"]))
            for name, each in response.get("content", {}).items()
            if "schema" in each
        }
        self._types = list(response.get("content", {}))
        self._headers = {
            name: (header.get("required", False), header.get("schema", {}), validator(header.get("schema", {})))
            for name, header in response.get("headers", {}).items()
        }

    @property
    def limits(self) -> bool:
        """Is there a word about how many requests are left, and until when?"""
        return "X-RateLimit-Reset" in self._headers

    def media_type(self, answer: Answer) -> str | None:
        """The body's type, as it is labelled."""
        if not self._types:
            return None
        expected = " or ".join(self._types)
        said = answer.header("Content-Type")
        if said is None:
            return f"no Content-Type says that the body is {expected}"
        if any(_matches(_media_type(each), _media_type(said)) for each in self._types):
            return None
        return f"the Content-Type is {said[:100]}, not {expected}"

    def headers(self, answer: Answer) -> str | None:
        """The headers that the contract describes, where they are sent or required."""
        for name, (required, schema, check) in self._headers.items():
            value = answer.header(name)
            if value is None:
                if required:
                    return f"{name} is missing"
                continue
            if problem := _problem(check, _from_wire(value, schema)):
                return f"{name}: {problem}"
        return None

    def body(self, answer: Answer, value: object) -> str | None:
        """The decoded body."""
        check = self._bodies.get(_media_type(answer.header("Content-Type") or "")) or next(
            iter(self._bodies.values()), None
        )
        return _problem(check, value) if check else None


def documented(contract: Contract) -> dict[tuple[str, int], Documented]:
    """What is documented, by operation and status."""
    return {
        (operation.id, int(status)): Documented(response)
        for operation in contract.operations.values()
        for status, response in operation.responses.items()
        if status.isdecimal()
    }


def _media_type(label: str) -> str:
    return label.partition(";")[0].strip().lower()


def _matches(expected: str, said: str) -> bool:
    return re.fullmatch(re.escape(expected).replace(r"\*", "[^/]+"), said) is not None


def _answered(schema: Any) -> Any:
    """A schema as answers have to fit it: what is only ever sent must not be in one."""
    if isinstance(schema, list):
        return [_answered(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    copied = {name: _answered(value) for name, value in schema.items()}
    properties = schema.get("properties")
    if isinstance(properties, dict):
        hidden = {name for name, each in properties.items() if isinstance(each, dict) and each.get("writeOnly") is True}
        copied["properties"] |= dict.fromkeys(hidden, False)
        if isinstance(schema.get("required"), list):
            copied["required"] = [name for name in schema["required"] if name not in hidden]
    return copied


def _from_wire(value: str, schema: Json) -> object:
    """The value of a header as its schema means it."""
    kinds = schema.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "integer" in kinds and re.fullmatch(r"[+-]?[0-9]{1,1000}", value):
        return int(value)
    if "number" in kinds and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", value):
        return float(value)
    if "boolean" in kinds and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def _problem(check: jsonschema_rs.Validator, value: object) -> str | None:
    """The first thing that is wrong with a value, and where."""
    try:
        check.validate(value)
    except jsonschema_rs.ValidationError as error:
        what = f"{error.instance_path[-1]} must not be shown" if error.kind.name == "falseSchema" else error.message
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
        what = what if len(what) <= 300 else f"{what[:200]}…{what[-90:]}"
        return what + (f" (at {place.lstrip('.')})" if place else "")
    except ValueError as error:
        # Else half of a pair, which no UTF-8 can hold.
        return "it is nested too deep to be read" if "ecursion" in str(error) else "a text in it is not Unicode"
    return None
