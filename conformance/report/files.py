"""A run as files: results.json for programs, two reports and scripts for people, and two files for CI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..target.target import CannotRun
from .codequality import codequality
from .har import har
from .junit import junit
from .markdown import markdown


def write(folder: Path, results: dict[str, Any]) -> None:
    """Writes the results of a run, in every form, into `folder`, which is made if need be. Raises CannotRun."""
    # Few runs write one, and what makes the HTML takes a while to import.
    from .html import html

    make(folder)
    files = {
        "results.json": json.dumps(results, indent=2) + "\n",
        "report.html": html(results),
        "report.md": markdown(results),
        "junit.xml": junit(results),
        "codequality.json": json.dumps(codequality(results), indent=2) + "\n",
        "findings.har": json.dumps(har(results), indent=2) + "\n",
    }
    with _writing(folder):
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        _scripts(folder, results)


def _scripts(folder: Path, results: dict[str, Any]) -> None:
    """Writes the findings' scripts, in the place of an older run's."""
    for old in (folder / "findings").glob("*.sh"):
        old.unlink()
    for finding in results["findings"]:
        path = folder / finding["file"]
        path.parent.mkdir(exist_ok=True)
        path.write_text(finding["script"], encoding="utf-8")
        path.chmod(0o755)


def make(folder: Path) -> None:
    """Makes the folder for a report. Raises CannotRun."""
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotRun(f"the report cannot be written to {folder}: {error.strerror}") from None
