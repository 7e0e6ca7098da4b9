"""What broken clauses have kept from being judged."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

Clauses = list[dict[str, Any]]


def reasons(clauses: Clauses) -> dict[str, str]:
    """Why each clause that is not exercised could not be judged in the end, where others stand between."""
    said = {clause["id"]: clause["reason"] for clause in clauses if clause["state"] == "not exercised"}
    found = {}
    for id, reason in said.items():
        for _ in said:
            needed, _, state = reason.partition(" is ")
            if state != "not exercised" or needed not in said:
                break
            reason = said[needed]
        said_by = re.search(r", as (\S+) says$", reason)
        found[id] = f"{said_by[1]} is broken" if said_by else reason
    return found


def kept_by(clauses: Clauses) -> Counter[str]:
    """How many clauses each broken one has kept from being judged."""
    return Counter(
        reason.removesuffix(" is broken") for reason in reasons(clauses).values() if reason.endswith(" is broken")
    )


def ordered(findings: Clauses, clauses: Clauses) -> Clauses:
    """Findings as they are best mended: first what keeps the most from being judged, last what has another's cause."""
    kept = kept_by(clauses)
    return sorted(findings, key=lambda each: (each["cause"] is not None, -kept[each["clause"]]))


def first_of_all(clauses: Clauses) -> str:
    """Which clause to mend first, and what it has kept from being judged; empty if it is hardly anything."""
    for id, count in kept_by(clauses).most_common(1):
        if count > 1:
            return f"{id} has kept {count} of {len(clauses)} clauses from being judged: mend it first"
    return ""
