from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from uuid import UUID

from .. import types
from ..models.git_provider import GitProvider


@dataclass(repr=False)
class GitTokenResponse(types.Model):
    """A git token as the API shows it, without its secret."""

    id: UUID = field(metadata=types.wire("id", types.uuid))
    """Names the git token, for good."""
    created_at: datetime.datetime = field(metadata=types.wire("created_at", types.date_time))
    """When it was created."""
    name: str = field(metadata=types.wire("name", types.string))
    """What people call the git token."""
    type_: GitProvider | str = field(metadata=types.wire("type", types.choice(GitProvider)))
    """Who hosts the repositories."""
    git_api_url: str = field(metadata=types.wire("git_api_url", types.uri))
    """The git provider's API that the git token is used with."""
    associated_services_count: int = field(metadata=types.wire("associated_services_count", types.integer(0)))
    """How many services use the git token."""
    updated_at: datetime.datetime | None = field(default=None, metadata=types.wire("updated_at", types.date_time))
    """When it was last edited."""
    description: str | None = field(default=None, metadata=types.wire("description", types.string))
    """What the git token is for."""
    workspace: str | None = field(default=None, metadata=types.wire("workspace", types.string))
    """The Bitbucket workspace that holds the repositories."""
    expired_at: datetime.date | None = field(default=None, metadata=types.wire("expired_at", types.date))
    """The day on which the git provider ends the secret's validity."""
