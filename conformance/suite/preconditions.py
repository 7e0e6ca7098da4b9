"""Conditional requests: what a server says of an item's state, in ETag or Last-Modified, it keeps to."""

import time

from ..contract.fields import get, put
from ..run import conditions
from ..run.clause import Broken, clause
from ..run.run import Run
from ..target.exchange import Exchange
from .edit import CLOCK

UNKNOWN = '"no-such-state"'
REFUSED = (412, 400, 403, 404, 409, 428)


def _read(run: Run, **conditions: str) -> Exchange:
    """Reads the subject under conditions, for which the contract has no statuses."""
    headers = tuple((name.replace("_", "-"), value) for name, value in conditions.items())
    exchange = run.call(run.id("read"), headers=headers, road=run.path(run.id("read")))
    run.usable(exchange)
    return exchange


@clause(
    "preconditions/read",
    "No 304 follows an edit: an ETag changes with every field, and a read under the one of before shows the edit.",
    source="RFC 9110 sections 8.8.3, 13.1.2 and 13.1.3",
    level="http",
    needs="edit/read-back",
)
def test_read(run: Run) -> None:
    first = _read(run, If_None_Match=UNKNOWN)
    if first.answer.status == 304:
        message = "a read under an ETag that the server never gave is answered with 304"
        raise Broken(message, first, statuses=(run.success("read"),))
    body = run.bodies.full()
    run.expect(run.edit(body), run.success("edit"), because="a valid edit was refused")
    read = run.get()
    run.expect(read, run.success("read"), because=f"{run.a} cannot be read")
    tag = read.answer.header("ETag")
    for field in run.resource.visible if tag else ():
        before = tag or ""
        body = put(body, field, get(run.bodies.full(), field))
        edited = run.edit(body)
        run.expect(edited, run.success("edit"), because="a valid edit was refused")
        again = _read(run, If_None_Match=before)
        if again.answer.status == 304 or again.answer.header("ETag") == before:
            statuses = (run.success("read"),) if again.answer.status == 304 else ()
            holds = conditions.header_unlike("ETag", before)
            message = f"the ETag stays the same when {field} is edited"
            raise Broken(message, read, edited, again, statuses=statuses, holds=holds)
        read, tag = again, again.answer.header("ETag")
    if modified := read.answer.header("Last-Modified"):
        time.sleep(CLOCK)
        edited = run.edit(run.bodies.full())
        run.expect(edited, run.success("edit"), because="a valid edit was refused")
        again = _read(run, If_Modified_Since=modified)
        if again.answer.status == 304:
            message = "a read since the time before an edit is answered with 304"
            raise Broken(message, read, edited, again, statuses=(run.success("read"),))


@clause(
    "preconditions/edit",
    "Where a read has a strong ETag, an edit under another one is refused, and one under it is carried out.",
    source="RFC 9110 sections 13.1.1 and 15.5.13",
    level="http",
    needs="edit/read-back",
)
def test_edit(run: Run) -> None:
    read = run.get()
    before = run.expect(read, run.success("read"), because=f"{run.a} cannot be read")
    tag = read.answer.header("ETag") or ""
    if not tag.startswith('"'):
        # Without one, or with a weak one, there is nothing that a server has to compare.
        return
    edit = run.id("edit")
    refused = run.call(edit, run.bodies.full(), headers=(("If-Match", UNKNOWN),), road=run.path(edit))
    run.usable(refused)
    after = run.get()
    shown = run.expect(after, run.success("read"), because=f"{run.a} cannot be read")
    mark = run.resource.mark
    # 412 says so, and a server may refuse in other ways.
    if not 400 <= refused.answer.status < 500:
        message = f"an edit under an ETag that does not match was answered with {refused.answer.status}"
        raise Broken(message, read, refused, statuses=REFUSED)
    if get(shown, mark) != get(before, mark):
        message = f"an edit under an ETag that does not match changed {mark}, and was refused"
        raise Broken(message, read, refused, after, holds=conditions.same(mark, ("$first", None)))
    tag = after.answer.header("ETag") or tag
    edited = run.call(edit, run.bodies.full(), headers=(("If-Match", tag),), road=run.path(edit))
    run.expect(edited, run.success("edit"), because="an edit under the ETag of the last read")
