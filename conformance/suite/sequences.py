"""Sequences of edits, reads, creations and deletions: a server does not lose its way."""

from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ..contract.contract import Zone
from ..contract.fields import has, merged, put
from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.run import Json, Run
from ..target.exchange import Exchange
from .absence import ABSENT, is_gone
from .strategies import bodies, with_secrets

# About how many requests a sequence takes, and how many are left for what follows.
EXAMPLE, LEFT = 26, 50


@clause(
    "sequences/steady",
    "What works once works again and again, with the same answer to the same request.",
    source="users: an intermittent failure is a failure",
    level="expected",
    needs="edit/idempotent",
)
def test_steady(run: Run) -> None:
    # Two bodies in turn, so that a read which shows what was before is seen to.
    bodies = [run.bodies.full(), run.bodies.full()]
    firsts: list[Exchange] = []
    for number in run.thin(range(7)):
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
    needs="edit/listed resource/delete",
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
        if written is None:
            continue
        if ids.count(id) != 1:
            once = conditions.listed(run.resource.id, id, 1)
            raise Broken(f"the list shows {run.a} {ids.count(id)} times", written, edited, deleted, listed, holds=once)
        body = written.request.json
        # What the subject was last is not always known: it is edited by many roads.
        if id != run.subject and not run.resource.merges and run.contract.zone(body) is Zone.ACCEPT:
            run.expect_shown(body, listed, written, token=tokens[id])
    if new[1] in ids:
        gone = conditions.listed(run.resource.id, new[1], 0)
        raise Broken(f"the list shows {run.a} that was deleted", deleted, listed, holds=gone)
    run.cleanup.discard(new[0])


@clause(
    "sequences/any",
    "Whatever comes before, every {noun} is as it was last written, and gone once it is deleted.",
    source="users: what was accepted is stored",
    level="expected",
    needs="values/create values/text values/bounds values/combinations",
)
def test_any(run: Run) -> None:
    machine = seed(run.random.getrandbits(64))(_machine(run))
    # Where more was spent than is usual, the chapters that follow are to have some requests, too.
    examples = min(run.scaled(2), max(1, (run.target.remaining - LEFT) // EXAMPLE))
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=6))


def _machine(run: Run) -> type[RuleBasedStateMachine]:
    accepted = bodies(run.contract)
    nullable = {field: put(run.bodies.full(), field, None) for field in sorted(run.resource.leaves)}
    edit = run.id("edit")
    not_null = [field for field, body in nullable.items() if run.contract.zone(body, edit) is Zone.REFUSE]

    class Machine(RuleBasedStateMachine):
        """Some items of its own, and what was last written to each."""

        def __init__(self) -> None:
            super().__init__()
            self.written: dict[str, tuple[Json, Exchange]] = {}

        @initialize(body=accepted)
        def start(self, body: Json) -> None:
            self.create(body)

        def complete(self, body: Json) -> Json:
            mark = run.resource.mark
            body = body if has(body, mark) else put(body, mark, run.bodies.value(mark))
            return with_secrets(run.contract, body, run.bodies.token())

        def pick(self, index: int) -> str:
            if not self.written:
                self.create(run.bodies.least())
            return list(self.written)[index % len(self.written)]

        def create(self, body: Json) -> None:
            body = self.complete(body)
            created = run.create(body)
            token = run.expect(created, run.success("create"), because="a create that must be accepted was refused")
            run.expect_shown(body, created)
            self.written[run.resource.id_of(token)] = body, created

        @rule(body=accepted)
        def create_another(self, body: Json) -> None:
            if len(self.written) < 3:
                self.create(body)

        @rule(index=st.integers(0, 2), body=accepted)
        def edit(self, index: int, body: Json) -> None:
            token = self.pick(index)
            body = self.complete(body)
            edited = run.edit(body, item=token)
            run.expect(edited, run.success("edit"), because="an edit that must be accepted was refused")
            run.expect_shown(body, edited)
            self.written[token] = (merged(self.written[token][0], body) if run.resource.merges else body), edited

        @rule(index=st.integers(0, 2), field=st.sampled_from(not_null or [""]))
        def refused(self, index: int, field: str) -> None:
            if not field:
                return
            answer = run.edit(put(run.bodies.full(), field, None), item=self.pick(index))
            run.expect(answer, *run.refusals(edit), because=f"an edit with {field} null")

        @rule(index=st.integers(0, 2))
        def read(self, index: int) -> None:
            token = self.pick(index)
            body, before = self.written[token]
            read = run.get(item=token)
            run.expect(read, run.success("read"), because=f"{run.a} cannot be read")
            run.expect_shown(body, read, before)

        @rule()
        def list_all(self) -> None:
            if run.resource.list is None:
                return
            listed, shown = run.listed()
            for token, (body, before) in self.written.items():
                if token not in shown:
                    once = conditions.listed(run.resource.id, token, 1)
                    raise Broken(f"the list does not show {run.a} that exists", before, listed, holds=once)
                run.expect_shown(body, listed, before, token=shown[token])

        @rule(index=st.integers(0, 2))
        def delete(self, index: int) -> None:
            if run.resource.delete is None:
                return
            token = self.pick(index)
            run.expect(run.delete(token), run.success("delete"), because=f"{run.a} cannot be deleted")
            del self.written[token]
            read = run.get(item=token)
            if not is_gone(read):
                run.expect(read, *ABSENT, because=f"a read of a deleted {run.noun}")

        def teardown(self) -> None:
            for token, (body, before) in self.written.items():
                read = run.get(item=token)
                if not read.broken and read.answer.ok:
                    run.expect_shown(body, read, before)
                run.cleanup.discard(token)

    return Machine
