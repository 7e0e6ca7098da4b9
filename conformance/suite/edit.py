"""What an edit means: it is stored and shown, it changes what it should and nothing else."""

import time

from ..contract.contract import Zone
from ..contract.fields import drop, get, has, merged, put
from ..run import conditions
from ..run.about import OTHERS_EDITED
from ..run.clause import Broken, clause
from ..run.comparison import later, short, unlike
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.stops import Absent, NotExercised
from .absence import ABSENT, cleared, expect_deleted, is_gone
from .verification import expect_no_verification

# Longer than the coarsest clock that a server may show times by, in seconds.
CLOCK = 1.1
# As many optional fields are edited alone; of a server with a coarse clock, fewer, as each takes a pause.
MANY, FEW = 12, 3


@clause(
    "edit/works",
    "A valid edit is answered with the {noun}, shown as sent.",
    source="OpenAPI document: {edit}",
    level="documented",
    needs="resource/create",
)
def test_works(run: Run) -> None:
    for body in (run.bodies.full(), run.bodies.least(), run.bodies.full()):
        edited = run.edit(body)
        if run.target.overwrite:
            # What a create has said already, where there is one.
            expect_no_verification(run, edited)
        run.expect(edited, run.success("edit"), because="a valid edit was refused")
        run.expect_shown(body, edited)


@clause(
    "edit/read-back",
    "The next read shows an edit as its answer did, character for character.",
    source="users: what was accepted is stored",
    level="expected",
    needs="edit/works resource/get",
)
def test_read_back(run: Run) -> None:
    texts = [name for name in run.resource.optional if name in run.resource.of_kind("text") and "." not in name]
    empty = {field: "" for field in sorted(texts) if run.contract.must_accept(field, "")}
    for body in (
        run.bodies.full(),
        run.bodies.least(**run.resource.choice(2)),
        run.bodies.full(),
        run.bodies.least(**run.resource.choice(1), **empty),
    ):
        edited = run.edit(body)
        run.expect(edited, run.success("edit"), because="a valid edit was refused")
        read = run.get()
        token = run.expect(read, run.success("read"), because=f"an edited {run.noun} cannot be read")
        run.expect_shown(body, read, edited)
        if field := unlike(run.contract, token, edited.answer.json):
            message = f"{field} differs between the edit's answer and the next read"
            raise Broken(message, edited, read, holds=conditions.same(field))


@clause(
    "edit/clears",
    "An optional field that an edit leaves out is cleared.",
    source="Qovery's Terraform provider: the git token resource; RFC 9110 section 9.3.4",
    level="documented",
    needs="edit/read-back",
    when=lambda resource: not resource.merges,
)
def test_clears(run: Run) -> None:
    optional = [field for field in cleared(run) if field not in run.bodies.pins]
    if not optional:
        raise NotExercised("every field that may be left out is pinned, or always shown")
    # Each alone, while all else stays; then all, with another choice.
    for left_out, first in [*(([field], 1) for field in optional), (optional, 2)]:
        # A choice that does without them.
        number = next((each for each in _from(run, first) if _less(run, left_out, each)), None)
        if number is None:
            continue
        edited = run.edit(run.bodies.full(**run.resource.choice(number if len(left_out) == 1 else 1)))
        run.expect(edited, run.success("edit"), because="a valid edit was refused")
        body = _less(run, left_out, number)
        with run.case():
            again = run.edit(body)
            because = f"an edit without {' and '.join(left_out)} was refused"
            token = run.expect(again, run.success("edit"), because=because)
            for field in left_out:
                if get(token, field):
                    message = f"{field} was left out of an edit and is shown as {short(get(token, field))}"
                    holds = conditions.shown(field, "")
                    raise Broken(message, edited, again, about=f"kept {field}", holds=holds)


def _from(run: Run, first: int) -> range:
    """The numbers of all choices, from one on."""
    return range(first, first + len(run.resource.choices))


def _less(run: Run, left_out: list[str], number: int) -> Json:
    """A body of a choice without some fields; empty if it need not be accepted."""
    body = run.bodies.full(**run.resource.choice(number))
    for field in left_out:
        body = drop(body, field)
    return body if run.contract.zone(body | run.bodies.pins) is Zone.ACCEPT else {}


