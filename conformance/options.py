"""The options of the command line: what each takes, and what an error in one says."""

from __future__ import annotations

import argparse
import difflib
import math
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from .commands import CONFORMANCE
from .contract.contract import PATH, Contract
from .run.clause import LEVELS


class _Parser(argparse.ArgumentParser):
    """Says in one line which option is wrong, and what it takes."""

    def error(self, message: str) -> NoReturn:
        takes = {flag: action.metavar for action in self._actions for flag in action.option_strings}
        message = re.sub(
            r"^argument (\S+): (?:expected .*)", lambda found: f"{found[1]} takes {takes[found[1]]}", message
        )
        message = re.sub(r"^argument (\S+): takes ", r"\1 takes ", message)
        unknown = message.removeprefix("unrecognized arguments: ").partition(" ")[0]
        near = difflib.get_close_matches(unknown.partition("=")[0], takes, n=1) if unknown != message else []
        hint = f"did you mean {near[0]}?" if near else "--help lists the options"
        self.exit(
            2,
            f"{self.prog}: error: {message}: {hint}\n"
            if "unrecognized" in message
            else f"{self.prog}: error: {message}\n",
        )


def parse() -> argparse.Namespace:
    """The options of this process's command line; one that cannot be used ends it, with exit code 2."""
    parser = _Parser(
        prog=CONFORMANCE,
        allow_abbrev=False,
        description="Tests a server of Qovery's git-token operations against the contract.",
    )
    add = parser.add_argument
    add(
        "--base-url",
        metavar="URL",
        help="the server to test; without it, and without one in the environment, the bundled mock",
    )
    add("--contract", type=Path, default=PATH, metavar="FILE", help="test a server of what this file describes")
    add(
        "--level",
        action="append",
        type=_level,
        metavar="LEVEL",
        help=f"only clauses of this level, one of {', '.join(LEVELS)}; may be repeated",
    )
    add(
        "--only",
        action="append",
        metavar="CLAUSE",
        help="only this clause, chapter, or pattern such as '*/null'; may be repeated",
    )
    add("--list", action="store_true", help="list the clauses and exit; with --verbose, with their sources")
    add("--verbose", action="store_true", help="print a line for each clause, not for each chapter")
    add(
        "--max-requests",
        type=_positive,
        metavar="N",
        help="send at most N requests (default: 900, of many fields 1200; with --duration, for each hour)",
    )
    add("--rate", type=_rate, default=0.0, metavar="N/s", help="send at most N requests a second")
    add(
        "--max-wait",
        type=_seconds,
        metavar="S",
        help="wait for the server's rate limit up to S seconds (default: 60; with --duration, 3600)",
    )
    add("--timeout", type=_seconds, default=5.0, metavar="S", help="give an answer S seconds (default: 5)")
    add("--seed", type=_whole, metavar="N", help="generate the same requests as the run that printed this seed")
    add("--fail-fast", action="store_true", help="stop at the first broken clause")
    add("--live", action="store_true", help="test a server that is not on this machine")
    add("--dry-run", action="store_true", help="say what a run would do, check the credentials, and exit")
    add("--sweep", action="store_true", help="remove what earlier runs have left, and exit")
    add("--overwrite", action="store_true", help="edit the item that the environment names, and create none")
    add("--read-only", action="store_true", help="send nothing that a right server would carry out")
    add("--pin", action="append", default=[], metavar="FIELD=VALUE", help="send this value (or env:NAME) in this field")
    add("--workers", type=_positive, default=1, metavar="N", help="run the clauses in N processes (default: 1)")
    add("--shard", type=_shard, metavar="I/N", help="run only the I-th of N parts; --merge makes one report of all")
    add("--duration", type=_duration, metavar="T", help="go on with other requests for T, such as 10m or 8h")
    add("--report", type=Path, metavar="DIR", help="write report.html, results.json, junit.xml and more into DIR")
    add("--database", metavar="WHERE", help="share failing examples: a directory, redis://HOST, or github")
    add("--partial", action="store_true", help="exit with 0 where clauses lacked requests, time or network")
    add("--merge", nargs="+", type=Path, metavar="DIR", help="make one report of those in these folders, and exit")
    add("--compare", type=Path, metavar="FILE", help="say what has changed since the run that wrote this results.json")
    options = parser.parse_args()
    options.defaults = {"rate": 0.0, "timeout": 5.0, "duration": None, "max_wait": 60.0}
    options.explicit_seed = options.seed is not None
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(2**32)
    if options.workers > 1 and options.overwrite:
        parser.error("--overwrite edits one git token, and that takes one worker")
    if options.read_only and (options.overwrite or options.workers > 1 or options.duration):
        parser.error("--read-only goes with neither --overwrite nor --workers nor --duration")
    hours = math.ceil((options.duration or 1) / 3600)
    options.hours = hours
    options.defaults["max_wait"] = 3600.0 if options.duration else 60.0
    options.max_wait = options.max_wait or options.defaults["max_wait"]
    return options


def repeated(options: argparse.Namespace, contract: Contract, base_url: str | None) -> Iterator[str]:
    """The options that decide what is sent, and to whom, for another run to be given; no secret is among them."""
    if base_url:
        yield from ("--base-url", base_url)
    for name in ("rate", "max_wait", "timeout", "duration"):
        if (value := getattr(options, name)) != options.defaults[name]:
            unit = {"rate": "/s", "duration": "s"}.get(name, "")
            yield from (f"--{name.replace('_', '-')}", f"{value:g}{unit}")
    if options.contract != PATH:
        yield from ("--contract", str(options.contract))
    yield from ("--max-requests", str(options.max_requests))
    for name in ("live", "overwrite", "read_only"):
        if getattr(options, name):
            yield f"--{name.replace('_', '-')}"
    fields = contract.resource.leaves
    for pin in options.pin:
        field, _, value = pin.partition("=")
        secret = fields[field].secret and not value.startswith("env:")
        yield from ("--pin", f"{field}=env:{contract.resource.secret}" if secret else pin)


def _level(text: str) -> str:
    if text not in LEVELS:
        raise argparse.ArgumentTypeError(f"takes {', '.join(LEVELS[:-1])} or {LEVELS[-1]}; not {text!r}")
    return text


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", text):
        raise argparse.ArgumentTypeError(f"takes a whole number, such as 7; not {text!r}")
    return int(text)


def _positive(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"takes a whole number, such as 300; not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    if (value := _number(text)) is None:
        raise argparse.ArgumentTypeError(f"takes seconds, more than 0 and less than 3600, such as 30; not {text!r}")
    return value


def _number(text: str) -> float | None:
    return value if re.fullmatch(r"\d+(\.\d+)?", text) and 0 < (value := float(text)) < 3600 else None


def _duration(text: str) -> float:
    if not re.fullmatch(r"[1-9]\d{0,6}[smh]", text):
        raise argparse.ArgumentTypeError(f"takes a number with s, m or h behind it, such as 10m or 8h; not {text!r}")
    return int(text[:-1]) * {"s": 1.0, "m": 60.0, "h": 3600.0}[text[-1]]


def _shard(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"takes which of how many parts, such as 2/5; not {text!r}")
    return int(found[1]), int(found[2])


def _rate(text: str) -> float:
    if (value := _number(text.removesuffix("/s"))) is None:
        raise argparse.ArgumentTypeError(f"takes requests a second, such as 5/s; not {text!r}")
    return value
