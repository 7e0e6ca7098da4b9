"""What models and operations are made of: lenient with what is read, strict with what is sent, and showing no secret."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, Self, TypeVar, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from .errors import InvalidRequestError, InvalidResponseError, Problem, of_status
from .kinds import UUID_TEXT, Kind

T = TypeVar("T")
M = TypeVar("M", bound="Model")


class Unset(Enum):
    """The default of a field that may be null: it is left out, where None is sent as null."""

    UNSET = "unset"


UNSET = Unset.UNSET


def absent() -> None:
    """The default of a field that is left out. A factory, so that the class itself has no such attribute."""


@dataclass(frozen=True, repr=False)
class Response(Generic[T]):
    """An answer, whole."""

    method: str
    path: str
    status_code: int
    headers: httpx.Headers
    content: bytes
    message: str | None
    """What an error's body says, in at most 200 printable characters, with what the request kept secret crossed out."""
    parsed: T | None = None
    """The body, if the status is the operation's success; None with an error status."""
    problem: Problem | None = None
    """The body of an error if it is a JSON object, with what the request kept secret crossed out."""

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


def wire(name: str, kind: Kind[Any], secret: bool = False) -> dict[str, Any]:
    """The metadata of a model's field: its name in JSON, its kind, and whether it must never be shown."""
    return {"name": name, "kind": kind, "secret": secret}


@dataclass(repr=False, eq=False)
class Model:
    """A JSON object with known fields; what else is in it is kept in `additional_properties`.

    A field that was read and is missing, or is not what the contract says, raises InvalidResponseError when it is used.
    """

    additional_properties: dict[str, Any] = field(default_factory=dict, kw_only=True)
    """What the contract does not know, by its name in JSON."""

    _source: ClassVar[Mapping[str, Any]] = {}
    _unread: ClassVar[Mapping[str, tuple[str, str]]] = {}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads decoded JSON. Raises InvalidResponseError if it is no object."""
        return read(cls, data, "")

    def to_dict(self) -> dict[str, Any]:
        """Writes what JSON encoders take. What was read and not changed is spelled as it was."""
        written = dict(self.additional_properties)
        for known, name, kind in wired(type(self)):
            if known.name in self._unread and known.name not in self.__dict__:
                if name in self._source:
                    written[name] = self._source[name]
                continue
            value = getattr(self, known.name)
            if value is UNSET or (value is None and known.omitted and self._source.get(name, UNSET) is not None):
                continue
            source = self._source.get(name, UNSET)
            unchanged = source is value or (source is not UNSET and kind.same(source, value))
            written[name] = source if unchanged else kind.write(value)
        return written

    if not TYPE_CHECKING:  # To type checkers a model has its fields and no others.

        def __getattr__(self, name: str) -> NoReturn:
            if name in self._unread:
                raise InvalidResponseError(*self._unread[name])
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # Their own, and not dataclasses': pytest would show the fields in which two of those differ, secrets as well.
    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Model) and self._values() == other._values()

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = {
            known.name: "'***'" if known.secret else repr(self.__dict__[known.name])
            for known, _, _ in wired(type(self))
            if self.__dict__.get(known.name) not in (None, UNSET)
        }
        shown |= {name: "<unreadable>" for name in self._unread if name not in self.__dict__}
        if self.additional_properties:
            # Their names only: nobody knows what is in them.
            shown["additional_properties"] = (
                "{" + ", ".join(f"{name!r}: ..." for name in self.additional_properties) + "}"
            )
        return f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in shown.items())})"

    def _values(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_source", "_unread")}


@dataclass(repr=False, eq=False)
class Request(Model):
    """A model that is sent, and so is checked: when it is made, and again when it is written."""

    _conditions: ClassVar[tuple[Condition, ...]] = ()

    def to_dict(self) -> dict[str, Any]:
        """Writes what JSON encoders take. Raises InvalidRequestError if a field is not what the contract wants."""
        if error := self._error():
            raise error
        return super().to_dict()

    def _error(self) -> InvalidRequestError | None:
        """What is wrong with the fields. It is returned, for the frames that raise may hold secrets."""
        for known, name, kind in wired(type(self)):
            value = self.__dict__.get(known.name, UNSET)
            if value is UNSET and not known.optional:
                return InvalidRequestError(name, "is missing")
            if value is UNSET or (value is None and known.omitted):
                continue
            if (problem := kind.check(value)) is not None:
                return InvalidRequestError(name + problem[0], problem[1])
        if not isinstance(self.additional_properties, dict):
            return InvalidRequestError("additional_properties", "is not a dict")
        for condition in self._conditions:
            if error := condition.error(self):
                return error
        return None


@dataclass(frozen=True)
class Condition:
    """What a field's value asks of others: if all fields in `when` have one of their values, or are there at all."""

    when: Mapping[str, tuple[object, ...] | None]
    required: tuple[str, ...]
    otherwise: tuple[str, ...] = ()

    def error(self, model: Model) -> InvalidRequestError | None:
        values = {name: model.__dict__.get(known.name) for known, name, _ in wired(type(model))}
        values = {name: value for name, value in values.items() if value is not None and value is not UNSET}
        holds = all(name in values and (some is None or values[name] in some) for name, some in self.when.items())
        reason = " and ".join(f"{name} is {values[name]}" for name, some in self.when.items() if some and holds)
        for name in self.required if holds else self.otherwise:
            if name not in values or (isinstance(values[name], str) and not str(values[name]).strip()):
                return InvalidRequestError(
                    name, f"is missing, which is needed where {reason}" if reason else "is missing"
                )
        return None


