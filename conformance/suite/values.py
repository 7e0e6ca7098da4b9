"""What must be accepted, and is stored as it was sent: every choice, text in any script, lengths, addresses."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import cycle, permutations, product
from typing import Any

from ..contract.contract import Zone
from ..contract.fields import drop, get, has, nested, put
from ..run import conditions
from ..run.clause import Broken, Stumbled, clause
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.stops import Absent, NotExercised
from .texts import FALSY, FUSED, URIS, free_fields, lengths, others, text_fields, texts, uris

# How many requests may be spent on making one finding smaller.
SHRINK = 24
# As many selections of optional fields are all tried; of more, some.
MOST = 200
# Of no more than that, half will do.
FEW = 40


def edit_and_read(run: Run, body: Json, *, read: bool = True) -> None:
    """Edits, and reads back; raises Broken if the edit is refused or not shown as sent."""
    edited = run.edit(body)
    run.expect(edited, run.success("edit"), because="an edit that must be accepted was refused")
    run.expect_shown(body, edited)
    if not read:
        return
    shown = run.get()
    run.expect(shown, run.success("read"), because=f"{run.a} cannot be read after an edit")
    run.expect_shown(body, shown, edited)


def create_and_read(run: Run, body: Json) -> None:
    """Creates an item, reads it back and deletes it; raises Broken if it is refused or not shown as sent."""
    created = run.create(body)
    token = run.new(created)
    try:
        run.expect_shown(body, created)
        read = run.get(item=token)
        run.expect(read, run.success("read"), because=f"a new {run.noun} cannot be read")
        run.expect_shown(body, read, created)
    finally:
        run.cleanup.discard(token)


Write = Callable[[Run, Json], None]
# How many items are written before one list shows them all.
BATCH = 8


def accept_edits(run: Run, bodies: Iterable[Json]) -> None:
    """Edits with each body, several items in turn; one list then shows whether they are stored as sent."""
    todo = run.thin(bodies)
    while len(run.pool) < min(BATCH, len(todo)) and not run.target.overwrite:
        run.pool.append(run.new(run.create(run.bodies.full())))
    while todo:
        # No two may hold the same where that has to be unique.
        size = 1 if run.resource.unique else min(BATCH, len(run.pool))
        batch, todo = todo[:size], todo[size:]
        written = {}
        for token, body in zip(run.pool, batch, strict=False):
            with run.case():
                edited = run.edit(body, item=token)
                _blame(run, edit_and_read, body, partial(_accepted, run, edited, body))
                written[token] = body, edited
        _listed(run, edit_and_read, written)


def accept_creates(run: Run, bodies: Iterable[Json]) -> None:
    """Creates an item with each body; lists then show whether they are stored as sent."""
    written = {}
    for body in run.thin(bodies):
        with run.case():
            created = run.create(body)
            _blame(run, create_and_read, body, partial(_accepted, run, created, body))
            token = run.new(created)
            written[token] = body, created
            if not run.resource.unique:
                run.pool.append(token)
    _listed(run, create_and_read, written)
    if run.resource.unique:
        # What they hold, no edit could have.
        for token in written:
            run.cleanup.discard(token)


def _accepted(run: Run, exchange: Exchange, body: Json) -> None:
    status = run.contract.operations[str(exchange.request.operation)].success
    run.expect(exchange, status, because="what must be accepted was refused")
    run.expect_shown(body, exchange)


def _listed(run: Run, write: Write, written: dict[str, tuple[Json, Exchange]]) -> None:
    """Raises Broken unless a list shows every item as it was written."""
    with run.case():
        listed, shown = run.listed(written)
        for token, (body, exchange) in written.items():
            if token not in shown:
                once = conditions.listed(run.resource.id, token, 1)
                raise Broken(f"the list does not show {run.a}", exchange, listed, holds=once)
            judge = partial(run.expect_shown, body, listed, exchange, token=shown[token])
            _blame(run, write, body, judge)


def _blame(run: Run, write: Write, body: Json, judge: Callable[[], None]) -> None:
    """Judges; a finding is made smaller by writing less at a time."""
    try:
        judge()
    except Broken as broken:
        if run.current and run.current.finding:
            # Of a further case, it is enough to know that there is one.
            raise
        smaller = _smaller(run, write, body, broken)
        if write is create_and_read and _edits_fail(run, smaller.exchanges[0].request.json):
            # It is not about creating: the clauses on edits will say what it is about.
            raise Stumbled("the same with edits") from None
        raise smaller from None


def _edits_fail(run: Run, body: Json) -> bool:
    try:
        edit_and_read(run, body)
    except Broken:
        return True
    return False


def _smaller(run: Run, write: Write, body: Json, broken: Broken) -> Broken:
    """The finding with as few fields, and as short a text, as still show it."""
    spent = run.journal.count + SHRINK

    def fails(candidate: Json) -> Broken | None:
        if run.journal.count >= spent or run.contract.zone(candidate) is not Zone.ACCEPT:
            return None
        try:
            write(run, candidate)
        except Broken as smaller:
            return smaller
        return None

    plain = run.bodies.least()
    fields = [*(name for name in run.resource.leaves if has(body, name)), *(body.keys() - run.resource.fields.keys())]
    # One field alone; else without one after the other.
    for field in fields:
        if found := fails(put(plain, field, get(body, field))):
            found.about = found.about or f"refused {field}"
            return _shorter(run, field, put(plain, field, get(body, field)), found, fails)
    for field in fields:
        candidate = put(body, field, get(plain, field)) if has(plain, field) else drop(body, field)
        if found := fails(candidate):
            body, broken = candidate, found
    return broken


def _shorter(run: Run, field: str, body: Json, broken: Broken, fails: Callable[[Json], Broken | None]) -> Broken:
    """The finding with parts of one field's text left out."""
    value = get(body, field)
    size = len(value) // 2 if value and field in text_fields(run.contract) else 0
    while size:
        for start in range(0, len(value), size):
            if found := fails(put(body, field, value[:start] + value[start + size :])):
                found.about = broken.about
                value, broken = value[:start] + value[start + size :], found
                break
        else:
            size //= 2
    return broken


