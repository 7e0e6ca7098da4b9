"""Reads what `--report` has written, or somebody else, who may mean no good."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

from ..target.stops import CannotRun

# No run writes more, in bytes.
_LIMIT = 32 * 1024 * 1024
# No number in it has more digits.
_DIGITS = 30


def read(path: Path) -> Any:
    """The JSON value in a file, of finite numbers and whole characters. Raises CannotRun."""
    try:
        if not path.is_file():
            raise CannotRun(f"{path}: No such file")
        with path.open("rb") as file:
            raw = file.read(_LIMIT + 1)
    except OSError as error:
        raise CannotRun(f"{path}: {error.strerror}") from None
    try:
        if len(raw) > _LIMIT:
            raise ValueError
        value = json.loads(raw, parse_int=_integer, parse_float=_number, parse_constant=_number)
        # Half of a pair is no character, and cannot be written anew.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise not_written(path) from None
    return value


def not_written(path: Path) -> CannotRun:
    """Says that a file is not what it should be."""
    return CannotRun(f"{path} is not a results.json that --report has written")


def _integer(text: str) -> int:
    return int(text) if len(text) <= _DIGITS else _refuse()


def _number(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) and len(text) <= _DIGITS else _refuse()


def _refuse() -> NoReturn:
    raise ValueError("no number that a run writes")
