from __future__ import annotations

import datetime
from dataclasses import dataclass
from dataclasses import field as _field
from uuid import UUID

from .. import kinds as _kinds
from .. import types as _types
from ..models.git_provider import GitProvider


@dataclass(repr=False, eq=False)
class GitTokenResponse(_types.Model):
    """A git token as the API shows it, without its secret."""

    id: UUID = _field(metadata=_types.wire("id", _kinds.uuid))
    """Names the git token, for good."""
    created_at: datetime.datetime = _field(metadata=_types.wire("created_at", _kinds.date_time))
    """When it was created."""
    name: str = _field(metadata=_types.wire("name", _kinds.string()))
    """What people call the git token."""
    type_: GitProvider | str = _field(metadata=_types.wire("type", _kinds.choice(GitProvider)))
    """Who hosts the repositories."""
    git_api_url: str = _field(metadata=_types.wire("git_api_url", _kinds.uri))
    """The git provider's API that the git token is used with."""
    associated_services_count: int = _field(metadata=_types.wire("associated_services_count", _kinds.integer(0)))
    """How many services use the git token."""
    updated_at: datetime.datetime | None = _field(
        default_factory=_types.absent, metadata=_types.wire("updated_at", _kinds.date_time)
    )
    """When it was last edited."""
    description: str | None = _field(
        default_factory=_types.absent, metadata=_types.wire("description", _kinds.string())
    )
    """What the git token is for."""
    workspace: str | None = _field(default_factory=_types.absent, metadata=_types.wire("workspace", _kinds.string()))
    """The Bitbucket workspace that holds the repositories."""
    expired_at: datetime.date | None = _field(
        default_factory=_types.absent, metadata=_types.wire("expired_at", _kinds.date)
    )
    """The day on which the git provider ends the secret's validity."""
