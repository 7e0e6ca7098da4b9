"""What nobody has specified: a server may accept or refuse it, but it must not break.

The tests only send; that no answer is a server error, comes too late or shows a secret, the checks say.
"""

import json

from ..contract.contract import Zone
from ..contract.fields import get, put
from ..contract.resource import Role
from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import short
from ..run.run import Run
from .absence import cleared
from .texts import FUSED, text_fields

EITHER = (400, 413, 422)
# As many fields are tried.
MOST = 6


def _either(run: Run, body: object, what: str, *roles: Role) -> bool:
    """Sends a body to operations; deletes what is created, and says whether one was refused."""
    refused = False
    allowed = {run.resource.role(each.id): each.id for each in run.operations}
    for role in roles:
        if role not in allowed:
            continue
        operation = allowed[role]
        with run.case():
            answer = run.call(operation, body)
            statuses = (*EITHER, 409) if run.resource.unique else EITHER
            token = run.expect(answer, run.success(role), *statuses, because=f"{operation} with {what}")
            refused = refused or not answer.answer.ok
            if role == "create" and answer.answer.ok:
                run.cleanup.discard(run.resource.id_of(token))
    return refused


def _each(run: Run, odd: dict[str, str], what: str, *roles: Role) -> None:
    """Sends bodies in which every one of some fields is odd.

    If one is refused, others may have gone unnoticed: then each goes alone.
    """
    for role in roles:
        # Where a choice requires a field, what is blank is missing.
        for choice in run.resource.choices or [{}]:
            body = run.bodies.full(**choice)
            for field, text in odd.items():
                body = put(body, field, text)
            if run.contract.zone(body) is not Zone.REFUSE:
                break
        # With ASCII alone a lone surrogate stays an escape, which is where JSON allows it.
        if _either(run, json.dumps(body).encode(), f"{what} in {', '.join(odd)}", role):
            for field, text in odd.items():
                alone = json.dumps(put(run.bodies.full(), field, text)).encode()
                _either(run, alone, f"{what} in {field}", role)


def _secret(run: Run, field: str, text: str) -> str:
    """`text` as a field's value: of a secret, one that is recognised."""
    return run.bodies.token() + text if field in run.resource.secrets and text.strip() else text


def _some(run: Run, fields: list[str]) -> list[str]:
    """All fields, or of very many some."""
    return fields if len(fields) <= MOST else run.random.sample(fields, MOST)


@clause(
    "oddities/characters",
    "Control characters, lone surrogates and blank text are accepted or refused with 400.",
    source="nobody has said; users: a server does not break",
    level="expected",
)
def test_characters(run: Run) -> None:
    oddities = (
        "",
        " ",
        "a\x00b",
        "\r\n\t\x1b[31m\x07\x08\x7f\x85\x9f\x01",
        "\ud800",
        "\ufffe\uffff\U0001fffe\ue000\u0378",
    )
    for number, oddity in enumerate(run.thin(oddities)):
        odd = {field: _secret(run, field, oddity) for field in text_fields(run.contract)}
        # A NUL and other control characters in a create too.
        roles: list[Role] = ["edit", "create"] if number in (2, 3) else ["edit"]
        _each(run, odd, f"{oddity!r}", *roles)
    # What is nothing odd in texts that may hold anything.
    narrow = [name for name in text_fields(run.contract) if not run.contract.must_accept(name, FUSED[0])]
    for text in run.thin(("=" + "".join(FUSED[:2]), "".join(FUSED[2:]))) if narrow else ():
        _each(run, {field: _secret(run, field, text) for field in narrow}, f"{text[:20]!r}", "edit")


@clause(
    "oddities/null",
    "An optional field that is null is refused with 400, or taken for absent: it is not stored.",
    source="nobody has said which; OpenAPI document: no field is nullable",
    level="expected",
)
def test_null(run: Run) -> None:
    for field in _some(run, cleared(run)):
        with run.case():
            answer = run.edit(put(run.bodies.full(**run.resource.choice(1)), field, None))
            run.expect(answer, run.success("edit"), *EITHER, because=f"an edit with {field} null")
            if not answer.answer.ok:
                continue
            read = run.get()
            token = run.expect(read, run.success("read"), because=f"an edited {run.noun} cannot be read")
            if get(token, field):
                message = f"{field} was sent as null and is shown as {short(get(token, field))}"
                raise Broken(message, answer, read, holds=conditions.shown(field, ""))
    for name, about in run.resource.leaves.items():
        if not about.required and name not in cleared(run):
            _either(run, put(run.bodies.full(), name, None), f"{name} null", "edit")


@clause(
    "oddities/addresses",
    "Unusual addresses, of which no source says anything, are accepted or refused with 400.",
    source="nobody has said; users: a server does not break",
    level="expected",
    when=lambda resource: resource.of_kind("address"),
)
def test_addresses(run: Run) -> None:
    addresses = (
        "https://user:word@git.example.com",
        "ssh://git@git.example.com:22/a.git",
        "https://git.bücher.example/é?ü",
        "https://git.example.com:99999",
        "https://",
        "https://git.example.com/%zz%",
        "https://git.example.com/a?b=c#d",
        "file:///etc/hosts",
        "https://git_lab.example.com",
        "https://git.example.com./api",
    )
    for field in run.resource.of_kind("address"):
        for address in run.thin(addresses):
            _either(run, run.bodies.full(**{field: address}), f"{field} {address}", "edit")


