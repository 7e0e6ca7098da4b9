"""The rest of the resource: items are created, shown, listed and deleted."""

from functools import partial

from ..contract.fields import get, has, put
from ..run import conditions
from ..run.about import OTHERS_DELETED
from ..run.clause import Broken, clause
from ..run.comparison import short, unlike
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.stops import Absent, CannotRun, NotExercised
from .absence import ABSENT, cleared, expect_absent, expect_deleted, is_gone
from .verification import expect_no_verification


def sparse(run: Run) -> Json:
    """The smallest body, with an empty text where that may be."""
    body = run.bodies.least()
    for name in run.resource.of_kind("text", secret=False):
        if name in run.resource.optional and "." not in name and run.contract.must_accept(name, ""):
            return put(body, name, "")
    return body


@clause(
    "resource/create",
    "A valid {noun} is created, shown as sent, with an id that no other {noun} has.",
    source="OpenAPI document: {create}",
    level="documented",
    needs="",
)
def test_create(run: Run) -> None:
    if run.target.overwrite:
        run.cleanup.adopt()
        raise NotExercised("with --overwrite nothing is created")
    ids: list[str] = []
    made: list[Exchange] = []
    for body in (sparse(run), run.bodies.full(**run.resource.choice(0)), run.bodies.full(**run.resource.choice(1))):
        answer = run.create(body)
        if answer.answer.status == 403:
            raise CannotRun(f"the server does not let these credentials create {run.nouns} (403)")
        expect_no_verification(run, answer)
        token = run.expect(answer, run.success("create"), because=f"a valid {run.noun} was not created")
        run.expect_shown(body, answer)
        id = run.resource.id_of(token)
        if id in ids:
            same = conditions.different(run.resource.id)
            raise Broken(f"the id {id} was given twice", *made, answer, holds=same)
        ids.append(id)
        made.append(answer)
    run.subject, run.bystander = ids[1], ids[2]
    run.cleanup.discard(ids[0])


@clause(
    "resource/get",
    "{a} that was created can be read, as it was shown on creation.",
    source="OpenAPI document: {read}",
    level="documented",
    needs="resource/create",
)
def test_get(run: Run) -> None:
    if run.target.keeps:
        if not run.subject:
            raise NotExercised(f"there is no {run.noun} to read")
        run.expect(run.get(), run.success("read"), because=f"a listed {run.noun} cannot be read")
        return
    body = run.bodies.full()
    created = run.create(body)
    run.expect(created, run.success("create"), because=f"a valid {run.noun} was not created")
    read = run.get(item=run.new(created))
    token = run.expect(read, run.success("read"), because=f"a new {run.noun} cannot be read")
    run.expect_shown(body, read, created)
    if field := unlike(run.contract, token, created.answer.json):
        raise Broken(f"{field} differs between create and get", created, read, holds=conditions.same(field))
    run.cleanup.discard(run.resource.id_of(token))


@clause(
    "resource/list",
    "The list shows every {noun} of the {owner}, a new one at once, each as a read shows it.",
    source="OpenAPI document: {list}",
    level="documented",
    needs="resource/get",
)
def test_list(run: Run) -> None:
    if run.target.keeps:
        listed, tokens = run.listed()
        read = run.get()
        token = run.expect(read, run.success("read"), because=f"a listed {run.noun} cannot be read")
        if run.subject not in tokens or unlike(run.contract, tokens[run.subject], token):
            raise Broken("list and get differ", listed, read)
        return
    run.id("list")
    body = run.bodies.full()
    _, before = run.listed()
    created = run.create(body)
    new = run.new(created)
    listed, tokens = run.listed()
    if run.cleanup.adopt_marked({id: token for id, token in tokens.items() if id not in before and id != new}):
        once = conditions.listed(run.resource.mark, get(body, run.resource.mark), 1)
        raise Broken(f"one create has made several {run.nouns}", created, listed, holds=once)
    ids = [run.resource.id_of(token) for token in run.resource.listed(listed.answer.json) or ()]
    if ids.count(new) != 1:
        once = conditions.listed(run.resource.id, new, 1)
        raise Broken(f"the list shows a new {run.noun} {ids.count(new)} times", created, listed, holds=once)
    run.expect_shown(body, listed, created, token=tokens[new])
    if len(set(ids)) < len(ids):
        raise Broken(f"the list shows {run.a} twice", listed, holds=conditions.unique(run.resource.id))
    for known in (run.subject, run.bystander):
        if known not in ids:
            once = conditions.listed(run.resource.id, known, 1)
            raise Broken(f"the list does not show {run.a} that exists", created, listed, holds=once)
    for id in (new, *(each for each in _used(run) if each in tokens)):
        read = run.get(item=id)
        token = run.expect(read, run.success("read"), because=f"a listed {run.noun} cannot be read")
        if field := unlike(run.contract, tokens[id], token):
            raise Broken(
                f"{field} differs between list and get",
                listed,
                read,
                holds=conditions.same(field, ("$before", id, run.resource.id)),
            )
    run.cleanup.discard(new)


