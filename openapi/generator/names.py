"""The contract's names as names of the client: safe ones, each once, and none that the client itself needs."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from document import Document, Steps
from openapi_python_client.parser.openapi import GeneratorData
from openapi_python_client.parser.properties import EnumProperty, ModelProperty

# What the package has without the contract: its modules, what it exports, what its modules of models import.
PACKAGE = {
    "Any",
    "AsyncClient",
    "BaseClient",
    "CallOptions",
    "Client",
    "Hidden",
    "Literal",
    "Model",
    "QoveryError",
    "Response",
}
PACKAGE |= {
    "StrEnum",
    "UNSET",
    "UUID",
    "Unpack",
    "Unset",
    "api",
    "base",
    "builtins",
    "calls",
    "client",
    "command",
    "errors",
}
PACKAGE |= {
    "kinds",
    "models",
    "pools",
    "redact",
    "retries",
    "said",
    "types",
    "BadRequestError",
    "ForbiddenError",
    "NotFoundError",
}
PACKAGE |= {"InvalidRequestError", "InvalidResponseError", "Problem", "RateLimitedError", "ServerError", "StatusError"}
PACKAGE |= {"UnauthorizedError", "datetime", "optioned", "owned", "overload", "rotated", "sent"}
# What the templates of models and operations use, inherit or define under names that a field or parameter could have.
FIELDS = {"additional_properties", "annotations", "dataclass", "from_dict", "to_dict"}
PARAMETERS = {
    "body",
    "client",
    "given",
    "json_list_of",
    "json_of",
    "no_content",
    "options",
    "owners",
    "segment",
    "self",
}

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{,99}", re.ASCII)
_PATH = re.compile(r"(/([\w.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}|\{\w[\w-]*\})+)+", re.ASCII)
_VERSION = re.compile(r"\d+\.\d+\.\d+", re.ASCII)


def check(contract: Document, data: GeneratorData) -> None:
    """Renames the fields and parameters that the client cannot have under their names.

    Raises Unusable for other names that it cannot have, and for addresses, paths and versions that are none.
    """
    for place, problem in _addresses(contract.content):
        raise contract.unusable(problem, place)
    for path, item in contract.content["paths"].items():
        for method, operation in item.items():
            said = operation.get("operationId", "") if isinstance(operation, dict) else ""
            if said and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", said, re.ASCII):
                place = ("paths", path, method, "operationId")
                raise contract.unusable(f"{said!r} is no name that a Python module can have", place)
    for tag in data.endpoint_collections_by_tag:
        if not usable(tag):
            raise contract.unusable(f"the tag {tag!r} is no name that a Python package can have", ("tags",))
    endpoints = [endpoint for group in data.endpoint_collections_by_tag.values() for endpoint in group.endpoints]
    classes = [model.class_info for model in [*data.models, *data.enums]]
    names = [*(endpoint.name for endpoint in endpoints), *(info.name for info in classes)]
    modules = [str(info.module_name) for info in classes]
    for name in names:
        place = _place(contract.content, name)
        if not usable(name):
            raise contract.unusable(f"{name!r} is no name that a Python module or class can have", place)
        if name in PACKAGE or names.count(name) > 1:
            raise contract.unusable(f"the client has something else that is called {name}", place)
    for info in classes:
        if modules.count(str(info.module_name)) > 1:
            place = _place(contract.content, info.name)
            raise contract.unusable(f"the client has another module that is called {info.module_name}", place)
    # What an operation takes or answers may be a copy of the model, with properties of its own.
    taken = [body.prop for endpoint in endpoints for body in endpoint.bodies]
    answered = [response.prop for endpoint in endpoints for response in endpoint.responses]
    copies = [each for each in (*taken, *answered) if isinstance(each, ModelProperty)]
    for model in (*data.models, *copies):
        properties = [*(model.required_properties or []), *(model.optional_properties or [])]
        _rename(contract, properties, FIELDS, _place(contract.content, model.class_info.name))
    for endpoint in endpoints:
        _rename(contract, endpoint.path_parameters, PARAMETERS, _place(contract.content, endpoint.name))


def _rename(contract: Document, properties: Iterable[Any], taken: set[str], place: Steps) -> None:
    met: set[str] = set()
    for property_ in properties:
        name = str(property_.python_name)
        if name in taken:
            name += "_"
        said = property_.name.get_untrusted_value()
        if not usable(name) or name in met:
            problem = "is not one" if not usable(name) else "is another's already"
            raise contract.unusable(f"{said!r} would be called {name} in Python, which {problem}", place)
        met.add(name)
        object.__setattr__(property_, "python_name", name)


def members(values: list[Any], *_: object) -> dict[str, Any]:
    """An enumeration's values by the names of their members. In place of what the generator makes of them."""
    found: dict[str, Any] = {}
    for number, value in enumerate(values):
        words = re.findall(r"[A-Z0-9]+", str(value).upper().replace("-", "_"))
        name = (
            "_".join(words)
            if words and words[0][0].isalpha()
            else "_".join(["VALUE", *words] if words else [f"VALUE_{number}"])
        )
        found[name if name not in found else f"{name}_{number}"] = value
    return found


# The generator escapes values that the templates escape again, and fails where two differ in letter case only.
EnumProperty.values_from_list = staticmethod(members)  # type: ignore[assignment, method-assign]


def usable(name: str) -> bool:
    """Can Python have this name?"""
    return bool(_NAME.fullmatch(name)) and not keyword.iskeyword(name)


def _addresses(content: dict[str, Any]) -> Iterator[tuple[Steps, str]]:
    """What is wrong with the version, the server's address and the paths."""
    if not _VERSION.fullmatch(content["info"]["version"]):
        yield ("info", "version"), f"{content['info']['version']!r} is no version of three numbers with dots between"
    for number, server in enumerate(content.get("servers") or []):
        if problem := _address(server["url"]):
            yield ("servers", number, "url"), f"the server's address {problem}"
    for path in content["paths"]:
        if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
            yield ("paths", path), f"the path {path!r} has signs in it that a URL's path cannot have, or needs not"


def _address(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return "is no absolute http or https URL"
    if not re.fullmatch(r"[\w.~!$&'()*+,;=:@%/\[\]-]*", url, re.ASCII):
        return "has signs in it that a URL with a host and a path does not have"
    if parts.username is not None:
        return "has a user name or a password in it"
    return None


def _place(content: dict[str, Any], name: str) -> Steps:
    """Where the contract says a name, as well as that can be told from what it became."""

    def plain(text: str) -> str:
        return re.sub(r"[\W_]", "", text).lower()

    for schema in content.get("components", {}).get("schemas", {}):
        if plain(schema) == plain(name):
            return ("components", "schemas", schema)
    for path, item in content["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and plain(str(operation.get("operationId", ""))) == plain(name):
                return ("paths", path, method, "operationId")
    return ()
