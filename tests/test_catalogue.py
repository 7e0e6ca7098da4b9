"""The variants of the mock: each is right, and another than the healthy mock. The suite itself shows the faults.

A battery of requests, in a fixed order, is sent to the healthy mock and to each changed one.
"""

from __future__ import annotations

import asyncio
import codecs
import gzip
import itertools
import json
import re
import urllib.parse
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conformance.contract.contract import Contract, Zone, validator
from conformance.detection import targeted
from conformance.mock import World, create_app
from conformance.mock.change import Change
from conformance.mock.faults.methods import ADDED
from conformance.mock.server import Mock
from conformance.mock.variants.acceptance import VERIFYING
from conformance.run.run import Run
from conformance.suite.forged import jwts
from conformance.suite.negotiation import ACCEPTABLE, OTHERS, QUERIES
from conformance.suite.paths import CALLER_HEADERS, PATH_HEADERS, ROADS
from tests.catalogue import FAULTS, VARIANTS

WORLD = World()
CONTRACT = Contract.load()
REQUEST = CONTRACT.request_schema["properties"]
FIELDS = list(REQUEST)
TEXTS = [name for name in FIELDS if "enum" not in REQUEST[name] and REQUEST[name].get("format") != "uri"]
OPTIONAL = [name for name in FIELDS if name not in CONTRACT.request_schema["required"]]
BASE = {"name": "base", "type": "BITBUCKET", "token": "s3cret-base-value", "description": "d", "workspace": "w"}
FULL = {**BASE, "git_api_url": "https://git.example.com"}

COLLECTION = f"/organization/{WORLD.organization_id}/gitToken"
FOREIGN = f"/organization/{WORLD.foreign_organization_id}/gitToken"
MINE = "{mine}"  # the id of the git token that the battery has created


@dataclass(frozen=True)
class Probe:
    """A request; `{mine}` in its path is the git token that was created first."""

    method: str = "PUT"
    path: str = f"{COLLECTION}/{MINE}"
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    free: bool = False  # nobody has said how it is to be answered


def write(body: Any, method: str = "PUT", path: str = f"{COLLECTION}/{MINE}") -> Probe:
    return Probe(method, path, json.dumps(body).encode())


def read(path: str = f"{COLLECTION}/{MINE}") -> Probe:
    return Probe("GET", path)


