"""Hypothesis's strategies for whole bodies that must be accepted."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import strategies as st

from ..contract.contract import Contract, Zone
from ..contract.fields import has, nested, put
from .texts import lengths, others, texts, uris


def bodies(contract: Contract) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies that must be accepted, but for secrets, which a run puts in."""
    resource = contract.resource
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for name, field in resource.leaves.items():
        if field.secret:
            continue
        if field.kind == "address":
            fields[name] = st.sampled_from(uris(contract, name))
        elif field.kind == "text":
            free = st.text(
                st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co")),
                min_size=field.bound("minLength", 0),
                max_size=min(field.bound("maxLength", 255), 60),
            ).filter(partial(contract.must_accept, name))
            known = [*texts(contract, name), *lengths(contract, name)]
            fields[name] = st.one_of(free, st.sampled_from(known)) if known else free
        elif values := others(contract, name):
            fields[name] = st.sampled_from(values)
    required = {name: fields.pop(name) for name in list(fields) if resource.is_always(resource.fields[name])}
    flat = st.fixed_dictionaries(required, optional=fields)

    def complete(body: dict[str, Any]) -> bool:
        return contract.zone(nested(dict.fromkeys(_secrets(contract, body), "a" * 8) | body)) is Zone.ACCEPT

    return flat.filter(complete).map(nested)


def _secrets(contract: Contract, body: dict[str, Any]) -> list[str]:
    """The secrets of a body: those that it must have, and those within objects that it has."""
    objects = {name.rpartition(".")[0] for name in body}
    return [name for name in contract.resource.secrets if name.rpartition(".")[0] in objects | {""}]


def with_secrets(contract: Contract, body: dict[str, Any], token: str) -> dict[str, Any]:
    """A generated body with a secret wherever it may have one."""
    for name in contract.resource.secrets:
        outer = name.rpartition(".")[0]
        if not outer or has(body, outer):
            body = put(body, name, token)
    return body
