"""The clauses of a run over several processes, which share a budget and give one report."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from multiprocessing.connection import Connection, wait
from typing import Any

from hypothesis.database import ExampleDatabase

from ..run import sharing
from ..run.clause import Broken, Result, Stumbled
from ..run.run import Run
from ..target.stops import CannotRun, NotExercised
from .choice import CHAPTERS
from .plugin import Plugin

# What every other chapter relies on: one process judges it, before there are others.
BASICS = ("resource", "edit", "connections")
# The longest come first: nobody is to wait for them in the end. What builds on another stays with it.
APART = (
    ("values", "framing", "sequences"),
    ("refusals",),
    ("oddities",),
    ("authentication", "forged", "isolation", "paths"),
    ("identifiers",),
    ("properties", "concurrency", "negotiation", "preconditions"),
    ("methods",),
)
# What does not repeat what all others have sent.
LAST = ("fuzzing",)
# The chapters that generate something else with every seed.
GENERATING = ("values", "sequences", "fuzzing")

_FORK = multiprocessing.get_context("fork")
# Which chapters, and for the how manieth time.
Task = tuple[tuple[str, ...], int]


def run_suite(plugin: Plugin, workers: int, database: ExampleDatabase | None = None) -> None:
    """Runs the suite in as many processes as there are `workers`, and merges what they learn into the plugin's run.

    Where what everything relies on is broken, one process runs the rest: what the others did would be no fair trial.
    """
    if workers == 1:
        plugin.main(database)
        return
    plugin.main(database, BASICS)
    if plugin.over:
        return
    if plugin.findings:
        plugin.main(database, [chapter for chapter in CHAPTERS if chapter not in BASICS])
        return
    _share(plugin, workers, database, [(chapters, 0) for chapters in APART])
    if not plugin.over:
        plugin.main(database, LAST)


def run_rounds(plugin: Plugin, workers: int, database: ExampleDatabase | None = None) -> None:
    """Goes on with what is generated, round by round, until the target's time is up or a clause is broken."""
    number, sent, budget = 0, -1, plugin.run.target.budget
    while budget.left > 0 and not (plugin.over or plugin.findings) and budget.used > sent:
        sent = budget.used
        tasks: list[Task] = [(GENERATING, number := number + 1) for _ in range(workers)]
        if workers == 1:
            plugin.run.cleanup.drain()
            plugin.main(database, *tasks[0])
        else:
            _share(plugin, workers, database, tasks)


def _share(plugin: Plugin, workers: int, database: ExampleDatabase | None, tasks: list[Task]) -> None:
    run = plugin.run
    taken = _FORK.Value("i", 0)
    pipes: list[Connection] = []
    processes = []
    for index in range(workers):
        pipe, theirs = _FORK.Pipe(duplex=False)
        pipes.append(pipe)
        process = _FORK.Process(target=_work, args=(plugin, index, database, tasks, taken, pipes, theirs))
        process.start()
        theirs.close()
        processes.append(process)
    told = False
    try:
        while pipes:
            for ready in wait(pipes, 0.1):
                pipe = next(each for each in pipes if each is ready)
                try:
                    _take(plugin, *pipe.recv())
                except EOFError:
                    pipes.remove(pipe)
            run.target.progress()
            if not told and (run.target.budget.interrupted or plugin.over):
                told = True
                for process in processes:
                    process.terminate()
    except BaseException:
        for process in processes:
            process.kill()
        raise
    for process in processes:
        process.join()
        if process.exitcode and not (told or plugin.failure):
            plugin.failure = CannotRun(f"a worker ended with {process.exitcode}")
    run.current = None
    _once(run)


def _take(plugin: Plugin, kind: str, what: Any) -> None:
    """Takes a message of a worker's."""
    run = plugin.run
    if kind == "say":
        run.target.announce(what)
    elif kind == "start":
        run.current = run.results[what]
    elif kind == "results":
        for result in what:
            result.finding = result.finding or run.results[result.clause.id].finding
            run.results[result.clause.id] = result
            plugin.finished(result)
    else:
        sharing.merge(run, what)
        if what.failure and not (isinstance(what.failure, KeyboardInterrupt) and plugin.findings):
            plugin.failure = plugin.failure or what.failure


def _once(run: Run) -> None:
    """Leaves one finding of those that show the same fault."""
    first: dict[str, str] = {}
    for result in run.results.values():
        about = result.finding.about if result.finding else ""
        if about and first.setdefault(about, result.clause.id) != result.clause.id:
            result.finding, result.reason = None, f"{first[about]} is broken in the same way"


def _work(
    plugin: Plugin,
    index: int,
    database: ExampleDatabase | None,
    tasks: list[Task],
    taken: Any,
    pipes: list[Connection],
    pipe: Connection,
) -> None:
    """A worker's life: takes tasks as long as there are any, cleans up, and says what it has learned."""
    run, parent = plugin.run, os.getppid()
    for inherited in pipes:
        # Else nobody would notice that the process which reads from them is gone.
        inherited.close()

    def say(*message: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            pipe.send(message)

    def alone() -> None:
        if os.getppid() != parent:
            run.target.budget.interrupted = True

    run.target.announce = lambda text: say("say", text)
    run.target.progress = alone
    plugin.started = lambda clause: say("start", clause.id)
    mine: list[Result] = []
    plugin.finished = mine.append
    failure: BaseException | None = None
    try:
        sharing.enlist(run, index)
        while not plugin.over:
            with taken.get_lock():
                number, taken.value = taken.value, taken.value + 1
            if number >= len(tasks):
                break
            plugin.main(database, *tasks[number])
            if plugin.failure:
                run.findings.withdraw()
            else:
                # Now rather than in the end, when others may have to wait for it.
                run.cleanup.drain()
            say("results", mine)
            mine.clear()
        failure = plugin.failure
    except (Broken, Stumbled, NotExercised):
        # What cannot be had here, others can do without: the first worker has all it needs.
        pass
    except (Exception, KeyboardInterrupt) as error:
        failure = error
    run.cleanup.finish(others=False)
    say("end", sharing.learned(run, failure))
    pipe.close()
