"""Requests as lines for a POSIX shell: secrets and ids are variables, and no byte of a body is lost.

No line holds an exclamation mark: an interactive shell would look for it in its history.
"""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..target.exchange import Request

# A value shorter than this occurs by chance, and is no reason for a variable.
TELLING = 8
# A body longer than this is searched for what is repeated in it.
_LONG = 400
# What is repeated more often than this is written by a command that repeats it.
_OFTEN = 4
# What may stand between single quotes as it is, but for what `printf` gives a meaning.
_PLAIN = re.compile(r"[ -~]")


@dataclass(frozen=True)
class Expression:
    """What a shell puts in a text's place; `text` is for double quotes."""

    text: str


Piece = str | Expression

# What the suite does to credentials and ids, and how a shell does it to a variable.
_FORMS: tuple[tuple[Callable[[str], str], str], ...] = (
    (str, "${%s}"),
    (str.upper, '$(printf %%s "$%s" | tr a-z A-Z)'),
    (str.lower, '$(printf %%s "$%s" | tr A-Z a-z)'),
    (str.swapcase, '$(printf %%s "$%s" | tr a-zA-Z A-Za-z)'),
    (lambda value: value[:-1], "${%s%%?}"),
    (lambda value: value[:-4], "${%s%%????}"),
    (lambda value: value[8:], "${%s#????????}"),
    (
        lambda value: base64.b64encode(f"{value}:{value}".encode()).decode(),
        '$(set -- "$%s"; printf %%s:%%s "$1" "$1" | base64 | tr -d "\\n")',
    ),
    # The segments of a JWT.
    (lambda value: value.rpartition(".")[0], "${%s%%.*}"),
    (lambda value: value.partition(".")[0], "${%s%%%%.*}"),
    (lambda value: ".".join(value.split(".")[1:2]), '$(printf %%s "$%s" | cut -d. -f2)'),
    (lambda value: value.rpartition(".")[2], "${%s##*.}"),
)
# The segments of a path.
_SEGMENTS = re.compile(r"(?<=/)[^/?&=#;\s]+")
# The segment of a JWT that says something: an object in base64 begins so.
_SEGMENT = re.compile(r"eyJ[\w-]+")
# Letters in both cases, in turn: in the shell one half each.
_MIXED = "$(printf %%s \"$%s\" | awk '{ print toupper(substr($0, 1, 18)) substr($0, 19) }')"


