"""Adds to the distribution what stands elsewhere in a clone; an sdist has it in this folder already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Elsewhere(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        here = Path(self.root)
        if not (here.parent / "openapi").is_dir():
            return
        build_data["force_include"][str(here.parent / "openapi/git-token.yaml")] = "contract/git-token.yaml"
        if self.target_name == "sdist":
            build_data["force_include"][str(here.parent / "CHANGELOG.md")] = "CHANGELOG.md"
