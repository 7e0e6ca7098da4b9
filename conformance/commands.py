"""What the commands are called: scripts in a clone, where this package is `conformance`; elsewhere as installed."""

_CLONE = __package__ == "conformance"

CONFORMANCE = "scripts/conformance" if _CLONE else "qovery-conformance"
MOCK = "scripts/mock" if _CLONE else "qovery-mock"