TRICKY = [
    *"""'"\\%;<&`|:_-/.,!?()[]{}@#$^~=+*""",
    *"\0\n\r\t\x1b\x85\u2028\ufeff\u202e\u200d\u200b\uffff\ufffd\ue000\U0001f600\u0301\u0130\u0131\xdf\xa0\u212b\ufb01\ud800",
    *(
        "%s",
        "%n",
        "%41",
        "a+b",
        "${x}",
        "{{x}}",
        "--",
        "../",
        "null",
        "0",
        "false",
        "None",
        "=1+1",
        "+1",
        "@x",
        " ",
        "a  b",
        " a ",
        "a\xa0b",
        "a ",
        "~",
    ),
    *(
        "<script>",
        "&lt;b&gt;",
        "select",
        "007",
        "9" * 12,
        "\\n",
        "\\t",
        "\u2019",
        "\u201cx\u201d",
        "...",
        "e\u0301",
        "\xe9",
    ),
    *(
        "\u05d0\u05d1",
        "\u0627\u0644",
        "\u6f22\u5b57",
        "\U00020000",
        "\u0416",
        "UPPER",
        "lower",
        "\xc0",
        "a",
        "ab",
        "1a",
    ),
    *("a" * size for size in (7, 31, 33, 41, 51, 63, 64, 65, 100, 101, 127, 128, 129, 141, 200, 254, 255, 256, 257)),
    *("a" * size for size in (500, 501, 512, 513, 999, 1000, 1001, 1024, 1025, 2048, 4096, 8192, 32768, 65536)),
    *("\xe9" * size for size in (64, 128, 255, 513, 600, 1000)),
]
URLS = [
    *("http://a.example.com", "https://a.example.com:8443/v4", "https://a.example.com:50000", "https://[::1]:8080/a"),
    *("http://127.0.0.1", "https://localhost", "https://a.example.com/", "https://a.example.com/a/../b/./c?x=1"),
    *(
        "https://a.example.com/?q=1",
        "https://a.example.com/%7Ea",
        "https://a.example.com/~a",
        "https://GIT.Example.com",
        "HTTPS://git.example.com",
        f"https://{'a.' * 28}example.com",
    ),
    *("https://codeberg.org", "https://a-b.example.com", "https://a.example.com:443/x", "http://a.example.com:80"),
    *("", "/a", "//a.example.com", "a.example.com", "a b", "http://a b", " https://a.example.com", "word", "ftp://a"),
    *(" ", "https://a.example.com "),
    *(
        "https://u:p@a.example.com",
        "https://a_b.example.com",
        "https://a.example.com.",
        "https://a.example.com/#f",
        "https://",
        "https://\xe9.example.com",
        "https://a:99999",
    ),
    *(f"https://a.example.com/{'a' * size}" for size in (80, 240, 980, 1100, 3000)),
]
RAW = [
    *(b"", b"null", b"[]", b"1", b"{}", b'"x"', json.dumps([FULL]).encode(), json.dumps(json.dumps(FULL)).encode()),
    *(json.dumps(FULL).encode()[:-1] + end for end in (b"", b",}", b"} x", b"}}", b', "\\u0061": "\\u0062"}')),
    *(
        json.dumps(FULL).encode()[:-1] + b', "x": ' + value + b"}"
        for value in (b"NaN", b"-Infinity", b"1e999", b"01", b"1" * 30)
    ),
    *(json.dumps(FULL).encode()[:-1] + b', "x": ' + b"[" * depth + b"]" * depth + b"}" for depth in (60, 2000)),
    *(
        json.dumps(FULL).encode()[:-1] + b', "x": ' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)
        for depth in (60, 2000)
    ),
    json.dumps(FULL).encode()[:-1] + b', "name": "again"}',
    json.dumps(FULL).encode().replace(b'"', b"'"),
    b"/* comment */" + json.dumps(FULL).encode(),
    json.dumps({**FULL, "name": "a~b"}).encode().replace(b"~", b"\t"),
    json.dumps({**FULL, "name": "a~b"}).encode().replace(b"~", b"\xe9"),
    json.dumps(FULL).encode("utf-16"),
    b" " + json.dumps(FULL).encode() + b"\n",
    json.dumps(dict(reversed(FULL.items()))).encode(),
    json.dumps({**FULL, "x": "a" * 70_000}).encode(),
    json.dumps(FULL).encode() + b" " * 1024 * 1024,
]


def elsewhere_probes() -> dict[str, Any]:
    """What other APIs know, with the other organization's id."""
    organization, other = WORLD.foreign_organization_id, WORLD.git_token_id
    names: dict[str, Any] = {
        "organizationId": organization,
        "organization_id": organization,
        "tenant_id": organization,
        "id": other,
    }
    names |= {"_id": other, "git_token_id": other, "gitTokenId": other, "is_admin": True, "version": 0}
    names |= {"deleted": True, "deleted_at": "2001-02-03T04:05:06Z", "expired_at": "2001-02-03", "status": "DELETED"}
    return {**names, "organization": {"id": organization}, "owner": "somebody-else"}


EXTRAS: list[dict[str, Any]] = [
    {"id": str(uuid.UUID(int=1))},
    {"created_at": "2000-01-01T00:00:00Z", "updated_at": "2000-01-01T00:00:00Z", "expired_at": "2000-01-01"},
    {"associated_services_count": 77},
    *({name: {"a": [1]}} for name in ("extra", "", "__proto__", "$where", "a.b")),
    {"extra": None},
    elsewhere_probes(),
    {"x": 1, "y": 2, "z": 3},
    {f"key{number}": number for number in range(150)},
]
WRONG: list[Any] = [None, 123456789012345, 1, 0, True, 1.5, {"a": 1}]
MEDIA_TYPES = ["", "text/plain", "text/json", "application/xml", "application/octet-stream", "multipart/form-data", "x"]
FINE_TYPES = ["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"]
METHODS = ["PATCH", "POST", "TRACE", "PUT", "DELETE", "HEAD", "OPTIONS", "GET"]


