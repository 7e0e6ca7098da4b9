"""Finds where a server breaks the contract of Qovery's git-token API; with a mock of that API.

`verify` tests an application in a test of yours, `clause_tests` makes a test of each clause, and `mock_fixture` a
fixture of pytest that is a mock. The commands are `qovery-conformance` and `qovery-mock`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .application import NotConforming, verify
    from .cases import clause_tests
    from .pytest_plugin import mock_fixture
    from .target.stops import CannotRun

__all__ = ["CannotRun", "NotConforming", "clause_tests", "mock_fixture", "verify"]

WINDOWS = "on Windows, run the suite in WSL or from its image: it needs fork and file locks; the mock runs as it is"


def __getattr__(name: str) -> Any:
    # Importing the pytest plugin must not import Hypothesis and Schemathesis into every session of pytest.
    if name == "mock_fixture":
        from .pytest_plugin import mock_fixture

        return mock_fixture
    if name in __all__:
        if sys.platform == "win32":
            raise ImportError(WINDOWS)
        from . import cases

        return getattr(cases, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
