"""Drift detection: every kind of difference, both ways; no difference where there is none; witnesses that hold."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from conformance.contract.document import BYTES, ContractError
from drift import deviations, report, schema, upstream, witness
from drift.compare import Difference, Meaning, bump, compare
from drift.operations import operations
from tests import warm

ROOT = Path(__file__).parent.parent
STAND_IN = ROOT / "tests" / "upstream.yaml"
QOVERY = ROOT.parent / "shared" / "upstream" / "qovery-openapi.yaml"

Json = dict[str, Any]

BREAKING, COMPATIBLE, DOCUMENTATION = Meaning
Meanings = tuple[Meaning, Meaning]

SCHEMA: Json = {
    "type": "object",
    "required": ["name", "kind"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 9},
        "kind": {"type": "string", "enum": ["RED", "BLUE"]},
        "count": {"type": "integer", "minimum": 0, "maximum": 9},
        "when": {"type": "string", "format": "date"},
        "tags": {"type": "array", "maxItems": 3, "items": {"type": "string", "pattern": "^[a-z]+$"}},
        "extra": {"type": "object", "additionalProperties": {"type": "boolean"}},
    },
}
DOCUMENT: Json = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1.2.3"},
    "servers": [{"url": "https://things.example"}],
    "security": [{"machine": []}],
    "paths": {
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "put": {
                "operationId": "put",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                    {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "string"}},
                ],
                "requestBody": {"required": True, "content": {"application/json": {"schema": copy.deepcopy(SCHEMA)}}},
                "responses": {
                    "200": {
                        "description": "",
                        "headers": {"X-Left": {"schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": copy.deepcopy(SCHEMA)}},
                    },
                    "404": {"description": ""},
                },
            },
        }
    },
    "components": {
        "securitySchemes": {
            "machine": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "person": {"type": "http", "scheme": "bearer"},
        }
    },
}

Edit = Callable[[Json], object]


def differences(old: Json, new: Json) -> list[Difference]:
    return compare(operations(old, "old"), operations(new, "new"))


def edited(edit: Edit, base: Json = DOCUMENT) -> Json:
    changed = copy.deepcopy(base)
    edit(changed)
    return changed


def put(doc: Json) -> Json:
    return doc["paths"]["/things/{id}"]["put"]  # type: ignore[no-any-return]


def request(doc: Json) -> Json:
    return put(doc)["requestBody"]["content"]["application/json"]["schema"]  # type: ignore[no-any-return]


def answer(doc: Json) -> Json:
    return put(doc)["responses"]["200"]["content"]["application/json"]["schema"]  # type: ignore[no-any-return]


def accepts(doc: Json, body: Json, value: object) -> bool:
    """Whether a schema of a document takes a value, without any of drift's own machinery."""
    return jsonschema_rs.Draft202012Validator(
        {"allOf": [body], "components": doc.get("components", {})}, validate_formats=True
    ).is_valid(value)


# --- every kind of difference ---------------------------------------------------------------------------------------


@dataclass
class Case:
    """An edit, where it shows and as what, and what it means to a client and to a server: made, and taken back."""

    edit: Edit
    where: str
    what: str
    made: Meanings
    undone: Meanings


NARROWS, WIDENS = (BREAKING, COMPATIBLE), (COMPATIBLE, BREAKING)
BOTH, NEITHER, TEXT = (BREAKING, BREAKING), (COMPATIBLE, COMPATIBLE), (DOCUMENTATION, DOCUMENTATION)


def add(schema_of: Callable[[Json], Json], name: str, value: Json, required: bool = False) -> Edit:
    def edit(doc: Json) -> None:
        schema_of(doc)["properties"][name] = value
        schema_of(doc)["required"] += [name] * required

    return edit


