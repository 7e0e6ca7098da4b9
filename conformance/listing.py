"""What `--list` prints: the clauses, without a wait for what runs them."""

from __future__ import annotations

import argparse

from .contract.contract import Contract, ContractError
from .printing import show
from .report.terminal import failed
from .run.clause import LEVELS
from .runner.choice import chosen
from .target.stops import CannotRun

# The kind of server by which the clauses of a chapter are broken.
SERVERS = {
    "resource": "incomplete",
    "edit": "forgetful",
    "authentication": "open",
    "forged": "credulous",
    "isolation": "indiscreet",
    "identifiers": "careless",
    "refusals": "lenient",
    "values": "picky",
    "properties": "obedient",
    "paths": "evaded",
    "concurrency": "racing",
    "framing": "fragile",
    "connections": "split",
    "negotiation": "deaf",
    "preconditions": "stale",
    "methods": "permissive",
    "oddities": "brittle",
    "sequences": "unsteady",
    "fuzzing": "unpredictable",
    "secrets": "talkative",
    "answer": "sloppy",
}


def run(options: argparse.Namespace) -> int:
    """Lists the chosen clauses. Gives the exit code."""
    try:
        resource = Contract.load(options.contract).resource
        every = chosen(resource, options.only or (), options.level or LEVELS, options.shard)
    except (CannotRun, ContractError) as error:
        return failed(str(error))
    show(
        f"{each.id}  [{each.level}; {SERVERS[each.id.split('/')[0]]}]  {each.requirement}"
        + (f"  ({each.source})" if options.verbose else "")
        for each in every
    )
    return 0
