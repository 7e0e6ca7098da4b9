"""The contract's resource as methods of a client: create, list, get, edit, delete, and further reads of an item.

Which operation is which, says conformance/contract; further reads are called after the end of their path.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import Any

from document import Document
from openapi_python_client.parser.openapi import Endpoint, GeneratorData
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.strings import PythonIdentifier, pascal_case
from text import plain

from conformance.contract.contract import Contract, ContractError
from conformance.contract.names import Scheme as Authentication

# What methods take beside the fields of a request.
_OPTIONS = {"body", "headers", "max_retries", "max_wait", "options", "self", "timeout"}


@dataclass(frozen=True)
class Owner:
    """Whose the resource is: a parameter of the collection's path, which a client is given once."""

    name: str
    variable: str
    about: str
    type: str
    segment: str
    """The function of the client's types.py that makes a segment of a path of it."""


@dataclass(frozen=True)
class Scheme(Authentication):
    """A way to authenticate, whose name is an argument of a client."""

    about: str


@dataclass(frozen=True)
class Field:
    """A field of a request, as an argument of a method."""

    keyword: str
    python_name: str
    annotation: str
    default: str
    about: str
    secret: bool
    choices: list[str]
    text: bool
    """Is it a text, also to a shell? What is not is given there as JSON."""


@dataclass(frozen=True)
class Body:
    model: str
    module: str
    about: str
    fields: list[Field]


@dataclass(frozen=True)
class Operation:
    """An operation as a method: its name, its module, and what it takes and returns."""

    role: str
    endpoint: Endpoint
    tag: str
    module: str
    item: str | None
    item_type: str
    item_about: str
    body: Body | None
    result: str
    items: tuple[str, str] | None
    """The one list in the answer: what is behind the answer in an expression for it, and what is in it."""
    returns: str


@dataclass(frozen=True)
class Resource:
    name: str
    class_name: str
    about: str
    prefix: str
    """What the names of the environment's variables begin with."""
    schemes: list[Scheme]
    owners: list[Owner]
    operations: list[Operation]

    @property
    def edit(self) -> Operation | None:
        return next((operation for operation in self.operations if operation.role == "edit"), None)

    @property
    def secret(self) -> Field | None:
        """The one secret of an edit that keeps all else: every other field is one that a read shows."""
        get = next((operation for operation in self.operations if operation.role == "get"), None)
        if not get or not self.edit or not self.edit.body or self.edit.endpoint.method != "put":
            return None
        shown = {property_.name.get_untrusted_value() for property_ in properties(_success(get.endpoint))}
        sent = {property_.name.get_untrusted_value() for property_ in properties(self.edit.endpoint.bodies[0].prop)}
        secrets = [each for each in self.edit.body.fields if each.secret]
        names = {each.python_name: name for each, name in zip(self.edit.body.fields, _names(self.edit), strict=True)}
        lost = sent - shown - {names[each.python_name] for each in secrets}
        return secrets[0] if len(secrets) == 1 and secrets[0].text and not lost else None

    @property
    def bodies(self) -> list[Body]:
        """What the command sends: the body of a create, or else an edit's, and that of a rotation."""
        rotation = self.edit.body if self.edit and self.secret else None
        found = {body.model: body for body in (self.written, rotation) if body}
        return list(found.values())

    @property
    def written(self) -> Body | None:
        """What is sent to create, or else to edit."""
        bodies = {each.role: each.body for each in self.operations if each.body}
        return bodies.get("create") or bodies.get("edit")

    @property
    def further(self) -> str | None:
        """The one further read of an item that lists something: who uses it."""
        found = [each.role for each in self.operations if each.items and each.role != "list"]
        return found[0] if len(found) == 1 else None

    @property
    def columns(self) -> list[str]:
        """The fields of an item that a table shows: those that are always there and short enough to be read."""
        shown = next((each for each in self.operations if each.role in ("get", "list")), None)
        model = _success(shown.endpoint) if shown else None
        if shown and shown.items:
            answers = [each.prop for each in shown.endpoint.responses if _succeeds(each)]
            model = next(
                each for each in (*answers, *properties(model)) if isinstance(each, ListProperty)
            ).inner_property
        kinds = ("StringProperty", "UuidProperty", "EnumProperty", "IntProperty", "BooleanProperty")
        needed = model.required_properties or [] if model else []
        return [each.name.get_untrusted_value() for each in needed if type(each).__name__ in kinds][:6]

    @property
    def keywords(self) -> str:
        """The arguments that are called otherwise than their fields, as the source of a dictionary."""
        bodies = [operation.body for operation in self.operations if operation.body]
        named = {each.keyword: each.python_name for body in bodies for each in body.fields}
        return repr({said: name for said, name in sorted(named.items()) if said != name})


