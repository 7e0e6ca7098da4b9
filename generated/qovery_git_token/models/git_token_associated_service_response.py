from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as _field
from uuid import UUID

from .. import kinds as _kinds
from .. import types as _types
from ..models.git_token_associated_service_type import GitTokenAssociatedServiceType


@dataclass(repr=False, eq=False)
class GitTokenAssociatedServiceResponse(_types.Model):
    """A service that uses a git token, and where it runs."""

    project_id: UUID = _field(metadata=_types.wire("project_id", _kinds.uuid))
    """The project."""
    project_name: str = _field(metadata=_types.wire("project_name", _kinds.string()))
    """What people call the project."""
    environment_id: UUID = _field(metadata=_types.wire("environment_id", _kinds.uuid))
    """The project's environment."""
    environment_name: str = _field(metadata=_types.wire("environment_name", _kinds.string()))
    """What people call the environment."""
    service_id: UUID = _field(metadata=_types.wire("service_id", _kinds.uuid))
    """The service."""
    service_name: str = _field(metadata=_types.wire("service_name", _kinds.string()))
    """What people call the service."""
    service_type: GitTokenAssociatedServiceType | str = _field(
        metadata=_types.wire("service_type", _kinds.choice(GitTokenAssociatedServiceType))
    )
    """What kind of service it is."""
