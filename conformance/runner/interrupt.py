"""SIGINT and SIGTERM end a run in order: before it has begun at once, later after the request that is under way.

For the command line: importing this changes what the signals do.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

SIGNALS = (signal.SIGINT, signal.SIGTERM)
CODE = 130


class Interruptible(Protocol):
    interrupted: bool


def _all(handler: Callable[[int, FrameType | None], object]) -> None:
    for number in SIGNALS:
        signal.signal(number, handler)


def unwind() -> None:
    """Lets a signal raise KeyboardInterrupt."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    _all(interrupt)


@contextmanager
def noted(run: Interruptible) -> Iterator[None]:
    """Within it, a signal is only noted: a create that is interrupted would leave a git token that nobody knows."""

    def note(_: int, __: FrameType | None) -> None:
        run.interrupted = True

    _all(note)
    try:
        yield
    finally:
        unwind()


_all(lambda *_: os._exit(CODE))
