"""HTTP methods: those of the contract, and no others."""

from ..contract.fields import get
from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.run import Run
from ..target.exchange import Exchange
from .absence import is_gone

# What HTTP and WebDAV-like frameworks know; HEAD and OPTIONS may be answered or not.
HEADERS = ("X-HTTP-Method", "X-Method-Override", "X-HTTP-Method-Override")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# With what a server refuses a method that it does not carry out.
REFUSED = (400, 401, 403, 404, 405, 501)


def _paths(run: Run) -> dict[str, list[str]]:
    """The paths of the contract that the server has, each with its methods."""
    paths: dict[str, list[str]] = {}
    for operation in run.operations:
        paths.setdefault(operation.path, []).append(operation.method)
    return paths


def _operation(run: Run, path: str) -> str:
    return next(each.id for each in run.contract.operations.values() if each.path == path)


@clause(
    "methods/not-allowed",
    "A method that a path does not have is refused with 405, and Allow names those that it has.",
    source="RFC 9110 sections 15.5.6 and 10.2.1",
    level="http",
)
def test_not_allowed(run: Run) -> None:
    if not run.target.read_only:
        run.expendable()
    first, before = run.listed()
    refused = []
    documented = {(each.path, each.method) for each in run.contract.operations.values()}
    for path, declared in _paths(run).items():
        for method in METHODS:
            # A server that is wrong might take one of these for the deletion of everything.
            risky = method == "DELETE" and (run.target.read_only or not run.target.loopback)
            if (path, method) in documented or method in run.resource.other_methods(path) or risky:
                continue
            with run.case():
                body = None if method in ("GET", "DELETE") else run.bodies.full()
                answer = run.call(_operation(run, path), body, method=method, item=run.bystander)
                refused.append(answer)
                run.expect(answer, 405, because=f"{method} is not a method of {path}")
                allowed = {each.strip().upper() for each in (answer.answer.header("Allow") or "").split(",")}
                if missing := set(declared) - allowed:
                    message = f"Allow of {path} does not name {', '.join(sorted(missing))}"
                    raise Broken(message, answer, holds=conditions.header("Allow", sorted(missing)))
    listed, after = run.listed()
    if added := run.cleanup.adopt_marked({id: token for id, token in after.items() if id not in before}):
        none = conditions.listed(run.resource.mark, get(after[added[0]], run.resource.mark), 0)
        raise Broken(f"a method that does not exist has created {run.a}", *refused, listed, holds=none)
    if gone := {run.subject, run.bystander} - {""} - set(after):
        once = conditions.listed(run.resource.id, min(gone), 1)
        raise Broken(f"a method that does not exist has deleted {run.a}", *refused, listed, holds=once)
    if field := unlike(run.contract, before[run.bystander], after[run.bystander]):
        same = conditions.same(
            field, ("$first", run.bystander, run.resource.id), ("$last", run.bystander, run.resource.id)
        )
        raise Broken(f"a method that does not exist has changed {field}", first, *refused, listed, holds=same)


@clause(
    "methods/trace",
    "TRACE is not answered with the request: it would show the credentials.",
    source="RFC 9110 section 9.3.8",
    level="http",
)
def test_trace(run: Run) -> None:
    for path in list(_paths(run))[:2]:
        with run.case():
            answer = run.call(_operation(run, path), method="TRACE")
            run.usable(answer)
            if answer.answer.ok:
                raise Broken(f"TRACE is answered with {answer.answer.status}", answer, statuses=REFUSED)


@clause(
    "methods/other",
    "HEAD and OPTIONS do not break the server, and a method that nobody knows is not carried out.",
    source="RFC 9110 section 9.1: methods that are not known are refused",
    level="http",
)
def test_other(run: Run) -> None:
    for path in _paths(run):
        for method in ("HEAD", "OPTIONS", *(["PROPFIND"] if path == next(iter(_paths(run))) else [])):
            with run.case():
                answer = run.call(_operation(run, path), method=method, item=run.bystander)
                run.usable(answer)
                if method == "PROPFIND" and answer.answer.ok:
                    raise Broken(f"PROPFIND is answered with {answer.answer.status}", answer, statuses=REFUSED)


@clause(
    "methods/override",
    "A header or query parameter does not turn one method into another.",
    source="users: what a proxy lets through as a read must not write",
    level="expected",
    needs="edit/read-back resource/list",
)
def test_override(run: Run) -> None:
    run.expendable()
    before = run.get()
    run.expect(before, run.success("read"), because=f"{run.a} cannot be read")
    edit = run.resource.edit.method if run.resource.edit else "PUT"
    for method in ("DELETE", edit):
        body = run.bodies.full() if method == edit else None
        overridden = run.call(run.id("read"), body, headers=_override(method))
        _unchanged(run, before, overridden, f"a read with {method} in a header")
    overridden = run.get(item=f"{run.subject}?_method=DELETE")
    _unchanged(run, before, overridden, "a read with ?_method=DELETE")
    edited = run.edit(run.bodies.full() | {"_method": "DELETE"}, headers=_override("DELETE"))
    read = run.get()
    if is_gone(read):
        message = f"an edit with DELETE in a header or in the body deletes the {run.noun}"
        raise Broken(message, edited, read, statuses=(run.success("read"),))
    run.cleanup.discard(run.new(run.create(run.bodies.full(), headers=_override(edit))))


def _override(method: str) -> tuple[tuple[str, str], ...]:
    return tuple((header, method) for header in HEADERS)


def _unchanged(run: Run, before: Exchange, overridden: Exchange, what: str) -> None:
    read = run.get()
    run.expect(read, run.success("read"), because=f"{run.a} is gone after {what}")
    if field := unlike(run.contract, before.answer.json, read.answer.json):
        same = conditions.same(field, ("$first", None))
        raise Broken(f"{what} changed {field}", before, overridden, read, holds=same)
