"""Generates the client from a contract: from openapi/git-token.yaml to generated/qovery_git_token/ if none is named.

scripts/generate                     writes the client, if it is not what the contract gives already
scripts/generate --check             only says whether it is: exit code 1 and a diff if not
scripts/generate --contract FILE     from another contract, to generated/ and the package that its title says

For the git tokens' contract both end with what changed since a git revision, HEAD or that of --base, in the contract
and in the client's public surface. With --check and --base, a change that versions and changelog do not say fails.

Before a client is put in its place it is imported, and mypy judges it. A contract that cannot be used ends in one line
that says where and why, exit code 2, and leaves the client as it is.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import names
import roles
import text
from document import Document, Steps, Unusable
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.openapi import Endpoint, GeneratorData
from openapi_python_client.parser.properties import Class, EnumProperty, ModelProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.none import NoneProperty
from openapi_python_client.parser.responses import Response
from openapi_python_client.strings import PythonIdentifier

from conformance.contract.contract import Contract, ContractError
from conformance.contract.document import References
from conformance.contract.limits import refuse
from conformance.printing import show
from drift import change
from drift.limits import unsupported

HERE = Path(__file__).parent
CONTRACT = Path("openapi/git-token.yaml")
CLIENT = Path("generated/qovery_git_token")

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}

# How the client's kinds.py reads and writes what the generator knows as a property of some class.
KINDS = {
    "UuidProperty": "_kinds.uuid",
    "DateProperty": "_kinds.date",
    "DateTimeProperty": "_kinds.date_time",
    "BooleanProperty": "_kinds.flag",
}
# The modules that openapi-python-client does not write by itself.
MODULES = ("base", "calls", "command", "kinds", "pools", "redact", "retries", "said")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/generate", description="Generates the client from a contract.")
    parser.add_argument("--check", action="store_true", help="only say whether the client is what the contract gives")
    parser.add_argument("--base", metavar="REV", help="the git revision to compare with, HEAD if not named")
    parser.add_argument("--contract", type=Path, metavar="FILE", default=CONTRACT, help=f"instead of {CONTRACT}")
    parser.add_argument(
        "--package", metavar="NAME", help="what the package is called, if not as the contract's title says"
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="where the package is put, if not in generated/")
    options = parser.parse_args()
    try:
        contract = Document(options.contract)
        if contract.left_out:
            show([f"The client sends no optional parameters: {', '.join(contract.left_out)}"])
        package = options.package or (CLIENT.name if options.contract == CONTRACT else named(contract))
        if not names.usable(package):
            raise contract.unusable(f"{package!r} is no name that a Python package can have: name one by --package")
        client = (options.output or CLIENT.parent) / package
        client.parent.mkdir(exist_ok=True, parents=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=client.parent) as scratch:
            new = Path(scratch) / package
            generate(contract, new)
            if options.contract == CONTRACT:
                tested(contract)
            difference = "".join(diff(client, contents(client), contents(new)))
            if not difference:
                show([f"{client} is what {options.contract} gives"])
            elif options.check:
                show([difference.rstrip("\n")])
                print(f"{client} is not what {options.contract} gives: run scripts/generate", file=sys.stderr)
                return 1
            else:
                verify(contract, new)
                swap(new, client, aside=Path(scratch) / "old")
                show([f"{client} is written"])
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    return changes(options.base, options.check) if client == CLIENT else 0


def tested(contract: Document) -> None:
    """Raises Unusable if the suite could not test by a contract."""
    try:
        refuse(Contract(contract.content).resource)
    except (ContractError, LookupError) as error:
        raise contract.unusable(str(error)) from None


def changes(base: str | None, check: bool) -> int:
    """Says what changed since a git revision, and whether it has been said."""
    try:
        changed, unsaid = change.since(base or "HEAD", Path())
    except ContractError as error:
        print(f"nothing to compare with: {error}", file=sys.stderr)
        return 1 if base else 0
    show([f"\nSince {base or 'HEAD'}:\n\n{change.text(changed)}"])
    if check and base and unsaid:
        print(*unsaid, sep="\n", file=sys.stderr)
        return 1
    return 0


def named(contract: Document) -> str:
    """The name of the package, by the contract's title."""
    return "_".join(re.findall(r"[a-z0-9]+", contract.content["info"]["title"].lower()))


