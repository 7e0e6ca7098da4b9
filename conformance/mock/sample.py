"""Values that are made up from a schema."""

from __future__ import annotations

import uuid
from typing import Any


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
    }
    kinds = {
        "integer": schema.get("minimum", 0),
        "number": schema.get("minimum", 0),
        "boolean": False,
        "array": [sample(schema.get("items", {}), name)] if whole else [],
        "object": {},
        "null": None,
    }
    kind = schema.get("type", "string")
    return kinds.get(kind[0] if isinstance(kind, list) else kind, formats.get(schema.get("format", ""), name))
