"""Faults of create, list, read and delete."""

from __future__ import annotations

import json
import re
from typing import Any

from ..server import Answer, Item, Mock, Refusal, Request
from .catalogue import ACTIONS, EXAMPLE, FIELDS, PROVIDERS, REQUEST, WRITES, answers, fault, mend, refusals


@fault("resource")
def not_listed(mock: Mock) -> None:
    """A new git token is not in the list."""

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        request.tokens = dict(list(request.tokens.items())[:1])
        return list_on(request)


@fault("resource", size={"2": 2, "3": 3})
def list_capped(mock: Mock, size: int) -> None:
    """The list shows no more than {size} git tokens."""

    @answers(mock, "list")
    def _(_: Request, answer: Answer) -> None:
        answer.body["results"] = answer.body["results"][:size]


@fault("resource")
def listed_twice(mock: Mock) -> None:
    """The list shows each git token twice."""

    @answers(mock, "list")
    def _(_: Request, answer: Answer) -> None:
        answer.body["results"] = answer.body["results"] * 2


@fault("resource", provider=PROVIDERS)
def list_lacks(mock: Mock, provider: str) -> None:
    """The list lacks the git tokens of {provider}."""

    @answers(mock, "list")
    def _(_: Request, answer: Answer) -> None:
        answer.body["results"] = [one for one in answer.body["results"] if one["type"] != provider]


@fault("resource", action=["get", "list"])
def stale(mock: Mock, action: str) -> None:
    """`{action}` shows a git token as it was created, whatever was edited."""
    first: dict[str, dict[str, Any]] = {}

    @mock.on("show")
    def _(show: Any, request: Request, token: Item) -> Any:
        shown = show(request, token)
        return first.setdefault(token.id, shown) if request.action in ("create", action) else shown


@fault("resource")
def list_one_behind(mock: Mock) -> None:
    """The list is one write behind."""
    seen: list[Any] = [{"results": []}]

    @mock.on("perform")
    def _(perform: Any, request: Request) -> Any:
        if request.action in WRITES:
            seen.append(json.loads(json.dumps(mock.list(request))))
        answer = perform(request)
        if request.action == "list":
            answer.body = seen[-1]
        return answer


@fault("resource", action=["get", "edit", "delete", "services"])
def lost(mock: Mock, action: str) -> None:
    """`{action}` does not find a git token that was created."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        token = find(request, name)
        if request.action == action and name != mock.world.git_token_id:
            raise Refusal(404, "no such git token")
        return token


@fault("resource", action=ACTIONS)
def missing(mock: Mock, action: str) -> None:
    """There is no `{action}`: nothing is at its path, or its method is refused."""

    @mock.on("dispatch")
    def _(dispatch: Any, request: Request) -> Any:
        operation = dispatch(request)
        if mock.action(operation.id) == action:
            others = [method for method in request.operations if method != request.method]
            raise Refusal(405, "no such method", {"Allow": ", ".join(others)}) if others else Refusal(404, "not found")
        return operation


@fault("resource")
def gone_after_edit(mock: Mock) -> None:
    """A git token cannot be found any more once it has been edited."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        shown = edit(request)
        request.tokens.pop(shown["id"], None)
        return shown


@fault("resource")
def same_id(mock: Mock) -> None:
    """A second create overwrites what the first one made."""
    made: list[str] = []

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        made.append(shown["id"])
        token = request.tokens.pop(shown["id"])
        token.id = made[0]
        request.tokens[token.id] = token
        return mock.show(request, token)


@fault("resource")
def create_by_name(mock: Mock) -> None:
    """A create with the name of a git token that exists answers with that one."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        for token in request.tokens.values():
            if token.fields.get("name") == request.body["name"]:
                return mock.show(request, token)
        return create(request)


@fault("resource")
def create_not_stored(mock: Mock) -> None:
    """A create answers with a git token that is nowhere."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        del request.tokens[shown["id"]]
        return shown


