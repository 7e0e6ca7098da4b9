from __future__ import annotations

from dataclasses import dataclass, field

from .. import types
from ..models.git_provider import GitProvider


@dataclass(repr=False)
class GitTokenRequest(types.Model):
    """What a git token is to hold. Further properties are allowed and have no effect."""

    name: str = field(metadata=types.wire("name", types.string))
    """What people call the git token."""
    type_: GitProvider = field(metadata=types.wire("type", types.choice(GitProvider)))
    """Who hosts the repositories."""
    token: str = field(metadata=types.wire("token", types.string, secret=True))
    """The secret, issued by the git provider. No answer carries it."""
    description: str | None = field(default=None, metadata=types.wire("description", types.string))
    """What the git token is for."""
    workspace: str | None = field(default=None, metadata=types.wire("workspace", types.string))
    """The Bitbucket workspace that holds the repositories. Mandatory for BITBUCKET."""
    git_api_url: str | None = field(default=None, metadata=types.wire("git_api_url", types.uri))
    """The git provider's API where it is not the public one, for example a GitLab of one's own."""
