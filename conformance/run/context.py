"""What a run works with: the contract, the server under test, and what has been learned of it so far."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable
from typing import Any, TypeVar

from ..contract.contract import Contract, Operation
from ..contract.fields import get
from ..contract.resource import Role
from ..target.exchange import Exchange
from ..target.stops import Absent, NotExercised
from ..target.target import Target
from .bodies import Bodies
from .checks import CHECKS, Checks
from .clause import Clause, Result
from .estate import Estate
from .journal import Journal
from .notes import Notes, stamp
from .secrets import Secrets

Json = dict[str, Any]
T = TypeVar("T")
# Why a check has judged nothing.
UNSEEN = "no answer was one that it is about"
# About how many requests the clauses take that have no cases to choose among.
FIXED = 290


class Context:
    """What a run knows, and what clauses ask of it before they send anything.

    `subject` is the id of the item that the run created to edit; `bystander` is another one, which no edit may
    touch. `pool` are further ones that may be edited at will. `snapshot` are all items as they were listed before
    the requests in `refused`, none of which may have had an effect. `pins` are fields that are held at a value, and
    `notes` is where the run writes down what it creates.
    """

    def __init__(self, contract: Contract, target: Target, seed: int, pins: Json | None = None) -> None:
        self.contract = contract
        self.resource = contract.resource
        # What messages call an item, several, and their owner.
        self.a, self.noun = self.resource.a, self.resource.noun
        self.nouns, self.owner = self.resource.nouns, self.resource.owner
        self.target = target
        self.notes: Notes | None = None
        self.seed = seed
        # Where failing examples are from, without the password, if there is such a place.
        self.database = ""
        # The options by which another run sends the same to the same server.
        self.options: tuple[str, ...] = ()
        self.random = random.Random(seed)
        self.secrets = Secrets(
            {scheme.variable: value for scheme, value in target.credentials.items()}, self.resource.secret
        )
        self.checks = Checks(contract, self.secrets, target.authorization)
        self.journal = Journal(contract)
        self.results: dict[str, Result] = {}
        self.forget()
        self.current: Result | None = None
        self.pool: list[str] = []
        self.snapshot: dict[str, Json] = {}
        self.refused: list[Exchange] = []
        self.exercised: set[object] = set()
        # The operations that the server has been found not to have, each with the clause that says so.
        self.missing: dict[str, str] = {}
        self.subject = ""
        self.bystander = ""
        # The number of this process, if it is one of several.
        self.worker: int | None = None
        # What it has overwritten is nothing that a later run may delete.
        word = "overwritten" if target.overwrite else "conformance"
        label = f"{word}-{stamp(target.budget.lasting)}-{secrets.token_hex(3)}"
        self.estate = Estate(self.resource, label, target.foreign_item, target.overwrite or target.refuser)
        self.bodies = Bodies(contract, self.secrets, self.random, label, pins or {})

    def forget(self) -> None:
        """Begins anew with what every answer is judged by."""
        for each in CHECKS:
            clause = each.clause.worded(self.resource)
            self.results[clause.id] = Result(clause, reason=UNSEEN)

    def add(self, clause: Clause) -> Result:
        return self.results.setdefault(clause.id, Result(clause.worded(self.resource)))

    @property
    def variables(self) -> str:
        """The variables of the environment that say where."""
        return " and ".join(self.resource.variable(name) for name in self.resource.owners)

    @property
    def gone(self) -> tuple[int, ...]:
        """The statuses of a delete after which there is nothing more to delete."""
        return (self.resource.delete.success if self.resource.delete else 204, 404)

    @property
    def operations(self) -> list[Operation]:
        """The operations that the run may call: those that the server has, and where an item is overwritten, neither
        create nor delete.
        """
        kept = (self.resource.create, self.resource.delete) if self.target.keeps else ()
        every = self.contract.operations.values()
        return [each for each in every if each.id not in self.missing and each not in kept]

    def id(self, role: Role) -> str:
        """The operation with a role. Raises NotExercised if the contract has none."""
        operation: Operation | None = getattr(self.resource, role)
        if operation is None:
            raise Absent(f"the contract has no {role}")
        return operation.id

    def path(self, operation: str, item: str | None = None, owners: dict[str, str] | None = None) -> str:
        """The path of an operation on the subject, or another item, below the run's owners, or others."""
        path = self.contract.operations[operation].path
        return self.resource.path_of(path, self.target.owners | (owners or {}), self.subject if item is None else item)

    def success(self, role: str) -> int:
        """The status that says that what a role does was done."""
        operation: Operation | None = getattr(self.resource, role)
        return operation.success if operation else 200

    def refusals(self, operation: str) -> tuple[int, ...]:
        """The statuses with which an operation refuses a body."""
        return self.resource.refusals(self.contract.operations[operation])

    def expendable(self) -> None:
        """Raises NotExercised if there is no item that may be lost."""
        if self.target.keeps:
            option = "--read-only" if self.target.read_only else "--overwrite"
            raise NotExercised(f"it needs {self.resource.nouns} of its own, and with {option} there are none")

    def kind(self, operation: str, body: object) -> object:
        """What two cases share of which only one is worth a request: the wrong field and the type of its value."""
        if not isinstance(body, dict):
            return operation, type(body), bool(body)
        offence = self.contract.offence(body, operation)
        wrong = get(body, offence) if offence else None
        return offence and (operation, offence, type(wrong), bool(wrong))

    def scaled(self, examples: int) -> int:
        """How many examples to generate under the budget of this run, for that many under the default one."""
        # A run that goes on round by round spends its budget so.
        whole = self.resource.budget
        budget = min(self.target.budget.total, whole) if self.target.budget.timed else self.target.budget.total
        return max(1, examples * budget // whole)

    def thin(self, cases: Iterable[T]) -> list[T]:
        """All cases under the default budget, evenly fewer under a smaller one, but always one."""
        every = list(cases)
        share = (self.target.budget.total - FIXED) / (self.resource.budget - FIXED)
        kept = min(len(every), max(1, int(len(every) * share)))
        return [every[index * len(every) // kept] for index in range(kept)] if every else []
