from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .. import kinds, types
from ..models.git_provider import GitProvider


@types.checked
@dataclass(repr=False, eq=False)
class GitTokenRequest(types.Request):
    """What a git token is to hold. Further properties are allowed and have no effect."""

    name: str = field(metadata=types.wire("name", kinds.string()))
    """What people call the git token."""
    type_: GitProvider | Literal["BITBUCKET", "GITHUB", "GITLAB"] = field(
        metadata=types.wire("type", kinds.choice(GitProvider))
    )
    """Who hosts the repositories."""
    token: str = field(metadata=types.wire("token", kinds.string(), secret=True))
    """The secret, issued by the git provider. No answer carries it."""
    description: str | None = field(default_factory=types.absent, metadata=types.wire("description", kinds.string()))
    """What the git token is for."""
    workspace: str | None = field(default_factory=types.absent, metadata=types.wire("workspace", kinds.string()))
    """The Bitbucket workspace that holds the repositories. Mandatory for BITBUCKET, and not blank."""
    git_api_url: str | None = field(default_factory=types.absent, metadata=types.wire("git_api_url", kinds.uri))
    """The git provider's API where it is not the public one, for example a GitLab of one's own."""

    _conditions = (types.Condition({"type": ("BITBUCKET",)}, ("workspace",), ()),)