def credentials() -> Iterator[str]:
    token, jwt = WORLD.api_token, WORLD.jwt
    yield from ("", "Token", "Token ", "Bearer ", "Token wrong", "Bearer wrong", "Bearer a.b.c", "Token a b c", token)
    yield from (
        f"Token {jwt}",
        f"Bearer {token}",
        f"Basic {token}",
        f"Token {token}x",
        f"Bearer {jwt}x",
        f"Token x{token}",
    )
    yield from (
        f"Token {token[:20]}",
        f"Token {token.swapcase()}",
        f"Bearer {jwt.rpartition('.')[0]}.eA",
        f"Other {token}",
    )


def negotiated() -> Iterator[Probe]:
    """What a client accepts, says of its body, and adds to the address, and conditional requests."""
    for accept in (*ACCEPTABLE, *OTHERS):
        yield Probe("GET", headers={"Accept": accept}, free=True)
    for header in ADDED:
        yield Probe("GET", headers={header: "x"}, free=True)
    text = json.dumps({**FULL, "name": "\xe9\xfc"}, ensure_ascii=False).encode()
    for charset in ("iso-8859-1", "utf-16"):
        yield Probe(content=text, headers={"Content-Type": f"application/json; charset={charset}"}, free=True)
    for query in QUERIES:
        yield Probe("GET", f"{COLLECTION}?{query}", free=True)
    for headers in ({"If-None-Match": '"unknown"'}, {"If-Match": '"unknown"'}):
        yield Probe("GET", headers=headers)
        yield Probe("PUT", content=json.dumps(FULL).encode(), headers=headers, free=True)


def made_up() -> Iterator[Probe]:
    """Credentials that nobody has issued, or in other places, ids that resemble one, and words without quotes."""
    target = targeted("http://localhost", WORLD, CONTRACT)
    forgeries = jwts(Run(CONTRACT, target, 1))
    target.close()
    yield from (Probe("GET", headers={"Authorization": f"Bearer {value}"}, free=True) for value, _ in forgeries)
    for name in ("access_token", "token", "api_key"):
        yield Probe("GET", f"{COLLECTION}?{name}={WORLD.api_token}", headers={"Authorization": ""})
    for name in ("token", "session"):
        yield Probe("GET", COLLECTION, headers={"Authorization": "", "Cookie": f"{name}={WORLD.api_token}"})
    for name in ("X-API-Key", "X-Auth-Token"):
        yield Probe("GET", COLLECTION, headers={"Authorization": "", name: WORLD.api_token})
    yield from negotiated()
    for probe in (write(FULL), write(FULL, "POST", COLLECTION)):
        yield replace(probe, headers={**probe.headers, "Authorization": f"Bearer {WORLD.jwt}"})
    jwt = f"{WORLD.jwt.rpartition('.')[0]}.eA"
    for method, path in [*paths(), ("POST", COLLECTION), ("GET", COLLECTION), ("DELETE", f"{COLLECTION}/{MINE}")]:
        yield Probe(method, path, headers={"Authorization": f"Token {jwt}"})
    for shape in ("{}\n", "{}\0", "{} ", "{},{}", "{}x"):
        yield Probe("GET", f"{COLLECTION}/{shape.format(MINE, MINE)}")
    yield read(f"{COLLECTION}/{{short}}")
    for method in ("GET", "PUT"):
        yield Probe(method, f"{COLLECTION}/{WORLD.organization_id}", json.dumps(FULL).encode())
    for name in FIELDS:
        bare = json.dumps({**FULL, name: ""}).replace(f'"{name}": ""', f'"{name}": NaN').encode()
        yield Probe(content=bare, free=True)
    for method, path in (("PATCH", f"{COLLECTION}/{MINE}"), ("PUT", f"{FOREIGN}/{MINE}")):
        yield Probe(method, path, json.dumps(FULL).encode())