def generate(contract: Document, output: Path) -> None:
    """Writes the client into the new folder `output`. Raises Unusable if the contract does not give one."""
    for place, reason in unsupported(contract.content):
        raise contract.unusable(reason, place)
    try:
        write(contract, output)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        # Whatever a parser that is not ours, or these templates, make of what nobody thought of.
        raise contract.unusable(f"the generator cannot read it: {type(error).__name__}: {error}") from None


def write(contract: Document, output: Path) -> None:
    """Writes the client. Raises Unusable, or anything else, if the contract does not give one."""
    settings = ConfigFile.load_from_path(HERE / "config.yml")
    if output.name != CLIENT.name:
        settings.package_name_override, settings.package_version_override = output.name, None
    config = Config.from_sources(settings, MetaType.NONE, contract.path, "utf-8", overwrite=False, output_path=output)
    data = GeneratorData.from_dict(opened(contract.content), config=config)
    if isinstance(data, GeneratorError):
        raise contract.refusal(data)
    unread = [error for group in data.endpoint_collections_by_tag.values() for error in group.parse_errors]
    for problem in (*data.errors, *unread):
        raise contract.refusal(problem)
    names.check(contract, data)
    project = Project(openapi=data, config=config, custom_template_path=HERE / "templates")
    project.env.add_extension("jinja2.ext.do")
    project.env.filters["percent"] = lambda value: text.plain(value).replace("%", "%%")
    project.env.filters["tick"] = lambda value: f"`{value}`"
    project.env.filters.update(literal=text.literal, line=text.line, prose=text.prose)
    words = vocabulary(contract, data, config)
    project.env.globals.update(words)
    with contextlib.redirect_stdout(io.StringIO()):
        failures = project.build()
    for failure in failures:
        raise contract.refusal(failure)
    made = words["resource"]
    for module in (*MODULES, made.name):
        template = project.env.get_template(f"{'resource' if module == made.name else module}.py.jinja")
        (output / f"{module}.py").write_text(template.render(), encoding="utf-8")
    (output / "py.typed").touch()
    for name, source in contents(output).items():
        try:
            compile(source, name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise contract.unusable(f"the client would not be Python: {name}: {error}") from None
    for command in (["check", "--fix", "--select=F401,I,RUF022"], ["format"]):
        ruff = Path(sys.executable).with_name("ruff")
        subprocess.run([ruff, *command, "--isolated", "--no-cache", "--quiet", "--line-length=120", output], check=True)


def verify(contract: Document, package: Path) -> None:
    """Imports a package and lets mypy judge it. Raises Unusable if that finds something wrong."""
    name = package.name
    program = f"import {name}, {name}.command"
    types = ["-m", "mypy", "--strict", "--config-file=", "--no-error-summary", "-p", name]
    for arguments in (["-c", program], types):
        environment = {**os.environ, "PYTHONPATH": str(package.parent.resolve()), "PYTHONDONTWRITEBYTECODE": "1"}
        environment["MYPYPATH"] = environment["PYTHONPATH"]
        environment.setdefault("MYPY_CACHE_DIR", str(HERE.parent.parent / ".mypy_cache" / "generated"))
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=environment, cwd=package.parent, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stdout.splitlines() or done.stderr.splitlines()[-1:] or ["it ends with an error"])[0]
            raise contract.unusable(f"the client would be wrong: {said}")


