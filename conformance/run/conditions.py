"""Conditions on the answers of a finding, in the language of jq: a reproduction judges a server by them.

`$first`, `$before` and `$last` are the decoded bodies of the first answer, of the last but one, and of the last, and
`$headers` is the text of the last one's headers.
"""

from __future__ import annotations

import json
from typing import Any, Literal

Which = Literal["$first", "$before", "$last"]


# An answer, and the id of the item in it that is meant, where it is a list.
Place = tuple[Which, str | None]
LAST: Place = ("$last", None)


def shown(field: str, value: object, place: Place = LAST) -> str:
    """The item shows the value; an empty text may be absent."""
    if value == "":
        return f'{_item(place)}.{field} // "" | . == ""'
    return f"{_item(place)}.{field} == {_literal(value)}"


def not_shown(field: str, value: object) -> str:
    """The last answer does not show the value, nor what begins like it."""
    return f"$last.{field} | tostring | .[:10] == {_literal(str(value)[:10])} | not"


def same(field: str, one: Place = ("$before", None), other: Place = LAST) -> str:
    """Two answers show the same in a field."""
    return f"({_item(one)}.{field} // null) == ({_item(other)}.{field} // null)"


def different(field: str) -> str:
    """The first and the last answer do not show the same in a field."""
    return f"$first.{field} == $last.{field} | not"


def listed(field: str, value: object, times: int) -> str:
    """The last answer lists so many items with that value."""
    return f"[{_items('$last')} | select({_folded(f'.{field}')} == {_folded(_literal(value))})] | length == {times}"


def unique(field: str) -> str:
    """No two items that the last answer lists show the same in a field."""
    return f"[{_items('$last')} | .{field}] | length == (unique | length)"


def counted(field: str) -> str:
    """The answer before the last lists no more than a field of the last one counts."""
    return f"([{_items('$before')}] | length) <= $last.{field}"


def has(field: str) -> str:
    """The last answer has a field."""
    return f'$last | has("{field}")'


def nowhere(fields: list[str]) -> str:
    """No object within the last answer has all these fields."""
    every = " and ".join(f'has("{field}")' for field in fields)
    return f"[$last | .. | objects | select({every})] | length == 0"


def later(field: str) -> str:
    """The time in a field of the last answer is after that in the first."""
    return f"$last.{field} > $first.{field}"


def ordered(one: str, other: str) -> str:
    """The time in one field of the last answer is not after that in the other."""
    return f"$last.{one} <= $last.{other}"


def header(name: str, words: list[str]) -> str:
    """A header of the last answer holds these words."""
    return " and ".join(f'($headers | test("(^|\\n){name}:[^\\n]*\\\\b{each}\\\\b"; "i"))' for each in words)


def _item(place: Place) -> str:
    which, id = place
    if id is None:
        return which
    return f"({_items(which)} | select({_folded('.id')} == {_folded(_literal(id))}))"


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
        place += " | .[]" if isinstance(part, int) else f' | select(has("{part}")) | .{part}'
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
