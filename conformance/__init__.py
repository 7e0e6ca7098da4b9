"""Finds where a server breaks the contract of Qovery's git-token API; with a mock of that API.

`verify` tests an application in a test of yours. The commands are `qovery-conformance` and `qovery-mock`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .application import NotConforming, verify
    from .target.target import CannotRun

__version__ = "0.1.0"
__all__ = ["CannotRun", "NotConforming", "verify"]


def __getattr__(name: str) -> Any:
    # Importing the pytest plugin must not import Hypothesis and Schemathesis into every session of pytest.
    if name in __all__:
        from . import application

        return getattr(application, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
