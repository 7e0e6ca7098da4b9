"""Tenants: what belongs to another owner is neither shown nor changed."""

from functools import partial
from typing import Literal

from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.requests import OWN
from ..run.run import Run
from ..target.exchange import Exchange
from ..target.stops import Absent, NotExercised
from .absence import ANY_OWNER, expect_absent


def _tells_nothing(run: Run, refusal: Exchange) -> None:
    """Raises Broken if a refusal shows what it refuses."""
    promised = run.resource.shown_schema.get("required") or list(run.resource.shown)
    shown = [field for field in promised if f'"{field}"' in refusal.answer.text]
    if len(shown) > len(promised) // 2:
        message = f"the refusal shows {', '.join(shown)} of {run.a}"
        raise Broken(message, refusal, holds=conditions.nowhere(shown))


@clause(
    "isolation/foreign-owner",
    "Nothing can be done in {an_owner} that the caller has no access to: 403 or 404.",
    source="OpenAPI document: 403, 404",
    level="documented",
    needs="resource/get",
)
def test_foreign_owner(run: Run) -> None:
    foreign = run.target.foreign
    if not run.resource.owners:
        raise Absent(f"the contract has no owners of {run.resource.nouns}")
    if not foreign:
        variables = " and ".join(run.resource.variable("foreign", name) for name in run.resource.owners)
        raise NotExercised(f"it needs {variables}")
    if not run.target.read_only:
        run.expendable()
    first = run.get(item=run.bystander)
    before = run.expect(first, run.success("read"), because=f"{run.a} cannot be read")
    sent: list[Exchange] = []
    # The caller's own item by way of the other owner, and that owner's own; deleting comes last.
    tokens = [run.bystander, *filter(None, [run.target.foreign_item])]
    unknown = {name: run.bodies.unknown(name) for name in foreign}
    for operation in sorted(run.operations, key=lambda each: each.method == "DELETE"):
        addresses = run.resource.addresses(operation)
        lists = operation.method == "GET" and not addresses
        calls: list[tuple[dict[str, str], str, tuple[str, str] | Literal["own"]]] = [
            (foreign, token, OWN) for token in (tokens if addresses else tokens[:1])
        ]
        # The same owner in another notation, and the same caller in the other schemes.
        if lists:
            upper = {name: value.upper() if run.resource.is_uuid(name) else value for name, value in foreign.items()}
            calls.append((upper, "", OWN))
        if lists or operation == run.resource.edit:
            for scheme, value in list(run.target.credentials.items())[1:]:
                calls.append((foreign, tokens[-1], (scheme.header, scheme.value(value))))
        # Of several owners, each alone is another's, unless it is called as one's own is.
        if len(foreign) > 1 and (operation.method == "GET" or operation == run.resource.edit):
            alone = [{name: value} for name, value in foreign.items() if value != run.target.owners[name]]
            calls += [(owners, tokens[-1], OWN) for owners in alone]
        for owners, token, authorization in calls:
            with run.case():
                body = run.bodies.full() if operation.request_schema else None
                call = partial(run.call, operation.id, body, item=token, authorization=authorization)
                answer = call(owners=owners)
                sent += [answer] * (token == run.bystander and operation.method != "GET")
                because = f"{operation.id} in another {run.owner}"
                expect_absent(run, answer, partial(call, owners=unknown), because, about=f"{operation.id} {ANY_OWNER}")
                _tells_nothing(run, answer)
    read = run.get(item=run.bystander)
    after = run.expect(read, run.success("read"), because=f"{run.a} is gone after others were addressed")
    if field := unlike(run.contract, before, after):
        same = conditions.same(field, ("$first", None))
        raise Broken(f"{field} was changed through another {run.owner}", first, *sent, read, holds=same)


@clause(
    "isolation/foreign-item",
    "Another {owner}'s {noun} cannot be reached through one's own {owner}: 403 or 404.",
    source="OpenAPI document: 403, 404",
    level="documented",
    needs="resource/get",
)
def test_foreign_item(run: Run) -> None:
    foreign = run.target.foreign_item
    if not foreign:
        raise NotExercised(f"it needs {run.resource.variable('foreign', run.resource.item)}")
    for operation in sorted(run.operations, key=lambda each: each.method == "DELETE"):
        # Where an edit creates what is not there, it makes one here that is called as theirs.
        if run.resource.addresses(operation) and not (operation == run.resource.edit and run.resource.upserts):
            with run.case():
                body = run.bodies.full() if operation.request_schema else None
                call = partial(run.call, operation.id, body)
                answer = call(item=foreign)
                because = f"{operation.id} on another {run.owner}'s {run.noun}"
                expect_absent(run, answer, partial(call, item=run.bodies.unknown(run.resource.item)), because)
                _tells_nothing(run, answer)


@clause(
    "isolation/list",
    "The list shows no {noun} of another {owner}.",
    source="OpenAPI document: {list}",
    level="documented",
    needs="resource/list",
)
def test_list(run: Run) -> None:
    foreign = run.target.foreign_item
    if not foreign:
        raise NotExercised(f"it needs {run.resource.variable('foreign', run.resource.item)}")
    run.id("list")
    listed, tokens = run.listed()
    if foreign.lower() in tokens:
        none = conditions.listed(run.resource.id, foreign, 0)
        raise Broken(f"the list shows another {run.owner}'s {run.noun}", listed, holds=none)
