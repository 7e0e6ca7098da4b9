from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as _field
from typing import Literal

from .. import kinds as _kinds
from .. import types as _types
from ..models.git_provider import GitProvider


@_types.checked
@dataclass(repr=False, eq=False)
class GitTokenRequest(_types.Request):
    """What a git token is to hold. Further properties are allowed and have no effect."""

    name: str = _field(metadata=_types.wire("name", _kinds.string()))
    """What people call the git token."""
    type_: GitProvider | Literal["BITBUCKET", "GITHUB", "GITLAB"] = _field(
        metadata=_types.wire("type", _kinds.choice(GitProvider))
    )
    """Who hosts the repositories."""
    token: str = _field(metadata=_types.wire("token", _kinds.string(), secret=True))
    """The secret, issued by the git provider. No answer carries it."""
    description: str | None = _field(
        default_factory=_types.absent, metadata=_types.wire("description", _kinds.string())
    )
    """What the git token is for."""
    workspace: str | None = _field(default_factory=_types.absent, metadata=_types.wire("workspace", _kinds.string()))
    """The Bitbucket workspace that holds the repositories. Mandatory for BITBUCKET, and not blank."""
    git_api_url: str | None = _field(default_factory=_types.absent, metadata=_types.wire("git_api_url", _kinds.uri))
    """The git provider's API where it is not the public one, for example a GitLab of one's own."""

    _conditions = (_types.Condition({"type": ("BITBUCKET",)}, ("workspace",), ()),)
