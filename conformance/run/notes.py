"""What a run may leave behind: how the git tokens of one that was killed are recognised by the next.

A run notes on disk the id of every git token that it creates; what it does not get to note, and what was noted on a
machine that is gone, is recognised by its name, description or address, which say when it was made.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..contract.fields import get
from ..contract.resource import Resource
from .clause import Clause
from .estate import OLD

Json = dict[str, Any]
# A note of this age, in seconds, is about a server that will not come back.
STALE = 30 * 24 * 3600
# Notes of more bytes than this are no run's.
LARGEST = 64 * 1024 * 1024
_MARK = re.compile(r"\bconformance-(\d{8}t\d{4})-[0-9a-f]{6}-\d+\b", re.IGNORECASE)
_STAMP = "%Y%m%dt%H%M"


def stamp(seconds: float = 0) -> str:
    """The time in so many seconds, to the minute, as it stands in names: when the run that gives them is to be over."""
    return time.strftime(_STAMP, time.gmtime(time.time() + seconds))


def marked(resource: Resource, item: Json) -> float | None:
    """When the run was to be over that has made an item, in seconds of Unix time; None if none has made it."""
    texts = (get(item, name) for name in resource.of_kind("text", "address", secret=False))
    if found := next(filter(None, (_MARK.search(str(text or "")) for text in texts)), None):
        try:
            return datetime.strptime(found[1].lower(), _STAMP).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return None
    return None


class Notes:
    """What a run has created, and what it has overwritten, in a file of its own; without secrets.

    The file is locked as long as the run lives, so that the notes of a dead one can be told from those of a live one.
    """

    def __init__(self, base_url: str, owners: Json) -> None:
        """Starts taking notes. Raises OSError if there is no place for them."""
        self._where = hashlib.sha256(" ".join([_server(base_url), *owners.values()]).encode()).hexdigest()[:16]
        folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "git-token-conformance"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        self._path = folder / f"{self._where}-{os.getpid()}-{time.time_ns()}.jsonl"
        made = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        self._file = os.fdopen(made, "a+", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def write(self, **note: object) -> None:
        """Adds a note; once this returns, even a power failure does not take it away."""
        self._file.write(json.dumps(note) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def before(self, tokens: dict[str, Json]) -> None:
        """Notes what was there before the run."""
        self.write(before=list(tokens))

    def creating(self, name: object) -> None:
        self.write(creating=_hash(name))

    def close(self, done: bool) -> None:
        """Ends the notes; they are kept unless all is `done`."""
        if done:
            self._path.unlink(missing_ok=True)
        self._file.close()

    def dead(self) -> list[Left]:
        """What earlier runs against the same server and organization have left, and live no more."""
        found = []
        for path in sorted(self._path.parent.glob("*.jsonl")):
            if path == self._path:
                continue
            try:
                # A pipe would never be read to its end, and a link leads elsewhere.
                if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
                    continue
                with path.open(encoding="utf-8", errors="replace") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if path.name.startswith(self._where):
                        found.append(Left(path, file.read().splitlines()))
                    elif time.time() - path.stat().st_mtime > STALE:
                        path.unlink(missing_ok=True)
            except OSError:
                # A live run's, or just taken away by another.
                continue
        return found


class Left:
    """What the notes of a dead run say: ids that it created, names under creation, and fields that it overwrote."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path = path
        self.created: set[str] = set()
        self.before: set[str] = set()
        self.creating: set[str] = set()
        self.overwritten: dict[str, Json] = {}
        last = ""
        for line in lines:
            try:
                note = json.loads(line)
            except (ValueError, RecursionError):
                # The last line of a run that was killed while it wrote it.
                continue
            if not _is_note(note):
                continue
            self.before.update(note.get("before", ()))
            if "creating" in note:
                self.creating.add(last := note["creating"])
            if "created" in note:
                # The create that was under way has been answered.
                self.creating.discard(last)
                self.created.update(note["created"])
            self.created.difference_update(note.get("deleted", ()))
            self.overwritten.update(note.get("overwriting", {}))

    def holds(self, id: str, name: object) -> bool:
        """Is it an item that the run has created? What was there before the run is not, whatever a server said."""
        return id not in self.before and (id in self.created or _hash(name) in self.creating)


def _server(base_url: str) -> str:
    """The address of a server in one spelling, for this machine has several."""
    address = urlsplit(base_url)
    host = (address.hostname or "").lower()
    if host.startswith("127.") or host == "::1":
        host = "localhost"
    port = address.port or {"https": 443}.get(address.scheme, 80)
    return f"{address.scheme}://{host}:{port}{address.path.rstrip('/')}"


def _is_note(note: object) -> bool:
    """Is it what a run notes? A file may have been damaged, or be somebody else's."""
    if not isinstance(note, dict):
        return False
    ids = [note.get(name, []) for name in ("before", "created", "deleted")]
    overwritten = note.get("overwriting", {})
    return (
        all(isinstance(each, list) and all(isinstance(id, str) for id in each) for each in ids)
        and isinstance(note.get("creating", ""), str)
        and isinstance(overwritten, dict)
        and all(isinstance(fields, dict) for fields in overwritten.values())
    )


def _hash(name: object) -> str:
    return hashlib.sha256(json.dumps(name).encode()).hexdigest()[:32]


OTHERS = Clause(
    "resource/others",
    "After the run every other {noun} of the {owner} is as it was before.",
    source="users: what others rely on stays as it is",
    level="expected",
)


def leftovers(resource: Resource, tokens: dict[str, Json], dead: list[Left], keep: set[str]) -> list[str]:
    """The ids of what dead runs have left among `tokens`; never one of `keep`, nor by its name alone what is in use."""
    found = []
    for id, token in tokens.items():
        made = marked(resource, token)
        old = made is not None and time.time() - made > OLD and not any(get(token, name) for name in resource.counts)
        overwritten = any(id in left.overwritten for left in dead)
        if (
            id not in keep
            and not overwritten
            and (old or any(left.holds(id, get(token, resource.mark)) for left in dead))
        ):
            found.append(id)
    return found