@clause(
    "edit/keeps",
    "An edit leaves the fields that it does not mention as they are, and takes away one that is null.",
    source="RFC 7396 section 1: JSON merge patch",
    level="http",
    needs="edit/read-back",
    when=lambda resource: resource.merges,
)
def test_keeps(run: Run) -> None:
    optional = [name for name in run.resource.visible if name in run.resource.optional]
    for field in run.resource.visible:
        full = run.bodies.full()
        patch = put({}, field, get(run.bodies.full(), field))
        if run.contract.zone(patch, run.id("edit")) is not Zone.ACCEPT:
            continue  # An object within has to have other fields, too.
        run.expect(run.edit(full), run.success("edit"), because="a valid edit was refused")
        edited = run.edit(patch)
        run.expect(edited, run.success("edit"), because=f"an edit of {field} alone was refused")
        run.expect_shown(merged(full, patch), edited)
        gone = put({}, field, None)
        zones = {run.contract.zone(merged(full, gone)), run.contract.zone(gone, run.id("edit"))}
        if field not in optional or zones != {Zone.ACCEPT}:
            continue
        edited = run.edit(gone)
        token = run.expect(edited, run.success("edit"), because=f"an edit that takes {field} away was refused")
        if get(token, field) is not None:
            message = f"{field} was taken away and is shown as {short(get(token, field))}"
            raise Broken(message, edited, holds=conditions.shown(field, ""))


@clause(
    "edit/listed",
    "The list shows an edit at once.",
    source="users: what was accepted is stored",
    level="expected",
    needs="edit/read-back resource/list",
)
def test_listed(run: Run) -> None:
    run.id("list")
    for body in (run.bodies.full(), run.bodies.least()):
        edited = run.edit(body)
        run.expect(edited, run.success("edit"), because="a valid edit was refused")
        listed, tokens = run.listed()
        token = tokens.get(run.subject)
        if token is None:
            once = conditions.listed(run.resource.id, run.subject, 1)
            raise Broken(f"the list does not show an edited {run.noun}", edited, listed, holds=once)
        run.expect_shown(body, listed, edited, token=token)
        if field := unlike(run.contract, token, edited.answer.json):
            same = conditions.same(field, ("$before", None), ("$last", run.subject, run.resource.id))
            raise Broken(f"{field} differs between the edit's answer and the list", edited, listed, holds=same)


def shown(run: Run) -> Json:
    """The subject as a read shows it now."""
    return run.expect(run.get(), run.success("read"), because=f"{run.a} cannot be read")


@clause(
    "edit/fixed",
    "An edit leaves the {noun}'s id and the time of its creation as they are.",
    source="OpenAPI document: read-only fields",
    level="documented",
    needs="edit/read-back",
)
def test_fixed(run: Run) -> None:
    # As it was created: the very first edit may be the one that changes them for good.
    made = run.resource.created
    created = run.findings.history.created(run.subject)
    first = created if created and (not made or has(created.answer.json, made)) else run.get()
    before = run.expect(first, run.success("read"), run.success("create"), because=f"{run.a} cannot be read")
    for body in (run.bodies.full(), run.bodies.least(**run.resource.choice(2))):
        edited = run.edit(body)
        run.expect(edited, run.success("edit"), because="a valid edit was refused")
        read = run.get()
        token = run.expect(read, run.success("read"), because=f"{run.a} cannot be read")
        for answer in (token,) if run.resource.silent else (edited.answer.json, token):
            if run.resource.id_of(answer) != run.resource.id_of(before):
                same = conditions.same(run.resource.id, ("$first", None))
                raise Broken("the id changed with an edit", first, edited, read, holds=same)
            if made and (later(get(answer, made), get(before, made)) or later(get(before, made), get(answer, made))):
                same = conditions.same(made, ("$first", None))
                raise Broken(f"{made} changed with an edit", first, edited, read, holds=same)


