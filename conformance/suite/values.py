"""What must be accepted, and is stored as it was sent: every provider, text in any script, lengths, addresses."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import cycle, product

from ..contract.contract import Zone
from ..run import conditions
from ..run.clause import Broken, Stumbled, clause
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.target import NotExercised
from .strategies import FUSED, lengths, text_fields, texts, uris

# How many requests may be spent on making one finding smaller.
SHRINK = 24


def edit_and_read(run: Run, body: Json, *, read: bool = True) -> None:
    """Edits, and reads back; raises Broken if the edit is refused or not shown as sent."""
    edited = run.edit(body)
    run.expect(edited, 200, because="an edit that must be accepted was refused")
    run.expect_shown(body, edited)
    if not read:
        return
    shown = run.get()
    run.expect(shown, 200, because="a git token cannot be read after an edit")
    run.expect_shown(body, shown, edited)


def create_and_read(run: Run, body: Json) -> None:
    """Creates a git token, reads it back and deletes it; raises Broken if it is refused or not shown as sent."""
    created = run.create(body)
    token = run.new(created)
    try:
        run.expect_shown(body, created)
        read = run.get(git_token=token)
        run.expect(read, 200, because="a new git token cannot be read")
        run.expect_shown(body, read, created)
    finally:
        run.cleanup.discard(token)


Write = Callable[[Run, Json], None]
# How many git tokens are written before one list shows them all.
BATCH = 8


def accept_edits(run: Run, bodies: Iterable[Json]) -> None:
    """Edits with each body, several git tokens in turn; one list then shows whether they are stored as sent."""
    todo = run.thin(bodies)
    while len(run.pool) < min(BATCH, len(todo)) and not run.target.overwrite:
        run.pool.append(run.new(run.create(run.bodies.full())))
    while todo:
        size = min(BATCH, len(run.pool))
        batch, todo = todo[:size], todo[size:]
        written = {}
        for token, body in zip(run.pool, batch, strict=False):
            with run.case():
                edited = run.edit(body, git_token=token)
                _blame(run, edit_and_read, body, partial(_accepted, run, edited, body))
                written[token] = body, edited
        _listed(run, edit_and_read, written)


def accept_creates(run: Run, bodies: Iterable[Json]) -> None:
    """Creates a git token with each body; lists then show whether they are stored as sent."""
    written = {}
    for body in run.thin(bodies):
        with run.case():
            created = run.create(body)
            _blame(run, create_and_read, body, partial(_accepted, run, created, body))
            written[run.new(created)] = body, created
            run.pool.append(run.new(created))
    _listed(run, create_and_read, written)


def _accepted(run: Run, exchange: Exchange, body: Json) -> None:
    status = run.contract.operations[str(exchange.request.operation)].success
    run.expect(exchange, status, because="what must be accepted was refused")
    run.expect_shown(body, exchange)


def _listed(run: Run, write: Write, written: dict[str, tuple[Json, Exchange]]) -> None:
    """Raises Broken unless a list shows every git token as it was written."""
    with run.case():
        listed, shown = run.listed()
        for token, (body, exchange) in written.items():
            if token not in shown:
                raise Broken(
                    "the list does not show a git token", exchange, listed, holds=conditions.listed("id", token, 1)
                )
            judge = partial(run.expect_shown, body, listed, exchange, token=shown[token])
            _blame(run, write, body, judge)


def _blame(run: Run, write: Write, body: Json, judge: Callable[[], None]) -> None:
    """Judges; a finding is made smaller by writing less at a time."""
    try:
        judge()
    except Broken as broken:
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
    # One field alone; else without one after the other.
    for field in body:
        if found := fails(plain | {field: body[field]}):
            found.about = found.about or f"refused {field}"
            return _shorter(run, field, plain | {field: body[field]}, found, fails)
    for field in body:
        candidate = {key: value for key, value in body.items() if key != field or key in plain} | (
            {field: plain[field]} if field in plain else {}
        )
        if found := fails(candidate):
            body, broken = candidate, found
    return broken


def _shorter(run: Run, field: str, body: Json, broken: Broken, fails: Callable[[Json], Broken | None]) -> Broken:
    """The finding with parts of one field's text left out."""
    value = body[field]
    size = len(value) // 2 if value and field in text_fields(run.contract) else 0
    while size:
        for start in range(0, len(value), size):
            if found := fails(body | {field: value[:start] + value[start + size :]}):
                found.about = broken.about
                value, broken = value[:start] + value[start + size :], found
                break
        else:
            size //= 2
    return broken


