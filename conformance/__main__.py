"""`python -m conformance`: options in, exit code out."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from hypothesis.database import DirectoryBasedExampleDatabase

from conformance.checks import CHECKS
from conformance.clause import LEVELS, Clause
from conformance.contract import Contract, ContractError
from conformance.plugin import Plugin, clauses
from conformance.report import compare, github
from conformance.report.files import write
from conformance.report.results import report
from conformance.report.terminal import Terminal
from conformance.run import Run
from conformance.target import CannotRun, Target

ROOT = Path(__file__).parent.parent


def main() -> int:
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
                base_url, max_requests=options.max_requests, rate=options.rate, timeout=options.timeout
            )
            if not target.loopback:
                raise CannotRun(f"{base_url} is not a loopback address, and this suite edits and deletes git tokens")
            return _conformance(Run(contract, target, options.seed), options, server)
    except (CannotRun, ContractError) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2


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
    add("--timeout", type=_seconds, default=5.0, metavar="S", help="give an answer S seconds (default: 5)")
    add("--seed", type=int, metavar="N", help="generate the same requests as the run that printed this seed")
    add("--fail-fast", action="store_true", help="stop at the first broken clause")
    add("--report", type=Path, metavar="DIR", help="write report.html, results.json, junit.xml and more into DIR")
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
        if not re.fullmatch(r"https?://[^\s/]+(/[^\s?#]*)?", base_url):
            raise CannotRun(f"{base_url!r} is not the address of a server: it must start with http:// or https://")
        yield base_url, base_url
        return
    with _mock() as mock:
        os.environ |= {
            "QOVERY_API_TOKEN": mock["api_token"],
            "QOVERY_JWT": mock["jwt"],
            "QOVERY_ORGANIZATION_ID": mock["organization_id"],
            "QOVERY_FOREIGN_ORGANIZATION_ID": mock["foreign_organization_id"],
            "QOVERY_FOREIGN_GIT_TOKEN_ID": mock["foreign_git_token_id"],
        }
        yield mock["base_url"], f"the bundled mock at {mock['base_url']}"


@contextlib.contextmanager
def _mock() -> Iterator[dict[str, str]]:
    """Address, credentials and ids of a mock of its own process, which is stopped afterwards."""
    command = [sys.executable, "-m", "conformance.mock", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            if not line:
                raise CannotRun("the bundled mock does not start")
            yield json.loads(line)
        finally:
            process.terminate()


def _selected(options: argparse.Namespace, clause: Clause) -> bool:
    if options.level and clause.level not in options.level:
        return False
    return not options.only or any(clause.id == each or clause.id.startswith(f"{each}/") for each in options.only)


def _conformance(run: Run, options: argparse.Namespace, server: str) -> int:
    terminal = Terminal(run)
    start = time.monotonic()
    word = github.deafen()
    terminal.start(server)
    run.preflight()
    plugin = Plugin(run, lambda clause: _selected(options, clause), terminal.finished, options.fail_fast)
    try:
        # A run that repeats another one must not be led astray by what others have found.
        plugin.main(None if options.explicit_seed else DirectoryBasedExampleDatabase(".hypothesis/examples"))
    finally:
        left = run.clean_up()
    for check in CHECKS:
        terminal.finished(run.results[check.clause.id])
    terminal.end(time.monotonic() - start)
    if left:
        terminal.line(f"Not deleted: {', '.join(left)}")
    code = 1 if any(_selected(options, each.clause) and each.finding for each in run.results.values()) else 0
    if plugin.failure:
        code = 130 if isinstance(plugin.failure, KeyboardInterrupt) else 2
    results = report(run, server, time.monotonic() - start, code, options.compare)
    for line in compare.lines(results["comparison"]) if options.compare else []:
        terminal.line(f"Compared with {options.compare['path']}: {line}")
    if options.report:
        write(options.report, run, results)
    github.tell(results, word)
    if plugin.failure and code == 2:
        raise plugin.failure
    return code


if __name__ == "__main__":
    sys.exit(main())
