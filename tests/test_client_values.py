"""What the client makes of every answer and request that the contract allows, and of answers that it does not."""

from __future__ import annotations

import asyncio
import copy
import datetime
import json
import pickle
import random
import re
import string
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import httpx
import jsonschema_rs
import pytest
import qovery_git_token as q
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract.contract import Contract, Zone, validator
from conformance.mock import World, create_app

CONTRACT = Contract.load()
ANSWERING = {name: operation for name, operation in CONTRACT.operations.items() if operation.response_schema}
MOMENT = datetime.datetime(2026, 1, 15, 9, 30, tzinfo=datetime.UTC)
ANSWER = {
    "id": str(UUID(int=2)),
    "created_at": "2026-01-15T09:30:00Z",
    "name": "ci",
    "type": "GITHUB",
    "git_api_url": "https://api.github.com",
    "associated_services_count": 3,
}
BODY = q.GitTokenRequest(name="ci", type_=q.GitProvider.GITHUB, token="s3cret")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DATE_TIMES = st.builds(
    "{:%Y-%m-%d}{}{:%H:%M:%S}{}{}".format,
    st.dates().filter(lambda date: 1000 <= date.year < 9999),
    st.sampled_from("Tt"),
    st.times(),
    st.just("") | st.from_regex(r"\.[0-9]{1,12}", fullmatch=True),
    st.sampled_from("Zz") | st.from_regex(r"[+-]([01][0-9]|2[0-3]):[0-5][0-9]", fullmatch=True),
)
FORMATS: dict[str | None, st.SearchStrategy[str]] = {
    None: st.text(),
    "uuid": st.uuids().map(str) | st.uuids().map(lambda id_: str(id_).upper()),
    "date": st.dates().map(str),
    "date-time": DATE_TIMES,
    "uri": st.from_regex(r"https?://[a-z0-9.-]{1,20}(:[0-9]{1,5})?(/[!$&-;=@A-Z_a-z~]*)?", fullmatch=True),
}


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What is valid by a schema of the contract."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "string":
            return FORMATS[schema.get("format")]
        case "integer":
            return st.integers(schema.get("minimum"), 2**63)
        case "array":
            return st.lists(values(schema["items"]), max_size=3)
        case "object":
            known = {name: values(inner) for name, inner in schema["properties"].items()}
            required = {name: known[name] for name in schema["required"]}
            optional = {name: known[name] for name in known.keys() - required}
            others = st.dictionaries(st.text().filter(lambda name: name not in known), JSON, max_size=2)
            return st.tuples(others, st.fixed_dictionaries(required, optional=optional)).map(
                lambda both: {**both[0], **both[1]}
            )
    raise AssertionError(f"no strategy for {schema}")


class Caller:
    """Calls operations, each answered with `content`."""

    def __init__(self) -> None:
        self.content = b""
        self.status = 200
        transport = httpx.MockTransport(lambda _: httpx.Response(self.status, content=self.content))
        self.client = q.Client(api_token="x", transport=transport, max_retries=0)

    def call(self, operation: str, content: bytes) -> Any:
        self.content, self.status = content, CONTRACT.operations[operation].success
        module = getattr(q, re.sub(r"(?=[A-Z])", "_", operation).lower())
        ids = [UUID(int=1)] * len(CONTRACT.operations[operation].parameters)
        body = {"body": BODY} if CONTRACT.operations[operation].request_schema else {}
        return module.sync(*ids, client=self.client, **body)


@pytest.fixture(scope="module")
def caller() -> Caller:
    return Caller()


@pytest.mark.parametrize("operation", ANSWERING)
def test_every_valid_answer_is_read_and_written_back(operation: str, caller: Caller) -> None:
    schema = ANSWERING[operation].response_schema
    assert schema

    @settings(deadline=None)
    @given(values(schema))
    def holds(answer: Any) -> None:
        assert validator(schema).is_valid(answer)
        assert caller.call(operation, json.dumps(answer).encode()).to_dict() == answer

    holds()


TEXT = st.text() | st.text(st.characters())  # the second has lone surrogates
FIELDS = {
    "name": TEXT | JSON,
    "type_": st.sampled_from(q.GitProvider) | st.sampled_from(["GITHUB", "BITBUCKET"]) | JSON,
    "token": TEXT | JSON,
    "description": st.none() | TEXT,
    "workspace": st.none() | TEXT,
    "git_api_url": st.none() | TEXT | FORMATS["uri"],
    "additional_properties": st.dictionaries(TEXT | st.sampled_from(["id", "workspace", "token"]), JSON, max_size=3),
}


