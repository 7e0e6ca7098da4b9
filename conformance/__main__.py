"""`python -m conformance`: options in, exit code out."""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

# isort: off
# Before what takes a while to import: from now on a signal ends the process quietly.
from conformance import interrupt
# isort: on

from conformance import live
from conformance.bundled import mock
from conformance.checks import CHECKS
from conformance.clause import LEVELS, Clause
from conformance.cleanup import OTHERS
from conformance.contract import Contract, ContractError
from conformance.database import database
from conformance.plugin import Plugin, clauses
from conformance.progress import Progress
from conformance.report import compare, github
from conformance.report.files import write
from conformance.report.results import report
from conformance.report.terminal import Terminal, printable
from conformance.run import Run
from conformance.target import CannotRun, NotExercised, Target


def main() -> int:
    interrupt.unwind()
    options = _options()
    try:
        contract = Contract.load()
        chosen = [clause for clause in clauses() if _selected(options, clause)]
        if not chosen:
            raise CannotRun(f"no clause is called {' or '.join(options.only)}: --list names them all")
        options.compare = options.compare and compare.load(options.compare)
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
            )
            if not (target.loopback or options.live or options.dry_run):
                raise CannotRun(
                    f"{base_url} is not a loopback address: --live lets the suite create, edit and delete git tokens "
                    "there, --dry-run says what it would do"
                )
            run = Run(contract, target, options.seed)
            live.pin(run, options.pin)
            with interrupt.noted(target):
                if options.dry_run:
                    return live.rehearse(run, Terminal(run).line)
                if server == base_url:
                    live.take_notes(run, Terminal(run).line)
                if options.sweep:
                    return live.sweep(run, Terminal(run).line)
                return _conformance(run, options, server)
    except (CannotRun, ContractError, NotExercised) as error:
        print(f"conformance: {printable(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return interrupt.CODE


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/conformance", description="Tests a server of Qovery's git-token operations against the contract."
    )
    add = parser.add_argument
    add("--base-url", metavar="URL", help="the server to test; without it and QOVERY_BASE_URL, the bundled mock")
    add("--level", action="append", choices=LEVELS, help="only clauses of this level; may be repeated")
    add("--only", action="append", metavar="CLAUSE", help="only this clause, or group of clauses; may be repeated")
    add("--list", action="store_true", help="list the clauses and exit")
    add("--max-requests", type=_positive, default=900, metavar="N", help="send at most N requests (default: 900)")
    add("--rate", type=_rate, default=0.0, metavar="N/s", help="send at most N requests a second")
    add("--max-wait", type=_seconds, default=60.0, metavar="S", help="wait for the server's rate limit up to S seconds")
    add("--timeout", type=_seconds, default=5.0, metavar="S", help="give an answer S seconds (default: 5)")
    add("--seed", type=int, metavar="N", help="generate the same requests as the run that printed this seed")
    add("--fail-fast", action="store_true", help="stop at the first broken clause")
    add("--live", action="store_true", help="test a server that is not on this machine")
    add("--dry-run", action="store_true", help="say what a run would do, check the credentials, and exit")
    add("--sweep", action="store_true", help="remove what earlier runs have left, and exit")
    add("--overwrite", action="store_true", help="edit QOVERY_GIT_TOKEN_ID instead of creating a git token")
    add("--pin", action="append", default=[], metavar="FIELD=VALUE", help="send this value (or env:NAME) in this field")
    add("--report", type=Path, metavar="DIR", help="write report.html, results.json, junit.xml and more into DIR")
    add("--database", metavar="WHERE", help="share failing examples: a directory, redis://HOST, or github")
    add("--compare", type=Path, metavar="FILE", help="say what has changed since the run that wrote this results.json")
    options = parser.parse_args()
    options.explicit_seed = options.seed is not None
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(2**32)
    return options


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
        os.environ |= {
            "QOVERY_API_TOKEN": address["api_token"],
            "QOVERY_JWT": address["jwt"],
            "QOVERY_ORGANIZATION_ID": address["organization_id"],
            "QOVERY_FOREIGN_ORGANIZATION_ID": address["foreign_organization_id"],
            "QOVERY_FOREIGN_GIT_TOKEN_ID": address["foreign_git_token_id"],
        }
        yield address["base_url"], f"the bundled mock at {address['base_url']}"


def _selected(options: argparse.Namespace, clause: Clause) -> bool:
    if options.level and clause.level not in options.level:
        return False
    return not options.only or any(clause.id == each or clause.id.startswith(f"{each}/") for each in options.only)


def _conformance(run: Run, options: argparse.Namespace, server: str) -> int:
    terminal = Terminal(run, cast(TextIO, Progress(run, sys.stdout)))
    run.target.announce = terminal.line
    # A run that repeats another one must not be led astray by what others have found.
    alone = options.explicit_seed and not options.database
    examples = None if alone else database(options.database, terminal.line)
    start = time.monotonic()
    word = github.deafen()
    terminal.start(server)
    if run.target.overwrite or not run.target.loopback:
        for line in live.consent(run):
            terminal.line(line)
    plugin = Plugin(run, lambda clause: _selected(options, clause), terminal.finished, options.fail_fast)
    try:
        run.preflight()
        plugin.main(examples)
        failure = plugin.failure
    except (Exception, KeyboardInterrupt) as error:
        failure = error
    left = run.clean_up()
    if run.target.interrupted:
        failure = failure or KeyboardInterrupt()
    elif failure:
        run.withdraw()
    if run.journal.entries:
        for clause in (OTHERS, *(check.clause for check in CHECKS)):
            terminal.finished(run.results[clause.id])
        terminal.end(time.monotonic() - start)
    if run.target.spent:
        lacking = [each.clause.id for each in run.results.values() if each.note or each.state == "not exercised"]
        terminal.line(f"Requests were lacking for: {', '.join(lacking)}")
    if left:
        terminal.line(f"Not put right: {', '.join(left)}")
    code = 1 if any(_selected(options, each.clause) and each.finding for each in run.results.values()) else 0
    if failure:
        code = interrupt.CODE if isinstance(failure, KeyboardInterrupt) else 2
    results = report(run, server, time.monotonic() - start, code, options.compare)
    for line in compare.lines(results["comparison"]) if options.compare else []:
        terminal.line(f"Compared with {options.compare['path']}: {line}")
    if options.report:
        write(options.report, run, results)
    github.tell(results, word)
    if isinstance(failure, CannotRun | NotExercised):
        raise type(failure)(run.secrets.redact(str(failure)))
    if code == 2:
        # A fault of the suite's own. A traceback might show what must not be shown.
        frame = traceback.extract_tb(failure.__traceback__)[-1] if failure else None
        where = f"{Path(frame.filename).name}:{frame.lineno}" if frame else ""
        raise CannotRun(f"the suite itself failed, at {where}: {type(failure).__name__}")
    return code


if __name__ == "__main__":
    sys.exit(main())
