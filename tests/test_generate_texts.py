"""No text of a contract becomes code: whatever stands in it, the client compiles, does nothing and says that text.

The broken texts are put into every place of the contract: into all that people read at once, and one by one into all
others, which the client needs as names, addresses and the like; each of these meets one text here, and each text many.
"""

from __future__ import annotations

import ast
import builtins
import copy
import importlib
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.bundled import ROOT

sys.path.insert(0, str(ROOT / "openapi/generator"))
from document import Document, Unusable
from generate import generate

CODE = "import builtins; builtins.executed = True"
BREAKING = [
    f'"""; {CODE}; """',
    f"'''; {CODE}; '''",
    f'"\n{CODE}\n"',
    f"'\n{CODE}\n'",
    f'"""\n{CODE}',
    f'"; {CODE} #',
    f"'; {CODE} #",
    f'\\"; {CODE} #',
    f"{{{CODE}}}",
    "{0.__class__} {} {{ }}",
    "{{ 7 * 7 }}{% for x in [1] %}{# #}{% raw %}",
    "${7*7} `7` */ /* <!-- --> </script>",
    'ends with "',
    'ends with """"',
    "ends with '",
    "ends with \\",
    "ends with \\\\\\",
    '"',
    "\\",
    '""""""',
    "\\N{DIGIT ONE} \\x41 \\u0041 \\U00000041 \\101 \\n",
    "\\N{",
    "\\xZ \\u12 \\U9999",
    "null \0 byte",
    "bell \x07 escape \x1b[2J delete \x7f next \x85 line",
    "line\u2028separator\u2029paragraph",
    "carriage\rreturn\r\nand\ttab\x0bvertical\x0cfeed",
    "right \u202e to left \u2066 isolate \u200b zero \u200d width \ufeff mark",
    "lone \ud800 surrogate",
    "\U0001f600 ﬁ ℌ ª é e\u0301",
    "# coding: utf-7 +AAo-",
    "x" * 300 + '"' + "\\" * 301,
    "%s %(a)s %%",
    "- a\n- b\n\n1. c\n   d\n\n    code\n",
    "",
    " ",
    "..",
    "__import__('builtins').executed",
    "class",
    "None",
    "self",
    "Client",
    "UUID",
    "to_dict",
    "__init__",
]
READ = {"title", "description", "summary"}
Place = tuple[Any, ...]


def contract() -> dict[str, Any]:
    """The contract without what stands in it by reference twice, and smaller: one of many alike is enough."""
    read: dict[str, Any] = yaml.load((ROOT / "openapi/git-token.yaml").read_bytes(), yaml.CSafeLoader)
    for item in read["paths"].values():
        for method in item.keys() - {"parameters"}:
            for success in item[method]["responses"].values():
                success.pop("headers", None)
                success.pop("links", None)
                success.get("content", {}).get("application/json", {}).pop("examples", None)
    del (
        read["components"]["examples"],
        read["components"]["requestBodies"]["GitToken"]["content"]["application/json"]["examples"],
    )
    return copy.deepcopy(read)  # which parts are shared is not YAML's to decide


CONTRACT = contract()


def texts(part: Any, place: Place = ()) -> Iterator[Place]:
    """Every string of a document: keys by the place that ends in (key,), values by their own."""
    if isinstance(part, dict):
        for key, inner in part.items():
            yield (*place, (key,))
            yield from texts(inner, (*place, key))
    elif isinstance(part, list):
        for index, inner in enumerate(part):
            yield from texts(inner, (*place, index))
    elif isinstance(part, str):
        yield place


def put(document: dict[str, Any], place: Place, text: str) -> None:
    """Puts a text into a place, and a new name wherever the old one stands for the same thing."""
    *path, last = place
    part: Any = document
    for step in path:
        part = part[step]
    if not isinstance(last, tuple):
        part[last] = text
        return
    old = last[0]
    for key in list(part):
        part[text if key == old else key] = part.pop(key)
    if path[-1:] == ["schemas"] or path[:1] == ["components"]:
        start, end = "#/" + "/".join(path) + "/", text.replace("~", "~0").replace("/", "~1")
        for spot in list(texts(document)):
            if spot[-1] == "$ref":
                owner: Any = document
                for step in spot[:-1]:
                    owner = owner[step]
                if owner["$ref"] == start + old:
                    owner["$ref"] = start + end
    owner = document
    for step in path[:-1]:
        owner = owner[step]
    if path[-1:] == ["properties"] and old in owner.get("required", []):
        owner["required"] = [text if name == old else name for name in owner["required"]]


