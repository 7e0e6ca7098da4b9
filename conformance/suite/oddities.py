"""What nobody has specified: a server may accept or refuse it, but it must not break.

The tests only send; that no answer is a server error, comes too late or shows a secret, the checks say.
"""

import json

from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import short
from ..run.run import Run
from .edit import cleared
from .strategies import text_fields

EITHER = (200, 201, 400, 413)


def _either(run: Run, body: object, what: str, *operations: str) -> None:
    """Sends a body to operations; deletes what is created."""
    allowed = {each.id for each in run.operations}
    for operation in operations:
        if operation not in allowed:
            continue
        with run.case():
            answer = run.call(operation, body)
            token = run.expect(answer, *EITHER, because=f"{operation} with {what}")
            if answer.answer.status == 201:
                run.cleanup.discard(token["id"])


@clause(
    "oddities/characters",
    "Control characters, lone surrogates and blank text are accepted or refused with 400.",
    source="nobody has said; users: a server does not break",
    level="expected",
)
def test_characters(run: Run) -> None:
    for turn, field in enumerate(text_fields(run.contract)):
        oddities = [
            "",
            " ",
            "a\x00b",
            "\r\n\t\x1b[31m\x07\x08\x7f\x85\x9f\x01",
            "\ud800",
            "\ufffe\uffff\U0001fffe\ue000\u0378",
        ]
        for number, text in enumerate(run.thin(oddities)):
            # With ASCII alone a lone surrogate stays an escape, which is where JSON allows it.
            body = json.dumps(run.bodies.full(**{field: text})).encode()
            # A create with control characters in each field, with a NUL and with others in turn.
            operations = ["editGitToken"] + ["createGitToken"] * (number == (2, 3)[turn % 2])
            _either(run, body, f"{text!r} as {field}", *operations)


@clause(
    "oddities/null",
    "An optional field that is null is refused with 400, or taken for absent: it is not stored.",
    source="nobody has said which; OpenAPI document: no field is nullable",
    level="expected",
)
def test_null(run: Run) -> None:
    for field in cleared(run):
        with run.case():
            answer = run.edit(run.bodies.full(type="GITHUB") | {field: None})
            run.expect(answer, *EITHER, because=f"an edit with {field} null")
            if not answer.answer.ok:
                continue
            read = run.get()
            token = run.expect(read, 200, because="an edited git token cannot be read")
            if token.get(field):
                message = f"{field} was sent as null and is shown as {short(token[field])}"
                raise Broken(message, answer, read, holds=conditions.shown(field, ""))
    for field in run.contract.request_schema["properties"]:
        if field not in (*run.contract.request_schema["required"], *cleared(run)):
            _either(run, run.bodies.full() | {field: None}, f"{field} null", "editGitToken")


@clause(
    "oddities/addresses",
    "Addresses that nobody has spoken of are accepted or refused with 400.",
    source="nobody has said; users: a server does not break",
    level="expected",
)
def test_addresses(run: Run) -> None:
    addresses = (
        "https://user:word@git.example.com",
        "ssh://git@git.example.com:22/a.git",
        "https://git.example.com/a#b",
        "https://git.bücher.example/é?ü",
        "https://git.example.com:99999",
        "https://",
        "https://[::1",
        "https://git.example.com/%zz%",
        "file:///etc/hosts",
        "http:\\\\git.example.com",
        "https://git_lab.example.com",
        "https://git.example.com./api",
    )
    for address in run.thin(addresses):
        _either(run, run.bodies.full(git_api_url=address), f"git_api_url {address}", "editGitToken")
    run.edit(run.bodies.full())


