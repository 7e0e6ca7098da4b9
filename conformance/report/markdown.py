"""A run as Markdown: for the summary of a step in CI, or an issue."""

from __future__ import annotations

import re
from typing import Any

from .compare import lines
from .terminal import printable, seed

TITLES = {
    "held": "✓ Every exercised clause held",
    "broken": "✗ Broken",
    "incomplete": "– The run was interrupted",
    "not exercised": "– Nothing was exercised",
}
# GitHub shows a megabyte of summary.
_LIMIT = 500_000


def markdown(results: dict[str, Any]) -> str:
    """The verdict, what has changed, the findings, and what was not exercised; nothing in it is taken for markup."""
    states = [clause["state"] for clause in results["clauses"]]
    counts = ", ".join(f"{states.count(state)} {state}" for state in ("held", "broken", "not exercised"))
    text = [
        f"## {TITLES[results['verdict']]}: git-token conformance",
        "",
        f"{_code(results['server'])}: {counts}; {results['requests']} requests in {results['seconds']:.1f} s, "
        f"{seed(results)}, contract {results['contract']}",
        "",
    ]
    text += [f"- {_code(line)}" for line in runs(results)] + [""] * bool(results["merged"])
    if results["comparison"]:
        text += ["### Since the older run", "", *(f"- {_code(line)}" for line in lines(results["comparison"])), ""]
    clauses = {clause["id"]: clause for clause in results["clauses"]}
    for finding in results["findings"]:
        text += _finding(finding, clauses[finding["clause"]])
    idle = [clause for clause in results["clauses"] if clause["state"] == "not exercised"]
    if idle:
        text += ["### Not exercised", "", *(f"- `{clause['id']}`: {_code(clause['reason'])}" for clause in idle), ""]
    whole = "\n".join(text)
    return whole if len(whole) <= _LIMIT else whole[: whole.rindex("\n### ", 0, _LIMIT)] + "\n\nThere is more.\n"


def runs(results: dict[str, Any]) -> list[str]:
    """The runs that were merged, a line each."""
    return [
        f"{run['server']}: {run['verdict']}, {run['requests']} requests in {run['seconds']:.1f} s, "
        f"from {run['started']}, {seed(run | {'merged': []})}"
        for run in results["merged"]
    ]


def _finding(finding: dict[str, Any], clause: dict[str, Any]) -> list[str]:
    text = [
        f"### ✗ `{clause['id']}`",
        "",
        f"{_code(finding['message'])}",
        "",
        f"- Required: {clause['requirement']}",
        f"- Source: {clause['source']} ({clause['level']})",
        f"- Expected: {_code(finding['expected'])}",
        f"- Actual: {_code(finding['actual'])}",
        f"- Run it again: {_code(finding['again'])}",
        "",
    ]
    for exchange in finding["exchanges"]:
        text += [*_block(exchange["request"], "http"), "", *_block(exchange["answer"], "http"), ""]
    text += [f"The cause is that of {_code(finding['cause'])}.", ""] if finding["cause"] else []
    text += [f"- And: {_code(case)}" for case in finding["cases"]] + [""] * bool(finding["cases"])
    return [*text, "See it anywhere:", "", *_block(finding["paste"], "sh"), ""]


def _code(text: str) -> str:
    """`text` in one line as code, in which nothing is markup, a mention or a link."""
    line = printable(text).replace("\n", " ")
    fence = _fence(line, 1)
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line or ' '}{fence}"


def _block(text: str, language: str) -> list[str]:
    fence = _fence(text, 3)
    return [fence + language, printable(text), fence]


def _fence(text: str, least: int) -> str:
    """More backticks than `text` has in a row."""
    return "`" * max(least, *(len(run) + 1 for run in re.findall("`+", text)), 0)
