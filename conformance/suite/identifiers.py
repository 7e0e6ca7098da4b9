"""Ids in the path: UUIDs that name something, and everything else."""

from itertools import count, cycle, islice

from ..contract.contract import Operation
from ..contract.resource import Resource
from ..run.clause import Broken, clause
from ..run.run import Run
from ..target.exchange import Exchange
from .absence import ABSENT, ANY_OWNER

# None of them is a UUID in any notation; they are put into the path as they stand here.
NO_UUIDS = (
    "not-a-uuid",
    "0",
    "00000000-0000-0000-0000-00000000000g",
    "%F0%9F%98%80",
    "1%27%20OR%20%271%27=%271",
    "..%25" + "undefined" * 30,
)
BAD = (400, 404)
# An id of more characters than this may be more than a server takes in an address.
LONG = 100
NIL = "00000000-0000-0000-0000-000000000000"


def _call(run: Run, operation: Operation, parameter: str, id: str) -> Exchange:
    """Calls an operation with an id in place of one of the path's parameters."""
    body = run.bodies.full() if operation.request_schema else None
    if parameter == run.resource.item:
        return run.call(operation.id, body, item=id)
    return run.call(operation.id, body, owners={parameter: id})


def _uuids(resource: Resource) -> list[str]:
    return [name for name in resource.parameters if resource.is_uuid(name)]


def _like(id: str) -> list[str]:
    """What is nearly an id: followed by something, and twice."""
    return [f"{id}%0A", f"{id}%00", f"{id},{id}"]


def bad_id(operation: Operation) -> tuple[int, ...]:
    """The statuses with which an id that is none is refused: 422 is one where the operation documents it."""
    return (*BAD, 422) if "422" in operation.responses else BAD


@clause(
    "identifiers/no-uuid",
    "An id in the path that is no UUID is refused with 400 or 404, or 414 where it is long.",
    source="OpenAPI document: the ids in the path are UUIDs; RFC 9110 section 15.5.15",
    level="documented",
    when=_uuids,
)
def test_no_uuid(run: Run) -> None:
    no_uuids: list[str] = [*NO_UUIDS, f"{run.subject}%20", *_like(run.subject), run.subject[:-1], f"{run.subject}0"]
    # As tools of the command line cut them.
    no_uuids.append(run.subject[:8])
    turns = cycle(no_uuids)
    for operation in run.operations:
        bad = bad_id(operation)
        edits = operation == run.resource.edit
        if run.resource.addresses(operation) and run.resource.is_uuid(run.resource.item):
            for id in run.thin(no_uuids if edits else islice(turns, 2)):
                with run.case():
                    answer = _call(run, operation, run.resource.item, id)
                    statuses = (*bad, 414) if len(id) > LONG else bad
                    run.expect(answer, *statuses, because=f"{operation.id} with {run.a} id that is no UUID")
        for name, own in run.target.owners.items():
            # Where the item's is none, all are tried on an owner's.
            some = NO_UUIDS[: 1 if run.resource.is_uuid(run.resource.item) else None]
            others = (*some, own[:-1], f"{own}0", f"{own}%20")
            for id in run.thin(others if edits else others[:1]) if run.resource.is_uuid(name) else ():
                with run.case():
                    answer = _call(run, operation, name, id)
                    # A server may well say that nobody has access to such an owner.
                    because = f"{operation.id} with an id that is no UUID for {name}"
                    run.expect(answer, *bad, 403, because=because)


@clause(
    "identifiers/unknown-item",
    "{a} that does not exist is not found: 404, or 403.",
    source="OpenAPI document: 404; Qovery's Terraform provider: 403",
    level="documented",
)
def test_unknown_item(run: Run) -> None:
    # An owner is no item, whichever table its id is looked up in; and the nil UUID names nothing.
    others = (*run.target.owners.values(), NIL) if all(map(run.resource.is_uuid, run.resource.parameters)) else ()
    for operation in run.operations:
        if run.resource.addresses(operation) and not (operation == run.resource.edit and run.resource.upserts):
            unknowns = (run.bodies.unknown(run.resource.item), *others)[: None if operation == run.resource.edit else 2]
            for unknown in run.thin(unknowns):
                with run.case():
                    answer = _call(run, operation, run.resource.item, unknown)
                    # A server may say that the nil UUID is no UUID.
                    statuses = (*ABSENT, 400) if unknown == NIL else ABSENT
                    run.expect(answer, *statuses, because=f"{operation.id} on {run.a} that does not exist")


