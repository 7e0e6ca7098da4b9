from __future__ import annotations

from dataclasses import dataclass, field

from .. import kinds, types
from ..models.git_token_response import GitTokenResponse


@dataclass(repr=False, eq=False)
class GitTokenResponseList(types.Model):
    """An organization's git tokens."""

    results: list[GitTokenResponse] = field(metadata=types.wire("results", kinds.array(types.model(GitTokenResponse))))
    """The git tokens."""
