"""Servers that verify secrets where these are from: to them, one that is made up is as good as none."""

from itertools import product

from ..contract.fields import has
from ..contract.held import Held
from ..run.run import Run
from ..target.exchange import Exchange
from ..target.stops import CannotRun

# As the contract has it, and as many frameworks refuse what is well-formed, which is a finding of its own.
_REFUSED = (400, 422)


def expect_no_verification(run: Run, refused: Exchange) -> None:
    """Raises CannotRun, which says what to do, if a create or edit that must be accepted is refused for its secret.

    It is if whatever is as plain as can be is refused too: of another choice, without an address, of letters alone.
    Where nothing is verified, that is without a secret, it is accepted.
    A secret that is pinned without a word of verification is one that every server has to accept: then it is a finding.
    """
    secrets, bodies = set(run.contract.resource.secrets), run.bodies
    status = refused.answer.status
    if status not in _REFUSED or not secrets or (secrets & bodies.pins.keys() and not bodies.verified):
        return
    operation = str(refused.request.operation)
    choices = [
        choice
        for choice in run.contract.resource.choices
        if all(run.bodies.pins.get(name, value) == value for name, value in choice.items())
    ]
    for choice, whole in product(choices, (True, False)):
        body = run.bodies.plain(choice, whole=whole)
        answer = run.call(operation, body)
        if answer.answer.ok and isinstance(answer.answer.json, dict):
            run.cleanup.discard(run.resource.id_of(answer.answer.json))
        if answer.answer.status != status or not any(has(body, name) for name in secrets):
            return
    held = Held(run.resource)
    if bodies.verified:
        *others, last = held.all
        raise CannotRun(
            f"the server refuses all that the contract has it accept, also with {held.secret} ({status}): it must "
            f"be valid where it is from, and {', '.join(others)} and {last} what it belongs to; "
            "if it is, the server accepts none; or use --read-only"
        )
    raise CannotRun(
        f"this server seems to verify secrets: it refuses every create with one that is made up ({status}). "
        f"Give it a real one by {held.secret} (and {held.choice}, if that is not {held.default}), or use --read-only"
    )
