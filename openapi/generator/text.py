"""The contract's texts as parts of Python source: what is a string stays that string and can never be code."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from openapi_python_client.schema.untrusted_string import UntrustedString

WIDTH = 114  # of a line of prose, its indentation included

_ITEM = re.compile(r"\s*([-*+]|\d+[.)])\s")


def literal(value: Any) -> str:
    """The source of a string: a literal in double quotes that evaluates to it, character for character."""
    return '"' + _escaped(plain(value)).replace('"', '\\"') + '"'


def line(value: Any) -> str:
    """A text in one line of a docstring."""
    return _quoted(" ".join(plain(value).split()))


def prose(value: Any, indent: int, hanging: int = 0) -> str:
    """A text in a docstring, wrapped, its lines but the first indented; paragraphs and list items stay apart.

    Args:
        value: The text.
        indent: How many spaces stand before the first line in the template, and before the others.
        hanging: How many more spaces stand before all but the first.
    """
    margin = " " * (indent + hanging)
    lines: list[str] = []
    for block in _blocks(plain(value)):
        item = _ITEM.match(block)
        wrapped = textwrap.wrap(
            block,
            WIDTH - len(margin),
            subsequent_indent=" " * len(item[0]) if item else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += wrapped or [""]
    text = "\n".join(lines).strip("\n")
    return _quoted(textwrap.indent(text, margin).removeprefix(margin))


def _blocks(text: str) -> list[str]:
    """Paragraphs and list items, each in one line, and the empty lines between them."""
    blocks: list[str] = []
    for row in text.replace("\r\n", "\n").split("\n"):
        if not row.strip():
            blocks.append("")
        elif not blocks or not blocks[-1] or _ITEM.match(row):
            blocks.append(row)
        else:
            blocks[-1] += " " + row.strip()
    return blocks


def plain(value: Any) -> str:
    """A text of the contract as it stands there."""
    return value.get_untrusted_value() if isinstance(value, UntrustedString) else str(value)


def _quoted(text: str) -> str:
    """Escapes what would end a docstring, or would not be read in it as it stands in the contract."""
    escaped = "\n".join(map(_escaped, text.split("\n")))
    return re.sub(r'"{3,}|"+\Z', lambda quotes: '\\"' * len(quotes[0]), escaped)


def _escaped(text: str) -> str:
    """Escapes backslashes and all that nobody sees: control characters, marks of direction, lone surrogates."""
    return "".join(
        character if character.isprintable() and character != "\\" else character.encode("unicode_escape").decode()
        for character in text
    )
