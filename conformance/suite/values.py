"""What must be accepted, and is stored as it was sent: every provider, text in any script, lengths, addresses."""

from collections.abc import Callable, Iterator
from itertools import product

from conformance.clause import Broken, clause
from conformance.contract import Zone
from conformance.exchange import Exchange
from conformance.run import Json, Run
from conformance.strategies import URIS, lengths, text_fields, texts

# How many requests may be spent on making one finding smaller.
SHRINK = 24


def _edit(run: Run, body: Json) -> None:
    """Edits, and reads back; raises Broken if the edit is refused or not shown as sent."""
    edited = run.edit(body)
    run.expect(edited, 200, because="an edit that must be accepted was refused")
    run.expect_shown(body, edited)
    read = run.get()
    run.expect(read, 200, because="a git token cannot be read after an edit")
    run.expect_shown(body, read, edited)


def _create(run: Run, body: Json) -> None:
    """Creates a git token, reads it back and deletes it; raises Broken if it is refused or not shown as sent."""
    created = run.create(body)
    token = run.expect(created, 201, because="a git token that must be accepted was refused")["id"]
    try:
        run.expect_shown(body, created)
        read = run.get(git_token=token)
        run.expect(read, 200, because="a new git token cannot be read")
        run.expect_shown(body, read, created)
    finally:
        run.delete(token)


Write = Callable[[Run, Json], None]


def accept(run: Run, write: Write, deviations: Iterator[Json]) -> None:
    """Writes bodies that deviate in several fields at once; on a finding, looks for the one that is to blame."""
    for fields in deviations:
        with run.case():
            body = run.full(**fields)
            if run.contract.zone(body) is not Zone.ACCEPT:
                continue
            try:
                write(run, body)
            except Broken as broken:
                raise _smaller(run, write, fields, broken) from None


def _smaller(run: Run, write: Write, fields: Json, broken: Broken) -> Broken:
    """The finding with as few deviating fields, and as short a text, as still show it."""
    spent = run.target.used + SHRINK

    def fails(candidate: Json) -> Broken | None:
        if run.target.used >= spent or run.contract.zone(run.full(**candidate)) is not Zone.ACCEPT:
            return None
        try:
            write(run, run.full(**candidate))
        except Broken as smaller:
            return smaller
        return None

    for field in fields:
        if len(fields) > 1 and (found := fails({field: fields[field]})):
            fields, broken = {field: fields[field]}, found
            break
    if len(fields) > 1:
        return broken
    [(field, value)] = fields.items()
    size = len(value) // 2
    while size:
        for start in range(0, len(value), size):
            if found := fails({field: value[:start] + value[start + size :]}):
                value, broken = value[:start] + value[start + size :], found
                break
        else:
            size //= 2
    return broken


def _rotated(columns: dict[str, list[str]]) -> Iterator[Json]:
    """Bodies in which every field takes each of its values once, no two fields the same one at a time."""
    longest = max(map(len, columns.values()))
    for index in range(longest):
        yield {
            field: values[(index + 3 * offset) % len(values)]
            for offset, (field, values) in enumerate(columns.items())
            if index < len(values)
        }


def _texts(run: Run) -> Iterator[Json]:
    return _rotated({field: texts(run.contract, field) for field in text_fields(run.contract)})


def _lengths(run: Run) -> Iterator[Json]:
    return _rotated({field: lengths(run.contract, field) for field in text_fields(run.contract)})


@clause(
    "values/text",
    "Text in any script, with any printable character in any place, is accepted by an edit and stored as sent.",
    source="OpenAPI document: strings; users: what was accepted is stored",
    level="expected",
    needs="edit/read-back",
)
def test_text(run: Run) -> None:
    accept(run, _edit, _texts(run))


@clause(
    "values/text-on-create",
    "Text in any script, with any printable character in any place, is accepted by a create and stored as sent.",
    source="OpenAPI document: strings; users: what was accepted is stored",
    level="expected",
    needs="resource/delete",
)
def test_text_on_create(run: Run) -> None:
    accept(run, _create, _texts(run))


@clause(
    "values/length",
    "Text of any length up to the bound, counted in characters, is accepted by an edit and stored whole.",
    source="users: names of 255, descriptions and tokens of 1,000 characters work",
    level="expected",
    needs="edit/read-back",
)
def test_length(run: Run) -> None:
    accept(run, _edit, _lengths(run))


@clause(
    "values/length-on-create",
    "Text of the greatest lengths, counted in characters, is accepted by a create and stored whole.",
    source="users: names of 255, descriptions and tokens of 1,000 characters work",
    level="expected",
    needs="resource/delete",
)
def test_length_on_create(run: Run) -> None:
    greatest = {field: lengths(run.contract, field)[-6:] for field in text_fields(run.contract)}
    accept(run, _create, _rotated(greatest))


@clause(
    "values/address",
    "Every form of http and https address is accepted as git_api_url and stored as sent.",
    source="OpenAPI document: git_api_url is a URI",
    level="documented",
    needs="edit/read-back",
)
def test_address(run: Run) -> None:
    accept(run, _edit, ({"git_api_url": uri} for uri in URIS))
    accept(run, _create, ({"git_api_url": uri} for uri in URIS[4:10:2]))


