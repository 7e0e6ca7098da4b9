"""The catalogue of faults, one file a family; they are registered in this order."""

# isort: off
from . import (  # noqa: F401
    authentication,
    refusals,
    values,
    answers,
    edit,
    secrets,
    isolation,
    paths,
    forged,
    properties,
    identifiers,
    concurrency,
    framing,
    negotiation,
    triggers,
    methods,
    resource,
    timing,
    bounds,
    kinds,
)
from .catalogue import faults as faults
