"""An organization's git tokens in memory, for applications that differ in their framework."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

MINE, THEIRS, TOKEN_OF_THEIRS = (str(uuid.UUID(int=number << 64 | 0x4000 << 48)) for number in (1, 2, 3))
KEY = "store-key-7d1f0c9a55"
ADDRESSES = {
    "GITHUB": "https://api.github.com",
    "GITLAB": "https://gitlab.com",
    "BITBUCKET": "https://api.bitbucket.org",
}
TEXTS = ("name", "type", "token", "description", "workspace", "git_api_url")


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Store:
    def __init__(self) -> None:
        self._tokens: dict[str, dict[str, Any]] = {}

    def authorize(self, header: str, organization: uuid.UUID) -> None:
        if header != f"Token {KEY}":
            raise Refused(401, "no valid credentials")
        if str(organization) != MINE:
            raise Refused(403, "not your organization")

    def all(self) -> dict[str, Any]:
        return {"results": [_shown(token) for token in self._tokens.values()]}

    def get(self, id: uuid.UUID) -> dict[str, Any]:
        if str(id) not in self._tokens:
            raise Refused(404, "no such git token")
        return _shown(self._tokens[str(id)])

    def create(self, media_type: str, body: bytes) -> dict[str, Any]:
        fields, now = _fields(media_type, body), _now()
        token = {"id": str(uuid.uuid4()), "created_at": now, "updated_at": now, **fields}
        self._tokens[token["id"]] = token
        return _shown(token)

    def edit(self, id: uuid.UUID, media_type: str, body: bytes) -> dict[str, Any]:
        old, fields = self.get(id), _fields(media_type, body)
        kept = {"id": old["id"], "created_at": old["created_at"], "updated_at": _now()}
        self._tokens[str(id)] = kept | fields
        return self.get(id)

    def delete(self, id: uuid.UUID) -> None:
        self.get(id)
        del self._tokens[str(id)]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _shown(token: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in token.items() if key != "token"} | {"associated_services_count": 0}


def _fields(media_type: str, body: bytes) -> dict[str, Any]:
    if media_type.partition(";")[0].strip() != "application/json":
        raise Refused(415, "JSON is expected")
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused(400, "this is no JSON") from None
    if not isinstance(data, dict) or any(each not in data for each in ("name", "type", "token")):
        raise Refused(400, "an object with name, type and token is expected")
    fields = {name: data[name] for name in TEXTS if name in data}
    if not all(isinstance(value, str) and _encodes(value) for value in fields.values()):
        raise Refused(400, "texts are expected")
    if fields["type"] not in ADDRESSES or (fields["type"] == "BITBUCKET" and not fields.get("workspace", "").strip()):
        raise Refused(400, "a known type is expected, with a workspace for BITBUCKET")
    address = fields.setdefault("git_api_url", ADDRESSES[fields["type"]])
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or not address.isprintable() or " " in address:
        raise Refused(400, "an address is expected")
    return fields


def _encodes(text: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in text)
