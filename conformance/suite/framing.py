"""How a request comes over the wire: in chunks, in packets, in any size, after others. It is read to its end."""

import json
from collections.abc import Iterator

from ..contract.fields import put
from ..run.about import KEPT, PIECES
from ..run.carried import spoilt
from ..run.clause import Broken, clause
from ..run.run import Json, Run
from ..target.exchange import Exchange, Framing
from ..target.stops import NotExercised
from .absence import ABSENT
from .texts import lengths, text_fields

# What servers and proxies take for the size of a buffer, in bytes.
BUFFERS = (4096, 8192, 16_384, 65_536)


def _written(run: Run, framing: Framing, *refusals: int) -> list[Exchange]:
    """Edits and creates. Raises Broken unless each body is stored whole, or refused with one of some statuses."""
    what = {"chunked": "in chunks", "expect": "that waits for 100 Continue", "pieces": "in several packets"}[framing]
    about = PIECES if framing == "pieces" else ""
    sent = []
    for operation in run.resource.writes:
        if operation not in run.operations:
            continue
        with run.case():
            body = run.bodies.full()
            written = run.call(operation.id, body, framing=framing)
            sent.append(written)
            run.expect(written, operation.success, *refusals, because=f"{operation.id} {what}", about=about)
            if not written.answer.ok:
                continue
            run.expect_shown(body, written)
            if operation == run.resource.create:
                run.cleanup.discard(run.new(written))
    return sent


@clause(
    "framing/chunked",
    "A body that is sent in chunks is read whole by every operation, or refused for want of its length by all.",
    source="RFC 9112 sections 6.3 and 7.1, RFC 9110 section 15.5.12",
    level="http",
    needs="edit/read-back resource/delete",
)
def test_chunked(run: Run) -> None:
    # Of some frameworks it is known that they take it for no body at all.
    sent = _written(run, "chunked", 411, *run.refusals(run.resource.writes[0].id))
    taken = [each for each in sent if each.answer.ok]
    refused = [each for each in sent if not each.answer.ok and not each.broken]
    if taken and refused:
        first, last = taken[0], refused[0]
        status = run.contract.operations[str(last.request.operation)].success
        message = f"{first.request.operation} takes a body in chunks, and {last.request.operation} does not"
        raise Broken(message, first, last, statuses=(status,))


@clause(
    "framing/expect",
    "A body that waits for 100 Continue is asked for and read whole, or refused with 417.",
    source="RFC 9110 sections 10.1.1 and 15.5.18",
    level="http",
    needs="edit/read-back resource/delete",
)
def test_expect(run: Run) -> None:
    _written(run, "expect", 417)


@clause(
    "framing/pieces",
    "A request that comes in several packets is read whole.",
    source="RFC 9112 section 6.2: the length says where a body ends; users: networks cut anywhere",
    level="http",
    needs="edit/read-back resource/delete",
)
def test_pieces(run: Run) -> None:
    _written(run, "pieces")


def _sizes(run: Run, operation: str) -> Iterator[tuple[Json, bytes]]:
    """Bodies of many bytes, and as they are sent: texts of four bytes a character lie over the end of every buffer."""
    body = run.bodies.full()
    for field in text_fields(run.contract):
        texts = lengths(run.contract, field)
        if texts and field != run.resource.mark and field not in run.bodies.pins:
            body = put(body, field, texts[-1])
    inner = json.dumps(run.bodies.whole(operation, body), ensure_ascii=False).encode()[1:]
    yield body, b"{" + inner
    for size in BUFFERS:
        if size > len(inner):
            # White space, of which there may be any amount.
            yield body, b"{" + b" " * (size - len(inner) // 2) + inner


@clause(
    "framing/sizes",
    "A body of any size that must be accepted is read whole, whatever the size of the server's buffers.",
    source="OpenAPI document: the length of each field; users: no character is lost between two buffers",
    level="expected",
    needs="values/bounds",
)
def test_sizes(run: Run) -> None:
    edited = None
    for body, raw in _sizes(run, run.id("edit")):
        with run.case():
            edited = run.edit(raw)
            run.expect(edited, run.success("edit"), because=f"an edit of {len(raw)} bytes")
            run.expect_shown(body, edited)
    if run.resource.read and edited and edited.answer.ok:
        with run.case():
            read = run.get()
            run.expect(read, run.success("read"), because=f"{run.a} cannot be read after an edit of {len(raw)} bytes")
            run.expect_shown(body, read, edited)
    if run.resource.create in run.operations:
        with run.case():
            if run.resource.unique or run.resource.fixed:
                [*_, (body, raw)] = _sizes(run, run.id("create"))
            created = run.create(raw)
            new = run.new(created)
            run.expect_shown(body, created)
            run.cleanup.discard(new)


@clause(
    "framing/empty",
    "A request without a body may say so: a read or a delete with Content-Length: 0, or with a media type.",
    source="RFC 9110 section 8.6; users: many clients send a media type with every request",
    level="http",
    needs="resource/delete",
)
def test_empty(run: Run) -> None:
    length, media_type = ("Content-Length", "0"), ("Content-Type", "application/json")
    if run.resource.read:
        with run.case():
            run.expect(run.get(headers=(length,)), run.success("read"), because="a read with Content-Length: 0")
    deletable = run.resource.create in run.operations and run.resource.delete in run.operations
    for header, others in ((length, ()), (media_type, (400, 415))) if deletable else ():
        with run.case():
            item = run.new(run.create(run.bodies.full()))
            deleted = run.delete(item, headers=(header,))
            run.expect(deleted, run.success("delete"), *others, because=f"a delete with {': '.join(header)}")
            if not deleted.answer.ok:
                run.cleanup.discard(item)


@clause(
    "framing/kept",
    "A connection that is kept after a refusal can be used: the next request on it is answered as over a fresh one.",
    source="RFC 9112 sections 9.3 and 9.6: a server that keeps a connection reads a request to its end",
    level="http",
    needs="edit/read-back",
)
def test_kept(run: Run) -> None:
    edit, read, whole = run.id("edit"), run.id("read"), run.bodies.full()
    unknown = run.bodies.unknown(run.resource.item)
    [*_, (_, large)] = _sizes(run, edit)
    refused = run.refusals(edit)
    requests = [
        *([] if run.resource.upserts else [(run.request(edit, whole, item=unknown), ABSENT)]),
        (run.request(edit, whole, method="POST"), (405,)),
        (run.request(edit, whole, media_type="text/plain"), (*refused, 415)),
        (run.request(read), (run.success("read"),)),
    ]
    if run.resource.schemes:
        # What was left of a body would be answered with 400: what follows has another status.
        for body in (whole, large):
            requests.insert(0, (run.request(edit, body, authorization=None), (401,)))
    before: Exchange | None = None
    exchanges = run.in_turn(*(request for request, _ in requests))
    for (exchange, reused), (_, statuses) in zip(exchanges, requests, strict=True):
        if exchange and before and reused:
            with run.case():
                _same(run, before, exchange, statuses)
        before = exchange
    if not any(reused for _, reused in exchanges):
        raise NotExercised("the server keeps no connection after a refusal")


def _same(run: Run, before: Exchange, exchange: Exchange, statuses: tuple[int, ...]) -> None:
    """Raises Broken if a request is not answered with one of the statuses, and over a fresh connection it is."""
    run.usable(exchange)
    if exchange.answer.status in statuses:
        return
    run.target.connections.renew()
    alone = run.repeat(exchange).answer.status
    if alone in statuses:
        broken = Broken(spoilt(before, exchange, alone), before, exchange, statuses=statuses, about=KEPT)
        broken.in_turn = True
        raise broken
