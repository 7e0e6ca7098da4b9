"""How an answer is read: decoded piece by piece, and not for longer than the time-out."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
import zlib
from collections.abc import Iterator
from types import FrameType

import httpx

# An answer longer than this is taken for endless: an item is some hundred bytes, a list some thousand of them.
MAX_ANSWER = 4 * 1024 * 1024


class Late(BaseException):
    """The time for an answer is over. No application that is called in this process takes it for its own error."""


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raises Late in what runs within it when the time is over, however slowly a server drips its answer.

    Signals do that, so only on the main thread. An alarm that somebody else has set goes off all the same.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    armed, start = True, time.monotonic()

    def ring(_: int, __: FrameType | None) -> None:
        if armed:
            raise Late

    before = signal.signal(signal.SIGALRM, ring)
    # Rings again, for the first time may be where exceptions are lost.
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left + start - time.monotonic(), 0.001), interval)


def decoded(response: httpx.Response) -> Iterator[bytes]:
    """The decoded body in small pieces, however much a compressed one swells. Raises zlib.error."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        yield from response.iter_raw()
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise zlib.error(f"{encoding} was not asked for")
    decoder = None
    for raw in response.iter_raw():
        if decoder is None:
            # What HTTP calls deflate is wrapped by zlib, and by some servers is not.
            bare = encoding == "deflate" and (raw[0] & 0x0F != 8 or int.from_bytes(raw[:2], "big") % 31)
            decoder = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)
        while raw:
            yield decoder.decompress(raw, 1 << 16)
            raw = decoder.unconsumed_tail
    if decoder and not decoder.eof:
        raise zlib.error("the body ends too early")
