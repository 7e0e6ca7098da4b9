"""What a contract may say: what a generated client honours, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from drift.limits import unsupported

Json = dict[str, Any]
Edit = Callable[[Json], object]

CONTRACT: Json = yaml.safe_load((Path(__file__).parent.parent / "openapi" / "git-token.yaml").read_text("utf-8"))
JSON = "application/json"
ID = {"type": "string", "format": "uuid"}
EDIT = "/organization/{organizationId}/gitToken/{gitTokenId}"


def edited(edit: Edit) -> Json:
    changed: Json = yaml.safe_load(yaml.dump(CONTRACT, Dumper=Flat))
    edit(changed)
    return changed


class Flat(yaml.SafeDumper):
    """Writes no aliases, so that what is read back shares nothing."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def schemas(document: Json) -> Json:
    return document["components"]["schemas"]  # type: ignore[no-any-return]


def sent(document: Json) -> Json:
    return schemas(document)["GitTokenRequest"]["properties"]  # type: ignore[no-any-return]


def shown(document: Json) -> Json:
    return schemas(document)["GitTokenResponse"]["properties"]  # type: ignore[no-any-return]


def put(document: Json) -> Json:
    return document["paths"][EDIT]["put"]  # type: ignore[no-any-return]


def test_the_contract_says_nothing_that_is_not_honoured() -> None:
    assert unsupported(CONTRACT) == []


HONOURED: dict[str, Edit] = {
    "a provider added": lambda d: schemas(d)["GitProvider"]["enum"].append("GITEA"),
    "a field made required": lambda d: schemas(d)["GitTokenRequest"]["required"].append("description"),
    "a field made optional": lambda d: schemas(d)["GitTokenResponse"]["required"].remove("git_api_url"),
    "a field made nullable": lambda d: shown(d)["workspace"].update(type=["string", "null"]),
    "a field made longer": lambda d: sent(d)["name"]["x-must-accept"].update(maxLength=500),
    "a field renamed": lambda d: sent(d).update(label=sent(d).pop("description")),
    "an optional field added": lambda d: shown(d).update(owner={"type": "string", "format": "uuid"}),
    "an operation removed": lambda d: d["paths"][EDIT].pop("delete"),
    "an error status added": lambda d: put(d)["responses"].update({"409": {"description": "Somebody else edits it."}}),
}


@pytest.mark.parametrize("edit", HONOURED.values(), ids=HONOURED)
def test_realistic_changes_are_honoured(edit: Edit) -> None:
    assert unsupported(edited(edit)) == []


