"""What the checks on every answer find: a server's internals, and what the contract does not document."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from conformance.contract.contract import Contract
from conformance.run import checks
from conformance.run.checks import NOT_APPLICABLE, Checks
from conformance.run.documented import Documented
from conformance.run.rates import STILL, Rates
from conformance.run.secrets import Secrets
from conformance.target.exchange import Answer, Exchange, Request

CHECKS = Checks(Contract.load(), Secrets({}, "GIT_TOKEN"))


def internals(shown: str, sent: str = "") -> str | None:
    request = Request("GET", "/", body=sent.encode())
    exchange = Exchange(request, Answer(500, (("Content-Type", "text/plain"),), shown.encode()))
    return {check.clause.id: found for check, found in CHECKS.run(exchange)}["secrets/internals"]


SHOWN = [
    'Traceback (most recent call last):\n  File "main.py", line 1',
    '  File "/srv/app", line 12, in edit',
    "\tat com.example.Tokens.edit(Tokens.java:17)",
    "    at edit (/srv/tokens/edit.js:10:3)",
    "goroutine 17 [running]:",
    "panic: runtime error: invalid memory address",
    "thread 'main' panicked at src/main.rs",
    'Exception in thread "main"',
    "Caused by: java.io.IOException",
    "org.springframework.dao.DataIntegrityViolationException",
    "django.db.utils.OperationalError: no such table",
    "System.NullReferenceException: Object reference not set",
    "   at Qovery.Tokens.Edit(String id) in /src/Tokens.cs:line 51",
    "PHP Fatal error: Uncaught TypeError\nStack trace:\n#0 index.php(12): edit(NULL)",
    "called `Option::unwrap()` on a `None` value",
    "undefined method `name' for nil:NilClass",
    "TypeError: Cannot read properties of undefined (reading 'name')",
    "sqlalchemy.exc: (psycopg2.errors.X)",
    "SQLSTATE[23000]: Integrity constraint",
    "ORA-00942: table does not exist",
    "PG::UniqueViolationError",
    'duplicate key value violates unique constraint "git_token_name_key"',
    "value too long for type character varying(255)",
    "Data too long for column 'description' at row 1",
    "You have an error in your SQL syntax; check the manual",
    "UNIQUE constraint failed: git_token.name",
    "E11000 duplicate key error collection: tokens",
    "select id, token\nfrom git_token where 1",
    "INSERT INTO git_token",
    "UPDATE git_token\tSET name",
    "DELETE\nFROM git_token",
    "open /etc/qovery/secrets.yaml: permission denied",
    "/home/app/server/edit.py",
    "<b>Warning</b>: mysqli",
    "Server Error in '/' Application.",
]


@pytest.mark.parametrize("shown", SHOWN)
def test_internals_are_recognised(shown: str) -> None:
    for each in (shown, shown.upper(), f'{{"message": "no: {shown}"}}'):
        assert internals(each)


@pytest.mark.parametrize("shown", SHOWN)
def test_what_was_sent_is_not_taken_for_the_servers(shown: str) -> None:
    assert internals(shown, sent=shown) is None


@pytest.mark.parametrize(
    "shown",
    [
        '{"status": 400, "error": "Bad Request", "message": "updated_at is old", "path": "/organization"}',
        "Error: select one of the providers, and set a name.",
        "name is too long for a git token, and the unique name constraint is not met",
        "see https://docs.example.com/var/errors for what caused this",
    ],
)
def test_what_any_error_says_is_none_of_it(shown: str) -> None:
    assert internals(shown) is None


RESPONSE = {
    "headers": {
        "X-Left": {"schema": {"type": "integer", "minimum": 0}},
        "X-Until": {"schema": {"type": "string", "format": "date-time"}, "required": True},
    },
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["id", "token"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "token": {"type": "string", "writeOnly": True},
                    "items": {"type": "array", "items": {"type": "object", "required": ["name"]}},
                },
            }
        }
    },
}
DOCUMENTED = Documented(RESPONSE)
ID = "1b7d9e30-8f21-4d6c-b1a4-2e9f70c35a64"


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("application/json", None),
        ("Application/JSON; charset=utf-8", None),
        (None, "no Content-Type says that the body is application/json"),
        ("text/html", "the Content-Type is text/html, not application/json"),
        ("json", "the Content-Type is json, not application/json"),
    ],
)
def test_a_media_type_is_the_documented_one(label: str | None, problem: str | None) -> None:
    headers = (("content-type", label),) if label is not None else ()
    assert DOCUMENTED.media_type(Answer(200, headers)) == problem


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ({"x-left": "7"}, None),
        ({"X-Left": "-1"}, "X-Left: -1 is less than the minimum of 0"),
        ({"X-Left": "many"}, 'X-Left: "many" is not of type "integer"'),
        ({"X-Left": "1_0"}, 'X-Left: "1_0" is not of type "integer"'),
        ({"X-Until": "soon"}, 'X-Until: "soon" is not a "date-time"'),
    ],
)
def test_a_header_is_what_its_schema_says(headers: dict[str, str], problem: str | None) -> None:
    sent = {"X-Until": "2026-01-15T09:30:00Z"} | headers
    assert DOCUMENTED.headers(Answer(200, tuple(sent.items()))) == problem


def test_a_header_that_is_required_is_sent() -> None:
    assert DOCUMENTED.headers(Answer(200)) == "X-Until is missing"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"id": ID}, None),
        ({}, '"id" is a required property'),
        ({"id": "1"}, '"1" is not a "uuid" (at id)'),
        ({"id": ID, "token": "s3cret"}, "token must not be shown (at token)"),
        ({"id": ID, "items": [{"name": 1}, {}]}, '"name" is a required property (at items[1])'),
        ({"id": "\ud800"}, "a text in it is not Unicode"),
        (json.loads('{"id":' * 900 + "1" + "}" * 900), "it is nested too deep to be read"),
    ],
)
def test_the_first_thing_that_is_wrong_with_a_body_is_said(value: object, problem: str | None) -> None:
    assert DOCUMENTED.body(Answer(200, (("Content-Type", "application/json"),)), value) == problem


def test_a_problem_of_a_huge_body_is_short() -> None:
    problem = DOCUMENTED.body(Answer(200, (("Content-Type", "application/json"),)), ["x" * 100_000])
    assert problem and len(problem) < 320


OWN = ("Authorization", "Token own")


def rated(remaining: object, reset: object, *, at: float = 0, own: bool = True, date: str = "") -> Exchange:
    headers = (("X-RateLimit-Remaining", str(remaining)), ("X-RateLimit-Reset", str(reset)), ("Date", date))
    return Exchange(Request("GET", "/", (OWN,) if own else ()), Answer(200, headers, b"{}"), at or 2_000_000_000)


@pytest.mark.parametrize(
    ("exchange", "wrong"),
    [
        (rated(5, 2_000_000_000), None),
        (rated(5, 2_000_003_600), None),
        (rated(5, 2_000_003_600_000), None),
        (rated(5, 1_999_999_000), "over for 1000 seconds"),
        (rated(5, 2_000_090_000), "90000 seconds away"),
        (rated(5, 2_000_090_000_000), "90000 seconds away"),
        # By the server's own clock.
        (rated(5, 2_000_086_400, date="Thu, 19 May 2033 03:33:20 GMT"), None),
        (rated("many", "soon"), None),
    ],
)
def test_a_reset_lies_within_the_window(exchange: Exchange, wrong: str | None) -> None:
    found = Rates(OWN).judge(exchange)
    assert wrong in found if wrong and found else found is wrong, found


def test_what_is_left_goes_down() -> None:
    still, rises, falls, others, slides, refilled = (Rates(OWN) for _ in range(6))
    for number in range(STILL + 5):
        found = still.judge(rated(7, 2_000_000_100))
        assert (found is not None) is (number >= STILL - 1)
        assert (rises.judge(rated(7 + number, 2_000_000_100)) is not None) is (number >= STILL - 1)
        assert falls.judge(rated(900 - number // 10, 2_000_000_100)) is None
        assert others.judge(rated(7, 2_000_000_100, own=False)) is None
        assert slides.judge(rated(7, 2_000_000_100 + number)) is None
        assert refilled.judge(rated(99, 2_000_000_001)) is None


def timed(method: str, made: str, edited: str, date: str = "") -> str | None:
    """What the check on clocks says of an answer, to a request of 2026-01-15T09:30:00Z."""
    operation = {"POST": "createGitToken", "PUT": "editGitToken"}[method]
    body = json.dumps({"created_at": made, "updated_at": edited}).encode()
    at = datetime.fromisoformat("2026-01-15T09:30:00Z").timestamp()
    answer = Answer(201 if method == "POST" else 200, (("Date", date),), body)
    [found] = [each.judge(CHECKS, Exchange(Request(method, "/", operation=operation), answer, at)) for each in CLOCK]
    return found


CLOCK = [each for each in checks.CHECKS if each.clause.id == "answer/clock"]


@pytest.mark.parametrize(
    ("method", "made", "edited", "date", "wrong"),
    [
        ("POST", "2026-01-15T09:30:01Z", "2026-01-15T09:30:01Z", "", None),
        ("POST", "2026-01-15T10:38:00.123+01:00", "", "", None),
        ("POST", "2026-01-15T11:30:00Z", "", "", "created_at is 7200 seconds after the create"),
        ("POST", "2026-01-15T09:30:00+01:00", "", "", "created_at is 3600 seconds before the create"),
        ("POST", "0001-01-01T00:00:00Z", "", "", "before the create"),
        ("POST", "2026-01-15T11:30:00Z", "", "Thu, 15 Jan 2026 11:30:00 GMT", None),
        ("POST", "2026-01-15T11:30:00Z", "", "Thu, 15 Jan 2026 09:30:00 GMT", "after the create"),
        ("PUT", "2020-01-15T11:30:00Z", "2026-01-15T09:30:01Z", "", None),
        ("PUT", "2020-01-15T11:30:00Z", "2026-01-15T10:30:01Z", "", "updated_at is 3601 seconds after the edit"),
        # An edit that changes nothing may leave the time as it is.
        ("PUT", "2020-01-15T11:30:00Z", "2026-01-15T01:00:00Z", "", None),
        ("POST", "soon", "", "", NOT_APPLICABLE),
    ],
)
def test_times_are_those_of_the_clock(method: str, made: str, edited: str, date: str, wrong: str | None) -> None:
    found = timed(method, made, edited, date)
    assert wrong in found if wrong and found else found is wrong, found
