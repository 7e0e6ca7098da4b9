"""`python -m conformance`: options in, exit code out."""

from __future__ import annotations

import argparse
import contextlib
import gc
import math
import os
import random
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

if sys.platform == "win32":
    from . import WINDOWS

    sys.exit(f"conformance: {WINDOWS}")

# isort: off
# Before what takes a while to import: from now on a signal ends the process quietly.
from .runner import interrupt
# isort: on

from .bundled import environment, mock
from .commands import CONFORMANCE
from .contract.contract import Contract, ContractError
from .report import compare, github
from .report.files import make, write
from .report.merge import load, merge
from .report.reproduction import SECRET
from .report.results import report
from .report.terminal import Terminal, printable, summary
from .run.checks import CHECKS
from .run.clause import LEVELS, Clause
from .run.notes import OTHERS
from .run.run import Run
from .runner import live, workers
from .runner.database import LOCAL, database
from .runner.plugin import Plugin, choose, tested
from .runner.progress import Progress
from .target.target import CannotRun, NotExercised, Target


def main() -> int:
    interrupt.unwind()
    # What has been imported is here to stay, and little else is garbage: no need to look for it all the time.
    gc.freeze()
    gc.set_threshold(50_000)
    options = _options()
    try:
        contract = Contract.load()
        chosen = _chosen(options)
        options.compare = options.compare and compare.load(options.compare)
        if options.report:
            make(options.report)
        if options.merge:
            return _merge(options)
        if options.list:
            for clause in chosen:
                print(f"{clause.id}  [{clause.level}]  {clause.requirement}  ({clause.source})")
            return 0
        with _server(options) as (base_url, server):
            target = Target.from_environment(
                base_url,
                overwrite=options.overwrite,
                max_requests=options.max_requests,
                rate=options.rate,
                timeout=options.timeout,
                max_wait=options.max_wait,
                until=time.monotonic() + (options.duration or float("inf")),
            )
            if not (target.loopback or options.live or options.dry_run):
                raise CannotRun(
                    f"{base_url} is not a loopback address: --live lets the suite create, edit and delete git tokens "
                    "there, --dry-run says what it would do"
                )
            run = Run(contract, target, options.seed)
            live.pin(run, options.pin)
            run.options = tuple(_repeated(options, contract, base_url if server == base_url else None))
            with interrupt.noted(target):
                if options.dry_run:
                    return live.rehearse(run, Terminal(run).line)
                if server == base_url:
                    live.take_notes(run, Terminal(run).line)
                if options.sweep:
                    return live.sweep(run, Terminal(run).line)
                return _conformance(run, options, server, chosen)
    except (CannotRun, ContractError, NotExercised) as error:
        print(f"conformance: {printable(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return interrupt.CODE


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=CONFORMANCE, description="Tests a server of Qovery's git-token operations against the contract."
    )
    add = parser.add_argument
    add("--base-url", metavar="URL", help="the server to test; without it and QOVERY_BASE_URL, the bundled mock")
    add("--level", action="append", choices=LEVELS, help="only clauses of this level; may be repeated")
    add("--only", action="append", metavar="CLAUSE", help="only this clause, or group of clauses; may be repeated")
    add("--list", action="store_true", help="list the clauses and exit")
    add(
        "--max-requests",
        type=_positive,
        metavar="N",
        help="send at most N requests (default: 900; with --duration, for each hour)",
    )
    add("--rate", type=_rate, default=0.0, metavar="N/s", help="send at most N requests a second")
    add(
        "--max-wait",
        type=_seconds,
        metavar="S",
        help="wait for the server's rate limit up to S seconds (default: 60; with --duration, 3600)",
    )
    add("--timeout", type=_seconds, default=5.0, metavar="S", help="give an answer S seconds (default: 5)")
    add("--seed", type=int, metavar="N", help="generate the same requests as the run that printed this seed")
    add("--fail-fast", action="store_true", help="stop at the first broken clause")
    add("--live", action="store_true", help="test a server that is not on this machine")
    add("--dry-run", action="store_true", help="say what a run would do, check the credentials, and exit")
    add("--sweep", action="store_true", help="remove what earlier runs have left, and exit")
    add("--overwrite", action="store_true", help="edit QOVERY_GIT_TOKEN_ID instead of creating a git token")
    add("--pin", action="append", default=[], metavar="FIELD=VALUE", help="send this value (or env:NAME) in this field")
    add("--workers", type=_positive, default=1, metavar="N", help="run the clauses in N processes (default: 1)")
    add("--shard", type=_shard, metavar="I/N", help="run only the I-th of N parts; --merge makes one report of all")
    add("--duration", type=_duration, metavar="T", help="go on with other requests for T, such as 10m or 8h")
    add("--report", type=Path, metavar="DIR", help="write report.html, results.json, junit.xml and more into DIR")
    add("--database", metavar="WHERE", help="share failing examples: a directory, redis://HOST, or github")
    add("--merge", nargs="+", type=Path, metavar="DIR", help="make one report of those in these folders, and exit")
    add("--compare", type=Path, metavar="FILE", help="say what has changed since the run that wrote this results.json")
    options = parser.parse_args()
    options.defaults = {"rate": 0.0, "timeout": 5.0, "duration": None, "max_wait": 60.0}
    options.explicit_seed = options.seed is not None
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(2**32)
    if options.workers > 1 and options.overwrite:
        parser.error("--overwrite edits one git token, and that takes one worker")
    hours = math.ceil((options.duration or 1) / 3600)
    options.max_requests = options.max_requests or 900 * hours
    options.defaults["max_wait"] = 3600.0 if options.duration else 60.0
    options.max_wait = options.max_wait or options.defaults["max_wait"]
    return options


