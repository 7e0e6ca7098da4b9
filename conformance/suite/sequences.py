"""Sequences of edits, reads, creations and deletions: a server does not lose its way."""

import time

from ..contract.contract import Zone
from ..contract.fields import get, has, put
from ..run import conditions
from ..run.about import AFTER_A_PAUSE, OTHERS_DELETED
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.run import Run
from ..target.exchange import Exchange
from ..target.stops import Absent
from .connections import expect_over_held

# For so long, a connection is left idle, in seconds.
IDLE = 2.0
# About how many requests a sequence takes, and how many are left for what follows.
EXAMPLE, LEFT = 26, 70


@clause(
    "sequences/steady",
    "What works once works again and again, with the same answer to the same request.",
    source="users: an intermittent failure is a failure",
    level="expected",
    needs="edit/idempotent",
)
def test_steady(run: Run) -> None:
    # Two bodies in turn, so that a read which shows what was before is seen to. The case of letters tells them apart.
    bodies = [run.bodies.full(), run.bodies.full()]
    for name in run.resource.of_kind("text", secret=False):
        swapped = str(get(bodies[0], name)).swapcase()
        if has(bodies[0], name) and name not in run.bodies.pins and run.contract.must_accept(name, swapped):
            bodies[1] = put(bodies[1], name, swapped)
    firsts: list[Exchange] = []
    for number in run.thin(range(6)):
        body = bodies[number % 2]
        edited = run.edit(body)
        token = run.expect(edited, run.success("edit"), because="an edit was refused that had been accepted")
        run.expect_shown(body, edited)
        firsts += [edited] * (len(firsts) < 2)
        first = next((each for each in firsts if each.request.body == edited.request.body), edited)
        if field := unlike(run.contract, first.answer.json, token, run.resource.edited or ""):
            same = conditions.same(field, ("$first", None))
            raise Broken(f"the same edit gave another {field}", first, edited, holds=same)
        if run.resource.read:
            read = run.get()
            run.expect(read, run.success("read"), because=f"{run.a} cannot be read")
            run.expect_shown(body, read, edited)


@clause(
    "sequences/list",
    "After many creates, edits and deletes the list shows every {noun} once, as it was last written, and no other.",
    source="OpenAPI document: {list}; users: what was accepted is stored, and stays",
    level="expected",
    needs="edit/listed edit/touches-no-other resource/delete",
)
def test_list(run: Run) -> None:
    run.expendable()
    new = [run.new(run.create(run.bodies.full())) for _ in range(2)]
    edited = run.edit(run.bodies.full(), item=new[0])
    run.expect(edited, run.success("edit"), because=f"a new {run.noun} cannot be edited")
    deleted = run.delete(new[1])
    listed, tokens = run.listed(run.estate.created)
    ids = [run.resource.id_of(token) for token in run.resource.listed(listed.answer.json) or tokens.values()]
    for id in set(run.estate.created).difference(run.cleanup.lent or ()):
        written = run.findings.history.written(id)
        if written is None or not written.request.path.startswith(listed.request.path.rstrip("/")):
            # Nobody knows what it is, or it came to be where another owner's are.
            continue
        if ids.count(id) != 1:
            once = conditions.listed(run.resource.id, id, 1)
            message = f"the list shows {run.a} {ids.count(id)} times"
            about = OTHERS_DELETED if id not in ids else ""
            raise Broken(message, written, edited, deleted, listed, about=about, holds=once)
        body = written.request.json
        # What the subject was last is not always known: it is edited by many roads.
        if id != run.subject and not run.resource.merges and run.contract.zone(body) is Zone.ACCEPT:
            run.expect_shown(body, listed, written, token=tokens[id])
    for id, life in run.findings.history.lives.items():
        if life.deleted and id in ids:
            gone = conditions.listed(run.resource.id, id, 0)
            raise Broken(f"the list shows {run.a} that was deleted", life.deleted, listed, holds=gone)
    run.cleanup.discard(new[0])


@clause(
    "sequences/idle",
    "Over a connection that was idle for some seconds, a read is answered as over a fresh one, unless it was ended.",
    source="RFC 9112 section 9.3: connections persist; users: a pool of connections has idle ones",
    level="expected",
    needs="connections/held",
)
def test_idle(run: Run) -> None:
    # The first was opened long ago, and others have been in use since: perhaps so long ago that it has been ended.
    for _ in range(2):
        if run.target.wires.idle is None and run.over_held(run.request(run.id("read"))) is None:
            raise Absent("the server keeps no connection open beside another")
        time.sleep(max(0, IDLE - (run.target.wires.idle or 0)))
        if expect_over_held(run, f"that was idle for {run.target.wires.idle or 0:.0f} seconds", AFTER_A_PAUSE):
            return


@clause(
    "sequences/any",
    "Whatever comes before, every {noun} is as it was last written, and gone once it is deleted.",
    source="users: what was accepted is stored",
    level="expected",
    needs="values/create values/text values/bounds values/combinations",
)
def test_any(run: Run) -> None:
    # Hypothesis takes a while to import, and who lists the clauses has no use for it.
    from .machine import run_machine

    # Where more was spent than is usual, the chapters that follow are to have some requests, too.
    examples = min(run.scaled(2), max(1, (run.target.budget.remaining - LEFT) // EXAMPLE))
    run_machine(run, examples)