def roads() -> Iterator[Probe]:
    """Paths written in other ways, without credentials and into another organization."""
    body = json.dumps(FULL).encode()
    for change in ROADS.values():
        for method, end in (("GET", f"/{MINE}"), ("GET", ""), ("POST", "")):
            yield Probe(
                method,
                change(f"{COLLECTION}{end}", "/organization", "/gitToken"),
                body,
                {"Authorization": ""},
                free=True,
            )
        for method in ("GET", "POST"):
            yield Probe(method, change(FOREIGN, "/organization", "/gitToken"), body, free=True)
    for header in PATH_HEADERS:
        for method in ("GET", "POST"):
            yield Probe(method, "/", body, {"Authorization": "", header: COLLECTION}, free=True)
            yield Probe(method, "/", body, {header: FOREIGN}, free=True)
    for name, value in CALLER_HEADERS:
        yield Probe("GET", COLLECTION, headers={"Authorization": "", name: value})
    for name in ("X-Organization-Id", "X-Tenant-Id", "X-Org-Id"):
        yield Probe("GET", COLLECTION, headers={name: WORLD.foreign_organization_id})
    for path in (f"{COLLECTION}/{MINE}", COLLECTION, f"{COLLECTION}/{MINE}/associatedServices"):
        yield from (read(path), Probe("GET", path, headers={"Authorization": ""}))


def paths() -> Iterator[tuple[str, str]]:
    for token in (MINE, str(uuid.UUID(int=7)), WORLD.foreign_git_token_id):
        yield from ((method, f"{COLLECTION}/{token}") for method in ("GET", "PUT"))
        yield "GET", f"{COLLECTION}/{token}/associatedServices"


