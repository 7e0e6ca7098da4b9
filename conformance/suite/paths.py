"""Paths written in other ways: none of them leads round the check of credentials, or to another owner."""

import re
from collections.abc import Callable
from itertools import cycle

from ..contract.fields import get
from ..contract.resource import words
from ..run import conditions
from ..run.about import REFUSED_AND_DONE
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.requests import OWN, Credentials, Headers
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.stops import NotExercised
from .authentication import almost
from .identifiers import bad_id

# Makes of a path another one, by its first segment and the one before the item, with their slashes.
Road = Callable[[str, str, str], str]

# What makes of a path another one, which a gateway and an application may take for different things.
ROADS: dict[str, Road] = {
    "two slashes at the beginning": lambda path, *_: f"/{path}",
    "two slashes in the middle": lambda path, _, last: path.replace(last, f"/{last}"),
    "a slash at the end": lambda path, *_: f"{path}/",
    "a dot segment at the beginning": lambda path, *_: f"/.{path}",
    "a dot segment in the middle": lambda path, _, last: path.replace(last, f"/.{last}"),
    "an encoded dot segment": lambda path, _, last: path.replace(last, f"/%2e{last}"),
    "a parameter at its end": lambda path, *_: f"{path};x=y",
    "an ending": lambda path, *_: f"{path}.json",
    "capitals": lambda path, first, last: path.replace(first, first.upper()).replace(last, last.upper()),
    "an encoded slash": lambda path, _, last: path.replace(last, f"%2F{last[1:]}"),
    "an encoded letter": lambda path, first, _: path.replace(first, f"/%{ord(first[1]):02x}{first[2:]}"),
}
# Of two that few servers tell apart, one is for reads and the other for writes.
TURNS = {
    "two slashes at the beginning": "reads",
    "two slashes in the middle": "writes",
    "a dot segment at the beginning": "writes",
    "a dot segment in the middle": "reads",
}
# Rarer ones.
BYWAYS: dict[str, Road] = {
    "a way in and out": lambda path, *_: f"/health/..{path}",
    "a zero byte at the end": lambda path, *_: f"{path}%00",
    "a backslash": lambda path, _, last: path.replace(last, f"\\{last[1:]}"),
    "what needs no credentials in the query": lambda path, *_: f"{path}?next=/health/login/swagger/x.css&x=.js",
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
    ("X-Forwarded-Email", "admin@example.com"),
    ("X-Auth-Request-User", "admin"),
    ("X-WebAuth-User", "admin"),
    ("X-Consumer-Username", "admin"),
    ("X-SSL-Client-Verify", "SUCCESS"),
    ("X-Middleware-Subrequest", ":".join(["middleware"] * 5)),
    ("Access-Control-Request-Method", "GET"),
    ("Forwarded", "for=127.0.0.1;host=localhost"),
    ("X-Requested-With", "XMLHttpRequest"),
    ("If-None-Match", "*"),
)
# The statuses of what leads nowhere, elsewhere, or to a refusal.
REFUSED = (301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 414)
SAFE, UNSAFE = ("GET",), ("POST", "PUT", "PATCH", "DELETE")


def _operations(run: Run, methods: tuple[str, ...]) -> list[str]:
    return [each.id for each in run.operations if each.method in methods]


def _turn(what: str, read: str, write: str) -> tuple[str, ...]:
    """The operations to be called by a road: of those that few tell apart, one each."""
    return {"reads": (read,), "writes": (write,)}.get(TURNS.get(what, ""), (read, write))


def _whole(run: Run, path: str) -> str:
    """A path as a whole address, as it is sent to proxies."""
    return f"{run.target.base_url}{path}"


def _changed(run: Run, change: Road, path: str) -> str:
    """A path written in another way."""
    segments = [f"/{each}" for each in run.resource.collection.split("/") if each and "{" not in each]
    return change(path, segments[0], segments[-1])


def _through(run: Run, operation: str, road: str, headers: Headers, authorization: Credentials = OWN) -> Exchange:
    """Calls an operation by another path."""
    body = run.bodies.full() if run.contract.operations[operation].request_schema else None
    return run.call(operation, body, road=road, headers=headers, authorization=authorization)


