"""What an edit of the contract does: to the client's public surface, to the version, and to the changelog."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.contract.document import ContractError, read
from drift import change

Json = dict[str, Any]
Edit = Callable[[Json], object]

ROOT = Path(__file__).parent.parent
EDIT = "/organization/{organizationId}/gitToken/{gitTokenId}"


class Flat(yaml.SafeDumper):
    """Writes no aliases, so that what is read back shares nothing."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def contract(edit: Edit = lambda _: None) -> Json:
    document = read(ROOT / "openapi" / "git-token.yaml")
    changed: Json = yaml.safe_load(yaml.dump(document, Dumper=Flat))
    edit(changed)
    return changed


def schema(doc: Json, name: str) -> Json:
    return doc["components"]["schemas"][name]  # type: ignore[no-any-return]


REALISTIC: dict[str, tuple[Edit, str | None]] = {
    "nothing": (lambda _: None, None),
    "its version": (lambda d: d["info"].update(version="9.9.9"), None),
    "a text": (lambda d: d["info"].update(summary="Other words."), "patch"),
    "a must-accept zone": (
        lambda d: schema(d, "GitTokenRequest")["properties"]["name"]["x-must-accept"].update(maxLength=500),
        "patch",
    ),
    "a provider added": (lambda d: schema(d, "GitProvider")["enum"].append("GITEA"), "major"),
    "a field made required": (lambda d: schema(d, "GitTokenRequest")["required"].append("description"), "major"),
    "a field made optional": (lambda d: schema(d, "GitTokenResponse")["required"].remove("git_api_url"), "major"),
    "a field made nullable": (
        lambda d: schema(d, "GitTokenResponse")["properties"]["workspace"].update(type=["string", "null"]),
        "major",
    ),
    "a field that is sent made nullable": (
        lambda d: schema(d, "GitTokenRequest")["properties"]["workspace"].update(type=["string", "null"]),
        "minor",
    ),
    "a field renamed": (
        lambda d: schema(d, "GitTokenRequest")["properties"].update(
            label=schema(d, "GitTokenRequest")["properties"].pop("description")
        ),
        "major",
    ),
    "a new optional field": (
        lambda d: schema(d, "GitTokenResponse")["properties"].update(owner={"type": "string"}),
        "minor",
    ),
    "an operation removed": (lambda d: d["paths"][EDIT].pop("delete"), "major"),
    "a new error status": (
        lambda d: d["paths"][EDIT]["put"]["responses"].update({"409": {"description": "Another edit came first."}}),
        "minor",
    ),
}


@pytest.mark.parametrize("name", REALISTIC)
def test_a_realistic_change_asks_for_its_bump(name: str) -> None:
    edit, bump = REALISTIC[name]

    found = change.between(contract(), contract(edit), {}, {})

    assert found.bump == bump
    expected = f"By semantic versioning this is a {bump} change." if bump else "No change."
    assert change.text(found).endswith(expected)


CLIENT = {
    "__init__.py": "from .api import read\nfrom .models import Token as Item\n__all__ = ('Item', 'read')\n",
    "api/__init__.py": "",
    "api/read.py": "def sync(id: int) -> Item: ...\nasync def asyncio(id: int) -> Item: ...\ndef _path(): ...",
    "models.py": (
        "class Token(Model):\n    name: str = field(metadata={})\n    note: str | None = field(default=None)\n"
        "    RED = 'RED'\n    _private: int = 0\n    def show(self) -> str: ...\nclass Hidden: ..."
    ),
    "py.typed": "",
}


def test_the_surface_is_what_the_package_exports() -> None:
    assert change.surface(CLIENT) == {
        "Item": "class (Model)",
        "Item.RED": "'RED'",
        "Item.name": "str",
        "Item.note": "str | None, optional",
        "Item.show": "def (self) -> str",
        "read.asyncio": "async def (id: int) -> Item",
        "read.sync": "def (id: int) -> Item",
    }


SURFACE = {
    "nothing": ("", "", [], None),
    "what is not exported": ("class Hidden: ...", "class Seen: ...", [], None),
    "a docstring": ("class Token(Model):\n", "class Token(Model):\n    'A text.'\n", [], None),
    "an optional field added": ("    RED", "    more: int = 0\n    RED", ["Item.more"], "minor"),
    "a required field added": ("    RED", "    more: int = field()\n    RED", ["Item.more"], "major"),
    "a value added": ("    RED", "    BLUE = 'BLUE'\n    RED", ["Item.BLUE"], "minor"),
    "a method added": ("    RED", "    def hide(self): ...\n    RED", ["Item.hide"], "minor"),
    "a field removed": ("    name: str = field(metadata={})\n", "", ["Item.name"], "major"),
    "a field renamed": ("note:", "remark:", ["Item.note", "Item.remark"], "major"),
    "a field made required": ("field(default=None)", "field()", ["Item.note"], "major"),
    "another type": ("name: str", "name: int", ["Item.name"], "major"),
    "another base": ("Token(Model)", "Token(Other)", ["Item"], "major"),
}


