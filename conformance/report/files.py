"""A run as files: results.json for programs, two reports and scripts for people, and two files for CI."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..target.stops import CannotRun
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
            _put(folder / name, text, 0o600)
        _scripts(folder, results)


def _put(path: Path, text: str, mode: int) -> None:
    """Writes a file at once, for its owner alone. What was there before, a link too, is replaced and not followed."""
    other = path.with_name(f".{path.name}.{os.getpid()}")
    other.unlink(missing_ok=True)
    file = os.open(other, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(text)
    other.replace(path)


def _scripts(folder: Path, results: dict[str, Any]) -> None:
    """Writes the findings' scripts, in the place of an older run's."""
    scripts = folder / "findings"
    if scripts.is_symlink():
        scripts.unlink()
    for old in scripts.glob("*.sh"):
        old.unlink()
    for finding in results["findings"]:
        scripts.mkdir(mode=0o700, exist_ok=True)
        _put(folder / finding["file"], finding["script"], 0o700)


def make(folder: Path) -> None:
    """Makes the folder for a report. Raises CannotRun."""
    with _writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotRun(f"the report cannot be written to {folder}: {error.strerror}") from None
