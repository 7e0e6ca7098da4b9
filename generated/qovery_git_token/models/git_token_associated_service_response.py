from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from .. import kinds, types
from ..models.git_token_associated_service_type import GitTokenAssociatedServiceType


@dataclass(repr=False, eq=False)
class GitTokenAssociatedServiceResponse(types.Model):
    """A service that uses a git token, and where it runs."""

    project_id: UUID = field(metadata=types.wire("project_id", kinds.uuid))
    """The project."""
    project_name: str = field(metadata=types.wire("project_name", kinds.string()))
    """What people call the project."""
    environment_id: UUID = field(metadata=types.wire("environment_id", kinds.uuid))
    """The project's environment."""
    environment_name: str = field(metadata=types.wire("environment_name", kinds.string()))
    """What people call the environment."""
    service_id: UUID = field(metadata=types.wire("service_id", kinds.uuid))
    """The service."""
    service_name: str = field(metadata=types.wire("service_name", kinds.string()))
    """What people call the service."""
    service_type: GitTokenAssociatedServiceType | str = field(
        metadata=types.wire("service_type", kinds.choice(GitTokenAssociatedServiceType))
    )
    """What kind of service it is."""
