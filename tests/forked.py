"""A trial of the suite in a process of its own, which starts with everything imported."""

from __future__ import annotations

from collections.abc import Callable

from conformance.detection import FORK, Trial


def forked(trial: Callable[[], Trial]) -> Trial:
    """What `trial` gives, called in another process."""
    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=lambda: sender.send(trial()))
    process.start()
    sender.close()
    try:
        result: Trial = receiver.recv()
    finally:
        process.join()
    return result
