"""A run as files: results.json for programs, report.html and report.md for people, junit.xml for CI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.report.har import har
from conformance.report.html import html
from conformance.report.junit import junit
from conformance.report.markdown import markdown


def write(folder: Path, results: dict[str, Any]) -> None:
    """Writes the results of a run, in every form, into `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "results.json": json.dumps(results, indent=2) + "\n",
        "report.html": html(results),
        "report.md": markdown(results),
        "junit.xml": junit(results),
        "findings.har": json.dumps(har(results), indent=2) + "\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
