"""What is generated from the schema alone. The contract's zones say with what each request has to be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..contract.contract import Contract
from ..run.clause import clause
from ..run.run import Run

# Schemathesis takes a while to import, and who lists the clauses has no use for it: what uses it does so later.
if TYPE_CHECKING:
    from schemathesis import Case


def prepare(contract: Contract, number: int = 0) -> None:
    """Makes tests of what is generated from a contract, by a seed; pytest collects them here."""
    global test_edit, test_create
    from .generation import made

    test_edit, test_create = made(contract, number, _edit, _create)


@clause(
    "fuzzing/edit",
    "An edit with a body generated from the schema is accepted or refused as the contract says.",
    source="OpenAPI document: what {edit} takes",
    level="documented",
    needs="values/text values/combinations values/additional",
)
def _edit(case: Case[Any], run: Run) -> None:
    from .generation import judge

    judge(run, case)


@clause(
    "fuzzing/create",
    "A create with a body generated from the schema is accepted or refused as the contract says.",
    source="OpenAPI document: what {create} takes",
    level="documented",
    needs="values/create values/additional",
)
def _create(case: Case[Any], run: Run) -> None:
    from .generation import judge

    judge(run, case)


test_edit: Any = _edit
test_create: Any = _create


@clause(
    "fuzzing/links",
    "Along the contract's links from a create on, every operation finds the {noun} until it is deleted.",
    source="OpenAPI document: what {create} answers names the {noun} for the other operations",
    level="documented",
    needs="values/create values/additional",
    when=lambda resource: resource.linked and not resource.upserts,
)
def test_links(run: Run) -> None:
    from .generation import follow_links

    follow_links(run)