ENVELOPE = {
    "operation": Case(
        lambda d: d["paths"]["/things/{id}"].update(get={"operationId": "get", "responses": {}}),
        *("get", "operation", WIDENS, NARROWS),
    ),
    "operation id": Case(lambda d: put(d).update(operationId="replace"), "*", "operationId", TEXT, TEXT),
    "deprecated": Case(lambda d: put(d).update(deprecated=True), "put", "deprecated", TEXT, TEXT),
    "server": Case(lambda d: put(d).update(servers=[{"url": "https://other.example"}]), "put", "servers", BOTH, BOTH),
    "security, one more": Case(lambda d: d["security"].append({"person": []}), "put", "security", WIDENS, NARROWS),
    "security, none needed": Case(lambda d: put(d).update(security=[]), "put", "security", BOTH, BOTH),
    "security, both needed": Case(lambda d: d["security"][0].update(person=[]), "put", "security", BOTH, BOTH),
    "path parameter's name": Case(
        lambda d: d.update(json.loads(json.dumps(d).replace("{id}", "{key}").replace('"name": "id"', '"name": "key"'))),
        *("put path parameter *", "name", TEXT, TEXT),
    ),
    "path parameter's schema": Case(
        lambda d: d["paths"]["/things/{id}"]["parameters"][0]["schema"].update(format="uuid"),
        *("put path parameter id", "format", NARROWS, WIDENS),
    ),
    "optional parameter": Case(
        lambda d: put(d)["parameters"].append({"name": "page", "in": "query"}),
        *("put query parameter page", "parameter", NEITHER, NARROWS),
    ),
    "required parameter": Case(
        lambda d: put(d)["parameters"].append({"name": "page", "in": "query", "required": True}),
        *("put query parameter page", "parameter", NARROWS, BOTH),
    ),
    "parameter required": Case(
        lambda d: put(d)["parameters"][0].update(required=True),
        *("put query parameter limit", "required", NARROWS, WIDENS),
    ),
    "parameter's type": Case(
        lambda d: put(d)["parameters"][0]["schema"].update(type="number"),
        *("put query parameter limit", "type", WIDENS, NARROWS),
    ),
    "parameter's style": Case(
        lambda d: put(d)["parameters"][0].update(explode=False), *("put query parameter limit", "style", BOTH, BOTH)
    ),
    "body required": Case(
        lambda d: put(d)["requestBody"].update(required=False), *("put request", "required", WIDENS, NARROWS)
    ),
    "body": Case(lambda d: put(d).pop("requestBody"), "put request", "body", BOTH, BOTH),
    "request's media type": Case(
        lambda d: put(d)["requestBody"]["content"].update({"text/plain": {}}),
        *("put request", "media type", WIDENS, NARROWS),
    ),
    "response's media type": Case(
        lambda d: put(d)["responses"]["200"]["content"].update({"text/plain": {}}),
        *("put response 200", "media type", NEITHER, BOTH),
    ),
    "success status": Case(
        lambda d: put(d)["responses"].update({"202": {}}), *("put response 202", "status", BOTH, BOTH)
    ),
    "error status": Case(
        lambda d: put(d)["responses"].update({"409": {}}), *("put response 409", "status", NEITHER, NEITHER)
    ),
    "header": Case(
        lambda d: put(d)["responses"]["404"].update(headers={"Retry-After": {}}),
        *("put response 404 header Retry-After", "header", NEITHER, NARROWS),
    ),
    "header required": Case(
        lambda d: put(d)["responses"]["200"]["headers"]["X-Left"].update(required=True),
        *("put response 200 header X-Left", "required", WIDENS, NARROWS),
    ),
    "header's type": Case(
        lambda d: put(d)["responses"]["200"]["headers"]["X-Left"]["schema"].update(type="string"),
        *("put response 200 header X-Left", "type", BOTH, BOTH),
    ),
}

# What is edited in a schema, where and as what it shows, and whether values become invalid, and valid.
NARROWER, WIDER, CHANGED, SAME = (True, False), (False, True), (True, True), (False, False)
SCHEMAS: dict[str, tuple[Edit, str, str, tuple[bool, bool]]] = {
    "required": (lambda s: s["required"].append("count"), "count", "required", NARROWER),
    "optional": (lambda s: s["required"].remove("name"), "name", "required", WIDER),
    "type": (lambda s: s["properties"]["count"].update(type="number"), "count", "type", WIDER),
    "another type": (lambda s: s["properties"].update(when={"type": "integer"}), "when", "type", CHANGED),
    "nullable": (lambda s: s["properties"]["name"].update(type=["string", "null"]), "name", "type", WIDER),
    "format": (lambda s: s["properties"]["name"].update(format="email"), "name", "format", NARROWER),
    "another format": (lambda s: s["properties"]["when"].update(format="date-time"), "when", "format", CHANGED),
    "a format of no effect": (lambda s: s["properties"]["name"].update(format="x"), "name", "format", SAME),
    "enum, one more": (lambda s: s["properties"]["kind"]["enum"].append("GREEN"), "kind", "enum", WIDER),
    "enum, one other": (lambda s: s["properties"]["kind"].update(enum=["RED", "PINK"]), "kind", "enum", CHANGED),
    "enum, none": (lambda s: s["properties"]["kind"].pop("enum"), "kind", "enum", WIDER),
    "const": (lambda s: s["properties"]["kind"].update(const="RED"), "kind", "enum", NARROWER),
    "minLength": (lambda s: s["properties"]["name"].update(minLength=2), "name", "minLength", NARROWER),
    "maxLength": (lambda s: s["properties"]["name"].update(maxLength=10), "name", "maxLength", WIDER),
    "pattern": (lambda s: s["properties"]["name"].update(pattern="^a[0-9]+$"), "name", "pattern", NARROWER),
    "another pattern": (
        lambda s: s["properties"]["tags"]["items"].update(pattern="^[a-z]{2}[0-9]$"),
        *("tags[]", "pattern", CHANGED),
    ),
    "minimum": (lambda s: s["properties"]["count"].update(minimum=1), "count", "minimum", NARROWER),
    "exclusiveMinimum": (lambda s: s["properties"]["count"].update(exclusiveMinimum=0), "count", "minimum", NARROWER),
    "maximum": (lambda s: s["properties"]["count"].pop("maximum"), "count", "maximum", WIDER),
    "multipleOf": (lambda s: s["properties"]["count"].update(multipleOf=3), "count", "multipleOf", NARROWER),
    "minItems": (lambda s: s["properties"]["tags"].update(minItems=2), "tags", "minItems", NARROWER),
    "maxItems": (lambda s: s["properties"]["tags"].update(maxItems=4), "tags", "maxItems", WIDER),
    "uniqueItems": (lambda s: s["properties"]["tags"].update(uniqueItems=True), "tags", "uniqueItems", NARROWER),
    "items": (lambda s: s["properties"]["tags"].update(items={"type": "null"}), "tags[]", "type", CHANGED),
    "minProperties": (lambda s: s["properties"]["extra"].update(minProperties=1), "extra", "minProperties", NARROWER),
    "others' schema": (
        lambda s: s["properties"]["extra"].update(additionalProperties={"type": "string"}),
        *("extra.*", "type", CHANGED),
    ),
    "closed": (lambda s: s.update(additionalProperties=False), "*", "additionalProperties", NARROWER),
    "condition": (
        lambda s: s.update({"if": {"properties": {"kind": {"const": "RED"}}}, "then": {"required": ["count"]}}),
        *("", "if", NARROWER),
    ),
    "anyOf": (
        lambda s: s.update(anyOf=[{"required": ["count"]}, {"required": ["when"]}]),
        *("", "anyOf", NARROWER),
    ),
    "not": (lambda s: s.update({"not": {"required": ["count", "when"]}}), "", "not", NARROWER),
    "default": (lambda s: s["properties"]["name"].update(default="x"), "name", "default", SAME),
    "deprecated": (lambda s: s["properties"]["name"].update(deprecated=True), "name", "deprecated", SAME),
}


