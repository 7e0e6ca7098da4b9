"""What an edit means: it is stored and shown, it changes what it should and nothing else."""

import time

from ..contract.contract import Zone
from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import later, short, unlike
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.target import NotExercised
from .absence import ABSENT, expect_deleted, is_gone

# Longer than the coarsest clock that a server may show times by, in seconds.
CLOCK = 1.1


@clause(
    "edit/works",
    "A valid edit is answered with 200 and the git token, shown as sent.",
    source="OpenAPI document: editGitToken",
    level="documented",
    needs="resource/create",
)
def test_works(run: Run) -> None:
    for body in (run.bodies.full(), run.bodies.least(), run.bodies.full()):
        edited = run.edit(body)
        run.expect(edited, 200, because="a valid edit was refused")
        run.expect_shown(body, edited)


@clause(
    "edit/read-back",
    "The next read shows an edit as its answer did, character for character.",
    source="users: what was accepted is stored",
    level="expected",
    needs="edit/works resource/get",
)
def test_read_back(run: Run) -> None:
    optional = run.contract.request_schema["properties"].keys() - set(run.contract.request_schema["required"])
    empty = {field: "" for field in sorted(optional) if run.contract.must_accept(field, "")}
    for body in (
        run.bodies.full(),
        run.bodies.least(type="GITLAB"),
        run.bodies.full(),
        run.bodies.least(type="GITHUB", **empty),
    ):
        edited = run.edit(body)
        run.expect(edited, 200, because="a valid edit was refused")
        read = run.get()
        token = run.expect(read, 200, because="an edited git token cannot be read")
        run.expect_shown(body, read, edited)
        if field := unlike(run.contract, token, edited.answer.json):
            message = f"{field} differs between the edit's answer and the next read"
            raise Broken(message, edited, read, holds=conditions.same(field))


@clause(
    "edit/clears",
    "An optional field that an edit leaves out is cleared.",
    source="Qovery's Terraform provider: the git token resource; RFC 9110 section 9.3.4",
    level="documented",
    needs="edit/read-back",
)
def test_clears(run: Run) -> None:
    optional = cleared(run)
    if not optional:
        raise NotExercised("every field that may be left out is always shown")
    # Each alone, while all else stays; then all, with another provider.
    for left_out, provider in [*(([field], "GITHUB") for field in optional), (optional, "GITLAB")]:
        edited = run.edit(run.bodies.full(type="GITHUB"))
        run.expect(edited, 200, because="a valid edit was refused")
        body = {key: value for key, value in run.bodies.full(type=provider).items() if key not in left_out}
        if run.contract.zone(body | run.bodies.pins) is not Zone.ACCEPT:
            continue
        with run.case():
            again = run.edit(body)
            token = run.expect(again, 200, because=f"an edit without {' and '.join(left_out)} was refused")
            for field in left_out:
                if token.get(field):
                    message = f"{field} was left out of an edit and is shown as {short(token[field])}"
                    holds = conditions.shown(field, "")
                    raise Broken(message, edited, again, about=f"kept {field}", holds=holds)


def cleared(run: Run) -> list[str]:
    """The fields that a git token is without when nobody sends them: neither required nor always shown."""
    schema, shown = run.contract.request_schema, run.contract.operations["editGitToken"].response_schema or {}
    kept = {*schema["required"], *shown["required"]}
    return [field for field in schema["properties"] if field in shown["properties"] and field not in kept]


@clause(
    "edit/listed",
    "The list shows an edit at once.",
    source="users: what was accepted is stored",
    level="expected",
    needs="edit/read-back resource/list",
)
def test_listed(run: Run) -> None:
    for body in (run.bodies.full(), run.bodies.least()):
        edited = run.edit(body)
        run.expect(edited, 200, because="a valid edit was refused")
        listed, tokens = run.listed()
        token = tokens.get(run.subject)
        if token is None:
            once = conditions.listed("id", run.subject, 1)
            raise Broken("the list does not show an edited git token", edited, listed, holds=once)
        run.expect_shown(body, listed, edited, token=token)
        if field := unlike(run.contract, token, edited.answer.json):
            same = conditions.same(field, ("$before", None), ("$last", run.subject))
            raise Broken(f"{field} differs between the edit's answer and the list", edited, listed, holds=same)


