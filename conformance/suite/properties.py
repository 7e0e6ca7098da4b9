"""Properties that the contract does not know and that mean something elsewhere: to whom a thing belongs, what it is."""

from ..contract.resource import words
from ..run import conditions
from ..run.about import OTHERS_EDITED
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.run import Json, Run
from ..target.exchange import Exchange


def elsewhere(run: Run) -> Json:
    """Properties by which other APIs move a thing, hide it, lock it or give rights."""
    other = run.bystander or run.bodies.unknown_id()
    owner = run.resource.owners[-1] if run.resource.owners else "ownerId"
    theirs = run.target.foreign.get(owner) or run.bodies.unknown_id()
    moves: Json = {words(owner, "_"): {"id": theirs}}
    moves |= {owner: theirs, words(owner, "_", keep=True): theirs, "tenant_id": theirs}
    item = {run.resource.item: other, words(run.resource.item, "_", keep=True): other}
    others: Json = {
        **moves,
        **item,
        "owner": "somebody-else",
        "owner_id": run.bodies.unknown_id(),
        "user_id": run.bodies.unknown_id(),
        "id": other,
        "_id": other,
        "is_admin": True,
        "role": "ADMIN",
        "version": 0,
        "deleted": True,
        "deleted_at": "2001-02-03T04:05:06Z",
        "expired_at": "2001-02-03",
        "enabled": False,
        "status": "DELETED",
    }
    return {name: value for name, value in others.items() if name not in run.resource.taken}


# Of these an item shows what the server says, or nothing.
FORGED = ("expired_at", "deleted", "owner", "is_admin", "version")


@clause(
    "properties/edit",
    "A property that would move, hide, lock or replace the {noun} elsewhere has no effect in an edit.",
    source="OpenAPI document: additionalProperties is not closed; users: only what the path names is changed",
    level="expected",
    needs="edit/read-only resource/list",
    when=lambda resource: resource.open,
)
def test_edit(run: Run) -> None:
    first, before = run.listed()
    shown = before.get(run.subject, {})
    every = elsewhere(run)
    try:
        _edited(run, every, first, before, shown)
    except Broken as broken:
        # What every edit does is no effect of theirs.
        _edited(run, {}, *run.listed(), shown)
        for name, value in every.items():
            try:
                _edited(run, {name: value}, *run.listed(), shown)
            except Broken as alone:
                followed = value == run.bystander
                what = f"was followed, not the id in the path of the {run.noun}" if followed else "has an effect"
                alone.message = f"{name} in the body {what}: {alone.message}"
                raise alone from None
        raise broken from None


def _edited(run: Run, added: Json, first: Exchange, before: dict[str, Json], shown: Json) -> None:
    """Edits with more properties; raises Broken if the edit does anything but what it does without them."""
    body = run.bodies.full() | added
    edited = run.edit(body)
    run.expect(edited, run.success("edit"), because="an edit with additional properties was refused")
    run.expect_shown(body, edited)
    listed, after = run.listed()
    if run.subject not in after:
        once = conditions.listed(run.resource.id, run.subject, 1)
        raise Broken(f"the list does not show an edited {run.noun}", edited, listed, holds=once)
    run.expect_shown(body, listed, edited, token=after[run.subject])
    read = run.get()
    token = run.expect(read, run.success("read"), because=f"{run.a} cannot be read after an edit with other properties")
    run.expect_shown(body, read, edited)
    for field in FORGED:
        if field in added and token.get(field) == added[field] != shown.get(field):
            holds = conditions.not_shown(field, added[field])
            raise Broken(f"a client can set {field}", edited, read, holds=holds)
    if run.bystander in before and run.bystander in after:
        changed = unlike(run.contract, before[run.bystander], after[run.bystander])
        if changed:
            same = conditions.same(
                changed, ("$first", run.bystander, run.resource.id), ("$last", run.bystander, run.resource.id)
            )
            about = "" if added else OTHERS_EDITED
            message = f"an edit changed {changed} of another {run.noun}"
            raise Broken(message, first, edited, listed, about=about, holds=same)


@clause(
    "properties/create",
    "A property that would move, hide, lock or replace {a} elsewhere has no effect in a create.",
    source="OpenAPI document: additionalProperties is not closed; users: only what the path names is changed",
    level="expected",
    needs="edit/read-only resource/list",
    when=lambda resource: resource.open,
)
def test_create(run: Run) -> None:
    run.expendable()
    run.id("create")
    first, before = run.listed()
    added = elsewhere(run)
    body = run.bodies.full() | added
    created = run.create(body)
    new = run.new(created)
    run.expect_shown(body, created)
    listed, after = run.listed()
    if new not in after:
        once = conditions.listed(run.resource.id, new, 1)
        raise Broken(f"the list does not show a new {run.noun} with other properties", created, listed, holds=once)
    run.expect_shown(body, listed, created, token=after[new])
    for field in FORGED:
        if field in added and after[new].get(field) == added[field]:
            holds = conditions.not_shown(field, body[field], ("$last", new, run.resource.id))
            raise Broken(f"a client can set {field}", created, listed, holds=holds)
    if run.bystander in before and run.bystander in after:
        changed = unlike(run.contract, before[run.bystander], after[run.bystander])
        if changed:
            same = conditions.same(
                changed, ("$first", run.bystander, run.resource.id), ("$last", run.bystander, run.resource.id)
            )
            raise Broken(f"a create changed {changed} of another {run.noun}", first, created, listed, holds=same)
    because = f"{run.a} cannot be read that was created with other properties"
    run.expect(run.get(item=new), run.success("read"), because=because)
    run.cleanup.discard(new)
