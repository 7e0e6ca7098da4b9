"""The catalogue of faults: each makes the healthy mock wrong in one way, which its docstring says.

Fields, providers and operations come from the contract. The groups are the classes of what a suite has to find.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...contract.contract import Contract
from ..change import Catalogue
from ..server import Answer, Item, Mock, Refusal, Request

CONTRACT = Contract.load()
REQUEST = CONTRACT.request_schema["properties"]
ANSWER = (CONTRACT.operations["editGitToken"].response_schema or {})["properties"]
PROMISED = (CONTRACT.operations["editGitToken"].response_schema or {})["required"]
EXAMPLE = {name: value for body in reversed(CONTRACT.examples.values()) for name, value in body.items()}

FIELDS = list(REQUEST)
REQUIRED = list(CONTRACT.request_schema["required"])
OPTIONAL = [name for name in FIELDS if name not in REQUIRED]
SHOWN = [name for name in FIELDS if name in ANSWER and not REQUEST[name].get("writeOnly")]
# What a git token is without when nobody sends it.
CLEARED = [name for name in SHOWN if name in OPTIONAL and name not in PROMISED]
PROVIDERS = list(REQUEST["type"]["enum"])
TEXTS = [name for name in FIELDS if "enum" not in REQUEST[name] and REQUEST[name].get("format") != "uri"]
PROSE = [name for name in TEXTS if name in SHOWN]
READ_ONLY = [name for name in ANSWER if name not in FIELDS]

WRITES = ["edit", "create", "delete"]
READS = ["get", "list", "services"]
ACTIONS = ["edit", "create", "get", "list", "delete", "services"]

HANG = 60  # seconds

FAULTS = Catalogue()
fault = FAULTS.add


def spread(triggers: Mapping[str, Any], fields: Iterable[str]) -> dict[str, tuple[str, Any]]:
    """Each trigger in one field, the fields taking turns."""
    return {f"{label}-{name}": (name, triggers[label]) for label, name in zip(triggers, itertools.cycle(fields))}


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def mend(mock: Mock, change: Callable[[Request, Any], Any], *actions: str) -> None:
    """Validates, and uses, the body as `change` has made it: what that mends goes unnoticed."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if not actions or request.action in actions:
            request.body = body = change(request, body)
        validate(request, body)


def mend_field(mock: Mock, name: str, change: Callable[[Any], Any], *actions: str) -> None:
    """The same for one field of a body that has it."""

    def mended(_: Request, body: Any) -> Any:
        return {**body, name: change(body[name])} if isinstance(body, dict) and name in body else body

    mend(mock, mended, *actions)


def refuse(mock: Mock, status: int, when: Callable[[Request, dict[str, Any]], Any], *actions: str) -> None:
    """Refuses objects of a kind with this status before they are validated."""

    @mock.on("validate")
    def _(validate: Any, request: Request, body: Any) -> None:
        if isinstance(body, dict) and (not actions or request.action in actions) and when(request, body):
            raise Refusal(status, "cannot do that")
        validate(request, body)


def refuse_field(mock: Mock, status: int, name: str, when: Callable[[str], Any], *actions: str) -> None:
    """The same by the text of one field."""
    refuse(mock, status, lambda _, body: isinstance(body.get(name), str) and when(body[name]), *actions)


def answers(mock: Mock, *actions: str) -> Callable[[Callable[[Request, Answer], None]], None]:
    """Decorates a change of the successful answers of some operations."""

    def decorate(change: Callable[[Request, Answer], None]) -> None:
        @mock.on("perform")
        def _(perform: Any, request: Request) -> Answer:
            answer: Answer = perform(request)
            if request.action in actions:
                change(request, answer)
            return answer

    return decorate


def opens(mock: Mock, when: Callable[[Request], Any]) -> None:
    """Opens every organization to requests of a kind."""

    @mock.on("organization")
    def _(organization: Any, request: Request, name: str) -> Any:
        if name in mock.organizations and when(request):
            return mock.organizations[name]
        return organization(request, name)


def breaks_at_ids(mock: Mock, when: Callable[[Request], Any]) -> None:
    """Fails before the ids in the path of requests of a kind are judged."""

    @mock.on("locate")
    def _(locate: Any, request: Request) -> None:
        if when(request):
            raise Refusal(500, "internal error")
        locate(request)


def shows(mock: Mock, *actions: str) -> Callable[[Callable[[Item, dict[str, Any]], dict[str, Any]]], None]:
    """Decorates a change of how some operations show a git token."""

    def decorate(change: Callable[[Item, dict[str, Any]], dict[str, Any]]) -> None:
        @mock.on("show")
        def _(show: Any, request: Request, token: Item) -> dict[str, Any]:
            shown: dict[str, Any] = show(request, token)
            return change(token, shown) if request.action in actions else shown

    return decorate


def stores(mock: Mock, *actions: str) -> Callable[[Callable[[Request, dict[str, Any]], dict[str, Any]]], None]:
    """Decorates a change of what some operations store."""

    def decorate(change: Callable[[Request, dict[str, Any]], dict[str, Any]]) -> None:
        @mock.on("store")
        def _(store: Any, request: Request, token: Item, body: dict[str, Any]) -> None:
            store(request, token, change(request, body) if request.action in actions else body)

    return decorate


def refusals(mock: Mock, *statuses: int) -> Callable[[Callable[[Request, Answer], None]], None]:
    """Decorates a change of the answers with these error statuses."""

    def decorate(change: Callable[[Request, Answer], None]) -> None:
        @mock.on("refuse")
        def _(refuse: Any, request: Request, refusal: Refusal) -> Answer:
            answer: Answer = refuse(request, refusal)
            if refusal.status in statuses:
                change(request, answer)
            return answer

    return decorate


def kept(request: Request) -> dict[str, Any]:
    """What the git token under edit holds, or something valid."""
    return request.token.fields if request.token else EXAMPLE


def secret(request: Request) -> str:
    """The git token's value as sent with this request or stored before."""
    body = request.body if isinstance(request.body, dict) else {}
    return str(body.get("token") or kept(request).get("token"))
