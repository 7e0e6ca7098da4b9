"""Connections: what was written over one is read over any other."""

from ..run.clause import clause
from ..run.run import Run

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
            run.target.renew()
            read = run.get()
            run.expect(read, run.success("read"), because=f"{run.a} cannot be read over a fresh connection")
            run.expect_shown(body, read, edited)