class Names:
    """The variables of a script, each with the value that it stands for in what was sent."""

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        """`values` are values and their variables; the first variable of a value counts."""
        self._expressions: dict[str, str] = {}
        self._names: dict[str, str] = {}
        # By these, only a whole segment of a path is meant.
        self._short: dict[str, str] = {}
        for value, name in values:
            if len(value) < TELLING:
                self._short.setdefault(value, name)
                continue
            for change, expression in _FORMS:
                form = change(value)
                if len(form) >= TELLING:
                    self._expressions.setdefault(form, expression % name)
                    self._names.setdefault(form, name)
            self._names.setdefault(value, name)
        forms = sorted(self._expressions, key=len, reverse=True)
        self._any = re.compile("|".join(map(re.escape, forms)) or r"(?!)")
        self._folded = {value.lower(): name for value, name in self._names.items() if value in self._expressions}
        whole = sorted({value.lower() for value, _ in values if len(value) >= TELLING}, key=len, reverse=True)
        self._mixed = re.compile("|".join(map(re.escape, whole)) or r"(?!)", re.IGNORECASE)
        self._cut = {value[:TELLING]: value for value, _ in values if len(value) >= TELLING}
        self._starts = re.compile("|".join(map(re.escape, self._cut)) or r"(?!)")

    def used(self, text: str) -> set[str]:
        """The variables that stand for parts of `text`."""
        found = {self._names[match[0]] for match in self._any.finditer(text)}
        found |= {self._folded[match[0].lower()] for match in self._mixed.finditer(text)}
        found |= {self._short[match[0]] for match in _SEGMENTS.finditer(text) if match[0] in self._short}
        return found | {self._names[self._cut[match[0]]] for match in self._starts.finditer(text)}

    def path(self, text: str) -> list[Piece]:
        """A path with what variables stand for taken out, ids of a few characters too."""
        segments = [match for match in _SEGMENTS.finditer(text) if match[0] in self._short]
        pieces = _replaced(text, ((*match.span(), f"${{{self._short[match[0]]}}}") for match in segments))
        return [new for each in pieces for new in ([each] if isinstance(each, Expression) else self.pieces(each))]

    def pieces(self, text: str) -> list[Piece]:
        """`text` with what variables stand for taken out."""
        pieces: list[Piece] = [text]
        for finds in (self._in_any_form, self._in_mixed_case, _decoded, self._cut_off):
            pieces = [new for piece in pieces for new in ([piece] if isinstance(piece, Expression) else finds(piece))]
        return [piece for piece in pieces if piece != ""]

    def _in_any_form(self, text: str) -> list[Piece]:
        return _replaced(text, ((*match.span(), self._expressions[match[0]]) for match in self._any.finditer(text)))

    def _in_mixed_case(self, text: str) -> list[Piece]:
        found = self._mixed.finditer(text)
        return _replaced(text, ((*match.span(), _MIXED % self._folded[match[0].lower()]) for match in found))

    def _cut_off(self, text: str) -> list[Piece]:
        """Takes out the beginnings of values."""
        found = []
        for match in self._starts.finditer(text):
            value = self._cut[match[0]]
            pairs = zip(value, text[match.start() :][: len(value)], strict=False)
            size = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
            found.append((match.start(), match.start() + size, f'$(printf %s "${self._names[value]}" | cut -c-{size})'))
        return _replaced(text, found)


def _replaced(text: str, found: Iterable[tuple[int, int, str]]) -> list[Piece]:
    """`text` with expressions between those starts and ends."""
    pieces: list[Piece] = []
    end = 0
    for start, stop, expression in found:
        if start >= end:
            pieces += [text[end:start], Expression(expression)]
            end = stop
    return [*pieces, text[end:]]


def word(pieces: Iterable[Piece]) -> str:
    """A word between double quotes."""
    text = ""
    for piece in pieces:
        if isinstance(piece, Expression):
            text += piece.text
            continue
        for part in re.split(r"([^ -~]+|!+)", piece):
            if (part and not _PLAIN.match(part)) or part.startswith("!"):
                text += f"$(printf '{_octal(part.encode('latin-1', 'replace'))}')"
            else:
                text += re.sub(r'([\\"$`])', r"\\\1", part)
    # Braces only where what follows would be taken for the name's.
    return '"' + re.sub(r"\$\{(\w+)\}(?!\w)", r"$\1", text) + '"'


def body(raw: bytes, names: Names) -> str:
    """Commands that write a body to standard output."""
    pieces = names.pieces(raw.decode("latin-1"))
    commands: list[str] = []
    shown, arguments = "", ""

    def flush() -> None:
        nonlocal shown, arguments
        if shown:
            commands.append(f"printf '{shown}'{arguments}")
        shown, arguments = "", ""

    for piece, same in itertools.groupby(pieces):
        times = len(list(same))
        if isinstance(piece, Expression) and times > _OFTEN:
            flush()
            commands.append(f"yes {word([piece])} | head -n {times} | tr -d '\\n'")
            continue
        if isinstance(piece, Expression):
            shown += "%s" * times
            arguments += f" {word([piece])}" * times
            continue
        for part in _parts(piece):
            if isinstance(part, str):
                shown += _format(part)
            else:
                flush()
                commands.append(part.text)
    flush()
    return commands[0] if len(commands) == 1 else f"{{ {'; '.join(commands)}; }}"


