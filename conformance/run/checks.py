"""What holds for every answer, whatever the request was.

Each check is a clause of its own. It says what is wrong with an answer, None if nothing is, and NOT_APPLICABLE where
it has nothing to judge.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..contract.contract import Contract, Zone
from ..contract.fields import get
from ..target import limits
from ..target.exchange import Exchange
from ..target.network import ended
from .clause import Clause, Level
from .comparison import moment
from .documented import Documented, documented
from .rates import Rates
from .secrets import Secrets

# Statuses with which HTTP itself lets a server refuse a request, whatever the operation documents (RFC 9110, RFC 6585).
HTTP_REFUSALS = frozenset({405, 406, 408, 411, 413, 414, 415, 416, 417, 429, 431})
# What a server may answer of two requests that are in each other's way (RFC 9110, RFC 4918, RFC 6585).
BUSY = frozenset({409, 412, 423, 429})
# So far apart, in seconds, the clocks of two machines may be.
CLOCKS = 600
NOT_APPLICABLE: Final = "not applicable"

# What a server shows of its internals, by texts of which it holds one: to look for these first is many times as fast.
_INTERNALS = {
    re.compile(pattern, re.VERBOSE | re.IGNORECASE): hints.split(";")
    for hints, pattern in {
        'traceback;file ";.java:;.kt:;.scala:;.js:;.ts:;goroutine ;panic;caused by: ': r"""
            Traceback\ \(most\ recent|\bFile\ "[^"]+",\ line\ \d+|\bat\ [\w.$<>]+\([\w$]+\.(?:java|kt|scala):\d+\)
            |\bat\ .{0,80}\(?/[\w./-]+\.[jt]s:\d+:\d+|goroutine\ \d+\ \[|panic:\ |thread\ '[\w-]+'\ panicked
            |\bCaused\ by:\ [\w.]+""",
        ":line ;stack trace:;called `;undefined method;cannot read propert": r"""
            \bin\ \S+\.(?:cs|fs|vb):line\ \d+|stack\ trace:(?:\s|\\[rn])*\#0|\bcalled\ `\w+::\w+\(\)`\ on
            |undefined\ method\ [`']\w+'\ for|cannot\ read\ propert(?:y|ies)\ ('\w+'\ )?of\ (?:undefined|null)""",
        "exception;error;</b>:": r"""
            Exception\ in\ thread|\b(?:\w{1,40}\.){2,9}\w{0,60}(?:Exception|Error)\b|PG::\w+Error
            |\bSystem\.\w{1,60}Exception\b
            |<b>(?:Warning|Fatal\ error)</b>:|\bserver\ error\ in\ '/'\ application""",
        "sqlalchemy.;psycopg;asyncpg.;hibernate.;sqlite3.;pymysql.;sqlstate;ora-": r"""
            \b(?:sqlalchemy|psycopg2?|asyncpg|hibernate|sqlite3|pymysql)\.|\bSQLSTATE\b|\bORA-\d{5}""",
        "constraint;too long for ;sql syntax;e11000 ": r"""
            violates\ (?:unique|foreign\ key|not-null|check)\ constraint|(?:unique|not\ null)\ constraint\ failed:
            |(?:value|data)\ too\ long\ for\ (?:type|column)|error\ in\ your\ SQL\ syntax|\bE11000\ duplicate""",
        "select ;insert ; set ;delete ": r"""
            \bSELECT\s.{1,200}\sFROM\s|\bINSERT\s+INTO\s|\bUPDATE\s+\w+\s+SET\s|\bDELETE\s+FROM\s""",
        "/usr/;/home/;/var/;/opt/;/srv/;/root/;/app/;/etc/;/proc/": r"""
            /(?:usr|home|var|opt|srv|root|app|etc|proc)/[\w.-]+(?:/[\w.-]+)*
            \.(?:py|rb|js|ts|go|rs|java|kt|php|conf|ya?ml|env)\b""",
    }.items()
}

Judge = Callable[["Checks", Exchange], str | None]


@dataclass(frozen=True)
class Check:
    """A clause that every answer is judged by. An answer that breaks a `fatal` one cannot be judged further."""

    clause: Clause
    judge: Judge
    fatal: bool


CHECKS: list[Check] = []


def check(
    id: str,
    requirement: str,
    *,
    source: str,
    level: Level,
    fatal: bool = True,
) -> Callable[[Judge], Judge]:
    """Registers a function as the judge of a clause on every answer."""

    def register(function: Judge) -> Judge:
        CHECKS.append(Check(Clause(id, requirement, source, level), function, fatal))
        return function

    return register


class Checks:
    """The checks of one run, with what they judge by."""

    def __init__(self, contract: Contract, secrets: Secrets, authorization: tuple[str, str] | None = None) -> None:
        """`authorization` is the header of most requests."""
        self.secrets = secrets
        self.rates = Rates(authorization)
        self.contract = contract
        self._documented = documented(contract)
        # Whose secrets the answer shows that is being judged.
        self.shown: set[str] = set()
        # Items that hold what nobody has said how to store, or what had to be refused: reads may show them in any way.
        self._odd: set[str] = set()

    def run(self, exchange: Exchange) -> list[tuple[Check, str | None]]:
        """Judges an answer; gives every check that applied and what it found, up to the first fatal finding."""
        if ended(exchange.request, exchange.answer):
            return []
        headers = "\n".join(f"{name}: {value}" for name, value in exchange.answer.headers)
        self.shown = self.secrets.in_text(f"{headers}\n{exchange.answer.text}")
        results = []
        for each in CHECKS:
            found = each.judge(self, exchange)
            if found == NOT_APPLICABLE:
                continue
            results.append((each, found))
            if found and each.fatal:
                break
        return results

    def note(self, exchange: Exchange) -> None:
        """Notes what a write has made of an item."""
        request, answer, resource = exchange.request, exchange.answer, self.contract.resource
        role = resource.role(request.operation)
        if role not in ("create", "edit") or not answer.ok:
            return
        id = resource.id_of(answer.json) if role == "create" else _last(request.path)
        if self.contract.zone(request.json, request.operation or "") is not Zone.ACCEPT:
            self._odd.add(id)
        elif request.method == "PUT":
            self._odd.discard(id)

    def unspecified(self, exchange: Exchange) -> bool:
        """Is it a read of an item that may look like anything?"""
        role = self.contract.resource.role(exchange.request.operation)
        return role == "read" and _last(exchange.request.path) in self._odd

    def specified(self, exchange: Exchange, value: Any) -> Any:
        """A decoded answer, a list's without the items that may look like anything."""
        resource = self.contract.resource
        if self._odd and resource.items is not None and resource.role(exchange.request.operation) == "list":
            listed = value.get(resource.items) if resource.items and isinstance(value, dict) else value
            if isinstance(listed, list):
                kept = [each for each in listed if resource.id_of(each) not in self._odd]
                return value | {resource.items: kept} if resource.items else kept
        return value

    def documented(self, exchange: Exchange) -> Documented | None:
        """What the contract documents of an answer of this status to this operation, if it does."""
        return self._documented.get((exchange.request.operation or "", exchange.answer.status))


def _last(path: str) -> str:
    return path.partition("?")[0].rpartition("/")[2].lower()


@check(
    "secrets/value",
    "No answer shows the secret of {a}, whole, in part or encoded.",
    source="OpenAPI document: writeOnly",
    level="documented",
    fatal=False,
)
def _token(checks: Checks, _: Exchange) -> str | None:
    noun = checks.contract.resource.noun
    return f"the answer shows the {noun}'s secret" if checks.secrets.secret in checks.shown else None


@check(
    "secrets/credentials",
    "No answer shows the credentials that the caller sent.",
    source="users: what a server logs or shows, others read",
    level="expected",
    fatal=False,
)
def _credentials(checks: Checks, exchange: Exchange) -> str | None:
    if exchange.request.framing == "illegal":
        # A server that cannot read a request may say where it could not.
        return NOT_APPLICABLE
    shown = checks.shown - {checks.secrets.secret}
    return f"the answer shows {', '.join(sorted(shown))}" if shown else None


@check(
    "secrets/internals",
    "No answer shows a stack trace, a database's message or a file of the server's.",
    source="users: internals help attackers",
    level="expected",
    fatal=False,
)
def _internals(_: Checks, exchange: Exchange) -> str | None:
    headers = "\n".join(value for _, value in exchange.answer.headers)
    shown = f"{headers}\n{exchange.answer.text[:20_000]}"
    plain = re.sub(r"\s", " ", shown.lower())
    sent = (exchange.request.body or b"").decode("utf-8", "replace") + exchange.request.path
    for pattern, hints in _INTERNALS.items():
        if any(hint in plain for hint in hints):
            for found in pattern.finditer(shown):
                if found.group() not in sent:
                    return f"the answer shows {found.group()[:80]!r}"
    return None


@check(
    "answer/in-time",
    "Every request is answered within the time-out.",
    source="users: a caller that waits for good is down",
    level="expected",
)
def _in_time(_: Checks, exchange: Exchange) -> str | None:
    problem = exchange.answer.problem or ""
    return problem if problem.startswith("no complete answer within") else None


@check(
    "answer/complete",
    "Every answer is a whole HTTP message: it ends, it is as long as it says, and no body follows a 204.",
    source="RFC 9112 section 6, RFC 9110 sections 8.4 and 15.3.5",
    level="http",
)
def _complete(_: Checks, exchange: Exchange) -> str | None:
    answer = exchange.answer
    if answer.problem:
        return answer.problem
    if answer.status == 204 and (answer.body or (answer.header("Content-Length") or "0") != "0"):
        return "the 204 announces a body"
    return None


@check(
    "answer/no-server-error",
    "No request makes the server fail.",
    source="users: a 5xx is a defect, whatever was sent",
    level="expected",
)
def _no_server_error(_: Checks, exchange: Exchange) -> str | None:
    status = exchange.answer.status
    if status == 501 and exchange.request.operation is None:
        # RFC 9110 section 15.6.2: so a server says that it does not know the method.
        return None
    return f"the server failed: {status}" if status >= 500 else None


@check(
    "answer/status",
    "Every answer has a status that the operation documents, or that HTTP defines for refusing the request.",
    source="OpenAPI document: the responses of each operation",
    level="documented",
)
def _status(checks: Checks, exchange: Exchange) -> str | None:
    operation, status = exchange.request.operation, exchange.answer.status
    if operation is None:
        return NOT_APPLICABLE
    if checks.documented(exchange) is not None or status in HTTP_REFUSALS:
        return None
    if exchange.together and status in BUSY:
        return None
    if exchange.request.framing and status == 400:
        # What is no HTTP is refused before anybody knows which operation it is.
        return None
    if exchange.request.method == "DELETE" and 400 <= status < 500:
        # Nobody says with which status a git token that services use is kept.
        return None
    known = checks.contract.operations[operation]
    if known.request_schema and status in checks.contract.resource.refusals(known):
        # A body has to be refused, and the contract names no status for that.
        return None
    return f"{operation} does not document {status}"


@check(
    "answer/media-type",
    "Every documented body is of the media type that the contract gives it, and says so.",
    source="OpenAPI document: the media type of each body",
    level="documented",
)
def _media_type(checks: Checks, exchange: Exchange) -> str | None:
    # Of an error no body is promised.
    documented = checks.documented(exchange) if exchange.answer.ok else None
    return documented.media_type(exchange.answer) if documented else NOT_APPLICABLE


@check(
    "answer/headers",
    "Rate-limit headers, where they are sent, are well formed: the remaining count falls, the reset is within an hour.",
    source="Qovery's site: X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, 1,000 requests an hour",
    level="documented",
    fatal=False,
)
def _headers(checks: Checks, exchange: Exchange) -> str | None:
    documented = checks.documented(exchange)
    if documented is None:
        return NOT_APPLICABLE
    return documented.headers(exchange.answer) or (checks.rates.judge(exchange) if documented.limits else None)


@check(
    "answer/schema",
    "The body of every successful answer is JSON that fits the operation's schema, formats included.",
    source="OpenAPI document: the schema of each answer",
    level="documented",
)
def _schema(checks: Checks, exchange: Exchange) -> str | None:
    operation, answer = exchange.request.operation, exchange.answer
    if operation is None or not answer.ok or checks.contract.operations[operation].response_schema is None:
        return NOT_APPLICABLE
    if exchange.request.body and checks.contract.zone(exchange.request.json, operation) is not Zone.ACCEPT:
        # Whatever such a request makes of the item, it is the acceptance that is at fault, if anything is.
        return NOT_APPLICABLE
    if checks.unspecified(exchange):
        return NOT_APPLICABLE
    try:
        value = json.loads(answer.body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return f"the body is not JSON: {error}" if answer.body else "the body is empty"
    documented = checks.documented(exchange)
    return documented.body(answer, checks.specified(exchange, value)) if documented else NOT_APPLICABLE


@check(
    "answer/honest-error",
    "The body of an error that claims to be JSON is JSON.",
    source="RFC 9110 section 8.3: Content-Type says what the body is",
    level="http",
    fatal=False,
)
def _honest_error(_: Checks, exchange: Exchange) -> str | None:
    answer = exchange.answer
    media_type = (answer.header("Content-Type") or "").split(";")[0].strip().lower()
    if answer.status < 400 or not answer.body or not re.fullmatch(r"application/(.+\+)?json", media_type):
        return NOT_APPLICABLE
    try:
        json.loads(answer.body)
    except (ValueError, RecursionError):
        return f"the body of the {answer.status} claims to be {media_type} and is not JSON"
    return None


@check(
    "answer/clock",
    "The time at which {a} was created, or last edited, is the time at which the server did it.",
    source="OpenAPI document: what the times say; users: they are compared with the clock",
    level="expected",
    fatal=False,
)
def _clock(checks: Checks, exchange: Exchange) -> str | None:
    resource, answer = checks.contract.resource, exchange.answer
    role = resource.role(exchange.request.operation)
    field = {"create": resource.created, "edit": resource.edited}.get(role or "")
    said = moment(get(answer.json, field)) if field and answer.ok else None
    if said is None:
        return NOT_APPLICABLE
    # The request may have waited for its turn, and the server's clock may be wrong as a whole.
    clocks = (exchange.at, time.time(), limits.date(answer))
    away = min((said - clock for clock in clocks if clock is not None), key=abs)
    # An edit that changes nothing may leave the time of the one before.
    if -CLOCKS <= away <= CLOCKS or (role == "edit" and away < 0):
        return None
    how = "after" if away > 0 else "before"
    return f"{field} is {abs(away):.0f} seconds {how} the {role}"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