REFUSED: dict[str, tuple[Edit, str, str]] = {
    "webhooks": (lambda d: d.update(webhooks={}), "webhooks", "nothing in this project honours webhooks"),
    "two servers": (lambda d: d["servers"].append({"url": "/"}), "servers", "exactly one server"),
    "a server's variables": (
        lambda d: d["servers"][0].update(variables={}),
        "servers 0 variables",
        "honours variables",
    ),
    "two schemes at once": (lambda d: d["security"][0].update(jwt=[]), "security 0", "one scheme at a time"),
    "no scheme": (lambda d: d["security"].append({}), "security 2", "one scheme at a time"),
    "callbacks": (lambda d: put(d).update(callbacks={}), f"paths {EDIT} put callbacks", "honours callbacks"),
    "an operation's security": (lambda d: put(d).update(security=[]), f"paths {EDIT} put security", "honours security"),
    "a deprecated operation": (
        lambda d: put(d).update(deprecated=True),
        *(f"paths {EDIT} put deprecated", "honours deprecated"),
    ),
    "a path's servers": (lambda d: d["paths"][EDIT].update(servers=[]), f"paths {EDIT} servers", "honours servers"),
    "a query parameter": (
        lambda d: put(d).update(parameters=[{"name": "dry", "in": "query", "schema": ID}]),
        *(f"paths {EDIT} put parameters 0 in", "parameters of paths only"),
    ),
    "a parameter without a name": (
        lambda d: put(d).update(parameters=[{"name": "gitTokenId", "in": "path", "schema": ID}]),
        *(f"paths {EDIT} put parameters 0", "parameters of components only"),
    ),
    "a header parameter": (
        lambda d: d["components"]["parameters"]["gitTokenId"].update({"in": "header"}),
        *("components parameters gitTokenId in", "parameters of paths only"),
    ),
    "a parameter that is no UUID": (
        lambda d: d["components"]["parameters"]["gitTokenId"].update(schema={"type": "number"}),
        *("components parameters gitTokenId schema", "texts, UUIDs and integers in paths only"),
    ),
    "an optional body": (
        lambda d: d["components"]["requestBodies"]["GitToken"].update(required=False),
        *("components requestBodies GitToken", "always sends the body"),
    ),
    "another media type of requests": (
        lambda d: d["components"]["requestBodies"]["GitToken"]["content"].update({"text/plain": {}}),
        *("components requestBodies GitToken content text/plain", "merge-patch+json only"),
    ),
    "another media type of responses": (
        lambda d: put(d)["responses"]["200"]["content"].update({"text/plain": {}}),
        *(f"paths {EDIT} put responses 200 content text/plain", "merge-patch+json only"),
    ),
    "a range of statuses": (
        lambda d: put(d)["responses"].update({"4XX": {"description": ""}}),
        *(f"paths {EDIT} put responses 4XX", "single statuses"),
    ),
    "a default status": (
        lambda d: put(d)["responses"].update(default={"description": ""}),
        *(f"paths {EDIT} put responses default", "single statuses"),
    ),
    "an error's body": (
        lambda d: d["components"]["responses"]["NotFound"].update(content={JSON: {"schema": ID}}),
        *(f"components responses NotFound content {JSON}", "from an error"),
    ),
    "a required header": (
        lambda d: d["components"]["headers"]["Retry-After"].update(required=True),
        *("components headers Retry-After required", "does not send it"),
    ),
    "a schema without a name": (
        lambda d: put(d)["responses"]["200"]["content"]["application/json"].update(schema={"type": "object"}),
        *(f"paths {EDIT} put responses 200 content application/json schema", "move it there"),
    ),
    "an object without a name": (
        lambda d: shown(d).update(owner={"type": "object", "additionalProperties": {"type": "string"}}),
        *("components schemas GitTokenResponse properties owner", "such as may hold anything"),
    ),
    "a body that is an array": (
        lambda d: schemas(d)["GitTokenResponseList"].update(type="array"),
        *("components schemas GitTokenResponseList items", "named after schemas"),
    ),
    "a schema within itself": (
        lambda d: shown(d).update(parent={"$ref": "#/components/schemas/GitTokenResponse"}),
        *("components schemas GitTokenResponse properties parent", "refers to itself"),
    ),
    "more beside a reference": (
        lambda d: shown(d)["type"].update(readOnly=True),
        *("components schemas GitTokenResponse properties type readOnly", "beside a reference"),
    ),
    "two types": (
        lambda d: shown(d)["name"].update(type=["string", "integer"]),
        *("components schemas GitTokenResponse properties name type", "of this type"),
    ),
    "no type": (
        lambda d: sent(d)["name"].pop("type"),
        "components schemas GitTokenRequest properties name type",
        "type",
    ),
    "a format": (
        lambda d: shown(d)["name"].update(format="binary"),
        *("components schemas GitTokenResponse properties name format", "no such format"),
    ),
    "an enumeration of numbers": (
        lambda d: schemas(d)["GitProvider"].update(enum=["GITHUB", 1]),
        *("components schemas GitProvider enum", "of strings only"),
    ),
    "items that anything fits": (
        lambda d: schemas(d)["GitTokenResponseList"]["properties"]["results"].update(items=True),
        *("components schemas GitTokenResponseList properties results items", "the type"),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_nothing_honours_is_refused_with_place_and_reason(name: str) -> None:
    edit, place, reason = REFUSED[name]

    (found,) = unsupported(edited(edit))

    assert " ".join(map(str, found[0])) == place
    assert reason in found[1]


KEYWORDS: Json = {
    **{name: [{}] for name in ("anyOf", "oneOf", "prefixItems")},
    **{name: {} for name in ("not", "contains", "propertyNames", "unevaluatedProperties", "unevaluatedItems")},
    **{name: {} for name in ("patternProperties", "dependentSchemas", "discriminator", "xml")},
    **dict.fromkeys(("minContains", "maxContains", "const"), 1),
    **dict.fromkeys(("contentEncoding", "contentMediaType", "$id", "$anchor", "$dynamicRef"), "a"),
}


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("name", ["GitTokenRequest", "GitTokenResponse"])
def test_no_keyword_is_dropped_in_silence(keyword: str, name: str) -> None:
    of_object = edited(lambda d: schemas(d)[name].update({keyword: KEYWORDS[keyword]}))
    of_property = edited(lambda d: schemas(d)[name]["properties"]["name"].update({keyword: KEYWORDS[keyword]}))

    for document, place in ((of_object, ()), (of_property, ("properties", "name"))):
        (found,) = unsupported(document)
        assert found[0] == ("components", "schemas", name, *place, keyword)
        assert f"honours {keyword} here" in found[1]
