"""Whom a server lets in: what a request with wrong credentials could do, may others do as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..target.exchange import Answer, Exchange
from .clause import Broken

if TYPE_CHECKING:
    from .run import Run

# What a finding is about where everybody is let in, or everybody who gives any credentials, or almost the right ones.
NOBODY, ANYBODY, ALMOST = "no credentials needed", "any credentials will do", "almost the right credentials will do"


class Admission:
    """Finds out by a few more requests whether a server looks at credentials at all."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def explain(self, broken: Broken) -> None:
        """Has a finding be about the worst that is so: one such finding is enough."""
        last, own = broken.exchanges[-1], self._run.target.authorization
        if not own or own in last.request.headers or not last.answer.ok or self._run.target.read_only:
            return
        unknown = self._run.secrets.stranger(self._run.random)
        given = self._run.target.credentials.items()
        tries = [
            (NOBODY, None),
            *((ANYBODY, (scheme.header, scheme.value(unknown))) for scheme, _ in given),
            *((ALMOST, (scheme.header, scheme.altered(value, "{}x".format))) for scheme, value in given),
        ]
        broken.about = next((about for about, each in tries if self._let_in(last, each)), broken.about)

    def _let_in(self, last: Exchange, authorization: tuple[str, str] | None) -> bool:
        """Is the same operation carried out by its own path for somebody with these credentials?"""
        operation = self._run.contract.operations.get(last.request.operation or "")
        role = self._run.resource.role(last.request.operation)
        if operation is None or role == "create" or role == "delete":
            # What creates or deletes is not tried for this alone.
            return any(self._asks(each.id, authorization) for each in self._run.operations if each.method == "GET")
        return self._asks(operation.id, authorization)

    def _asks(self, operation: str, authorization: tuple[str, str] | None) -> bool:
        body = self._run.bodies.full() if self._run.contract.operations[operation].request_schema else None
        request = self._run.request(operation, body, authorization=authorization)
        return self._run.repeat(Exchange(request, Answer())).answer.ok
