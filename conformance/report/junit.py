"""A run as JUnit's XML, which GitLab, Jenkins and GitHub's actions show: a test case a clause."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from .terminal import printable


def junit(results: dict[str, Any]) -> str:
    """Findings are failures; clauses that were not exercised are skipped, with the reason."""
    findings = {finding["clause"]: finding for finding in results["findings"]}
    states = [clause["state"] for clause in results["clauses"]]
    counts = {
        "name": "git-token conformance",
        "tests": str(len(states)),
        "failures": str(states.count("broken")),
        "errors": "0",
        "time": str(results["seconds"]),
    }
    # As the schema that Jenkins reads it by has it, the root counts no skipped cases.
    of_suite = {"skipped": str(states.count("not exercised")), "timestamp": results["started"].removesuffix("+00:00")}
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", counts | of_suite)
    properties = ET.SubElement(suite, "properties")
    for name in ("server", "contract", "seed", "requests"):
        if results[name] is not None:
            ET.SubElement(properties, "property", name=name, value=printable(str(results[name])))
    for clause in results["clauses"]:
        group, _, name = clause["id"].partition("/")
        case = ET.SubElement(suite, "testcase", classname=group, name=name, time=str(clause["seconds"]))
        if clause["state"] == "broken":
            finding = findings[clause["id"]]
            message = printable(finding["message"])
            failure = ET.SubElement(case, "failure", type=clause["level"], message=message)
            failure.text = printable(_text(clause, finding))
        elif clause["state"] == "not exercised":
            ET.SubElement(case, "skipped", message=printable(clause["reason"]))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _text(clause: dict[str, Any], finding: dict[str, Any]) -> str:
    lines = [
        clause["requirement"],
        f"Source: {clause['source']} ({clause['level']})",
        f"Expected: {finding['expected']}",
        f"Actual: {finding['actual']}",
    ]
    for exchange in finding["exchanges"]:
        lines += ["", exchange["request"], exchange["answer"]]
    lines += [f"Cause: that of {finding['cause']}"] if finding["cause"] else []
    lines += ["", *(f"And: {case}" for case in finding["cases"])]
    return "\n".join([*lines, "See it anywhere:", finding["paste"], "", f"Run it again: {finding['again']}"])
