"""Sequences of edits, reads, creations and deletions: a server does not lose its way."""

from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.run import Json, Run
from ..target.exchange import Exchange
from .absence import ABSENT, is_gone
from .strategies import bodies, secret_fields

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
    body = run.bodies.full()
    first = None
    for number in run.thin(range(8)):
        edited = run.edit(body)
        token = run.expect(edited, 200, because="an edit was refused that had been accepted")
        first = first or edited
        run.expect_shown(body, edited)
        if field := unlike(run.contract, first.answer.json, token, "updated_at"):
            same = conditions.same(field, ("$first", None))
            raise Broken(f"the same edit gave another {field}", first, edited, holds=same)
        if number % 4 == 3:
            read = run.get()
            run.expect(read, 200, because="a git token cannot be read")
            run.expect_shown(body, read, edited)


@clause(
    "sequences/any",
    "Whatever comes before, every git token is as it was last written, and gone once it is deleted.",
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
    fields = sorted(run.contract.request_schema["properties"])
    not_null = [field for field in fields if run.contract.offence(run.bodies.full() | {field: None})]

    class Machine(RuleBasedStateMachine):
        """Some git tokens of its own, and what was last written to each."""

        def __init__(self) -> None:
            super().__init__()
            self.written: dict[str, tuple[Json, Exchange]] = {}

        @initialize(body=accepted)
        def start(self, body: Json) -> None:
            self.create(body)

        def complete(self, body: Json) -> Json:
            return {"name": run.bodies.name()} | dict.fromkeys(secret_fields(run.contract), run.bodies.token()) | body

        def pick(self, index: int) -> str:
            if not self.written:
                self.create({"type": "GITHUB"})
            return list(self.written)[index % len(self.written)]

        def create(self, body: Json) -> None:
            body = self.complete(body)
            created = run.create(body)
            token = run.expect(created, 201, because="a create that must be accepted was refused")
            run.expect_shown(body, created)
            self.written[token["id"].lower()] = body, created

        @rule(body=accepted)
        def create_another(self, body: Json) -> None:
            if len(self.written) < 3:
                self.create(body)

        @rule(index=st.integers(0, 2), body=accepted)
        def edit(self, index: int, body: Json) -> None:
            token = self.pick(index)
            body = self.complete(body)
            edited = run.edit(body, git_token=token)
            run.expect(edited, 200, because="an edit that must be accepted was refused")
            run.expect_shown(body, edited)
            self.written[token] = body, edited

        @rule(index=st.integers(0, 2), field=st.sampled_from(not_null))
        def refused(self, index: int, field: str) -> None:
            answer = run.edit(run.bodies.full() | {field: None}, git_token=self.pick(index))
            run.expect(answer, 400, because=f"an edit with {field} null")

        @rule(index=st.integers(0, 2))
        def read(self, index: int) -> None:
            token = self.pick(index)
            body, before = self.written[token]
            read = run.get(git_token=token)
            run.expect(read, 200, because="a git token cannot be read")
            run.expect_shown(body, read, before)

        @rule()
        def list_all(self) -> None:
            listed, shown = run.listed()
            for token, (body, before) in self.written.items():
                if token not in shown:
                    once = conditions.listed("id", token, 1)
                    raise Broken("the list does not show a git token that exists", before, listed, holds=once)
                run.expect_shown(body, listed, before, token=shown[token])

        @rule(index=st.integers(0, 2))
        def delete(self, index: int) -> None:
            token = self.pick(index)
            run.expect(run.delete(token), 204, because="a git token cannot be deleted")
            del self.written[token]
            read = run.get(git_token=token)
            if not is_gone(read):
                run.expect(read, *ABSENT, because="a read of a deleted git token")

        def teardown(self) -> None:
            for token, (body, before) in self.written.items():
                read = run.get(git_token=token)
                if not read.broken and read.answer.ok:
                    run.expect_shown(body, read, before)
                run.cleanup.discard(token)

    return Machine
