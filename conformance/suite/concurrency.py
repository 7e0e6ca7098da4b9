"""Requests at the same moment, over connections of their own: a server may put them in order, or refuse one."""

import functools
from collections.abc import Callable, Iterable, Sequence

from ..contract.fields import get
from ..run import conditions
from ..run.checks import BUSY
from ..run.clause import Broken, clause
from ..run.comparison import difference
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.stops import Lost, NotExercised
from .absence import ABSENT, is_gone


def _again(test: Callable[[Run], None]) -> Callable[[Run], None]:
    """Tries it with new items where the network has lost an answer, up to five times in all."""

    @functools.wraps(test)
    def tried(run: Run) -> None:
        for left in (4, 3, 2, 1, 0):
            try:
                test(run)
            except Lost:
                if not left:
                    raise
            else:
                return

    return tried


def _settled(run: Run, exchange: Exchange, role: str, *others: int) -> bool:
    """Was a request carried out? Raises Broken if it was neither that nor refused as one that comes at a bad time."""
    what = f"{exchange.request.operation} at the same time as another request"
    run.expect(exchange, run.success(role), *BUSY, *others, because=what)
    return exchange.answer.status == run.success(role)


def _wholly(run: Run, shown: Json, bodies: Iterable[Json]) -> bool:
    """Does an item show one of the bodies, and nothing of another?"""
    return any(difference(run.contract, body, shown) is None for body in bodies)


def _mixed(run: Run, bodies: Sequence[Json], *exchanges: Exchange) -> Broken:
    field = (difference(run.contract, bodies[-1], exchanges[-1].answer.json) or "it").split()[0]
    message = f"of two edits at the same time, {field} is of one and the rest of neither or the other"
    return Broken(message, *exchanges, holds=conditions.whole(run.resource.visible, bodies))


@clause(
    "concurrency/edits",
    "Of two edits at the same time one comes last, whole: reads and the list show it, and nothing of the other.",
    source="RFC 9110 section 9.3.4: a PUT replaces; users: two people edit at once",
    level="expected",
    needs="edit/listed",
)
def test_edits(run: Run) -> None:
    for _ in run.thin(range(3)):
        with run.case():
            bodies = [run.bodies.full(), run.bodies.full()]
            sent = run.at_once(*(run.request(run.id("edit"), body) for body in bodies))
            done = [body for each, body in zip(sent, bodies, strict=True) if _settled(run, each, "edit")]
            for each, other in (sent, sent[::-1]):
                if each.answer.ok and not _wholly(run, each.answer.json, bodies):
                    raise _mixed(run, bodies, other, each)
            read = run.get()
            token = run.expect(read, run.success("read"), because=f"{run.a} cannot be read after two edits at once")
            if done and not _wholly(run, token, done):
                raise _mixed(run, done, *sent, read)
    listed, tokens = run.listed()
    if run.subject not in tokens:
        once = conditions.listed(run.resource.id, run.subject, 1)
        raise Broken(f"the list does not show {run.a} after two edits at once", *sent, listed, holds=once)


@clause(
    "concurrency/items",
    "Two edits of two {nouns} at the same time: each shows its own, and nothing of the other.",
    source="users: two people edit at once",
    level="expected",
    needs="edit/listed edit/touches-no-other resource/delete",
)
def test_items(run: Run) -> None:
    run.expendable()
    other = run.new(run.create(run.bodies.full()))
    for _ in range(run.scaled(1)):
        with run.case():
            bodies = {run.subject: run.bodies.full(), other: run.bodies.full()}
            sent = run.at_once(*(run.request(run.id("edit"), body, item=id) for id, body in bodies.items()))
            done = [each for each in sent if _settled(run, each, "edit")]
            listed, tokens = run.listed()
            for exchange, (id, body) in zip(sent, bodies.items(), strict=True):
                if exchange in done:
                    if id not in tokens:
                        once = conditions.listed(run.resource.id, id, 1)
                        raise Broken(f"the list does not show {run.a} that was edited", *sent, listed, holds=once)
                    run.expect_shown(body, exchange, *(each for each in sent if each != exchange))
                    run.expect_shown(body, listed, *sent, token=tokens[id])
    run.cleanup.discard(other)


@clause(
    "concurrency/edit-and-delete",
    "An edit and two deletes at the same time: what is deleted is gone, whichever came first.",
    source="users: what is deleted does not come back",
    level="expected",
    needs="resource/delete",
    when=lambda resource: not resource.upserts,
)
@_again
def test_edit_and_delete(run: Run) -> None:
    run.expendable()
    # Where the edit came too late, there was nothing that could come back.
    for ahead in (0, 0.002, 0.005):
        if _edited_and_deleted(run, ahead):
            return


