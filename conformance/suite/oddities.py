"""What nobody has specified: a server may accept or refuse it, but it must not break.

The tests only send; that no answer is a server error, comes too late or shows a secret, the checks say.
"""

import json

from conformance.clause import clause
from conformance.run import Run
from conformance.strategies import text_fields

EITHER = (200, 201, 400, 413)


def _either(run: Run, body: object, what: str) -> None:
    """Sends a body to every operation that takes one; deletes what is created."""
    for operation in run.contract.operations.values():
        if operation.request_schema:
            with run.case():
                answer = run.call(operation.id, body)
                token = run.expect(answer, *EITHER, because=f"{operation.id} with {what}")
                if answer.answer.status == 201:
                    run.delete(token["id"])


@clause(
    "oddities/characters",
    "Control characters, lone surrogates and blank text are accepted or refused with 400.",
    source="nobody has said; users: a server does not break",
    level="expected",
)
def test_characters(run: Run) -> None:
    for field in text_fields(run.contract):
        for text in ("", " ", "\x00", "a\x00b", "\r\n\t", "\x1b[31m\x07\x08\x7f\x85\x9f\x01"):
            _either(run, run.full(**{field: text}), f"{text!r} as {field}")
        surrogate = json.dumps(run.full(**{field: "\ud800"})).encode()
        _either(run, surrogate, f"a lone surrogate as {field}")


@clause(
    "oddities/long",
    "Text longer than anybody needs is accepted or refused with 400 or 413.",
    source="nobody has said; users: a server does not break",
    level="expected",
)
def test_long(run: Run) -> None:
    for field in run.contract.request_schema["properties"]:
        bound = run.contract.request_schema["properties"][field].get("x-must-accept", {}).get("maxLength")
        if bound:
            prefix = "https://git.example.com/" if field == "git_api_url" else ""
            for length in (bound + 1, 4097, 65_536):
                _either(
                    run, run.full(**{field: prefix + "x" * (length - len(prefix))}), f"{length} characters of {field}"
                )
    for field in (*text_fields(run.contract), "other"):
        large = run.full(**{field: "x" * (1024 * 1024 + 1)})
        with run.case():
            answer = run.edit(large)
            run.expect(answer, *EITHER, because=f"editGitToken with a {field} of more than 1 MiB")


@clause(
    "oddities/structure",
    "Deep nesting, duplicate keys, huge numbers and many properties are accepted or refused with 400 or 413.",
    source="nobody has said; users: a server does not break",
    level="expected",
)
def test_structure(run: Run) -> None:
    inner = json.dumps(run.full())[1:-1]
    for what, other in (
        ("arrays nested a thousand deep", "[" * 1000 + "]" * 1000),
        ("arrays nested 100,000 deep", "[" * 100_000 + "]" * 100_000),
        ("objects nested 20,000 deep", '{"a":' * 20_000 + "1" + "}" * 20_000),
        ("a huge exponent", "1e999999"),
        ("a number of 10,000 digits", "9" * 10_000),
        ("a negative zero", "-0"),
        ("20,000 members", json.dumps({f"m{number}": 0 for number in range(20_000)})),
    ):
        _either(run, f'{{{inner}, "other": {other}}}'.encode(), what)
    for field in run.contract.request_schema["properties"]:
        value = json.dumps(run.full()[field])
        _either(run, f'{{"{field}": {value}, {inner}}}'.encode(), f"{field} twice")
    _either(run, b"\xef\xbb\xbf{" + inner.encode() + b"}", "a byte order mark")
    _either(run, f'{{{inner}, "{"k" * 70_000}": 1}}'.encode(), "a long key")


@clause(
    "oddities/request",
    "Headers and query parameters that the contract does not know do not break a request.",
    source="nobody has said; users: proxies and tools add headers",
    level="expected",
)
def test_request(run: Run) -> None:
    for header in (
        ("Accept", "text/html"),
        ("Accept", "*/*;q=0.1"),
        ("Accept-Language", "xx-YY;q=9, *"),
        ("Cookie", "a=b; c"),
        ("X-Request-Id", "'\"<>${x}"),
        ("Accept-Charset", "latin-1"),
        ("Content-Type", "application/json"),
    ):
        with run.case():
            answer = run.get(headers=(header,))
            run.expect(answer, 200, 400, 406, because=f"a read with {header[0]}: {header[1]}")
    for query in ("?", "?unknown=1", "?fields=%00", "?name[]=x&name[]=y", "?%ff=%ff", f"?{'q' * 4000}"):
        with run.case():
            answer = run.get(git_token=f"{run.subject}{query}")
            run.expect(answer, 200, 400, 404, 414, because=f"a read with the query {query[:20]}")