@pytest.mark.parametrize("name", SURFACE)
def test_a_change_of_the_surface_is_found_and_asks_for_its_bump(name: str) -> None:
    old, new, names, bump = SURFACE[name]
    changed = CLIENT | {"models.py": CLIENT["models.py"].replace(old, new)}

    found = change.between(contract(), contract(), CLIENT, changed)

    assert [edit.name for edit in found.edits] == names
    assert found.bump == bump
    assert all(f"\n  {name}: " in change.text(found) for name in names)


def test_a_function_removed_and_one_added_are_shown() -> None:
    changed = CLIENT | {"api/read.py": "def sync(id: str) -> Item: ...\ndef write() -> None: ..."}

    said = change.text(change.between(contract(), contract(), CLIENT, changed))

    assert "surface, added:\n  read.write: def () -> None" in said
    assert "surface, removed:\n  read.asyncio: async def (id: int) -> Item" in said
    assert "surface, changed:\n  read.sync: def (id: int) -> Item -> def (id: str) -> Item" in said


def of(bump: str | None) -> change.Change:
    return change.Change([], [], bump)


@pytest.mark.parametrize(
    ("bump", "old", "least"),
    [
        ("major", "0.1.2", "0.2.0"),
        ("minor", "0.1.2", "0.1.3"),
        ("patch", "0.1.2", "0.1.3"),
        ("major", "1.2.3", "2.0.0"),
        ("minor", "1.2.3", "1.3.0"),
        ("patch", "1.2.3", "1.2.4"),
        ("patch", "1.2.9", "1.2.10"),
    ],
)
def test_the_version_has_to_say_the_bump(bump: str, old: str, least: str) -> None:
    changelog = f"# Changelog\n\n## [{least}] - 2026-01-01\n\nBreaking: all of it.\n\n## [{old}]\n"

    assert change.unsaid(of(bump), old, least, changelog) == []
    (problem,) = change.unsaid(of(bump), old, old, changelog)
    assert f"at least {least}" in problem
    assert change.unsaid(of(bump), old, "10.0.0", changelog) == ["the changelog says nothing of 10.0.0"]


@pytest.mark.parametrize("version", ["1", "1.0", "1.0.0rc1", "next"])
def test_a_version_is_three_numbers(version: str) -> None:
    (problem,) = change.unsaid(of("patch"), "1.0.0", version, "")
    assert problem.startswith(f"{version} is not a version")


def test_no_change_needs_no_version() -> None:
    assert change.unsaid(of(None), "1.0.0", "1.0.0", "") == []


def test_the_changelog_has_to_say_what_is_breaking() -> None:
    def said(section: str) -> list[str]:
        return change.unsaid(of("major"), "1.0.0", "2.0.0", f"## 2.0.0\n{section}## 1.0.0\nBreaking.\n")

    assert said("- Breaking: a field is gone.\n") == []
    assert said("- A field is gone.\n") == ["the changelog does not say of 2.0.0 that it is breaking"]
    assert said("\n") == ["the changelog says nothing of 2.0.0"]


def test_a_project_is_compared_with_a_revision_of_it(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
        subprocess.run(["git", "-C", tmp_path, *identity, *arguments], check=True, capture_output=True)

    def write(doc: Json, models: str, changelog: str) -> None:
        files = {f"{change.CLIENT}/{path}": text for path, text in (CLIENT | {"models.py": models}).items()}
        for path, text in (files | {change.CONTRACT: yaml.dump(doc), change.CHANGELOG: changelog}).items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text, encoding="utf-8")

    project = tmp_path / "inside of the repository"
    write(contract(), CLIENT["models.py"], "## 0.1.0\nThe first.\n")
    git("init")
    git("add", ".")
    git("commit", "-m", "One")

    assert change.since("HEAD", project) == (of(None), [])

    later = contract(REALISTIC["an operation removed"][0])
    write(later, CLIENT["models.py"].replace("name: str", "name: int"), "")
    found, problems = change.since("HEAD", project)

    assert [difference.where for difference in found.differences] == ["deleteGitToken"]
    assert [edit.name for edit in found.edits] == ["Item.name"]
    assert problems == [
        f"the {what}: this is a major change of 0.1.0: the version has to be at least 0.2.0, and is 0.1.0"
        for what in ("contract", "client")
    ]

    later["info"]["version"] = "0.2.0"
    write(later, CLIENT["models.py"], "## 0.2.0\nBreaking: delete is gone, é.\n")

    assert change.since("HEAD", project)[1] == []
    for revision, folder in (("no-such-revision", project), ("HEAD", tmp_path)):
        with pytest.raises(ContractError, match=f"at {revision}$"):
            change.since(revision, folder)
