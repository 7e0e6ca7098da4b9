"""Trials of the suite in another process, which has everything imported after the first and so is quick."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from typing import ParamSpec, TypeVar

from conformance.detection import end_with_parent

P = ParamSpec("P")
T = TypeVar("T")


# A fork would inherit pytest's deep stack, at the end of which CPython 3.11 may map and unmap a page with every call.
@cache
def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=end_with_parent)


def spawned(trial: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `trial` gives, called in the other process."""
    return _pool().submit(_run, partial(trial, *args, **kwargs)).result()


def _run(trial: Callable[[], T]) -> T:
    try:
        return trial()
    finally:
        _freeze()


@cache
def _freeze() -> None:
    """Has the garbage collector leave alone what the first trial has imported: it would go through it all the time."""
    gc.collect()
    gc.freeze()
