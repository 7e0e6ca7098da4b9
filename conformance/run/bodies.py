"""What the suite sends: request bodies that must be accepted, with marks by which an item is recognised."""

from __future__ import annotations

import random
from typing import Any

from ..contract.contract import Contract
from ..contract.fields import drop, has, put
from .secrets import Secrets
from .values import Values

Json = dict[str, Any]


class Bodies(Values):
    """Makes request bodies of values. `pins` are fields that are held at a value."""

    def __init__(self, contract: Contract, secrets: Secrets, source: random.Random, label: str, pins: Json) -> None:
        super().__init__(contract, secrets, source, label)
        self.pins = pins
        # Fields that no valid body is to have, and other values that pinned ones may take.
        self.left_out: set[str] = set()
        self.second: Json = {}
        # Whether a git provider is said to accept the pinned secret.
        self.verified = False

    def full(self, **fields: Any) -> Json:
        """A body with every field, that must be accepted."""
        mark = self._resource.mark
        body = put({}, mark, self.value(mark))
        for name in self._resource.leaves:
            if name != mark and name not in self.left_out:
                body = put(body, name, self.value(name))
        return self._repaired(body, self.pins | fields)

    def least(self, **fields: Any) -> Json:
        """The smallest body that must be accepted and has a mark, with `fields` put in."""
        fixed = self.pins | fields
        mark = self._resource.mark
        body = put({}, mark, self.value(mark))
        for name, field in self._resource.fields.items():
            outer = field.path[:-1]
            if has(body, name):
                continue
            if field.required and field.kind != "object" and (not outer or has(body, ".".join(outer))):
                body = put(body, name, self.value(name))
            elif field.required and field.kind == "object":
                body = put(body, name, {})
        switch = self._resource.switch
        if switch and has(body, switch) and switch not in fixed:
            # A choice that requires nothing beyond what every body has, if there is one.
            choices = [put(body, switch, choice[switch]) for choice in self._resource.choices]
            free = [each for each in [*choices[1:], choices[0]] if self._contract.offence(each) is None]
            body = free[0] if free else body
        return self._repaired(body, fixed)

    def lacking(self, **fields: Any) -> str | None:
        """The field that a condition wants beside these, which can have no value that is made up."""
        body = {field: self.value(field) for field in self._contract.request_schema["required"]} | fields
        missing = self._contract.offence(body)
        return missing if missing not in body else None

    def plain(self, choice: Json, *, whole: bool) -> Json:
        """A body that must be accepted: texts of a few letters, and no address if it need not; pinned fields stay."""
        body = self.full(**choice) if whole else self.least(**choice)
        for name, field in self._resource.of_kind("text", "address").items():
            if not has(body, name) or name in self.pins or name in choice:
                continue
            plain = "abcdefghijklmnopqrstuvwxyzabcdefghijklmn" if field.secret else "plain"
            if field.kind == "text":
                body = put(body, name, plain) if self._contract.must_accept(name, plain) else body
            elif not self._contract.offence(without := drop(body, name)):
                body = without
        return body

    def whole(self, operation: str, body: object) -> object:
        """A body as an operation takes it: a create's has what no edit may have."""
        fixed = self._resource.fixed if self._resource.role(operation) == "create" else {}
        if not isinstance(body, dict) or not fixed:
            return body
        self._creates += 1
        mark = f"{self._label}-{self._creates}"
        return {name: self._one(each, f"{name}-{mark}", mark) for name, each in fixed.items()} | body

    def with_secrets(self, body: Json) -> Json:
        """A body with new secrets, where it must have them."""
        for name in self._resource.secrets:
            body = put(body, name, self.pins.get(name) or self.token())
        return body

    def pinned(self, body: Json) -> set[str]:
        """Puts the pinned fields of a body at their values, and leaves out what is to be; gives the changed ones."""
        wrong = {
            name: value
            for name, value in self.pins.items()
            if name not in self.second or body.get(name) != self.second[name]
        }
        changed = {name for name, value in wrong.items() if name in body and body[name] != value}
        changed |= {name for name in self.left_out if body.get(name) is not None}
        body.update(wrong)
        for name in self.left_out:
            body.pop(name, None)
        return changed

    def _repaired(self, body: Json, fixed: Json) -> Json:
        """A body with `fixed` fields, and what they require, and without what they forbid."""
        for name, value in fixed.items():
            body = put(body, name, value)
        tried: set[str] = set()
        while (wrong := self._contract.offence(body)) and wrong not in tried and wrong not in fixed:
            tried.add(wrong)
            if not has(body, wrong) and wrong in self._resource.fields:
                body = put(body, wrong, self.value(wrong))
            elif wrong in self._resource.optional:
                body = drop(body, wrong)
        return body