def resource(contract: Document, data: GeneratorData, wire: Any, answer: Any) -> Resource:
    """The resource that the contract is about. Raises Unusable if it is about none, or about several.

    Args:
        contract: The contract.
        data: What the generator made of it.
        wire: From a model and a property to the type, the default, the kind and whether it is secret.
        answer: From an endpoint and a response to the type of the answer, and how it is read.
    """
    try:
        known = Contract(contract.content).resource
    except (ContractError, LookupError) as error:
        raise contract.unusable(str(error), ("paths",)) from None
    tags = {
        endpoint.name: (str(tag), endpoint)
        for tag, group in data.endpoint_collections_by_tag.items()
        for endpoint in group.endpoints
    }
    about = {each["name"]: plain(each.get("description", "")) for each in _parameters(contract.content)}
    owners = [
        Owner(_owner(name), known.variable(name), about.get(name) or name, *_segment(_kind(known.parameters[name])))
        for name in known.owners
    ]
    reserved = {owner.name for owner in owners} | _OPTIONS
    operations: list[Operation] = []
    roles = {"list": known.list, "get": known.read, "create": known.create, "edit": known.edit, "delete": known.delete}
    found = [(role, each) for role, each in roles.items() if each]
    found += [(str(PythonIdentifier(each.path.rpartition("/")[2], "")), each) for each in known.further]
    for role, each in found:
        tag, endpoint = tags[PythonIdentifier(each.id, "")]
        item = known.addresses(each)
        operations.append(_operation(role, tag, endpoint, item, about, reserved, wire, answer))
    tag = operations[0].tag
    said = {
        str(PythonIdentifier(each["name"], "tag")): each.get("description") for each in contract.content.get("tags", [])
    }
    words = plain(said.get(tag) or contract.content["info"]["title"])
    schemes = [
        Scheme(
            str(PythonIdentifier(each.name, "scheme_")),
            each.header,
            each.prefix,
            each.variable,
            plain(contract.content["components"]["securitySchemes"][each.name].get("description") or each.name),
        )
        for each in known.schemes
    ]
    classes = {str(each.class_info.name) for each in (*data.models, *data.enums)}
    class_name = str(pascal_case(tag))
    class_name += "Operations" if classes & {class_name, f"Async{class_name}"} else ""
    return Resource(tag, class_name, words, known.prefix, schemes, owners, operations)


def properties(model: Any) -> list[Any]:
    """A model's fields, in the order in which Python takes them."""
    return [*(model.required_properties or []), *(model.optional_properties or [])] if model else []


