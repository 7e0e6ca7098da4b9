"""Servers of other resources, written for the tests: standard library only, no code or data shared with the project.

Each is a table of what its fields may hold; `Application` is the rest, an application of WSGI that can be told to have
a bug.
"""

from __future__ import annotations

import itertools
import json
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

Json = dict[str, Any]
Rule = Callable[[Any], bool]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Refused(Exception):
    def __init__(self, status: int, headers: Json | None = None) -> None:
        super().__init__(status)
        self.status, self.headers = status, headers or {}


def text(value: Any) -> bool:
    return isinstance(value, str)


def words(least: int, most: int) -> Rule:
    return lambda value: text(value) and least <= len(value) <= most


def address(value: Any) -> bool:
    return text(value) and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f]*", value) is not None


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def choice(*words: str) -> Rule:
    return lambda value: text(value) and value in words


def each(rule: Rule, most: int = 10**6, unique: bool = False) -> Rule:
    def fits(value: Any) -> bool:
        return (
            isinstance(value, list)
            and all(map(rule, value))
            and len(value) <= most
            and not (unique and len(set(value)) < len(value))
        )

    return fits


def between(least: float, most: float, whole: bool) -> Rule:
    def fits(value: Any) -> bool:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and least <= value <= most and (not whole or value == int(value))

    return fits


def day(value: Any) -> bool:
    try:
        return text(value) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None and bool(date.fromisoformat(value))
    except ValueError:
        return False


def moment(value: Any) -> bool:
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    try:
        return text(value) and re.fullmatch(form, value, re.I) is not None and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


@dataclass(frozen=True)
class Table:
    """What a resource is: its path, what its fields may hold, which must be there, and which are never shown."""

    path: str  # of the collection, with a group for each owner
    rules: Json  # a rule, or the rules of an object within
    required: tuple[str, ...]
    hidden: tuple[str, ...]
    demands: Callable[[Json], bool]  # is there what a field's value demands?
    times: tuple[str, str] = ("created_at", "updated_at")
    lists: bool = True
    patches: bool = False
    below: dict[str, Json] = field(default_factory=dict)
    also: Callable[[Json], Json] = lambda _: {}


KINDS = ("HTTPS", "OCI_ECR", "OCI_SCALEWAY_CR", "OCI_DOCKER_HUB", "OCI_PUBLIC_ECR", "OCI_GENERIC_CR", "OCI_GITHUB_CR")
CONFIG = ("region", "access_key_id", "secret_access_key", "scaleway_access_key", "scaleway_secret_key")


def _helm(body: Json) -> bool:
    needs = {
        "OCI_ECR": CONFIG[:3],
        "OCI_PUBLIC_ECR": CONFIG[:3],
        "OCI_SCALEWAY_CR": ("region", *CONFIG[3:], "scaleway_project_id"),
    }
    return all(name in body["config"] for name in needs.get(body["kind"], ())) and (
        body["kind"] != "HTTPS" or "url" in body
    )


EVENTS = [f"DEPLOYMENT_{what}" for what in ("STARTED", "CANCELLED", "FAILURE", "SUCCESSFUL")]
TABLES = {
    "helm-repository": Table(
        path=r"/organization/([^/]*)/helmRepository",
        rules={
            "name": text,
            "description": text,
            "kind": choice(*KINDS, "OCI_GITLAB_CR"),
            "url": address,
            "skip_tls_verification": flag,
            "config": dict.fromkeys((*CONFIG, "scaleway_project_id", "username", "password"), text),
        },
        required=("name", "kind", "skip_tls_verification", "config"),
        hidden=("secret_access_key", "scaleway_secret_key", "password"),
        demands=_helm,
        below={"associatedServices": {"results": []}},
        also=lambda _: {"associated_services_count": 0},
    ),
    "webhook": Table(
        path=r"/organization/([^/]*)/webhook",
        rules={
            "kind": choice("STANDARD", "SLACK"),
            "target_url": address,
            "target_secret": text,
            "description": text,
            "enabled": flag,
            "events": each(
                choice(*(f"DEPLOYMENT_{each}" for each in ["STARTED", "CANCELLED", "FAILURE", "SUCCESSFUL"]))
            ),
            "project_names_filter": each(text),
            "environment_types_filter": each(choice("DEVELOPMENT", "PREVIEW", "PRODUCTION", "STAGING")),
        },
        required=("kind", "target_url", "events"),
        hidden=("target_secret",),
        demands=lambda _: True,
        also=lambda item: {"target_secret_set": "target_secret" in item},
    ),
    "job": Table(
        path=r"/tenants/([^/]*)/projects/([^/]*)/jobs",
        rules={
            "title": words(1, 120),
            "priority": between(0, 9, whole=True),
            "weight": between(0, 100, whole=False),
            "starts_at": moment,
            "ends_on": day,
            "every_minutes": between(1, 10080, whole=True),
            "notify": each(words(1, 60), 5, unique=True),
            "secret": text,
        },
        required=("title", "priority", "starts_at"),
        hidden=("secret",),
        demands=lambda body: "ends_on" not in body or "every_minutes" in body,
        times=("made", "changed"),
        lists=False,
        patches=True,
    ),
}


