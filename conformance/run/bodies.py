"""What the suite sends: request bodies that must be accepted, with marks by which a git token is recognised."""

from __future__ import annotations

import random
import uuid
from typing import Any

from ..contract.contract import Contract
from .secrets import Secrets

Json = dict[str, Any]
# As many names as a worker may give.
NAMES = 10**6


class Bodies:
    """Makes request bodies. `pins` are fields that are held at a value, `label` is in every text that may hold it."""

    def __init__(self, contract: Contract, secrets: Secrets, source: random.Random, label: str, pins: Json) -> None:
        self.pins = pins
        self._contract = contract
        self._random = source
        self._label = label
        self._tokens = [secrets.token(source) for _ in range(4)]
        self._count = 0

    def number_from(self, number: int) -> None:
        """Numbers what is made from here on, so that no two workers give the same name."""
        self._count = number

    def name(self) -> str:
        """A name that no other git token has, by which people and a later run recognise what this one left."""
        self._count += 1
        return f"{self._label}-{self._count}"

    def token(self) -> str:
        """A value for a git token that is recognised wherever a server shows it."""
        return self._tokens[self._count % len(self._tokens)]

    def least(self, **fields: Any) -> Json:
        """The smallest body that must be accepted, with `fields` put in."""
        body = {field: self.value(field) for field in self._contract.request_schema["required"]}
        body["type"] = (self.pins | fields).get("type", "GITHUB")
        while (missing := self._contract.offence(body)) and missing not in body:
            body[missing] = self.value(missing)
        return body | self.pins | fields

    def full(self, **fields: Any) -> Json:
        """A body with every field, that must be accepted."""
        properties = self._contract.request_schema["properties"]
        return {field: self.value(field) for field in properties} | self.pins | fields

    def value(self, field: str) -> str:
        """A value of a field that must be accepted; by all but providers and secrets a git token is recognised."""
        schema = self._contract.request_schema["properties"][field]
        if field == "name":
            return self.name()
        if schema.get("writeOnly"):
            return self.token()
        if "enum" in schema:
            return str(schema["enum"][self._count % len(schema["enum"])])
        mark = f"{self._label}-{self._count}"
        return f"https://{mark}.example.com/api" if schema.get("format") == "uri" else f"{field}-{mark}"

    def unknown_id(self) -> str:
        """A UUID that names nothing."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