@clause(
    "identifiers/unknown-owner",
    "{an_owner} that does not exist is not found: 404, or 403.",
    source="OpenAPI document: 403, 404",
    level="documented",
    when=lambda resource: resource.owners,
)
def test_unknown_owner(run: Run) -> None:
    for operation in run.operations:
        for name in run.target.owners:
            with run.case():
                answer = _call(run, operation, name, run.bodies.unknown(name))
                because = f"{operation.id} with an id for {name} that does not exist"
                run.expect(answer, 403, 404, because=because, about=f"{operation.id} {ANY_OWNER}")


@clause(
    "identifiers/case",
    "A UUID names the same thing in upper, lower and mixed case.",
    source="RFC 9562 section 4: UUIDs are case-insensitive on input",
    level="http",
    needs="edit/read-back",
    when=_uuids,
)
def test_case(run: Run) -> None:
    uuids = {name: id for name, id in run.target.owners.items() if run.resource.is_uuid(name)}
    named = run.resource.is_uuid(run.resource.item)
    for case, change in (("upper", str.upper), ("mixed", _mixed)):
        owners = {name: change(id) for name, id in uuids.items()}
        item = change(run.subject) if named else run.subject
        for also in run.thin(({}, owners) if named and owners and case == "upper" else (owners,)):
            _one(run, (item, also), (item, also), f"in {case} case")
    # What is kept of an item under its id as that was written, the other spelling does not change.
    upper = {name: id.upper() for name, id in uuids.items()}
    if named:
        read = [run.get(item=run.subject.upper())] if run.resource.read else []
        _one(run, (run.subject, {}), (run.subject.upper(), {}), "in upper case, after an edit in lower case,", *read)
    for operation in run.operations:
        if operation.method == "GET" and operation != run.resource.read:
            answer = run.call(operation.id, item=run.subject.upper() if named else run.subject, owners=upper)
            run.expect(answer, operation.success, because=f"{operation.id} with ids in upper case")
    if run.target.overwrite:
        return
    created = run.create(run.bodies.full(), owners=upper)
    new = run.new(created)
    if run.resource.delete:
        deleted = run.delete(new.upper() if named else new)
        run.expect(deleted, run.success("delete"), because="a delete with an id in upper case")
        _deleted(run, new, deleted)
    run.expect(run.get(), run.success("read"), because=f"{run.a} is gone after ids were sent in upper case")


Spelling = tuple[str, dict[str, str]]


def _one(run: Run, edited_as: Spelling, read_as: Spelling, what: str, *before: Exchange) -> None:
    """Raises Broken unless an item that is edited by its ids as written one way is shown by them as written another."""
    body = run.bodies.full()
    edited = run.edit(body, item=edited_as[0], owners=edited_as[1])
    run.expect(edited, run.success("edit"), because=f"an edit with an id {what}")
    read = run.get(item=read_as[0], owners=read_as[1])
    run.expect(read, run.success("read"), because=f"a read with an id {what}")
    run.expect_shown(body, read, *before, edited)


def _deleted(run: Run, id: str, deleted: Exchange) -> None:
    """Raises Broken if a delete by an id in upper case has deleted nothing, and one in lower case does."""
    there = run.get(item=id) if run.resource.read else deleted
    if there is deleted or not there.answer.ok:
        return
    run.delete(id)
    if run.get(item=id).answer.status in ABSENT:
        message = "a delete by an id in upper case is answered as if done, and deletes nothing"
        raise Broken(message, deleted, there, statuses=ABSENT)


def _mixed(text: str) -> str:
    """Every other letter in upper case."""
    letters = count()
    return "".join(each.upper() if each.isalpha() and next(letters) % 2 else each.lower() for each in text)