@settings(deadline=None)
@given(st.fixed_dictionaries(FIELDS))
def test_every_request_is_accepted_or_refused_with_a_typed_error(fields: dict[str, Any]) -> None:
    """What the contract wants refused is by the client, before anything is sent, as far as it can know."""
    try:
        body = q.GitTokenRequest(**fields)
    except q.InvalidRequestError as error:
        said = {("type" if name == "type_" else name): value for name, value in fields.items() if value is not None}
        more = said.pop("additional_properties")
        assert CONTRACT.zone({**more, **said}) is not Zone.ACCEPT, error
        return
    world = World()
    transport = httpx.ASGITransport(create_app(world))
    client = q.Client(jwt=world.jwt, transport=transport, base_url="http://mock", max_retries=0)
    zone = CONTRACT.zone(body.to_dict())
    try:
        answer = asyncio.run(q.create_git_token.asyncio(UUID(world.organization_id), client=client, body=body))
    except q.BadRequestError:
        assert zone is not Zone.ACCEPT
    else:
        assert zone is not Zone.REFUSE
        assert (answer.name, answer.type_) == (body.name, body.type_)


# Answers that are not what they should be

LOOSE_ANSWERS = [
    ({"workspace": None, "description": None, "updated_at": None, "expired_at": None}, "workspace", None),
    ({"git_api_url": ""}, "git_api_url", ""),
    ({"expired_at": "2026-12-31T00:00:00Z"}, "expired_at", datetime.date(2026, 12, 31)),
    ({"created_at": "2026-01-15T09:30:00+0000"}, "created_at", MOMENT),
    ({"created_at": "2026-01-15 09:30:00"}, "created_at", MOMENT),
    ({"created_at": "2026-01-15T09:30"}, "created_at", MOMENT),
    ({"created_at": "2026-01-15T09:30:00,000Z"}, "created_at", MOMENT),
    ({"created_at": "2026-01-15 10:30:00 +01"}, "created_at", MOMENT),
    ({"created_at": "2026-01-15 09:30:00 UTC"}, "created_at", MOMENT),
    ({"created_at": "Thu, 15 Jan 2026 09:30:00 GMT"}, "created_at", MOMENT),
    ({"created_at": 1768469400}, "created_at", MOMENT),
    ({"created_at": 1768469400000}, "created_at", MOMENT),
    ({"created_at": "2026-01-15"}, "created_at", datetime.datetime(2026, 1, 15, tzinfo=datetime.UTC)),
    ({"id": UUID(int=2).hex}, "id", UUID(int=2)),
    ({"associated_services_count": "3"}, "associated_services_count", 3),
    ({"associated_services_count": -1}, "associated_services_count", -1),
    ({"type": None, "name": 5}, "git_api_url", "https://api.github.com"),
]


@pytest.mark.parametrize(("loose", "field", "value"), LOOSE_ANSWERS)
def test_an_edit_that_was_made_is_no_error_where_its_answer_is_loose(
    loose: dict[str, Any], field: str, value: object, caller: Caller
) -> None:
    said = {**ANSWER, **loose}
    answer = caller.call("editGitToken", json.dumps(said).encode())
    assert getattr(answer, field) == value
    assert answer.to_dict() == said