def meanings(effect: tuple[bool, bool], of_request: bool) -> Meanings:
    """The rule: requests may not get narrower for a client, nor wider for a server; answers the reverse."""
    if effect == SAME:
        return TEXT
    narrower, wider = effect if of_request else effect[::-1]
    return (BREAKING if narrower else COMPATIBLE, BREAKING if wider else COMPATIBLE)


PRESENCE = {
    "optional in a request": Case(
        add(request, "note", {"type": "string"}), *("put request note", "property", NEITHER, NARROWS)
    ),
    "required in a request": Case(
        add(request, "note", {"type": "string"}, required=True), *("put request note", "property", NARROWS, BOTH)
    ),
    "optional in an answer": Case(
        add(answer, "note", {"type": "string"}), *("put response 200 note", "property", NEITHER, NARROWS)
    ),
    "required in an answer": Case(
        add(answer, "note", {"type": "string"}, required=True),
        *("put response 200 note", "property", WIDENS, NARROWS),
    ),
    "read-only in a request": Case(
        lambda d: request(d)["properties"]["count"].update(readOnly=True),
        *("put request count", "readOnly", NARROWS, TEXT),
    ),
    "write-only in an answer": Case(
        lambda d: answer(d)["properties"]["count"].update(writeOnly=True),
        *("put response 200 count", "writeOnly", NARROWS, TEXT),
    ),
    "read-only in an answer": Case(
        lambda d: answer(d)["properties"]["count"].update(readOnly=True),
        *("put response 200 count", "readOnly", TEXT, TEXT),
    ),
}


@pytest.mark.parametrize("case", [*ENVELOPE.values(), *PRESENCE.values()], ids=[*ENVELOPE, *PRESENCE])
@pytest.mark.parametrize("undo", [False, True], ids=["made", "undone"])
def test_a_difference_is_found_and_classified(case: Case, undo: bool) -> None:
    changed = edited(case.edit)
    (found,) = differences(changed, DOCUMENT) if undo else differences(DOCUMENT, changed)

    if not case.where.endswith("*"):
        assert found.where == case.where
    assert found.what == case.what
    assert (found.client, found.server) == (case.undone if undo else case.made)
    assert found.old != found.new


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("undo", [False, True], ids=["made", "undone"])
@pytest.mark.parametrize("of_request", [True, False], ids=["request", "response"])
def test_a_difference_of_schemas_has_a_witness_each_way(name: str, undo: bool, of_request: bool) -> None:
    edit, place, what, effect = SCHEMAS[name]
    body = request if of_request else answer
    old, new = DOCUMENT, edited(lambda d: edit(body(d)))
    if undo:
        old, new, effect = new, old, effect[::-1]

    (found,) = differences(old, new)

    assert found.where == f"{'put request' if of_request else 'put response 200'} {place}".rstrip()
    assert found.what == what
    assert (found.client, found.server) == meanings(effect, of_request)
    narrower, wider = effect
    assert [one.accepted for one in found.witnesses] == ["old"] * narrower + ["new"] * wider
    for one in found.witnesses:
        assert accepts(old, body(old), one.value) is (one.accepted == "old")
        assert accepts(new, body(new), one.value) is (one.accepted == "new")


