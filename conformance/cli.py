"""What the command does with its options, to the exit code."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO, TypeVar, cast
from urllib.parse import urlsplit

import httpx

from .bundled import environment, mock
from .contract.contract import PATH, Contract, ContractError
from .options import repeated
from .report import compare, github
from .report.files import make, write
from .report.merge import load, merge
from .report.results import report
from .report.terminal import Terminal, failed, judged, printable, summary
from .run.checks import CHECKS
from .run.clause import LEVELS, Clause
from .run.notes import OTHERS
from .run.preflight import preflight
from .run.run import Run
from .runner import interrupt, live, real, workers
from .runner.choice import chosen
from .runner.database import LOCAL, database
from .runner.plugin import Plugin
from .runner.progress import Progress
from .target import variables
from .target.stops import CannotRun, NotExercised

T = TypeVar("T")
U = TypeVar("U")


def run(options: argparse.Namespace) -> int:
    """Runs the suite, or does what else was asked for but `--list`. Gives the exit code."""
    # What has been imported is here to stay, and little else is garbage: no need to look for it all the time.
    gc.freeze()
    gc.set_threshold(50_000)
    try:
        contract = _contract(options.contract)
        options.max_requests = options.max_requests or contract.resource.budget * options.hours
        asked = chosen(contract.resource, options.only or (), options.level or LEVELS, options.shard)
        options.compare = options.compare and _said("--compare", compare.load, options.compare)
        if options.report:
            make(options.report)
        if options.merge:
            return _said("--merge", _merge, options)
        with _server(options, contract) as (base_url, server):
            target = variables.from_environment(
                base_url,
                contract.resource,
                overwrite=options.overwrite,
                read_only=options.read_only,
                max_requests=options.max_requests,
                rate=options.rate,
                timeout=options.timeout,
                max_wait=options.max_wait,
                until=time.monotonic() + (options.duration or float("inf")),
            )
            if not (target.loopback or options.live or options.dry_run):
                raise CannotRun(
                    f"{base_url} is not a loopback address: --live lets the suite create, edit and delete "
                    f"{contract.resource.nouns} there, --dry-run says what it would do"
                )
            run = Run(contract, target, options.seed)
            real.hold(run, os.environ)
            live.pin(run, options.pin)
            run.options = tuple(repeated(options, contract, base_url if server == base_url else None))
            with interrupt.noted(target.budget):
                if options.dry_run:
                    with github.deaf():
                        return live.rehearse(run, Terminal(run).line)
                if server == base_url and not options.read_only:
                    live.take_notes(run, Terminal(run).line)
                if options.sweep:
                    with github.deaf():
                        return live.sweep(run, Terminal(run).line)
                return _conformance(run, options, server, asked)
    except (CannotRun, ContractError, NotExercised) as error:
        return failed(str(error))
    except KeyboardInterrupt:
        return interrupt.CODE
    except Exception as error:
        # Its message may quote a server, and its traceback what was sent.
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
        return failed(f"the suite itself failed: {where}" + (f"; see {options.report}" if options.report else ""))


def _said(option: str, work: Callable[[T], U], value: T) -> U:
    """Does what an option asks for. Raises CannotRun that names the option."""
    try:
        return work(value)
    except CannotRun as error:
        raise CannotRun(f"{option}: {error}") from None


def _contract(path: Path) -> Contract:
    try:
        return Contract.load(path)
    except ContractError as error:
        raise ContractError(f"--contract: {error}" if path != PATH else str(error)) from None


@contextlib.contextmanager
def _server(options: argparse.Namespace, contract: Contract) -> Iterator[tuple[str, str]]:
    """The address of the server to test and what to call it; without an address, the mock is started and stopped."""
    base_url = options.base_url or os.environ.get(contract.resource.variable("base_url"))
    if base_url:
        if not _is_address(base_url):
            where = "--base-url" if options.base_url else contract.resource.variable("base_url")
            raise CannotRun(
                f"{where}: {re.sub('//.*@', '//', base_url)!r} is not the address of a server: it must start with "
                "http:// or https://, and hold neither credentials nor a query"
            )
        yield base_url, base_url
        return
    with mock("--contract", str(options.contract.resolve())) as address:
        os.environ |= environment(address, contract.resource)
        yield address["base_url"], f"the bundled mock at {address['base_url']}"


def _is_address(url: str) -> bool:
    """Is it the address of a server, without credentials, query or fragment?"""
    if not re.fullmatch(r"https?://[^\s/@\\]+(/[^\s?#@\\]*)?", url):
        return False
    try:
        # Both read it, each with demands of its own.
        host, other = urlsplit(url), httpx.URL(url)
        other.host.encode("idna")
        return bool(host.hostname and other.host and (host.port is None or host.port > 0))
    except (ValueError, httpx.InvalidURL):
        return False


def _conformance(run: Run, options: argparse.Namespace, server: str, chosen: list[Clause]) -> int:
    stream = cast(TextIO, Progress(run, sys.stdout))
    terminal = Terminal(run, stream, verbose=options.verbose, folder=options.report)
    run.target.announce = terminal.line
    # A run that repeats another one must not be led astray by what others have found.
    alone = options.explicit_seed and not options.database
    examples = None if alone else database(options.database, lambda text: run.target.announce(text))
    run.database = "" if alone else re.sub("//.*@", "//", options.database or LOCAL)
    start = time.monotonic()
    word = github.deafen()
    terminal.start(server)
    if run.target.keeps or not run.target.loopback:
        for line in live.consent(run):
            terminal.line(line)
    plugin = Plugin(run, chosen, terminal.finished, options.fail_fast)
    try:
        preflight(run)
        workers.run_suite(plugin, options.workers, examples)
        if options.duration:
            plugin.finished = lambda result: terminal.finished(result) if result.finding else None
            workers.run_rounds(plugin, options.workers, examples)
        failure = plugin.failure
    except (Exception, KeyboardInterrupt) as error:
        failure = error
    left = run.cleanup.finish()
    if run.target.budget.interrupted:
        failure = failure or KeyboardInterrupt()
    elif failure:
        run.findings.withdraw()
    asked = [run.results[clause.id] for clause in chosen if clause.id in run.results]
    missing = [each for each in asked if each.lacking and each.state == "not exercised"]
    if not (failure or plugin.findings or options.partial) and missing:
        failure = CannotRun(
            f"{len(missing)} of {len(asked)} clauses lacked requests, time or network: "
            "allow more (--max-requests, --max-wait, --duration), or less with --partial"
        )
    code = 1 if plugin.findings else 0
    if failure:
        code = interrupt.CODE if isinstance(failure, KeyboardInterrupt) else 2
    results = report(run, server, time.monotonic() - start, code, options.compare)
    if run.journal.entries:
        for clause in (OTHERS, *(check.clause for check in CHECKS)):
            terminal.finished(run.results[clause.id])
        terminal.flush()
    lacking = [each.clause.id for each in run.results.values() if each.lacking or each.note.startswith("cut short")]
    if run.target.budget.spent and lacking:
        terminal.line(f"Requests were lacking for: {', '.join(lacking)}")
    if left:
        terminal.line(f"Not put right: {', '.join(left)}")
    for line in compare.lines(results["comparison"]) if options.compare else []:
        terminal.line(f"Compared with {options.compare['path']}: {line}")
    if faults := str(run.target.network):
        terminal.line(f"The network: {faults}, which did not happen again")
    if options.report:
        write(options.report, results)
    if run.journal.entries:
        terminal.end(results)
    terminal.line(judged(asked))
    github.tell(results, word)
    if failure and code == 2:
        raise run.cannot(failure)
    return code


def _merge(options: argparse.Namespace) -> int:
    """Makes one report of many. Raises CannotRun if nothing is broken, but a run has not come to its end."""
    results = merge([load(folder) for folder in options.merge])
    word = github.deafen()
    for line in summary(results):
        print(printable(line))
    if options.compare:
        results["comparison"] = compare.compare(options.compare, results["clauses"])
        for line in compare.lines(results["comparison"]):
            print(printable(f"Compared with {options.compare['path']}: {line}"))
    if options.report:
        write(options.report, results)
    github.tell(results, word)
    if results["verdict"] == "incomplete":
        raise CannotRun("one of the runs has not come to its end: there may be more to find")
    return int(results["verdict"] == "broken")
