"""What the workers of a run share: how many requests were sent and may be, and which git tokens are whose."""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# The bytes of the file that are locked for one thing or the other.
_NUMBERS, _CREATES = 0, 1
_FIELDS = ("used", "reserve", "allowed", "reset", "next")


class _Number:
    """A number of a ledger's."""

    def __set_name__(self, _: type[Ledger], name: str) -> None:
        self._index = _FIELDS.index(name)

    def __get__(self, ledger: Ledger, _: type[Ledger]) -> float:
        return ledger.numbers[self._index]

    def __set__(self, ledger: Ledger, value: float) -> None:
        ledger.numbers[self._index] = value


class Ledger:
    """Numbers and names in memory that processes share if they were forked from the one that made it.

    `used` are the requests that were sent, `reserve` those that only cleaning up may use, `allowed` is how many the
    server's own limit allows in all until `reset`, in seconds of Unix time; `next` is when the next one may be sent at
    the run's own rate, in seconds of the monotonic clock.
    """

    used = _Number()
    reserve = _Number()
    allowed = _Number()
    reset = _Number()
    next = _Number()

    def __init__(self, reserve: int) -> None:
        self.numbers = memoryview(mmap.mmap(-1, 8 * len(_FIELDS))).cast("d")
        self.reserve, self.allowed = reserve, float("inf")
        # A process that dies loses its lock on a file, and only this kind of lock is not inherited.
        self._file = tempfile.TemporaryFile(mode="a+b", buffering=0)  # noqa: SIM115
        self._depth = 0

    def close(self) -> None:
        """Ends sharing; the numbers can be read still."""
        self._file.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Within it, no other process changes what the ledger holds."""
        if not self._depth:
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _NUMBERS)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _NUMBERS)

    @contextmanager
    def creating(self) -> Iterator[None]:
        """Within it, a git token may exist that is not entered yet."""
        fcntl.lockf(self._file, fcntl.LOCK_SH, 1, _CREATES)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _CREATES)

    def settle(self) -> None:
        """Returns when no other process is creating a git token."""
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _CREATES)
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _CREATES)

    def create(self, git_token: str) -> None:
        """Enters a git token as this process's own."""
        self._file.write(f"{json.dumps([git_token, os.getpid()])}\n".encode())

    def others(self) -> set[str]:
        """The git tokens that other processes have entered last."""
        size = os.fstat(self._file.fileno()).st_size
        owners = dict(json.loads(line) for line in os.pread(self._file.fileno(), size, 0).splitlines())
        return {git_token for git_token, process in owners.items() if process != os.getpid()}
