from __future__ import annotations

from dataclasses import dataclass, field

from .. import kinds, types
from ..models.git_token_associated_service_response import GitTokenAssociatedServiceResponse


@dataclass(repr=False, eq=False)
class GitTokenAssociatedServicesResponseList(types.Model):
    """The services that use a git token."""

    results: list[GitTokenAssociatedServiceResponse] = field(
        metadata=types.wire("results", kinds.array(types.model(GitTokenAssociatedServiceResponse)))
    )
    """The services."""
