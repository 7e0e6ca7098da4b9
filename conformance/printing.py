"""How the commands print what somebody may cut short, as `head` does."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable


def show(lines: Iterable[str]) -> None:
    """Prints lines; that nobody reads on is no error."""
    try:
        print("\n".join(lines), flush=True)
    except BrokenPipeError:
        # Or Python tries again at its end, and says so.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
