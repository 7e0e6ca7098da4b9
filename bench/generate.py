from collections.abc import Iterator
from bench.measure import Comparison


def comparisons(full: bool) -> Iterator[Comparison]:
    yield from ()
