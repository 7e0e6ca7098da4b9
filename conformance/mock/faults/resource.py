"""Faults of create, list, read and delete."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ...contract.fields import drop, get, has, put
from ...contract.resource import Resource
from ..facts import ACTIONS, WRITES, choices, cleared, example, texts
from ..messages import Answer, Item, Refusal, Request
from ..server import Mock
from .catalogue import answers, fault, mend, refusals, stores


def relists(mock: Mock, change: Callable[[list[Any]], list[Any]]) -> None:
    """Changes which items the list shows."""

    @answers(mock, "list")
    def _(_: Request, answer: Answer) -> None:
        answer.body = mock.resource.relisted(answer.body, change(mock.resource.listed(answer.body) or []))


@fault("resource", needs="list create")
def not_listed(mock: Mock) -> None:
    """A new {noun} is not in the list."""

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        request.tokens = dict(list(request.tokens.items())[:1])
        return list_on(request)


@fault("resource", needs="list create", size={"2": 2, "3": 3})
def list_capped(mock: Mock, size: int) -> None:
    """The list shows no more than {size} {nouns}."""

    relists(mock, lambda items: items[:size])


@fault("resource", needs="list create edit", field=cleared)
def forgotten(mock: Mock, field: str) -> None:
    """What has not been written for 300 requests is listed without `{field}`."""
    count = itertools.count(1)
    written: dict[str, int] = {}

    @mock.on("store")
    def _(store: Any, request: Request, token: Item, body: dict[str, Any]) -> None:
        written[token.id] = next(count)
        store(request, token, body)

    @mock.on("show")
    def _(show: Any, request: Request, token: Item) -> Any:
        shown = show(request, token)
        old = next(count) - written.get(token.id, 0) > 300
        return drop(shown, field) if old and request.action == "list" and token.id in written else shown


@fault("resource", needs="list")
def listed_twice(mock: Mock) -> None:
    """The list shows each {noun} twice."""
    relists(mock, lambda items: items * 2)


def _shown(resource: Resource) -> list[str]:
    return choices(resource) if resource.switch in resource.visible else []


@fault("resource", needs="list create", choice=_shown)
def list_lacks(mock: Mock, choice: str) -> None:
    """The list lacks the {nouns} of {choice}."""
    switch = str(mock.resource.switch)
    relists(mock, lambda items: [one for one in items if get(one, switch) != choice])


@fault("resource", needs="edit create", action=["get", "list"])
def stale(mock: Mock, action: str) -> None:
    """`{action}` shows {a} as it was created, whatever was edited."""
    first: dict[str, dict[str, Any]] = {}

    @mock.on("show")
    def _(show: Any, request: Request, token: Item) -> Any:
        shown = show(request, token)
        return first.setdefault(token.id, shown) if request.action in ("create", action) else shown


@fault("resource", needs="list create")
def list_one_behind(mock: Mock) -> None:
    """The list is one write behind."""
    seen: list[Any] = []

    @mock.on("perform")
    def _(perform: Any, request: Request) -> Any:
        if request.action in WRITES:
            seen.append(json.loads(json.dumps(mock.list(request))))
        answer = perform(request)
        if request.action == "list":
            answer.body = seen[-1] if seen else mock.resource.relisted(answer.body, [])
        return answer


@fault("resource", needs="create", action=["get", "edit", "delete", "services"])
def lost(mock: Mock, action: str) -> None:
    """`{action}` does not find {a} that was created."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        token = find(request, name)
        if request.action == action and name != mock.world.id(mock.resource.item).lower():
            raise Refusal(404, "not found")
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


@fault("resource", needs="edit")
def gone_after_edit(mock: Mock) -> None:
    """{a} cannot be found any more once it has been edited."""

    @mock.on("edit")
    def _(edit: Any, request: Request) -> Any:
        shown = edit(request)
        request.tokens.pop(mock.resource.id_of(shown), None)
        return shown