@clause(
    "edit/read-only",
    "Read-only fields that a client sends have no effect.",
    source="OpenAPI document: read-only fields; consoles send the id along",
    level="documented",
    needs="edit/read-back",
)
def test_read_only(run: Run) -> None:
    if not run.resource.open:
        raise Absent("a body may hold nothing but what the contract describes")
    values: Json = {"uuid": run.bodies.unknown_id(), "date-time": "2001-02-03T04:05:06Z", "date": "2001-02-03"}
    values |= {"integer": 123456, "number": 123456, "text": "forged"}
    kinds = {name: run.resource.shown[name].kind for name in run.resource.read_only}
    forged = {name: values[kind] for name, kind in kinds.items() if kind in values and "." not in name}
    if not forged:
        raise Absent("the contract has no read-only fields")
    fields = list(forged)
    body = run.bodies.full() | forged
    edited = run.edit(body)
    run.expect(edited, run.success("edit"), because="an edit with read-only fields was refused")
    if not run.resource.silent:
        _not_forged(forged, fields, edited)
    read = run.get()
    run.expect(read, run.success("read"), because=f"{run.a} cannot be read after read-only fields were sent")
    _not_forged(forged, fields, edited, read)
    if run.target.overwrite:
        return
    created = run.create(body)
    token = run.expect(created, run.success("create"), because="a create with read-only fields was refused")
    _not_forged(forged, fields, created)
    run.cleanup.discard(run.resource.id_of(token))


def _not_forged(forged: Json, fields: list[str], *exchanges: Exchange) -> None:
    token = exchanges[-1].answer.json
    for field in fields:
        if token.get(field) == forged[field] or str(token.get(field))[:10] == str(forged[field])[:10]:
            raise Broken(f"a client can set {field}", *exchanges, holds=conditions.not_shown(field, forged[field]))


@clause(
    "edit/edited-at",
    "The time of the last edit moves forward with every edit.",
    source="users: it says when the {noun} was last edited",
    level="expected",
    needs="edit/read-back",
)
def test_edited_at(run: Run) -> None:
    if run.resource.edited is None:
        raise Absent(f"the contract has no field that says when {run.a} was last edited")
    # A server may not look at all of them.
    skipped = {*run.resource.secrets, *run.bodies.left_out}
    optional = [name for name in run.resource.optional if name in run.resource.leaves and name not in skipped]
    _moves(run, run.thin(run.random.sample(optional, min(MANY, len(optional)))))


@clause(
    "edit/rotation",
    "An edit that changes only the secret is an edit: the time of the last edit moves forward.",
    source="Qovery's site: an expiring secret is replaced by an edit",
    level="expected",
    needs="edit/edited-at",
    when=lambda resource: bool(resource.secrets),
)
def test_rotation(run: Run) -> None:
    if run.resource.edited is None:
        raise Absent(f"the contract has no field that says when {run.a} was last edited")
    for secret in [name for name in run.resource.secrets if name in run.resource.leaves][:1]:
        if secret in run.bodies.pins and secret not in run.bodies.second:
            raise NotExercised(
                f"it needs a second value of {secret}, by {run.resource.variable(run.noun, 'second_secret')}"
            )
        _moves(run, [secret])


def _edited(run: Run, body: Json) -> Exchange:
    """Edits, and gives the exchange that shows the item after it."""
    edited = run.edit(body)
    run.expect(edited, run.success("edit"), because="a valid edit was refused")
    return run.get() if run.resource.silent else edited


def _moves(run: Run, fields: list[str]) -> None:
    """Edits an item, then one field of it alone after the other; raises Broken unless each edit says so."""
    edited_at = str(run.resource.edited)
    body = run.bodies.full()
    first = _edited(run, body)
    if get(first.answer.json, edited_at) is None:
        raise NotExercised(f"the server shows no {edited_at}")
    waited = 0
    for field in fields:
        if waited == FEW:
            break
        before = get(first.answer.json, edited_at)
        for wait in (0.0, CLOCK):
            time.sleep(wait)
            body = _altered(run, body, field)
            edited = _edited(run, body)
            after = _moved_to(run, first, edited)
            if later(after, before):
                waited += wait > 0
                break
        else:
            message = f"{edited_at} stood still at {before} when {field} was changed"
            raise Broken(message, first, edited, holds=conditions.later(edited_at))
        first = edited


def _altered(run: Run, body: Json, field: str) -> Json:
    """A body with another value of one field."""
    if field in run.bodies.second:
        pinned, second = run.bodies.pins[field], run.bodies.second[field]
        return put(body, field, second if get(body, field) == pinned else pinned)
    # What is pinned cannot change: then all else does.
    return run.bodies.full() if field in run.bodies.pins else put(body, field, get(run.bodies.full(), field))


