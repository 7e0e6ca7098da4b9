"""The rest of the resource: git tokens are created, shown, listed and deleted."""

from functools import partial

from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.run import Run
from ..target.exchange import Exchange
from ..target.target import CannotRun, NotExercised
from .absence import ABSENT, expect_absent, expect_deleted, is_gone


@clause(
    "resource/create",
    "A valid git token is created: 201, shown as sent, with an id that no other git token has.",
    source="OpenAPI document: createGitToken",
    level="documented",
    needs="",
)
def test_create(run: Run) -> None:
    if run.target.overwrite:
        run.cleanup.adopt()
        raise NotExercised("with --overwrite nothing is created")
    ids: list[str] = []
    made: list[Exchange] = []
    for body in (run.bodies.least(description=""), run.bodies.full(type="BITBUCKET"), run.bodies.full(type="GITHUB")):
        answer = run.create(body)
        if answer.answer.status == 403:
            raise CannotRun("the server does not let these credentials create git tokens (403)")
        token = run.expect(answer, 201, because="a valid git token was not created")
        run.expect_shown(body, answer)
        if token["id"].lower() in ids:
            raise Broken(f"the id {token['id']} was given twice", *made, answer, holds=conditions.different("id"))
        ids.append(token["id"].lower())
        made.append(answer)
    run.subject, run.bystander = ids[1], ids[2]
    run.cleanup.discard(ids[0])


@clause(
    "resource/get",
    "A git token that was created can be read, as it was shown on creation.",
    source="OpenAPI document: getOrganizationGitToken",
    level="documented",
    needs="resource/create",
)
def test_get(run: Run) -> None:
    if run.target.overwrite:
        run.expect(run.get(), 200, because="a listed git token cannot be read")
        return
    body = run.bodies.full()
    created = run.create(body)
    run.expect(created, 201, because="a valid git token was not created")
    read = run.get(git_token=run.new(created))
    token = run.expect(read, 200, because="a new git token cannot be read")
    run.expect_shown(body, read, created)
    if field := unlike(run.contract, token, created.answer.json):
        raise Broken(f"{field} differs between create and get", created, read, holds=conditions.same(field))
    run.cleanup.discard(token["id"])


@clause(
    "resource/list",
    "The list shows every git token of the organization, a new one at once, each as a read shows it.",
    source="OpenAPI document: listOrganizationGitTokens",
    level="documented",
    needs="resource/get",
)
def test_list(run: Run) -> None:
    if run.target.overwrite:
        listed, tokens = run.listed()
        read = run.get()
        token = run.expect(read, 200, because="a listed git token cannot be read")
        if run.subject not in tokens or unlike(run.contract, tokens[run.subject], token):
            raise Broken("list and get differ", listed, read)
        return
    body = run.bodies.full()
    _, before = run.listed()
    created = run.create(body)
    new = run.new(created)
    listed, tokens = run.listed()
    if run.cleanup.adopt_marked({id: token for id, token in tokens.items() if id not in before and id != new}):
        once = conditions.listed("name", body["name"], 1)
        raise Broken("one create has made several git tokens", created, listed, holds=once)
    ids = [str(token["id"]).lower() for token in listed.answer.json["results"]]
    if ids.count(new) != 1:
        once = conditions.listed("id", new, 1)
        raise Broken(f"the list shows a new git token {ids.count(new)} times", created, listed, holds=once)
    run.expect_shown(body, listed, created, token=tokens[new])
    if len(set(ids)) < len(ids):
        raise Broken("the list shows a git token twice", listed, holds=conditions.unique("id"))
    for known in (run.subject, run.bystander):
        if known not in ids:
            once = conditions.listed("id", known, 1)
            raise Broken("the list does not show a git token that exists", created, listed, holds=once)
    read = run.get(git_token=new)
    token = run.expect(read, 200, because="a listed git token cannot be read")
    if field := unlike(run.contract, tokens[new], token):
        raise Broken(
            f"{field} differs between list and get", listed, read, holds=conditions.same(field, ("$before", new))
        )
    run.cleanup.discard(new)


@clause(
    "resource/associated-services",
    "The services that use a git token are listed, and no more than it counts.",
    source="OpenAPI document: getGitTokenAssociatedServices, associated_services_count",
    level="documented",
    needs="resource/get",
)
def test_associated_services(run: Run) -> None:
    services = run.call("getGitTokenAssociatedServices")
    listed = run.expect(services, 200, because="the associated services cannot be listed")["results"]
    read = run.get()
    counted = run.expect(read, 200, because="a git token cannot be read")["associated_services_count"]
    # Those of a git token that others use may change at any time; and nobody says that the caller may see all.
    if not run.target.overwrite and len(listed) > counted:
        message = f"the git token counts {counted} services, and {len(listed)} are listed"
        holds = conditions.counted("associated_services_count")
        raise Broken(message, services, read, holds=holds)


@clause(
    "resource/delete",
    "A deleted git token is gone: 204, then no operation finds it, and it is not listed; others stay.",
    source="OpenAPI document: deleteGitToken; users: what is deleted is gone",
    level="expected",
    needs="resource/list",
)
def test_delete(run: Run) -> None:
    body = run.bodies.full()
    created = run.create(body)
    gone = run.new(created)
    deleted = run.delete(gone)
    expect_deleted(run, deleted, created, because="a git token cannot be deleted")

    def call(operation: str, git_token: str) -> Exchange:
        takes_body = run.contract.operations[operation].request_schema
        return run.call(operation, run.bodies.full() if takes_body else None, git_token=git_token)

    for operation in run.operations:
        if "gitTokenId" in operation.parameters:
            unknown = partial(call, operation.id, run.bodies.unknown_id())
            expect_absent(run, call(operation.id, gone), unknown, f"{operation.id} on a deleted git token")
    read = run.get(git_token=gone)
    if not is_gone(read):
        run.expect(read, *ABSENT, because="a deleted git token came back")
    listed, ids = run.listed()
    if gone in ids:
        gone_too = conditions.listed("id", gone, 0)
        raise Broken("a deleted git token is still listed", created, deleted, listed, holds=gone_too)
    for known in (run.subject, run.bystander):
        if known not in ids:
            once = conditions.listed("id", known, 1)
            raise Broken("deleting a git token deleted another one too", created, deleted, listed, holds=once)
