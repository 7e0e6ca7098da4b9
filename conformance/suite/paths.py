"""Paths written in other ways: none of them leads round the check of credentials, or into another organization."""

from collections.abc import Callable
from itertools import cycle

from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.target import NotExercised

# What makes of a path another one, which a gateway and an application may take for different things.
ROADS: dict[str, Callable[[str], str]] = {
    "two slashes at the beginning": lambda path: f"/{path}",
    "two slashes in the middle": lambda path: path.replace("/gitToken", "//gitToken"),
    "a slash at the end": lambda path: f"{path}/",
    "a dot segment at the beginning": lambda path: f"/.{path}",
    "a dot segment in the middle": lambda path: path.replace("/gitToken", "/./gitToken"),
    "an encoded dot segment": lambda path: path.replace("/gitToken", "/%2e/gitToken"),
    "a parameter at its end": lambda path: f"{path};x=y",
    "an ending": lambda path: f"{path}.json",
    "capitals": lambda path: path.replace("organization", "ORGANIZATION").replace("gitToken", "GITTOKEN"),
    "an encoded slash": lambda path: path.replace("/gitToken", "%2FgitToken"),
    "an encoded letter": lambda path: path.replace("/organization", "/%6frganization"),
}
# Rarer ones.
BYWAYS: dict[str, Callable[[str], str]] = {
    "a way in and out": lambda path: f"/health/..{path}",
    "an encoded way in and out": lambda path: f"/health/%2e%2e{path}",
    "a way in and out with a parameter": lambda path: f"/health/..;{path}",
    "a parameter within": lambda path: path.replace("/gitToken", ";x=y/gitToken"),
    "a space at the end": lambda path: f"{path}%20",
    "a zero byte at the end": lambda path: f"{path}%00",
    "a backslash": lambda path: path.replace("/gitToken", "\\gitToken"),
    "a twice encoded slash": lambda path: path.replace("/gitToken", "%252FgitToken"),
}
# Headers that name another path than the request's own, or say who the caller is.
PATH_HEADERS = ("X-Original-URL", "X-Rewrite-URL")
CALLER_HEADERS = (
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Real-IP", "127.0.0.1"),
    ("X-Forwarded-User", "admin"),
    ("X-Remote-User", "admin"),
    ("X-Authenticated-User", "admin"),
    ("X-User-Id", "1"),
    ("X-Internal-Request", "true"),
)
# What may name the organization besides the path.
NAMES = ("X-Organization-Id", "X-Tenant-Id", "X-Org-Id")
QUERY = ("organizationId", "organization_id", "organization")
# The statuses of what leads nowhere, elsewhere, or to a refusal.
REFUSED = (301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 414)
SAFE, UNSAFE = ("GET",), ("POST", "PUT", "DELETE")


def _operations(run: Run, methods: tuple[str, ...]) -> list[str]:
    return [each.id for each in run.operations if each.method in methods]


def _whole(run: Run, path: str) -> str:
    """A path as a whole address, as it is sent to proxies."""
    return f"{run.target.base_url}{path}"


def _through(run: Run, operation: str, road: str, **options: object) -> Exchange:
    """Calls an operation by another path."""
    body = run.bodies.full() if run.contract.operations[operation].request_schema else None
    return run.call(operation, body, road=road, **options)  # type: ignore[arg-type]


def _shows(run: Run, exchange: Exchange) -> bool:
    """Does an answer carry what the operation answers, and not only say that all is well?"""
    run.usable(exchange)
    answer = exchange.answer
    if not answer.ok:
        return False
    if exchange.request.method == "DELETE":
        return answer.status == 204
    if not isinstance(answer.json, dict):
        return False
    required = (run.contract.operations["editGitToken"].response_schema or {})["required"]
    return "results" in answer.json or sum(field in answer.json for field in required) > len(required) // 2


def _judge(run: Run, exchange: Exchange, message: str) -> None:
    with run.case():
        if _shows(run, exchange):
            raise Broken(f"{message}: {exchange.answer.status}", exchange, statuses=REFUSED)


def _without_effect(run: Run, before: dict[str, Json], sent: list[Exchange], message: str) -> None:
    """Raises Broken if one of the requests has written something."""
    listed, after = run.listed()
    names = {
        each.request.json["name"]: each
        for each in sent
        if isinstance(each.request.json, dict) and "name" in each.request.json
    }
    deletes = [each for each in sent if each.request.method == "DELETE"]
    if run.subject not in after:
        raise Broken(f"a delete {message}", *deletes, listed)
    if field := unlike(run.contract, before[run.subject], after[run.subject]):
        culprit = names.get(after[run.subject].get("name"), sent[-1])
        raise Broken(f"an edit {message}: it changed {field}", culprit, listed)
    if added := run.cleanup.adopt_marked({id: token for id, token in after.items() if id not in before}):
        raise Broken(f"a create {message}", names.get(after[added[0]]["name"], sent[-1]), listed)


