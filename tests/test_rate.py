"""A rate limit is understood in every form."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from conformance.target import limits
from conformance.target.budget import Budget
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target
from tests.relay import answer, listening


def said(remaining: str, reset: str) -> tuple[float, float] | None:
    return limits.left(Answer(200, (("x-ratelimit-remaining", remaining), ("X-RateLimit-Reset", reset))))


@pytest.mark.parametrize("form", ["unix", "fraction", "seconds", "milliseconds", "microseconds"])
def test_a_reset_in_every_form(form: str) -> None:
    at = time.time() + 100
    forms = {
        "unix": f"{at:.0f}",
        "fraction": f" {at:.3f} ",
        "seconds": "100",
        "milliseconds": f"{at * 1e3:.0f}",
        "microseconds": f"{at * 1e6:.0f}",
    }
    found = said("7", forms[form])
    assert found and found[0] == 7 and abs(found[1] - at) < 2


@pytest.mark.parametrize("ahead", [-86_400, -600, 600])
def test_a_server_need_not_know_the_time(ahead: float) -> None:
    its = time.time() + ahead
    headers = (
        ("Date", formatdate(its, usegmt=True)),
        ("X-RateLimit-Remaining", "7"),
        ("X-RateLimit-Reset", f"{its + 100:.0f}"),
        ("Retry-After", formatdate(its + 100, usegmt=True)),
    )
    found, again = limits.left(Answer(200, headers)), limits.retry_after(Answer(429, headers))
    assert found and abs(found[1] - time.time() - 100) < 30
    assert again is not None and abs(again - 100) < 30


def test_what_is_negative_is_none_left() -> None:
    found = said("-3", "-5")
    assert found and found[0] == 0 and abs(found[1] - time.time()) < 2


@pytest.mark.parametrize("reset", ["", "soon", "nan", "inf", "1e9", "0x10", "\u0661", "9" * 400])
def test_what_is_no_number_is_nothing(reset: str) -> None:
    assert said("1", reset) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("-7", 0),
        ("1.5", 1.5),
        (formatdate(0, usegmt=True), 0),
        ("a date", 50),
        ("later", None),
        ("Mon, 99 Foo 99999 99:99:99 GMT", None),
    ],
)
def test_when_to_come_again(value: str, seconds: float | None) -> None:
    # The name of a test must not depend on when it is collected: other processes collect it too.
    value = formatdate(time.time() + 50, usegmt=True) if value == "a date" else value
    found = limits.retry_after(Answer(429, (("Retry-After", value),)))
    assert found is seconds is None or (found is not None and seconds is not None and abs(found - seconds) < 30)


@pytest.mark.parametrize("value", ["0", "-1", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_come_again_at_once_is_a_second_and_more_each_time(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0
    waits: list[float] = []
    monkeypatch.setattr(Budget, "sleep", lambda _, seconds: waits.append(seconds))

    def handle(request: object) -> None:
        nonlocal count
        count += 1
        answer(request, 429 if count < 4 else 200, b"{}", f"Retry-After: {value}")  # type: ignore[arg-type]

    with listening(handle) as url:
        target = Target(url, {"organizationId": "o"}, announce=lambda _: None)
        assert target.send(Request("GET", "/")).status == 200
        target.close()
    assert [seconds for seconds in waits if seconds >= 1] == [1, 2, 3]