def _moved_to(run: Run, first: Exchange, edited: Exchange) -> str | float:
    """When an item was last edited; raises Broken if that lies before the edit before, or before its creation."""
    edited_at, made_at = str(run.resource.edited), run.resource.created
    token = edited.answer.json
    before, after = get(first.answer.json, edited_at), get(token, edited_at)
    if after is None:
        raise Broken(f"{edited_at} is gone after an edit", edited, holds=conditions.has(edited_at))
    if later(before, after):
        message = f"{edited_at} went back from {before} to {after}"
        raise Broken(message, first, edited, holds=conditions.later(edited_at))
    made = get(token, made_at) if made_at else None
    if made_at and made and later(made, after):
        message = f"{edited_at} {after} lies before {made_at} {made}"
        raise Broken(message, edited, holds=conditions.ordered(made_at, edited_at))
    moment: str | float = after
    return moment


@clause(
    "edit/idempotent",
    "The same edit twice gives the same {noun}, and makes no other.",
    source="RFC 9110 section 9.2.2: PUT is idempotent",
    level="http",
    needs="edit/fixed",
)
def test_idempotent(run: Run) -> None:
    seen: dict[str, Json] = {}
    for body in (run.bodies.full(), run.bodies.least()):
        first = run.edit(body)
        run.expect(first, run.success("edit"), because="a valid edit was refused")
        for _ in range(2):
            again = run.edit(body)
            token = run.expect(again, run.success("edit"), because="the same edit was refused when repeated")
            if field := unlike(run.contract, token, first.answer.json, run.resource.edited or ""):
                same = conditions.same(field)
                message = f"the same edit gave another {field} when repeated"
                raise Broken(message, first, again, about=f"altered {field}", holds=same)
        listed, tokens = run.listed()
        if run.subject not in tokens:
            once = conditions.listed(run.resource.id, run.subject, 1)
            raise Broken(f"the list does not show {run.a} that was edited", again, listed, holds=once)
        run.expect_shown(body, listed, first, again, token=tokens[run.subject])
        if seen and run.cleanup.adopt_marked({id: token for id, token in tokens.items() if id not in seen}):
            once = conditions.listed(run.resource.mark, get(body, run.resource.mark), 1)
            raise Broken(f"an edit has made another {run.noun}", first, again, listed, holds=once)
        seen = tokens


@clause(
    "edit/touches-no-other",
    "An edit changes no other {noun}.",
    source="users: what others rely on stays as it is",
    level="expected",
    needs="edit/read-back",
)
def test_touches_no_other(run: Run) -> None:
    if not run.bystander:
        raise NotExercised(f"there is no other {run.noun}")
    untouched = run.get(item=run.bystander)
    before = run.expect(untouched, run.success("read"), because=f"{run.a} cannot be read")
    # Edits to the choice that the other one has made and to others, with its name and with another.
    for body in run.thin(
        (
            run.bodies.full(**run.resource.choice(1)),
            run.bodies.full(**({} if run.resource.unique else {run.resource.mark: get(before, run.resource.mark)})),
            run.bodies.least(**run.resource.choice(2)),
            run.bodies.full(),
        )
    ):
        edited = run.edit(body)
        run.expect(edited, run.success("edit"), because="a valid edit was refused")
        read = run.get(item=run.bystander)
        after = run.expect(read, run.success("read"), because=f"another {run.noun} is gone after an edit")
        if field := unlike(run.contract, before, after):
            same = conditions.same(field, ("$first", None))
            message = f"an edit changed {field} of another {run.noun}"
            raise Broken(message, untouched, edited, read, about=OTHERS_EDITED, holds=same)


@clause(
    "edit/deleted",
    "{a} that was edited and read is deleted like a new one.",
    source="users: what is deleted is gone",
    level="expected",
    needs="resource/delete edit/works",
)
def test_deleted(run: Run) -> None:
    created = run.create(run.bodies.full())
    gone = run.new(created)
    edited = run.edit(run.bodies.full(), item=gone)
    run.expect(edited, run.success("edit"), because=f"a new {run.noun} cannot be edited")
    run.expect(run.get(item=gone), run.success("read"), because=f"an edited {run.noun} cannot be read")
    deleted = run.delete(gone)
    expect_deleted(run, deleted, created, because=f"an edited {run.noun} cannot be deleted")
    read = run.get(item=gone)
    if not is_gone(read):
        message = f"a deleted {run.noun} is still answered: {read.answer.status}"
        raise Broken(message, created, edited, deleted, read, statuses=ABSENT)
