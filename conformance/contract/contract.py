"""The contract as it is used: a document that has been read, and the resource that it is about."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from .document import METHODS, PATH, ContractError, Json, Operation, References, operations, read, validator
from .limits import refuse
from .plain import plain
from .resource import Resource
from .zones import MODERATE_DEPTH, MODERATE_SIZE, Zone, Zones, is_odd

__all__ = [
    "METHODS",
    "MODERATE_DEPTH",
    "MODERATE_SIZE",
    "PATH",
    "Contract",
    "ContractError",
    "Operation",
    "Zone",
    "is_odd",
    "validator",
]


class Contract:
    """A contract that has been read, with its references resolved."""

    def __init__(self, document: Json) -> None:
        self.document: Json = _resolved(document)

    @classmethod
    def load(cls, path: Path = PATH) -> Contract:
        """Reads a contract from a YAML file.

        Raises ContractError with file and place if it cannot be read, is not an OpenAPI 3.0 or 3.1 document, is not
        about one resource, or says something that cannot be honoured.
        """
        document = read(path, "3.0 or 3.1")
        try:
            contract = cls(document)
            refuse(contract.resource)
        except ContractError as error:
            raise ContractError(f"{path}: {error}") from None
        except (KeyError, LookupError, TypeError, AttributeError, RecursionError, ValueError) as error:
            raise ContractError(f"{path}: not a usable OpenAPI document: {error}") from None
        return contract

    @property
    def version(self) -> str:
        return str(self.document["info"]["version"])

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """Every operation by its id, in the contract's order."""
        return operations(self.document)

    @cached_property
    def resource(self) -> Resource:
        """What the operations are about."""
        return Resource(self.document, self.operations)

    @property
    def request_schema(self) -> Json:
        """The schema of what both a create and an edit take, or the one that there is."""
        return self.resource.request_schema

    @cached_property
    def examples(self) -> dict[str, Json]:
        """The contract's own request bodies, by name."""
        return self.resource.examples

    @cached_property
    def _zones(self) -> dict[str, Zones]:
        """Zones by operation; those with the same schema share theirs."""
        main = Zones(self.request_schema)
        schemas = {id: each.request_schema for id, each in self.operations.items() if each.request_schema}
        return {id: main if schema == main.schema else Zones(schema) for id, schema in schemas.items()}

    def zones(self, operation: str | None = None) -> Zones:
        """The zones of what an operation takes; by default, of what every write does."""
        return self._zones.get(operation or "") or self._zones[self.resource.main.id]

    def offence(self, body: object, operation: str | None = None) -> str | None:
        """Why every server has to refuse `body`: the field that is wrong, or "body" if it is no object; else None."""
        return self.zones(operation).offence(body)

    def zone(self, body: object, operation: str | None = None) -> Zone:
        """Says what a server has to do with `body`, a decoded JSON value, as the request body of an edit or create."""
        return self.zones(operation).zone(body)

    def must_accept(self, field: str, value: object) -> bool:
        """Whether every server has to take `value` as the request's `field`, the rest of the body being right."""
        return self.zones().must_accept(field, value)


def _resolved(document: Json) -> Json:
    """A document in plain words, with its references resolved. Raises ContractError as References does."""
    References(document).resolve(document)
    made = plain(document)
    return dict(References(made).resolve(made))
