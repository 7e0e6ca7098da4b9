"""Whose a git token is: the run's own, which it may edit and delete, or somebody else's, which it may only read.

What a server says is no proof. A git token is the run's own if a create has been answered with its id, it was not
there before, and it was then seen in the organization; or if it bears the run's mark.
"""

from __future__ import annotations

import json
import re
import time
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from ..contract.fields import get
from ..contract.resource import Resource
from ..target.exchange import Answer

Json = dict[str, Any]
# What an id may consist of: anything else would lead a path elsewhere.
_ID = re.compile(r"[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*")

# What a run puts into the texts of what it makes, and of what it overwrites.
MARK = re.compile(r"\b(?:conformance|overwritten)-\d{8}t\d{4}-[0-9a-f]{6}-\d+\b")
# So many seconds after a run was to be over, it is.
OLD = 2 * 3600
# So long, in seconds, few runs go on.
_LONG_RUN = 24 * 3600
# An id of so many characters occurs nowhere by chance.
_LONG = 16


def plain(id: object) -> str:
    """An id as it is compared: decoded, in lower case, without the signs that a UUID may be written with or without."""
    text = str(id)
    while (decoded := unquote(text)) != text:
        text = decoded
    return re.sub(r"[-{}]|^urn:uuid:", "", text.strip().lower())


class Estate:
    """The git tokens that a run knows, by owner.

    `before` are those that were listed before the run did anything, by id in lower case, or None if they could not be
    listed. `created` are the ids of the run's own. `label` is in the texts of each of these.
    """

    def __init__(
        self, resource: Resource, label: str, foreign: str | None = None, overwrite: str | None = None
    ) -> None:
        self.label = label
        self._resource = resource
        # Somebody's, which the run may edit.
        self._overwrite = overwrite
        self.before: dict[str, Json] | None = None
        self.created: list[str] = []
        self._others: set[str] = set()
        self._looked = False
        # What other runs have made.
        self._runs: set[str] = set()
        self._foreign = plain(foreign) if foreign else ""
        # Answered to a create, and not yet seen in the organization; with what was sent.
        self._claimed: dict[str, Json] = {}

    def bears_mark(self, token: Json) -> bool:
        """Is a git token marked as this run's, by its name, description or address?"""
        return self.label in json.dumps(token).lower()

    def leave_to_others(self) -> None:
        """Takes out of what was there before what other runs have made, or may have made."""
        tokens = self.before or {}
        self.theirs(tokens)
        if self._runs:
            # While texts are tried, what they have made may bear no mark; but what is older than any run is not theirs.
            self._runs |= {id for id, token in tokens.items() if id != self._overwrite and self._is_young(token)}
            self.theirs(tokens)

    def theirs(self, tokens: dict[str, Json]) -> set[str]:
        """Which of these git tokens other runs have made, or may have made: they are not this run's to judge."""
        if not self._looked:
            return set()
        self._runs |= {id for id, token in tokens.items() if self._bears_anothers_mark(id, token)}
        for id in self._runs & (self.before or {}).keys():
            del (self.before or {})[id]
        found = self._runs & tokens.keys()
        if self._runs:
            known = {*self.created, *(self.before or ())}
            found |= {
                id for id in tokens.keys() - known if plain(id) != self._foreign and not self.bears_mark(tokens[id])
            }
        self.protect(found)
        return found

    def _bears_anothers_mark(self, id: str, token: Json) -> bool:
        texts = json.dumps(token).lower()
        return id not in (*self.created, self._overwrite) and any(
            not mark.startswith(self.label) for mark in MARK.findall(texts)
        )

    def _is_young(self, token: Json) -> bool:
        try:
            made = datetime.fromisoformat(str(get(token, self._resource.created or ""))).timestamp()
        except (ValueError, OverflowError):
            return True
        return time.time() - made < _LONG_RUN

    def looked(self, tokens: dict[str, Json] | None) -> None:
        """Notes what is there before the run; whatever a server answers later, none of it is the run's own."""
        self.before, self._looked = tokens, True
        self.protect(set(tokens or ()))

    def protect(self, ids: set[str]) -> None:
        """Notes git tokens of others."""
        self._others |= {plain(id) for id in ids - {self._overwrite}}

    def release(self, ids: set[str]) -> None:
        """Lets the run change git tokens that earlier runs have left."""
        self._others -= {plain(id) for id in ids}

    def claim(self, id: object, sent: Json) -> str | None:
        """Takes the id that a create was answered with for the run's own; gives it, None if it cannot be that."""
        own = str(id).lower()
        usable = isinstance(id, str) and _ID.fullmatch(id) and plain(id) not in self._others | {self._foreign}
        if not usable or own in self.created:
            return None
        self.created.append(own)
        self._claimed[own] = sent
        return own

    def adopt(self, tokens: dict[str, Json]) -> list[str]:
        """Takes those git tokens for the run's own that bear its mark, and were not there before; gives their ids."""
        mine = [id for id, token in tokens.items() if self._is_marked(id, token) and id not in self.created]
        self.created += mine
        return mine

    def recover(self, id: str) -> None:
        """Takes for the run's own what a create has made whose answer was lost."""
        self.release({id})
        self.created.append(id)

    def seen(self, tokens: dict[str, Json]) -> None:
        """Learns from what a list or a read shows of the organization whose the git tokens are."""
        for id, token in tokens.items():
            self._claimed.pop(id, None)
            if id not in self.created and not self._is_marked(id, token):
                self.protect({id})

    def read(self, id: str, token: Json) -> None:
        """Learns from a read of one git token, which shows less than a list: a wrong server may read out any."""
        sent = self._claimed.get(id, {})
        if self.bears_mark(token) or (sent and get(token, self._resource.mark) == get(sent, self._resource.mark)):
            self.seen({id: token})

    def claimed(self, path: str) -> str | None:
        """The id in `path` that was answered to a create and has not been seen since."""
        return next((id for id in self._claimed if id in path.lower()), None)

    def sent(self, id: str) -> Json:
        """The body of the create that was answered with a claimed id."""
        return self._claimed[id]

    def disown(self, id: str) -> None:
        """Gives up what a create was answered with, and is not in the organization."""
        if self._claimed.pop(id, None) is not None:
            self.created.remove(id)
            self.protect({id})

    def gone(self, id: str) -> None:
        """Forgets a git token that is deleted."""
        self.created.remove(id)
        self._claimed.pop(id, None)

    def untouchable(self, path: str) -> bool:
        """Does a path lead to a git token that is not the run's own?"""
        whole = plain(path)
        parts = set(re.split(r"[/\\?#;]", whole))
        return any(other in parts or (len(other) >= _LONG and other in whole) for other in self._others)

    def _is_marked(self, id: str, token: Json) -> bool:
        return bool(_ID.fullmatch(id)) and plain(id) not in self._others and self.bears_mark(token)


def listed_items(resource: Resource, answer: Answer) -> dict[str, Json] | None:
    """The items of a list by their ids, in lower case; None if it is no list."""
    listed = resource.listed(answer.json) if answer.ok else None
    if listed is None:
        return None
    return {id: item for item in listed if (id := resource.id_of(item))}