@clause(
    "oddities/long",
    "Text longer than anybody needs is accepted or refused with 400 or 413.",
    source="nobody has said; users: a server does not break",
    level="expected",
)
def test_long(run: Run) -> None:
    for beyond in (True, False):
        odd = {}
        for field, about in run.resource.of_kind("text", "address").items():
            bound = about.bound("maxLength")
            if bound:
                length = bound + 1 if beyond else 65_536
                prefix = "https://git.example.com/" if about.kind == "address" else ""
                odd[field] = run.bodies.secret_text(length) if about.secret else prefix + "a" * (length - len(prefix))
        what = "a character more than must be accepted" if beyond else "65,536 characters"
        roles: list[Role] = ["edit"] if beyond else ["edit", "create"]
        _each(run, odd, what, *roles)
    texts = run.resource.of_kind("text")
    for field in (
        *[*run.resource.secrets, *texts][:1],
        *[name for name in texts if name in run.resource.optional][:1],
        "other",
    ):
        size = 1024 * 1024 + 1
        text = run.bodies.secret_text(size) if field in run.resource.secrets else "a" * size
        _either(run, run.bodies.full(**{field: text}), f"more than 1 MiB of {field}", "edit")
    run.edit(run.bodies.full())


@clause(
    "oddities/structure",
    "Deep nesting, duplicate keys, NaN, huge numbers and many properties are accepted or refused with 400 or 413.",
    source="nobody has said; users: a server does not break",
    level="expected",
)
def test_structure(run: Run) -> None:
    inner = json.dumps(run.bodies.full())[1:-1]
    others: tuple[tuple[str, str, list[Role]], ...] = (
        ("arrays nested 500 deep", "[" * 500 + "]" * 500, ["edit"]),
        ("arrays nested 100,000 deep", "[" * 100_000 + "]" * 100_000, ["edit", "create"]),
        ("objects nested 20,000 deep", '{"a":' * 20_000 + "1" + "}" * 20_000, ["edit"]),
        ("NaN and Infinity", "[NaN, -Infinity]", ["edit"]),
        ("a huge exponent", "1e999999", ["edit"]),
        ("a number of 10,000 digits", "9" * 10_000, ["edit"]),
        ("20,000 members", json.dumps({f"m{number}": 0 for number in range(20_000)}), ["edit"]),
    )
    for what, other, roles in run.thin(others):
        _either(run, f'{{{inner}, "other": {other}}}'.encode(), what, *roles)
    _either(run, f'{{{inner}, "__proto__": {{"name": "other"}}}}'.encode(), "__proto__", "edit")
    for field in run.thin([*run.contract.request_schema["properties"]][::2]):
        value = json.dumps(run.bodies.value(field))
        _either(run, f'{{"{field}": {value}, {inner}}}'.encode(), f"{field} twice", "edit")
    _either(run, f"{{{inner}, {inner}}}".encode(), "every field twice", "create")
    _either(run, b"\xef\xbb\xbf{" + inner.encode() + b"}", "a byte order mark", "edit")
    _either(run, f'{{{inner}, "{"k" * 70_000}": 1}}'.encode(), "a long key", "edit")


@clause(
    "oddities/request",
    "Headers and query parameters that the contract does not know do not break a request.",
    source="nobody has said; users: proxies and tools add headers",
    level="expected",
)
def test_request(run: Run) -> None:
    headers = (
        ("Accept-Language", "*;q=9, xx_YY.z"),
        ("Cookie", "a=b; c"),
        ("X-Request-Id", "'\"<>${x}"),
        ("X-Forwarded-For", ", ".join(["192.0.2.1"] * 400)),
        ("Content-Type", "application/json"),
        ("traceparent", "00-0-0-x"),
        ("X-Forwarded-Host", "unknown:x"),
        ("Origin", "null"),
        ("Range", "bytes=x"),
        ("If-Modified-Since", "yesterday"),
    )
    for some in (headers, *((each,) for each in headers)):
        with run.case():
            answer = run.get(headers=some)
            what = " and ".join(f"{name}: {value[:40]}" for name, value in some)
            run.expect(answer, run.success("read"), 400, 403, 406, 416, 431, because=f"a read with {what}")
            if answer.answer.ok and some is headers:
                break
    for media_type in run.thin((None, "APPLICATION/JSON", "application/vnd.api+json", ";")):
        with run.case():
            answer = run.edit(run.bodies.full(), media_type=media_type)
            run.expect(answer, run.success("edit"), 400, 415, 422, because=f"an edit with the media type {media_type}")
    with run.case():
        answer = run.edit(run.bodies.full(), headers=(("Content-Encoding", "gzip"),))
        run.expect(answer, run.success("edit"), 400, 415, 422, because="an edit that is not compressed and says gzip")
    for query in ("?unknown=%zz&fields=%00%ff", f"?{'q' * 4000}"):
        with run.case():
            answer = run.get(item=f"{run.subject}{query}")
            run.expect(answer, run.success("read"), 400, 404, 414, 422, because=f"a read with the query {query[:20]}")