def opened(part: Any) -> Any:
    """A copy of a document in which objects that may hold anything are values that may be anything.

    The parser would make classes of them, and they are dictionaries. A property may be called `enum`.
    """
    if isinstance(part, list):
        return [opened(each) for each in part]
    if not isinstance(part, dict):
        return part
    if free(part):
        return {key: part[key] for key in ("title", "description") if key in part}
    if isinstance(part.get("enum"), list) and None in part["enum"] and isinstance(part.get("type"), list):
        # Of a choice with null in it the parser asks no type.
        part = {key: value for key, value in part.items() if key != "type"}
    return {key: opened(value) for key, value in part.items()}


def free(schema: dict[str, Any]) -> bool:
    """Is it a schema of objects that may hold anything?"""
    kinds = schema.get("type")
    return "object" in (kinds if isinstance(kinds, list) else [kinds]) and not schema.get("properties")


def vocabulary(contract: Document, data: GeneratorData, config: Config) -> dict[str, Any]:
    """What the templates need beyond what the generator gives them. Raises Unusable for what they do not know."""
    endpoints = [endpoint for group in data.endpoint_collections_by_tag.values() for endpoint in group.endpoints]
    sent = {body.prop.get_type_string().as_unembedded_code() for endpoint in endpoints for body in endpoint.bodies}
    sent = {str(name) for name in sent}
    for model in data.models * len(data.models):  # and what is inside of it
        if model.class_info.name in sent:
            sent |= {str(name) for name in inside(model)}
    components = contract.content.get("components", {})
    if not contract.content.get("servers"):
        raise contract.unusable("has no servers, and the client's default address is the first of them")
    schemas = contract_schemas(contract, data, config)
    places: dict[str, Steps] = {}
    operations: dict[str, str] = {}
    for path, item in contract.content["paths"].items():
        for method in item.keys() & METHODS:
            operation = item[method]
            if "operationId" not in operation:
                raise contract.unusable("has no operationId", ("paths", path, method))
            name = PythonIdentifier(operation["operationId"], "")
            places[name], operations[name] = ("paths", path, method), operation["operationId"]

    for endpoint in endpoints:
        place = places[endpoint.name]
        if endpoint.query_parameters or endpoint.header_parameters or endpoint.cookie_parameters:
            raise contract.unusable("the client's templates know no parameters outside the path", place)
        if len(endpoint.bodies) > 1 or any(body.body_type != "json" for body in endpoint.bodies):
            raise contract.unusable("the client's templates know no request body but JSON", place)

    def null(schema: dict[str, Any]) -> bool:
        """May it be null?"""
        return "null" in schema.get("type", "")

    references = References(contract.content)

    def bounded(kind: str, schema: dict[str, Any], names: tuple[str, str], place: Steps) -> str:
        """A kind with its bounds, as an expression."""
        bounds = [schema.get(name) for name in names]
        for name, bound in zip(names, bounds, strict=True):
            if not math.isfinite(bound or 0):
                raise contract.unusable("is no number", (*place, name))
        if bounds[0] is None and kind == "_kinds.string" and bounds[1] is not None:
            bounds[0] = 0
        given = [repr(bound) for bound in bounds]
        return f"{kind}({', '.join(given[: 2 if bounds[1] is not None else 1 if bounds[0] is not None else 0])})"

    def kind(property_: Any, schema: dict[str, Any], place: Steps) -> str:
        """How the client reads and writes a property's value: an expression in terms of its types.py."""
        match type(property_).__name__:
            case "StringProperty" if schema.get("format") == "uri":
                return "_kinds.uri"
            case "StringProperty":
                return bounded("_kinds.string", schema, ("minLength", "maxLength"), place)
            case "FloatProperty":
                return bounded("_kinds.number", schema, ("minimum", "maximum"), place)
            case "IntProperty":
                return bounded("_kinds.integer", schema, ("minimum", "maximum"), place)
            case "EnumProperty":
                return f"_kinds.choice({property_.class_info.name})"
            case "ModelProperty":
                return f"_types.model({property_.class_info.name})"
            case "AnyProperty":
                return "_kinds.nullable(_kinds.free)" if null(schema) else "_kinds.free"
            case "UnionProperty" if inner := not_null(property_):
                return f"_kinds.nullable({kind(inner, schema, place)})"
            case "ListProperty":
                item = kind(property_.inner_property, schema.get("items", {}), (*place, "items"))
                bounds = [schema.get("minItems", 0), schema.get("maxItems"), bool(schema.get("uniqueItems"))]
                return (
                    f"_kinds.array({item}, {', '.join(map(repr, bounds))})" if any(bounds) else f"_kinds.array({item})"
                )
            case name if name in KINDS:
                return KINDS[name]
        raise contract.unusable("the client's templates do not know properties of this type", place)

    def wire(model: ModelProperty, property_: Any) -> tuple[str, str, str, bool]:
        """A property's type, its default, its kind, and whether its value must never be shown."""
        name = property_.name.get_untrusted_value()
        owner, object_ = schemas[model.class_info.name]
        place = (*owner, "properties", name)
        schema = references.resolve(object_["properties"][name])
        inner = not_null(property_) or (property_ if null(schema) else None)
        annotation = (inner or property_).get_type_string(no_optional=True).as_unembedded_code()
        annotation = re.sub(r"\bAny\b", "dict[str, Any]", annotation)
        innermost = inner or property_
        while isinstance(innermost, ListProperty):
            innermost = innermost.inner_property
        if isinstance(innermost, EnumProperty):
            name_ = str(innermost.class_info.name)
            values = ", ".join(text.literal(value) for value in innermost.values.values())
            # A newer server may answer with a value that this contract does not have yet.
            other = f"Literal[{values}]" if model.class_info.name in sent else "str"
            annotation = re.sub(rf"\b{name_}\b", lambda _: f"{name_} | {other}", annotation)
        if inner or not property_.required:
            annotation += " | None"
        default = "" if property_.required else "default_factory=_types.absent"
        if inner and default and model.class_info.name in sent:
            # The client has to know whether to send null or nothing.
            annotation, default = f"{annotation} | _types.Unset", "default=_types.UNSET"
        secret = schema.get("writeOnly") or schema.get("format") == "password"
        return annotation, default, kind(property_, schema, place), bool(secret)

    def answer(endpoint: Endpoint, response: Response) -> tuple[str, str]:
        """The type of an operation's answer with one status, and how its body is read."""
        place = (*places[endpoint.name], "responses", response.status_code.pattern)
        status = response.status_code.range
        if status is None or status[0] != status[1]:
            raise contract.unusable("the client's templates know no ranges of statuses", place)
        if not 200 <= status[0] <= 299:
            return "None", "None"
        if response.source["return_type"] == "None":
            return "None", "no_content"
        annotation = response.prop.get_type_string().as_unembedded_code()
        if isinstance(response.prop, ListProperty) and isinstance(response.prop.inner_property, ModelProperty):
            return annotation, f"json_list_of({annotation.removeprefix('list[').removesuffix(']')})"
        if not isinstance(response.prop, ModelProperty):
            raise contract.unusable(f"the client's templates know no answers that are {annotation}", place)
        return annotation, f"json_of({annotation})"

    def segments(endpoint: Endpoint) -> list[tuple[str, Any]]:
        """An operation's path in parts: a fixed text and the parameter behind it, or None at the end."""
        known = {parameter.name.get_untrusted_value(): parameter for parameter in endpoint.path_parameters}
        parts = re.split(r"\{([^{}]+)\}", places[endpoint.name][1])
        return [(fixed, known.get(name)) for fixed, name in zip_longest(parts[::2], parts[1::2])]

    def conditions(model: ModelProperty) -> list[str]:
        """What a request's fields ask of others, as expressions in terms of the client's types.py."""
        schema = schemas[model.class_info.name][1]
        found = []
        for part in (schema, *schema.get("allOf", [])):
            when = {
                name: tuple(inner["enum"]) if "enum" in inner else (inner["const"],)
                for name, inner in part.get("if", {}).get("properties", {}).items()
                if "const" in inner or "enum" in inner
            }
            when |= {name: None for name in part.get("if", {}).get("required", []) if name not in when}
            asked = [tuple(part.get(branch, {}).get("required", ())) for branch in ("then", "else")]
            if when and any(asked):
                found.append((when, *asked))
            found += [({name: None}, tuple(names_), ()) for name, names_ in part.get("dependentRequired", {}).items()]
        return [f"_types.Condition({when!r}, {then!r}, {otherwise!r})" for when, then, otherwise in found]

    parameters = components.get("parameters", {}).values()
    made = roles.resource(contract, data, wire, answer)
    return {
        "resource": made,
        "owners": made.owners,
        "schemes": made.schemes,
        "prefix": made.prefix,
        "sent": lambda model: model.class_info.name in sent,
        "segments": segments,
        "segment_of": roles.segment_of,
        "conditions": conditions,
        "base_url": contract.content["servers"][0]["url"],
        "about": {parameter["name"]: parameter.get("description", "") for parameter in parameters},
        "operations": operations,
        "arrays": any(isinstance(response.prop, ListProperty) for each in endpoints for response in each.responses),
        "paths": {name: place[1] for name, place in places.items()},
        "wire": wire,
        "answer": answer,
    }


