from __future__ import annotations

from dataclasses import dataclass, field

from .. import types
from ..models.git_token_associated_service_response import GitTokenAssociatedServiceResponse


@dataclass(repr=False)
class GitTokenAssociatedServicesResponseList(types.Model):
    """The services that use a git token."""

    results: list[GitTokenAssociatedServiceResponse] = field(
        metadata=types.wire("results", types.array(types.model(GitTokenAssociatedServiceResponse)))
    )
    """The services."""