def _shows(run: Run, exchange: Exchange) -> bool:
    """Does an answer carry what the operation answers, and not only say that all is well?"""
    run.usable(exchange)
    answer = exchange.answer
    if not answer.ok:
        return False
    if exchange.request.method == "DELETE":
        return answer.status == run.success("delete")
    if run.resource.list and run.resource.listed(answer.json) is not None:
        return True
    if not isinstance(answer.json, dict):
        return False
    required = run.resource.shown_schema.get("required") or list(run.resource.shown)
    return sum(field in answer.json for field in required) > len(required) // 2


def _judge(run: Run, exchange: Exchange, message: str) -> None:
    with run.case():
        if _shows(run, exchange):
            raise Broken(f"{message}: {exchange.answer.status}", exchange, statuses=REFUSED)


def _without_effect(run: Run, first: Exchange, before: dict[str, Json], sent: list[Exchange], message: str) -> None:
    """Raises Broken if one of the requests has written something since the `first` list, which shows `before`."""
    listed, after = run.listed()
    mark = run.resource.mark
    names = {str(get(each.request.json, mark)): each for each in sent}
    deletes = [each for each in sent if each.request.method == "DELETE"]
    if run.subject not in after:
        once = conditions.listed(run.resource.id, run.subject, 1)
        about = "" if any(each.answer.ok for each in deletes) else REFUSED_AND_DONE
        raise Broken(f"a delete {message}", *deletes, listed, about=about, holds=once)
    if field := unlike(run.contract, before[run.subject], after[run.subject]):
        culprit = names.get(str(get(after[run.subject], mark)), sent[-1])
        same = conditions.same(field, ("$first", run.subject, run.resource.id), ("$last", run.subject, run.resource.id))
        about = "" if culprit.answer.ok else REFUSED_AND_DONE
        raise Broken(f"an edit {message}: it changed {field}", first, culprit, listed, about=about, holds=same)
    if added := run.cleanup.adopt_marked({id: token for id, token in after.items() if id not in before}):
        name = str(get(after[added[0]], mark))
        none = conditions.listed(mark, name, 0)
        culprit = names.get(name, sent[-1])
        about = "" if culprit.answer.ok else REFUSED_AND_DONE
        raise Broken(f"a create {message}", culprit, listed, about=about, holds=none)


