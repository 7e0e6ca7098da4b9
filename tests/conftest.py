"""What holds for all tests."""

import gc


def pytest_collection_finish() -> None:
    """Has the garbage collector leave alone what is there by now: it would go through it all the time."""
    gc.collect()
    gc.freeze()