class Application:
    """A right server of a table, or one with a bug; `known` is what a run needs to know of it."""

    def __init__(self, name: str, bug: str = "") -> None:
        self.table, self.bug = TABLES[name], bug
        self.numbers = itertools.count(1000)
        # Two owners are a UUID and a word, one is a UUID.
        two = self.table.patches
        self.mine = (str(uuid.uuid4()), "alpha") if two else (str(uuid.uuid4()),)
        self.theirs = (str(uuid.uuid4()), "beta") if two else (str(uuid.uuid4()),)
        self.items: dict[tuple[str, ...], dict[str, Json]] = {self.mine: {}, self.theirs: {}}
        names = ("tenant_id", "project_key") if two else ("organization_id",)
        self.known: Json = dict(zip(names, self.mine, strict=True))
        self.known |= {f"foreign_{name}": id for name, id in zip(names, self.theirs, strict=True)}
        self.keys = (
            {"key": f"k-{uuid.uuid4().hex}"} if two else {"api_token": f"t-{uuid.uuid4().hex}", "jwt": "ey.J0.x9"}
        )
        self.keys |= {} if two else {"jwt": f"ey{uuid.uuid4().hex}.{uuid.uuid4().hex}.x"}
        self.known |= self.keys

    def __call__(self, environ: Json, start: Callable[[str, list[tuple[str, str]]], Any]) -> Iterable[bytes]:
        try:
            status, value, headers = (*self.answer(environ), {})
        except Refused as refused:
            status, value, headers = refused.status, {"error": refused.status}, refused.headers
        payload = b"" if value is None else json.dumps(value).encode()
        if value is not None:
            headers = {**headers, "Content-Type": "application/json"}
        start(f"{status} Answer", [*headers.items(), *([("Content-Length", str(len(payload)))] if payload else [])])
        return [payload]

    def answer(self, environ: Json) -> tuple[int, Any]:
        table, method = self.table, environ["REQUEST_METHOD"]
        path = re.fullmatch(table.path + r"(?:/([^/]*))?(?:/(\w+))?", urlsplit(environ["RAW_URI"]).path)
        if not path or (path[path.re.groups] and path[path.re.groups] not in table.below):
            raise Refused(404)
        *owners, id, below = (unquote(part) if part is not None else None for part in path.groups())
        edit = "PATCH" if table.patches else "PUT"
        allowed = ["GET"] if below else ["GET", edit, "DELETE"] if id is not None else ["POST"] + ["GET"] * table.lists
        if method not in allowed:
            raise Refused(405, {"Allow": ", ".join(allowed)})
        if not self.authenticated(environ):
            raise Refused(401, {"WWW-Authenticate": "Token"})
        place = self.owner([str(each) for each in owners])
        item = self.items[place].get(self.id(id)) if id is not None else None
        if id is not None and item is None:
            raise Refused(404)
        if below:
            return 200, table.below[below]
        if method == "POST":
            item = {"id": next(self.numbers) if table.patches else str(uuid.uuid4()), table.times[0]: now()}
            return 201, self.shown(self.store(place, item, self.sent(environ, {})))
        if item is None:
            return 200, {"results": [self.shown(each) for each in self.items[place].values()]}
        if method == "DELETE":
            del self.items[place][str(item["id"])]
            return 204, None
        if method == edit:
            self.store(place, item, self.sent(environ, item))
        return 200, self.shown(self.items[place][str(item["id"])])

    def authenticated(self, environ: Json) -> bool:
        if "key" in self.keys:
            return bool(environ.get("HTTP_X_API_KEY", "") == self.keys["key"])
        scheme, _, value = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        return bool(value) and value == {"token": self.keys["api_token"], "bearer": self.keys["jwt"]}.get(
            scheme.lower()
        )

    def owner(self, parts: list[str]) -> tuple[str, ...]:
        if not UUID.fullmatch(parts[0]):
            raise Refused(400)
        place = (parts[0].lower(), *parts[1:])
        if place == self.theirs:
            raise Refused(403)
        if place not in self.items:
            raise Refused(404)
        return place

    def id(self, text: str) -> str:
        if not (text.isascii() and text.isdigit() if self.table.patches else UUID.fullmatch(text)):
            raise Refused(400)
        return text.lower()

    def sent(self, environ: Json, item: Json) -> Json:
        """What an item is to hold."""
        patches = self.table.patches and bool(item)
        expected = "application/merge-patch+json" if patches else "application/json"
        if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != expected:
            raise Refused(415)

        def no_number(text: str) -> NoReturn:
            raise ValueError(text)

        try:
            body = json.loads(environ["wsgi.input"].read().decode(), parse_constant=no_number, parse_int=number)
        except (ValueError, RecursionError):
            raise Refused(400) from None
        if not isinstance(body, dict):
            raise Refused(400)
        known = {name: value for name, value in body.items() if name in self.table.rules}
        if patches and self.bug != "patch-replaces":
            held = {name: value for name, value in item.items() if name in self.table.rules}
            gone = {name for name, value in known.items() if value is None and name not in self.table.required}
            known = {name: value for name, value in {**held, **known}.items() if name not in gone}
        if not self.fits(known, self.table.rules) or any(name not in known for name in self.table.required):
            raise Refused(400)
        if not self.table.demands(known) and self.bug != "demand-ignored":
            raise Refused(400)
        return known

    def fits(self, body: Json, rules: Json) -> bool:
        for name, value in body.items():
            rule = rules.get(name)
            if isinstance(rule, dict):
                if not isinstance(value, dict) or not self.fits(value, rule):
                    return False
            elif rule and not rule(value) and not (self.bug == "bound-ignored" and isinstance(value, int)):
                return False
        return True

    def store(self, place: tuple[str, ...], item: Json, known: Json) -> Json:
        made, changed = self.table.times
        kept = {"id": item["id"], made: item[made], changed: now(after=item.get(changed))}
        if self.bug == "flag-lost":
            known = {name: True if isinstance(value, bool) else value for name, value in known.items()}
        if self.bug == "list-cut":
            known = {name: value[:1] if isinstance(value, list) else value for name, value in known.items()}
        if self.bug == "nested-lost" and "config" in known:
            known = {**known, "config": {name: value for name, value in known["config"].items() if name != "username"}}
        self.items[place][str(item["id"])] = stored = {**known, **kept}
        return stored

    def shown(self, item: Json) -> Json:
        hidden = () if self.bug == "secret-shown" else self.table.hidden
        rules = self.table.rules
        visible = {name: value for name, value in item.items() if name not in hidden}
        for name, inner in rules.items():
            if isinstance(inner, dict) and name in visible:
                visible[name] = {
                    key: value for key, value in visible[name].items() if key in inner and key not in hidden
                }
        return visible | self.table.also(item)


def number(text: str) -> int | float:
    return int(text) if len(text) < 20 else float(text)


def now(after: str | None = None) -> str:
    moment = datetime.now(UTC)
    if after:
        moment = max(moment, datetime.fromisoformat(after) + timedelta(microseconds=1))
    return moment.isoformat(timespec="microseconds")