def _repeated(options: argparse.Namespace, contract: Contract, base_url: str | None) -> Iterator[str]:
    """The options that decide what is sent, and to whom, for another run to be given; no secret is among them."""
    if base_url:
        yield from ("--base-url", base_url)
    for name in ("rate", "max_wait", "timeout", "duration"):
        if (value := getattr(options, name)) != options.defaults[name]:
            unit = {"rate": "/s", "duration": "s"}.get(name, "")
            yield from (f"--{name.replace('_', '-')}", f"{value:g}{unit}")
    yield from ("--max-requests", str(options.max_requests))
    for name in ("live", "overwrite"):
        if getattr(options, name):
            yield f"--{name}"
    fields = contract.request_schema["properties"]
    for pin in options.pin:
        field, _, value = pin.partition("=")
        secret = fields[field].get("writeOnly") and not value.startswith("env:")
        yield from ("--pin", f"{field}=env:{SECRET}" if secret else pin)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 3600:
        raise ValueError
    return value


def _duration(text: str) -> float:
    if not re.fullmatch(r"\d+[smh]", text):
        raise ValueError
    return _positive(text[:-1]) * {"s": 1.0, "m": 60.0, "h": 3600.0}[text[-1]]


def _shard(text: str) -> tuple[int, int]:
    one, of = map(_positive, text.split("/"))
    if one > of:
        raise ValueError
    return one, of


def _rate(text: str) -> float:
    return _seconds(text.removesuffix("/s"))


@contextlib.contextmanager
def _server(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """The address of the server to test and what to call it; without an address, the mock is started and stopped."""
    base_url = options.base_url or os.environ.get("QOVERY_BASE_URL")
    if base_url:
        if not re.fullmatch(r"https?://[^\s/@]+(/[^\s?#@]*)?", base_url):
            raise CannotRun(
                f"{re.sub('//.*@', '//', base_url)!r} is not the address of a server: it must start with http:// or "
                "https://, and hold neither credentials nor a query"
            )
        yield base_url, base_url
        return
    with mock() as address:
        os.environ |= environment(address)
        yield address["base_url"], f"the bundled mock at {address['base_url']}"


def _chosen(options: argparse.Namespace) -> list[Clause]:
    """The clauses that were asked for. Raises CannotRun if there are none."""
    chosen = choose(options.only or (), options.level or LEVELS)
    if options.shard:
        one, of = options.shard
        every = tested()
        tests = [clause for clause in chosen if clause in every]
        if of > len(tests):
            raise CannotRun(f"--shard: there are {len(tests)} clauses to share, and that makes no {of} parts")
        # What every answer is judged by, each part judges its own answers by.
        chosen = tests[one - 1 :: of] + [clause for clause in chosen if clause not in every]
    return chosen


def _conformance(run: Run, options: argparse.Namespace, server: str, chosen: list[Clause]) -> int:
    terminal = Terminal(run, cast(TextIO, Progress(run, sys.stdout)))
    run.target.announce = terminal.line
    # A run that repeats another one must not be led astray by what others have found.
    alone = options.explicit_seed and not options.database
    examples = None if alone else database(options.database, lambda text: run.target.announce(text))
    run.database = "" if alone else re.sub("//.*@", "//", options.database or LOCAL)
    start = time.monotonic()
    word = github.deafen()
    terminal.start(server)
    if run.target.overwrite or not run.target.loopback:
        for line in live.consent(run):
            terminal.line(line)
    plugin = Plugin(run, chosen, terminal.finished, options.fail_fast)
    try:
        run.preflight()
        workers.run_suite(plugin, options.workers, examples)
        if options.duration:
            plugin.finished = lambda result: terminal.finished(result) if result.finding else None
            workers.run_rounds(plugin, options.workers, examples)
        failure = plugin.failure
    except (Exception, KeyboardInterrupt) as error:
        failure = error
    left = run.cleanup.finish()
    if run.target.interrupted:
        failure = failure or KeyboardInterrupt()
    elif failure:
        run.findings.withdraw()
    code = 1 if any(each.clause in chosen and each.finding for each in run.results.values()) else 0
    if failure:
        code = interrupt.CODE if isinstance(failure, KeyboardInterrupt) else 2
    results = report(run, server, time.monotonic() - start, code, options.compare)
    if run.journal.entries:
        for clause in (OTHERS, *(check.clause for check in CHECKS)):
            terminal.finished(run.results[clause.id])
        terminal.end(results)
    lacking = [each.clause.id for each in run.results.values() if each.note or each.state == "not exercised"]
    if run.target.spent and lacking:
        terminal.line(f"Requests were lacking for: {', '.join(lacking)}")
    if left:
        terminal.line(f"Not put right: {', '.join(left)}")
    for line in compare.lines(results["comparison"]) if options.compare else []:
        terminal.line(f"Compared with {options.compare['path']}: {line}")
    if options.report:
        write(options.report, results)
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


if __name__ == "__main__":
    sys.exit(main())
