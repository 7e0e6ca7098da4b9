"""scripts/generate on contracts of other resources: refused in one line, or right."""

from __future__ import annotations

import copy
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import httpx
import pytest
import yaml

from tests.test_generate import generate

REFERENCE = "#/components"
JSON = "application/json"


def text(**more: Any) -> dict[str, Any]:
    return {"type": "string", **more}


def answer(schema: str, about: str = "The alarm.") -> dict[str, Any]:
    return {"description": about, "content": {JSON: {"schema": {"$ref": f"{REFERENCE}/schemas/{schema}"}}}}


REQUEST = {
    "type": "object",
    "description": 'Says "when".\n\nIts parts:\n\n- a part\n- another\n\nEnds with "quotes"',
    "required": ["name", "kind"],
    "properties": {
        "name": text(minLength=1, maxLength=20),
        "kind": {"$ref": f"{REFERENCE}/schemas/Kind"},
        "kinds": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": f"{REFERENCE}/schemas/Kind"},
        },
        "config": {
            "type": "object",
            "required": ["password"],
            "properties": {"password": text(writeOnly=True), "url": text(format="uri")},
        },
        "labels": {"type": "object", "additionalProperties": True},
        "settings": {"$ref": f"{REFERENCE}/schemas/Settings"},
        "code": {"$ref": f"{REFERENCE}/schemas/Code"},
        "enabled": {"type": "boolean"},
        "threshold": {"type": "integer", "minimum": 1, "maximum": 9},
        "factor": {"type": "number"},
        "starts_at": text(format="date-time"),
        "class": text(),
        "to_dict": text(),
        "field": text(),
        "timeout": text(),
    },
    "allOf": [
        {"if": {"properties": {"kind": {"const": 'say "so"'}}, "required": ["kind"]}, "then": {"required": ["factor"]}}
    ],
    "dependentRequired": {"threshold": ["enabled"]},
}
SHOWN = {
    "type": "object",
    "required": ["id", "name", "kind", "to_dict", "field", "types"],
    "properties": {
        "id": text(),
        **{name: REQUEST["properties"][name] for name in ("name", "kind", "kinds", "enabled", "labels")},  # type: ignore[index]
        **{name: text() for name in ("to_dict", "from_dict", "additional_properties", "field", "types", "datetime")},
    },
}
BODY = {
    "required": True,
    "content": {"application/merge-patch+json": {"schema": {"$ref": f"{REFERENCE}/schemas/AlarmRequest"}}},
}
PARAMETERS = {
    name: {"name": name, "in": "path", "required": True, "schema": text(**more)}
    for name, more in (("clusterId", {"format": "uuid"}), ("space", {}), ("alarm", {}))
}
ITEM = "/clusters/{clusterId}/spaces/{space}/alarms/{alarm}"
CONTRACT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Cluster alarms", "version": "1.2.3", "x-environment": "ALARM"},
    "servers": [{"url": "https://alarms.example.com/v1"}],
    "security": [{"key": []}],
    "paths": {
        ITEM.rpartition("/")[0]: {
            "parameters": [{"$ref": f"{REFERENCE}/parameters/{name}"} for name in ("clusterId", "space")],
            "post": {
                "operationId": "createAlarm",
                "tags": ["alarms"],
                "requestBody": {**BODY, "content": {JSON: BODY["content"]["application/merge-patch+json"]}},  # type: ignore[index]
                "responses": {"201": answer("AlarmResponse"), "409": {"description": "There is one."}},
            },
        },
        ITEM: {
            "parameters": [{"$ref": f"{REFERENCE}/parameters/{name}"} for name in PARAMETERS],
            "get": {"operationId": "getAlarm", "tags": ["alarms"], "responses": {"200": answer("AlarmResponse")}},
            "patch": {
                "operationId": "editAlarm",
                "tags": ["alarms"],
                "requestBody": BODY,
                "responses": {"200": answer("AlarmResponse")},
            },
        },
    },
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
        "parameters": PARAMETERS,
        "schemas": {
            "Kind": text(enum=["a", "A", 'say "so"', "back\\slash", "", "1", "ü", "None", "name"]),
            "Settings": {"type": ["object", "null"]},
            "Code": text(writeOnly=True, maxLength=4),
            "AlarmRequest": REQUEST,
            "AlarmResponse": SHOWN,
        },
    },
}
FLAG = {
    "id": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
    "title": "dark",
    "createdAt": "2031-01-01T00:00:00Z",
    "note": None,
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The client of the contract, which is imported and judged by mypy before it is written."""
    folder = tmp_path_factory.mktemp("alarms")
    file = folder / "alarms.yaml"
    file.write_text(yaml.safe_dump(CONTRACT, sort_keys=False))
    done = generate(Path(), "--contract", str(file), "--output", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{folder}/cluster_alarms is written\n"
    assert generate(Path(), "--contract", str(file), "--output", str(folder), "--check").returncode == 0
    sys.path.insert(0, str(folder))
    yield importlib.import_module("cluster_alarms")
    sys.path.remove(str(folder))


def test_a_client_of_another_resource(package: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[httpx.Request] = []
    shown = {
        "id": "7",
        "name": "n",
        "kind": 'say "so"',
        "kinds": ["new"],
        "labels": {"x": [1]},
        "to_dict": "t",
        "field": "f",
    }
    shown["types"] = "y"

    def note(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(201 if request.method == "POST" else 200, json=shown)

    assert (package.__version__, package.__contract__) == ("1.2.3", "1.2.3")
    for name, value in (("ALARM_KEY", "k3y"), ("ALARM_SPACE", "a/b"), ("ALARM_BASE_URL", "https://h.example.com")):
        monkeypatch.setenv(name, value)
    with package.Client.from_env(
        transport=httpx.MockTransport(note), cluster="0" * 8 + "-0000" * 3 + "-" + "0" * 12
    ) as client:
        made = client.alarms.create(
            name="n",
            kind='say "so"',
            factor=1.5,
            kinds=["a", package.Kind.A_1],
            config=package.AlarmRequestConfig(password="s3cret", url="https://x.example.com"),
            class_="c",
            labels={"a": [1, {"b": None}]},
            settings=None,
            code="7777",
            to_dict_="t",
            timeout_="5",
            timeout=3,
        )
        edited = client.alarms.edit("..%", name="m", kind="a")
    assert (made.to_dict_, made.field, made.types, made.kinds) == ("t", "f", "y", ["new"])
    assert made.labels == {"x": [1]}
    assert "7777" not in repr(package.AlarmRequest(name="n", kind="a", code="7777"))
    assert edited.to_dict() == shown
    assert "s3cret" not in repr(package.AlarmRequestConfig(password="s3cret"))
    create, edit = sent
    assert create.url.raw_path.endswith(b"/clusters/00000000-0000-0000-0000-000000000000/spaces/a%2Fb/alarms")
    assert json.loads(create.content) == {
        **{"name": "n", "kind": 'say "so"', "factor": 1.5, "kinds": ["a", "A"], "class": "c", "to_dict": "t"},
        **{"labels": {"a": [1, {"b": None}]}, "settings": None, "code": "7777"},
        **{"timeout": "5", "config": {"password": "s3cret", "url": "https://x.example.com"}},
    }
    assert (create.headers["X-API-Key"], create.headers["Content-Type"]) == ("k3y", "application/json")
    assert create.extensions["timeout"]["read"] == 3
    assert (edit.method, edit.url.raw_path.rpartition(b"/")[2]) == ("PATCH", b"..%25")
    assert edit.headers["Content-Type"] == "application/merge-patch+json"
    assert not hasattr(client.alarms, "rotate")
    assert package.AlarmRequest.__doc__.splitlines()[0::2] == [
        'Says "when".',
        "Its parts:",
        "- a part",
        "",
        '    Ends with "quotes"',
    ] or ("- a part\n    - another" in package.AlarmRequest.__doc__)


def test_a_client_of_a_contract_written_as_others_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies and parameters within operations, a base schema, a bare list, choices of numbers, and bodies of errors."""
    done = generate(Path(), "--contract", "tests/foreign/flag.yaml", "--output", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "The client sends no optional parameters: limit (query), X-Trace (header)"
    monkeypatch.syspath_prepend(str(tmp_path))
    package = importlib.import_module("feature_flags")
    answers: Iterator[Any] = iter([[FLAG, FLAG], FLAG, {"items": []}, [1]])
    sent: list[httpx.Request] = []

    def note(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(201 if request.content else 200, json=next(answers))

    transport = httpx.MockTransport(note)
    with package.Client(bearer="t0k", project_slug="p", transport=transport) as client:
        first, second = client.flags.list()
        assert (first.id, second.title, first.note) == (UUID(str(FLAG["id"])), "dark", None)
        client.flags.create(title="t", rollout=1.5, level=2, annotations=[package.Annotation(text="x")])
        assert json.loads(sent[-1].content)["annotations"] == [{"text": "x"}]
        for _ in range(2):
            with pytest.raises(package.InvalidResponseError):
                client.flags.list()


@pytest.mark.usefixtures("package")
def test_its_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Fields that are no texts are given as JSON, and what has secrets inside of it never as an argument."""
    sent: list[tuple[str, Any]] = []

    def send(_: object, method: str, url: str, **options: Any) -> httpx.Response:
        sent.append((f"{method} {url}", json.loads(options["content"])))
        return httpx.Response(200, json={"id": "7", "name": "n", "kind": "a"})

    monkeypatch.setattr("httpx.Client.request", send)
    monkeypatch.setenv("ALARM_KEY", "k3y")
    monkeypatch.setenv("CONFIG", '{"password": "canary-9Qv"}')
    command = importlib.import_module("cluster_alarms.command")
    owners = ["--cluster", "00000000-0000-0000-0000-000000000000", "--space", "s"]
    fields = ["--name", "n", "--kind", "a", "--enabled", "true", "--kinds", '["A"]', "--config-env", "CONFIG"]
    assert command.main(["edit", "--id", "7", *owners, *fields, "--json"]) == 0
    assert sent == [
        (
            "PATCH https://alarms.example.com/v1/clusters/00000000-0000-0000-0000-000000000000/spaces/s/alarms/7",
            {"name": "n", "kind": "a", "kinds": ["A"], "config": {"password": "canary-9Qv"}, "enabled": True},
        )
    ]
    assert command.main(["edit", "--id", "7", *owners, "--name", "n", "--kind", "a", "--kinds", "A"]) == 2
    output, errors = capsys.readouterr()
    assert json.loads(output)["id"] == "7"
    assert errors == "edited 7\ncluster-alarms: kinds is not what its option needs, as JSON\n"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"kind": "b"}, "kind is none of"),
        ({"name": ""}, "name is shorter than 1 characters"),
        ({"name": "n" * 21}, "name is longer than 20 characters"),
        ({"threshold": 10, "enabled": True}, "threshold is more than 9"),
        ({"threshold": True}, "threshold is not an integer"),
        ({"threshold": 5}, "enabled is missing"),
        ({"enabled": 1}, "enabled is not a bool"),
        ({"factor": float("nan")}, "factor is not a number"),
        ({"kinds": []}, "kinds has 0 items"),
        ({"kinds": ["a", "a"]}, "kinds has the same item twice"),
        ({"kinds": ["a", "b"]}, r"kinds\[1\] is none of"),
        ({"config": {}}, "config is not a AlarmRequestConfig"),
        ({"labels": []}, "labels is not a dict"),
        ({"labels": {"a": float("inf")}}, "labels holds what JSON cannot"),
        ({"code": "77777"}, "code is longer than 4 characters"),
        ({"starts_at": "soon"}, "starts_at is not a date and time"),
        ({"kind": 'say "so"'}, "factor is missing, which is needed where kind is"),
    ],
)
def test_what_another_contract_wants_is_checked(fields: dict[str, Any], problem: str, package: ModuleType) -> None:
    with pytest.raises(package.InvalidRequestError, match=problem):
        package.AlarmRequest(**{"name": "n", "kind": "a", **fields})


def rename(document: dict[str, Any], new: str) -> None:
    schemas = document["components"]["schemas"]
    schemas[new] = schemas.pop("Kind")
    changed = json.loads(json.dumps(document).replace(f"{REFERENCE}/schemas/Kind", f"{REFERENCE}/schemas/{new}"))
    document.clear()
    document.update(changed)


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a schema called Client": (lambda d: rename(d, "Client"), "the client has something else that is called Client"),
    "a schema called Response": (lambda d: rename(d, "Response"), "something else that is called Response"),
    "a schema called UNSET": (lambda d: rename(d, "UNSET"), "something else that is called UNSET"),
    "a version that is none": (lambda d: d["info"].update(version="next"), "'next' is no version"),
    "a relative server": (lambda d: d["servers"][0].update(url="/v1"), "no absolute http or https URL"),
    "a server with a query": (lambda d: d["servers"][0].update(url="https://a.example.com/?x"), "the server's address"),
    "a path with quotes": (
        lambda d: d["paths"].update({ITEM.replace("/spaces", '/"""'): d["paths"].pop(ITEM)}),
        "the path",
    ),
    "a tag that is none": (
        lambda d: d["paths"][ITEM]["get"].update(tags=["\u00e9"]),
        "is no name that a Python package",
    ),
    "a parameter that the query has to have": (
        lambda d: d["paths"][ITEM]["get"].update(
            parameters=[{"name": "q", "in": "query", "required": True, "schema": text()}]
        ),
        "parameters of paths only",
    ),
    "another resource": (lambda d: d["paths"].update({"/else": copy.deepcopy(d["paths"][ITEM])}), "else"),
    "an operation of no role": (lambda d: d["paths"][ITEM].update(head=d["paths"][ITEM]["get"]), "getAlarm"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_gives_no_client_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    change, problem = REFUSED[name]
    document = json.loads(json.dumps(CONTRACT))
    change(document)
    file = tmp_path / "alarms.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    done = generate(Path(), "--contract", str(file), "--output", str(tmp_path / "out"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"{file}:")
    assert problem in done.stderr
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True
