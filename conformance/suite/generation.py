"""What Schemathesis generates from the contract: examples, boundaries, and cases that fit the schemas or do not."""

import gzip
import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import requests
import schemathesis
from hypothesis import Phase, seed, settings
from hypothesis.internal import charmap
from schemathesis import Case, GenerationMode
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation

from ..contract.contract import Contract, Operation, Zone
from ..run.clause import Broken
from ..run.roles import MISSING
from ..run.run import Run
from ..target.exchange import Exchange
from .absence import ABSENT, is_gone

EITHER = {400, 413, 415, 422, 431}

# As many requests are left for what follows.
LEFT = {"edit": 24, "create": 12}


def made(contract: Contract, number: int, edit: Any, create: Any) -> tuple[Any, Any]:
    """The tests `edit` and `create` for what is generated from a contract, by a seed."""
    _schema(contract).config.seed = number
    return _made(contract, edit, create)


def _foresee() -> None:
    """Writes the table of what UTF-8 encodes where there is none: Hypothesis takes a second and 200 MB to make it."""
    table = charmap.charmap_file("codec-v2-utf-8")
    with suppress(OSError):
        if not table.exists():
            table.parent.mkdir(parents=True, exist_ok=True)
            new = table.with_name(f"{table.name}.{os.getpid()}")
            # All but surrogates; and all that is encoded is decoded to what it was.
            new.write_bytes(gzip.compress(b"[[[0, 55295], [57344, 1114111]], []]", mtime=1))
            new.replace(table)


@lru_cache(maxsize=2)
def _schema(contract: Contract) -> Any:
    """What Schemathesis makes of a contract, it makes once."""
    _foresee()
    made = schemathesis.openapi.from_dict(contract.document)
    made.config.update(base_url="http://localhost")
    # The suite has clauses of its own for methods, with items that it can lose.
    made.config.phases.coverage.unexpected_methods = set()
    # The chapters on values and on identifiers have the boundaries of what must be accepted.
    made.config.phases.coverage.generation.modes = [GenerationMode.NEGATIVE]
    return made


@lru_cache(maxsize=2)
def _made(contract: Contract, edit: Any, create: Any) -> tuple[Any, Any]:
    # In CI, Hypothesis would put a profile of its own here, with the same requests for every seed and no database.
    profile = settings(settings.get_profile("default"), phases=[Phase.reuse, Phase.generate])
    made, resource = _schema(contract), contract.resource
    return _generated(made, resource.edit, edit), _generated(made, resource.create, create, profile)


def _generated(
    made: Any, operation: Operation | None, test: Any, profile: Callable[[Any], Any] = lambda each: each
) -> Any:
    if operation and operation.request_schema:

        def generated(case: Case[Any], run: Run) -> None:
            test(case, run)

        # Of its own for every contract: what Hypothesis notes at a test, it notes once.
        generated.clause = test.clause  # type: ignore[attr-defined]
        # By the name, the examples' database tells tests apart.
        generated.__name__ = generated.__qualname__ = test.__name__
        return made.include(operation_id=operation.id).parametrize()(profile(generated))

    def absent(run: Run) -> None:
        run.id(test.clause.id.rpartition("/")[2])

    absent.clause = test.clause  # type: ignore[attr-defined]
    return absent


def _as_response(exchange: Exchange) -> schemathesis.Response:
    """The answer as Schemathesis takes it, to follow links from."""
    answer = exchange.answer
    # The body has been decoded already.
    names = {name.lower() for name, _ in answer.headers} - {"content-encoding"}
    return schemathesis.Response(
        answer.status,
        headers={name: [answer.header(name) or ""] for name in names},
        content=answer.body,
        request=requests.Request(exchange.request.method, "http://localhost/").prepare(),
        elapsed=answer.seconds,
        verify=True,
    )


def _send(run: Run, case: Case[Any], item: str | None = None) -> Exchange:
    """Sends a generated case with the run's own credentials and owners, to its own item or another."""
    operation = case.operation.definition.raw["operationId"]
    default = run.contract.operations[operation].media_type
    media_type = case.headers.get("Content-Type") or case.media_type or default
    body: Any = None if case.body is NOT_SET else run.pinned(case.body)
    return run.call(
        operation,
        _raw(body),
        item=item,
        media_type=media_type if re.fullmatch(r"[\x20-\x7e]+", media_type) else default,
    )


def _raw(body: Any) -> bytes | None:
    if isinstance(body, bytes | None):
        return body
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # Half of a pair is JSON only as an escape.
        return json.dumps(body).encode()


