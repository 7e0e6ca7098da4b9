"""Trials of the suite in another process, which has everything imported after the first and so is quick."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing.connection import wait
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


# A fork would inherit pytest's deep stack, at the end of which CPython 3.11 may map and unmap a page with every call.
@cache
def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=end_with_parent)


def spawned(trial: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `trial` gives, called in the other process."""
    return _pool().submit(trial, *args, **kwargs).result()


def end_with_parent() -> None:
    """Lets this process end when the one that has started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    assert parent

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
