"""A run's findings as GitLab's Code Quality reads them, which a merge request then shows."""

from __future__ import annotations

import hashlib
from typing import Any

from .terminal import printable

# How much a finding weighs, by its clause's level.
_SEVERITY = {"documented": "critical", "http": "major", "expected": "minor"}


def codequality(results: dict[str, Any]) -> list[dict[str, Any]]:
    """One entry a finding. GitLab wants a file for each, and a run knows none: it is named for its clause."""
    levels = {clause["id"]: clause["level"] for clause in results["clauses"]}
    return [
        {
            "check_name": finding["clause"],
            "description": printable(f"{finding['clause']}: {finding['message']}"),
            # GitLab takes a finding for known by this.
            "fingerprint": hashlib.sha256(finding["clause"].encode()).hexdigest(),
            "severity": _SEVERITY[levels[finding["clause"]]],
            "location": {"path": f"git-token/{finding['clause']}", "lines": {"begin": 1}},
        }
        for finding in results["findings"]
    ]
