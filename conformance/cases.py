"""The clauses as tests of somebody's, one a clause, so that -k, -x and the lists of an editor work."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from .application import NotConforming, verify
from .contract.contract import PATH, Contract
from .report.terminal import printable, told
from .runner.choice import choose
from .target.stops import CannotRun
from .target.transport import Application


def clause_tests(app: Application, *, only: Sequence[str] = (), **options: Any) -> Callable[..., None]:
    """Makes a test function with a case for each clause.

    `test_our_server = clause_tests(app, organization_id=…, api_token=…)` in a module of tests is all there is to do.
    One run judges the clauses that the session has selected; each case then fails with its own finding, or is skipped
    with the reason where the application could not exercise its clause.

    Args:
        app: The application.
        only: Clauses, or groups of them; all if empty.
        options: The others of `verify`.
    """

    @functools.cache
    def run(*selected: str) -> dict[str, Any] | CannotRun:
        try:
            return verify(app, only=selected, **options)
        except NotConforming as error:
            return error.results
        except CannotRun as error:
            return error

    @pytest.mark.parametrize(
        "clause", [clause.id for clause in choose(Contract.load(options.get("contract", PATH)).resource, only)]
    )
    def test(clause: str, request: pytest.FixtureRequest) -> None:
        __tracebackhide__ = True
        items = [item for item in request.session.items if getattr(item, "function", None) is test]
        results = run(*(item.callspec.params["clause"] for item in items))  # type: ignore[attr-defined]
        if isinstance(results, CannotRun):
            raise results.with_traceback(None)
        [judged] = (each for each in results["clauses"] if each["id"] == clause)
        if judged["state"] == "not exercised":
            pytest.skip(judged["reason"])
        findings = [each for each in results["findings"] if each["clause"] == clause]
        if findings:
            raise NotConforming("\n".join(map(printable, told({**results, "findings": findings}))), results)

    return test
