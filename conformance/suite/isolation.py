"""Tenants: what belongs to another organization is neither shown nor changed."""

from functools import partial

from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.run import OWN, Run
from ..target.exchange import Exchange
from ..target.target import NotExercised
from .absence import expect_absent


def _tells_nothing(run: Run, refusal: Exchange) -> None:
    """Raises Broken if a refusal shows what it refuses."""
    schema = run.contract.operations["getOrganizationGitToken"].response_schema or {}
    shown = [field for field in schema["required"] if f'"{field}"' in refusal.answer.text]
    if len(shown) > len(schema["required"]) // 2:
        message = f"the refusal shows {', '.join(shown)} of a git token"
        raise Broken(message, refusal, holds=conditions.nowhere(shown))


@clause(
    "isolation/foreign-organization",
    "Nothing can be done in an organization that the caller has no access to: 403 or 404.",
    source="OpenAPI document: 403, 404",
    level="documented",
    needs="resource/get",
)
def test_foreign_organization(run: Run) -> None:
    foreign = run.target.foreign_organization
    if not foreign:
        raise NotExercised("it needs QOVERY_FOREIGN_ORGANIZATION_ID")
    run.expendable()
    before = run.expect(run.get(git_token=run.bystander), 200, because="a git token cannot be read")
    # The caller's own git token by way of the other organization, and that organization's own; deleting comes last.
    tokens = [run.bystander, *filter(None, [run.target.foreign_token])]
    unknown = run.bodies.unknown_id()
    for operation in sorted(run.operations, key=lambda each: each.method == "DELETE"):
        addresses = "gitTokenId" in operation.parameters
        lists = operation.method == "GET" and not addresses
        calls: list[tuple[str, str, str]] = [(foreign, token, OWN) for token in (tokens if addresses else tokens[:1])]
        # The same organization in another notation, and the same caller in the other scheme.
        if lists:
            calls.append((foreign.upper(), "", OWN))
        if run.target.api_token and run.target.jwt and (lists or operation.method == "PUT"):
            calls.append((foreign, tokens[-1], f"Bearer {run.target.jwt}"))
        for organization, token, authorization in calls:
            with run.case():
                body = run.bodies.full() if operation.request_schema else None
                call = partial(run.call, operation.id, body, git_token=token, authorization=authorization)
                answer = call(organization=organization)
                because = f"{operation.id} in another organization"
                expect_absent(run, answer, partial(call, organization=unknown), because)
                _tells_nothing(run, answer)
    read = run.get(git_token=run.bystander)
    after = run.expect(read, 200, because="a git token is gone after it was addressed through another organization")
    if field := unlike(run.contract, before, after):
        raise Broken(f"{field} was changed through another organization", read)


@clause(
    "isolation/foreign-token",
    "Another organization's git token cannot be reached through one's own organization: 403 or 404.",
    source="OpenAPI document: 403, 404",
    level="documented",
    needs="resource/get",
)
def test_foreign_token(run: Run) -> None:
    foreign = run.target.foreign_token
    if not foreign:
        raise NotExercised("it needs QOVERY_FOREIGN_GIT_TOKEN_ID")
    for operation in sorted(run.operations, key=lambda each: each.method == "DELETE"):
        if "gitTokenId" in operation.parameters:
            with run.case():
                body = run.bodies.full() if operation.request_schema else None
                call = partial(run.call, operation.id, body)
                answer = call(git_token=foreign)
                because = f"{operation.id} on another organization's git token"
                expect_absent(run, answer, partial(call, git_token=run.bodies.unknown_id()), because)
                _tells_nothing(run, answer)


@clause(
    "isolation/list",
    "The list shows no git token of another organization.",
    source="OpenAPI document: listOrganizationGitTokens",
    level="documented",
    needs="resource/list",
)
def test_list(run: Run) -> None:
    foreign = run.target.foreign_token
    if not foreign:
        raise NotExercised("it needs QOVERY_FOREIGN_GIT_TOKEN_ID")
    listed, tokens = run.listed()
    if foreign.lower() in tokens:
        none = conditions.listed("id", foreign, 0)
        raise Broken("the list shows another organization's git token", listed, holds=none)