def _used(run: Run) -> list[str]:
    """An item that was there before, if there is one: one that counts something, which the run's own do not."""
    before = run.estate.before or {}
    return sorted(before, key=lambda id: not any(get(before[id], name) for name in run.resource.counts))[:1]


@clause(
    "resource/further-reads",
    "What is read below {a} is listed, and no more than it counts.",
    source="OpenAPI document: the reads below {a}, and what it counts",
    level="documented",
    needs="resource/get",
)
def test_further_reads(run: Run) -> None:
    if not run.resource.further:
        raise Absent(f"the contract has no reads below {run.a}")
    counters = {operation: name for name, operation in run.resource.counts.items()}
    for operation in run.resource.further:
        further = run.call(operation.id)
        answer = run.expect(further, operation.success, because=f"{operation.id} of {run.a} that can be read")
        for used in _used(run):
            # What it lists, the run cannot make.
            others = run.call(operation.id, item=used)
            run.expect(others, operation.success, because=f"{operation.id} of {run.a} that is listed")
        field = counters.get(operation.id)
        # Those of an item that others use may change at any time; and nobody says that the caller may see all.
        if field is None or run.target.keeps:
            continue
        listed = next((each for each in answer.values() if isinstance(each, list)), [])
        read = run.get()
        counted = get(run.expect(read, run.success("read"), because=f"{run.a} cannot be read"), field)
        if len(listed) > counted:
            message = f"{field} is {counted}, and {len(listed)} are listed"
            raise Broken(message, further, read, holds=conditions.counted(field))


@clause(
    "resource/delete",
    "A deleted {noun} is gone: no operation finds it, and it is not listed; others stay.",
    source="OpenAPI document: {delete}; users: what is deleted is gone",
    level="expected",
    needs="resource/list",
)
def test_delete(run: Run) -> None:
    body = run.bodies.full()
    created = run.create(body)
    gone = run.new(created)
    # Where a list does not show what else is gone, one that was made after it does.
    later = [] if run.resource.list else [run.new(run.create(run.bodies.full()))]
    deleted = run.delete(gone)
    expect_deleted(run, deleted, created, because=f"{run.a} cannot be deleted")

    def call(operation: str, item: str) -> Exchange:
        takes_body = run.contract.operations[operation].request_schema
        return run.call(operation, run.bodies.full() if takes_body else None, item=item)

    for operation in run.operations:
        if run.resource.addresses(operation) and not (operation == run.resource.edit and run.resource.upserts):
            unknown = partial(call, operation.id, run.bodies.unknown(run.resource.item))
            answer = call(operation.id, gone)
            if operation == run.resource.delete and answer.answer.ok and unknown().answer.ok:
                # A server that deletes whatever it is asked to: the chapter on identifiers says so.
                continue
            expect_absent(run, answer, unknown, f"{operation.id} on a deleted {run.noun}")
    read = run.get(item=gone)
    if not is_gone(read):
        run.expect(read, *ABSENT, because=f"a deleted {run.noun} came back")
    listed, ids = run.listed()
    if gone in ids:
        gone_too = conditions.listed(run.resource.id, gone, 0)
        raise Broken(f"a deleted {run.noun} is still listed", created, deleted, listed, holds=gone_too)
    for known in filter(None, (run.subject, run.bystander, *later)):
        if known not in ids:
            once = conditions.listed(run.resource.id, known, 1)
            message = f"deleting {run.a} deleted another one too"
            raise Broken(message, created, deleted, listed, about=OTHERS_DELETED, holds=once)
    for known in later:
        run.cleanup.discard(known)


@clause(
    "resource/left-out",
    "{a} that is created without its optional fields is shown without them, whatever was created or deleted before.",
    source="OpenAPI document: the optional fields; users: nothing of one {noun} gets into another",
    level="expected",
    needs="resource/create",
)
def test_left_out(run: Run) -> None:
    body = run.bodies.least()
    created = run.create(body)
    token = run.expect(created, run.success("create"), because=f"a valid {run.noun} was not created")
    new = run.new(created)
    for field in cleared(run):
        if not has(body, field) and get(token, field):
            message = f"{field} was left out of a create and is shown as {short(get(token, field))}"
            raise Broken(message, created, holds=conditions.shown(field, ""))
    if run.resource.unique:
        run.cleanup.discard(new)
    else:
        # The chapter on values edits some in turn.
        run.pool.append(new)