def _rows(run: Run, columns: Mapping[str, list[Any]]) -> Iterator[Json]:
    """Full bodies in which every field takes its values in turn, no two fields the same one at a time."""
    columns = {field: values for field, values in columns.items() if values}
    for index in range(max(map(len, columns.values()), default=0)):
        body = run.bodies.full()
        for offset, (field, values) in enumerate(columns.items()):
            body = put(body, field, values[(index + 5 * offset) % len(values)])
        if run.contract.zone(body) is Zone.ACCEPT:
            yield body


def _texts(run: Run) -> dict[str, list[str]]:
    return {field: texts(run.contract, field) for field in text_fields(run.contract)}


def _uris(run: Run) -> dict[str, list[str]]:
    return {field: uris(run.contract, field) for field in run.resource.of_kind("address")}


def _others(run: Run) -> dict[str, list[Any]]:
    kinds = run.resource.of_kind("flag", "integer", "number", "date", "date-time", "list", secret=False)
    return {field: others(run.contract, field) for field in kinds}


def combinations(run: Run) -> Iterator[Json]:
    """Every choice with every choice of optional fields: absent, empty where that is allowed, and filled."""
    optional = [name for name in run.resource.leaves if name in run.resource.optional]
    options: list[list[Json]] = []
    for field in optional:
        empty = [{field: value} for value in ("", None) if run.contract.must_accept(field, value)]
        options.append([{}, {field: run.bodies.value(field)}, *empty])
    filled = [each[1] for each in options]
    if math.prod(map(len, options)) <= MOST:
        rows: Iterable[tuple[Json, tuple[Json, ...]]] = product(run.resource.choices, product(*options))
    else:
        # Each alone, each lacking, and some of the others: what tells most first, with every choice.
        chosen: list[tuple[Json, ...]] = [
            (),
            tuple(filled),
            *((each,) for each in filled),
            *(tuple(each for each in filled if each is not lacking) for lacking in filled),
            *(tuple(map(run.random.choice, options)) for _ in range(MOST // 4)),
        ]
        rows = ((choice, fields) for fields in chosen for choice in run.resource.choices)
    for choice, fields in rows:
        body = run.bodies.least(**choice)
        for values in fields:
            for name, value in values.items():
                body = put(body, name, value)
        if run.contract.zone(body) is Zone.ACCEPT:
            yield body


def _has_empty(run: Run, body: Json) -> bool:
    return any(get(body, name) == "" for name in run.resource.leaves)


def additional(run: Run) -> list[Json]:
    """Properties that the contract does not know."""
    words = {"date-time": "never", "integer": "many", "uuid": "not-a-uuid"}
    shown = run.resource.shown
    odd = {name: words.get(shown[name].kind) for name in run.resource.read_only if "." not in name}
    top = [name for name in run.resource.fields if "." not in name]
    similar = {name.capitalize(): "other" for name in top if name.isidentifier()}
    similar |= {name.upper(): "other" for name in top[:1]}
    for name in top:
        if "_" in name:
            first, *rest = name.split("_")
            similar |= {first + "".join(map(str.capitalize, rest)): "x", name.replace("_", "-"): "x"}
    return [
        *([{run.resource.id: run.subject}] if "." not in run.resource.id else []),
        odd,
        {"unknown": None, "data": dict.fromkeys(run.resource.of_kind("text", secret=False), "other")},
        {"unknown": "text", "Unknown": 1, "un known": True, "": "", "ключ": [], "😀": {}},
        {"nested": {"list": [1, 2.5, -3, 1e20, "a", None, {"deep": [[["er"]]]}], "object": {"a": {"b": {"c": 1}}}}},
        {"constructor": "x", "toString": 1, "__class__": "x", "$where": "1", "a.b": 1},
        {name: value for name, value in similar.items() if name not in top},
        {f"field_{number}": "x" * 50 for number in range(60)},
    ]


def _without_id(run: Run) -> list[Json]:
    """What consoles send of an item that is not yet there."""
    return [{run.resource.id: ""}] if "." not in run.resource.id else []


@clause(
    "values/create",
    "{a} is created with every choice, every selection of fields and any text, and stored as sent.",
    source="OpenAPI document: {create}; users: what was accepted is stored",
    level="expected",
    needs="resource/delete edit/read-only",
)
def test_create(run: Run) -> None:
    # What breaks parsers and scripts in every field; what may pass for nothing goes with all others.
    some = {field: [each for each in values if each in FUSED] for field, values in _texts(run).items()}
    most = max(map(len, some.values()), default=len(URIS))
    rows = list(_rows(run, some | _uris(run) | _others(run)))[:most]
    filled = [body for body in combinations(run) if not _has_empty(run, body)]
    bodies = []
    for row, choice, more in zip(rows, cycle(filled), cycle([*_without_id(run), *additional(run)]), strict=False):
        fields = [name for name in run.resource.leaves if has(choice, name)]
        switch = run.resource.switch
        body = nested({name: get(choice if name == switch else row, name) for name in fields}) | more
        if run.contract.zone(body) is Zone.ACCEPT:
            bodies.append(body)
    mark = run.resource.mark
    if bodies and mark:
        # Nobody says that a name is given once.
        bodies.insert(1, put(run.bodies.full(), mark, get(bodies[0], mark)))
    greatest = {field: lengths(run.contract, field)[-3:] for field in text_fields(run.contract)}
    nothing = {field: [each for each in values if each in FALSY] for field, values in _texts(run).items()}
    accept_creates(run, [*bodies, *_rows(run, greatest), *_rows(run, nothing)])


@clause(
    "values/text",
    "Text in any script, with any printable character in any place, and every form of http and https address, is "
    "accepted by an edit and stored as sent.",
    source="OpenAPI document: strings; users: what was accepted is stored",
    level="expected",
    needs="edit/idempotent edit/touches-no-other edit/listed",
)
def test_text(run: Run) -> None:
    accept_edits(run, _rows(run, _texts(run) | _uris(run)))


@clause(
    "values/bounds",
    "Text of any length up to its bound, counted in characters, and any other value within its bounds is accepted by "
    "an edit and stored whole.",
    source="OpenAPI document: the type and format of each field; ours: the lengths that users rely on",
    level="expected",
    needs="edit/idempotent edit/touches-no-other edit/listed",
)
def test_bounds(run: Run) -> None:
    columns = {field: lengths(run.contract, field) for field in text_fields(run.contract)}
    greatest = {field: uris(run.contract, field)[-3:] for field in run.resource.of_kind("address")}
    accept_edits(run, _rows(run, columns | greatest | _others(run)))


@clause(
    "values/combinations",
    "Every choice is accepted with every selection of optional fields, after every other.",
    source="OpenAPI document: which fields are required, and when",
    level="documented",
    needs="edit/idempotent edit/touches-no-other edit/listed",
)
def test_combinations(run: Run) -> None:
    switch = run.resource.switch
    if switch in run.bodies.pins:
        raise NotExercised(f"it needs every {switch}, and {switch} is pinned")
    bodies = list(combinations(run))
    if len(bodies) <= FEW:
        # Each selection with every other choice, so that each pair of fields is there, and is not, with every choice.
        bodies = bodies[::2]
    # A field that is empty is like one that is filled: some combinations of these will do.
    filled = [body for body in bodies if not _has_empty(run, body)][: run.resource.budget // 10 - FEW]
    bodies = filled + [body for body in bodies if _has_empty(run, body)][: len(filled) // 5]
    run.random.shuffle(bodies)
    accept_edits(run, bodies)
    # A walk on which every choice comes after every other, full and sparse bodies in turn.
    choices = range(len(run.resource.choices))
    steps = list(permutations(choices, 2))[: MOST // 4]
    walk = [choices[0]]
    while steps:
        step = next((each for each in steps if each[0] == walk[-1]), steps[0])
        steps.remove(step)
        walk += [step[1]] if step[0] == walk[-1] else list(step)
    for number, chosen in enumerate(run.thin(walk)):
        with run.case():
            make = run.bodies.full if number % 2 else run.bodies.least
            edit_and_read(run, make(**run.resource.choice(chosen)), read=number + 1 == len(walk))


@clause(
    "values/additional",
    "Additional properties are accepted, whatever they are called and hold, and change nothing else.",
    source="OpenAPI document: additionalProperties is not closed; consoles send the id along",
    level="documented",
    needs="edit/idempotent edit/touches-no-other edit/listed edit/read-only",
    when=lambda resource: resource.open,
)
def test_additional(run: Run) -> None:
    properties = additional(run)
    # The id of another kind, or none, is for another body than the id itself.
    parts = [part for part in (properties[0::2], properties[1::2], _without_id(run)) if part]
    bodies = [run.bodies.full() | {name: each[name] for each in part for name in each} for part in parts]
    accept_edits(run, [body for body in bodies if run.contract.zone(body) is Zone.ACCEPT])


@clause(
    "values/charset",
    "application/json is accepted with and without a charset.",
    source="RFC 8259 section 11, RFC 9110 section 8.3.1",
    level="http",
    needs="edit/read-back",
)
def test_charset(run: Run) -> None:
    field = _free(run)
    for parameter in ("; charset=utf-8", ";charset=UTF-8", '; charset="utf-8"'):
        for operation in run.resource.writes:
            # A create with one of them is enough.
            if operation not in run.operations or (operation == run.resource.create and " " in parameter):
                continue
            media_type = f"{operation.media_type}{parameter}"
            body = run.bodies.full(**{field: "é漢😀"} if field else {})
            written = run.call(operation.id, body, media_type=media_type)
            because = f"{operation.id} with the media type {media_type}"
            token = run.expect(written, operation.success, because=because)
            run.expect_shown(body, written)
            if operation == run.resource.create:
                run.cleanup.discard(run.resource.id_of(token))


def _free(run: Run) -> str | None:
    """A field, not within another, that takes any text: an optional one, or else the last."""
    free = free_fields(run.contract)
    return next((name for name in free if name in run.resource.optional), free[-1] if free else None)


@clause(
    "values/escapes",
    "JSON's escapes mean the characters that they stand for; white space and the order of fields mean nothing.",
    source="RFC 8259 sections 1, 2 and 7",
    level="http",
    needs="edit/read-back",
)
def test_escapes(run: Run) -> None:
    field = _free(run)
    if field is None:
        raise Absent("the contract has no field that takes any text")
    if field in run.bodies.pins:
        raise NotExercised(f"it needs a {field} of its own, and {field} is pinned")
    body = run.bodies.full(**{field: 'é"\\😀\u2028"\\/'})
    escaped = "".join(f"\\u{ord(each):04x}" for each in 'é"\\\ud83d\ude00\u2028') + r"\"\\\/"
    fields = {name: json.dumps(value, ensure_ascii=False) for name, value in reversed(body.items())}
    rows = [f'  "{name}"\t:\r\n {value}' for name, value in (fields | {field: f'"{escaped}"'}).items()]
    # A name may be escaped as well.
    first = next(iter(body))
    rows[-1] = rows[-1].replace(f'"{first}"', f'"\\u{ord(first[0]):04x}{first[1:]}"', 1)
    edited = run.edit(("\n{" + ",\n".join(rows) + "}\n").encode())
    run.expect(edited, run.success("edit"), because="an edit in escaped JSON was refused")
    run.expect_shown(body, edited)
    read: Exchange = run.get()
    run.expect(read, run.success("read"), because=f"{run.a} cannot be read after an edit")
    run.expect_shown(body, read, edited)
