"""Secrets that are verified with the git provider, as Qovery's server does it on every create and edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..contract.contract import Contract
from ..contract.resource import Resource
from .messages import Refusal, Request
from .server import Mock

# Secrets by the provider that they belong to; one that ends in an asterisk stands for all that begin so.
Accepted = Mapping[str, list[str]]


def verify_secrets(mock: Mock, accepted: Accepted) -> None:
    """Refuses with 400 a secret that is not accepted, is another provider's, or comes with an address of one's own."""
    resource = mock.contract.resource
    switch, secrets = resource.switch, resource.secrets

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        validate(request, body)
        provider = body.get(switch)
        public = mock.defaults.get(provider, mock.defaults[None])
        elsewhere = any(name in body and body[name] != public.get(name) for name in resource.of_kind("address"))
        for name in secrets:
            known = any(_is_called(str(body[name]), each) for each in accepted.get(provider, ()))
            if elsewhere or not known:
                raise Refusal(400, f"{name} is not verified by {provider}, at its address")


def accepted_by(contract: Contract, told: Iterable[str]) -> Accepted:
    """The secrets of PROVIDER=SECRET each; without any, those that begin as their provider is called, as `github-…`.

    Raises ValueError, which says what is wrong, where one is not of that form.
    """
    resource = contract.resource
    providers = resource.fields[resource.switch].choices if resource.switch else []
    found: dict[str, list[str]] = {}
    for each in told:
        provider, _, secret = each.partition("=")
        if provider not in providers or not secret:
            raise ValueError(f"takes PROVIDER=SECRET, where PROVIDER is one of {', '.join(map(str, providers))}")
        found.setdefault(provider, []).append(secret)
    return found or {str(provider): [f"{str(provider).lower()}-*"] for provider in providers}


def example(contract: Contract, accepted: Accepted) -> tuple[str, str]:
    """A provider, the contract's own first choice if possible, and a secret of it that is accepted."""
    provider = _first(contract.resource)
    if provider not in accepted:
        provider = next(iter(accepted))
    secret = accepted[provider][0]
    return provider, f"{secret[:-1]}Qm4xT9vR2bL7sN5kW8" if secret.endswith("*") else secret


def _first(resource: Resource) -> str:
    body = next(iter(resource.examples.values()), {})
    return str(body.get(resource.switch or "", ""))


def _is_called(secret: str, known: str) -> bool:
    return secret.startswith(known[:-1]) if known.endswith("*") else secret == known
