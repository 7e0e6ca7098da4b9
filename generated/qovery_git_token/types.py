"""What models and operations are made of: reading answers strictly, writing requests, and showing no secret."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import Enum, StrEnum
from typing import Any, ClassVar, Generic, Self, TypeVar, cast
from uuid import UUID

import httpx

from .errors import InvalidResponseError, of_status

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
M = TypeVar("M", bound="Model")


class Unset(Enum):
    """The default of a field that may be null: it is left out, where None is sent as null."""

    UNSET = "unset"


UNSET = Unset.UNSET


@dataclass(frozen=True, repr=False)
class Response(Generic[T]):
    """An answer, whole."""

    method: str
    path: str
    status_code: int
    headers: httpx.Headers
    content: bytes
    message: str | None
    """`message` or `detail` of a JSON error body, with what the request kept secret crossed out."""
    parsed: T | None = None
    """The body, if the status is the operation's success; None with an error status."""

    def __repr__(self) -> str:
        return f"<Response {self.method} {self.path}: {self.status_code}>"

    @property
    def request_id(self) -> str | None:
        """The header `X-Request-Id`, where the server sends one."""
        return cast("str | None", self.headers.get("X-Request-Id"))

    def result(self) -> T:
        """The body of a success. Raises StatusError if the status is an error."""
        if not 200 <= self.status_code <= 299:
            raise of_status(self)
        return cast(T, self.parsed)


@dataclass(frozen=True)
class Kind(Generic[T]):
    """How a value is read from decoded JSON, told where in the body that is, and written back to it."""

    read: Callable[[object, str], T]
    write: Callable[[T], object]


def wire(name: str, kind: Kind[Any], secret: bool = False) -> dict[str, Any]:
    """The metadata of a model's field: its name in JSON, its kind, and whether it must never be shown."""
    return {"name": name, "kind": kind, "secret": secret}


@dataclass(repr=False)
class Model:
    """A JSON object with known fields; what else is in it is kept in `additional_properties`."""

    additional_properties: dict[str, Any] = field(default_factory=dict, kw_only=True)
    """What the contract does not know, by its name in JSON."""

    _source: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads decoded JSON. Raises InvalidResponseError, which names the field, if it does not fit the contract."""
        try:
            return _read(cls, data, "")
        except InvalidResponseError as error:
            failure = error.with_traceback(None)
        # Raised from here without the frames that hold single values, so that no traceback with locals shows them.
        del data
        raise failure

    def to_dict(self) -> dict[str, Any]:
        """Writes what JSON encoders take. What was read and not changed is spelled as it was."""
        written = dict(self.additional_properties)
        for known, name, kind in _wired(type(self)):
            value = getattr(self, known.name)
            if value is UNSET or (
                value is None and known.default is None and self._source.get(name, UNSET) is not None
            ):
                continue
            written[name] = kind.write(value)
            spelling = self._source.get(name)
            if isinstance(spelling, str) and spelling != written[name] and kind.read(spelling, name) == value:
                written[name] = spelling
        return written

    def __repr__(self) -> str:
        shown = {
            known.name: "'***'" if known.metadata["secret"] else repr(getattr(self, known.name))
            for known, _, _ in _wired(type(self))
            if getattr(self, known.name) not in (None, UNSET)
        }
        if self.additional_properties:
            # Their names only: nobody knows what is in them.
            shown["additional_properties"] = (
                "{" + ", ".join(f"{name!r}: ..." for name in self.additional_properties) + "}"
            )
        return f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in shown.items())})"


_WIRED: dict[Any, list[tuple[Field[Any], str, Kind[Any]]]] = {}


def _wired(model: type[Model]) -> list[tuple[Field[Any], str, Kind[Any]]]:
    """The known fields of a model, each with its name in JSON and its kind."""
    if model not in _WIRED:
        known = [field for field in fields(model) if field.metadata]
        _WIRED[model] = [(field, field.metadata["name"], field.metadata["kind"]) for field in known]
    return _WIRED[model]


def _read(model: type[M], data: object, at: str) -> M:
    if not isinstance(data, Mapping):
        raise InvalidResponseError(at, "is not an object")
    rest = dict(data)
    values: dict[str, Any] = {}
    for known, name, kind in _wired(model):
        inside = f"{at}.{name}" if at else name
        if name in rest:
            values[known.name] = kind.read(rest.pop(name), inside)
        elif known.default is MISSING:
            raise InvalidResponseError(inside, "is missing")
    read = model(**values, additional_properties=rest)
    read.__dict__["_source"] = data
    return read


def secrets(model: Model) -> list[str]:
    """The values in a model that must never be shown."""
    values = [getattr(model, known.name) for known, _, _ in _wired(type(model)) if known.metadata["secret"]]
    return [value for value in values if isinstance(value, str)]


def decode(content: bytes) -> Any:
    """Decodes JSON. Raises InvalidResponseError if it is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        pass  # The error of the standard library holds the document, so it is not chained.
    raise InvalidResponseError("", "is not JSON")


