"""Ids in the path: UUIDs that name something, and everything else."""

import itertools

from ..contract.contract import Operation
from ..run.clause import clause
from ..run.run import Run
from ..target.exchange import Exchange
from .absence import ABSENT

# None of them is a UUID in any notation; they are put into the path as they stand here.
NO_UUIDS = (
    "not-a-uuid",
    "0",
    "%00",
    "00000000-0000-0000-0000-00000000000g",
    "%F0%9F%98%80",
    "1%27%20OR%20%271%27=%271",
    "..%25" + "undefined" * 30,
)
BAD = (400, 404)
# An id of more characters than this may be more than a server takes in an address.
LONG = 100
NIL = "00000000-0000-0000-0000-000000000000"


def _call(run: Run, operation: Operation, *, git_token: str | None = None, organization: str | None = None) -> Exchange:
    body = run.bodies.full() if operation.request_schema else None
    return run.call(operation.id, body, git_token=git_token, organization=organization)


@clause(
    "identifiers/no-uuid",
    "An id in the path that is no UUID is refused with 400 or 404, or 414 where it is long.",
    source="OpenAPI document: organizationId and gitTokenId are UUIDs; RFC 9110 section 15.5.15",
    level="documented",
)
def test_no_uuid(run: Run) -> None:
    for operation in run.operations:
        if "gitTokenId" in operation.parameters:
            no_uuids = (*NO_UUIDS, f"{run.subject}%20", run.subject[:-1], f"{run.subject}0")
            for token in run.thin(no_uuids if operation.method == "PUT" else (no_uuids[-2], no_uuids[0])):
                with run.case():
                    answer = _call(run, operation, git_token=token)
                    statuses = (*BAD, 414) if len(token) > LONG else BAD
                    run.expect(answer, *statuses, because=f"{operation.id} with a git token id that is no UUID")
        own = run.target.organization
        others = (NO_UUIDS[0], own[:-1], f"{own}0", f"{own}%20")
        for organization in run.thin(others if operation.method == "PUT" else others[:1]):
            with run.case():
                answer = _call(run, operation, organization=organization)
                # A server may well say that nobody has access to such an organization.
                run.expect(answer, *BAD, 403, because=f"{operation.id} with an organization id that is no UUID")


@clause(
    "identifiers/unknown-token",
    "A git token that does not exist is not found: 404, or 403.",
    source="OpenAPI document: 404; Qovery's Terraform provider: 403",
    level="documented",
)
def test_unknown_token(run: Run) -> None:
    for operation in run.operations:
        if "gitTokenId" in operation.parameters:
            unknowns = (run.bodies.unknown_id(), NIL)[: 2 if operation.method == "PUT" else 1]
            for unknown in run.thin(unknowns):
                with run.case():
                    answer = _call(run, operation, git_token=unknown)
                    # A server may say that the nil UUID is no UUID.
                    statuses = (*ABSENT, 400) if unknown == NIL else ABSENT
                    run.expect(answer, *statuses, because=f"{operation.id} on a git token that does not exist")


@clause(
    "identifiers/unknown-organization",
    "An organization that does not exist is not found: 404, or 403.",
    source="OpenAPI document: 403, 404",
    level="documented",
)
def test_unknown_organization(run: Run) -> None:
    for operation in run.operations:
        with run.case():
            answer = _call(run, operation, organization=run.bodies.unknown_id())
            run.expect(answer, 403, 404, because=f"{operation.id} in an organization that does not exist")


@clause(
    "identifiers/case",
    "A UUID names the same thing in upper, lower and mixed case.",
    source="RFC 9562 section 4: UUIDs are case-insensitive on input",
    level="http",
    needs="edit/read-back",
)
def test_case(run: Run) -> None:
    for case, change in (("upper", str.upper), ("mixed", _mixed)):
        names = (
            {"git_token": change(run.subject)},
            {"git_token": change(run.subject), "organization": change(run.target.organization)},
        )
        for ids in run.thin(names):
            body = run.bodies.full()
            edited = run.edit(body, **ids)
            run.expect(edited, 200, because=f"an edit with an id in {case} case")
            read = run.get(**ids)
            run.expect(read, 200, because=f"a read with an id in {case} case")
            run.expect_shown(body, read, edited)
    upper = run.target.organization.upper()
    for operation in run.operations:
        if operation.method == "GET":
            answer = run.call(operation.id, git_token=run.subject.upper(), organization=upper)
            run.expect(answer, 200, because=f"{operation.id} with ids in upper case")
    if run.target.overwrite:
        return
    created = run.create(run.bodies.full(), organization=upper)
    token = run.new(created)
    if "deleteGitToken" in run.contract.operations:
        deleted = run.delete(token.upper())
        run.expect(deleted, 204, because="a delete with an id in upper case")
    run.expect(run.get(), 200, because="a git token is gone after ids were sent in upper case")


def _mixed(text: str) -> str:
    """Every other letter in upper case."""
    letters = itertools.count()
    return "".join(each.upper() if each.isalpha() and next(letters) % 2 else each.lower() for each in text)