def _expected(run: Run, exchange: Exchange) -> set[int]:
    """The statuses with which the request may be answered, if the item exists."""
    request = exchange.request
    operation = run.contract.operations[str(request.operation)]
    if operation.request_schema is None:
        return {operation.success}
    # Another item may have what has to be unique.
    taken = {409} if run.resource.unique else set[int]()
    either = EITHER | taken
    if request.header("Content-Type") != operation.media_type:
        return either | {operation.success}
    if request.json is None or "\\ud" in (request.body or b"").decode("latin-1").lower():
        # Text that json.loads takes, and other parsers may not, or the other way round.
        return either | {operation.success}
    zone = run.contract.zone(request.json, operation.id)
    if zone is Zone.ACCEPT:
        return {operation.success} | taken
    return set(run.refusals(operation.id)) if zone is Zone.REFUSE else either | {operation.success}


def judge(run: Run, case: Case[Any]) -> None:
    """Sends a generated case, and judges the answer by the zone of its body."""
    if getattr(case.meta and case.meta.phase.data, "parameter_location", None) is ParameterLocation.PATH:
        # The chapter on identifiers has these.
        return
    operation = case.operation.definition.raw["operationId"]
    kind = None if isinstance(case.body, bytes) else run.kind(operation, case.body)
    # What the contract gives as examples is generated more than once.
    body = operation, json.dumps(case.body, sort_keys=True, default=repr), case.media_type
    if {kind, body} & run.exercised and run.current and run.current.judged:
        # The chapter on refusals has done this. But where nothing else is generated, one is sent all the same.
        return
    if run.current and run.current.judged and run.target.budget.remaining < LEFT[run.resource.role(operation)]:
        run.current.note = "cut short by the budget"
        return
    run.exercised.add(body)
    exchange = _send(run, case)
    with run.case():
        run.usable(exchange)
        answer, expected = exchange.answer, _expected(run, exchange)
        if answer.status not in expected:
            meaning = " or ".join(map(str, sorted(expected)))
            offence = run.contract.offence(exchange.request.json, operation)
            about = f"accepted {offence}" if offence else "refused"
            message = f"{exchange.request.operation}: expected {meaning}, got {answer.status}"
            statuses = tuple(sorted(expected))
            actual = str(answer.status)
            raise Broken(message, exchange, about=about, expected=meaning, actual=actual, statuses=statuses)
        if answer.ok and run.contract.zone(exchange.request.json, operation) is Zone.ACCEPT:
            run.expect_shown(exchange.request.json, exchange)
    if run.resource.role(operation) == "create" and exchange.answer.ok:
        run.cleanup.discard(run.resource.id_of(exchange.answer.json))


def follow_links(run: Run) -> None:
    """Follows the links of the contract from a create on."""
    base: Any = _schema(run.contract).as_state_machine()
    kept = set(run.estate.created)

    class Machine(base):  # type: ignore[misc]
        def call(self, case: Case[Any], **_: object) -> schemathesis.Response:
            token = str(case.path_parameters.get(run.resource.item, ""))
            if token.lower() in kept or run.estate.untouchable(token):
                # A list has named somebody else's, or what other clauses need.
                token = run.bodies.unknown_id()
            exchange = _send(run, case, item=token)
            with run.case():
                run.usable(exchange)
                expected = _expected(run, exchange)
                if token and token.lower() not in run.estate.created:
                    # A body may be refused before the item is looked for. With which status an unknown item is refused,
                    # and whether it can be deleted, is for the chapter on identifiers.
                    expected = {*ABSENT} | EITHER
                    if is_gone(exchange) or run.resource.role(exchange.request.operation) == "delete":
                        expected.add(exchange.answer.status)
                if exchange.request.operation in run.missing:
                    expected |= MISSING
                because = f"{exchange.request.operation} along the contract's links"
                run.expect(exchange, *sorted(expected), because=because)
            deleted = run.resource.role(exchange.request.operation) == "delete" and exchange.answer.ok
            if deleted and token.lower() in run.estate.created:
                run.estate.gone(token.lower())
            return _as_response(exchange)

        def validate_response(self, *_: object, **__: object) -> None:
            """The run's own checks have judged the answer."""

    seed(run.random.getrandbits(64))(Machine).run(settings=settings(max_examples=run.scaled(2), stateful_step_count=4))
    for token in set(run.estate.created) - kept:
        run.cleanup.discard(token)