def test_witnesses_are_small_and_isolate_their_difference() -> None:
    """Two differences at one place: each witness is refused for the sake of its own."""

    def edit(doc: Json) -> None:
        answer(doc)["properties"]["count"] = {"type": "number"}

    found = {one.what: one.witnesses[0].value["count"] for one in differences(DOCUMENT, edited(edit))}

    assert found == {"maximum": 10, "minimum": -1, "type": 0.5}


def test_a_long_edge_is_witnessed_at_the_edge() -> None:
    old = edited(lambda d: request(d)["properties"]["name"].update(maxLength=5000))
    new = edited(lambda d: request(d)["properties"]["name"].update(maxLength=4000))

    (found,) = differences(old, new)

    assert len(found.witnesses[0].value["name"]) == 4001
    assert "characters)" in report.text([found], "old", "new")
    assert report.data([found], "old", "new")[0]["witnesses"][0]["value"] == found.witnesses[0].value


def test_properties_of_the_other_direction_are_not_required() -> None:
    """A read-only property is required of answers alone, a write-only one of requests alone."""

    def hidden(flag: str) -> Edit:
        return add(request if flag == "readOnly" else answer, "id", {"type": "string", flag: True}, required=True)

    for flag in ("readOnly", "writeOnly"):
        (found,) = differences(DOCUMENT, edited(hidden(flag)))
        assert found.new == "optional string"


def test_the_bump_is_that_of_the_worst_difference_to_a_client() -> None:
    def bumped(*edits: Edit) -> str | None:
        return bump(differences(DOCUMENT, edited(lambda d: [edit(d) for edit in edits])))

    text, minor, major = ENVELOPE["deprecated"].edit, ENVELOPE["operation"].edit, ENVELOPE["body"].edit
    assert bumped() is None
    assert bumped(text) == "patch"
    assert bumped(text, minor) == "minor"
    assert bumped(text, minor, major) == "major"


# --- the same in other words ----------------------------------------------------------------------------------------

OLD_WORDS = edited(
    lambda d: (
        d.update(openapi="3.0.3"),
        request(d)["properties"].update(
            count={"type": "integer", "minimum": -1, "exclusiveMinimum": True, "maximum": 9, "nullable": True},
            when={"type": "string", "format": "byte"},
        ),
    )
)
NEW_WORDS = edited(
    lambda d: request(d)["properties"].update(
        count={"anyOf": [{"type": "integer", "exclusiveMinimum": -1, "maximum": 9}, {"type": "null"}]},
        when={"type": "string", "contentEncoding": "base64"},
    )
)


def test_forms_of_3_0_and_3_1_are_the_same() -> None:
    assert differences(OLD_WORDS, NEW_WORDS) == []
    assert differences(NEW_WORDS, OLD_WORDS) == []


def test_names_of_schemes_and_case_of_headers_do_not_matter() -> None:
    def edit(doc: Json) -> None:
        schemes = doc["components"]["securitySchemes"]
        schemes["key"] = schemes.pop("machine") | {"name": "x-key", "description": "Another text."}
        doc["security"] = [{"key": []}]
        put(doc)["parameters"][1]["name"] = "x-trace"
        put(doc)["parameters"].append({"name": "Authorization", "in": "header"})
        headers = put(doc)["responses"]["200"]["headers"]
        headers["x-left"] = headers.pop("X-Left")

    assert differences(DOCUMENT, edited(edit)) == []


NAMES = st.sampled_from("abcde")


def leaves() -> st.SearchStrategy[Json]:
    lengths = st.integers(1, 3).flatmap(
        lambda low: st.integers(low + 1, 6).map(lambda high: {"type": "string", "minLength": low, "maxLength": high})
    )
    numbers = st.integers(-3, 3).map(lambda low: {"type": "integer", "minimum": low, "maximum": low + 5})
    enums = st.lists(st.sampled_from(["RED", "BLUE", "GREEN", "PINK"]), min_size=2, max_size=3, unique=True)
    formats = st.sampled_from(["uuid", "date", "date-time", "uri", "password"])
    return st.one_of(
        lengths,
        numbers,
        enums.map(lambda values: {"type": "string", "enum": values}),
        formats.map(lambda name: {"type": "string", "format": name}),
        st.just({"type": ["string", "null"], "maxLength": 3}),
        st.just({"type": "boolean"}),
        st.just({"type": "string", "pattern": "^[a-f]+$"}),
    )


