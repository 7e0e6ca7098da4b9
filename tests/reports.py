"""What holds for the files of every report: the results fit their schema, and JUnit's XML is what CI systems read."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from conformance.contract.contract import validator
from conformance.report import results

SCHEMA = json.loads(Path(results.__file__).with_name("results.schema.json").read_text())
_VALIDATOR = validator(SCHEMA)
# What GitLab's documentation asks of an entry of Code Quality.
_QUALITY = validator(
    {
        "type": "object",
        "required": ["check_name", "description", "fingerprint", "severity", "location"],
        "properties": {
            "fingerprint": {"pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^[^./]"},
                    "lines": {"required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                },
            },
        },
    }
)
_CASE = {"classname", "name", "time"}
_ROOT = {"name", "tests", "failures", "errors", "time"}


def check(folder: Path) -> dict[str, Any]:
    """Raises unless the files in `folder` are right; gives the results."""
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    _VALIDATOR.validate(found)
    _junit(ET.parse(folder / "junit.xml").getroot(), found)
    quality = json.loads((folder / "codequality.json").read_text())
    assert [each["check_name"] for each in quality] == [finding["clause"] for finding in found["findings"]]
    assert all(_QUALITY.is_valid(each) for each in quality)
    log = json.loads((folder / "findings.har").read_text())["log"]
    assert log["version"] == "1.2"
    assert len(log["entries"]) == sum(len(finding["exchanges"]) for finding in found["findings"])
    return found


def _junit(root: ET.Element, results: dict[str, Any]) -> None:
    """By the schema that Jenkins reads JUnit by, junit-10.xsd; GitLab and GitHub's actions want no more."""
    assert root.tag == "testsuites" and set(root.keys()) == _ROOT
    [suite] = root
    assert suite.tag == "testsuite" and set(suite.keys()) == {*_ROOT, "skipped", "timestamp"}
    properties, *cases = suite
    assert properties.tag == "properties" and all(set(each.keys()) == {"name", "value"} for each in properties)
    states = {}
    for case in cases:
        assert case.tag == "testcase" and set(case.keys()) == _CASE and float(case.get("time", "")) >= 0
        inner = [(each.tag, bool(each.get("message"))) for each in case]
        outcomes = {(): "held", (("failure", True),): "broken", (("skipped", True),): "not exercised"}
        states[f"{case.get('classname')}/{case.get('name')}"] = outcomes[tuple(inner)]
    assert states == {clause["id"]: clause["state"] for clause in results["clauses"]}
    every = list(states.values())
    counted = {"tests": len(every), "failures": every.count("broken"), "errors": 0}
    for element, expected in ((root, counted), (suite, counted | {"skipped": every.count("not exercised")})):
        assert {name: int(element.get(name, "")) for name in expected} == expected