def test_a_field_that_cannot_be_read_is_raised_when_it_is_used(caller: Caller) -> None:
    said = {**ANSWER, "created_at": "soon", "type": None}
    answer = caller.call("editGitToken", json.dumps(said).encode())
    for twin in (answer, copy.deepcopy(answer), pickle.loads(pickle.dumps(answer))):
        with pytest.raises(q.InvalidResponseError, match="created_at is not a date and time"):
            print(twin.created_at)
        with pytest.raises(q.InvalidResponseError, match="type is not a string"):
            print(twin.type_)
        with pytest.raises(AttributeError, match="no attribute 'creatd_at'"):
            print(twin.creatd_at)
        assert twin == answer


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (httpx.Response(201, content=b"<html>"), None),
        (httpx.Response(201, content=b"", headers={"Location": f"/gitToken/{UUID(int=7)}"}), UUID(int=7)),
        (httpx.Response(201, json=[{"id": str(UUID(int=7))}]), UUID(int=7)),
        (httpx.Response(202, json={"id": str(UUID(int=7))}), UUID(int=7)),
        (httpx.Response(201, content=b'{"id": "' + str(UUID(int=7)).encode() + b'", "na'), UUID(int=7)),
    ],
)
def test_a_create_that_cannot_be_read_tells_the_id(answer: httpx.Response, found: UUID | None) -> None:
    client = q.Client(api_token="x", transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises((q.InvalidResponseError, q.StatusError)) as caught:
        q.create_git_token.sync(UUID(int=1), client=client, body=BODY)
    assert caught.value.created_id == found  # type: ignore[attr-defined]


JUNK: list[Any] = [None, True, 0, -1, 1.5, 1e400, "", "x", "12", [], {}, [None], {"id": 1}, "2026-13-01", "\ud800"]


def example(schema: dict[str, Any], chance: random.Random) -> Any:
    """A valid answer of the everyday kind."""
    match schema:
        case {"enum": [*members]}:
            return chance.choice(members)
        case {"type": "array", "items": item}:
            return [example(item, chance) for _ in range(2)]
        case {"type": "object", "properties": properties}:
            return {name: example(inner, chance) for name, inner in properties.items()}
        case {"type": "integer"}:
            return chance.randint(0, 99)
        case {"format": "uuid"}:
            return str(UUID(int=chance.getrandbits(128)))
        case {"format": "date"}:
            return f"20{chance.randint(10, 99)}-0{chance.randint(1, 9)}-28"
        case {"format": "date-time"}:
            return f"20{chance.randint(10, 99)}-06-30T23:59:{chance.choice(['07Z', '59.25Z', '60Z', '08+02:00'])}"
        case {"format": "uri"}:
            return "https://gitlab.example.com:8443/api/v4"
    return "text"


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value, as a container and a key in it."""
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else [])
    return [(value, key) for key, _ in pairs] + [spot for _, inner in pairs for spot in spots(inner)]


def mutant(answer: Any, chance: random.Random) -> bytes:
    """An answer with one to three things wrong with it, or that may be."""
    for _ in range(chance.randint(1, 3)):
        container, key = chance.choice(spots(answer) or [({}, None)])
        kind = chance.randrange(6)
        if key is None:
            break
        if kind == 0:
            del container[key]
        elif kind == 1:
            container[key] = chance.choice(JUNK)
        elif kind == 2:
            container[key] = [container[key]]
        elif kind == 3:
            container[key] = json.dumps(container[key])
        elif isinstance(container[key], str) and container[key]:
            index = chance.randrange(len(container[key]))
            other = chance.choice("0123456789:-+.TZtz {}" + string.ascii_lowercase)
            container[key] = container[key][:index] + other + container[key][index + (kind == 4) :]
        elif isinstance(container, dict):
            container[f"{key}_"] = container.pop(key)
    content = bytearray(json.dumps(answer).encode())
    if chance.random() < 0.1:
        start = chance.randrange(len(content))
        content[start : start + chance.randint(0, 9)] = chance.randbytes(chance.randint(0, 2))
    return bytes(content)


def strict(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """A validator that wants digits in dates; jsonschema-rs by itself also takes 204.-01-01."""

    def lax(format_: str) -> Callable[[str], bool]:
        return jsonschema_rs.Draft202012Validator({"format": format_}, validate_formats=True).is_valid

    formats = {name: lax(name) for name in ("date", "date-time")}
    digits = re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?"
    )
    checks = {name: lambda text, lax=lax: bool(digits.fullmatch(text)) and lax(text) for name, lax in formats.items()}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True, formats=checks)


# What a client may take though the contract does not promise it: it can be read only in one way.
LOOSE = {"format", "minimum"}


def fits(content: bytes, check: Callable[[Any], Any]) -> bool | None:
    """Whether the client has to read this; None if that is open."""
    try:
        answer = json.loads(content)
        found = list(check(answer))
    except ValueError:  # not JSON; or lone surrogates, which the validator does not take and no format allows
        with suppress(ValueError):
            json.loads(content)
            return None
        return False
    # A provider that the contract does not have is for the client to take.
    wrong = [error for error in found if not (error.kind.name == "enum" and isinstance(error.instance, str))]
    if wrong and all(error.kind.name in LOOSE or plausible(error) for error in wrong):
        return None
    return not wrong


def plausible(error: Any) -> bool:
    """Is this null for what may be left out, a number as text, or a moment as number?"""
    if error.kind.name != "type":
        return False
    return error.instance is None or isinstance(error.instance, int | float | str)


def use(value: Any) -> None:
    """Looks at every field, as whoever uses the answer does at those that he needs."""
    if isinstance(value, list):
        for item in value:
            use(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            use(getattr(value, name))


@pytest.mark.parametrize("operation", ANSWERING)
def test_every_malformed_answer_is_the_one_documented_error(operation: str, caller: Caller) -> None:
    schema = ANSWERING[operation].response_schema
    assert schema
    check = strict(schema).iter_errors
    chance = random.Random(operation)
    outcomes: dict[bool | None, int] = {True: 0, False: 0, None: 0}
    while outcomes[False] < 10_000 / len(ANSWERING):
        content = mutant(example(schema, chance), chance)
        expected = fits(content, check)
        outcomes[expected] += 1
        try:
            use(caller.call(operation, content))
        except q.InvalidResponseError as error:
            assert expected is not True, (content, error)
        else:
            assert expected is not False, content
    assert outcomes[True] > 100
