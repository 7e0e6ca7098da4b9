"""What a run has sent and what came back, in few words: enough to draw a picture of, whatever the bodies' size."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from ..contract.contract import Contract, Zone, is_odd
from ..contract.fields import get, has
from ..target.exchange import Exchange

Kind = Literal["valid", "boundary", "unspecified", "invalid"]

# As many requests are kept one by one; of a longer run, every second, fourth, eighth and so on.
_ENTRIES = 20_000
# Answers that are about something else than the fields of the body: credentials, ids, method, size.
_ELSEWHERE = frozenset({401, 403, 404, 405, 406, 411, 413, 415, 429, 431})


@dataclass(frozen=True)
class Entry:
    """One request: when it was sent, in seconds since the run began, on behalf of which clause, and its answer."""

    at: float
    operation: str | None
    method: str
    status: int
    seconds: float
    clause: str | None


class Journal:
    """The requests of a run, the statuses that each operation answered with, and what was sent in each field.

    A value of a field is `valid` if it must be accepted, at the `boundary` if it is the shortest or longest of these,
    `invalid` if it must be refused, and else `unspecified`. It counts where nothing else is wrong with the request.
    """

    def __init__(self, contract: Contract) -> None:
        self.started = time.time()
        self.entries: list[Entry] = []
        self.count = 0
        self._step = 1
        self.statuses: dict[str | None, Counter[int]] = {operation: Counter() for operation in contract.operations}
        self.fields: dict[str, dict[Kind, Counter[int]]] = {}
        # The clause for which such a value was first answered with a status, of several statuses the latest.
        self.examples: dict[str, dict[Kind, str]] = {}
        self._contract = contract
        self._bounds: dict[str, set[int]] = {}
        for field, about in contract.resource.leaves.items():
            narrow = about.schema.get("x-must-accept", {})
            self._bounds[field] = {narrow.get("minLength", 0), narrow["maxLength"]} if "maxLength" in narrow else set()
            kinds: tuple[Kind, ...] = ("valid", "invalid")
            if narrow:
                kinds = ("valid", "boundary", "unspecified", "invalid")
            self.fields[field] = {kind: Counter() for kind in kinds}

    def add(self, exchange: Exchange, clause: str | None) -> None:
        """Notes an exchange that was made for a clause."""
        request, answer = exchange.request, exchange.answer
        at = exchange.at - self.started
        self._enter(Entry(at, request.operation, request.method, answer.status, answer.seconds, clause))
        self.statuses.setdefault(request.operation, Counter())[answer.status] += 1
        if answer.status not in _ELSEWHERE and self._plain(exchange):
            for field, kind in self._kinds(request.json, request.operation).items():
                self.fields[field][kind][answer.status] += 1
                if clause and (self.fields[field][kind][answer.status] == 1):
                    self.examples.setdefault(field, {})[kind] = clause

    def since(self, start: float, end: float) -> int:
        """How many requests were sent between two times, in seconds of Unix time."""
        start, end = start - self.started, end - self.started
        return self._step * sum(start < entry.at < end for entry in self.entries)

    def __getstate__(self) -> dict[str, object]:
        # What was learned goes to another process, what it was learned by is there already.
        return vars(self) | {"_contract": None}

    def merge(self, other: Journal) -> None:
        """Adds what another journal of the same run holds."""
        for entry in other.entries:
            self._enter(entry)
        self.count += other.count - len(other.entries)
        self.entries.sort(key=lambda entry: entry.at)
        for operation, statuses in other.statuses.items():
            self.statuses.setdefault(operation, Counter()).update(statuses)
        for field, examples in other.examples.items():
            self.examples[field] = examples | self.examples.get(field, {})
        for field, kinds in other.fields.items():
            for kind, statuses in kinds.items():
                self.fields[field][kind].update(statuses)

    def _enter(self, entry: Entry) -> None:
        self.count += 1
        if self.count % self._step == 0:
            self.entries.append(entry)
        if len(self.entries) > _ENTRIES:
            self.entries = self.entries[1::2]
            self._step *= 2

    def _plain(self, exchange: Exchange) -> bool:
        """Whether a request has a body, and nothing is odd about it but perhaps the values in the body."""
        request = exchange.request
        operation = self._contract.operations.get(request.operation or "")
        if (
            operation is None
            or operation.request_schema is None
            or request.header("Content-Type") != operation.media_type
        ):
            return False
        ids = re.fullmatch(re.sub(r"{\w+}", "([^/?]*)", operation.path), request.path)
        if not ids or not all(map(self._contract.resource.identifies, operation.parameters, ids.groups())):
            return False
        try:
            texts = (json.dumps(request.json, ensure_ascii=each, allow_nan=False) for each in (False, True))
            return any(request.body == text.encode("utf-8", "surrogatepass") for text in texts)
        except ValueError:
            return False

    def _kinds(self, body: object, operation: str | None) -> dict[str, Kind]:
        """The fields that a body says something about, with the kind of their values."""
        offence = self._contract.offence(body, operation)
        if offence:
            return {offence: "invalid"} if offence in self.fields else {}
        if not isinstance(body, dict):
            return {}
        kinds = {field: self._kind(field, get(body, field)) for field in self.fields if has(body, field)}
        if self._contract.zone(body, operation) is Zone.UNSPECIFIED:
            # It may be refused for this, whatever the other fields hold.
            kinds = {field: kind for field, kind in kinds.items() if kind == "unspecified"}
        return {field: kind for field, kind in kinds.items() if kind in self.fields[field]}

    def _kind(self, field: str, value: object) -> Kind:
        if is_odd(value) or not self._contract.must_accept(field, value):
            return "unspecified"
        return "boundary" if len(str(value)) in self._bounds[field] else "valid"
