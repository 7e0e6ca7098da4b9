"""Requests as commands that take the options of curl, in the variables of one reproduction."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..run.run import Run
from ..target.exchange import Request
from .shell import Expression, body, options, word
from .variables import Variables

# The option with the credentials that the run has used for all that is not about credentials.
AUTHORIZED = '--header "$authorization"'


class Curl:
    """Writes requests down as a shell sends them; `creates` says whether there is a variable for their collection."""

    def __init__(self, run: Run, variables: Variables, *, creates: bool) -> None:
        self._run = run
        self._names = variables.names
        self._base = run.resource.variable("base_url")
        self._creates = creates
        # A proxy knows no server of this machine.
        local = " --noproxy '*'" if run.target.loopback else ""
        self.common = f"--silent{local} --max-time {run.target.timeout:g}"

    def shared(self) -> Iterator[str]:
        """Variables for what most requests have in common."""
        yield f'authorization="{self._authorization}"'
        if self._creates:
            yield f"items={self._items}"

    @property
    def valid(self) -> str:
        """The address of what the caller may read."""
        return self._items

    @property
    def each(self) -> str:
        """The address of an item, by the variables `items` and `each`."""
        return "$items$each" if self._collection.endswith("/") else "$items/$each"

    def creation(self, raw: bytes) -> Request:
        """The request that creates an item."""
        create, own = self._run.resource.create, self._run.target.authorization
        headers = (*([own] if own else []), ("Content-Type", "application/json"))
        return Request("POST", self._collection, headers, raw, create.id if create else None)

    def inline(self, request: Request) -> str:
        """The options that send a request, its body included, which holds no zero."""
        arguments = self._options(request)
        return f'{arguments} --data-binary "$({body(request.body, self._names)})"' if request.body else arguments

    def lines(self, request: Request, command: str, *, file: str = "") -> Iterator[str]:
        """The lines that send a request by a command which takes the options of curl; its body is in `file`, if any."""
        arguments = self._options(request)
        if request.body is None:
            yield f"{command} {arguments}"
        elif not request.body:
            yield f"{command} {arguments} --data-binary ''"
        elif request.framing == "pieces":
            yield f"sent=$({body(request.body, self._names)})"
            cut = len(request.body) // 3
            yield f'{{ printf %s "$sent" | head -c {cut}; sleep 1; printf %s "$sent" | tail -c +{cut + 1}; }} |'
            length = '--header "Content-Length: $(printf %s "$sent" | wc -c | tr -d \' \')"'
            yield f"  {command} {arguments} {length} --header 'Transfer-Encoding:' --header 'Expect:' --upload-file -"
        elif file:
            yield f'{body(request.body, self._names)} > "{file}"'
            yield f'{command} {arguments} --data-binary @"{file}"'
        else:
            yield f"{body(request.body, self._names)} |"
            yield f"  {command} {arguments} --data-binary @-"

    def _options(self, request: Request) -> str:
        arguments = " ".join(options(request, self._names, self._base))
        arguments = arguments.replace(f'--header "{self._authorization}"', AUTHORIZED)
        if self._creates:
            arguments = re.sub(rf'"{re.escape(self._items[1:-1])}(?=["/])', '"$items', arguments)
        return arguments

    @property
    def _authorization(self) -> str:
        scheme = next(iter(self._run.target.credentials), None)
        return f"{scheme.header}: {scheme.value(f'${scheme.variable}')}" if scheme else "Accept: */*"

    @property
    def _items(self) -> str:
        return word([Expression(f"${{{self._base}}}"), *self._names.path(self._collection)])

    @property
    def _collection(self) -> str:
        return self._run.resource.path_of(self._run.resource.collection, self._run.target.owners, "")
