"""The git tokens of an organization, in a small Litestar application."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Litestar, Request, Response, delete, get, post, put
from litestar.params import PathParameter

from tests.apps.store import Refused, Store

store = Store()
Call = Request[Any, Any, Any]
Id = Annotated[UUID, PathParameter()]


def authorize(request: Call) -> None:
    store.authorize(request.headers.get("Authorization", ""), UUID(str(request.path_params["organization"])))


class GitTokens(Controller):
    path = "/organization/{organization:uuid}/gitToken"
    before_request = authorize  # type: ignore[assignment]

    @get()
    async def listing(self) -> dict[str, Any]:
        return store.all()

    @post()
    async def create(self, request: Call) -> dict[str, Any]:
        return store.create(request.headers.get("Content-Type", ""), await request.body())

    @get("/{id:uuid}")
    async def show(self, id: Id) -> dict[str, Any]:
        return store.get(id)

    @put("/{id:uuid}")
    async def edit(self, request: Call, id: Id) -> dict[str, Any]:
        return store.edit(id, request.headers.get("Content-Type", ""), await request.body())

    @delete("/{id:uuid}")
    async def delete(self, id: Id) -> None:
        store.delete(id)

    @get("/{id:uuid}/associatedServices")
    async def services(self, id: Id) -> dict[str, Any]:
        store.get(id)
        return {"results": []}


def refused(_: Call, error: Refused) -> Response[dict[str, str]]:
    return Response({"detail": str(error)}, status_code=error.status)


app = Litestar([GitTokens], exception_handlers={Refused: refused}, openapi_config=None)