def objects(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    def required(properties: Json) -> st.SearchStrategy[Json]:
        names = st.lists(st.sampled_from(sorted(properties)), unique=True)
        return names.map(lambda needed: {"type": "object", "properties": properties, "required": needed})

    return st.dictionaries(NAMES, inner, min_size=1, max_size=4).flatmap(required)


SCHEMA_TREES = objects(
    st.recursive(
        leaves(),
        lambda inner: st.one_of(
            objects(inner), inner.map(lambda item: {"type": "array", "items": item, "minItems": 1})
        ),
        max_leaves=5,
    )
)


def holding(body: Json) -> Json:
    """The document with this schema as request and as answer."""

    def edit(doc: Json) -> None:
        put(doc)["requestBody"]["content"]["application/json"]["schema"] = copy.deepcopy(body)
        put(doc)["responses"]["200"]["content"]["application/json"]["schema"] = copy.deepcopy(body)

    return edited(edit)


def shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key], chance) for key in chance.sample(sorted(value), len(value))}
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return chance.sample(value, len(value))
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


def rewritten(node: Json, chance: random.Random, components: Json) -> Json:
    """The same schema in other words: split into `allOf`, moved behind a reference, or with another null."""
    node = dict(node)
    if "properties" in node:
        node["properties"] = {name: rewritten(inner, chance, components) for name, inner in node["properties"].items()}
    if "items" in node:
        node["items"] = rewritten(node["items"], chance, components)
    form = chance.choice(["as is", "split", "wrapped", "null", "const", "reference"])
    if form == "split":
        keys = chance.sample(sorted(node), chance.randint(0, len(node)))
        parts = [{key: node[key] for key in keys}, {key: value for key, value in node.items() if key not in keys}]
        if "properties" in node:
            names = sorted(node["properties"])
            half = chance.sample(names, chance.randint(0, len(names)))
            parts = [
                {
                    "type": "object",
                    "properties": {name: node["properties"][name] for name in some},
                    "required": [name for name in node.get("required", []) if name in some],
                }
                for some in (half, [name for name in names if name not in half])
            ]
        node = {"allOf": parts}
    elif form == "wrapped":
        node = {chance.choice(["allOf", "anyOf", "oneOf"]): [node], "description": "Another text.", "x-more": True}
    elif form == "null" and node.get("type") == ["string", "null"]:
        node = {chance.choice(["anyOf", "oneOf"]): [{**node, "type": "string"}, {"type": "null"}]}
    elif form == "const" and "enum" in node:
        node = {"anyOf": [{"const": value} for value in node["enum"]]}
    if form == "reference":
        name = f"part{len(components)}/~%"
        components[name] = node
        escaped = name.replace("~", "~0").replace("/", "~1").replace("%", "%25")
        return {"$ref": f"#/components/schemas/{escaped}", "title": "A title beside a reference"}
    return node


@settings(max_examples=60, deadline=None)
@given(SCHEMA_TREES, st.randoms(use_true_random=False))
def test_other_words_are_no_difference(body: Json, chance: random.Random) -> None:
    components: Json = {}
    copied = holding(rewritten(body, chance, components))
    copied["components"]["schemas"] = components
    copied = shuffled(copied, chance)

    assert differences(holding(body), copied) == []
    assert differences(copied, holding(body)) == []


@settings(max_examples=60, deadline=None)
@given(SCHEMA_TREES, SCHEMA_TREES, st.randoms(use_true_random=False))
def test_the_normal_form_admits_the_same_values(one: Json, other: Json, chance: random.Random) -> None:
    composed: Json = {chance.choice(["allOf", "anyOf", "oneOf"]): [one, other, {"required": ["a"]}]}
    composed |= chance.choice([{}, {"additionalProperties": {"type": "string"}}, {"not": {"required": ["b"]}}])
    normal = schema.normal(composed)

    for value in witness.samples(schema.normal(one), schema.normal(other)):
        assert schema.valid(normal, value) == accepts({}, composed, value), value


# --- a random single edit -------------------------------------------------------------------------------------------


def nodes(body: Json, place: str = "") -> list[tuple[str, Json]]:
    found = [(place, body)]
    for name, inner in body.get("properties", {}).items():
        found += nodes(inner, f"{place}.{name}".removeprefix("."))
    if "items" in body:
        found += nodes(body["items"], f"{place}[]")
    return found


def moved(keyword: str, step: int) -> Edit:
    return lambda node: node.update({keyword: node[keyword] + step})


def dropped(keyword: str) -> Edit:
    return lambda node: node.pop(keyword)


