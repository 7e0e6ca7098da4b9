"""A line at the bottom of a terminal that says how far a run is; nothing where there is no terminal, as in CI."""

from __future__ import annotations

import io
import os
import shutil
import time
from typing import TextIO

from ..run.run import Run

# How often the line is drawn anew, in seconds.
_EVERY = 0.1
_WIDTH = 20


class Progress(io.TextIOBase):
    """A stream that writes to another one, above the line."""

    def __init__(self, run: Run, stream: TextIO) -> None:
        self._run = run
        self._stream = stream
        self._shown = False
        self._start = self._drawn = time.monotonic()
        if stream.isatty():
            run.target.progress = self.draw

    def draw(self) -> None:
        """Draws the line: the clause, requests used of the budget, findings and the time left."""
        now = time.monotonic()
        if now < self._drawn + _EVERY:
            return
        target, current = self._run.target, self._run.current
        used, budget = target.budget.used, max(1, target.budget.total)
        done = min(1.0, used / budget)
        findings = sum(1 for result in self._run.results.values() if result.finding)
        left = (now - self._start) * (budget - used) / used if used else 0
        bar = ("█" * int(done * _WIDTH)).ljust(_WIDTH, "░")
        clause = current.clause.id if current else "cleaning up" if target.budget.cleaning else "starting"
        text = f"{bar} {used}/{budget} requests, {findings} broken, {max(0, left):.0f} s left, {clause}"
        self._stream.write("\r\x1b[K" + text[: shutil.get_terminal_size().columns - 1])
        self._stream.flush()
        self._shown, self._drawn = True, now

    def write(self, text: str) -> int:
        if self._shown:
            text = f"\r\x1b[K{text}"
            self._shown = False
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            # Nobody reads on, but there is still to clean up and to report.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
        return len(text)