def _rows(run: Run, columns: dict[str, list[str]]) -> Iterator[Json]:
    """Full bodies in which every field takes its values in turn, no two fields the same one at a time."""
    for index in range(max(map(len, columns.values()))):
        body = run.bodies.full()
        for offset, (field, values) in enumerate(columns.items()):
            body[field] = values[(index + 5 * offset) % len(values)]
        if run.contract.zone(body) is Zone.ACCEPT:
            yield body


def _texts(run: Run) -> dict[str, list[str]]:
    return {field: texts(run.contract, field) for field in text_fields(run.contract)}


def combinations(run: Run) -> Iterator[Json]:
    """Every provider with every choice of optional fields: absent, empty where that is allowed, and filled."""
    schema = run.contract.request_schema
    choices = []
    for field in schema["properties"]:
        if field not in schema["required"]:
            empty = [{field: value} for value in ("", None) if run.contract.must_accept(field, value)]
            choices.append([{}, {field: run.bodies.value(field)}, *empty])
    for provider, *optional in product(schema["properties"]["type"]["enum"], *choices):
        body = run.bodies.least() | {"type": provider}
        for fields in optional:
            body |= fields
        if run.contract.zone(body) is Zone.ACCEPT:
            yield body


def additional(run: Run) -> list[Json]:
    """Properties that the contract does not know."""
    return [
        {"id": run.subject},
        {"id": "not-a-uuid", "created_at": "never", "updated_at": None, "associated_services_count": "many"},
        {"unknown": None},
        {"unknown": "text", "Unknown": 1, "un known": True, "": "", "ключ": [], "😀": {}},
        {"nested": {"list": [1, 2.5, -3, 1e20, "a", None, {"deep": [[["er"]]]}], "object": {"a": {"b": {"c": 1}}}}},
        {"constructor": "x", "toString": 1, "__class__": "x", "$where": "1", "a.b": 1},
        {"Name": "other", "NAME": "other", "Type": "GITLAB", "Token": "other", "gitApiUrl": "x", "git-api-url": "x"},
        {f"field_{number}": "x" * 50 for number in range(60)},
    ]


@clause(
    "values/create",
    "A git token is created with every provider, every choice of fields and any text, and stored as sent.",
    source="OpenAPI document: createGitToken, GitTokenRequest; users: what was accepted is stored",
    level="expected",
    needs="resource/delete edit/read-only",
)
def test_create(run: Run) -> None:
    # What breaks parsers and scripts in every field, and a part of what is odd as a whole.
    some = {
        field: [each for number, each in enumerate(values) if each in FUSED or number % 3 == 0]
        for field, values in _texts(run).items()
    }
    rows = list(_rows(run, some | {"git_api_url": uris(run.contract)}))[: max(map(len, some.values()))]
    filled = [body for body in combinations(run) if "" not in body.values()]
    bodies = []
    for row, choice, others in zip(rows, cycle(filled), cycle(additional(run)), strict=False):
        body = {field: choice["type"] if field == "type" else row[field] for field in row if field in choice} | others
        if run.contract.zone(body) is Zone.ACCEPT:
            bodies.append(body)
    greatest = {field: lengths(run.contract, field)[-4:] for field in text_fields(run.contract)}
    accept_creates(run, [*bodies, *_rows(run, greatest)])


@clause(
    "values/text",
    "Text in any script, with any printable character in any place, is accepted by an edit and stored as sent.",
    source="OpenAPI document: strings; users: what was accepted is stored",
    level="expected",
    needs="edit/idempotent edit/touches-no-other edit/listed",
)
def test_text(run: Run) -> None:
    accept_edits(run, _rows(run, _texts(run)))


