"""Values that are made up from a schema."""

from __future__ import annotations

import random
import re
import uuid
from typing import Any

from ..contract.fields import kind as kind_of
from ..contract.matching import matching


def sample(schema: dict[str, Any], name: str, *, whole: bool = False) -> Any:
    """Some value that the schema of a property allows; `name` makes it recognisable. A list holds nothing, or one."""
    if schema.get("properties"):
        return {each: sample(schema["properties"][each], each) for each in schema.get("required", ())}
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    if "enum" in schema:
        return schema["enum"][0]
    if "examples" in schema:
        return schema["examples"][0]
    formats = {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        "uri": "https://git.example.com",
        "date-time": "2026-01-15T09:30:00Z",
        "date": "2026-12-31",
        "email": "mock@example.com",
        "hostname": "mock.example.com",
        "ipv4": "192.0.2.1",
        "ipv6": "2001:db8::1",
    }
    kinds = {
        "integer": _number(schema),
        "number": _number(schema),
        "boolean": False,
        "array": [sample(schema.get("items", {}), name)] if whole else [],
        "object": {},
        "null": None,
    }
    kind = schema.get("type", "string")
    text = formats.get(schema.get("format", ""), name)
    return kinds.get(kind[0] if isinstance(kind, list) else kind, _fitted(schema, text, name))


def _number(schema: dict[str, Any]) -> Any:
    """The least number that a schema allows; of those above a limit, one that is near."""
    if "exclusiveMinimum" not in schema:
        return schema.get("minimum", 0)
    least = schema["exclusiveMinimum"]
    most = schema.get("maximum", schema.get("exclusiveMaximum", least + 2))
    return least + schema.get("multipleOf", 1 if kind_of(schema) == "integer" else (most - least) / 2)


def _fitted(schema: dict[str, Any], text: str, name: str) -> str:
    """A text as long and of such signs as its schema allows."""
    narrower = schema | schema.get("x-must-accept", {})
    least, most = narrower.get("minLength", 0), narrower.get("maxLength", 1000)
    fitted = (text * (-(-least // max(len(text), 1))) if len(text) < least else text)[:most]
    patterns = [each["pattern"] for each in (schema, narrower) if "pattern" in each]
    if all(re.search(each, fitted) for each in patterns):
        return fitted
    found = matching(patterns[-1], random.Random(name), least, most)
    return next((each for each in found if all(re.search(pattern, each) for pattern in patterns)), fitted)