def shown(run: Run) -> Json:
    """The subject as a read shows it now."""
    return run.expect(run.get(), 200, because="a git token cannot be read")


@clause(
    "edit/fixed",
    "An edit leaves the git token's id and created_at as they are.",
    source="OpenAPI document: read-only fields",
    level="documented",
    needs="edit/read-back",
)
def test_fixed(run: Run) -> None:
    first = run.get()
    before = run.expect(first, 200, because="a git token cannot be read")
    for body in (run.bodies.full(), run.bodies.least(type="GITLAB")):
        edited = run.edit(body)
        run.expect(edited, 200, because="a valid edit was refused")
        read = run.get()
        token = run.expect(read, 200, because="a git token cannot be read")
        for answer in (edited.answer.json, token):
            if answer["id"].lower() != before["id"].lower():
                raise Broken(
                    "the id changed with an edit", first, edited, read, holds=conditions.same("id", ("$first", None))
                )
            made, was = answer["created_at"], before["created_at"]
            if later(made, was) or later(was, made):
                same = conditions.same("created_at", ("$first", None))
                raise Broken("created_at changed with an edit", first, edited, read, holds=same)


@clause(
    "edit/read-only",
    "Read-only fields that a client sends have no effect.",
    source="OpenAPI document: read-only fields; Qovery's console sends `id` along",
    level="documented",
    needs="edit/read-back",
)
def test_read_only(run: Run) -> None:
    schema = run.contract.operations["editGitToken"].response_schema or {}
    forged = {
        "id": run.bodies.unknown_id(),
        "created_at": "2001-02-03T04:05:06Z",
        "updated_at": "2001-02-03T04:05:06Z",
        "associated_services_count": 123456,
    }
    settable = run.contract.request_schema["properties"]
    fields = [field for field in schema["properties"] if field not in settable and field in forged]
    body = run.bodies.full(**forged)
    edited = run.edit(body)
    run.expect(edited, 200, because="an edit with read-only fields was refused")
    _not_forged(forged, fields, edited)
    read = run.get()
    run.expect(read, 200, because="a git token cannot be read after read-only fields were sent")
    _not_forged(forged, fields, edited, read)
    if run.target.overwrite:
        return
    created = run.create(body)
    token = run.expect(created, 201, because="a create with read-only fields was refused")
    _not_forged(forged, fields, created)
    run.cleanup.discard(token["id"])


def _not_forged(forged: Json, fields: list[str], *exchanges: Exchange) -> None:
    token = exchanges[-1].answer.json
    for field in fields:
        if token.get(field) == forged[field] or str(token.get(field))[:10] == str(forged[field])[:10]:
            raise Broken(f"a client can set {field}", *exchanges, holds=conditions.not_shown(field, forged[field]))


@clause(
    "edit/updated-at",
    "updated_at moves forward with every edit.",
    source="users: it says when the git token was last edited",
    level="expected",
    needs="edit/read-back",
)
def test_updated_at(run: Run) -> None:
    schema = run.contract.request_schema
    # The secret alone, whose change no answer shows, and an optional field alone, which fewer servers may look at.
    secret = [field for field, about in schema["properties"].items() if about.get("writeOnly")]
    optional = [field for field in schema["properties"] if field not in schema["required"]]
    for field in (*secret[:1], *run.random.sample(optional, min(1, len(optional)))):
        _moves(run, field)


