"""What --read-only sends: reads, and writes that every right server refuses, and no wrong one can carry out.

An edit goes to an item that does not exist, or with a body that must be refused; with both where a body is not what
a clause is about. An item that the user has named is edited only in ways that must be refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..contract.contract import Zone
from ..target.exchange import Exchange
from ..target.stops import NotExercised

if TYPE_CHECKING:
    from .context import Context

# The clauses that can be judged so.
CLAUSES = frozenset(
    {
        "resource/get",
        "resource/list",
        "resource/further-reads",
        "authentication/required",
        "authentication/valid",
        "forged/jwt",
        "forged/twice",
        "identifiers/no-uuid",
        "identifiers/unknown-item",
        "identifiers/unknown-owner",
        "isolation/foreign-owner",
        "isolation/foreign-item",
        "isolation/list",
        "refusals/missing",
        "refusals/null",
        "refusals/type",
        "refusals/choice",
        "refusals/format",
        "refusals/no-object",
        "refusals/malformed",
        "refusals/media-type",
        "refusals/nothing-written",
        "paths/cached",
        "methods/not-allowed",
        "methods/trace",
        "methods/other",
    }
)


def harmless(run: Context, operation: str, body: object, item: str | None, *, own: bool) -> tuple[object, str | None]:
    """The body and the item with which a write does no harm.

    `own` says that nothing but the body could make a server refuse it. Raises NotExercised if it could be carried out.
    """
    about_body = run.current is not None and run.current.clause.id.startswith("refusals/")
    named = item is None and run.target.refuser is not None
    if own and about_body:
        if isinstance(body, dict) and run.contract.zone(body, operation) is not Zone.REFUSE and not _is_of_media(run):
            raise NotExercised("with --read-only nothing is sent that a server would carry out")
        return body, item if named else run.bodies.unknown(run.resource.item)
    known = {*(run.estate.before or ()), run.subject, run.bystander, (run.target.foreign_item or "").lower()}
    unknown = run.bodies.unknown(run.resource.item)
    item = unknown if item is None else item
    for each in filter(None, known):
        # What is nearly the id of an item becomes nearly that of none.
        item = re.sub(re.escape(each), unknown, item, flags=re.IGNORECASE)
    return ({} if isinstance(body, dict) else body), item


def admitted(run: Context, exchange: Exchange, statuses: tuple[int, ...]) -> tuple[int, ...]:
    """The statuses that are right for a write that was made harmless.

    Raises NotExercised where a server has looked for the item first, and has not judged the body.
    """
    absent = exchange.answer.status in (403, 404)
    if run.current and run.current.clause.id.startswith("refusals/") and absent and not run.target.refuser:
        variable = run.resource.variable(run.resource.item)
        raise NotExercised(f"the server looks for the {run.noun} first: name one that exists by {variable}")
    # What a body that must be refused, or an item that does not exist, is answered with.
    return statuses if 401 in statuses else (*statuses, 400, 404)


def _is_of_media(run: Context) -> Any:
    return run.current and run.current.clause.id == "refusals/media-type"
