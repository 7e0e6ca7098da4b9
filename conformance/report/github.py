"""What a run says to GitHub Actions: an annotation a finding, and a summary of the step."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .markdown import markdown
from .terminal import printable

# As much as GitHub shows of an annotation, in characters.
_SHOWN = 4000


def present() -> bool:
    """Whether this is a step of a workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def deafen() -> str:
    """Lets a workflow take no commands from what is printed, for servers are quoted there; gives what ends this."""
    if not present():
        return ""
    word = secrets.token_hex(16)
    print(f"::stop-commands::{word}", flush=True)
    return word


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Within it, a workflow takes no commands from what is printed."""
    word = deafen()
    try:
        yield
    finally:
        if word:
            print(f"::{word}::", flush=True)


def tell(results: dict[str, Any], word: str) -> None:
    """Prints the annotations and adds the summary, if this is a step of a workflow; `word` is what `deafen` gave."""
    if not word:
        return
    print(f"::{word}::", flush=True)
    clauses = {clause["id"]: clause for clause in results["clauses"]}
    for finding in results["findings"]:
        clause = clauses[finding["clause"]]
        message = f"{finding['message']}\n{clause['requirement']}\nSource: {clause['source']}\n{finding['again']}"
        print(f"::error title={_property(clause['id'])}::{_data(message)}", flush=True)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown(results))


def _data(text: str) -> str:
    return printable(text)[:_SHOWN].replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
