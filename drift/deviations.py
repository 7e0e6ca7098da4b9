"""The differences that are meant: openapi/deviations.yaml, a line with a reason for each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from conformance.contract.document import ContractError
from drift.compare import Difference
from drift.schema import text

PATH = Path(__file__).parent.parent / "openapi" / "deviations.yaml"


@dataclass(frozen=True)
class Deviation:
    """A difference that is accepted as long as both sides say what they said; `*` in `where` stands for anything."""

    where: str
    what: str
    ours: Any
    upstream: Any
    reason: str

    def accepts(self, difference: Difference) -> bool:
        pattern = ".*".join(map(re.escape, self.where.split("*")))
        said = (difference.what, text(difference.old), text(difference.new))
        return said == (self.what, text(self.ours), text(self.upstream)) and bool(
            re.fullmatch(pattern, difference.where)
        )


def load(path: Path = PATH) -> list[Deviation]:
    """Reads the accepted deviations. Raises ContractError where the file is not what it has to be."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContractError(f"{path.name}: {' '.join(str(error).split())}") from None
    deviations = []
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries], 1):
        fields = {"where", "what", "ours", "upstream", "reason"}
        if not isinstance(entry, dict) or entry.keys() != fields or not str(entry["reason"] or "").strip():
            raise ContractError(f"{path.name}: entry {number} needs exactly {', '.join(sorted(fields))}")
        deviations.append(Deviation(**entry))
    return deviations


def apply(differences: list[Difference], deviations: list[Deviation]) -> tuple[list[Difference], list[Deviation]]:
    """The differences that no deviation accepts, and the deviations that accept none."""
    left = [found for found in differences if not any(deviation.accepts(found) for deviation in deviations)]
    stale = [deviation for deviation in deviations if not any(map(deviation.accepts, differences))]
    return left, stale
