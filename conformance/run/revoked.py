"""A server that verifies secrets, and a real one that it does not take any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..contract.held import Held
from ..target.exchange import Exchange
from ..target.stops import CannotRun

if TYPE_CHECKING:
    from .run import Run


def expect_valid(run: Run, refused: Exchange) -> None:
    """Raises CannotRun if a request was refused because the secret that the run was given is valid no longer."""
    role, status = run.resource.role(refused.request.operation), refused.answer.status
    works = run.results.get("edit/works")
    worked = works is not None and works.state == "held"
    if not run.bodies.verified or not worked or role not in ("create", "edit") or not 400 <= status < 500:
        return
    again = run.edit(run.bodies.full()).answer.status
    if 400 <= again < 500:
        raise CannotRun(
            f"the server has accepted the secret of {Held(run.resource).secret}, and does no more ({again}): is it "
            "still valid where it is from? What was judged before counts"
        )