def _operation(
    role: str,
    tag: str,
    endpoint: Endpoint,
    item: bool,
    about: dict[str, str],
    reserved: set[str],
    wire: Any,
    answer: Any,
) -> Operation:
    success = _success(endpoint)
    response: Any = next(each for each in endpoint.responses if _succeeds(each))
    result = answer(endpoint, response)[0]
    lists = [each for each in properties(success) if isinstance(each, ListProperty)] if success else []
    bare = response.prop if isinstance(response.prop, ListProperty) else None
    if bare:
        result = re.sub(r"^list\[", "builtins.list[", result)  # A method is called so.
    inner = lists[0].inner_property if len(lists) == 1 and (role == "list" or item) and role != "get" else None
    parameter = endpoint.path_parameters[-1] if item else None
    body = None
    if endpoint.bodies:
        model: Any = endpoint.bodies[0].prop
        fields = []
        for each in properties(model):
            annotation, default, _, secret = wire(model, each)
            argument = _keyword(each, reserved)
            words = plain(each.description) if each.description else argument
            unset = {"": "", "default_factory=_types.absent": "None", "default=_types.UNSET": "_types.UNSET"}[default]
            annotation = re.sub(r"\blist\[", "builtins.list[", annotation)  # A method is called so.
            choices = [str(value) for value in getattr(each, "values", {}).values()]
            text = bool(choices) or type(each).__name__ == "StringProperty"
            secret = secret or _hides(each, wire)
            fields.append(Field(argument, str(each.python_name), annotation, unset, words, secret, choices, text))
        names = str(model.class_info.name), str(model.class_info.module_name)
        body = Body(*names, plain(model.description or model.class_info.name), fields)
    return Operation(
        role,
        endpoint,
        str(tag),
        str(endpoint.name),
        str(parameter.python_name) if parameter else None,
        segment_of(parameter)[1] if parameter else "",
        (about.get(parameter.name.get_untrusted_value()) or "The item.") if parameter else "",
        body,
        result,
        ("", bare.inner_property.get_type_string().as_unembedded_code())
        if bare
        else (
            f".{lists[0].python_name}{'' if lists[0].required else ' or []'}",
            inner.get_type_string().as_unembedded_code(),
        )
        if isinstance(inner, ModelProperty) and role not in ("edit", "create", "delete")
        else None,
        plain(response.data.description),
    )


def _keyword(property_: Any, reserved: set[str]) -> str:
    """A field's name as an argument: as JSON has it, unless Python or the method itself needs that name."""
    said = property_.name.get_untrusted_value()
    name = str(property_.python_name)
    if name == f"{said}_" and said.isidentifier() and not keyword.iskeyword(said):
        name = said
    return f"{name}_" if name in reserved else name


def _names(operation: Operation) -> list[str]:
    return [str(each.name.get_untrusted_value()) for each in properties(operation.endpoint.bodies[0].prop)]


def _hides(property_: Any, wire: Any) -> bool:
    """Is there a secret somewhere inside of a field?"""
    inner = property_
    while isinstance(inner, ListProperty):
        inner = inner.inner_property
    if not isinstance(inner, ModelProperty):
        return False
    return any(wire(inner, each)[3] or _hides(each, wire) for each in properties(inner))


def segment_of(parameter: Any) -> tuple[str, str]:
    """The function of the client's types.py that makes a segment of a path of a parameter, and the parameter's type."""
    kinds = {"UuidProperty": "uuid", "IntProperty": "integer"}
    return _segment(kinds.get(type(parameter).__name__, ""))[::-1]


def _kind(schema: dict[str, Any]) -> str:
    return str(schema.get("format") if schema.get("format") == "uuid" else schema.get("type", ""))


def _segment(kind: str) -> tuple[str, str]:
    if kind == "uuid":
        return "UUID | str", "segment"
    return "str | int" if kind == "integer" else "str", "name_segment"


def _owner(parameter: str) -> str:
    """A parameter's name without the Id at its end: an organization is given as `organization`."""
    return str(PythonIdentifier(re.sub(r"_?[Ii]d$", "", parameter) or parameter, "owner_"))


def _succeeds(response: Any) -> bool:
    return bool(200 <= response.status_code.range[0] <= 299)


def _success(endpoint: Endpoint) -> Any:
    """The model of an operation's success; None if it has none."""
    found = [each.prop for each in endpoint.responses if _succeeds(each)]
    return next((prop for prop in found if isinstance(prop, ModelProperty)), None)


def _parameters(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in content.get("components", {}).get("parameters", {}).values() if "name" in each]
