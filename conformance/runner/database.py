"""Where Hypothesis keeps failing examples, so that the next run, here or on another machine, tries them first.

What is kept are the choices that generated an example, under a hash of the test: no request, and no credentials.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    ExampleDatabase,
    GitHubArtifactDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)

from ..target.stops import CannotRun

T = TypeVar("T")
LOCAL = ".hypothesis/examples"
DOWNLOADED = ".hypothesis/artifacts"
# How long Redis may take to answer, in seconds.
_PATIENCE = 5


def database(where: str | None, say: Callable[[str], object]) -> ExampleDatabase:
    """The database at the address of a Redis server, in a directory, or, for `github`, in an artifact and `LOCAL`.

    Without `where` it is `LOCAL`, if that can be written to.
    `say` is told what a person should know, once it cannot be used as it was meant. Raises CannotRun if it cannot be
    used at all; no password is in the message.
    """
    if where is None:
        return DirectoryBasedExampleDatabase(LOCAL)
    if "://" in where:
        return _redis(where, say)
    if where == "github":
        return _github(say)
    try:
        Path(where).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRun(f"--database {where}: {error.strerror}") from None
    return DirectoryBasedExampleDatabase(where)


def _redis(url: str, say: Callable[[str], object]) -> ExampleDatabase:
    # What does not fit may hold half a password anywhere.
    address = re.fullmatch(r"rediss?://(?:[^\s/?#@]*@)?((?:[^\s/?#@:\[\]]+|\[[0-9a-fA-F:.]+\])(?::\d+)?)(?:/\d+)?", url)
    if not address:
        raise CannotRun(
            "--database takes a directory, github or a Redis server, which is "
            "redis[s]://[[user]:password@]host[:port][/number]"
        )
    try:
        from hypothesis.extra.redis import RedisExampleDatabase
        from redis import AuthenticationError, Redis, RedisError
    except ImportError:
        raise CannotRun("--database redis://… needs the package redis: pip install redis") from None
    try:
        client = Redis.from_url(url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
        client.ping()
    except AuthenticationError:
        raise CannotRun(f"--database: Redis at {address[1]} refuses the user or the password") from None
    except (RedisError, OSError, ValueError) as error:
        what = " ".join(str(error).split()) if isinstance(error, RedisError) else type(error).__name__
        raise CannotRun(f"--database: Redis at {address[1]} cannot be used: {what}") from None
    return Shared(RedisExampleDatabase(client), RedisError, say)


def _github(say: Callable[[str], object]) -> ExampleDatabase:
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    if not os.environ.get("GITHUB_TOKEN"):
        raise CannotRun("--database github needs GITHUB_TOKEN, which may read the artifacts of GITHUB_REPOSITORY")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII):
        raise CannotRun("--database github needs GITHUB_REPOSITORY, as owner/name")
    owner, _, name = repository.partition("/")
    artifact = GitHubArtifactDatabase(owner, name, path=DOWNLOADED)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            # Downloads it.
            list(artifact.fetch(b""))
        except (OSError, ValueError, LookupError) as error:
            raise CannotRun(f"--database github: the artifact cannot be kept or read: {type(error).__name__}") from None
    for warning in caught:
        say(f"--database github: {warning.message}")
    return MultiplexedDatabase(DirectoryBasedExampleDatabase(LOCAL), ReadOnlyDatabase(artifact))


class Shared(ExampleDatabase):
    """A database somewhere else, which may cease to answer: from then on the run has its own, and says so."""

    def __init__(self, other: ExampleDatabase, lost: type[Exception], say: Callable[[str], object]) -> None:
        super().__init__()
        self._database = other
        self._lost = lost
        self._say = say

    def _ask(self, call: Callable[[ExampleDatabase], T]) -> T:
        try:
            return call(self._database)
        except self._lost:
            self._database = DirectoryBasedExampleDatabase(LOCAL)
            self._say(f"The shared database has ceased to answer: what fails from now on is kept in {LOCAL}")
            return call(self._database)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        return self._ask(lambda each: list(each.fetch(key)))

    def save(self, key: bytes, value: bytes) -> None:
        self._ask(lambda each: each.save(key, value))

    def delete(self, key: bytes, value: bytes) -> None:
        self._ask(lambda each: each.delete(key, value))