def said(folder: Path) -> set[str]:
    """Every string in the modules of a package, and its text as words, however they are wrapped."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value, words(node.value)}
    return found


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def made(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Generates and imports the client of a document. Raises Unusable, which says why in one line that can be shown."""
    numbers = itertools.count()

    def make(document: dict[str, Any]) -> Path:
        number = next(numbers)
        file, package = tmp_path / f"contract{number}.yaml", tmp_path / f"package{number}"
        try:
            file.write_bytes(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, encoding="utf-8"))
        except UnicodeEncodeError:  # A lone surrogate, which YAML can only have as an escape sequence of JSON.
            file.write_text(json.dumps(document))
        try:
            generate(Document(file), package)
        except Unusable as error:
            assert str(error).isprintable()
            assert str(error).startswith(f"{file}:")
            raise
        sys.path.insert(0, str(tmp_path))
        try:
            modules = [path.relative_to(tmp_path).with_suffix("") for path in package.rglob("*.py")]
            for module in modules:
                importlib.import_module(".".join(module.parts).removesuffix(".__init__"))
        finally:
            sys.path.remove(str(tmp_path))
            for name in [name for name in sys.modules if name.split(".")[0] == package.name]:
                del sys.modules[name]
        assert not hasattr(builtins, "executed")
        return package

    return make


def kind(place: Place) -> Place:
    """What places have in common that differ only in the names that the contract's author has chosen."""
    named = [
        step
        for step, before in zip(place, (None, *place), strict=False)
        if before not in NAMED or isinstance(step, tuple)
    ]
    return tuple("*" if isinstance(step, int | tuple) else step for step in named)


# Under these keys stand names that the author of a contract chooses; all other keys are OpenAPI's.
NAMED = {
    "paths",
    "schemas",
    "properties",
    "responses",
    "headers",
    "content",
    "parameters",
    "requestBodies",
    "securitySchemes",
}
PLACES = [place for place in texts(CONTRACT) if not isinstance(place[-1], tuple) or set(place[-2:-1]) & NAMED]
PROSE = [place for place in PLACES if place[-1] in READ and place[-2] != "properties"]
OTHERS = [place for place in PLACES if place not in PROSE and place[-1] != "$ref"]
SAMPLE = 1  # text for each kind of place in CI; set it higher to look longer


@pytest.mark.parametrize("turn", range(0, len(BREAKING), 5))
def test_what_people_read_is_said_as_it_stands(turn: int, made: Callable[[dict[str, Any]], Path]) -> None:
    """Each turn puts other texts into all places at once. What the client says of a place, it says whole."""
    texts = [text for text in BREAKING if "\ud800" not in text]
    broken = [f"{texts[(turn + number) % len(texts)]} place{number}" for number in range(len(PROSE))]
    broken = [f"{text} {text.rpartition(' place')[0]}" for text in broken]
    document = copy.deepcopy(CONTRACT)
    for place, text in zip(PROSE, broken, strict=True):
        put(document, place, text)
    strings = said(made(document))
    carried = [number for number in range(len(PROSE)) if any(f"place{number}" in each.split() for each in strings)]
    assert len(carried) > 40
    assert [PROSE[number] for number in carried if not any(words(broken[number]) in each for each in strings)] == []


def test_a_lone_surrogate_is_refused(made: Callable[[dict[str, Any]], Path]) -> None:
    document = copy.deepcopy(CONTRACT)
    put(document, ("info", "description"), "lone \ud800 surrogate")
    with pytest.raises(Unusable):
        made(document)


@pytest.mark.parametrize("text", ["", " ", '"', "\\", '"""'])
def test_what_people_read_may_say_next_to_nothing(text: str, made: Callable[[dict[str, Any]], Path]) -> None:
    document = copy.deepcopy(CONTRACT)
    for place in PROSE:
        put(document, place, text)
    made(document)


def test_no_name_or_address_is_code(made: Callable[[dict[str, Any]], Path]) -> None:
    """Each kind of place meets some texts, each text many kinds of places."""
    kinds: dict[Place, list[Place]] = {}
    for place in OTHERS:
        kinds.setdefault(kind(place), []).append(place)
    chosen = [places[round_ % len(places)] for round_ in range(SAMPLE) for places in kinds.values()]
    assert len(chosen) > len(BREAKING)
    outcomes: dict[bool, int] = {True: 0, False: 0}
    for place, text in zip(chosen, itertools.cycle(BREAKING), strict=False):
        broken = copy.deepcopy(CONTRACT)
        put(broken, place, text)
        try:
            made(broken)
        except Unusable:
            outcomes[False] += 1
        else:
            outcomes[True] += 1
    assert min(outcomes.values()) > 10, outcomes