@fault("resource")
def create_twice(mock: Mock) -> None:
    """A create makes two git tokens."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        create(request)
        return create(request)


@fault("resource")
def create_unvalidated(mock: Mock) -> None:
    """A create accepts any object."""
    mend(
        mock,
        lambda _, body: (
            {
                **EXAMPLE,
                **{
                    name: body[name]
                    for name in body
                    if name in FIELDS
                    and isinstance(body[name], str)
                    and "enum" not in REQUEST[name]
                    and "format" not in REQUEST[name]
                },
            }
            if isinstance(body, dict)
            else body
        ),
        "create",
    )


@fault("resource")
def id_by_client(mock: Mock) -> None:
    """A create takes the id of the new git token from the body."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        chosen = request.body.get("id")
        if isinstance(chosen, str) and re.fullmatch("[0-9a-f-]{36}", chosen):
            token = request.tokens.pop(shown["id"])
            token.id = chosen
            request.tokens[chosen] = token
            return mock.show(request, token)
        return shown


@fault("resource")
def not_deleted(mock: Mock) -> None:
    """A delete is answered with 204 and not carried out."""
    mock.on("delete")(lambda *_: None)


@fault("resource")
def deleted_but_listed(mock: Mock) -> None:
    """A deleted git token stays in the list."""
    deleted: list[Item] = []

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        deleted.append(request.token) if request.token else None
        return delete(request)

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        body = list_on(request)
        return {"results": body["results"] + [mock.show(request, token) for token in deleted]}


@fault("resource", action=["get", "edit", "services", "delete"])
def deleted_but_there(mock: Mock, action: str) -> None:
    """`{action}` still works on a deleted git token."""
    deleted: dict[str, Item] = {}

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        if request.token and request.token.id in request.tokens:
            deleted[request.token.id] = request.token
            return delete(request)
        return None

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        return deleted[name] if request.action == action and name in deleted else find(request, name)


@fault("resource", action=["edit", "get", "services", "delete"])
def unknown_is_fine(mock: Mock, action: str) -> None:
    """`{action}` of a git token that never existed succeeds."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        foreign = any(name in tokens for tokens in mock.organizations.values() if tokens is not request.tokens)
        if request.action == action and name not in request.tokens and not foreign:
            request.tokens = {**request.tokens}
            request.tokens[name] = Item(name, mock.now(), mock.now(), dict(EXAMPLE), [])
        return find(request, name)


@fault("resource", status={"400": 400, "401": 401})
def unknown(mock: Mock, status: int) -> None:
    """A git token that does not exist is answered with {status} instead of 404 or 403."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        try:
            return find(request, name)
        except Refusal:
            raise Refusal(status, "the git token does not exist") from None


@fault("resource")
def resurrected(mock: Mock) -> None:
    """An edit of a deleted git token brings it back."""
    deleted: dict[str, Item] = {}

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        if request.token:
            deleted[request.token.id] = request.token
        return delete(request)

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        if request.action == "edit" and name in deleted:
            request.tokens[name] = deleted.pop(name)
        return find(request, name)


@fault("resource", status={"204": 204, "400": 400, "410": 410, "500": 500})
def second_delete(mock: Mock, status: int) -> None:
    """A second delete is answered with {status} instead of 404."""
    deleted: set[str] = set()

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        if request.token:
            deleted.add(request.token.id)
        return delete(request)

    @refusals(mock, 404)
    def _(request: Request, answer: Answer) -> None:
        if request.action == "delete" and list(request.ids.values())[-1].lower() in deleted:
            answer.status = status
            if status == 204:
                answer.body, answer.headers = None, {}


@fault("resource")
def deletes_others(mock: Mock) -> None:
    """A delete takes the git token that was created after it along."""

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        names = list(request.tokens)
        after = names[names.index(request.token.id) + 1 :][:1] if request.token else []
        delete(request)
        for name in after:
            del request.tokens[name]


@fault("resource", when={"after-an-edit": "edit", "after-a-read": "get"})
def delete_refused(mock: Mock, when: str) -> None:
    """A delete is refused with 409 {when}."""
    touched: set[str] = set()

    @mock.on("perform")
    def _(perform: Any, request: Request) -> Any:
        if request.token and request.action == when:
            touched.add(request.token.id)
        if request.token and request.action == "delete" and request.token.id in touched:
            raise Refusal(409, "in use")
        return perform(request)


@fault("resource")
def services_of_all(mock: Mock) -> None:
    """The associated services of a git token are those of every git token."""

    @mock.on("services")
    def _(_: Any, request: Request) -> Any:
        return {"results": [service for token in request.tokens.values() for service in token.services]}
