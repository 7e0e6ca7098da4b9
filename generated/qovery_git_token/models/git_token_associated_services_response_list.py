from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as _field

from .. import kinds as _kinds
from .. import types as _types
from ..models.git_token_associated_service_response import GitTokenAssociatedServiceResponse


@dataclass(repr=False, eq=False)
class GitTokenAssociatedServicesResponseList(_types.Model):
    """The services that use a git token."""

    results: list[GitTokenAssociatedServiceResponse] = _field(
        metadata=_types.wire("results", _kinds.array(_types.model(GitTokenAssociatedServiceResponse)))
    )
    """The services."""
