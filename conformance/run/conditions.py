"""Conditions on the answers of a finding, in the language of jq: a reproduction judges a server by them.

`$first`, `$before` and `$last` are the decoded bodies of the first answer, of the last but one, and of the last, and
`$headers` is the text of the last one's headers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Literal

from ..contract.fields import get

Which = Literal["$first", "$before", "$last"]


# An answer; where it is a list, the id of the item in it that is meant, and the field that holds ids.
Place = tuple[Which, str | None] | tuple[Which, str | None, str]
LAST: Place = ("$last", None)

_WORD = re.compile("[A-Za-z_][A-Za-z0-9_]*")


def shown(field: str, value: object, place: Place = LAST) -> str:
    """The item shows the value; an empty text may be absent."""
    if value == "":
        return f'{_item(place)}{_at(field)} // "" | . == ""'
    return f"{_item(place)}{_at(field)} == {_literal(value)}"


def not_shown(field: str, value: object, place: Place = LAST) -> str:
    """The item does not show the value, nor what begins like it."""
    text = value if isinstance(value, str) else json.dumps(value)
    return f"{_item(place)}{_at(field)} | tostring | .[:10] == {_literal(text[:10])} | not"


def whole(fields: Iterable[str], bodies: Iterable[object], place: Place = LAST) -> str:
    """The item shows one of the bodies in all these fields, and so nothing of another."""
    names = list(fields)
    every = [" and ".join(f"({shown(name, get(body, name), place)})" for name in names) for body in bodies]
    return " or ".join(f"({each})" for each in every)


def same(field: str, one: Place = ("$before", None), other: Place = LAST) -> str:
    """Two answers show the same in a field."""
    return f"({_item(one)}{_at(field)} // null) == ({_item(other)}{_at(field)} // null)"


def different(field: str) -> str:
    """The first and the last answer do not show the same in a field."""
    return f"$first{_at(field)} == $last{_at(field)} | not"


def listed(field: str, value: object, times: int) -> str:
    """The last answer lists so many items with that value."""
    return f"[{_items('$last')} | select({_folded(_at(field))} == {_folded(_literal(value))})] | length == {times}"


def lists() -> str:
    """The last answer is a list."""
    return "$last | [arrays, (objects | .[] | arrays)] | length > 0"


def as_many() -> str:
    """The last answer lists no fewer than the first."""
    return f"([{_items('$last')}] | length) >= ([{_items('$first')}] | length)"


def new(field: str) -> str:
    """The last answer shows a value that the first does not list."""
    return f"[{_items('$first')} | {_folded(_at(field))}] | any(. == {_folded(f'$last{_at(field)}')}) | not"


def unique(field: str) -> str:
    """No two items that the last answer lists show the same in a field."""
    return f"[{_items('$last')} | {_at(field)}] | length == (unique | length)"


def counted(field: str) -> str:
    """The answer before the last lists no more than a field of the last one counts."""
    return f"([{_items('$before')}] | length) <= $last{_at(field)}"


def has(field: str) -> str:
    """The last answer has a field."""
    return f'$last | has("{field}")'


def nowhere(fields: list[str]) -> str:
    """No object within the last answer has all these fields."""
    every = " and ".join(f'has("{field}")' for field in fields)
    return f"[$last | .. | objects | select({every})] | length == 0"


def later(field: str) -> str:
    """The time in a field of the last answer is after that in the first."""
    return f"$last{_at(field)} > $first{_at(field)}"


def ordered(one: str, other: str) -> str:
    """The time in one field of the last answer is not after that in the other."""
    return f"$last{_at(one)} <= $last{_at(other)}"


# A time as text, or in milliseconds since 1970, in seconds since then.
_SECONDS = (
    'if type == "number" then . / 1000 else (ascii_upcase'
    ' | capture("^(?<time>.{19})([.][0-9]+)?(Z|(?<sign>[+-])(?<hours>..):(?<minutes>..))$")'
    ' | (.time + "Z" | fromdateiso8601)'
    ' - (if .sign then (.sign + "1" | tonumber) * ((.hours | tonumber) * 3600 + (.minutes | tonumber) * 60) else 0 end)'
    ") end"
)


def timely(field: str, seconds: int, *, past: bool) -> str:
    """The time in a field of the last answer is no further from now; `past`: or before it."""
    away = f"($last{_at(field)} | {_SECONDS}) - now"
    return f"{away} | . <= {seconds}" + ("" if past else f" and . >= -{seconds}")


def header(name: str, words: list[str]) -> str:
    """A header of the last answer holds these words."""
    return " and ".join(f'($headers | test("(^|\\n){name}:[^\\n]*\\\\b{each}\\\\b"; "i"))' for each in words)


def header_unlike(name: str, value: str) -> str:
    """The last answer's header is not that value."""
    values = f'$headers | split("\n")[] | rtrimstr("\r") | select(test("^{name}:"; "i")) | sub("^[^:]*: *"; "")'
    return f"[{values}] | all(. != {_literal(value)})"


def _item(place: Place) -> str:
    which, id, *by = place
    if id is None:
        return which
    return f"({_items(which)} | select({_folded(_at(*by or ['id']))} == {_folded(_literal(id))}))"


def _at(field: str) -> str:
    """A field, at any depth, as jq takes it; a name that is no word stands in quotes."""
    return "".join(f".{part}" if _WORD.fullmatch(part) else f".{json.dumps(part)}" for part in field.split("."))


def _items(which: Which) -> str:
    """What an answer lists, whatever it calls the list."""
    return f"({which} | arrays, (objects | first(.[] | arrays)) | .[])"


def _folded(text: str) -> str:
    return f"({text} | tostring | ascii_downcase)"


def _literal(value: object) -> str:
    """A value as jq and a shell take it between single quotes."""
    return json.dumps(value).replace("'", "\\u0027").replace("!", "\\u0021")


def fits(schema: dict[str, Any], path: list[str | int], keyword: str) -> str | None:
    """The part of the last answer at `path` keeps a keyword of its schema; None if jq cannot say."""
    place = "$last"
    for part in path:
        place += " | .[]" if isinstance(part, int) else f' | select(has("{part}")) | {_at(part)}'
    tests = {
        "required": " and ".join(f'has("{name}")' for name in schema.get("required", ())),
        "type": _type(schema.get("type")),
        "enum": f". as $value | {_literal(schema.get('enum'))} | any(. == $value)",
        "minimum": f". >= {schema.get('minimum')}",
        "format": f'test("{_FORMATS.get(str(schema.get("format")), "")}"; "i")' if "format" in schema else "",
    }
    return f"[{place} | {test}] | all" if (test := tests.get(keyword)) else None


_FORMATS = {
    "date-time": "^[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})$",
    "date": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "uuid": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    "uri": "^[a-z][a-z0-9+.-]*:[^ ]+$",
}


def _type(kinds: object) -> str:
    every = kinds if isinstance(kinds, list) else [kinds]
    return " or ".join(
        '(type == "number" and floor == .)' if kind == "integer" else f'type == "{kind}"' for kind in every
    )
