"""A run as one HTML file that needs no network: verdict, findings, clauses, and pictures of what was sent."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..run.clause import LEVELS
from .compare import lines
from .kept import reasons
from .markdown import TITLES, runs
from .terminal import brief, first_difference, laid_out, plural, printable

_HERE = Path(__file__).parent
_STATES = {"broken": "✗", "not exercised": "–", "held": "✓"}
_KINDS = ("valid", "boundary", "unspecified", "invalid")
# As many findings are named at the top.
_BRIEF = 12
# As many findings are shown with their exchanges: nobody reads more, and a page has to open.
_FULL = 200
# And as many requests below the timeline.
_NOTABLE = 5
# The timeline's size, in the units of its view box, without the margins for the axes.
_WIDTH, _HEIGHT = 640, 180
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=lambda value: value if isinstance(value, Markup) else printable(str(value)),
    trim_blocks=True,
    lstrip_blocks=True,
)


def html(results: dict[str, Any]) -> str:
    """The report of `results`, in which whatever a server has sent is shown and never obeyed."""
    style, script = ((_HERE / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    comparison = results["comparison"]
    return _TEMPLATES.get_template("report.html.jinja").render(
        results=results,
        title=TITLES[results["verdict"]],
        style=Markup(style),
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
        runs=runs(results),
        states={state: [each["state"] for each in results["clauses"]].count(state) for state in _STATES},
        marks=_STATES,
        levels=LEVELS,
        groups=_groups(results["clauses"]),
        clauses={clause["id"]: clause for clause in results["clauses"]},
        broken={finding["clause"] for finding in results["findings"]},
        comparison=lines(comparison) if comparison else [],
        kinds=_KINDS,
        fields=_fields(results["coverage"]["fields"]),
        statuses=_statuses(results["coverage"]["operations"]),
        operations=results["coverage"]["operations"],
        meaning=_meaning,
        pieces=_pieces,
        plural=plural,
        brief=brief,
        full=_FULL,
        seconds=_seconds,
        unlike=_unlike,
        laid_out=laid_out,
        severest=sorted(results["findings"], key=lambda each: _severity(each, results))[:_BRIEF],
        idle=_idle(results["clauses"]),
        examples=results["coverage"]["examples"],
        timeline=_timeline(results["timeline"]),
    )


def _severity(finding: dict[str, Any], results: dict[str, Any]) -> tuple[bool, int]:
    """What Qovery says comes before what RFCs say, and that before what nobody says; last what another one explains."""
    level = next(clause["level"] for clause in results["clauses"] if clause["id"] == finding["clause"])
    return finding["cause"] is not None, LEVELS.index(level)


def _idle(clauses: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The clauses that could not be judged, by reason: first what has kept the most."""
    found: dict[str, list[str]] = {}
    for id, reason in reasons(clauses).items():
        found.setdefault(reason, []).append(id)
    return dict(sorted(found.items(), key=lambda item: -len(item[1]))[:_BRIEF])


def _unlike(finding: dict[str, Any]) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """What was expected and what came, in pieces; where both are texts, what differs first is marked."""
    expected, actual = finding["expected"], finding["actual"]
    if not expected[:1] == actual[:1] == '"':
        return [(expected, False)], [(actual, False)]
    start = first_difference(expected, actual)
    return _pieces(expected, [[start, start + 1]]), _pieces(actual, [[start, start + 1]])


def _groups(clauses: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The clauses by what stands before the slash."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for clause in clauses:
        groups.setdefault(clause["id"].split("/")[0], []).append(clause)
    return groups


def _hash(text: str) -> str:
    """What a content security policy calls an inline style or script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _pieces(text: str, marks: Iterable[list[int]]) -> list[tuple[str, bool]]:
    """`text` in pieces, each with whether it is marked."""
    pieces, end = [], 0
    for start, stop in marks:
        if start >= end:
            pieces += [(text[end:start], False), (text[start:stop], True)]
            end = stop
    return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]


def _meaning(status: int) -> str:
    """What a status says, as a word for style sheets."""
    return {2: "success", 3: "success", 4: "refusal"}.get(status // 100, "failure")


def _fields(fields: dict[str, dict[str, dict[str, int]]]) -> dict[str, dict[str, dict[str, Any] | None]]:
    """For each field and kind of value how many were answered rightly, wrongly, or either way; None: no such value."""
    rows: dict[str, dict[str, dict[str, Any] | None]] = {}
    for field, kinds in fields.items():
        rows[field] = {}
        for kind in _KINDS:
            counts = {"right": 0, "either": 0, "wrong": 0}
            for status, count in kinds.get(kind, {}).items():
                counts[_judged(kind, int(status))] += count
            whole = {"counts": counts, "sent": sum(counts.values()), "statuses": kinds.get(kind, {})}
            rows[field][kind] = whole if kind in kinds else None
    return rows


def _judged(kind: str, status: int) -> str:
    meaning = _meaning(status)
    if meaning == "failure":
        return "wrong"
    if kind == "unspecified":
        return "either"
    return "right" if (meaning == "refusal") == (kind == "invalid") else "wrong"


def _statuses(operations: list[dict[str, Any]]) -> list[int]:
    """Every status that is documented or was seen."""
    return sorted({int(status) for each in operations for status in (*each["documented"], *each["undocumented"])})


def _timeline(entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The points of the timeline as SVG paths by meaning, and its axes; latency is on a logarithmic scale."""
    if not entries:
        return None
    latencies = sorted(max(entry["seconds"], 1e-4) for entry in entries)
    low = math.floor(math.log10(latencies[0]))
    high = max(low + 1, math.ceil(math.log10(latencies[-1])))
    duration = max(entry["at"] for entry in entries) or 1
    shapes = {"success": "h0", "refusal": "h0", "failure": "m-4-4l8 8m0-8l-8 8"}
    paths = dict.fromkeys(shapes, "")
    for entry in entries:
        x = entry["at"] / duration * _WIDTH
        y = _y(entry, low, high)
        meaning = _meaning(entry["status"])
        paths[meaning] += f"M{x:.1f} {y:.1f}{shapes[meaning]}"
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "paths": paths,
        "levels": [(_seconds(10.0**power), _HEIGHT * (high - power) / (high - low)) for power in range(low, high + 1)],
        "times": [(_seconds(duration * part / 4), _WIDTH * part / 4) for part in range(5)],
        # For the script, which finds the one that is meant: the place, and the clause.
        "points": json.dumps(
            [
                [round(entry["at"] / duration * _WIDTH), _y(entry, low, high), entry["clause"]]
                for entry in entries
                if entry["clause"]
            ],
            separators=(",", ":"),
        ),
        "notable": _notable(entries),
        "median": _seconds(latencies[len(latencies) // 2]),
        "slowest": _seconds(latencies[-1]),
    }


def _y(entry: dict[str, Any], low: int, high: int) -> int:
    """The height of a request in the timeline."""
    return round(_HEIGHT * (1 - (math.log10(max(entry["seconds"], 1e-4)) - low) / (high - low)))


def _notable(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The slowest requests, and those at which the server failed."""
    failed = [entry for entry in entries if _meaning(entry["status"]) == "failure"][:_NOTABLE]
    slowest = sorted(entries, key=lambda entry: -float(entry["seconds"]))[:_NOTABLE]
    return sorted(failed + [entry for entry in slowest if entry not in failed], key=lambda entry: float(entry["at"]))


def _seconds(value: float) -> str:
    return f"{value:.3g} s" if value >= 1 or not value else f"{value * 1000:.3g} ms"