def _moves(run: Run, field: str) -> None:
    """Edits a git token, then one field of it alone; raises Broken unless that moves `updated_at`."""
    body = run.bodies.full()
    first = run.edit(body)
    before = run.expect(first, 200, because="a valid edit was refused").get("updated_at")
    if before is None:
        raise NotExercised("the server shows no updated_at")
    for wait in (0.0, CLOCK):
        time.sleep(wait)
        # What is pinned cannot change: then all else does.
        body = run.bodies.full() if field in run.bodies.pins else body | {field: run.bodies.full()[field]}
        edited = run.edit(body)
        token = run.expect(edited, 200, because="a valid edit was refused")
        after = token.get("updated_at")
        if after is None:
            raise Broken("updated_at is gone after an edit", edited, holds=conditions.has("updated_at"))
        if later(before, after):
            holds = conditions.later("updated_at")
            raise Broken(f"updated_at went back from {before} to {after}", first, edited, holds=holds)
        if later(token["created_at"], after):
            message = f"updated_at {after} lies before created_at {token['created_at']}"
            raise Broken(message, edited, holds=conditions.ordered("created_at", "updated_at"))
        if later(after, before):
            return
    message = f"updated_at stood still at {before} when {field} was changed"
    raise Broken(message, first, edited, holds=conditions.later("updated_at"))


@clause(
    "edit/idempotent",
    "The same edit twice gives the same git token, and makes no other.",
    source="RFC 9110 section 9.2.2: PUT is idempotent",
    level="http",
    needs="edit/fixed",
)
def test_idempotent(run: Run) -> None:
    seen: dict[str, Json] = {}
    for body in (run.bodies.full(), run.bodies.least()):
        first = run.edit(body)
        run.expect(first, 200, because="a valid edit was refused")
        for _ in range(2):
            again = run.edit(body)
            token = run.expect(again, 200, because="the same edit was refused when repeated")
            if field := unlike(run.contract, token, first.answer.json, "updated_at"):
                same = conditions.same(field)
                raise Broken(f"the same edit gave another {field} when repeated", first, again, holds=same)
        listed, tokens = run.listed()
        if run.subject not in tokens:
            once = conditions.listed("id", run.subject, 1)
            raise Broken("the list does not show a git token that was edited", again, listed, holds=once)
        run.expect_shown(body, listed, first, again, token=tokens[run.subject])
        if seen and run.cleanup.adopt_marked({id: token for id, token in tokens.items() if id not in seen}):
            once = conditions.listed("name", body["name"], 1)
            raise Broken("an edit has made another git token", first, again, listed, holds=once)
        seen = tokens


@clause(
    "edit/touches-no-other",
    "An edit changes no other git token.",
    source="users: every deployment relies on its own git token",
    level="expected",
    needs="edit/read-back",
)
def test_touches_no_other(run: Run) -> None:
    if not run.bystander:
        raise NotExercised("there is no other git token")
    untouched = run.get(git_token=run.bystander)
    before = run.expect(untouched, 200, because="a git token cannot be read")
    # The other one is a GITHUB token: edits of that provider, of others, with its name and with another.
    for body in run.thin(
        (
            run.bodies.full(type="GITHUB"),
            run.bodies.full(name=before["name"]),
            run.bodies.least(type="GITLAB"),
            run.bodies.full(),
        )
    ):
        edited = run.edit(body)
        run.expect(edited, 200, because="a valid edit was refused")
        read = run.get(git_token=run.bystander)
        after = run.expect(read, 200, because="another git token is gone after an edit")
        if field := unlike(run.contract, before, after):
            same = conditions.same(field, ("$first", None))
            raise Broken(f"an edit changed {field} of another git token", untouched, edited, read, holds=same)


@clause(
    "edit/deleted",
    "A git token that was edited and read is deleted like a new one.",
    source="users: what is deleted is gone",
    level="expected",
    needs="resource/delete edit/works",
)
def test_deleted(run: Run) -> None:
    created = run.create(run.bodies.full())
    gone = run.new(created)
    edited = run.edit(run.bodies.full(), git_token=gone)
    run.expect(edited, 200, because="a new git token cannot be edited")
    run.expect(run.get(git_token=gone), 200, because="an edited git token cannot be read")
    deleted = run.delete(gone)
    expect_deleted(run, deleted, created, because="an edited git token cannot be deleted")
    read = run.get(git_token=gone)
    if not is_gone(read):
        message = f"a deleted git token is still answered: {read.answer.status}"
        raise Broken(message, created, edited, deleted, read, statuses=ABSENT)
