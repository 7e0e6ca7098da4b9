"""A real secret: what a server that verifies secrets accepts, from the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..contract.held import Held
from ..run.run import Run
from ..target.stops import CannotRun


def hold(run: Run, variables: Mapping[str, str]) -> None:
    """Holds the fields that such a server verifies at what is real, if a secret is given.

    An address is left out unless it is given: then the public one is meant. Raises CannotRun.
    """
    resource, bodies = run.contract.resource, run.bodies
    held = Held(resource)
    if not variables.get(held.secret):
        if lost := next((name for name in (held.second, *held.all) if variables.get(name)), None):
            raise CannotRun(f"{lost} is of no use without {held.secret}")
        return
    if not (resource.secrets and resource.switch):
        raise CannotRun(f"{held.secret}: the contract has no secret that belongs to a choice")
    [secret], switch = resource.secrets[:1], resource.switch
    pins = {secret: variables[held.secret], switch: variables.get(held.choice) or held.default}
    # What the choice needs besides, and nobody can make up.
    if missing := bodies.lacking(**pins):
        if not variables.get(held.of(missing)):
            raise CannotRun(f"{pins[switch]} needs {held.of(missing)}")
        pins[missing] = variables[held.of(missing)]
    given = {name: value for name, variable in held.addresses.items() if (value := variables.get(variable))}
    pins |= given
    bodies.left_out = set(held.addresses) - given.keys()
    for field, value in pins.items():
        if not run.contract.must_accept(field, value):
            name = held.secret if field == secret else held.of(field)
            raise CannotRun(f"{name} is nothing that a server need accept as {field}")
    bodies.pins |= pins
    bodies.verified = True
    run.secrets.keep(variables[held.secret], run.secrets.secret)
    if second := variables.get(held.second):
        bodies.second = {secret: second}
        run.secrets.keep(second, run.secrets.secret)


def told(run: Run) -> Iterator[str]:
    """What the consent says of it."""
    resource, bodies = run.contract.resource, run.bodies
    if not resource.secrets or resource.secrets[0] not in bodies.pins:
        return
    held = Held(resource)
    word = f"that of {held.secret}" + (f", and that of {held.second}" if bodies.second else "")
    others = ", ".join(f"{name} {value}" for name, value in bodies.pins.items() if name not in resource.secrets)
    yield f"Secret:   {word}" + (f"; with {others}" if others else "") + "; it is sent with every create and edit"
