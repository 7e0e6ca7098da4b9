"""What differs between two documents, and what it means.

The two are called old and new. A difference breaks a client where one that was built from the old document fails
against a server of the new one, and it breaks a server where one that was built from the old document fails the
clients of the new one: a request may not get narrower for the one and not wider for the other, an answer the reverse.
"""

from __future__ import annotations

import contextlib
import enum
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from drift import witness
from drift.operations import Body, Operation, Parameter, Response
from drift.schema import ABOUT, NEVER, NOTES, TOGETHER, Schema, admits_type, bounded, covers, text, units
from drift.witness import ITEM, OTHER, Path


class Meaning(enum.StrEnum):
    """What a difference does to one who was built from the old document, the worst first."""

    BREAKING = "breaking"
    COMPATIBLE = "compatible"
    DOCUMENTATION = "documentation"


BREAKING, COMPATIBLE, DOCUMENTATION = Meaning


@dataclass(frozen=True)
class Witness:
    """A JSON value that one side accepts and the other refuses."""

    value: Any
    accepted: str  # "old" or "new"


@dataclass(frozen=True)
class Difference:
    """One difference: where it is, what differs, what each side says (None: nothing), what that means."""

    where: str
    what: str
    old: Any
    new: Any
    client: Meaning
    server: Meaning
    witnesses: tuple[Witness, ...] = ()


def compare(old: dict[str, Operation], new: dict[str, Operation]) -> list[Difference]:
    """Every difference between two sets of operations, as drift.operations.operations reads them.

    Raises ContractError if they differ in more than can be compared in a few seconds.
    """
    with bounded():
        return list(_operations(old, new))


def _operations(old: dict[str, Operation], new: dict[str, Operation]) -> Iterator[Difference]:
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in new:
            said = f"{old[key].method} {old[key].path}"
            yield Difference(_quoted(old[key].id), "operation", said, None, BREAKING, COMPATIBLE)
        elif key not in old:
            said = f"{new[key].method} {new[key].path}"
            yield Difference(_quoted(new[key].id), "operation", None, said, COMPATIBLE, BREAKING)
        else:
            yield from _operation(old[key], new[key])


def bump(differences: list[Difference]) -> str | None:
    """The version bump that differences ask for by semantic versioning: major, minor or patch; None without any."""
    if not differences:
        return None
    worst = {difference.client for difference in differences}
    return "major" if BREAKING in worst else "minor" if COMPATIBLE in worst else "patch"


# Says what it means that some values are no longer valid, and that some have become valid.
Judge = Callable[[bool, bool], tuple[Meaning, Meaning]]


def _request(narrower: bool, wider: bool) -> tuple[Meaning, Meaning]:
    return (BREAKING if narrower else COMPATIBLE, BREAKING if wider else COMPATIBLE)


def _answer(narrower: bool, wider: bool) -> tuple[Meaning, Meaning]:
    return _request(wider, narrower)


def _operation(old: Operation, new: Operation) -> Iterator[Difference]:
    where = _quoted(old.id)
    if old.id != new.id:
        yield Difference(where, "operationId", old.id, new.id, DOCUMENTATION, DOCUMENTATION)
    if old.deprecated != new.deprecated:
        yield Difference(where, "deprecated", old.deprecated, new.deprecated, DOCUMENTATION, DOCUMENTATION)
    for what, mine, theirs in (("servers", old.servers, new.servers), ("security", old.security, new.security)):
        if mine != theirs:
            client = COMPATIBLE if mine <= theirs else BREAKING
            server = COMPATIBLE if theirs <= mine else BREAKING
            yield Difference(where, what, sorted(mine), sorted(theirs), client, server)
    for key in _keys(old.parameters, new.parameters):
        kind, _, name = key.partition(" ")
        name = old.parameters[key].name if key in old.parameters else name
        at = f"{where} {_quoted(kind)} parameter {_quoted(name)}"
        yield from _parameter(at, old.parameters.get(key), new.parameters.get(key))
    yield from _body(f"{where} request", old.body, new.body)
    for status in _keys(old.responses, new.responses):
        at = f"{where} response {_quoted(status)}"
        yield from _response(at, status, old.responses.get(status), new.responses.get(status))


def _parameter(where: str, old: Parameter | None, new: Parameter | None) -> Iterator[Difference]:
    if old is None or new is None:
        if new is not None:
            client = BREAKING if new.required else COMPATIBLE
            yield Difference(where, "parameter", None, _need(new), client, COMPATIBLE)
        elif old is not None:
            server = BREAKING if old.required else COMPATIBLE
            yield Difference(where, "parameter", _need(old), None, BREAKING, server)
        return
    if old.name.lower() != new.name.lower():
        yield Difference(where, "name", old.name, new.name, DOCUMENTATION, DOCUMENTATION)
    if old.required != new.required:
        meanings = (BREAKING, COMPATIBLE) if new.required else (COMPATIBLE, BREAKING)
        yield Difference(where, "required", old.required, new.required, *meanings)
    yield from _encoded(where, old, new, _request)