def _edited_and_deleted(run: Run, ahead: float) -> bool:
    """Edits an item that is deleted at the same time, or so many seconds later; gives whether both were carried out."""
    item = run.new(run.create(run.bodies.full()))
    edit = run.request(run.id("edit"), run.bodies.full(), item=item)
    delete = run.request(run.id("delete"), item=item)
    edited, *deletes = run.at_once(edit, delete, delete, ahead=ahead)
    absent = [*run.gone, 410]
    for late in (edited, *deletes):
        if is_gone(late) and late.answer.status not in (*absent, *BUSY):
            # What an unknown one gets, the chapter on identifiers judges.
            body = run.bodies.full() if late is edited else None
            unknown = run.call(str(late.request.operation), body, item=run.bodies.unknown(run.resource.item))
            absent.append(unknown.answer.status)
    both = _settled(run, edited, "edit", *absent)
    # Of two deletes, one may come too late.
    done = [each for each in deletes if _settled(run, each, "delete", *absent)]
    if not done:
        run.cleanup.discard(item)
        return False
    read = run.get(item=item)
    run.usable(read)
    if read.answer.ok:
        message = f"{run.a} is there again after an edit and a delete at once"
        raise Broken(message, edited, *deletes, read, statuses=(*ABSENT, 400, 410))
    run.estate.gone(item)
    run.target.budget.keep(-1)
    return both


@clause(
    "concurrency/creates",
    "Two creates and a list at the same time make two {nouns}, each with an id of its own and as it was sent.",
    source="users: two people create at once",
    level="expected",
    needs="resource/delete",
)
@_again
def test_creates(run: Run) -> None:
    run.expendable()
    mark = run.resource.mark
    _, before = run.listed()
    bodies = [run.bodies.full(), run.bodies.full()]
    creates = [run.request(run.id("create"), body) for body in bodies]
    lists = [run.request(run.resource.list.id)] if run.resource.list in run.operations else []
    try:
        # The list first, so that what it is made of changes under its hands.
        sent = run.at_once(*lists, *creates)
    except NotExercised:
        # What they may have made all the same is the run's own.
        for id in run.cleanup.adopt_marked({id: item for id, item in run.listed()[1].items() if id not in before}):
            run.cleanup.discard(id)
        raise
    for meanwhile in sent[: len(lists)]:
        _settled(run, meanwhile, "list")
    del sent[: len(lists)]
    listed, after = run.listed(filter(None, (run.resource.id_of(each.answer.json) for each in sent)))
    new = {id: item for id, item in after.items() if id not in before}
    mine = run.cleanup.adopt_marked(new)
    done = [(each, body) for each, body in zip(sent, bodies, strict=True) if _settled(run, each, "create")]
    ids = [run.resource.id_of(each.answer.json) for each, _ in done]
    if len(set(ids)) < len(ids):
        unlike = conditions.different(run.resource.id)
        raise Broken("two creates at once were answered with the same id", *sent, holds=unlike)
    for exchange, body in done:
        if run.resource.id_of(exchange.answer.json) not in new:
            message = f"of two creates at once, one was answered with the id of another {run.noun}"
            once = conditions.listed(mark, get(body, mark), 1)
            raise Broken(message, *sent, listed, holds=once)
        run.expect_shown(body, exchange, *(each for each in sent if each != exchange))
        same = [item for item in new.values() if get(item, mark) == get(body, mark)]
        if len(same) != 1:
            once = conditions.listed(mark, get(body, mark), 1)
            raise Broken(f"after two creates at once the list shows one {len(same)} times", *sent, listed, holds=once)
        run.expect_shown(body, listed, *sent, token=same[0])
    for id in mine:
        run.cleanup.discard(id)


@clause(
    "concurrency/reads",
    "A read at the same time as an edit shows what was before or what is after, and no mixture.",
    source="users: a deployment reads while somebody edits",
    level="expected",
    needs="edit/read-back",
)
def test_reads(run: Run) -> None:
    for _ in range(run.scaled(1)):
        with run.case():
            bodies = [run.bodies.full(), run.bodies.full()]
            before = run.edit(bodies[0])
            run.expect(before, run.success("edit"), because="a valid edit was refused")
            edit, read = run.request(run.id("edit"), bodies[1]), run.request(run.id("read"))
            edited, *reads = run.at_once(edit, read, read)
            _settled(run, edited, "edit")
            for each in reads:
                if _settled(run, each, "read") and not _wholly(run, each.answer.json, bodies):
                    raise _mixed(run, bodies, before, edited, each)
