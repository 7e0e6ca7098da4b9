"""Who may call: nobody without valid credentials, in the right scheme."""

from collections.abc import Iterator
from itertools import cycle, islice, product

from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.target import NotExercised

# What is tried on every operation, and what on some.
UNKNOWN = "an unknown value"
OTHERS = "the right value of another scheme"
ADDED = "the right value with a character added"

TOO_LONG, NOT_ASCII = "a value of 3,200 characters", "a value that is not ASCII"


def _wrong(run: Run) -> Iterator[tuple[str, str, str]]:
    """Authorization headers that are not valid: the scheme that each is about, the header, what is wrong with it."""
    unknown = run.secrets.stranger(run.random)
    other = {"Token": "Bearer", "Bearer": "Token"}
    for scheme, value in (("Token", run.target.api_token), ("Bearer", run.target.jwt)):
        yield scheme, f"{scheme} {unknown}", f"{UNKNOWN} in the scheme {scheme}"
        yield scheme, scheme, f"the scheme {scheme} alone"
        if not value:
            continue
        yield scheme, f"{scheme} {value}x", ADDED
        yield scheme, f"{other[scheme]} {value}", f"{OTHERS} in the scheme {other[scheme]}"
        yield scheme, f"Basic {value}", "the right value in the scheme Basic"
        yield scheme, value, "the right value without a scheme"
        yield scheme, f"{scheme} x{value}", "the right value with a character before it"
        yield scheme, f"{scheme} {value[:-1]}", "the right value without its last character"
        yield scheme, f"{scheme} {value[:-4]}{unknown[:4]}", "the right value with other characters at its end"
        yield scheme, f"{scheme} {unknown[:8]}{value[8:]}", "the right value with other characters at its beginning"
        if value.swapcase() != value:
            yield scheme, f"{scheme} {value.swapcase()}", "the right value in the other case"
        yield scheme, f"{scheme} {value} {unknown}", "the right value with another behind it"
        yield scheme, f"{scheme} {unknown},{value}", "the right value in a list"
        yield scheme, f"Custom {value}", "the right value in an unknown scheme"
    yield "Bearer", f"Bearer {unknown[:12]}.{unknown[12:24]}.{unknown[24:]}", "what only looks like a JWT"
    yield "Token", f"Token {unknown * 80}", TOO_LONG
    yield "Token", f"Token {unknown[:8]}\xe9", NOT_ASCII


def _calls(run: Run) -> Iterator[tuple[str, Json | None]]:
    """Every operation, with a body where it takes one: those that write come after the others, and a delete last."""
    order = ("GET", "POST", "PUT", "DELETE")
    operations = sorted(run.operations, key=lambda each: order.index(each.method))
    for operation in operations:
        yield operation.id, run.bodies.full() if operation.request_schema else None


def _refused(run: Run, exchange: Exchange, what: str) -> None:
    # What HTTP itself does not like, a server may refuse before it looks for credentials.
    statuses = (401, 400, 431) if what in (TOO_LONG, NOT_ASCII) else (401,)
    run.expect(exchange, *statuses, because=f"{exchange.request.operation} with {what}")


def _nothing_written(run: Run, before: list[str], state: Json, sent: list[Exchange]) -> None:
    """Raises Broken if one of the refused requests has had an effect."""
    listed, tokens = run.listed()
    writes = {each.request.operation: each for each in sent}
    if run.subject not in tokens:
        once = conditions.listed("id", run.subject, 1)
        culprit = writes.get("deleteGitToken", sent[-1])
        raise Broken("a refused delete was carried out", culprit, listed, holds=once)
    if field := unlike(run.contract, state, tokens[run.subject]):
        same = conditions.same(field, ("$first", run.subject), ("$last", run.subject))
        culprit = writes["editGitToken"]
        first = run.findings.history.listed_before(culprit)
        raise Broken(f"a refused edit changed {field}", *first, culprit, listed, holds=same)
    if "createGitToken" in writes and run.cleanup.adopt_marked({id: tokens[id] for id in set(tokens) - set(before)}):
        culprit = writes["createGitToken"]
        none = conditions.listed("name", (culprit.request.json or {}).get("name"), 0)
        raise Broken("a refused create was carried out", culprit, listed, holds=none)


def _state(run: Run) -> tuple[list[str], Json]:
    listed, tokens = run.listed()
    if run.subject not in tokens:
        once = conditions.listed("id", run.subject, 1)
        since = run.findings.history.since(run.subject)
        raise Broken("a refused delete was carried out: the git token is gone", *since, listed, holds=once)
    return list(tokens), tokens[run.subject]


@clause(
    "authentication/required",
    "Without credentials every operation is refused with 401.",
    source="OpenAPI document: security, 401",
    level="documented",
    needs="resource/list",
)
def test_required(run: Run) -> None:
    kinds = ((None, "no credentials"), ("", "empty credentials"))
    for (authorization, what), (operation, body) in run.thin(product(kinds, _calls(run))):
        with run.case():
            _refused(run, run.call(operation, body, authorization=authorization), what)


@clause(
    "authentication/valid",
    "Credentials that are not exactly valid ones, in their own scheme, are refused with 401 by every operation.",
    source="OpenAPI document: security, 401; Qovery's site: the two schemes",
    level="documented",
    needs="authentication/required",
)
def test_valid(run: Run) -> None:
    calls = dict(_calls(run))
    primary = run.target.authorization.split()[0]
    turns = cycle(calls)
    for scheme, authorization, what in run.thin(_wrong(run)):
        # Each goes to the edit or to another operation in turn; what a server is most likely to take, to more.
        times = 1
        if scheme == primary and what.startswith(UNKNOWN):
            times = len(calls)
        elif what.startswith((UNKNOWN, OTHERS)) or (scheme == primary and what == ADDED):
            times = 3
        for operation in islice(turns, times):
            with run.case():
                _refused(run, run.call(operation, calls[operation], authorization=authorization), what)


@clause(
    "authentication/nothing-written",
    "A request that is refused for its credentials changes nothing.",
    source="users: a refusal is a refusal",
    level="expected",
    needs="resource/list",
)
def test_nothing_written(run: Run) -> None:
    before, state = _state(run)
    for authorization in (None, f"{run.target.authorization}x"):
        writes = [call for call in _calls(run) if run.contract.operations[call[0]].method != "GET"]
        sent = [run.call(operation, body, authorization=authorization) for operation, body in writes]
        _nothing_written(run, before, state, sent)


@clause(
    "authentication/schemes",
    "An API token is accepted in the scheme Token, a JWT in the scheme Bearer, by every operation.",
    source="OpenAPI document and Qovery's site: Token, Bearer",
    level="documented",
    needs="resource/delete edit/works",
)
def test_schemes(run: Run) -> None:
    if not (run.target.api_token and run.target.jwt):
        raise NotExercised("it needs both QOVERY_API_TOKEN and QOVERY_JWT")
    # The API token is what all other clauses use.
    authorization = f"Bearer {run.target.jwt}"
    created = run.create(run.bodies.full(), authorization=authorization)
    token = run.new(created)
    for operation, body in _calls(run):
        if operation == "createGitToken":
            continue
        answer = run.call(operation, body, git_token=token, authorization=authorization)
        status = run.contract.operations[operation].success
        run.expect(answer, status, because=f"{operation} with valid credentials")
    run.estate.gone(token)
