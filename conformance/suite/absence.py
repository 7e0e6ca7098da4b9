"""What is not there: how a server answers where an item does not exist, or no longer."""

from collections.abc import Callable

from ..contract.fields import get
from ..run.run import Run
from ..target.exchange import Exchange
from ..target.stops import NotExercised

ABSENT = (404, 403)
# What is done whoever's it is.
ANY_OWNER = "is carried out below any owner"


def cleared(run: Run) -> list[str]:
    """The texts that an item is without when nobody sends them: neither required nor always shown."""
    shown = run.resource.shown
    return [
        name
        for name, field in run.resource.of_kind("text", "address", "list", secret=False).items()
        if name in run.resource.visible and not field.required and not shown[name].required
    ]


def is_gone(exchange: Exchange) -> bool:
    """Does an answer say, by whatever status, that there is no such item?"""
    return 400 <= exchange.answer.status < 500


def expect_absent(run: Run, exchange: Exchange, unknown: Callable[[], Exchange], because: str, about: str = "") -> None:
    """Raises Broken unless an answer says that something is not there, or is not for the caller.

    `unknown` asks in the same way for what has never been: a status that is wrong for that too is of the chapter on
    identifiers.
    """
    if exchange.broken:
        run.findings.at(exchange, because)
    run.usable(exchange)
    if exchange.answer.status in ABSENT:
        return
    refused, reads = exchange.answer.status >= 400, exchange.request.method == "GET"
    # Where the owner is meant, and not the item, what is done to the unknown says something else.
    if (refused or reads or not (about or run.resource.upserts)) and unknown().answer.status == exchange.answer.status:
        return
    run.expect(exchange, *ABSENT, because=because, about=about if exchange.answer.ok else "")


def expect_deleted(run: Run, exchange: Exchange, created: Exchange, because: str) -> None:
    """Raises Broken unless an item was deleted; NotExercised if others use it, as then it need not be."""
    run.usable(exchange)
    if is_gone(exchange) and any(get(created.answer.json, name) for name in run.resource.counts):
        raise NotExercised(f"every new {run.noun} is in use, and one in use need not be deletable")
    run.expect(exchange, run.success("delete"), because=because)