def battery() -> Iterator[Probe]:
    """The requests, in order."""
    yield write(FULL, "POST", COLLECTION)
    yield from (read(), read(COLLECTION), read(f"{COLLECTION}/{MINE}/associatedServices"))
    yield from (
        read(f"{COLLECTION}/{WORLD.git_token_id}"),
        read(f"{COLLECTION}/{WORLD.git_token_id}/associatedServices"),
    )
    for body in (
        BASE,
        FULL,
        FULL,
        {**FULL, "name": "other", "description": ""},
        {**BASE, "token": "another-secret-value"},
    ):
        yield from (write(body), read(), read(COLLECTION))
    for extra in EXTRAS:
        yield from (write({**FULL, **extra, "name": "extra"}), read(), write({**FULL, **extra}, "POST", COLLECTION))
    for types in [(one, two) for one, two in itertools.product(REQUEST["type"]["enum"], repeat=2) if one != two]:
        for provider in types:
            yield from (write({**BASE, "type": provider}), read())
    for provider in REQUEST["type"]["enum"]:
        for size in range(len(OPTIONAL) + 1):
            for names in itertools.combinations(OPTIONAL, size):
                body = {
                    "name": "pair",
                    "type": provider,
                    "token": "t0ken-of-pair",
                    **{name: FULL[name] for name in names},
                }
                yield from (write(body), read(), write(body, "POST", COLLECTION), read(COLLECTION))
    yield write({**FULL, "description": ""}, "POST", COLLECTION)
    for name in TEXTS:
        yield from (
            write({**FULL, name: "refused", "type": "?"}),
            write({**FULL, name: None, "type": "GITHUB"}),
            read(),
        )
    for name in FIELDS:
        without = {key: value for key, value in FULL.items() if key != name}
        for value in (*WRONG, [FULL[name]]):
            yield from (write({**FULL, name: value}), write({**FULL, name: value}, "POST", COLLECTION))
        yield from (write(without), write(without, "POST", COLLECTION), read(), read(COLLECTION))
    for provider in (
        "github",
        "Github",
        " GITHUB",
        "GITHUB ",
        "GITHUB\n",
        "GIT",
        "GITHUBX",
        "",
        "GITEA",
        "\uff27\uff29\uff34\uff28\uff35\uff22",
        "GITHUB\0x",
        "GIT-HUB",
        "0",
    ):
        yield from (write({**FULL, "type": provider}), read())
    for name in TEXTS:
        yield from (probe for text in TRICKY for probe in (write({**FULL, name: text}), read()))
    yield from (probe for url in URLS for probe in (write({**FULL, "git_api_url": url}), read()))
    for provider in REQUEST["type"]["enum"]:
        yield from (write({**FULL, "type": provider, "git_api_url": "https://own.example.com"}), read())
    for raw in RAW:
        free = raw.count(b'"name"') > 1 or b"NaN" in raw or b"Infinity" in raw or raw.startswith(codecs.BOM_UTF16)
        yield from (Probe(content=raw, free=free), read(), Probe("POST", COLLECTION, raw, free=free))
    yield Probe(content=b"\xef\xbb\xbf" + json.dumps(FULL).encode(), free=True)
    for media_type in (*MEDIA_TYPES, *FINE_TYPES):
        free = media_type in ("", "Application/JSON")
        yield Probe(content=json.dumps(FULL).encode(), headers={"Content-Type": media_type}, free=free)
    for method, path in (("PUT", f"{COLLECTION}/{MINE}"), ("POST", COLLECTION)):
        form = urllib.parse.urlencode({**FULL, "name": "form"}).encode()
        yield Probe(method, path, form, {"Content-Type": "application/x-www-form-urlencoded"})
    for authorization in credentials():
        yield Probe("GET", headers={"Authorization": authorization})
    for method, path in [*paths(), ("POST", COLLECTION), ("DELETE", f"{COLLECTION}/{MINE}"), ("GET", COLLECTION)]:
        yield Probe(method, path, json.dumps(FULL).encode(), {"Authorization": ""})
        yield read(COLLECTION)
    yield Probe("GET", headers={"Authorization": f"Bearer {WORLD.jwt}"})
    yield Probe("GET", headers={"Authorization": f"Token  {WORLD.api_token}"}, free=True)
    yield Probe("PATCH", headers={"Authorization": ""})
    yield write({**FULL, "token": "never-to-be-seen", "type": "?"}, path=f"{COLLECTION}/{uuid.UUID(int=7)}")
    yield from (Probe(method, path, json.dumps(FULL).encode()) for method, path in paths())
    unknown = f"/organization/{uuid.UUID(int=9)}/gitToken"
    for collection in (FOREIGN, unknown):
        for token in (WORLD.foreign_git_token_id, MINE):
            yield from (write(FULL, path=f"{collection}/{token}"), read(f"{collection}/{token}"))
            yield read(f"{collection}/{token}/associatedServices")
        yield from (write(FULL, "POST", collection), read(collection))
    yield read(f"/organization/{WORLD.foreign_organization_id.upper()}/gitToken")
    yield Probe("GET", FOREIGN, headers={"Authorization": f"Bearer {WORLD.jwt}"})
    for shape in ("{{{}}}", "urn:uuid:{}"):
        yield Probe("GET", f"{COLLECTION}/{shape.format(MINE)}", free=True)
        yield Probe("GET", f"/organization/{shape.format(WORLD.organization_id)}/gitToken", free=True)
    for odd in ("..%", "1" * 300, "\xe9", "'", "\0"):
        yield read(f"{COLLECTION}/{odd}")
    for shape in ("{}x", " {}", "1"):
        for method, end in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/associatedServices")):
            organization, token = shape.format(WORLD.organization_id), shape.format(MINE)
            yield Probe(method, f"/organization/{organization}/gitToken/{MINE}{end}", json.dumps(FULL).encode())
            yield Probe(method, f"{COLLECTION}/{token}{end}", json.dumps(FULL).encode())
    yield from (write(FULL, "POST", "/organization/1/gitToken"), read("/organization/1/gitToken"))
    yield Probe("GET", f"/organization/{WORLD.organization_id.replace('-', '')}/gitToken", free=True)
    yield Probe("GET", f"{COLLECTION}/{{plain}}", free=True)
    yield read(f"/organization/{WORLD.organization_id[:18].upper()}{WORLD.organization_id[18:]}/gitToken")
    yield read(
        f"{COLLECTION.upper().replace('ORGANIZATION', 'organization').replace('GITTOKEN', 'gitToken')}/{{upper}}"
    )
    for method in METHODS:
        yield Probe(method, f"{COLLECTION}/{MINE}/associatedServices")
        yield from (
            (Probe(method, content=json.dumps(FULL).encode()),) if method not in ("DELETE", "HEAD", "OPTIONS") else ()
        )
    yield from (Probe(method) for method in ("HEAD", "OPTIONS"))
    yield Probe("PUT", COLLECTION, json.dumps(FULL).encode())
    yield from (write({**FULL, "name": f"number {number}"}, "POST", COLLECTION) for number in range(9))
    yield from (read(COLLECTION) for _ in range(6))
    yield from (probe for number in range(70) for probe in (write({**FULL, "name": f"edit {number}"}), read()))
    yield from made_up()
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        yield Probe("POST", content=json.dumps(FULL).encode(), headers={header: "PUT"})
        yield from (Probe("POST", f"{COLLECTION}/{{last}}", headers={header: "DELETE"}), read(COLLECTION))
    yield Probe("POST", f"{COLLECTION}/{MINE}?_method=DELETE")
    yield from (Probe(method, f"{COLLECTION}/{{last}}") for method in ("HEAD", "OPTIONS", "PATCH"))
    yield from (Probe("DELETE", COLLECTION), read(COLLECTION), write(FULL, "POST", COLLECTION), read(COLLECTION))
    yield from (Probe("DELETE", f"{FOREIGN}/{WORLD.foreign_git_token_id}"), Probe("DELETE", f"{FOREIGN}/{MINE}"))
    yield from (Probe("DELETE", f"{COLLECTION}/{token}") for token in (WORLD.foreign_git_token_id, uuid.UUID(int=8)))
    yield Probe("DELETE", f"/organization/{uuid.UUID(int=9)}/gitToken/{MINE}")
    yield from roads()
    yield from (
        write(FULL),
        read(),
        Probe("DELETE"),
        read(COLLECTION),
        read(),
        read(f"{COLLECTION}/{MINE}/associatedServices"),
    )
    yield from (write(FULL), read(), Probe("DELETE"), Probe("DELETE", f"{COLLECTION}/{{last}}"), read(COLLECTION))
    # Services use this one.
    yield Probe("DELETE", f"{COLLECTION}/{WORLD.git_token_id}", free=True)


