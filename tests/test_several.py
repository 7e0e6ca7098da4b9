"""Several runs in one organization judge, and touch, what is their own and what was there before, and nothing else."""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from conformance.contract.contract import Contract
from conformance.run.estate import OLD, Estate
from conformance.run.notes import leftovers, marked
from conformance.run.run import Run
from conformance.target.target import Target
from tests.independent import serve
from tests.suite import Started
from tests.test_live import tokens

Json = dict[str, Any]
# What looks at every git token of the organization.
LISTING = [f"--only={each}" for each in ("resource", "refusals", "values/create", "methods", "fuzzing/links")]
PARTS: dict[str, list[list[str]]] = {
    # Two of a seed: what they send is alike.
    "runs": [[*LISTING, f"--seed={number // 2}"] for number in range(4)],
    "shards": [["--seed=1", f"--shard={number}/4"] for number in (1, 2, 3, 4)],
}


@pytest.mark.parametrize("name", PARTS)
def test_runs_at_once_give_the_verdicts_of_one(tmp_path: Path, name: str) -> None:
    with serve() as server:
        before = tokens(server)
        # Each is on a machine of its own: no run sees the notes of another.
        runs = [
            Started(tmp_path / str(number), asdict(server), *options, XDG_STATE_HOME=str(tmp_path / f"state-{number}"))
            for number, options in enumerate(PARTS[name])
        ]
        for run in runs:
            outcome = run.end()
            assert (outcome.code, outcome.errors) == (0, ""), outcome.output
        assert tokens(server) == before


@pytest.mark.parametrize(
    ("options", "hours"),
    [({}, 0), ({"until": 8 * 3600}, 8), ({"rate": 0.1}, 2.5), ({"max_wait": 3600.0}, 1)],
)
def test_no_sweep_takes_what_a_run_may_need(options: Json, hours: float) -> None:
    """A run ends an hour after what its mark says, and the sweep of another machine begins an hour later."""
    if "until" in options:  # From now on: the tests may have been collected long ago.
        options = {"until": time.monotonic() + options["until"]}
    target = Target("http://127.0.0.1:1", {"organizationId": "o"}, **options)
    run = Run(Contract.load(), target, 1)
    item = {"id": str(uuid.uuid4())} | run.bodies.full()
    over = marked(run.resource, item)
    assert over and abs(over - time.time() - hours * 3600) < 180
    assert target.budget.left <= over - time.time() + 3600 + 60 <= over - time.time() + OLD
    assert leftovers(run.resource, {item["id"]: item}, [], set()) == []


LABEL, OTHER = "conformance-20261127t0000-abcdef", "conformance-20261127t0000-123456"


def _token(name: str, age: float = 0) -> Json:
    made = datetime.now(UTC) - timedelta(seconds=age)
    return {"id": str(uuid.uuid4()), "name": name, "created_at": made.isoformat()}


def _by_id(*tokens: Json) -> dict[str, Json]:
    return {token["id"]: token for token in tokens}


def test_what_other_runs_have_made_is_not_judged() -> None:
    old, young, theirs, tried = _token("ours", 10**6), _token("ours"), _token(f"{OTHER}-1"), _token("x")
    own, unmarked, copy = _token(f"{LABEL}-1"), _token("y"), _token(f"{LABEL}-1")
    estate = Estate(Contract.load().resource, LABEL)
    estate.looked(_by_id(old, young, theirs))
    estate.leave_to_others()
    assert estate.before == _by_id(old)
    for token in (own, unmarked):
        estate.claim(token["id"], {})
    listed = _by_id(old, young, theirs, tried, own, unmarked, copy)
    assert estate.theirs(listed) == _by_id(young, theirs, tried).keys()
    assert all(estate.untouchable(id) for id in _by_id(young, theirs, tried))
    # Without its mark for a while, it is still theirs.
    theirs["name"] = "z"
    assert theirs["id"] in estate.theirs(listed)


def test_a_run_alone_judges_everything() -> None:
    young, new = _token("ours"), _token("x")
    estate = Estate(Contract.load().resource, LABEL)
    estate.looked(_by_id(young))
    estate.leave_to_others()
    assert estate.before == _by_id(young)
    assert estate.theirs(_by_id(young, new)) == set()


def test_what_was_there_without_a_mark_may_turn_out_to_be_anothers() -> None:
    tried = _token("x")
    estate = Estate(Contract.load().resource, LABEL)
    estate.looked(_by_id(tried))
    estate.leave_to_others()
    tried["description"] = f"description-{OTHER}-7"
    assert estate.theirs(_by_id(tried)) == {tried["id"]}
    assert estate.before == {}
