"""The mock as a process of its own, for tests from the outside."""

from conformance.bundled import ROOT, mock

__all__ = ["ROOT", "mock"]
