"""What the checks on every answer take for a server's internals."""

from __future__ import annotations

import pytest

from conformance.contract.contract import Contract
from conformance.run.checks import Checks
from conformance.run.secrets import Secrets
from conformance.target.exchange import Answer, Exchange, Request

CHECKS = Checks(Contract.load(), Secrets({}))


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
