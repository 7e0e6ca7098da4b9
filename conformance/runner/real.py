"""A real secret: what a server that verifies secrets with the git provider accepts, from the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..run.run import Run
from ..target.target import CannotRun

# The variables for people who have a secret to spare; a second one lets the run change the secret alone.
SECRET, SECOND = "QOVERY_GIT_TOKEN_SECRET", "QOVERY_GIT_TOKEN_SECOND_SECRET"
PROVIDER, WORKSPACE, ADDRESS = "QOVERY_GIT_PROVIDER", "QOVERY_GIT_WORKSPACE", "QOVERY_GIT_API_URL"


def hold(run: Run, variables: Mapping[str, str]) -> None:
    """Holds the fields that such a server verifies at what is real, if a secret is given.

    The address is left out unless it is given: then the provider's public one is meant. Raises CannotRun.
    """
    given = {name: variables.get(name, "") for name in (SECRET, SECOND, PROVIDER, WORKSPACE, ADDRESS)}
    if not given[SECRET]:
        lost = next((name for name, value in given.items() if value), None)
        if lost:
            raise CannotRun(f"{lost} is of no use without {SECRET}")
        return
    resource, bodies = run.contract.resource, run.bodies
    if not (resource.secrets and resource.switch):
        raise CannotRun(f"{SECRET}: the contract has no secret that belongs to a provider")
    [secret], switch = resource.secrets[:1], resource.switch
    addresses = list(resource.of_kind("address"))
    default = next(iter(resource.examples.values()), {}).get(switch, "")
    pins = {secret: given[SECRET], switch: given[PROVIDER] or default}
    # What the provider needs besides, and nobody can make up.
    if missing := bodies.lacking(**pins):
        if not given[WORKSPACE]:
            raise CannotRun(f"{pins[switch]} needs {WORKSPACE}")
        pins[missing] = given[WORKSPACE]
    if given[ADDRESS]:
        pins |= dict.fromkeys(addresses, given[ADDRESS])
    else:
        bodies.left_out = set(addresses)
    names = {secret: SECRET, switch: PROVIDER, **dict.fromkeys(addresses, ADDRESS)}
    for field, value in pins.items():
        if not run.contract.must_accept(field, value):
            raise CannotRun(f"{names.get(field, WORKSPACE)} is nothing that a server need accept as {field}")
    bodies.pins |= pins
    bodies.verified = True
    run.secrets.keep(given[SECRET], "GIT_TOKEN")
    if given[SECOND]:
        bodies.second = {secret: given[SECOND]}
        run.secrets.keep(given[SECOND], "GIT_TOKEN")


def told(run: Run) -> Iterator[str]:
    """What the consent says of it."""
    resource, bodies = run.contract.resource, run.bodies
    if not resource.secrets or resource.secrets[0] not in bodies.pins:
        return
    word = f"that of {SECRET}" + (f", and that of {SECOND}" if bodies.second else "")
    others = ", ".join(f"{name} {value}" for name, value in bodies.pins.items() if name not in resource.secrets)
    yield f"Secret:   {word}" + (f"; with {others}" if others else "") + "; it is sent with every create and edit"