@fault("resource", needs="create")
def same_id(mock: Mock) -> None:
    """A second create overwrites what the first one made."""
    made: list[str] = []

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        made.append(mock.resource.id_of(shown))
        token = request.tokens.pop(made[-1])
        token.id = made[0]
        request.tokens[token.id] = token
        return mock.show(request, token)


@fault("resource", needs="create", called="create-by-{mark}")
def create_by_name(mock: Mock) -> None:
    """A create with the {mark} of {a} that exists answers with that one."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        mark = mock.resource.mark
        for token in request.tokens.values():
            if has(request.body, mark) and get(token.fields, mark) == get(request.body, mark):
                return mock.show(request, token)
        return create(request)


@fault("resource", needs="create")
def create_not_stored(mock: Mock) -> None:
    """A create answers with {a} that is nowhere."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        del request.tokens[mock.resource.id_of(shown)]
        return shown


@fault("resource", needs="create list")
def create_twice(mock: Mock) -> None:
    """A create makes two {nouns}."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        create(request)
        return create(request)


@fault("resource", needs="create")
def create_unvalidated(mock: Mock) -> None:
    """A create accepts any object."""

    def change(_: Request, body: Any) -> Any:
        made = example(mock.resource)
        for name in texts(mock.resource):
            if isinstance(get(body, name), str):
                made = put(made, name, get(body, name))
        return made if isinstance(body, dict) else body

    mend(mock, change, "create")


@fault("resource", needs="create")
def id_by_client(mock: Mock) -> None:
    """A create takes the id of the new {noun} from the body."""

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        chosen = str(get(request.body, mock.resource.id))
        if re.fullmatch("[0-9a-f-]{36}|[1-9][0-9]*", chosen):
            token = request.tokens.pop(mock.resource.id_of(shown))
            token.id = chosen
            request.tokens[chosen] = token
            return mock.show(request, token)
        return shown


@fault("resource", needs="delete")
def not_deleted(mock: Mock) -> None:
    """A delete is answered as if done and not carried out."""
    mock.on("delete")(lambda *_: None)


def _deletes(mock: Mock) -> list[Item]:
    """The items that are deleted from now on, as they are."""
    deleted: list[Item] = []

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        deleted.append(request.token) if request.token else None
        return delete(request)

    return deleted


@fault("resource", needs="delete list")
def deleted_but_listed(mock: Mock) -> None:
    """A deleted {noun} stays in the list."""
    deleted = _deletes(mock)

    @mock.on("list")
    def _(list_on: Any, request: Request) -> Any:
        body = list_on(request)
        items = mock.resource.listed(body) or []
        return mock.resource.relisted(body, [*items, *(mock.show(request, token) for token in deleted)])


@fault("resource", needs="delete", action=["get", "edit", "services", "delete"])
def deleted_but_there(mock: Mock, action: str) -> None:
    """`{action}` still works on a deleted {noun}."""
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
    """`{action}` of {a} that never existed succeeds."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        foreign = any(name in tokens for tokens in mock.organizations.values() if tokens is not request.tokens)
        if request.action == action and name not in request.tokens and not foreign:
            request.tokens = {**request.tokens}
            request.tokens[name] = Item(name, mock.now(), mock.now(), dict(example(mock.resource)), [])
        return find(request, name)


@fault("resource", status={"400": 400, "401": 401})
def unknown(mock: Mock, status: int) -> None:
    """{a} that does not exist is answered with {status} instead of 404 or 403."""

    @mock.on("find")
    def _(find: Any, request: Request, name: str) -> Any:
        try:
            return find(request, name)
        except Refusal:
            raise Refusal(status, "it does not exist") from None


@fault("resource", needs="delete edit")
def resurrected(mock: Mock) -> None:
    """An edit of a deleted {noun} brings it back."""
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


