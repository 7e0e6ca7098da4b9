"""`python -m conformance`: options in, exit code out."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from . import WINDOWS

    sys.exit(f"conformance: {WINDOWS}")

# isort: off
# Before what takes a while to import: from now on a signal ends the process quietly.
from .runner import interrupt
# isort: on

from .options import parse


def main() -> int:
    options = parse()
    # Only now: to import what runs clauses takes many times as long as to say what the options or the clauses are.
    if options.list:
        from .listing import run
    else:
        from .cli import run

    interrupt.unwind()
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