@clause(
    "oddities/long",
    "Text longer than anybody needs is accepted or refused with 400 or 413.",
    source="nobody has said; users: a server does not break",
    level="expected",
)
def test_long(run: Run) -> None:
    for number, (field, schema) in enumerate(run.contract.request_schema["properties"].items()):
        bound = schema.get("x-must-accept", {}).get("maxLength")
        if bound:
            prefix = "https://git.example.com/" if schema.get("format") == "uri" else ""
            for length in run.thin((bound + 1, 65_536)):
                text = prefix + "a" * (length - len(prefix))
                operations = ["editGitToken"] + ["createGitToken"] * (length == 65_536 and number % 2 == 0)
                _either(run, run.bodies.full(**{field: text}), f"{length} characters of {field}", *operations)
    for field in ("token", "description", "other"):
        _either(run, run.bodies.full(**{field: "a" * (1024 * 1024 + 1)}), f"more than 1 MiB of {field}", "editGitToken")
    run.edit(run.bodies.full())


@clause(
    "oddities/structure",
    "Deep nesting, duplicate keys, NaN, huge numbers and many properties are accepted or refused with 400 or 413.",
    source="nobody has said; users: a server does not break",
    level="expected",
)
def test_structure(run: Run) -> None:
    inner = json.dumps(run.bodies.full())[1:-1]
    others = (
        ("arrays nested 500 deep", "[" * 500 + "]" * 500, ["editGitToken"]),
        ("arrays nested 100,000 deep", "[" * 100_000 + "]" * 100_000, ["editGitToken", "createGitToken"]),
        ("objects nested 20,000 deep", '{"a":' * 20_000 + "1" + "}" * 20_000, ["editGitToken"]),
        ("NaN", "NaN", ["editGitToken", "createGitToken"]),
        ("a list with Infinity", "[1, -Infinity]", ["editGitToken"]),
        ("a huge exponent", "1e999999", ["editGitToken", "createGitToken"]),
        ("a number of 10,000 digits", "9" * 10_000, ["editGitToken"]),
        ("20,000 members", json.dumps({f"m{number}": 0 for number in range(20_000)}), ["editGitToken"]),
    )
    for what, other, operations in run.thin(others):
        _either(run, f'{{{inner}, "other": {other}}}'.encode(), what, *operations)
    _either(run, f'{{{inner}, "__proto__": {{"name": "other"}}}}'.encode(), "__proto__", "editGitToken")
    for field in run.thin(run.contract.request_schema["properties"]):
        value = json.dumps(run.bodies.full()[field])
        _either(run, f'{{"{field}": {value}, {inner}}}'.encode(), f"{field} twice", "editGitToken")
    _either(run, f"{{{inner}, {inner}}}".encode(), "every field twice", "createGitToken")
    _either(run, b"\xef\xbb\xbf{" + inner.encode() + b"}", "a byte order mark", "editGitToken")
    _either(run, f'{{{inner}, "{"k" * 70_000}": 1}}'.encode(), "a long key", "editGitToken")


@clause(
    "oddities/request",
    "Headers and query parameters that the contract does not know do not break a request.",
    source="nobody has said; users: proxies and tools add headers",
    level="expected",
)
def test_request(run: Run) -> None:
    headers = (
        ("Accept", "text/html"),
        ("Accept-Language", "xx-YY;q=9, *"),
        ("Cookie", "a=b; c"),
        ("X-Request-Id", "'\"<>${x}"),
        ("Content-Type", "application/json"),
    )
    for header in run.thin(headers):
        with run.case():
            answer = run.get(headers=(header,))
            run.expect(answer, 200, 400, 406, because=f"a read with {header[0]}: {header[1]}")
    for media_type in run.thin(
        (None, "APPLICATION/JSON", "application/json; charset=latin-1", "application/vnd.api+json", ";")
    ):
        with run.case():
            answer = run.edit(run.bodies.full(), media_type=media_type)
            run.expect(answer, 200, 400, 415, because=f"an edit with the media type {media_type}")
    for query in ("?unknown=1&fields=%00", "?name[]=x&%ff=%ff", f"?{'q' * 4000}"):
        with run.case():
            answer = run.get(git_token=f"{run.subject}{query}")
            run.expect(answer, 200, 400, 404, 414, because=f"a read with the query {query[:20]}")
