"""Who may call: nobody without valid credentials, in the right scheme."""

import base64
from collections.abc import Iterator
from functools import partial
from itertools import cycle, islice, product

from ..contract.fields import get, merged
from ..contract.resource import Scheme
from ..run import conditions
from ..run.about import REFUSED_AND_DONE
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.stops import Absent, NotExercised
from .absence import is_gone

# What is tried on every operation, and what on some.
UNKNOWN = "an unknown value"
OTHERS = "the right value of another scheme"
ADDED = "the right value with a character added"

# What a client sends that has no credentials and does not notice.
NOTHING = ("undefined", "null")

TOO_LONG, NOT_ASCII = "a value of 3,200 characters", "a value that is not ASCII"


Header = tuple[str, str]


def _wrong(run: Run) -> Iterator[tuple[Scheme, Header, str]]:
    """Credentials that are not valid: the scheme that each is about, the header, what is wrong with it."""
    unknown = run.secrets.stranger(run.random)
    schemes, primary = run.resource.schemes, next(iter(run.target.credentials))
    for scheme in schemes:
        value, own = run.target.credentials.get(scheme), scheme.value
        others = [each for each in schemes if each.header == scheme.header and each.prefix != scheme.prefix]
        tries = [(own(unknown), f"{UNKNOWN} in the scheme {scheme.called}")]
        if scheme.prefix:
            tries.append((scheme.prefix, f"the scheme {scheme.prefix} alone"))
        if value:
            altered = partial(scheme.altered, value)
            tries.append((altered("{}x".format), ADDED))
            tries += [(other.value(value), f"{OTHERS} in the scheme {other.prefix}") for other in others]
            # In a scheme that nobody knows, it is the value alone that counts.
            if scheme.prefix and scheme == primary:
                if scheme.prefix != "Basic":
                    tries.append((f"Basic {value}", "the right value in the scheme Basic"))
                    user = base64.b64encode(f"{value}:{value}".encode()).decode()
                    tries.append((f"Basic {user}", "the right value as a user's name and password"))
                tries.append((value, "the right value without a scheme"))
            elif scheme.prefix:
                tries.append((f"Custom {value}", "the right value in an unknown scheme"))
            # What a JWT may be changed into besides, the chapter on forged ones has.
            if scheme == primary:
                tries += [
                    (altered("x{}".format), "the right value with a character before it"),
                    (altered(lambda text: text[:-1]), "the right value without its last character"),
                    (
                        altered(lambda text: unknown[:8] + text[8:]),
                        "the right value with other characters at its beginning",
                    ),
                ]
                if value.swapcase() != value:
                    tries.append((altered(str.swapcase), "the right value in the other case"))
            tries.append(
                (altered(lambda text: text[:-4] + unknown[:4]), "the right value with other characters at its end")
            )
            if scheme == primary:
                tries += [
                    (altered(lambda text: f"{text} {unknown}"), "the right value with another behind it"),
                ]
        yield from ((scheme, (scheme.header, each), what) for each, what in tries)
    for nothing in NOTHING:
        yield schemes[0], (schemes[0].header, schemes[0].value(nothing)), f"the value {nothing}"
    yield schemes[0], (schemes[0].header, schemes[0].value(unknown * 80)), TOO_LONG
    yield schemes[0], (schemes[0].header, schemes[0].value(f"{unknown[:8]}\xe9")), NOT_ASCII


def almost(run: Run) -> list[Header]:
    """Credentials that are not quite the right ones."""
    primary = list(run.target.credentials.items())[:1]
    return [(scheme.header, scheme.altered(value, "{}x".format)) for scheme, value in primary]


def protected(run: Run) -> None:
    if not run.resource.schemes:
        raise Absent("the contract has no scheme of authentication")


def calls(run: Run) -> Iterator[tuple[str, Json | None]]:
    """Every operation, with a body where it takes one: those that write come after the others, and a delete last."""
    order = ("GET", "POST", "PUT", "PATCH", "DELETE")
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
    writes = {run.resource.role(each.request.operation): each for each in sent}
    if run.subject not in tokens:
        once = conditions.listed(run.resource.id, run.subject, 1)
        culprit = writes.get("delete", sent[-1])
        raise Broken("a refused delete was carried out", culprit, listed, about=REFUSED_AND_DONE, holds=once)
    if field := unlike(run.contract, state, tokens[run.subject]):
        same = conditions.same(field, ("$first", run.subject, run.resource.id), ("$last", run.subject, run.resource.id))
        culprit = writes["edit"]
        first = run.findings.history.listed_before(culprit)
        message = f"a refused edit changed {field}"
        raise Broken(message, *first, culprit, listed, about=REFUSED_AND_DONE, holds=same)
    if "create" in writes and run.cleanup.adopt_marked({id: tokens[id] for id in set(tokens) - set(before)}):
        culprit = writes["create"]
        none = conditions.listed(run.resource.mark, get(culprit.request.json, run.resource.mark), 0)
        raise Broken("a refused create was carried out", culprit, listed, about=REFUSED_AND_DONE, holds=none)