@clause(
    "values/bounds",
    "Text of any length up to its bound, counted in characters, and every form of http and https address is accepted "
    "by an edit and stored whole.",
    source="OpenAPI document: git_api_url is a URI; users: 255 characters of name, 1,000 of description and token work",
    level="expected",
    needs="edit/idempotent edit/touches-no-other edit/listed",
)
def test_bounds(run: Run) -> None:
    columns = {field: lengths(run.contract, field) for field in text_fields(run.contract)}
    accept_edits(run, _rows(run, columns | {"git_api_url": uris(run.contract)}))


@clause(
    "values/combinations",
    "Every provider is accepted with every choice of optional fields, after every other.",
    source="OpenAPI document: type, description, workspace and git_api_url",
    level="documented",
    needs="edit/idempotent edit/touches-no-other edit/listed",
)
def test_combinations(run: Run) -> None:
    if "type" in run.bodies.pins:
        raise NotExercised("it needs every type, and type is pinned")
    bodies = list(combinations(run))
    run.random.shuffle(bodies)
    # A field that is empty is like one that is filled: some combinations of these will do.
    filled = [body for body in bodies if "" not in body.values()]
    bodies = filled + [body for body in bodies if "" in body.values()][: len(filled) // 5]
    accept_edits(run, bodies)
    # A walk on which every provider comes after every other and after itself, full and sparse bodies in turn.
    providers = run.contract.request_schema["properties"]["type"]["enum"]
    steps = list(product(providers, repeat=2))
    walk = [providers[0]]
    while steps:
        step = next((each for each in steps if each[0] == walk[-1]), steps[0])
        steps.remove(step)
        walk += [step[1]] if step[0] == walk[-1] else list(step)
    for number, provider in enumerate(run.thin(walk)):
        with run.case():
            body = run.bodies.full(type=provider) if number % 2 else run.bodies.least(type=provider)
            edit_and_read(run, body, read=number % 3 == 0)


@clause(
    "values/additional",
    "Additional properties are accepted, whatever they are called and hold, and change nothing else.",
    source="OpenAPI document: additionalProperties is not closed; Qovery's console sends `id` along",
    level="documented",
    needs="edit/idempotent edit/touches-no-other edit/listed edit/read-only",
)
def test_additional(run: Run) -> None:
    bodies = [run.bodies.full() | fields for fields in additional(run)]
    bodies = [body for body in bodies if run.contract.zone(body) is Zone.ACCEPT]
    accept_edits(run, bodies)


@clause(
    "values/charset",
    "application/json is accepted with and without a charset.",
    source="RFC 8259 section 11, RFC 9110 section 8.3.1",
    level="http",
    needs="edit/read-back",
)
def test_charset(run: Run) -> None:
    for media_type in ("application/json; charset=utf-8", "application/json;charset=UTF-8"):
        for operation in ("editGitToken", "createGitToken")[: 1 if run.target.overwrite else 2]:
            body = run.bodies.full(description="é漢😀")
            written = run.call(operation, body, media_type=media_type)
            status = run.contract.operations[operation].success
            token = run.expect(written, status, because=f"{operation} with the media type {media_type}")
            run.expect_shown(body, written)
            if operation == "createGitToken":
                run.cleanup.discard(token["id"])


@clause(
    "values/escapes",
    "JSON's escapes mean the characters that they stand for; white space and the order of fields mean nothing.",
    source="RFC 8259 sections 1, 2 and 7",
    level="http",
    needs="edit/read-back",
)
def test_escapes(run: Run) -> None:
    if "description" in run.bodies.pins:
        raise NotExercised("it needs a description of its own, and description is pinned")
    body = run.bodies.full(description='é"\\/😀\u2028')
    escaped = "".join(f"\\u{ord(each):04x}" for each in 'é"\\/\ud83d\ude00\u2028')
    fields = reversed((body | {"description": escaped}).items())
    rows = [f'  "{name}"\t:\r\n "{value}"' for name, value in fields]
    edited = run.edit(("\n{" + ",\n".join(rows) + "}\n").encode())
    run.expect(edited, 200, because="an edit in escaped JSON was refused")
    run.expect_shown(body, edited)
    read: Exchange = run.get()
    run.expect(read, 200, because="a git token cannot be read after an edit")
    run.expect_shown(body, read, edited)
