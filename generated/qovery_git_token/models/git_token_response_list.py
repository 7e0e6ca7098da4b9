from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as _field

from .. import kinds as _kinds
from .. import types as _types
from ..models.git_token_response import GitTokenResponse


@dataclass(repr=False, eq=False)
class GitTokenResponseList(_types.Model):
    """An organization's git tokens."""

    results: list[GitTokenResponse] = _field(
        metadata=_types.wire("results", _kinds.array(_types.model(GitTokenResponse)))
    )
    """The git tokens."""