def single_edits(place: str, node: Json) -> list[tuple[str, str, tuple[bool, bool], Edit]]:
    """The edits that a node can have: where they show, as what, whether values become invalid, and valid."""
    edits: list[tuple[str, str, tuple[bool, bool], Edit]] = []
    for bound, step, effect in (
        ("minLength", 1, NARROWER),
        ("maxLength", 1, WIDER),
        ("minimum", 1, NARROWER),
        ("minimum", -1, WIDER),
        ("maximum", -1, NARROWER),
        ("minItems", 1, NARROWER),
        ("minItems", -1, WIDER),
    ):
        if bound in node:
            edits.append((place, bound, effect, moved(bound, step)))
            edits.append((place, bound, WIDER, dropped(bound)))
    if "enum" in node:
        edits.append((place, "enum", WIDER, lambda n: n["enum"].append("BLACK")))
        edits.append((place, "enum", NARROWER, lambda n: n["enum"].pop()))
    elif isinstance(node["type"], str):
        edits.append((place, "type", WIDER, lambda n: n.update(type=[n["type"], "null"])))
    if node.get("format") in schema.FORMATS:
        edits.append((place, "format", WIDER, dropped("format")))
    if "pattern" in node:
        edits.append((place, "pattern", WIDER, dropped("pattern")))
    for name in node.get("properties", {}):
        needed = name in node["required"]
        change = "remove" if needed else "append"
        edits.append(
            (
                f"{place}.{name}".removeprefix("."),
                "required",
                WIDER if needed else NARROWER,
                lambda n, change=change, name=name: getattr(n["required"], change)(name),  # type: ignore[misc]
            )
        )
    if "properties" in node:
        edits.append(
            (
                f"{place}.*".removeprefix("."),
                "additionalProperties",
                NARROWER,
                lambda n: n.update(additionalProperties=False),
            )
        )
    return edits


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SCHEMA_TREES, st.data(), st.booleans())
def test_a_random_single_edit_is_found_classified_and_witnessed(body: Json, data: st.DataObject, undo: bool) -> None:
    place, index = data.draw(st.sampled_from([(place, n) for n, (place, _) in enumerate(nodes(body))]))
    choices = single_edits(place, nodes(body)[index][1])
    assume(choices)
    where, what, effect, edit = data.draw(st.sampled_from(choices))
    changed = json.loads(json.dumps(body))  # a copy that shares nothing inside
    edit(nodes(changed)[index][1])
    assume(body != changed)
    old, new = (changed, body) if undo else (body, changed)
    effect = effect[::-1] if undo else effect

    in_request, in_answer = differences(holding(old), holding(new))

    for found, of_request in ((in_request, True), (in_answer, False)):
        assert found.where == f"{'put request' if of_request else 'put response 200'} {where}".rstrip()
        assert found.what == what
        assert (found.client, found.server) == meanings(effect, of_request)
        (one,) = found.witnesses
        assert one.accepted == ("old" if effect == NARROWER else "new")
        assert accepts({}, old, one.value) is (one.accepted == "old")
        assert accepts({}, new, one.value) is (one.accepted == "new")


# --- the contract and its deviations --------------------------------------------------------------------------------


