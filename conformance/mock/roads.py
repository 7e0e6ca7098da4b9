"""How a path may be written in other ways, and read back: what gateways and applications do not always agree on."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from starlette.types import Scope

from ..contract.resource import Resource


def _dots(path: str) -> str:
    """A path without its segments of one dot or two."""
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept)


def _capitals(resource: Resource, path: str) -> str:
    known = {each.lower(): each for each in _static(resource)}
    return "/".join(known.get(segment.lower(), segment) for segment in path.split("/"))


def _decoded(resource: Resource, path: str) -> str:
    """A path in which one letter of its first segment is no more encoded."""
    letter = next(iter(_static(resource)))[0]
    return re.sub(f"%{ord(letter):02x}", letter, path, flags=re.IGNORECASE)


def _static(resource: Resource) -> list[str]:
    """The segments of paths that are no parameters."""
    paths = [each.path for each in resource.operations.values()]
    return list(dict.fromkeys(each for path in paths for each in path.split("/") if each and "{" not in each))


# Each takes the path as it was sent.
READINGS: dict[str, Callable[[Resource, str], str]] = {
    "double-slash": lambda _, path: re.sub("/+", "/", path),
    "trailing-slash": lambda _, path: path.rstrip("/"),
    "dot-segment": lambda _, path: _dots(path) if "%" not in path else path,
    "encoded-dot-segment": lambda _, path: _dots(re.sub("%2e", ".", path, flags=re.IGNORECASE)),
    "parameter": lambda _, path: re.sub(";[^/]*", "", path),
    "ending": lambda _, path: path.removesuffix(".json"),
    "capitals": _capitals,
    "encoded-slash": lambda _, path: re.sub("%2F", "/", path, flags=re.IGNORECASE),
    "encoded-letter": _decoded,
}
# The same, of what goes up from a segment: from one owner to another.
UPWARD: dict[str, Callable[[Resource, str], str]] = {
    "two-dots": lambda _, path: _dots(path) if "/../" in path else path,
    "encoded-two-dots": lambda _, path: _dots(path.replace("%2e", ".")) if "/%2e%2e/" in path else path,
}
# Headers that name a path in the place of the request's own.
HEADERS = {"x-original-url": b"x-original-url", "x-rewrite-url": b"x-rewrite-url"}


def sent(scope: Scope) -> str:
    """The path as it was sent."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1")


def otherwise(resource: Resource, scope: Scope, road: str) -> str | None:
    """The path that is meant if `road`, a reading or a header, is heeded; None if it is the one that is routed."""
    if road in HEADERS:
        named = [value for name, value in scope["headers"] if name.lower() == HEADERS[road]]
        return named[0].decode("latin-1") if named else None
    path = sent(scope)
    read = (READINGS | UPWARD)[road](resource, path)
    return unquote(read) if read != path else None


def led(scope: Scope, path: str) -> Scope:
    """The request as it is routed to another path."""
    return {**scope, "path": path, "raw_path": path.encode()}