def _parts(text: str) -> list[Piece]:
    """`text` with what is repeated many times in it as a command that writes it."""
    if len(text) <= _LONG:
        return [text]
    counted = _counted(text)
    if counted:
        return counted
    found = re.search(r"(?s)(.{1,8}?)\1{100,}", text)
    if not found:
        return [text]
    unit, count = found[1], len(found[0]) // len(found[1])
    # `yes` writes lines.
    if "\n" in unit:
        return [text]
    written = f"yes '{_quoted(unit)}'" if _plain(unit) else f"yes \"$(printf '{_format(unit)}')\""
    command = Expression(f"{written} | head -n {count} | tr -d '\\n'")
    return [text[: found.start()], command, *_parts(text[found.end() :])]


def _counted(text: str) -> list[Piece] | None:
    """`text` with a loop for what is repeated with a number that grows by one each time."""
    for match in re.finditer(r"(?=(\D{1,12}?)(\d+)(.{1,40}?)\1(\d+)\3)", text[:1000]):
        before, first, after = match[1], int(match[2]), match[3]
        number, end = first, match.start()
        while text.startswith(item := f"{before}{number}{after}", end):
            number, end = number + 1, end + len(item)
        if number - first > 20 and _plain(before + after):
            shown = "%d".join(_quoted(part.replace("%", "%%").replace("\\", "\\\\")) for part in (before, after))
            loop = f"seq {first} {number - 1} | while read -r i; do printf '{shown}' \"$i\"; done"
            return [text[: match.start()], Expression(loop), *_parts(text[end:])]
    return None


def _plain(text: str) -> bool:
    return all(" " <= each <= "~" and each not in "'!" for each in text)


def _quoted(text: str) -> str:
    return text.replace("'", "'\\''")


def _format(text: str) -> str:
    """`text`, a string of bytes, as a format of `printf`; what people can read stays as it is."""
    raw, shown = text.encode("latin-1"), ""
    for each in raw.decode("utf-8", "surrogateescape"):
        if each == "%":
            shown += "%%"
        elif each == "\\":
            shown += "\\\\"
        elif each in "'!" or not each.isprintable():
            shown += _octal(each.encode("utf-8", "surrogateescape"))
        else:
            shown += each
    return shown


def _octal(raw: bytes) -> str:
    return "".join(f"\\{byte:03o}" for byte in raw)


def _decoded(text: str) -> list[Piece]:
    """`text` with the segments of JWTs as commands that make them of what they say."""
    found = []
    for match in _SEGMENT.finditer(text):
        try:
            said = base64.urlsafe_b64decode(match[0] + "=" * (-len(match[0]) % 4)).decode()
        except ValueError:
            continue
        if said.startswith("{") and _plain(said):
            found.append((*match.span(), f"$(printf %s '{said}' | base64 | tr -d '=\\n' | tr /+ _-)"))
    return _replaced(text, found)


def options(request: Request, names: Names, base: str) -> list[str]:
    """The options of curl for a request, but for those about its body; `base` is the variable with the address."""
    found = []
    if request.method == "HEAD":
        found.append("--head")
    elif request.method != "GET" or request.body is not None:
        found.append(f"--request {request.method}")
    if "[" in request.path or "{" in request.path:
        found.append("--globoff")
    if request.verbatim and "://" in request.path:
        # To the server that it names, at the same address.
        found.append(f"--request-target {word(names.path(request.path))}")
        found.append(word([Expression(f"${{{base}}}")]))
    else:
        if request.verbatim or ".." in request.path:
            found.append("--path-as-is")
        found.append(word([Expression(f"${{{base}}}"), *names.path(request.path)]))
    for name, value in request.headers:
        if value:
            found.append(f"--header {word([f'{name}: ', *names.pieces(value)])}")
        else:
            found.append(f"--header '{name};'")
    if request.body is not None and request.header("Content-Type") is None:
        found.append("--header 'Content-Type:'")
    if request.framing == "chunked":
        found.append("--header 'Transfer-Encoding: chunked'")
    if request.framing == "expect":
        found.append("--header 'Expect: 100-continue'")
    elif request.body and len(request.body) > 1_000_000:
        # It would ask first whether it may send so much.
        found.append("--header 'Expect:'")
    return found
