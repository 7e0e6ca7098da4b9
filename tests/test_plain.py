"""What documents say in several ways, said in one; and texts that match a pattern."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.contract.contract import Contract, ContractError
from conformance.contract.matching import matching
from conformance.contract.plain import plain
from conformance.mock.actions import _shown
from conformance.run import conditions

JOB = Path(__file__).parent / "fragments" / "job.yaml"

BASE = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "readOnly": True}}}
CASES: list[tuple[str, Any, Any]] = [
    ("3.0.3", {"type": "string", "nullable": True}, {"type": ["string", "null"]}),
    ("3.0.3", {"enum": ["a"], "nullable": True}, {"enum": ["a", None], "type": ["string", "null"]}),
    ("3.0.3", {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Name"}]}, {"type": ["string", "null"]}),
    (
        "3.0.3",
        {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": False},
        {"type": "integer", "exclusiveMinimum": 0, "maximum": 9},
    ),
    (
        "3.1.0",
        {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}], "title": "T"},
        {"type": ["string", "null"], "maxLength": 9, "title": "T"},
    ),
    ("3.1.0", {"oneOf": [{"const": "a", "title": "A"}, {"const": "b"}]}, {"enum": ["a", "b"], "type": "string"}),
    ("3.1.0", {"const": 2}, {"enum": [2], "type": "integer"}),
    ("3.1.0", {"type": ["string"]}, {"type": "string"}),
    (
        "3.1.0",
        {"allOf": [{"$ref": "#/components/schemas/Name"}], "description": "Its name."},
        {"$ref": "#/components/schemas/Name", "description": "Its name."},
    ),
    (
        "3.1.0",
        {
            "allOf": [
                {"$ref": "#/components/schemas/Base"},
                {"required": ["name"], "properties": {"name": {"type": "string"}}, "if": {"required": ["name"]}},
            ]
        },
        {
            "type": "object",
            "required": ["id", "name"],
            "properties": {**BASE["properties"], "name": {"type": "string"}},  # type: ignore[dict-item]
            "allOf": [{"if": {"required": ["name"]}}],
        },
    ),
    # What cannot be one stays apart, to be refused.
    ("3.1.0", {"allOf": [{"type": "string"}, {"type": "integer"}]}, None),
    ("3.1.0", {"oneOf": [{"type": "string"}, {"type": "integer"}]}, None),
]


@pytest.mark.parametrize(("version", "schema", "expected"), CASES)
def test_what_is_said_in_other_words_is_the_same(version: str, schema: Any, expected: Any) -> None:
    loop = {"allOf": [{"$ref": "#/components/schemas/Loop"}, {"type": "object"}]}
    schemas = {"Name": {"type": "string"}, "Base": BASE, "Loop": loop, "Tried": schema}
    made = plain({"openapi": version, "components": {"schemas": schemas}})
    assert made["components"]["schemas"]["Tried"] == (schema if expected is None else expected)
    # A field may be called like a word of the language.
    named = {"openapi": "3.0.0", "components": {"schemas": {"A": {"properties": {"nullable": {}, "allOf": {}}}}}}
    assert plain(named)["components"]["schemas"]["A"]["properties"] == {"nullable": {}, "allOf": {}}


def test_a_contract_of_3_0_is_read_like_one_of_3_1(tmp_path: Path) -> None:
    text = JOB.read_text().replace("openapi: 3.1.0", "openapi: 3.0.3")
    text = text.replace("type: [number, 'null']", "type: number, nullable: true")
    path = tmp_path / "old.yaml"
    path.write_text(text)
    assert Contract.load(path).zones("patchJob").must_accept("weight", None)
    assert list(Contract.load(path).resource.shown) == list(Contract.load(JOB).resource.shown)


def test_two_variables_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "clash.yaml"
    document = yaml.safe_load(JOB.read_text().replace("tenantId", "key"))
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(ContractError, match="JOBS_KEY"):
        Contract.load(path)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[a-z]+$",
        r"^https://[a-z]{1,9}\.example\.com(/\w*)?$",
        r"^(a|b)\1\d{3}$",
        r"^[^\s/]{4,8}$",
        r"^(?=.*\S)[ -~]*$",
    ],
)
def test_texts_match_a_pattern(pattern: str) -> None:
    found = list(matching(pattern, random.Random(1), 1, 60))
    assert len(set(found)) > 1
    assert all(re.search(pattern, each) and 1 <= len(each) <= 60 for each in found)


def test_a_pattern_that_is_none_of_ours_gives_nothing() -> None:
    assert list(matching(r"\p{L}+", random.Random(1))) == []


def test_a_reproduction_finds_an_item_by_the_field_that_holds_its_id() -> None:
    place = ("$last", "A-1", "meta.flag-id")
    assert conditions.shown("on-call", True, place) == (  # type: ignore[arg-type]
        "(($last | arrays, (objects | first(.[] | arrays)) | .[])"
        ' | select((.meta."flag-id" | tostring | ascii_downcase)'
        ' == ("A-1" | tostring | ascii_downcase)))."on-call" == true'
    )


def test_the_mock_shows_null_as_absent_where_no_answer_may_hold_it() -> None:
    one, other = {"type": "string"}, {"type": ["string", "null"]}
    assert _shown({"properties": {"one": one, "other": other}}, {"one": None, "other": None}) == {"other": None}
