"""What a request has to pass before the mock carries it out: each step raises Refusal."""

from __future__ import annotations

import hmac
import json
from typing import Any

import jsonschema_rs

from ..contract.contract import Contract, validator
from ..contract.fields import merged
from .actions import Actions
from .messages import Item, Refusal, Request, documented
from .world import World


class Admission(Actions):
    """The steps that ask who sends a request, what it is about, and whether its body is one that is taken."""

    def __init__(self, world: World, contract: Contract) -> None:
        super().__init__(world, contract)
        self.credentials = {scheme.prefix.lower(): world.credential(scheme) for scheme in self.resource.schemes}
        self.validators = {
            operation.id: validator(operation.request_schema)
            for operation in contract.operations.values()
            if operation.request_schema
        }
        self.media_types = {operation.media_type for operation in self.resource.writes}

    def authenticate(self, request: Request) -> None:
        challenges = []
        for scheme in self.resource.schemes:
            sent = request.headers.get(scheme.header.lower(), "")
            prefix, _, value = sent.partition(" ") if scheme.prefix else ("", "", sent)
            if self.authentic(prefix.lower(), value):
                return
            challenges.append(scheme.called)
        if challenges:
            raise Refusal(401, "no valid credentials", {"WWW-Authenticate": ", ".join(challenges)})

    def authentic(self, scheme: str, value: str) -> bool:
        return hmac.compare_digest(self.credentials.get(scheme, "").encode(), value.encode()) and bool(value)

    def locate(self, request: Request) -> None:
        """Finds the owners and, where the path names one, the item."""
        for name, value in request.ids.items():
            if not self.identifies(name, value):
                raise Refusal(documented(request, 400, 404), f"{name} is not valid")
        ids = {name: value.lower() for name, value in request.ids.items()}
        request.tokens = self.organization(request, "/".join(ids[name] for name in self.resource.owners))
        if self.resource.item in ids:
            request.token = self.find(request, ids[self.resource.item])

    def identifies(self, name: str, value: str) -> bool:
        return self.resource.identifies(name, value)

    def organization(self, request: Request, name: str) -> dict[str, Item]:  # noqa: ARG002
        if name not in self.organizations:
            raise Refusal(404, f"no such {self.resource.owner}")
        if name != self.home:
            raise Refusal(403, f"not your {self.resource.owner}")
        return self.organizations[name]

    def find(self, request: Request, name: str) -> Item:
        if name not in request.tokens:
            raise Refusal(404, f"no such {self.resource.noun}")
        return request.tokens[name]

    def decode(self, request: Request) -> Any:
        self.accept(request.headers.get("content-type", ""))
        if request.raw is None:
            raise Refusal(400, "the body is too long")
        return self.parse(request.raw)

    def accept(self, media_type: str) -> None:
        if media_type.partition(";")[0].strip().lower() not in self.media_types:
            raise Refusal(400, f"the body is not {' or '.join(sorted(self.media_types))}")

    def parse(self, raw: bytes) -> Any:
        try:
            return _JSON.decode(raw.decode())
        except (ValueError, RecursionError):
            raise Refusal(400, "the body is not JSON in UTF-8") from None

    def validate(self, request: Request, body: Any) -> None:
        assert request.operation
        self.check(request.operation.id, body)
        if request.action == "edit" and self.resource.merges and self.resource.create and request.token:
            self.check(self.resource.create.id, merged(request.token.fields, body))

    def check(self, operation: str, body: Any) -> None:
        """Raises Refusal unless a body is one that an operation takes."""
        check = self.validators[operation]
        status = self.resource.refusals(self.contract.operations[operation])[0]
        try:
            check.validate(body)
        except jsonschema_rs.ValidationError as error:
            raise Refusal(status, _broken_rule(error)) from None
        except ValueError:  # lone surrogates where the validator needs to look at characters
            raise Refusal(status, "the body is not Unicode") from None


def _broken_rule(error: jsonschema_rs.ValidationError) -> str:
    """Which rule a field breaks, without its value."""
    field = "/".join(map(str, error.instance_path)) or "the body"
    rule = error.kind.as_dict()
    match error.kind.name:
        case "required":
            return f"{rule['property']} is required"
        case "type":
            return f"{field} is not of the type {' or '.join(rule['types'])}"
        case "enum":
            return f"{field} is not one of {', '.join(map(str, rule['options']))}"
        case "format":
            return f"{field} is not of the format {rule['format']}"
        case name:
            return f"{field} breaks the rule {name} {next(iter(rule.values()), '')}".rstrip()


def _no_constant(name: str) -> None:
    raise ValueError(name)


_JSON = json.JSONDecoder(parse_constant=_no_constant)
