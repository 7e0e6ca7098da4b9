"""Connections: what was written over one is read over any other."""

from ..contract.fields import get
from ..run import conditions
from ..run.about import HELD
from ..run.clause import Broken, clause
from ..run.comparison import difference
from ..run.run import Run
from ..target.stops import Absent

# As many as behind most balancers, and one more.
TIMES = 3


@clause(
    "connections/fresh",
    "What was written over one connection is read over fresh ones, at once.",
    source="users: a balancer gives every connection another server",
    level="expected",
    needs="edit/read-back",
)
def test_fresh(run: Run) -> None:
    body = run.bodies.full()
    edited = run.edit(body)
    run.expect(edited, run.success("edit"), because="a valid edit was refused")
    for _ in run.thin(range(TIMES)):
        with run.case():
            run.target.connections.renew()
            read = run.get()
            run.expect(read, run.success("read"), because=f"{run.a} cannot be read over a fresh connection")
            run.expect_shown(body, read, edited)


@clause(
    "connections/held",
    "What was written over one connection is read over another that was open before, at once.",
    source="users: every client of a service holds connections open",
    level="expected",
    needs="connections/fresh",
)
def test_held(run: Run) -> None:
    for _ in range(TIMES):
        if run.over_held(run.request(run.id("read"))) is None:
            break
        if expect_over_held(run, "that was open before", HELD):
            return
    raise Absent("the server keeps no connection open beside another")


def expect_over_held(run: Run, what: str, about: str) -> bool:
    """Edits; raises Broken if a read over the connection that is held open does not show it, as one over others does.

    Gives False if the connection has been ended.
    """
    body, status = run.bodies.full(), run.success("read")
    edited = run.edit(body)
    run.expect(edited, run.success("edit"), because="a valid edit was refused")
    read = run.over_held(run.request(run.id("read")))
    if read is None:
        return False
    answered = read.answer.status == status
    problem = (
        difference(run.contract, body, read.answer.json) if answered else f"it is answered with {read.answer.status}"
    )
    if problem is None:
        return True
    run.target.connections.renew()
    fresh = run.get()
    run.expect(fresh, status, because=f"{run.a} cannot be read after an edit")
    run.expect_shown(body, fresh, edited)
    field = problem.split()[0]
    broken = Broken(f"over a connection {what}, a read differs from one over a fresh one: {problem}", edited, read)
    broken.about, broken.held = about, True
    broken.statuses = () if answered else (status,)
    broken.holds = conditions.shown(field, get(body, field)) if answered else ""
    raise broken