def checked(model: type[T]) -> type[T]:
    """Makes the constructor of a Request check what it is given, and show none of it in a traceback."""
    construct: Callable[..., None] = model.__init__

    @functools.wraps(construct)
    def __init__(self: Any, *arguments: Any, **named: Any) -> None:
        problem: Exception | None = None
        try:
            construct(self, *arguments, **named)
        except TypeError as error:
            problem = TypeError(*error.args)
        problem = problem or self._error()
        del arguments, named
        if problem:
            raise problem

    model.__init__ = __init__  # type: ignore[method-assign]
    return model


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a field, gathered once."""

    name: str
    secret: bool
    optional: bool
    omitted: bool
    """Is it left out where it is None?"""


_WIRED: dict[Any, list[tuple[Known, str, Kind[Any]]]] = {}


def wired(model: type[Model]) -> list[tuple[Known, str, Kind[Any]]]:
    """The known fields of a model, each with its name in JSON and its kind."""
    found = _WIRED.get(model)
    if found is None:
        found = _WIRED[model] = [
            (_known(each), each.metadata["name"], each.metadata["kind"]) for each in fields(model) if each.metadata
        ]
    return found


def _known(each: Field[Any]) -> Known:
    optional = each.default is not MISSING or each.default_factory is not MISSING
    return Known(each.name, each.metadata["secret"], optional, each.default_factory is absent)


def read(model: type[M], data: object, at: str) -> M:
    """Reads a model from decoded JSON. Raises InvalidResponseError if that is no object."""
    if not isinstance(data, Mapping):
        raise InvalidResponseError(at, "is not an object")
    rest = dict(data)
    made = object.__new__(model)
    values, unread = made.__dict__, {}
    for known, name, kind in wired(model):
        value = rest.pop(name, None)
        if value is None and known.optional:
            values[known.name] = None if name in data or known.omitted else UNSET
            continue
        try:
            values[known.name] = kind.read(value, f"{at}.{name}" if at else name)
        except InvalidResponseError as error:
            unread[known.name] = (error.field, "is missing" if name not in data else error.problem)
    values |= {"additional_properties": rest, "_source": data}
    if unread:
        values["_unread"] = unread
    return made


def secrets(model: Model) -> Iterator[str]:
    """The values in a model that must never be shown."""
    for known, _, _ in wired(type(model)):
        value = model.__dict__.get(known.name)
        if isinstance(value, str) and known.secret:
            yield value
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Model):
                yield from secrets(inner)


def model(of: type[M]) -> Kind[M]:
    """An object that is a model of its own."""

    def check(value: object) -> tuple[str, str] | None:
        if not isinstance(value, of):
            return "", f"is not a {of.__name__}"
        error = value._error() if isinstance(value, Request) else None
        return (f".{error.field}", error.problem) if error else None

    return Kind(lambda value, at: read(of, value, at), check, lambda value: value.to_dict())


def decode(content: bytes) -> Any:
    """Decodes JSON. Raises InvalidResponseError if it is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        pass  # The error of the standard library holds the document, so it is not chained.
    raise InvalidResponseError("", "is not JSON")


def segment(name: str, value: UUID | str) -> str:
    """An id as a segment of a path. Raises InvalidRequestError unless it is a UUID: nothing else may change the path."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str) and UUID_TEXT.fullmatch(value):
        return value.lower()
    raise InvalidRequestError(name, "is not a UUID")


def name_segment(name: str, value: str | int) -> str:
    """An id that is a text or a number as a segment of a path. Raises InvalidRequestError for what would change it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or value in ("", ".", "..") or not value.isprintable():
        raise InvalidRequestError(name, "is not an id")
    return quote(value, safe="")


@dataclass(frozen=True)
class Hidden:
    """A secret in a variable that a traceback may show."""

    value: str

    def __repr__(self) -> str:
        return "***"
