from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from .. import types
from ..models.git_token_associated_service_type import GitTokenAssociatedServiceType


@dataclass(repr=False)
class GitTokenAssociatedServiceResponse(types.Model):
    """A service that uses a git token, and where it runs."""

    project_id: UUID = field(metadata=types.wire("project_id", types.uuid))
    """The project."""
    project_name: str = field(metadata=types.wire("project_name", types.string))
    """What people call the project."""
    environment_id: UUID = field(metadata=types.wire("environment_id", types.uuid))
    """The project's environment."""
    environment_name: str = field(metadata=types.wire("environment_name", types.string))
    """What people call the environment."""
    service_id: UUID = field(metadata=types.wire("service_id", types.uuid))
    """The service."""
    service_name: str = field(metadata=types.wire("service_name", types.string))
    """What people call the service."""
    service_type: GitTokenAssociatedServiceType | str = field(
        metadata=types.wire("service_type", types.choice(GitTokenAssociatedServiceType))
    )
    """What kind of service it is."""