def _state(run: Run) -> tuple[list[str], Json]:
    listed, tokens = run.listed()
    if run.subject not in tokens:
        once = conditions.listed(run.resource.id, run.subject, 1)
        since = run.findings.history.since(run.subject)
        message = f"a refused delete was carried out: the {run.noun} is gone"
        raise Broken(message, *since, listed, about=REFUSED_AND_DONE, holds=once)
    return list(tokens), tokens[run.subject]


@clause(
    "authentication/required",
    "Without credentials every operation is refused with 401.",
    source="OpenAPI document: security, 401",
    level="documented",
    needs="resource/list",
)
def test_required(run: Run) -> None:
    protected(run)
    header = run.resource.schemes[0].header
    kinds: tuple[tuple[Header | None, str], ...] = ((None, "no credentials"), ((header, ""), "empty credentials"))
    # Empty ones are tried on some operations.
    cases = [*product(kinds[:1], calls(run)), *islice(product(kinds[1:], calls(run)), 1, None, 3)]
    for (authorization, what), (operation, body) in run.thin(cases):
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
    protected(run)
    bodies = dict(calls(run))
    primary = next(iter(run.target.credentials))
    turns = cycle(bodies)
    for scheme, authorization, what in run.thin(_wrong(run)):
        # Each goes to the edit or to another operation in turn; what a server is most likely to take, to more.
        times = 1
        if scheme == primary and what.startswith(UNKNOWN):
            times = len(bodies)
        elif what.startswith((UNKNOWN, OTHERS)) or (scheme == primary and what == ADDED):
            times = 2
        for operation in islice(turns, times):
            with run.case():
                _refused(run, run.call(operation, bodies[operation], authorization=authorization), what)


@clause(
    "authentication/nothing-written",
    "A request that is refused for its credentials changes nothing.",
    source="users: a refusal is a refusal",
    level="expected",
    needs="resource/list",
)
def test_nothing_written(run: Run) -> None:
    protected(run)
    before, state = _state(run)
    for authorization in (None, *almost(run)):
        writes = [call for call in calls(run) if run.contract.operations[call[0]].method != "GET"]
        sent = [run.call(operation, body, authorization=authorization) for operation, body in writes]
        if any(each.answer.ok for each in sent):
            raise NotExercised("a request with wrong credentials was accepted, so that it has an effect is no wonder")
        _nothing_written(run, before, state, sent)


@clause(
    "authentication/first",
    "Without credentials an edit is refused with 401, whatever id it names.",
    source="OpenAPI document: security, 401; users: who may not call learns nothing of what there is",
    level="documented",
    needs="authentication/nothing-written",
    when=lambda resource: resource.edit and resource.addresses(resource.edit),
)
def test_first(run: Run) -> None:
    protected(run)
    item = run.bodies.unknown(run.resource.item)
    answer = run.call(run.id("edit"), run.bodies.least(), item=item, authorization=None)
    _refused(run, answer, f"no credentials and an id that no {run.noun} has")


@clause(
    "authentication/schemes",
    "Valid credentials are accepted in every scheme of the contract, by every operation.",
    source="OpenAPI document: security; Qovery's site: the two schemes",
    level="documented",
    needs="resource/delete edit/works",
)
def test_schemes(run: Run) -> None:
    protected(run)
    if len(run.resource.schemes) == 1:
        raise Absent("the contract has one scheme only, which all other clauses use")
    if len(run.target.credentials) < len(run.resource.schemes):
        names = " and ".join(scheme.variable for scheme in run.resource.schemes)
        raise NotExercised(f"it needs both {names}")
    # The first one is what all other clauses use.
    for scheme in run.resource.schemes[1:]:
        _accepted(run, (scheme.header, scheme.value(run.target.credentials[scheme])))


def _accepted(run: Run, authorization: Header) -> None:
    """Raises Broken unless every operation accepts the credentials, and stores what is sent with them."""
    made = run.bodies.full()
    created = run.create(made, authorization=authorization)
    token = run.new(created)
    run.expect_shown(made, created)
    for operation, body in calls(run):
        if run.resource.role(operation) == "create":
            continue
        answer = run.call(operation, body, item=token, authorization=authorization)
        status = run.contract.operations[operation].success
        gone = is_gone(answer) and not answer.answer.repeated
        if gone and run.call(operation, body, item=token).answer.status == answer.answer.status:
            run.cleanup.discard(token)
            raise NotExercised(f"{operation} is refused with the credentials of the run, too")
        run.expect(answer, status, because=f"{operation} with valid credentials")
        if body is not None:
            run.expect_shown(merged(made, body) if run.resource.merges else body, answer)
    if run.resource.delete:
        run.estate.gone(token)