@fault("resource", needs="delete", status={"204": 204, "400": 400, "410": 410, "500": 500})
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


@fault("resource", needs="delete create")
def deletes_others(mock: Mock) -> None:
    """A delete takes the {noun} that was created after it along."""

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        names = list(request.tokens)
        after = names[names.index(request.token.id.lower()) + 1 :][:1] if request.token else []
        delete(request)
        for name in after:
            del request.tokens[name]


@fault("resource", needs="delete edit get", when={"after-an-edit": "edit", "after-a-read": "get"})
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


@fault("resource", needs="services")
def services_of_all(mock: Mock) -> None:
    """A further read of {a} shows what is below every {noun}."""

    @mock.on("services")
    def _(services: Any, request: Request) -> Any:
        assert request.token
        every = [service for token in request.tokens.values() for service in token.services]
        request.token = replace(request.token, services=every)
        return services(request)


LEFT_OVER = {"the-one-before": "create", "a-deleted-one": "delete"}


@fault("resource", needs="create delete", whose=LEFT_OVER, field=cleared)
def left_over(mock: Mock, whose: str, field: str) -> None:
    """A create that leaves `{field}` out takes that of {whose}."""
    last: list[Any] = []

    @mock.on(whose)
    def _(step: Any, request: Request) -> Any:
        held = request.token.fields if request.token else request.body
        answer = step(request)
        last[:] = [get(held, field)] if has(held, field) else last
        return answer

    @stores(mock, "create")
    def _(_: Request, body: dict[str, Any]) -> dict[str, Any]:
        return put(body, field, last[0]) if last and not has(body, field) else body


CLOCKS: dict[str, Callable[[str], str]] = {
    "always-1970": lambda _: "1970-01-01T00:00:00Z",
    "two-hours-ahead": lambda time: _shifted(time, 2),
    "five-hours-behind": lambda time: _shifted(time, -5),
}


def _shifted(time: str, hours: int) -> str:
    return (datetime.fromisoformat(time) + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


@fault("resource", needs="create created", called="clock", how=CLOCKS)
def wrong_clock(mock: Mock, how: Callable[[str], str]) -> None:
    """The times of {a} are {how}."""

    @mock.on("show")
    def _(show: Any, request: Request, token: Item) -> Any:
        return show(request, replace(token, made_at=how(token.made_at), moved_at=how(token.moved_at)))


@fault("resource", needs="edit edited", called="clock-of-edits", hours={"an-hour-ahead": 1})
def wrong_clock_of_edits(mock: Mock, hours: int) -> None:
    """The time of the last edit is {hours}, always."""

    @mock.on("show")
    def _(show: Any, request: Request, token: Item) -> Any:
        return show(request, replace(token, moved_at=_shifted(token.moved_at, hours)))


@fault(
    "resource",
    needs="list get services",
    field=lambda resource: [name for name in resource.counts if "." not in name],
)
def list_counts_nothing(mock: Mock, field: str) -> None:
    """The list shows 0 as every `{field}`."""
    relists(mock, lambda items: [put(one, field, 0) for one in items])


@fault("resource", needs="services", what={"null": None, "numbers": [1]})
def services_malformed(mock: Mock, what: Any) -> None:
    """What others use is listed as {what}."""

    @mock.on("services")
    def _(services: Any, request: Request) -> Any:
        shown = services(request)
        lists = [name for name, value in shown.items() if isinstance(value, list) and value]
        return {**shown, **dict.fromkeys(lists, what)}


@fault("resource", needs="list create delete", times={"third": 3})
def comes_back(mock: Mock, times: int) -> None:
    """After every {times} delete, the next create brings back what was deleted."""
    deleted = _deletes(mock)

    @mock.on("create")
    def _(create: Any, request: Request) -> Any:
        shown = create(request)
        if deleted and len(deleted) % times == 0:
            token = deleted.pop()
            request.tokens[token.id.lower()] = token
        return shown
