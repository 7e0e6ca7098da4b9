"""A target by the names of the contract's variables, be they the environment's or the arguments of a call."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

from ..contract.resource import Resource, words
from .stops import CannotRun
from .target import Target


def from_environment(base_url: str, resource: Resource, *, overwrite: bool = False, **options: Any) -> Target:
    """Reads credentials and ids from the contract's variables. Raises CannotRun that names what is missing."""
    prefix = f"{resource.prefix}_"
    named = {name: value for name, value in os.environ.items() if name.startswith(prefix)}
    known = {name.removeprefix(prefix).lower(): value for name, value in named.items()}
    return from_names(base_url, resource, known, spell=resource.variable, overwrite=overwrite, **options)


def from_names(
    base_url: str,
    resource: Resource,
    known: dict[str, str],
    *,
    spell: Callable[[str], str] = str,
    overwrite: bool = False,
    read_only: bool = False,
    **options: Any,
) -> Target:
    """A target of which credentials and ids are known by the names of the contract's variables, in lower case.

    `spell` says how a user writes such a name. Raises CannotRun that names what is missing, or unknown.
    """

    def get(*parts: str) -> str:
        return known.get(resource.variable(*parts).removeprefix(f"{resource.prefix}_").lower(), "")

    def name(*parts: str) -> str:
        return spell("_".join(words(part, "_", keep=True) for part in parts))

    credentials = {scheme: value for scheme in resource.schemes if (value := get(scheme.name))}
    if resource.schemes and not credentials:
        raise CannotRun(f"no credentials: set {' or '.join(name(scheme.name) for scheme in resource.schemes)}")
    for scheme, value in credentials.items():
        if not re.fullmatch(r"[\x21-\x7e]*", value):
            raise CannotRun(f"{name(scheme.name)} holds white space or other characters that no credentials have")
    owners = {owner: get(owner) for owner in resource.owners}
    for owner, value in owners.items():
        if not value:
            raise CannotRun(f"no {words(owner)}: set {name(owner)} to the {words(owner)} to test in")
    if overwrite and resource.list is None:
        raise CannotRun(f"--overwrite needs a list of {resource.nouns}, to put back what was there, and there is none")
    if overwrite and not get(resource.item):
        raise CannotRun(f"--overwrite needs {name(resource.item)}, the {resource.noun} that may be overwritten")
    return Target(
        base_url=base_url,
        owners=owners,
        credentials=credentials,
        foreign={owner: value for owner in resource.owners if (value := get("foreign", owner))},
        foreign_item=get("foreign", resource.item) or None,
        overwrite=get(resource.item).lower() if overwrite else None,
        read_only=read_only,
        refuser=get(resource.item).lower() or None if read_only else None,
        **options,
    )
