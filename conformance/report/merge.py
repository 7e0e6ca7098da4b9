"""Many runs as one: what was exercised anywhere is exercised, and what is broken anywhere is broken."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ..contract.contract import validator
from ..target.stops import CannotRun
from .compare import STATES
from .reading import not_written, read
from .results import POINTS, VERSION

_SCHEMA = Path(__file__).with_name("results.schema.json")
# The first of these, and of STATES, that a run has is that of all.
_VERDICTS = ("broken", "incomplete", "held", "not exercised")
Results = dict[str, Any]


def load(folder: Path) -> Results:
    """Reads what --report has written into `folder`. Raises CannotRun if it cannot be read or merged."""
    path = folder / "results.json"
    results = read(path)
    version = results.get("version") if isinstance(results, dict) else None
    if isinstance(version, int) and version != VERSION:
        raise CannotRun(f"{path} is of version {version}, and can be merged only where it is {VERSION}")
    if not validator(json.loads(_SCHEMA.read_text(encoding="utf-8"))).is_valid(results) or not _coherent(results):
        raise not_written(path)
    return dict(results)


def _coherent(results: Results) -> bool:
    """Whether there is one finding for every broken clause, and a time that can be read."""
    try:
        datetime.fromisoformat(results["started"])
    except ValueError:
        return False
    ids = [clause["id"] for clause in results["clauses"]]
    broken = sorted(clause["id"] for clause in results["clauses"] if clause["state"] == "broken")
    return len(ids) == len(set(ids)) and sorted(finding["clause"] for finding in results["findings"]) == broken


def merge(runs: Sequence[Results]) -> Results:
    """The results of several runs as those of one, without a comparison. Raises CannotRun if the contracts differ."""
    contracts = sorted({run["contract"] for run in runs})
    if len(contracts) > 1:
        raise CannotRun(f"the runs are of different versions of the contract: {', '.join(contracts)}")
    clauses = _clauses(runs)
    findings: dict[str, Any] = {}
    for finding in _all(runs, "findings"):
        findings.setdefault(finding["clause"], finding)
    states = {clause["state"] for clause in clauses} | {
        run["verdict"] for run in runs if run["verdict"] == "incomplete"
    }
    first = min(runs, key=_started)
    timeline = [
        entry | {"at": round(entry["at"] + _started(run) - _started(first), 3)}
        for run in runs
        for entry in run["timeline"]
    ]
    timeline.sort(key=lambda entry: float(entry["at"]))
    seeds = {run["seed"] for run in runs}
    return {
        "version": VERSION,
        "verdict": next(each for each in _VERDICTS if each in states or each == _VERDICTS[-1]),
        "server": _listed(run["server"] for run in runs),
        "contract": contracts[0],
        "versions": {name: _listed(run["versions"].get(name, "") for run in runs) for name in first["versions"]},
        "started": first["started"],
        "seed": seeds.pop() if len(seeds) == 1 else None,
        "requests": sum(run["requests"] for run in runs),
        "max_requests": sum(run["max_requests"] for run in runs),
        "network": _sum([run.get("network", {}) for run in runs]),
        "seconds": round(sum(run["seconds"] for run in runs), 3),
        "merged": [part for run in runs for part in run["merged"] or [{name: run[name] for name in _PART}]],
        "clauses": clauses,
        "findings": [findings[clause["id"]] for clause in clauses if clause["state"] == "broken"],
        "coverage": {"fields": _fields(runs), "examples": _examples(runs), "operations": _operations(runs)},
        "timeline": timeline[:: -(-len(timeline) // POINTS) or 1],
        "comparison": None,
    }


_PART = ("server", "started", "seed", "requests", "seconds", "verdict")


def _all(runs: Sequence[Results], name: str) -> list[Any]:
    return [each for run in runs for each in run[name]]


def _listed(texts: Any) -> str:
    return ", ".join(dict.fromkeys(text for text in texts if text))


def _started(run: Results) -> float:
    return datetime.fromisoformat(run["started"]).timestamp()


def _clauses(runs: Sequence[Results]) -> list[Results]:
    """Each clause once, with the state that counts, and the reasons for that one."""
    same: dict[str, list[Results]] = {}
    for clause in _all(runs, "clauses"):
        same.setdefault(clause["id"], []).append(clause)
    merged = []
    for clauses in same.values():
        state = next(each for each in STATES if each in {clause["state"] for clause in clauses})
        merged.append(
            clauses[0]
            | {
                "state": state,
                "reason": _listed(clause["reason"] for clause in clauses if clause["state"] == state),
                "requests": sum(clause["requests"] for clause in clauses),
                "seconds": round(sum(clause["seconds"] for clause in clauses), 3),
            }
        )
    # Those of a group stay together.
    groups = list(dict.fromkeys(clause["id"].split("/")[0] for clause in merged))
    return sorted(merged, key=lambda clause: groups.index(clause["id"].split("/")[0]))


def _fields(runs: Sequence[Results]) -> Results:
    fields: dict[str, dict[str, list[Any]]] = {}
    for run in runs:
        for field, kinds in run["coverage"]["fields"].items():
            for kind, statuses in kinds.items():
                fields.setdefault(field, {}).setdefault(kind, []).append(statuses)
    return {field: {kind: _sum(each) for kind, each in kinds.items()} for field, kinds in fields.items()}


def _examples(runs: Sequence[Results]) -> Results:
    examples: dict[str, dict[str, str]] = {}
    for run in runs:
        for field, kinds in run["coverage"]["examples"].items():
            examples[field] = kinds | examples.get(field, {})
    return examples


def _operations(runs: Sequence[Results]) -> list[Results]:
    same: dict[str | None, list[Results]] = {}
    for run in runs:
        for operation in run["coverage"]["operations"]:
            same.setdefault(operation["operation"], []).append(operation)
    return [
        {
            "operation": id,
            "documented": _sum([each["documented"] for each in operations]),
            "undocumented": _sum([each["undocumented"] for each in operations]),
        }
        for id, operations in same.items()
    ]


def _sum(counts: Sequence[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items()))