def _header(where: str, old: Parameter | None, new: Parameter | None) -> Iterator[Difference]:
    if old is None or new is None:
        if new is not None:
            server = BREAKING if new.required else COMPATIBLE
            yield Difference(where, "header", None, _need(new), COMPATIBLE, server)
        elif old is not None:
            yield Difference(where, "header", _need(old), None, BREAKING, COMPATIBLE)
        return
    if old.required != new.required:
        meanings = (COMPATIBLE, BREAKING) if new.required else (BREAKING, COMPATIBLE)
        yield Difference(where, "required", old.required, new.required, *meanings)
    yield from _encoded(where, old, new, _answer)


def _encoded(where: str, old: Parameter, new: Parameter, meaning: Judge) -> Iterator[Difference]:
    if old.deprecated != new.deprecated:
        yield Difference(where, "deprecated", old.deprecated, new.deprecated, DOCUMENTATION, DOCUMENTATION)
    if old.encoding != new.encoding:
        yield Difference(where, "style", old.encoding, new.encoding, BREAKING, BREAKING)
    yield from _schema(where, old.schema, new.schema, meaning)


def _body(where: str, old: Body | None, new: Body | None) -> Iterator[Difference]:
    if old is None and new is not None:
        client = BREAKING if new.required else COMPATIBLE
        yield Difference(where, "body", None, "required" if new.required else "optional", client, BREAKING)
    elif old is not None and new is None:
        server = BREAKING if old.required else COMPATIBLE
        yield Difference(where, "body", "required" if old.required else "optional", None, BREAKING, server)
    elif old is not None and new is not None:
        if old.required != new.required:
            meanings = (BREAKING, COMPATIBLE) if new.required else (COMPATIBLE, BREAKING)
            yield Difference(where, "required", old.required, new.required, *meanings)
        yield from _content(where, old.content, new.content, _request)


def _response(where: str, status: str, old: Response | None, new: Response | None) -> Iterator[Difference]:
    if old is None or new is None:
        # Every client has to cope with an error that is not documented; nobody expects another success.
        meaning = BREAKING if status[0] in "123" else COMPATIBLE
        yield Difference(where, "status", old and status, new and status, meaning, meaning)
        return
    for name in _keys(old.headers, new.headers):
        shown = (old.headers.get(name) or new.headers[name]).name
        yield from _header(f"{where} header {_quoted(shown)}", old.headers.get(name), new.headers.get(name))
    yield from _content(where, old.content, new.content, _answer)


def _content(where: str, old: dict[str, Schema], new: dict[str, Schema], meaning: Judge) -> Iterator[Difference]:
    for media in _keys(old, new):
        if media not in new:
            server = COMPATIBLE if meaning is _request else BREAKING
            yield Difference(where, "media type", media, None, BREAKING, server)
        elif media not in old:
            server = BREAKING if meaning is _request else COMPATIBLE
            yield Difference(where, "media type", None, media, COMPATIBLE, server)
        else:
            at = where if media == "application/json" else f"{where} {json.dumps(media)}"
            yield from _schema(at, old[media], new[media], meaning)


@dataclass(frozen=True)
class _Edit:
    """A difference inside of a schema, at a path in the body."""

    path: Path
    what: str
    old: Any
    new: Any
    # Whether values may have become invalid, and valid.
    narrower: bool = False
    wider: bool = False


def _schema(where: str, old: Schema, new: Schema, meaning: Judge) -> Iterator[Difference]:
    for edit in _edits(old, new, ()):
        at = f"{where} {_shown(edit.path)}".rstrip()
        client, server = _meanings(edit, meaning)
        yield Difference(at, edit.what, edit.old, edit.new, client, server, tuple(_witnesses(old, new, edit)))


def _meanings(edit: _Edit, meaning: Judge) -> tuple[Meaning, Meaning]:
    request = meaning is _request
    if edit.what == "property" and edit.new is None:
        # What a client sends has no effect any longer, what it reads is no longer there.
        return BREAKING, meaning(edit.narrower, edit.wider)[1]
    if edit.what in ("readOnly", "writeOnly") and edit.new and (edit.what == "readOnly") is request:
        return BREAKING, COMPATIBLE
    if edit.what != "property" and not edit.narrower and not edit.wider:
        return DOCUMENTATION, DOCUMENTATION
    return meaning(edit.narrower, edit.wider)


