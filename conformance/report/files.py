"""A run as files: results.json for programs, junit.xml for CI."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from conformance.clause import Finding
from conformance.report.reproduction import curl, shown_answer
from conformance.report.terminal import printable
from conformance.run import Run


def write(folder: Path, run: Run, server: str, seconds: float) -> None:
    """Writes the report into `folder`, which is made if need be; `seconds` is how long the run took."""
    folder.mkdir(parents=True, exist_ok=True)
    results = report(run, server, seconds)
    text = run.secrets.redact(json.dumps(results, indent=2, ensure_ascii=True))
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    ET.ElementTree(_junit(results)).write(folder / "junit.xml", encoding="utf-8", xml_declaration=True)


def report(run: Run, server: str, seconds: float) -> dict[str, Any]:
    """What the run has learned, as JSON values, without secrets."""
    return {
        "version": 1,
        "server": server,
        "contract": run.contract.version,
        "seed": run.seed,
        "requests": run.target.used,
        "seconds": round(seconds, 3),
        "clauses": [
            {
                "id": result.clause.id,
                "level": result.clause.level,
                "requirement": result.clause.requirement,
                "source": result.clause.source,
                "state": result.state,
                "reason": result.reason or result.note,
                "requests": result.requests,
                "seconds": round(result.seconds, 3),
            }
            for result in run.results.values()
        ],
        "findings": [_finding(result.finding, run) for result in run.results.values() if result.finding],
    }


def _finding(finding: Finding, run: Run) -> dict[str, Any]:
    return {
        "clause": finding.clause.id,
        "message": run.secrets.redact(finding.message),
        "exchanges": [
            {"request": curl(each.request, run), "answer": shown_answer(each.answer, run)} for each in finding.exchanges
        ],
    }


def _junit(results: dict[str, Any]) -> ET.Element:
    findings = {finding["clause"]: finding for finding in results["findings"]}
    states = [clause["state"] for clause in results["clauses"]]
    suite = ET.Element(
        "testsuite",
        name="git-token conformance",
        tests=str(len(states)),
        failures=str(states.count("broken")),
        skipped=str(states.count("not exercised")),
        errors="0",
        time=str(results["seconds"]),
    )
    for clause in results["clauses"]:
        group, _, name = clause["id"].partition("/")
        case = ET.SubElement(suite, "testcase", classname=group, name=name, time=str(clause["seconds"]))
        if clause["state"] == "broken":
            finding = findings[clause["id"]]
            lines = [clause["requirement"], f"Source: {clause['source']} ({clause['level']})"]
            for exchange in finding["exchanges"]:
                lines += ["", exchange["request"], exchange["answer"]]
            failure = ET.SubElement(case, "failure", type=clause["level"], message=printable(finding["message"]))
            failure.text = printable("\n".join(lines))
        elif clause["state"] == "not exercised":
            ET.SubElement(case, "skipped", message=printable(clause["reason"]))
    root = ET.Element("testsuites")
    root.append(suite)
    return root