BATTERY = list(battery())


def decoded(probe: Probe) -> Any:
    """The body of a probe that is an edit or a create, if it is JSON under the right media type."""
    if probe.method not in ("PUT", "POST") or "json" not in probe.headers.get("Content-Type", "json"):
        return None
    try:
        return json.loads(probe.content)
    except (ValueError, RecursionError):
        return None


BODIES = [decoded(probe) for probe in BATTERY]
ZONES = [None if body is None else CONTRACT.zone(body) for body in BODIES]


@dataclass
class Result:
    """What came back: no status if nothing came in time, and whether the body had its end."""

    status: int | None
    headers: dict[str, str]
    body: bytes
    complete: bool

    def json(self) -> Any:
        packed = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.body) if packed else self.body)


class Hung(Exception):
    """The mock waits for the client to go away."""


class Session:
    """Sends probes to one mock, whose clock and ids are the same in every run."""

    def __init__(self, change: Change | None, monkeypatch: pytest.MonkeyPatch) -> None:
        clock, ids = itertools.count(1), itertools.count(1)
        start = datetime(2026, 1, 1, tzinfo=UTC)

        def now(_: Mock) -> str:
            return f"{start + timedelta(seconds=next(clock)):%Y-%m-%dT%H:%M:%S.%fZ}"

        monkeypatch.setattr(Mock, "now", now)
        monkeypatch.setattr("uuid.uuid4", lambda: uuid.UUID(int=0xABC << 64 | next(ids)))
        mock = Mock(WORLD, CONTRACT)
        if change:
            change.apply(mock)
        self.app = mock.router()
        self.mine = self.last = "0"

    async def send(self, probe: Probe) -> Result:
        path, _, query = probe.path.partition("?")
        for name, value in (
            ("mine", self.mine),
            ("last", self.last),
            ("short", re.sub("(^|-)0+(?=[0-9a-f])", r"\1", self.mine)),
            ("plain", self.mine.replace("-", "")),
            ("upper", self.mine.upper()),
        ):
            path = path.replace(f"{{{name}}}", value)
        headers = {
            "Authorization": f"Token {WORLD.api_token}",
            "Content-Type": "application/json",
            "Accept-Encoding": "gzip",
            **probe.headers,
        }
        scope = {
            "type": "http",
            "method": probe.method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items() if value],
        }
        request = [{"type": "http.request", "body": probe.content}]
        result = Result(None, {}, b"", False)

        async def receive() -> Any:
            if not request:
                raise Hung
            return request.pop()

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                result.status = message["status"]
                result.headers = {name.decode().lower(): value.decode("latin-1") for name, value in message["headers"]}
            else:
                result.body += message.get("body", b"")
                result.complete = not message.get("more_body", False)

        try:
            await self.app(scope, receive, answer)
        except Hung:
            result.complete = False
        if probe.method == "POST" and result.status in (200, 201):
            try:
                self.last = str(result.json()["id"])
            except (ValueError, LookupError, TypeError):
                return result
            self.mine = self.last if self.mine == "0" else self.mine
        return result


