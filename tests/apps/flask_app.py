"""The git tokens of an organization, in a small Flask application."""

from __future__ import annotations

import os
import secrets
import threading
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

TEAM, RIVAL = uuid.UUID(int=0xA11CE << 100), uuid.UUID(int=0xB0B << 100)
TOKENS_OF_RIVAL = uuid.UUID(int=0xCAFE << 96)
KEY = os.environ.get("VAULT_KEY", "flask-vault-key-0193a5f2")
DEFAULT_URL = {
    "GITHUB": "https://api.github.com",
    "GITLAB": "https://gitlab.com",
    "BITBUCKET": "https://api.bitbucket.org",
}

bp = Blueprint("tokens", __name__, url_prefix="/organization/<uuid:team>/gitToken")
lock = threading.RLock()
vault: dict[uuid.UUID, dict[uuid.UUID, dict[str, Any]]] = {
    TEAM: {},
    RIVAL: {TOKENS_OF_RIVAL: {"id": str(TOKENS_OF_RIVAL), "name": "rival's", "type": "GITHUB"}},
}


@bp.before_request
def authorize() -> None:
    given = request.headers.get("Authorization", "")
    if not secrets.compare_digest(given.encode("utf-8"), f"Token {KEY}".encode()):
        abort(401)


@bp.url_value_preprocessor
def pull_team(_: str | None, values: dict[str, Any] | None) -> None:
    g.team = values.pop("team") if values else None


def tokens() -> dict[uuid.UUID, dict[str, Any]]:
    if g.team == RIVAL:
        abort(403)
    if g.team not in vault:
        abort(404)
    return vault[g.team]


def token_or_404(id: uuid.UUID) -> dict[str, Any]:
    found = tokens().get(id)
    if found is None:
        abort(404)
    return found


def timestamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def payload() -> dict[str, Any]:
    data = request.get_json()
    if not isinstance(data, dict):
        abort(400, "an object is expected")
    for field in ("name", "type", "token"):
        if field not in data:
            abort(400, f"{field} is missing")
    for field in ("name", "type", "token", "description", "workspace", "git_api_url"):
        if field in data and not isinstance(data[field], str):
            abort(400, f"{field} must be a string")
    if data["type"] not in DEFAULT_URL:
        abort(400, "type is unknown")
    if data["type"] == "BITBUCKET" and not data.get("workspace", "").strip():
        abort(400, "workspace is missing")
    if "git_api_url" in data and not is_url(data["git_api_url"]):
        abort(400, "git_api_url is not a URL")
    return data


def is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme in ("http", "https") and parts.hostname) and not any(
        char.isspace() or not char.isprintable() for char in text
    )


def view(token: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in token.items() if key != "token"}
    return {**shown, "associated_services_count": 0}


def fill(token: dict[str, Any], data: dict[str, Any]) -> None:
    token["updated_at"] = timestamp()
    token["git_api_url"] = data.get("git_api_url") or DEFAULT_URL[data["type"]]
    for field in ("name", "type", "token", "description", "workspace"):
        token.pop(field, None)
        if field in data:
            token[field] = data[field]


@bp.get("")
def index() -> ResponseReturnValue:
    return jsonify(results=[view(token) for token in tokens().values()])


@bp.post("")
def create() -> ResponseReturnValue:
    data, id = payload(), uuid.uuid4()
    with lock:
        tokens()[id] = token = {"id": str(id), "created_at": timestamp()}
        fill(token, data)
    return jsonify(view(token)), 201


@bp.get("/<uuid:id>")
def show(id: uuid.UUID) -> ResponseReturnValue:
    return jsonify(view(token_or_404(id)))


@bp.put("/<uuid:id>")
def edit(id: uuid.UUID) -> ResponseReturnValue:
    token = token_or_404(id)
    with lock:
        fill(token, payload())
    return jsonify(view(token))


@bp.delete("/<uuid:id>")
def destroy(id: uuid.UUID) -> ResponseReturnValue:
    token_or_404(id)
    with lock:
        del tokens()[id]
    return "", 204


@bp.get("/<uuid:id>/associatedServices")
def services(id: uuid.UUID) -> ResponseReturnValue:
    token_or_404(id)
    return jsonify(results=[])


app = Flask(__name__)
app.register_blueprint(bp)


@app.errorhandler(HTTPException)
def error(failure: HTTPException) -> ResponseReturnValue:
    headers = [(name, value) for name, value in failure.get_headers() if name == "Allow"]
    return jsonify(error=failure.description), failure.code or 500, headers


@app.errorhandler(RecursionError)
def too_deep(_: RecursionError) -> ResponseReturnValue:
    return jsonify(error="nested too deeply"), 400
