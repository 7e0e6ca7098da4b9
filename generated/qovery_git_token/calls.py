"""From the arguments of a method to a request: its model, and the client with the options of this call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from .base import BaseClient, CallOptions
from .errors import InvalidRequestError, InvalidResponseError
from .types import UNSET, Hidden, Model, Request, wired

R = TypeVar("R", bound=Request)

_OPTIONS = CallOptions.__annotations__.keys()


def sent(
    model: type[R], keywords: Mapping[str, str], body: R | None, given: dict[str, Any]
) -> tuple[R | None, CallOptions, Exception | None]:
    """The model to send, and the call's options, from a method's keyword arguments.

    An error is returned and not raised, so that the method can forget the arguments first: a secret may be among them.
    """
    options = cast("CallOptions", {name: given.pop(name) for name in list(given) if name in _OPTIONS})
    if body is not None:
        if given:
            return None, options, TypeError(f"both a body and its fields are given: {', '.join(given)}")
        if not isinstance(body, model):
            return None, options, InvalidRequestError("body", f"is not a {model.__name__}")
        return body, options, None
    try:
        return model(**{keywords.get(name, name): value for name, value in given.items()}), options, None
    except (InvalidRequestError, TypeError) as error:
        return None, options, error.with_traceback(None)


def optioned(client: BaseClient, options: CallOptions) -> BaseClient:
    """The client with the options of a call."""
    return client.with_options(**options) if options else client


def owned(owner: str | None, name: str) -> str:
    """The id of an owner. Raises InvalidRequestError if neither the client nor the call has one."""
    if owner is None:
        raise InvalidRequestError(name, "is missing: give it to the client or to the call")
    return owner


def rotated(model: type[R], shown: Model, field: str, secret: Hidden, changes: Mapping[str, Any] | None = None) -> R:
    """What is sent to replace a secret, and other fields, and to keep all else that the server shows.

    Raises InvalidRequestError if the secret is blank, or a field cannot be kept: an edit would clear or change it.
    """
    if isinstance(secret.value, str) and not secret.value.strip():
        # As a variable is that somebody has forgotten to set: what works would be replaced by nothing.
        raise InvalidRequestError(field, "is blank")
    names = {name: known.name for known, name, _ in wired(type(shown))}
    made = object.__new__(model)
    made.additional_properties = dict(shown.additional_properties)
    for known, name, kind in wired(model):
        if known.name == field:
            setattr(made, field, secret.value)
            continue
        if changes and known.name in changes:
            setattr(made, known.name, changes[known.name])
            continue
        # Some servers spell what is not there as null or as an empty text.
        value = shown._source.get(name, UNSET)
        if known.optional and (value is None or (value == "" and kind.check(value) is not None)):
            setattr(made, known.name, None)
            continue
        try:
            setattr(made, known.name, getattr(shown, names[name]))
        except InvalidResponseError as unread:
            raise InvalidRequestError(name, f"cannot be kept: the server's {unread.problem}") from None
    kept = names.keys() - {name for known, name, _ in wired(model) if changes and known.name in changes}
    if error := made._error():
        raise InvalidRequestError(error.field, f"cannot be kept: it {error.problem}") if error.field in kept else error
    return made