def combinations(run: Run) -> Iterator[Json]:
    """Every provider with every choice of optional fields: absent, empty where that is allowed, and filled."""
    schema = run.contract.request_schema
    choices = []
    for field in schema["properties"]:
        if field not in schema["required"]:
            filled = {"git_api_url": f"https://{run.name()}.example.com/api"}.get(field, f"{field} of {run.name()}")
            choices.append([{}, {field: filled}, *([{field: ""}] if run.contract.must_accept(field, "") else [])])
    for provider, *optional in product(schema["properties"]["type"]["enum"], *choices):
        body = run.body() | {"type": provider}
        for fields in optional:
            body |= fields
        if run.contract.zone(body) is Zone.ACCEPT:
            yield body


@clause(
    "values/combinations",
    "Every provider is accepted with every choice of optional fields, after every other.",
    source="OpenAPI document: type, description, workspace and git_api_url",
    level="documented",
    needs="edit/read-back",
)
def test_combinations(run: Run) -> None:
    bodies = list(combinations(run))
    # A walk on which every provider, full and sparse, comes after every other.
    by_provider: dict[str, list[Json]] = {}
    for body in bodies:
        by_provider.setdefault(body["type"], []).append(body)
    step = 0
    while any(by_provider.values()):
        for shift in range(len(by_provider)):
            providers = list(by_provider)
            left = by_provider[providers[(step * shift + step) % len(providers)]]
            if left:
                with run.case():
                    _edit(run, left.pop(step % len(left)))
        step += 1
    for before, after in product(by_provider, repeat=2):
        for body in (run.full(type=before), run.body(type=after)):
            with run.case():
                _edit(run, body)


@clause(
    "values/combinations-on-create",
    "A git token is created with every provider and every choice of optional fields.",
    source="OpenAPI document: type, description, workspace and git_api_url",
    level="documented",
    needs="resource/delete",
)
def test_combinations_on_create(run: Run) -> None:
    for body in combinations(run):
        if "" not in body.values():
            with run.case():
                _create(run, body)


@clause(
    "values/additional",
    "Additional properties are accepted, whatever they are called and hold, and change nothing else.",
    source="OpenAPI document: additionalProperties is not closed; Qovery's console sends `id` along",
    level="documented",
    needs="edit/read-back",
)
def test_additional(run: Run) -> None:
    others: list[Json] = [
        {"id": run.subject},
        {"id": "not-a-uuid", "created_at": "never", "updated_at": None, "associated_services_count": "many"},
        {"unknown": None},
        {"unknown": "text", "Unknown": 1, "un known": True, "": "", "ключ": [], "😀": {}},
        {"nested": {"list": [1, 2.5, -3, 1e20, "a", None, {"deep": [[["er"]]]}], "object": {"a": {"b": {"c": 1}}}}},
        {"__proto__": {"type": "GITLAB"}, "constructor": "x", "toString": 1, "__class__": "x", "$where": "1", "a.b": 1},
        {"Name": "other", "NAME": "other", "Type": "GITLAB", "Token": "other", "gitApiUrl": "x", "git-api-url": "x"},
        {f"field_{number}": "x" * 50 for number in range(60)},
    ]
    for fields in others:
        for write in (_edit, _create):
            with run.case():
                body = run.full() | fields
                if run.contract.zone(body) is Zone.ACCEPT:
                    write(run, body)


@clause(
    "values/charset",
    "application/json is accepted with and without a charset.",
    source="RFC 8259 section 11, RFC 9110 section 8.3.1",
    level="http",
    needs="edit/read-back",
)
def test_charset(run: Run) -> None:
    for media_type in ("application/json; charset=utf-8", "application/json;charset=UTF-8"):
        for operation in ("editGitToken", "createGitToken"):
            body = run.full(description="é漢😀")
            written = run.call(operation, body, media_type=media_type)
            status = run.contract.operations[operation].success
            token = run.expect(written, status, because=f"{operation} with the media type {media_type}")
            run.expect_shown(body, written)
            if operation == "createGitToken":
                run.delete(token["id"])


@clause(
    "values/escapes",
    "JSON's escapes mean the characters that they stand for, and white space between tokens means nothing.",
    source="RFC 8259 sections 2 and 7",
    level="http",
    needs="edit/read-back",
)
def test_escapes(run: Run) -> None:
    body = run.full(description='é"\\/😀\u2028')
    escaped = "".join(f"\\u{ord(each):04x}" for each in 'é"\\/\ud83d\ude00\u2028')
    rows = [f'  "{name}"\t:\r\n "{escaped if name == "description" else value}"' for name, value in body.items()]
    edited = run.edit(("\n{" + ",\n".join(rows) + "}\n").encode())
    run.expect(edited, 200, because="an edit in escaped JSON was refused")
    run.expect_shown(body, edited)
    read: Exchange = run.get()
    run.expect(read, 200, because="a git token cannot be read after an edit")
    run.expect_shown(body, read, edited)
