"""What scripts/bench measures with: a peer that is slower by a known factor is measured as such."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from bench.measure import Comparison, Spread, interleave, run, timed


def test_a_known_factor_is_found_however_slow_the_machine_becomes() -> None:
    now, pace = 0.0, 1.0

    def work(seconds: float) -> Callable[[], None]:
        def action() -> None:
            nonlocal now, pace
            now += seconds * pace
            pace *= 1.05  # Whoever is second finds the machine slower.

        return action

    pairs = interleave(timed(work(1), lambda: now), timed(work(2.5), lambda: now), 20)
    assert Comparison("", "", "", pairs).ratio.median == pytest.approx(1 / 2.5, rel=0.1)


def test_a_process_that_sleeps_longer_is_slower_by_that_factor() -> None:
    ours, theirs = (timed(partial(run, ["sleep", seconds])) for seconds in ("0.2", "0.5"))
    pairs = interleave(ours, theirs, rounds=5)
    assert Comparison("", "", "", pairs).ratio.median == pytest.approx(0.2 / 0.5, rel=0.1)


def test_both_take_turns_in_going_first_and_warming_up_does_not_count() -> None:
    calls: list[str] = []

    def call(name: str) -> int:
        calls.append(name)
        return len(calls)

    pairs = interleave(partial(call, "a"), partial(call, "b"), 3, warm_up=1)
    assert "".join(calls) == "baabbaab"
    assert pairs == [(3, 4), (6, 5), (7, 8)]


def test_a_spread_is_median_and_quartiles() -> None:
    assert Spread.of([5, 1, 4, 2, 3]) == Spread(2, 3, 4)
    assert str(Spread.of([5, 1, 4, 2, 3])) == "3 (2 to 4)"
    assert str(Spread.of([1234.5])) == "1,234"


@pytest.mark.parametrize(
    ("at_least", "at_most", "verdict"),
    [(2, None, "met"), (2.1, None, "missed"), (None, 2, "met"), (None, 1.9, "missed")],
)
def test_a_row_says_whether_the_target_is_met(at_least: float | None, at_most: float | None, verdict: str) -> None:
    comparison = Comparison("a call", "ms", "httpx", [(2, 1), (4, 2)], at_least, at_most)
    assert verdict in comparison.row()
    assert verdict in str(comparison).lower()


def test_a_peer_that_finds_nothing_is_infinitely_worse() -> None:
    assert Comparison("", "", "", [(1, 0), (2, 0)], at_least=2).met


def test_a_command_that_fails_is_not_measured() -> None:
    with pytest.raises(RuntimeError, match="sh exited with 3: no disk"):
        run(["sh", "-c", "echo no disk >&2; exit 3"])