def _edits(old: Schema, new: Schema, path: Path) -> Iterator[_Edit]:
    if old == new:
        return
    narrower, wider = not covers(new, old), not covers(old, new)
    mine, theirs = units(old), units(new)
    enumerated = "enum" in old or "enum" in new
    for leader in sorted(mine.keys() | theirs.keys()):
        a, b = mine.get(leader, {}), theirs.get(leader, {})
        if leader == NOTES:
            noted, noting = a.get(NOTES, {}), b.get(NOTES, {})
            for key in _keys(noted, noting):
                if noted.get(key) != noting.get(key):
                    yield _Edit(path, key, noted.get(key), noting.get(key))
        elif a != b and not _nested(leader, a, b) and (not enumerated or leader in ("enum", "type")):
            if "enum" in old and "enum" in new and leader == "type":
                continue
            about = ABOUT.get(leader, "")
            if about and not (admits_type(old, about) and admits_type(new, about)):
                continue
            typed = {"type": [about]} if about else {}
            # An enumeration stands for everything that is said of the value.
            less = narrower and (leader == "enum" or not covers(typed | b, typed | a))
            more = wider and (leader == "enum" or not covers(typed | a, typed | b))
            if less or more:
                yield _Edit(path, leader, _said(leader, a), _said(leader, b), less, more)
    if enumerated:
        return
    if admits_type(old, "array") and admits_type(new, "array"):
        yield from _edits(old.get("items", {}), new.get("items", {}), (*path, ITEM))
    if admits_type(old, "object") and admits_type(new, "object"):
        yield from _members(old, new, path)


def _nested(leader: str, a: Schema, b: Schema) -> bool:
    """Whether the keywords are about what is inside of a value, and are compared there."""
    return leader in ("required", "properties", "items") and not any(
        blocker in unit for unit in (a, b) for blocker in ("patternProperties", "prefixItems")
    )


def _members(old: Schema, new: Schema, path: Path) -> Iterator[_Edit]:
    a, b = (schema.get("properties", {}) for schema in (old, new))
    rest_a, rest_b = (schema.get("additionalProperties", {}) for schema in (old, new))
    needs_a, needs_b = (set(schema.get("required", [])) for schema in (old, new))
    for name in _keys({**a, **dict.fromkeys(old.get("required", []))}, {**b, **dict.fromkeys(new.get("required", []))}):
        in_a, in_b = name in a or name in needs_a, name in b or name in needs_b
        at = (*path, name)
        if in_a and in_b:
            if (name in needs_a) != (name in needs_b):
                needed = name in needs_b
                yield _Edit(at, "required", not needed, needed, needed, not needed)
            yield from _edits(a.get(name, rest_a), b.get(name, rest_b), at)
        elif in_b:
            said = _member(b.get(name, rest_b), name in needs_b)
            yield _Edit(at, "property", None, said, name in needs_b, rest_a == NEVER)
        else:
            said = _member(a.get(name, rest_a), name in needs_a)
            yield _Edit(at, "property", said, None, rest_b == NEVER, name in needs_a)
    if NEVER in (rest_a, rest_b) and rest_a != rest_b:
        closed = rest_b == NEVER
        yield _Edit((*path, OTHER), "additionalProperties", not closed, closed, closed, not closed)
    else:
        yield from _edits(rest_a, rest_b, (*path, OTHER))


def _witnesses(old: Schema, new: Schema, edit: _Edit) -> Iterator[Witness]:
    present = edit.what == "property"
    for accepts, refuses, accepted, wanted in ((old, new, "old", edit.narrower), (new, old, "new", edit.wider)):
        if not wanted and not present:
            continue
        missing = edit.what == "required" or (wanted and present and (edit.old is None) is (accepted == "old"))
        because = ("enum", "type") if edit.what == "enum" else TOGETHER.get(edit.what, (edit.what,))
        with contextlib.suppress(LookupError):
            if missing:
                *outer, name = edit.path
                value = witness.find(accepts, refuses, tuple(outer), without=str(name))
            else:
                value = witness.find(accepts, refuses, edit.path, because)
            yield Witness(value, accepted)


def _said(leader: str, unit: Schema) -> Any:
    """What a side says, as it stands in its schema."""
    value: Any = unit.get(leader) if unit.keys() <= {leader} else unit
    return value[0] if leader == "type" and value and len(value) == 1 else value


def _member(schema: Schema, required: bool) -> str:
    rest = {key: value for key, value in schema.items() if key != NOTES}
    kinds = " or ".join(rest.get("type", ["anything"])) if rest.keys() <= {"type"} else text(rest)
    return f"{'required' if required else 'optional'} {kinds}"


def _need(parameter: Parameter) -> str:
    return _member(parameter.schema, parameter.required)


def _keys(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [*old, *(key for key in new if key not in old)]


def _quoted(name: str) -> str:
    """A name from a document, quoted unless it is a plain one: it may hold anything."""
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else json.dumps(name)


def _shown(path: Path) -> str:
    steps = {ITEM: "[]", OTHER: ".*"}
    return "".join(steps[step] if isinstance(step, int) else f".{_quoted(step)}" for step in path).removeprefix(".")
