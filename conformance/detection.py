"""The suite against the mock with a fault or as a variant: is it found, is it reported, and what does that take?"""

from __future__ import annotations

import io
import multiprocessing
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from hypothesis.database import DirectoryBasedExampleDatabase
from starlette.types import Receive, Scope, Send

from .bundled import environment
from .contract.contract import Contract
from .contract.held import Held
from .mock import World, create_app
from .mock.serve import server
from .report.files import write
from .report.results import report
from .report.terminal import Terminal
from .run.clause import Clause
from .run.preflight import preflight
from .run.run import Run
from .runner import real
from .runner.choice import choose
from .runner.plugin import Plugin
from .target.stops import CannotRun
from .target.target import Target
from .target.transport import transport

# Faults and servers are tried in processes that start from this one, with everything imported.
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Trial:
    """What the suite said of one server: the clauses that it broke, what that took, and what went wrong.

    `last` is the clause that was tested last: with fail_fast, the one that came upon the fault.
    """

    name: str
    seed: int
    clauses: tuple[str, ...] = ()
    requests: int = 0
    seconds: float = 0.0
    error: str = ""
    last: str = ""


def attempt(
    name: str,
    seed: int,
    *,
    fail_fast: bool,
    max_requests: int | None = None,
    folder: Path | None = None,
    only: Sequence[str] = (),
    contract: Contract | None = None,
) -> Trial:
    """Runs the suite, or only some clauses or chapters, against the mock with the fault, or as the variant, `name`.

    Writes a report into `folder`.
    """
    contract = contract or git_tokens()
    world = _world(name, contract)
    with serving(world, name, contract=contract) as base_url:
        target = targeted(base_url, world, contract, max_requests, timeout=_timeout(name))
        options: dict[str, Any] = {"world": world, "contract": contract, "folder": folder, "only": only}
        return examine(target, name, seed, fail_fast=fail_fast, **options)


def attempt_inside(
    name: str,
    seed: int,
    *,
    fail_fast: bool,
    max_requests: int | None = None,
    folder: Path | None = None,
    only: Sequence[str] = (),
    contract: Contract | None = None,
) -> Trial:
    """Does as `attempt` does in this process alone, without a socket."""
    contract = contract or git_tokens()
    world = _world(name, contract)
    app = create_app(world, name, contract=contract)
    carried = {"timeout": _timeout(name), "transport": transport(app)}
    target = targeted("http://localhost", world, contract, max_requests, **carried)
    options: dict[str, Any] = {"world": world, "contract": contract, "folder": folder, "only": only}
    return examine(target, name, seed, fail_fast=fail_fast, **options)


def _world(name: str, contract: Contract) -> World:
    """Who is there; where secrets are verified, with one that is valid."""
    from .mock.variants.acceptance import VERIFYING, verified

    if name != VERIFYING:
        return World(contract.resource)
    [(choice, secret)] = verified(contract.resource).items()
    held = Held(contract.resource)
    return World(contract.resource, **{held.key(held.choice): choice, held.key(held.secret): secret})


def _timeout(name: str) -> float:
    """How long to wait for an answer, in seconds: not for long where it may hang for good."""
    return 2 if name.startswith("time/") else 5


def targeted(
    base_url: str, world: World, contract: Contract, max_requests: int | None = None, **options: Any
) -> Target:
    """What a run needs to know of a mock."""
    resource = contract.resource
    return Target(
        base_url,
        {name: world.id(name) for name in resource.owners},
        credentials={scheme: world.credential(scheme) for scheme in resource.schemes},
        foreign={name: world.id(name, foreign=True) for name in resource.owners},
        foreign_item=world.id(resource.item, foreign=True) if resource.owners else None,
        max_requests=max_requests or contract.resource.budget,
        **options,
    )


@cache
def git_tokens() -> Contract:
    """The contract of git tokens, which takes longer to read than many a trial."""
    return Contract.load()


def examine(
    target: Target,
    name: str,
    seed: int,
    world: World | None = None,
    *,
    fail_fast: bool,
    folder: Path | None = None,
    only: Sequence[str] = (),
    contract: Contract | None = None,
) -> Trial:
    """Runs the suite, or `only` some clauses, against a server that is called `name` here.

    Writes a report into `folder`, and what is printed. Hypothesis's database is there too.
    """
    run = Run(contract or git_tokens(), target, seed)
    real.hold(run, environment(vars(world), run.resource) if world else {})
    printed = io.StringIO()
    terminal = Terminal(run, printed)
    plugin = Plugin(run, choose(run.resource, only), terminal.finished, fail_fast)
    start, error, last = time.monotonic(), "", ""

    def started(clause: Clause) -> None:
        nonlocal last
        last = clause.id

    plugin.started = started
    try:
        preflight(run)
        plugin.main(DirectoryBasedExampleDatabase(folder / "examples") if folder else None)
        if plugin.failure:
            raise plugin.failure
    except CannotRun as failure:
        error = str(failure)
    seconds = time.monotonic() - start
    target.close()
    broken = tuple(result.clause.id for result in run.results.values() if result.finding)
    if folder:
        results = report(run, name, seconds, 2 if error else int(bool(broken)))
        terminal.flush()
        terminal.end(results)
        (folder / "terminal.txt").write_text(printed.getvalue(), encoding="utf-8")
        write(folder, results)
    return Trial(name, seed, broken, target.budget.used, seconds, error, last)


def reproduce(folder: Path, name: str, contract: Contract | None = None) -> dict[str, tuple[int, int]]:
    """What the reproductions in a report's folder exit with: on a server anew with the fault `name`, and without it."""
    scripts = sorted((folder / "findings").glob("*.sh"))
    return {path.name: (_exit_code(path, name, contract), _exit_code(path, "", contract)) for path in scripts}


def _exit_code(script: Path, name: str, contract: Contract | None) -> int:
    resource = (contract or git_tokens()).resource
    world = World(resource)
    with serving(world, name, contract=contract) as base_url:
        given = environment(vars(world) | {"base_url": base_url}, resource)
        run = subprocess.run(["sh", script], env={**os.environ, **given}, capture_output=True, check=False)
    return run.returncode


@contextmanager
def serving(world: World, name: str = "", counter: Any = None, contract: Contract | None = None) -> Iterator[str]:
    """The address of a mock in a process of its own, with the fault, or as the variant, `name` if any.

    It counts its requests in the shared integer `counter`.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        process = FORK.Process(target=_serve, args=(listener, world, name, counter, contract), daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.kill()
            process.join()


def end_with_parent() -> None:
    """Lets this process end when the one that has started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    assert parent

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _serve(listener: socket.socket, world: World, name: str, counter: Any, contract: Contract | None) -> None:
    end_with_parent()
    served = create_app(world, name, contract=contract or git_tokens())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if counter is not None:
            counter.value += 1
        await served(scope, receive, send)

    server(app, log_level="critical").run(sockets=[listener])
