"""What the mock does with items: a method a role, and how answers show them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from ..contract.contract import Contract, validator
from ..contract.fields import get, has, merged, put
from .messages import Item, Refusal, Request, documented
from .sample import sample
from .state import State
from .world import World


class Actions(State):
    """The steps that carry out a request which has been let in."""

    def __init__(self, world: World, contract: Contract) -> None:
        super().__init__(world, contract)
        self.requested = self.resource.taken
        self.defaults = _defaults(contract, self.resource.shown_schema)

    def create(self, request: Request) -> Any:
        now = self.now()
        token = Item(self.named(request) or self.new_id(), now, now, {}, [])
        self.store(request, token, request.body)
        token.made_at = token.moved_at
        request.tokens[token.id.lower()] = token
        return self.show(request, token)

    def edit(self, request: Request) -> Any:
        assert request.token
        self.store(request, request.token, request.body)
        return None if self.resource.silent else self.show(request, request.token)

    def get(self, request: Request) -> Any:
        assert request.token
        return self.show(request, request.token)

    def list(self, request: Request) -> Any:
        assert self.resource.list
        items = [self.show(request, token) for token in request.tokens.values()]
        return self.resource.relisted(sample(self.resource.list.response_schema or {}, ""), items)

    def delete(self, request: Request) -> Any:
        assert request.token
        del request.tokens[request.token.id.lower()]
        assert request.operation
        schema = request.operation.response_schema
        return sample(schema, "") if schema else None

    def services(self, request: Request) -> Any:
        assert request.token
        assert request.operation
        schema = request.operation.response_schema or {}
        answer = sample(schema, "")
        lists = [name for name, each in schema.get("properties", {}).items() if each.get("type") == "array"]
        return {**answer, lists[0]: request.token.services} if lists else answer

    def named(self, request: Request) -> str | None:
        """The id that a create gives an item, where that is a field of the body."""
        if self.resource.id not in self.resource.fields:
            return None
        id = get(request.body, self.resource.id)
        if str(id).lower() in request.tokens:
            raise Refusal(documented(request, 409, 400, 422), f"there is such {self.resource.a} already")
        return None if id is None else str(id)

    def new_id(self) -> str:
        if self.resource.parameters[self.resource.item].get("type") == "integer":
            return str(self.last % 10**9)
        named = str(uuid.uuid4())
        return (
            named
            if self.resource.identifies(self.resource.item, named)
            else str(sample(self.resource.parameters[self.resource.item], named))
        )

    def store(self, request: Request, token: Item, body: dict[str, Any]) -> None:
        kept = {name: value for name, value in body.items() if name in self.requested}
        if request.action == "edit" and self.resource.merges:
            kept = merged(token.fields, kept)
        elif request.action == "edit":
            kept = {name: token.fields[name] for name in self.resource.fixed if name in token.fields} | kept
        token.fields = kept
        token.moved_at = self.now()

    def show(self, request: Request, token: Item) -> dict[str, Any]:  # noqa: ARG002
        """An item as answers show it: what was stored and may be seen, and what a stored one lacks."""
        resource = self.resource
        switch = get(token.fields, resource.switch) if resource.switch else None
        values = {**self.defaults.get(switch, self.defaults[None]), **token.fields}
        integer = resource.shown.get(resource.id) and resource.shown[resource.id].kind == "integer"
        made: dict[str | None, Any] = {
            resource.id: int(token.id) if integer else token.id,
            resource.created: self._time(resource.created, token.made_at),
            resource.edited: self._time(resource.edited, token.moved_at),
            **dict.fromkeys(resource.counts, len(token.services)),
            **{name: has(token.fields, secret) for name, secret in resource.tells.items()},
        }
        for name, value in made.items():
            if name:
                values = put(values, name, value)
        shown: dict[str, Any] = _shown(resource.shown_schema, values)
        return shown

    def _time(self, field: str | None, moment: str) -> str | int:
        """A time as a field shows it: as text, or in milliseconds since 1970."""
        if field and self.resource.shown[field].kind == "integer":
            return round(datetime.fromisoformat(moment).timestamp() * 1000)
        return moment


def _shown(schema: dict[str, Any], value: Any) -> Any:
    """A value with what its schema has, and no secrets."""
    if isinstance(value, list):
        return [_shown(schema.get("items", {}), each) for each in value]
    properties = schema.get("properties")
    if not properties or not isinstance(value, dict):
        return value
    # Null is shown as absent where no answer may hold it.
    null = {name for name, each in properties.items() if "type" in each and "null" not in each["type"]}
    value = {name: each for name, each in value.items() if each is not None or name not in null}
    visible = {name: each for name, each in properties.items() if not each.get("writeOnly") and name in value}
    required = {name: sample(properties[name], name) for name in schema.get("required", ()) if name not in value}
    return required | {name: _shown(each, value[name]) for name, each in visible.items()}


def _defaults(contract: Contract, schema: dict[str, Any]) -> dict[Any, dict[str, Any]]:
    """What answers show of the required fields that nobody sent, by choice (None: any other choice).

    It is what the contract's first example of that choice shows, else something made up from the schema.
    """
    resource = contract.resource
    made = {name: sample(schema["properties"][name], name) for name in schema.get("required", ())}
    found: dict[Any, dict[str, Any]] = {None: made}
    for example in contract.document.get("components", {}).get("examples", {}).values():
        value = example["value"]
        if validator(schema).is_valid(value):
            choice = get(value, resource.switch) if resource.switch else None
            found.setdefault(choice, {**made, **{name: value[name] for name in made}})
    return found
