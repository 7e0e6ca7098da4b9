"""What an edit of the contract does: to the contract, to the client's public surface, and to the version."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.contract.document import ContractError, parse, read
from drift import compare, report
from drift.compare import Difference
from drift.operations import operations

CONTRACT = "openapi/git-token.yaml"
CLIENT = "generated/qovery_git_token"
CHANGELOG = "CHANGELOG.md"

_BUMPS = (None, "patch", "minor", "major")


@dataclass(frozen=True)
class Edit:
    """A name of the client's public surface that is new (`old` is None), gone (`new` is None) or changed."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Change:
    """What differs between two contracts and the clients that they give."""

    differences: list[Difference]
    edits: list[Edit]
    bump: str | None
    """What the client's version has to say."""
    contract: str | None = None
    """What the contract's version has to say."""


def between(old: dict[str, Any], new: dict[str, Any], client: dict[str, str], changed: dict[str, str]) -> Change:
    """The change from one contract and client to others; a client is the text of its modules by their path.

    Raises ContractError if one of the contracts cannot be compared.
    """
    differences = compare.compare(operations(old, "the old contract"), operations(new, "the contract"))
    before, after = surface(client), surface(changed)
    names = sorted(before.keys() | after.keys())
    edits = [Edit(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)]
    asked = ["patch" if _unversioned(old) != _unversioned(new) else None, compare.bump(differences)]
    contract = max(asked, key=_BUMPS.index)
    asked += ["minor" if _harmless(edit, before) else "major" for edit in edits]
    return Change(differences, edits, max(asked, key=_BUMPS.index), contract)


def text(change: Change) -> str:
    """The change for people, with the version bump that it asks for."""
    paragraphs = [report.text(change.differences, "old", "new")] if change.differences else []
    for title, edits in (
        ("added", [f"{edit.name}: {edit.new}" for edit in change.edits if edit.old is None]),
        ("removed", [f"{edit.name}: {edit.old}" for edit in change.edits if edit.new is None]),
        ("changed", [f"{edit.name}: {edit.old} -> {edit.new}" for edit in change.edits if edit.old and edit.new]),
    ):
        if edits:
            paragraphs.append("\n  ".join([f"The client's public surface, {title}:", *edits]))
    paragraphs.append(f"By semantic versioning this is a {change.bump} change." if change.bump else "No change.")
    return "\n\n".join(paragraphs)


def unsaid(change: Change, old: str, new: str, changelog: str) -> list[str]:
    """What the client's version, once `old` and now `new`, and the changelog do not say of a change."""
    if problems := _unversed(change.bump, old, new):
        return problems
    section = re.search(rf"^## \[?{re.escape(new)}\b.*\n((?:(?!## ).*\n?)*)", changelog, re.MULTILINE)
    if change.bump and (not section or not section[1].strip()):
        return [f"the changelog says nothing of {new}"]
    if section and change.bump == "major" and "breaking" not in section[1].lower():
        return [f"the changelog does not say of {new} that it is breaking"]
    return []


def _unversed(bump: str | None, old: str, new: str) -> list[str]:
    """What a version does not say of a change."""
    if bump is None:
        return []
    for version in (old, new):
        if not re.fullmatch(r"\d+\.\d+\.\d+", version):
            return [f"{version} is not a version: three numbers with dots between"]
    least = _next(old, bump)
    if _numbers(new) < _numbers(least):
        return [f"this is a {bump} change of {old}: the version has to be at least {least}, and is {new}"]
    return []


def surface(client: dict[str, str]) -> dict[str, str]:
    """What a client exports, and what it is: functions, classes, fields and types, by the names that users write."""
    modules = {
        path.removesuffix(".py").removesuffix("__init__").strip("/").replace("/", "."): ast.parse(source).body
        for path, source in client.items()
        if path.endswith(".py")
    }
    found: dict[str, str] = {}
    for name, (module, original) in _exports(modules.get("", [])).items():
        inside = modules.get(f"{module}.{original}".strip("."))
        if inside is not None:
            found |= _names(inside, f"{name}.")
        else:
            known = dict(_names(modules.get(module, []), ""))
            found |= {
                name + key.removeprefix(original): said
                for key, said in known.items()
                if key == original or key.startswith(f"{original}.")
            }
    return found


