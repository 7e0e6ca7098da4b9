"""What the variables of a reproduction stand for: credentials, secrets, owners, and the ids of what is made."""

from __future__ import annotations

from collections.abc import Iterator

from ..run.clause import Finding
from ..run.run import Run
from ..target.exchange import Exchange, Request
from .shell import TELLING, Names

# The headers by which a server says in which state something is (RFC 9110 section 8.8).
STATES = ("ETag", "Last-Modified")
STRANGER = "UNKNOWN_CREDENTIALS"
# Forty letters that stand together nowhere else, and a number that stands nowhere else.
_MADE_UP = "$(od -An -v -N20 -tx1 /dev/urandom | tr -d ' \\n' | tr 0-9a-f gHjKmNpQrStVwXyZ)"
_NUMBER = "$(od -An -v -N8 -tu1 /dev/urandom | tr -d ' \\n' | tr 0 7 | cut -c-16)"


class Variables:
    """The variables of one reproduction, each with the value that it stands for in the run."""

    def __init__(self, finding: Finding, run: Run, requests: list[Request]) -> None:
        self._finding = finding
        self._run = run
        self.secret = run.resource.secret
        sent = "\n".join(_text(each) for each in requests)
        self.values = [(value, name) for value, name in self._values(sent) if value]
        self.names = Names(self.values)
        self.used = self.names.used(sent + (finding.holds or ""))

    def _values(self, sent: str) -> Iterator[tuple[str, str]]:
        target, resource = self._run.target, self._run.resource
        yield from ((value, scheme.variable) for scheme, value in target.credentials.items())
        yield from ((value, resource.variable(name)) for name, value in target.owners.items())
        yield from ((value, resource.variable("foreign", name)) for name, value in target.foreign.items())
        yield target.foreign_item or "", resource.variable("foreign", resource.item)
        yield target.overwrite or "", resource.variable(resource.item)
        secrets = self._run.secrets.values
        for variable in (self.secret, STRANGER):
            # A body may be cut in the middle of one.
            starts = {each: sent.find(each[:TELLING]) for each, name in secrets.items() if name == variable}
            found = sorted((each for each, start in starts.items() if start >= 0), key=lambda each: starts[each])
            yield from ((each, _numbered(variable, index)) for index, each in enumerate(found))
        yield from ((each, name) for each, name in secrets.items() if name not in (self.secret, STRANGER))
        ids = dict.fromkeys([*(made.id for made in self._finding.made), *self._created()])
        yield from ((id, _numbered("ID", index)) for index, id in enumerate(ids))
        yield from ((value, name) for each in self._finding.exchanges for _, value, name in self.told(each))

    def _created(self) -> Iterator[str]:
        """The ids that the finding's own exchanges were answered with."""
        for exchange in self._finding.exchanges:
            if id := self.created(exchange):
                yield id

    def created(self, exchange: Exchange) -> str | None:
        """The id of what an exchange has created."""
        shown = exchange.answer.json
        creates = exchange.request.method == "POST" and exchange.answer.ok and isinstance(shown, dict)
        id = self._run.resource.id_of(shown) if creates else None
        # What the request has named itself is no new one.
        return id if id and id.encode() not in (exchange.request.body or b"").lower() else None

    def told(self, exchange: Exchange) -> Iterator[tuple[str, str, str]]:
        """The headers of an answer that later requests send back: name, value, and variable."""
        exchanges = self._finding.exchanges
        place = exchanges.index(exchange)
        later = {value for each in exchanges[place + 1 :] for _, value in each.request.headers}
        for name in STATES:
            value = exchange.answer.header(name)
            if value in later:
                yield name, value, _numbered(name.upper().replace("-", "_"), place)

    def name(self, id: str) -> str:
        """The variable for the id of what is made."""
        return next(name for value, name in self.values if value == id)

    @property
    def needed(self) -> list[str]:
        """What somebody has to set."""
        resource = self._run.resource
        names = sorted(name for name in self.used if name.startswith(f"{resource.prefix}_"))
        owners = map(resource.variable, resource.owners)
        credentials = (scheme.variable for scheme in list(self._run.target.credentials)[:1])
        return list(dict.fromkeys([resource.variable("base_url"), *names, *owners, *credentials]))

    @property
    def secrets(self) -> list[str]:
        """What only has to be recognised."""
        return sorted(name for name in self.used if name.startswith((self.secret, STRANGER)))

    def made_up(self) -> Iterator[str]:
        """Values for secrets that nobody has set."""
        values = {name: value for value, name in self.values}
        for name in self.secrets:
            yield f"{name}=${{{name}:-{_NUMBER if values[name].isdecimal() else _MADE_UP}}}"


def _numbered(name: str, index: int) -> str:
    return f"{name}_{index + 1}" if index else name


def _text(request: Request) -> str:
    parts = [request.path, *(value for _, value in request.headers), (request.body or b"").decode("latin-1")]
    return "\n".join(parts)
