"""A service that keeps an organization's git tokens, with FastAPI and SQLite."""

from __future__ import annotations

import hmac
import re
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from starlette.exceptions import HTTPException as StarletteHTTPException

ORGANIZATION = "6f1c2a58-9d0b-4a7e-8f35-1b2c3d4e5f60"
NEIGHBOUR = "0b9e8d7c-6a5f-4e3d-9c2b-1a0f9e8d7c6b"
NEIGHBOURS_TOKEN = "c3d2e1f0-a9b8-4c7d-8e6f-5a4b3c2d1e0f"
API_KEYS = {"Token": "vault_live_Zx81kQmW3nRt7", "Bearer": "eyJhbGciOiJIUzI1NiJ9.e30.Yh7tQzKpLw2"}
PUBLIC = {
    "BITBUCKET": "https://api.bitbucket.org",
    "GITHUB": "https://api.github.com",
    "GITLAB": "https://gitlab.com/api/v4",
}
COLUMNS = "id, organization, created_at, updated_at, name, type, token, description, workspace, git_api_url"


class GitToken(BaseModel):
    model_config = ConfigDict(strict=True)

    name: str
    type: Literal["BITBUCKET", "GITHUB", "GITLAB"]
    token: str
    description: str = ""
    workspace: str = ""
    git_api_url: str = ""

    @field_validator("git_api_url")
    @classmethod
    def is_address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s\x00-\x1f\x7f]+", value, re.IGNORECASE):
            raise ValueError("not an address")
        return value

    @field_validator("name", "token", "description", "workspace")
    @classmethod
    def is_text(cls, value: str) -> str:
        value.encode()  # SQLite takes no lone surrogates.
        return value

    @model_validator(mode="after")
    def names_workspace(self) -> GitToken:
        if self.type == "BITBUCKET" and not self.workspace.strip():
            raise ValueError("Bitbucket needs a workspace")
        return self


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.row_factory = sqlite3.Row
    db.execute(f"CREATE TABLE git_tokens ({COLUMNS})")
    seed = (NEIGHBOURS_TOKEN, NEIGHBOUR, now(), now(), "theirs", "GITHUB", "ghp_theirs", "", "", "")
    db.execute(f"INSERT INTO git_tokens VALUES ({','.join('?' * 10)})", seed)
    app.state.db = db
    yield
    db.close()


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def session(request: Request) -> Iterator[sqlite3.Connection]:
    db: sqlite3.Connection = request.app.state.db
    with db:
        yield db


def caller(authorization: Annotated[str, Header()] = "") -> None:
    scheme, _, key = authorization.partition(" ")
    if not hmac.compare_digest(key.encode(), API_KEYS.get(scheme, "").encode()) or not key:
        raise HTTPException(401, "Invalid credentials", {"WWW-Authenticate": "Bearer"})


def member(organization_id: uuid.UUID) -> str:
    if str(organization_id) == NEIGHBOUR:
        raise HTTPException(403, "Not your organization")
    if str(organization_id) != ORGANIZATION:
        raise HTTPException(404, "No such organization")
    return str(organization_id)


Database = Annotated[sqlite3.Connection, Depends(session)]
Organization = Annotated[str, Depends(member)]

router = APIRouter(prefix="/organization/{organization_id}/gitToken", dependencies=[Depends(caller)])


def find(db: sqlite3.Connection, organization: str, id: uuid.UUID) -> sqlite3.Row:
    query = "SELECT * FROM git_tokens WHERE organization = ? AND id = ?"
    for row in db.execute(query, (organization, str(id))):
        found: sqlite3.Row = row
        return found
    raise HTTPException(404, "No such git token")


def public(row: sqlite3.Row) -> dict[str, Any]:
    shown = {key: row[key] for key in row.keys() if key not in ("token", "organization") and row[key]}  # noqa: SIM118
    return {"git_api_url": PUBLIC[row["type"]], "associated_services_count": 0, **shown}


@router.get("")
async def list_tokens(db: Database, organization: Organization) -> dict[str, Any]:
    rows = db.execute("SELECT * FROM git_tokens WHERE organization = ?", (organization,))
    return {"results": [public(row) for row in rows]}


@router.post("", status_code=201)
def create_token(db: Database, organization: Organization, body: GitToken) -> dict[str, Any]:
    id = uuid.uuid4()
    moment = now()
    values = (str(id), organization, moment, moment, *body.model_dump().values())
    db.execute(f"INSERT INTO git_tokens ({COLUMNS}) VALUES ({','.join('?' * len(values))})", values)
    return public(find(db, organization, id))


@router.get("/{id}")
async def get_token(db: Database, organization: Organization, id: uuid.UUID) -> dict[str, Any]:
    return public(find(db, organization, id))


@router.put("/{id}")
def edit_token(db: Database, organization: Organization, id: uuid.UUID, body: GitToken) -> dict[str, Any]:
    find(db, organization, id)
    fields = body.model_dump()
    changes = ", ".join(f"{name} = :{name}" for name in fields)
    db.execute(
        f"UPDATE git_tokens SET {changes}, updated_at = :now WHERE id = :id", {**fields, "now": now(), "id": str(id)}
    )
    return public(find(db, organization, id))


@router.delete("/{id}", status_code=204)
async def delete_token(db: Database, organization: Organization, id: uuid.UUID) -> None:
    find(db, organization, id)
    db.execute("DELETE FROM git_tokens WHERE id = ?", (str(id),))


@router.get("/{id}/associatedServices")
async def list_services(db: Database, organization: Organization, id: uuid.UUID) -> dict[str, Any]:
    find(db, organization, id)
    return {"results": []}


app = FastAPI(lifespan=lifespan)
app.include_router(router)


@app.exception_handler(RequestValidationError)
async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    return JSONResponse({"detail": [each["msg"] for each in error.errors()]}, 400)


@app.exception_handler(StarletteHTTPException)
async def refused(request: Request, error: StarletteHTTPException) -> JSONResponse:
    headers = dict(error.headers or {})
    if error.status_code == 405:
        # Starlette names the methods of the first route that has this path.
        path = request.scope["path"].rstrip("/").split("/")[3:]
        headers["Allow"] = {1: "GET, POST", 2: "GET, PUT, DELETE"}.get(len(path), "GET")
    return JSONResponse({"detail": error.detail}, error.status_code, headers)
