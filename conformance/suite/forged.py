"""Credentials that somebody has made up: JWTs that look like the real one, and the real value in another place."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from itertools import cycle

from ..contract.resource import Resource, Scheme
from ..run.clause import clause
from ..run.run import Json, Run
from .authentication import calls, protected

# Where clients of other APIs put their credentials.
QUERY = ("access_token", "token", "api_key", "apikey", "authorization", "jwt")
COOKIES = ("token", "access_token", "session", "Authorization", "jwt")
HEADERS = ("X-API-Key", "X-Api-Token", "X-Auth-Token", "X-Access-Token", "Proxy-Authorization", "Token")
# A head of more characters may be more than a server takes, and how that is said.
LARGE, TOO_LARGE = 2000, (400, 413, 414, 431)


def _segment(value: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _signature(text: str, key: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key.encode(), text.encode(), "sha256")).decode().rstrip("=")


def _bearer(resource: Resource) -> Scheme | None:
    """The scheme whose credentials are JWTs, if there is one."""
    return next((each for each in resource.schemes if each.prefix == "Bearer"), None)


def _real(run: Run) -> str:
    scheme = _bearer(run.resource)
    return run.target.credentials.get(scheme, "") if scheme else ""


def jwts(run: Run) -> Iterator[tuple[str, str]]:
    """JWTs that nobody has issued, and what is wrong with each; of the real one, no single claim is used."""
    parts = _real(run).split(".")
    claims: Json = {"admin": True, "sub": run.bodies.unknown_id(), "iat": 1_700_000_000, "exp": 4_000_000_000}
    payload, unknown = _segment(claims), run.secrets.stranger(run.random)
    for algorithm in ("none", "NONE"):
        yield f"{_segment({'alg': algorithm, 'typ': 'JWT'})}.{payload}.", f"a JWT that is not signed ({algorithm})"
    signed = f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{payload}"
    yield f"{signed}.{unknown}", "a JWT that is signed with another key"
    yield f"{signed}.", "a JWT whose signature is missing"
    # With the right claims, if they are known: it is the key alone that is wrong.
    guessed = f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{parts[1] if len(parts) == 3 else payload}"
    for key, what in (("", "an empty key"), ("secret", "a key out of a book")):
        # A server on somebody's own machine may have that key.
        if _signature(".".join(parts[:2]), key) != parts[-1]:
            yield f"{guessed}.{_signature(guessed, key)}", f"a JWT that is signed with {what}"
    old = _segment(claims | {"exp": 1_000_000_000})
    yield f"{_segment({'alg': 'RS256', 'kid': '../../dev/null'})}.{old}.{unknown}", "a JWT that has expired"
    yield (
        f"{_segment({'alg': 'RS256', 'jku': 'http://localhost/k'})}.{payload}.{unknown}",
        "a JWT with a key of its own",
    )
    yield unknown, "one segment of a JWT"
    yield f"{_segment({'alg': 'none'})}.{payload}", "two segments of a JWT"
    yield f"{signed}.{unknown}.{unknown}", "four segments of a JWT"
    yield "..", "a JWT of empty segments"
    yield f"{signed}.\xe9", NOT_ASCII
    if len(parts) == 3 and all(parts):
        yield f"{parts[0]}.{payload}.{parts[2]}", "the right JWT with another payload"
        yield f"{parts[0]}.{parts[1]}.", "the right JWT without its signature"
        yield f"{_segment({'alg': 'none'})}.{parts[1]}.", "the right JWT that says it is not signed"


NOT_ASCII = "a JWT that is not ASCII"


@clause(
    "forged/jwt",
    "A JWT that nobody has issued is refused with 401: unsigned, signed otherwise, expired, changed, or only like one.",
    source="RFC 8725 sections 2.1, 2.8 and 3.1; RFC 7519 section 7.2; OpenAPI document: 401",
    level="documented",
    needs="authentication/required",
    when=_bearer,
)
def test_jwt(run: Run) -> None:
    scheme = _bearer(run.resource)
    assert scheme
    turns = cycle(calls(run))
    real = _real(run)
    for value, what in run.thin([each for each in jwts(run) if each[0] != real]):
        operation, body = next(turns)
        with run.case():
            answer = run.call(operation, body, authorization=(scheme.header, scheme.value(value)))
            # What HTTP itself does not like, a server may refuse before it looks for credentials.
            statuses = (401, 400) if what == NOT_ASCII else (401,)
            run.expect(answer, *statuses, because=f"{operation} with {what}")


@clause(
    "forged/elsewhere",
    "The right credentials count in the header Authorization alone: in a query, a cookie or another header it is 401.",
    source="OpenAPI document: the security schemes are in the header Authorization; users: addresses are logged",
    level="documented",
    needs="authentication/required",
)
def test_elsewhere(run: Run) -> None:
    protected(run)
    scheme, value = next(iter(run.target.credentials.items()))
    reads = cycle([each.id for each in run.operations if each.method == "GET"])
    writes = cycle([run.resource.writes[-1].id])
    names = [name for name in HEADERS if name.lower() != scheme.header.lower()]
    cookies = "; ".join(f"{name}={value}" for name in COOKIES)
    placed = (
        ("a query parameter", "?" + "&".join(f"{name}={value}" for name in QUERY), ()),
        ("a cookie", "", (("Cookie", cookies),)),
        ("another header", "", tuple((name, value) for name in names)),
        ("another header, with the scheme", "", tuple((name, scheme.value(value)) for name in names)),
    )
    for what, query, headers in run.thin(placed):
        for operation in (next(reads), *([next(writes)] if query else [])):
            with run.case():
                body = run.bodies.full() if run.contract.operations[operation].request_schema else None
                road = run.path(operation) + query if query else None
                answer = run.call(operation, body, authorization=None, headers=headers, road=road)
                statuses = (401, *TOO_LARGE) if len(QUERY) * len(value) > LARGE else (401,)
                run.expect(answer, *statuses, because=f"{operation} with the right credentials in {what} alone")


def _illegal(scheme: Scheme, value: str, unknown: str) -> Iterator[tuple[str, str]]:
    """Values that hold what no header may, and what each holds; were it a space, they would still be wrong.

    A carriage return alone is not among them: parsers of mail, which some servers use, take it for a line's end.
    """
    yield f"{value[:8]}\0{value[8:]}", "a zero byte in their middle"
    yield f"{value}\0{unknown}", "a zero byte and more behind them"
    if scheme.prefix != "Basic":
        # Such a line end may be read as a space, and many a decoder of Base64 ignores what follows the padding.
        yield f"{value}\r\n {unknown}", "a line end and more behind them"


@clause(
    "forged/illegal",
    "The right credentials with a zero byte or a line end in them are none.",
    source="RFC 9110 section 5.5: such a field is invalid; OpenAPI document: 401",
    level="http",
    needs="authentication/required",
)
def test_illegal(run: Run) -> None:
    protected(run)
    scheme, value = next(iter(run.target.credentials.items()))
    for wrong, what in run.thin(_illegal(scheme, value, run.secrets.stranger(run.random))):
        with run.case():
            answer = run.get(authorization=(scheme.header, scheme.value(wrong)), framing="illegal")
            # A server may well end the connection at it.
            if answer.answer.status:
                run.expect(answer, 401, 400, 431, because=f"a read with the right credentials and {what}")


@clause(
    "forged/twice",
    "Two headers Authorization do not break the server.",
    source="RFC 9110 section 5.3: a field that is no list is sent once; users: a server does not break",
    level="http",
    needs="authentication/required",
)
def test_twice(run: Run) -> None:
    protected(run)
    scheme, value = next(iter(run.target.credentials.items()))
    right, wrong = scheme.value(value), scheme.value(run.secrets.stranger(run.random))
    for values in run.thin(((wrong, right), (right, wrong))):
        with run.case():
            headers = tuple((scheme.header, each) for each in values)
            answer = run.get(authorization=None, headers=headers)
            run.expect(answer, run.success("read"), 400, 401, because="a read with two headers Authorization")