def inside(model: ModelProperty) -> Iterator[str]:
    """The classes of the objects in a model's fields."""
    for property_ in roles.properties(model):
        inner = not_null(property_) or property_
        while isinstance(inner, ListProperty):
            inner = inner.inner_property
        if isinstance(inner, ModelProperty):
            yield str(inner.class_info.name)


def contract_schemas(
    contract: Document, data: GeneratorData, config: Config
) -> dict[str, tuple[Steps, dict[str, Any]]]:
    """The schema of each class, and its place: components, and the objects that stand inside of them."""
    found: dict[str, tuple[Steps, dict[str, Any]]] = {}
    for name, schema in contract.content.get("components", {}).get("schemas", {}).items():
        found[str(Class.from_string(string=name, config=config).name)] = (("components", "schemas", name), schema)
    waiting = [model for model in data.models if model.class_info.name in found]
    while waiting:
        model = waiting.pop()
        place, schema = found[model.class_info.name]
        for property_ in roles.properties(model):
            name = property_.name.get_untrusted_value()
            inner, at, part = not_null(property_) or property_, (*place, "properties", name), schema["properties"][name]
            while isinstance(inner, ListProperty):
                inner, at, part = inner.inner_property, (*at, "items"), part.get("items", {})
            if isinstance(inner, ModelProperty) and inner.class_info.name not in found:
                found[inner.class_info.name] = (at, part)
                waiting.append(inner)
    return found


def not_null(property_: Any) -> Any:
    """The property that a nullable one is when it is not null; None if it is something else."""
    inner = [each for each in getattr(property_, "inner_properties", []) if not isinstance(each, NoneProperty)]
    return inner[0] if len(inner) == 1 else None


def contents(folder: Path) -> dict[str, str]:
    """The text of every file in a folder, by its path in there."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def diff(client: Path, old: dict[str, str], new: dict[str, str]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"--- {client}/{name}\n" if name in old else "--- /dev/null\n"
            yield f"+++ {client}/{name}\n" if name in new else "+++ /dev/null\n"
            before, after = (side.get(name, "").splitlines(keepends=True) for side in (old, new))
            yield from list(difflib.unified_diff(before, after))[2:]


def swap(new: Path, current: Path, aside: Path) -> None:
    """Puts `new` in the place of `current` by renaming; if that fails, `current` is as it was."""
    if current.exists():
        current.rename(aside)
    try:
        new.rename(current)
    except BaseException:
        if aside.exists():
            aside.rename(current)
        raise


if __name__ == "__main__":
    sys.exit(main())