# RFC 3339, whose letters may be in either case. `fromisoformat` takes much that is no RFC 3339, hence the pattern.
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# An absolute URI as far as everybody agrees: a scheme, and no white space or control characters.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f]*")


def _string(value: object, at: str) -> str:
    if not isinstance(value, str):
        raise InvalidResponseError(at, "is not a string")
    return value


def _uri(value: object, at: str) -> str:
    if not _URI.fullmatch(_string(value, at)):
        raise InvalidResponseError(at, "is not a URI")
    return _string(value, at)


def _uuid(value: object, at: str) -> UUID:
    if not _UUID.fullmatch(_string(value, at)):
        raise InvalidResponseError(at, "is not a UUID")
    return UUID(_string(value, at))


def _date(value: object, at: str) -> datetime.date:
    if _DATE.fullmatch(_string(value, at)):
        try:
            return datetime.date.fromisoformat(_string(value, at))
        except ValueError:
            pass
    raise InvalidResponseError(at, "is not a date")


def _date_time(value: object, at: str) -> datetime.datetime:
    match = _DATE_TIME.fullmatch(_string(value, at))
    if match:
        minute, second, fraction, offset = match.groups()
        leap = second == "60"
        text = f"{minute}:{'59' if leap else second}{(fraction or '')[:7]}{offset}".upper()
        try:
            moment = datetime.datetime.fromisoformat(text) + datetime.timedelta(seconds=leap)
            # To `datetime`, which has no leap seconds, it is the second after. There is none but at midnight in UTC.
            if not leap or moment.astimezone(datetime.timezone.utc).strftime("%H%M%S") == "000000":
                return moment
        except (ValueError, OverflowError):
            pass
    raise InvalidResponseError(at, "is not a date and time")


string: Kind[str] = Kind(_string, str)
uri: Kind[str] = Kind(_uri, str)
uuid: Kind[UUID] = Kind(_uuid, str)
date: Kind[datetime.date] = Kind(_date, datetime.date.isoformat)
date_time: Kind[datetime.datetime] = Kind(_date_time, datetime.datetime.isoformat)


def integer(minimum: float | None = None) -> Kind[int]:
    """A whole number, which JSON may write as 12, 12.0 or 1.2e1."""

    def read(value: object, at: str) -> int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if not whole or isinstance(value, bool):
            raise InvalidResponseError(at, "is not an integer")
        number = int(cast(float, value))
        if minimum is not None and number < minimum:
            raise InvalidResponseError(at, f"is less than {minimum:g}")
        return number

    return Kind(read, int)


def choice(values: type[E]) -> Kind[E | str]:
    """One of `values`, or a string that a newer server knows."""

    def read(value: object, at: str) -> E | str:
        text = _string(value, at)
        try:
            return values(text)
        except ValueError:
            return text

    return Kind(read, str)


def model(of: type[M]) -> Kind[M]:
    return Kind(lambda value, at: _read(of, value, at), Model.to_dict)


def nullable(of: Kind[T]) -> Kind[T | None]:
    return Kind(
        lambda value, at: None if value is None else of.read(value, at),
        lambda value: None if value is None else of.write(value),
    )


def array(of: Kind[T]) -> Kind[list[T]]:
    def read(value: object, at: str) -> list[T]:
        if not isinstance(value, list):
            raise InvalidResponseError(at, "is not an array")
        return [of.read(item, f"{at}[{index}]") for index, item in enumerate(value)]

    return Kind(read, lambda items: [of.write(item) for item in items])