@clause(
    "paths/credentials",
    "However the path is written, nothing is shown or written without credentials.",
    source="RFC 9110 section 4.2.3, RFC 3986 section 6: what is equivalent; users: what is protected is so by any path",
    level="expected",
    needs="authentication/required",
)
def test_credentials(run: Run) -> None:
    _, before = run.listed()
    reads, writes = cycle(_operations(run, SAFE)), cycle(_operations(run, UNSAFE))
    message = "without credentials is carried out"
    sent: list[Exchange] = []

    def send(operation: str, what: str, road: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        exchange = _through(run, operation, road, authorization=None, headers=headers)
        sent.append(exchange)
        _judge(run, exchange, f"{operation} {message} by a path with {what}")

    for what, change in run.thin(ROADS.items()):
        for operation in (next(reads), next(writes)):
            send(operation, what, change(run.path(operation)))
    for (what, change), operations in zip(run.thin(BYWAYS.items()), cycle((reads, writes)), strict=False):
        operation = next(operations)
        send(operation, what, change(run.path(operation)))
    for header in run.thin(PATH_HEADERS):
        for operation in (next(reads), next(writes)):
            send(operation, f"the right one in {header}", "/", ((header, run.path(operation)),))
    for operation in (next(reads), next(writes)):
        send(operation, "the server's address", _whole(run, run.path(operation)))
        send(operation, "headers that name a caller", run.path(operation), CALLER_HEADERS)
    _without_effect(run, before, sent, message)


@clause(
    "paths/cached",
    "What was read with credentials is not shown without them a moment later.",
    source="RFC 9111 section 3.5: what is stored of authenticated requests; users: a cache is no caller",
    level="http",
    needs="authentication/required",
)
def test_cached(run: Run) -> None:
    for operation in _operations(run, SAFE):
        with run.case():
            success = run.contract.operations[operation].success
            warm = run.call(operation)
            run.expect(warm, success, because=f"{operation} with credentials")
            for authorization in (None, f"{run.target.authorization}x"):
                cold = run.call(operation, authorization=authorization)
                if _shows(run, cold):
                    raise Broken(
                        f"{operation} answers without valid credentials what it has shown before",
                        warm,
                        cold,
                        statuses=(401,),
                    )


@clause(
    "paths/tenants",
    "However the path is written, nothing is shown or written of an organization that the caller has no access to.",
    source="OpenAPI document: 403, 404; users: what is protected is so by any path",
    level="expected",
    needs="isolation/foreign-organization",
)
def test_tenants(run: Run) -> None:
    foreign = run.target.foreign_organization
    if not foreign:
        raise NotExercised("it needs QOVERY_FOREIGN_ORGANIZATION_ID")
    run.expendable()
    token = run.target.foreign_token or run.bodies.unknown_id()
    listed = [each.id for each in run.operations if each.method == "GET" and "gitTokenId" not in each.parameters]
    # Without a git token of theirs, only their list can show something, and only a create can write.
    addressed = bool(run.target.foreign_token)
    reads = cycle(_operations(run, SAFE) if addressed else listed)
    writes = cycle(_operations(run, UNSAFE) if addressed else ["createGitToken"])
    message = "in another organization is carried out"

    def send(operation: str, what: str, road: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        exchange = _through(run, operation, road, headers=headers)
        _judge(run, exchange, f"{operation} {message} by a path with {what}")

    for what, change in run.thin(ROADS.items()):
        for operation in (next(reads), next(writes)):
            send(operation, what, change(run.path(operation, token, foreign)))
    for header in run.thin(PATH_HEADERS):
        for operation in (next(reads), next(writes)):
            send(operation, f"theirs in {header}", "/", ((header, run.path(operation, token, foreign)),))
    # Two ways to name an organization, of which the check may take one and the work the other.
    for named in run.thin((PATH_HEADERS, NAMES)):
        operation = next(reads)
        path = run.path(operation, token, foreign)
        query = "&".join(f"{name}={foreign}" for name in QUERY)
        headers = tuple((name, path if name in PATH_HEADERS else foreign) for name in named)
        exchange = _through(run, operation, f"{run.path(operation, token)}?{query}", headers=headers)
        with run.case():
            theirs = operation not in listed or token.lower() in exchange.answer.text.lower()
            if _shows(run, exchange) and theirs:
                raise Broken(
                    f"{operation} {message} by {', '.join(named)} or {query} that names it", exchange, statuses=REFUSED
                )
    operation = next(writes)
    send(operation, "the server's address", _whole(run, run.path(operation, token, foreign)))
