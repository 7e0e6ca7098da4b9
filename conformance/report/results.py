"""What a run has learned, as JSON values without secrets: results.schema.json says what each of them means."""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any

from ..run.clause import Finding, Result
from ..run.run import Run
from ..target.exchange import Exchange, Request
from .again import again
from .compare import compare
from .exchange import marks, shown_answer
from .har import entry
from .kept import ordered
from .reproduction import lines, script

VERSION = 3
# As many requests as a timeline shows; of more, evenly chosen ones.
POINTS = 2000
# As much of a sentence as a person reads, in characters.
_SENTENCE = 1000
_VERDICTS = {0: "held", 1: "broken"}


def report(run: Run, server: str, seconds: float, code: int, old: dict[str, Any] | None = None) -> dict[str, Any]:
    """The run that took `seconds` and exits with `code`, compared with the results of an old one if they are given."""
    clauses = [each | {"reason": run.secrets.redact(each["reason"])} for each in map(as_clause, run.results.values())]
    verdict = _VERDICTS.get(code, "incomplete")
    if verdict == "held" and all(clause["state"] != "held" for clause in clauses):
        verdict = "not exercised"
    results = {
        "version": VERSION,
        "verdict": verdict,
        # An address may hold a password.
        "server": re.sub(r"//[^/\s]*@", "//", server),
        "contract": run.contract.version,
        "versions": {
            "python": platform.python_version(),
            "hypothesis": version("hypothesis"),
            "schemathesis": version("schemathesis"),
        },
        "started": datetime.fromtimestamp(run.journal.started, UTC).isoformat(timespec="seconds"),
        "seed": run.seed,
        "requests": run.target.budget.used,
        "max_requests": run.target.max_requests,
        "network": dict(sorted(run.target.network.faults.items())),
        "seconds": round(seconds, 3),
        "merged": [],
        "findings": ordered(
            [as_finding(result.finding, run) for result in run.results.values() if result.finding], clauses
        ),
        "coverage": {"fields": _fields(run), "examples": run.journal.examples, "operations": _operations(run)},
        "timeline": _timeline(run),
        "comparison": compare(old, clauses) if old else None,
    }
    # Most texts stand there many times.
    redacted: dict[str, Any] = _redacted(results, cache(run.secrets.redact))
    # What clauses say is the suite's own.
    return redacted | {"clauses": clauses}


def as_clause(result: Result) -> dict[str, Any]:
    """What a run says of a clause, as it is, secrets and all."""
    return {
        "id": result.clause.id,
        "level": result.clause.level,
        "requirement": result.clause.requirement,
        "source": result.clause.source,
        "state": result.state,
        "reason": result.reason or result.note,
        "requests": result.requests,
        "seconds": round(result.seconds, 3),
    }


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _redacted(each, redact) for name, each in value.items()}
    if isinstance(value, list):
        return [_redacted(each, redact) for each in value]
    return redact(value) if isinstance(value, str) else value


def as_finding(finding: Finding, run: Run) -> dict[str, Any]:
    """What a run says of a finding."""
    return {
        "clause": finding.clause.id,
        "message": run.secrets.redact(finding.message)[:_SENTENCE],
        "expected": finding.expected or finding.clause.requirement,
        "actual": (finding.actual or finding.message)[:_SENTENCE],
        "again": again(finding.clause, run),
        "paste": lines(finding, run),
        "script": script(finding, run),
        "file": f"findings/{finding.clause.id.replace('/', '-')}.sh",
        "cause": finding.cause or None,
        "cases": [case[:_SENTENCE] for case in finding.cases],
        "exchanges": [_exchange(each, finding, run) for each in finding.exchanges],
    }


def _brief(request: Request, run: Run) -> str:
    """A request in a few words: method, path, and the beginning of the body."""
    body = (request.body or b"")[: 2 * _SENTENCE].decode("utf-8", "replace")
    return run.secrets.redact(f"{request.method} {request.path}\n{body}".strip())[:_SENTENCE]


def _exchange(exchange: Exchange, finding: Finding, run: Run) -> dict[str, Any]:
    answer = shown_answer(exchange.answer, run)
    return {
        "request": _brief(exchange.request, run),
        "answer": answer,
        # Of several exchanges, the last one shows what is wrong.
        "marks": marks(answer, finding, run) if exchange is finding.exchanges[-1] else [],
        "method": exchange.request.method,
        "operation": exchange.request.operation,
        "status": exchange.answer.status,
        "seconds": round(exchange.answer.seconds, 4),
        "har": entry(exchange, finding.clause.id, run),
    }


def _fields(run: Run) -> dict[str, Any]:
    return {
        field: {kind: _counted(statuses) for kind, statuses in kinds.items()}
        for field, kinds in run.journal.fields.items()
    }


def _operations(run: Run) -> list[dict[str, Any]]:
    operations: list[dict[str, Any]] = []
    for id, statuses in run.journal.statuses.items():
        operation = run.contract.operations.get(id or "")
        documented = [int(status) for status in operation.responses if status.isdigit()] if operation else []
        operations.append(
            {
                "operation": id,
                "documented": {str(status): statuses[status] for status in documented},
                "undocumented": _counted(Counter({s: n for s, n in statuses.items() if s not in documented})),
            }
        )
    return operations


def _counted(statuses: Counter[int]) -> dict[str, int]:
    return {str(status): count for status, count in sorted(statuses.items())}


def _timeline(run: Run) -> list[dict[str, Any]]:
    entries = run.journal.entries
    return [
        {
            "at": round(each.at, 3),
            "operation": each.operation,
            "method": each.method,
            "status": each.status,
            "seconds": round(each.seconds, 4),
            "clause": each.clause,
        }
        for each in entries[:: -(-len(entries) // POINTS) or 1]
    ]
