"""What a field can be: how it is read, leniently; checked before it is sent, strictly; and written."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from .errors import InvalidResponseError

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

Check = Callable[[object], "tuple[str, str] | None"]
"""Says what is wrong with a value that is to be sent, and where inside of it; None if nothing is."""

UUID_TEXT = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
# An absolute URI as far as everybody agrees: a scheme, and no white space or control characters.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f]+")
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt_ ]*(\d\d:\d\d)(?::(\d\d))?(?:[.,](\d+))?\s*([Zz]|[Uu][Tt][Cc]|[Gg][Mm][Tt]|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt_ ].*)?", re.ASCII)
# Numbers of seconds since 1970 have ten digits for 250 years; what has more counts milliseconds.
_MILLISECONDS = 100_000_000_000


@dataclass(frozen=True)
class Kind(Generic[T]):
    """How a value is read from decoded JSON, told where in the body that is, checked, and written."""

    read: Callable[[Any, str], T]
    check: Check
    write: Callable[[T], object]

    def same(self, source: object, value: T) -> bool:
        """Is this what was read from `source`?"""
        try:
            return self.read(source, "") == value
        except InvalidResponseError:
            return False


def _string(value: object, at: str) -> str:
    if not isinstance(value, str):
        raise InvalidResponseError(at, "is not a string")
    return value


def _uuid(value: object, at: str) -> UUID:
    try:
        return UUID(_string(value, at))
    except ValueError:
        raise InvalidResponseError(at, "is not a UUID") from None


def _date_time(value: object, at: str) -> datetime.datetime:
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) >= _MILLISECONDS else value
        try:
            return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        except (ValueError, OverflowError, OSError):
            raise InvalidResponseError(at, "is not a date and time") from None
    text = _string(value, at).strip()
    match = _DATE_TIME.fullmatch(text)
    try:
        if not match:
            moment = datetime.datetime.fromisoformat(text) if _DATE.fullmatch(text) else parsedate_to_datetime(text)
        else:
            date, minute, second, fraction, offset = match.groups()
            leap = second == "60"  # To `datetime`, which has no leap seconds, it is the second after.
            zone = offset if offset and offset[0] in "+-" else "+00:00"
            zone = zone if ":" in zone else f"{zone[:3]}:{zone[3:] or '00'}"
            text = f"{date}T{minute}:{'59' if leap else second or '00'}.{(fraction or '0')[:6]:0<6}{zone}"
            moment = datetime.datetime.fromisoformat(text) + datetime.timedelta(seconds=leap)
    except (ValueError, OverflowError, TypeError, IndexError):
        raise InvalidResponseError(at, "is not a date and time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


def _date(value: object, at: str) -> datetime.date:
    try:
        if isinstance(value, str) and (match := _DATE.fullmatch(value.strip())):
            return datetime.date.fromisoformat(match[1])
        return _date_time(value, at).date()
    except (ValueError, InvalidResponseError):
        raise InvalidResponseError(at, "is not a date") from None


def _number(value: object, at: str) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise InvalidResponseError(at, "is not a number") from None
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        raise InvalidResponseError(at, "is not a number")
    return value


def _integer(value: object, at: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,30}", value, re.ASCII):
        return int(value)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not value.is_integer())
    ):
        raise InvalidResponseError(at, "is not an integer")
    return int(value)


def _flag(value: object, at: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidResponseError(at, "is neither true nor false")
    return value


def instance(of: type | tuple[type, ...], what: str) -> Check:
    """Checks nothing but the type."""
    return lambda value: None if isinstance(value, of) and not isinstance(value, bool) else ("", f"is not {what}")


def string(least: int = 0, most: int | None = None) -> Kind[str]:
    """A text of so many characters."""

    def check(value: object) -> tuple[str, str] | None:
        if not isinstance(value, str):
            return "", f"is not a string, but {_named(value)}"
        if len(value) < least:
            return "", f"is shorter than {least} characters"
        if most is not None and len(value) > most:
            return "", f"is longer than {most} characters"
        return None

    return Kind(_string, check, str)


def _check_uri(value: object) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return "", f"is not a string, but {_named(value)}"
    return None if _URI.fullmatch(value) else ("", "is not an absolute URI")


def _check_uuid(value: object) -> tuple[str, str] | None:
    return None if isinstance(value, UUID) else ("", f"is not a UUID, but {_named(value)}")


def _named(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


def number(least: float | None = None, most: float | None = None) -> Kind[float]:
    """A number within bounds."""
    return Kind(_number, _within((int, float), "a number", least, most), float)


def integer(least: float | None = None, most: float | None = None) -> Kind[int]:
    """A whole number within bounds; JSON may write it as 12, 12.0 or 1.2e1."""
    return Kind(_integer, _within(int, "an integer", least, most), int)


def _within(of: type | tuple[type, ...], what: str, least: float | None, most: float | None) -> Check:
    def check(value: object) -> tuple[str, str] | None:
        if (
            not isinstance(value, of)
            or isinstance(value, bool)
            or value != value
            or value in (float("inf"), float("-inf"))
        ):
            return "", f"is not {what}, but {_named(value)}"
        if least is not None and cast(float, value) < least:
            return "", f"is less than {least:g}"
        if most is not None and cast(float, value) > most:
            return "", f"is more than {most:g}"
        return None

    return check


def choice(values: type[E]) -> Kind[E | str]:
    """One of `values`. An answer may have another string, which a newer server knows."""

    def read(value: object, at: str) -> E | str:
        text = _string(value, at)
        try:
            return values(text)
        except ValueError:
            return text

    def check(value: object) -> tuple[str, str] | None:
        if isinstance(value, str) and value in values.__members__.values():
            return None
        return "", f"is none of {', '.join(values.__members__.values())}"

    return Kind(read, check, str)


def nullable(of: Kind[T]) -> Kind[T | None]:
    """What may be null as well."""
    return Kind(
        lambda value, at: None if value is None else of.read(value, at),
        lambda value: None if value is None else of.check(value),
        lambda value: None if value is None else of.write(value),
    )


def array(of: Kind[T], least: int = 0, most: int | None = None, unique: bool = False) -> Kind[list[T]]:
    """A list of so many items."""

    def read(value: object, at: str) -> list[T]:
        if not isinstance(value, list):
            raise InvalidResponseError(at, "is not an array")
        return [of.read(item, f"{at}[{index}]") for index, item in enumerate(value)]

    def check(value: object) -> tuple[str, str] | None:
        if not isinstance(value, list):
            return "", f"is not a list, but {_named(value)}"
        if len(value) < least or (most is not None and len(value) > most):
            return "", f"has {len(value)} items"
        written = []
        for index, item in enumerate(value):
            if problem := of.check(item):
                return f"[{index}]{problem[0]}", problem[1]
            written.append(item)
        if unique and any(item in written[:index] for index, item in enumerate(written)):
            return "", "has the same item twice"
        return None

    return Kind(read, check, lambda items: [of.write(item) for item in items])


def _object(value: object, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidResponseError(at, "is not an object")
    return value


def _check_object(value: object) -> tuple[str, str] | None:
    if not isinstance(value, dict):
        return "", f"is not a dict, but {_named(value)}"
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return "", "holds what JSON cannot"
    return None


text: Kind[str] = string()
free: Kind[dict[str, Any]] = Kind(_object, _check_object, dict)
uri: Kind[str] = Kind(_string, _check_uri, str)
uuid: Kind[UUID] = Kind(_uuid, _check_uuid, str)
date: Kind[datetime.date] = Kind(_date, instance(datetime.date, "a date"), lambda value: value.isoformat())
date_time: Kind[datetime.datetime] = Kind(
    _date_time, instance(datetime.datetime, "a date and time"), lambda value: value.isoformat()
)
flag: Kind[bool] = Kind(
    _flag, lambda value: None if isinstance(value, bool) else ("", f"is not a bool, but {_named(value)}"), bool
)