def since(revision: str, root: Path) -> tuple[Change, list[str]]:
    """The change of the project in `root` since a git revision, and what versions and changelog do not say of it.

    Raises ContractError if there is no contract at that revision, or one that cannot be compared.
    """
    content = _git(root, "show", f"{revision}:./{CONTRACT}")
    if content is None:
        raise ContractError(f"there is no {CONTRACT} at {revision}")
    old, new = parse(content.encode(), f"{revision}:{CONTRACT}"), read(root / CONTRACT)
    listed = _git(root, "ls-tree", "-r", "--name-only", revision, f"./{CLIENT}/") or ""
    before = {path: _git(root, "show", f"{revision}:./{path}") or "" for path in listed.splitlines()}
    after = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in root.glob(f"{CLIENT}/**/*.py")
    }
    clients = [{path.removeprefix(f"{CLIENT}/"): each for path, each in client.items()} for client in (before, after)]
    change = between(old, new, *clients)
    file = root / CHANGELOG
    changelog = file.read_text(encoding="utf-8") if file.exists() else ""
    contracts = [str(contract["info"]["version"]) for contract in (old, new)]
    problems = [f"the contract: {problem}" for problem in _unversed(change.contract, *contracts)]
    versions = [_version(client, said) for client, said in zip(clients, contracts, strict=True)]
    return change, problems + [
        f"the client: {problem}" for problem in unsaid(change, versions[0], versions[1], changelog)
    ]


def _version(client: dict[str, str], contract: str) -> str:
    """The client's own version, or that of its contract where it has none."""
    said = re.search(r'^__version__ = "(.*)"$', client.get("__init__.py", ""), re.MULTILINE)
    return said[1] if said else contract


def _git(root: Path, *arguments: str) -> str | None:
    """What git says; None if it fails."""
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    return done.stdout if done.returncode == 0 else None


def _exports(package: list[ast.stmt]) -> dict[str, tuple[str, str]]:
    """The names in `__all__`, each with the module that it is imported from and its name in there."""
    imported: dict[str, tuple[str, str]] = {}
    exported: list[str] = []
    for node in package:
        match node:
            case ast.ImportFrom(module=module, names=names, level=1):
                imported |= {alias.asname or alias.name: (module or "", alias.name) for alias in names}
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                exported = list(ast.literal_eval(value))
    return {name: imported.get(name, ("", name)) for name in exported}


def _names(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, str]]:
    """What a module or class defines, down to the fields of its classes."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
                returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
                said = f"{kind} ({ast.unparse(node.args)}){returns}"
            case ast.ClassDef(name=name):
                said = f"class ({', '.join(map(ast.unparse, node.bases))})"
                if not name.startswith("_"):
                    yield from _names(node.body, f"{prefix}{name}.")
            case ast.AnnAssign(target=ast.Name(id=name)):
                said = ast.unparse(node.annotation) + (", optional" if _optional(node.value) else "")
            case ast.Assign(targets=[ast.Name(id=name)]):
                said = ast.unparse(node.value)
            case _:
                continue
        if not name.startswith("_") or name == "__init__":
            yield f"{prefix}{name}", said


def _optional(value: ast.expr | None) -> bool:
    """Whether a field has a default; that of a dataclass may be inside of `field(...)`."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("field", "_field"):
        return any(keyword.arg in ("default", "default_factory") for keyword in value.keywords)
    return value is not None


def _harmless(edit: Edit, before: dict[str, str]) -> bool:
    """Whether an edit breaks nobody: something new, unless it is a field that an existing class now needs."""
    owner = edit.name.rpartition(".")[0]
    needed = owner in before and before[owner].startswith("class") and ", optional" not in (edit.new or "")
    field = needed and not re.match(r"(async )?def |class |['\"]", edit.new or "")
    return edit.old is None and not field


def _unversioned(contract: dict[str, Any]) -> dict[str, Any]:
    return {**contract, "info": {key: value for key, value in contract["info"].items() if key != "version"}}


def _next(version: str, bump: str) -> str:
    """The least version after a change; before 1.0.0 the second number says what is breaking, the third all else."""
    major, minor, patch = _numbers(version)
    if bump == "major":
        return f"{major + 1}.0.0" if major else f"0.{minor + 1}.0"
    if bump == "minor" and major:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def _numbers(version: str) -> list[int]:
    major, minor, patch = version.split(".")
    return [int(major), int(minor), int(patch)]