def drift(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return warm.run("drift", *arguments)


def stand_in(tmp_path: Path, edit: Edit) -> Path:
    path = tmp_path / "upstream.yaml"
    path.write_text(yaml.safe_dump(edited(edit, yaml.safe_load(STAND_IN.read_text(encoding="utf-8")))))
    return path


@pytest.mark.parametrize(
    "upstream",
    [
        STAND_IN,
        pytest.param(QOVERY, marks=pytest.mark.skipif(not QOVERY.exists(), reason="Qovery's document is not here")),
    ],
    ids=["stand-in", "Qovery's"],
)
def test_nothing_differs_but_the_accepted_deviations(upstream: Path) -> None:
    done = drift("--upstream", upstream)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("6 operations compared: 0 differences, ")


def split_by_provider(document: Json, **differing: Json) -> None:
    """Makes the git token of answers one of three, told apart by the provider; some say more than others."""
    schemas = document["components"]["schemas"]
    base, own = schemas["Token"]["allOf"]
    names = schemas["Provider"]["enum"]
    for name in names:
        tag = {"type": "string", "enum": [name]}
        alike = {**own, "properties": {**own["properties"], "type": tag}}
        schemas[f"{name}Token"] = {"allOf": [base, alike, differing.get(name, {})]}
    branches = [{"$ref": f"#/components/schemas/{name}Token"} for name in names]
    schemas["Token"] = {"oneOf": branches, "discriminator": {"propertyName": "type"}}


def test_an_answer_split_by_a_discriminator_is_no_difference(tmp_path: Path) -> None:
    done = drift("--upstream", stand_in(tmp_path, split_by_provider))

    assert (done.returncode, done.stderr) == (0, "")


def test_what_an_error_may_look_like_is_no_promise(tmp_path: Path) -> None:
    problem = {"application/problem+json": {"example": {"status": 400}}}
    path = stand_in(tmp_path, lambda d: d["components"]["responses"]["error"].update(content=problem))

    assert drift("--upstream", path).returncode == 0


UPSTREAM_EDITS: dict[str, tuple[Edit, str]] = {
    "a provider": (
        lambda d: d["components"]["schemas"]["Provider"]["enum"].append("GITEA"),
        "editGitToken request type: enum",
    ),
    "a field of answers": (
        lambda d: d["components"]["schemas"]["Stored"]["properties"].update(owner={"type": "string"}),
        "listOrganizationGitTokens response 200 results[].owner: property",
    ),
    "a new operation": (
        lambda d: d["paths"].update({"/organization/{o}/gitToken/{t}/rotate": {"post": {"responses": {}}}}),
        '"POST /organization/{o}/gitToken/{t}/rotate": operation',
    ),
    "a new method": (
        lambda d: d["paths"]["/organization/{organizationId}/gitToken"].update(head={"responses": {}}),
        '"HEAD /organization/{organizationId}/gitToken": operation',
    ),
    "an operation less": (
        lambda d: d["paths"].pop("/organization/{organizationId}/gitToken/{gitTokenId}/associatedServices"),
        "getGitTokenAssociatedServices: operation",
    ),
    "a deviation that says something else now": (
        lambda d: d["components"]["schemas"]["Token"]["allOf"][1]["properties"].update(
            associated_services_count={"type": "string"}
        ),
        "editGitToken response 200 associated_services_count: type",
    ),
    "the edit's refusal gone": (
        lambda d: d["paths"]["/organization/{organizationId}/gitToken/{gitTokenId}"]["put"]["responses"].pop("400"),
        "editGitToken response 400: status",
    ),
    "a provider with a field of its own": (
        lambda d: split_by_provider(d, GITLAB={"properties": {"group": {"type": "string"}}}),
        "editGitToken response 200: oneOf",
    ),
}


@pytest.mark.parametrize("name", UPSTREAM_EDITS)
def test_what_qovery_changes_is_reported(name: str, tmp_path: Path) -> None:
    edit, title = UPSTREAM_EDITS[name]

    done = drift("--upstream", stand_in(tmp_path, edit))

    assert (done.returncode, done.stderr) == (1, "")
    assert title in done.stdout.splitlines()


def test_what_is_not_under_our_paths_is_not_looked_at(tmp_path: Path) -> None:
    path = stand_in(tmp_path, lambda d: d["paths"].update({"/organization/{o}/gitTokens": 5}))

    assert drift("--upstream", path).returncode == 0


def test_a_deviation_that_no_longer_applies_is_an_error(tmp_path: Path) -> None:
    path = stand_in(
        tmp_path, lambda d: d["components"]["schemas"]["Request"]["properties"]["token"].update(format="password")
    )

    done = drift("--upstream", path)
    found = json.loads(drift("--upstream", path, "--format", "json").stdout)

    assert done.returncode == 1
    assert "deviations.yaml: no longer applies: * request token: format: " in done.stdout
    assert found["differences"] == []
    assert [(entry["where"], entry["what"]) for entry in found["outdated"]] == [("* request token", "format")]


@pytest.mark.parametrize(
    "content",
    [
        "[{ where: a, what: b, ours: c, upstream: d }]",
        "[{ where: a, what: b, ours: c, upstream: d, reason: ' ' }]",
        "[{ where: a, what: b, ours: c, upstream: d, reason: e, more: f }]",
        "[text]",
        "text",
        "[",
    ],
)
def test_a_deviation_needs_every_field_and_a_reason(content: str, tmp_path: Path) -> None:
    path = tmp_path / "deviations.yaml"
    path.write_text(content)

    with pytest.raises(ContractError, match=r"^deviations\.yaml: "):
        deviations.load(path)


def test_the_formats_say_the_same(tmp_path: Path) -> None:
    hostile = "x`` | <b>\n\u202e\x1b[31m"
    path = stand_in(tmp_path, lambda d: d["components"]["schemas"]["Request"]["properties"].update({hostile: {}}))

    texts = [drift("--upstream", path, "--format", name).stdout for name in ("text", "markdown")]
    found = json.loads(drift("--upstream", path, "--format", "json").stdout)["differences"]

    where = f"editGitToken request {json.dumps(hostile)}"
    assert where in [one["where"] for one in found]
    assert {one["client"] for one in found} == {"compatible"}
    for text in texts:
        assert where in text
        assert all(line.isprintable() for line in text.splitlines())
    assert f"``` {where}: property ```" in texts[1]


WEBHOOK = ROOT / "tests" / "fragments" / "webhook.yaml"


def test_a_fragment_is_compared_with_the_deviations_that_are_named(tmp_path: Path) -> None:
    assert drift("--contract", WEBHOOK, "--upstream", WEBHOOK).stdout == "5 operations compared: 0 differences\n"
    upstream = tmp_path / "upstream.yaml"
    upstream.write_text(WEBHOOK.read_text().replace("enum: [STANDARD, SLACK]", "enum: [STANDARD, SLACK, TEAMS]"))
    done = drift("--contract", WEBHOOK, "--upstream", upstream, "--format", "json")
    assert done.returncode == 1
    found = json.loads(done.stdout)["differences"]
    assert {(one["what"], *one["upstream"]) for one in found} == {("enum", "SLACK", "STANDARD", "TEAMS")}
    meant = tmp_path / "meant.yaml"
    meant.write_text(
        yaml.safe_dump(
            [
                {key: one[key] for key in ("where", "what", "ours", "upstream")} | {"reason": "Not everywhere yet."}
                for one in found
            ]
        )
    )
    done = drift("--contract", WEBHOOK, "--upstream", upstream, "--deviations", meant)
    assert done.stdout == f"5 operations compared: 0 differences, {len(found)} accepted by meant.yaml\n"
    assert done.returncode == 0


# --- what cannot be compared ----------------------------------------------------------------------------------------

MINIMAL = "openapi: 3.0.0\ncomponents:\n  schemas:\n{}\npaths:\n  /organization/{{o}}/gitToken:\n    get: {}\n"
ANSWER = "{ responses: { '200': { content: { application/json: { schema: { $ref: '#/components/schemas/A' } } } } } }"
NINEFOLD = "    I: {}\n" + "\n".join(
    f"    {name}: {{ allOf: [{','.join(9 * [f'{{ $ref: %#/components/schemas/{following}% }}'])}] }}".replace("%", '"')
    for name, following in zip("ABCDEFGH", "BCDEFGHI", strict=True)
)
UNUSABLE = {
    "not there": (None, "No such file"),
    "a folder": (Path(), "directory"),
    "not YAML": ("paths: [", "not YAML"),
    "not UTF-8": (b"openapi: 3.0.0\n\xff", "upstream.yaml:2: not UTF-8"),
    "not OpenAPI": ("swagger: '2.0'", "not an OpenAPI 3.0 or 3.1 document"),
    "a list": ("[1, 2]", "not an OpenAPI 3.0 or 3.1 document"),
    "empty": ("", "not an OpenAPI 3.0 or 3.1 document"),
    "paths are no mapping": ("{openapi: 3.0.0, paths: []," + " paths: [1]}", "paths: not a mapping"),
    "an operation is no mapping": (MINIMAL.format("    A: {}", "5"), "not a mapping"),
    "a reference to nothing": (MINIMAL.format("    B: {}", ANSWER), "#/components/schemas/A names nothing"),
    "a reference to another file": (
        MINIMAL.format("    A: { $ref: 'other.yaml#/A' }", ANSWER),
        "outside of the document",
    ),
    "a reference to itself": (
        MINIMAL.format("    A: { properties: { a: { $ref: '#/components/schemas/A' } } }", ANSWER),
        "refers to itself",
    ),
    "an alias in itself": (MINIMAL.format("    A: &a { properties: { a: *a } }", ANSWER), "nested too deeply"),
    "what depends on other schemas' findings": (
        MINIMAL.format("    A: { unevaluatedProperties: false }", ANSWER),
        "unevaluatedProperties cannot be compared",
    ),
    "not a schema": (MINIMAL.format("    A: { type: strong }", ANSWER), "not a schema"),
    "not a regular expression": (MINIMAL.format("    A: { pattern: '(' }", ANSWER), "not a schema"),
    "billions of nodes": (MINIMAL.format(NINEFOLD, ANSWER), "has more than 400,000 nodes"),
    "plain http": ("http://localhost/openapi.yaml", "only files and https addresses are read"),
    "nobody answers": ("https://127.0.0.1:1/openapi.yaml", "https://127.0.0.1:1/openapi.yaml: "),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_be_compared_is_one_clear_line(name: str, tmp_path: Path) -> None:
    content, message = UNUSABLE[name]
    source: str | Path = tmp_path / "upstream.yaml"
    if isinstance(content, bytes):
        Path(source).write_bytes(content)
    elif isinstance(content, Path) or (content and "://" in content):
        source = content
    elif content is not None:
        Path(source).write_text(content)

    done = drift("--upstream", source)

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("drift: ")
    assert message in line


def served(answer: Callable[[httpx.Request], httpx.Response]) -> bytes:
    return upstream.fetch("https://qovery.example/openapi.yaml", httpx.MockTransport(answer))


def test_a_document_is_fetched() -> None:
    assert served(lambda _: httpx.Response(200, content=b"openapi: 3.0.0")) == b"openapi: 3.0.0"


def test_a_fetched_document_has_a_largest_size() -> None:
    endless = (b"x" * 1_000_000 for _ in iter(int, 1))

    with pytest.raises(ContractError, match=f"larger than {BYTES:,} bytes"):
        served(lambda _: httpx.Response(200, content=endless))


@pytest.mark.parametrize("status", [301, 404, 500])
def test_any_other_answer_is_an_error(status: int) -> None:
    elsewhere = {"Location": "http://elsewhere.example"}

    with pytest.raises(ContractError, match=f"answered {status}"):
        served(lambda _: httpx.Response(status, headers=elsewhere))


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m drift --contract {WEBHOOK} --upstream {WEBHOOK} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")
