"""Which items have to be there for a finding to show again."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..contract.contract import Zone
from .clause import Broken, Clause
from .history import History, Made

if TYPE_CHECKING:
    from .run import Run

# As many items as a list has to show for a finding about it to be seen.
_LISTED = 12


def needed(run: Run, history: History, clause: Clause, broken: Broken) -> tuple[Made, ...]:
    """What has to be there for the exchanges to say the same again: what they name or list, or what is alike."""
    requests = [each.request for each in broken.exchanges]
    marks = re.compile(rf"{re.escape(run.estate.label)}-\d+")
    ids = history.named(*requests) + history.alike(marks, *requests)
    ids += history.called(run.resource.mark, *requests)
    others: list[str] = []
    if any(run.resource.role(each.operation) == "list" for each in requests):
        ids += [id for id in (run.subject, run.bystander) if id in history.lives]
        others = [] if broken.aged else history.alive(broken.exchanges[0].at)[:_LISTED]
    elif broken.holds and run.bystander in history.lives and clause.id != "answer/schema":
        # An edit may have gone to another one.
        ids.append(run.bystander)
    made = history.before(dict.fromkeys(ids), broken.exchanges)
    more = history.before(dict.fromkeys(id for id in others if id not in ids), broken.exchanges)
    return (*made, *(_plain(run, each) for each in more))


def _plain(run: Run, made: Made) -> Made:
    """An item that only has to be there."""
    sent = json.loads(made.body)
    required = run.resource.request_schema.get("required", ())
    least = {name: value for name, value in sent.items() if name in required}
    accepted = run.contract.zone(least) is Zone.ACCEPT
    return replace(made, body=json.dumps(least).encode()) if accepted else made
