"""Runs the clauses on somebody's application object, in a test of theirs."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .contract.contract import PATH, Contract
from .report.files import write
from .report.results import report as as_results
from .report.terminal import Terminal, printable, told
from .run.preflight import preflight
from .run.run import Run
from .runner.choice import choose
from .runner.plugin import Plugin
from .target import variables
from .target.stops import CannotRun
from .target.transport import Application, transport


class NotConforming(AssertionError):
    """An application breaks clauses, or none could be judged; `results` are what `verify` returns otherwise."""

    def __init__(self, message: str, results: dict[str, Any]) -> None:
        super().__init__(message)
        self.results = results


def verify(
    app: Application,
    *,
    base_url: str = "http://localhost",
    contract: Path = PATH,
    only: Sequence[str] = (),
    seed: int = 0,
    max_requests: int | None = None,
    timeout: float = 5,
    report: Path | None = None,
    **known: str | None,
) -> dict[str, Any]:
    """Tests an ASGI or WSGI application in this process, without a socket; returns the results.

    Each clause is printed as it is judged: `pytest -s` shows it. In an asynchronous test it runs in a thread of its
    own, and the test waits.

    Args:
        app: The application. The run creates items in it, and deletes them.
        base_url: What the application takes for its address, with the path that it is mounted at, if any.
        contract: The file that says what the application is to do.
        only: Clauses, or groups of them, to test; all if empty.
        seed: Which requests are generated: always the same by default, so that a test gives the same result twice.
        max_requests: The most requests that are sent: by default 900, or 1200 where there are many fields.
        timeout: Seconds for each answer. Off the main thread, only an ASGI application that awaits is held to it.
        report: A folder to write the report into, in all its forms.
        known: What the contract's variables of the environment would say, in lower case and without the prefix. Of git
            tokens, `organization_id` says where, and `api_token` (sent as `Authorization: Token …`) or `jwt` (as
            `Authorization: Bearer …`) as whom; both have both tested. `foreign_organization_id` is an organization
            that the caller may not touch, and `foreign_git_token_id` a git token of it.

    Returns:
        The results, as conformance/report/results.schema.json describes them.

    Raises:
        NotConforming: If a clause is broken, with the findings as its message, or if none could be judged.
        CannotRun: If the run could not start or go on; the message says why.
    """
    __tracebackhide__ = True
    described = Contract.load(contract)
    chosen = choose(described.resource, only)

    def judge() -> tuple[Run, BaseException | None]:
        started = transport(app)
        try:
            target = variables.from_names(
                base_url,
                described.resource,
                {name: value for name, value in known.items() if value},
                max_requests=max_requests or described.resource.budget,
                timeout=timeout,
                transport=started,
            )
        except CannotRun:
            started.close()
            raise
        run = Run(described, target, seed)
        plugin = Plugin(run, chosen, Terminal(run, sys.stdout, verbose=True).finished)
        try:
            preflight(run)
            plugin.main()
            failure = plugin.failure
        except BaseException as error:
            # Whatever ends it, pytest.exit too: the run cleans up, and nobody is shown what was sent.
            failure = error
        run.cleanup.finish()
        target.close()
        return run, failure

    start = time.monotonic()
    if _loop_is_running():
        with ThreadPoolExecutor(1) as thread:
            run, failure = thread.submit(judge).result()
    else:
        run, failure = judge()
    # A traceback from further below would show requests, with the credentials in them.
    if isinstance(failure, Exception):
        raise run.cannot(failure) from None
    if failure:
        raise failure.with_traceback(None)
    seconds = time.monotonic() - start
    states = {each.state for each in run.results.values() if each.clause in chosen or each.finding}
    results = as_results(run, f"{type(app).__name__}, without a socket", seconds, int("broken" in states))
    if report:
        write(report, results)
    if "broken" in states or "held" not in states:
        raise NotConforming("\n".join(map(printable, told(results))).lstrip("\n"), results)
    return results


def _loop_is_running() -> bool:
    """Is this an asynchronous test? Its thread can run no second event loop, which an ASGI application needs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
