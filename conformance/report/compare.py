"""Two runs compared: which clauses are newly broken, mended, newly exercised, and no longer exercised."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .reading import not_written, read

STATES = ("broken", "held", "not exercised")
_ID = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")


def load(path: Path) -> dict[str, Any]:
    """Reads the results.json of an older run. Raises CannotRun if it is none."""
    results = read(path)
    try:
        states = [(str(clause["id"]), str(clause["state"])) for clause in results["clauses"]]
        if not all(_ID.fullmatch(id) and state in STATES for id, state in states):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise not_written(path) from None
    return {
        "path": str(path),
        "server": str(results.get("server", "")),
        "started": str(results.get("started", "")),
        "seed": "several" if results.get("merged") else str(results.get("seed", "")),
        "clauses": dict(states),
    }


def compare(old: dict[str, Any], clauses: list[dict[str, Any]]) -> dict[str, Any]:
    """What has changed between an older run, as `load` gives it, and the clauses of this one."""
    before: dict[str, str] = old["clauses"]
    now = {clause["id"]: clause["state"] for clause in clauses}

    def changed(state: str, *others: str) -> list[str]:
        return [id for id in now if now[id] == state and before.get(id, "not exercised") in others]

    return {
        "server": old["server"],
        "started": old["started"],
        "seed": old["seed"],
        "newly_broken": changed("broken", "held", "not exercised"),
        "mended": changed("held", "broken"),
        "newly_exercised": changed("held", "not exercised"),
        "no_longer_exercised": [
            id for id in before if before[id] != "not exercised" and now.get(id, "not exercised") == "not exercised"
        ],
    }


def lines(comparison: dict[str, Any]) -> list[str]:
    """The comparison for people to read."""
    kinds = ("newly_broken", "mended", "newly_exercised", "no_longer_exercised")
    found = [f"{kind.replace('_', ' ')}: {', '.join(comparison[kind])}" for kind in kinds if comparison[kind]]
    return found or ["no clause has changed its state"]
