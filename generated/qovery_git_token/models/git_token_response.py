from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from uuid import UUID

from .. import kinds, types
from ..models.git_provider import GitProvider


@dataclass(repr=False, eq=False)
class GitTokenResponse(types.Model):
    """A git token as the API shows it, without its secret."""

    id: UUID = field(metadata=types.wire("id", kinds.uuid))
    """Names the git token, for good."""
    created_at: datetime.datetime = field(metadata=types.wire("created_at", kinds.date_time))
    """When it was created."""
    name: str = field(metadata=types.wire("name", kinds.string()))
    """What people call the git token."""
    type_: GitProvider | str = field(metadata=types.wire("type", kinds.choice(GitProvider)))
    """Who hosts the repositories."""
    git_api_url: str = field(metadata=types.wire("git_api_url", kinds.uri))
    """The git provider's API that the git token is used with."""
    associated_services_count: int = field(metadata=types.wire("associated_services_count", kinds.integer(0)))
    """How many services use the git token."""
    updated_at: datetime.datetime | None = field(
        default_factory=types.absent, metadata=types.wire("updated_at", kinds.date_time)
    )
    """When it was last edited."""
    description: str | None = field(default_factory=types.absent, metadata=types.wire("description", kinds.string()))
    """What the git token is for."""
    workspace: str | None = field(default_factory=types.absent, metadata=types.wire("workspace", kinds.string()))
    """The Bitbucket workspace that holds the repositories."""
    expired_at: datetime.date | None = field(
        default_factory=types.absent, metadata=types.wire("expired_at", kinds.date)
    )
    """The day on which the git provider ends the secret's validity."""
