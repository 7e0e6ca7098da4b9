"""What a run says and does before it touches somebody's organization: consent, rehearsal, sweeping, pinned fields."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from ..run.notes import Notes
from ..run.run import Run
from ..target.stops import CannotRun
from . import real

Say = Callable[[str], None]


def consent(run: Run) -> Iterator[str]:
    """What the run will create, edit and delete, where, as whom, and how many requests it may use."""
    target = run.target
    who = " and as ".join(f"{scheme.called}, from {scheme.variable}" for scheme in target.credentials)
    yield f"Where:    {target.base_url}, {target.where}"
    yield f"As whom:  {who or 'nobody, for the contract has no scheme of authentication'}"
    yield f"Requests: at most {target.max_requests}" + (f", {target.rate:g} a second" if target.rate else "")
    if target.read_only:
        yield "Creates:  nothing"
        yield "Deletes:  nothing"
        if target.refuser:
            yield f"Edits:    the {run.noun} {target.refuser}, only in ways that must be refused"
            yield f"WARNING:  a server that accepts what must be refused changes {target.refuser}, its secret included"
        else:
            yield f"Edits:    {run.nouns} that do not exist, only in ways that must be refused"
    elif target.overwrite:
        yield "Creates:  nothing"
        yield f"Edits:    the {run.noun} {target.overwrite}, many times, and restores it"
        yield "Deletes:  nothing"
        yield "WARNING:  the value of its secret is overwritten and CANNOT be restored: set it again afterwards"
    else:
        yield f"Creates:  about 60 {run.nouns} called conformance-..., at most 20 at a time"
        yield "Edits:    these, and no other"
        yield "Deletes:  these, and what earlier runs have left of theirs"
    yield from real.told(run)
    foreign = [*target.foreign.values(), *filter(None, [target.foreign_item])]
    if foreign:
        what = f"of {'an' if run.owner[0] in 'aeiou' else 'a'} {run.owner} that is not the caller's"
        yield f"Attempts: what must be refused, on {' and '.join(foreign)} {what}"


def rehearse(run: Run, say: Say) -> int:
    """Says what a run would do and checks the credentials, with one request that reads. Raises CannotRun."""
    for line in consent(run):
        say(line)
    status = run.list_all().answer.status
    if status != run.success("list"):
        raise CannotRun(f"these credentials cannot list the {run.owner}'s {run.nouns} ({status or 'no answer'})")
    say("The credentials are good. Nothing was created, edited or deleted.")
    return 0


def take_notes(run: Run, say: Say) -> None:
    """Lets the run note what it creates, for the next one to find if this one is killed."""
    try:
        run.notes = Notes(run.target.base_url, run.target.owners)
    except OSError as error:
        say(f"No notes are taken of what is created, for a next run to find: {error.strerror}")


def sweep(run: Run, say: Say) -> int:
    """Removes what earlier runs have left. Raises CannotRun if that cannot be found out."""
    run.cleanup.look()
    gone = run.cleanup.sweep()
    if run.notes:
        run.notes.close(done=True)
    say(f"Removed or restored: {', '.join(gone)}" if gone else "Earlier runs have left nothing.")
    return 0


def pin(run: Run, options: list[str]) -> None:
    """Holds request fields at values, each given as FIELD=VALUE or FIELD=env:NAME. Raises CannotRun."""
    fields = run.resource.leaves
    for option in options:
        field, equals, value = option.partition("=")
        if not equals or field not in fields:
            raise CannotRun(f"--pin takes FIELD=VALUE, where FIELD is one of {', '.join(fields)}")
        secret = fields[field].secret
        if value.startswith("env:"):
            name = value.removeprefix("env:")
            if not os.environ.get(name):
                raise CannotRun(f"--pin {field}=env:{name or 'NAME'}: {name or 'NAME'} is not set")
            value, secret = os.environ[name], True
        if not run.contract.must_accept(field, value):
            raise CannotRun(f"--pin {field}: a server need not accept such a value")
        run.bodies.pins[field] = value
        if secret:
            run.secrets.keep(value, run.resource.secret if fields[field].secret else field.upper())