async def run(session: Session) -> list[Result]:
    return [await session.send(probe) for probe in BATTERY]


@pytest.fixture(scope="module")
def healthy() -> list[Result]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return asyncio.run(run(Session(None, monkeypatch)))


def test_the_healthy_mock_answers_every_probe(healthy: list[Result]) -> None:
    assert all(result.complete and result.status and result.status < 500 for result in healthy)


REFUSALS = {
    400: {400, 404, 413, 414, 415},
    401: {401},
    403: {403, 404},
    404: {400, 403, 404, 414},
    405: {200, 204, 401, 405},
}


# The battery has no secret that is real, and sends a media type with everything.
RIGHT = {name: each for name, each in VARIANTS.items() if name != VERIFYING and each.group != "framing"}


@pytest.mark.parametrize("variant", RIGHT.values(), ids=RIGHT.keys())
def test_a_variant_is_right(variant: Change, healthy: list[Result], monkeypatch: pytest.MonkeyPatch) -> None:
    answer_schema = validator(CONTRACT.operations["editGitToken"].response_schema or {})
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    async def differs() -> bool:
        session, different = Session(variant, monkeypatch), False
        for probe, body, zone, expected in zip(BATTERY, BODIES, ZONES, healthy, strict=True):
            result = await session.send(probe)
            different = different or result != expected
            while result.status == 429:
                result = await session.send(probe)
            assert result.complete
            if probe.free or zone is Zone.UNSPECIFIED:
                assert result.status is not None and result.status < 500
            elif expected.status in REFUSALS:
                assert result.status in REFUSALS[expected.status], probe
            else:
                assert result.status == expected.status, probe
            if expected.status == result.status and probe.method in ("PUT", "POST") and result.status in (200, 201):
                shown = result.json()
                answer_schema.validate(shown)
                if zone is Zone.ACCEPT:
                    sent = {name: value for name, value in body.items() if name in FIELDS and name != "token" and value}
                    assert {name: shown.get(name) for name in sent} == sent
        return different

    assert asyncio.run(differs()) or waits


def test_the_catalogues_are_as_large_as_promised() -> None:
    assert len(FAULTS.core) >= 120
    assert len(VARIANTS.core) >= 30
    assert {change.group for change in FAULTS.core} == {change.group for change in FAULTS.values()}


def test_a_fault_and_a_variant_are_applied_by_name() -> None:
    create_app(None, next(iter(FAULTS)), next(iter(VARIANTS)))
    with pytest.raises(KeyError, match="no-such"):
        create_app(None, "no-such")
