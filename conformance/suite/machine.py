"""A state machine of creates, edits, reads and deletes, from which Hypothesis makes sequences."""

from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ..contract.contract import Zone
from ..contract.fields import has, merged, put
from ..run import conditions
from ..run.clause import Broken
from ..run.run import Json, Run
from ..target.exchange import Exchange
from .absence import ABSENT, is_gone
from .strategies import bodies, with_secrets


def run_machine(run: Run, examples: int) -> None:
    """Tries so many sequences of six steps."""
    machine = seed(run.random.getrandbits(64))(_machine(run))
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
            # Where that has to be unique, what is generated may be another's already.
            body = body if has(body, mark) and not run.resource.unique else put(body, mark, run.bodies.value(mark))
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
