"""Which clauses there are, and which of them are chosen."""

from __future__ import annotations

import difflib
import fnmatch
import importlib
from collections.abc import Sequence

from .. import suite
from ..contract.resource import Resource
from ..run.checks import CHECKS
from ..run.clause import LEVELS, Clause
from ..run.notes import OTHERS
from ..target.stops import CannotRun

# The chapters of the suite, in the order in which they are read and run: what later ones rely on comes first.
CHAPTERS = (
    "resource",
    "edit",
    "connections",
    "authentication",
    "forged",
    "isolation",
    "identifiers",
    "refusals",
    "values",
    "properties",
    "paths",
    "concurrency",
    "framing",
    "negotiation",
    "preconditions",
    "methods",
    "oddities",
    "sequences",
    "fuzzing",
)

# What clauses were called before, and are now.
RENAMED = {
    "resource/associated-services": "resource/further-reads",
    "edit/updated-at": "edit/edited-at",
    "isolation/foreign-organization": "isolation/foreign-owner",
    "isolation/foreign-token": "isolation/foreign-item",
    "identifiers/unknown-token": "identifiers/unknown-item",
    "identifiers/unknown-organization": "identifiers/unknown-owner",
    "refusals/provider": "refusals/choice",
    "refusals/workspace": "refusals/conditional",
    "refusals/uri": "refusals/format",
    "secrets/token": "secrets/value",
}


def tested(resource: Resource) -> list[Clause]:
    """Every clause of a resource that a test of the suite judges, in order."""
    modules = [importlib.import_module(f"{suite.__name__}.{chapter}") for chapter in CHAPTERS]
    values = [value for module in modules for value in vars(module).values()]
    found = dict.fromkeys(value.clause for value in values if isinstance(getattr(value, "clause", None), Clause))
    return [clause.worded(resource) for clause in found if clause.when(resource)]


def clauses(resource: Resource) -> list[Clause]:
    """Every clause of a resource, in order; those that are judged on every answer come last."""
    always = [OTHERS, *(check.clause for check in CHECKS)]
    return [*tested(resource), *(clause.worded(resource) for clause in always)]


def choose(resource: Resource, only: Sequence[str] = (), levels: Sequence[str] = LEVELS) -> list[Clause]:
    """The clauses of these levels that one of `only` names: by id, chapter or pattern; all if that is empty.

    Raises CannotRun if one of them names none, or none is of these levels.
    """
    every = clauses(resource)
    for each in only:
        if each in RENAMED:
            raise CannotRun(f"--only {each}: it is called {RENAMED[each]} now")
        if not any(_is_called(clause, each) for clause in every):
            names = [*dict.fromkeys(clause.id.split("/")[0] for clause in every), *(clause.id for clause in every)]
            near = difflib.get_close_matches(each, names, n=1)
            hint = f"did you mean {near[0]}?" if near else "--list names them all"
            raise CannotRun(f"--only {each}: no clause is called so: {hint}")
    called = [clause for clause in every if not only or any(_is_called(clause, each) for each in only)]
    chosen = [clause for clause in called if clause.level in levels]
    if not chosen:
        raise CannotRun(f"--level: none of these clauses is {' or '.join(levels)}: --list says which level each has")
    return chosen


def _is_called(clause: Clause, name: str) -> bool:
    return fnmatch.fnmatchcase(clause.id, name) or clause.id.split("/")[0] == name


def chosen(
    resource: Resource, only: Sequence[str], levels: Sequence[str], shard: tuple[int, int] | None = None
) -> list[Clause]:
    """What `choose` gives, or of it the part `shard`: one of so many. Raises CannotRun if there is nothing."""
    every = choose(resource, only, levels)
    if shard is None:
        return every
    one, of = shard
    judged = tested(resource)
    tests = [clause for clause in every if clause in judged]
    if of > len(tests):
        raise CannotRun(f"--shard: there are {len(tests)} clauses to share, and that makes no {of} parts")
    # What every answer is judged by, each part judges its own answers by.
    return tests[one - 1 :: of] + [clause for clause in every if clause not in judged]