@clause(
    "paths/credentials",
    "However the path is written, nothing is shown or written without credentials.",
    source="RFC 9110 section 4.2.3, RFC 3986 section 6: what is equivalent; users: what is protected is so by any path",
    level="expected",
    needs="authentication/required",
)
def test_credentials(run: Run) -> None:
    first, before = run.listed()
    reads, writes = cycle(_operations(run, SAFE)), cycle(_operations(run, UNSAFE))
    message = "without credentials is carried out"
    sent: list[Exchange] = []

    def send(operation: str, what: str, road: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        exchange = _through(run, operation, road, authorization=None, headers=headers)
        sent.append(exchange)
        _judge(run, exchange, f"{operation} {message} by a path with {what}")

    for what, change in run.thin(ROADS.items()):
        for operation in _turn(what, next(reads), next(writes)):
            send(operation, what, _changed(run, change, run.path(operation)))
    for (what, change), operations in zip(run.thin(BYWAYS.items()), cycle((reads, writes)), strict=False):
        operation = next(operations)
        send(operation, what, _changed(run, change, run.path(operation)))
    for operation in (next(reads), next(writes)):
        headers = tuple((name, run.path(operation)) for name in PATH_HEADERS)
        send(operation, f"the right one in {' or '.join(PATH_HEADERS)}", "/", headers)
        send(operation, "the server's address", _whole(run, run.path(operation)))
        send(operation, "headers that name a caller", run.path(operation), CALLER_HEADERS)
    _without_effect(run, first, before, sent, message)


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
            wrong = almost(run) if run.resource.role(operation) == "read" else ()
            for authorization in (None, *wrong):
                cold = run.call(operation, authorization=authorization)
                if _shows(run, cold):
                    raise Broken(
                        f"{operation} answers without valid credentials what it has shown before",
                        warm,
                        cold,
                        statuses=(401,),
                    )


@clause(
    "paths/leading-zeros",
    "An id without its leading zeros is no UUID, and names nothing: 400 or 404.",
    source="RFC 9562 section 4: the form of a UUID",
    level="http",
    needs="resource/get",
    when=lambda resource: resource.is_uuid(resource.item),
)
def test_leading_zeros(run: Run) -> None:
    id = next((each for each in run.estate.created if re.search("(^|-)0(?=[0-9a-f])", each)), "")
    shorter = re.sub("(^|-)0+(?=[0-9a-f])", r"\1", id) if id else run.subject[1:]
    for operation in (run.resource.read, run.resource.edit):
        if operation:
            with run.case():
                body = run.bodies.full() if operation.request_schema else None
                answer = run.call(operation.id, body, item=shorter)
                run.expect(
                    answer,
                    *bad_id(operation),
                    *run.gone,
                    because=f"{operation.id} with an id without its leading zeros",
                )


@clause(
    "paths/tenants",
    "However the path is written, nothing is shown or written of {an_owner} that the caller has no access to.",
    source="OpenAPI document: 403, 404; users: what is protected is so by any path",
    level="expected",
    needs="isolation/foreign-owner",
    when=lambda resource: resource.owners,
)
def test_tenants(run: Run) -> None:
    foreign = run.target.foreign
    if not foreign:
        variables = " and ".join(run.resource.variable("foreign", name) for name in run.resource.owners)
        raise NotExercised(f"it needs {variables}")
    run.expendable()
    token = run.target.foreign_item or run.bodies.unknown(run.resource.item)
    listed = [run.resource.list.id] if run.resource.list else []
    # Without an item of theirs, only their list can show something, and only a create can write.
    addressed = bool(run.target.foreign_item)
    reads = cycle(_operations(run, SAFE) if addressed else listed or [run.id("create")])
    writes = cycle(_operations(run, UNSAFE) if addressed else [run.id("create")])
    # What may name the owner besides the path.
    owner = run.resource.owners[-1]
    theirs = foreign.get(owner, "")
    snake = words(owner, "_", keep=True)
    headers_of = (f"X-{words(owner, '-', keep=True).title()}", "X-Tenant-Id", f"X-{run.owner[:3].title()}-Id")
    queries = (owner, snake, words(owner, "_"))
    message = f"in another {run.owner} is carried out"

    def send(operation: str, what: str, road: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        exchange = _through(run, operation, road, headers=headers)
        _judge(run, exchange, f"{operation} {message} by a path with {what}")

    for what, change in run.thin(ROADS.items()):
        for operation in _turn(what, next(reads), next(writes)):
            send(operation, what, _changed(run, change, run.path(operation, token, foreign)))
    for operation, up in ((next(reads), ".."), (next(writes), "%2e%2e")):
        # What is checked may be the owner that the path begins with.
        road = run.path(operation, token, foreign).replace(theirs, f"{run.target.owners[owner]}/{up}/{theirs}")
        send(operation, f"{up} behind one's own {run.owner}", road)
    for operation in (next(reads), next(writes)):
        headers = tuple((name, run.path(operation, token, foreign)) for name in PATH_HEADERS)
        send(operation, f"theirs in {' or '.join(PATH_HEADERS)}", "/", headers)
    # Two ways to name an owner, of which the check may take one and the work the other.
    for named in run.thin((PATH_HEADERS, headers_of)) if addressed or listed else ():
        operation = next(reads)
        path = run.path(operation, token, foreign)
        query = "&".join(f"{name}={theirs}" for name in queries)
        headers = tuple((name, path if name in PATH_HEADERS else theirs) for name in named)
        exchange = _through(run, operation, f"{run.path(operation, token)}?{query}", headers=headers)
        with run.case():
            shown = operation not in listed or token.lower() in exchange.answer.text.lower()
            if _shows(run, exchange) and shown:
                what = f"{operation} {message} by {', '.join(named)} or {query} that names it"
                # One's own list may be shown, as long as it is one's own.
                if operation in listed:
                    none = conditions.listed(run.resource.id, token, 0)
                    raise Broken(what, exchange, holds=none)
                raise Broken(what, exchange, statuses=REFUSED)
    operation = next(writes)
    send(operation, "the server's address", _whole(run, run.path(operation, token, foreign)))
