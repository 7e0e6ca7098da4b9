"""What must be refused: bodies that do not fit the contract, for every operation that takes one."""

import json
from collections.abc import Iterable, Iterator
from itertools import cycle
from typing import Any
from urllib.parse import urlencode

from ..contract.contract import Zone
from ..contract.fields import Field, drop, get, has, put
from ..contract.resource import Role
from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.stops import NotExercised
from . import texts

Case = tuple[str, object]


# What findings are about where a body is read that is no text at all.
NOT_UTF_8 = "accepted what is not UTF-8"


def refuse(
    run: Run,
    cases: Iterable[Case],
    *,
    every: int = 1,
    edits: bool = True,
    creates: bool = True,
    media_type: str | None = None,
    also: tuple[int, ...] = (),
) -> None:
    """Sends each case as an edit, and each `every`-th as a create too; it must be refused, or answered with `also`."""
    if not run.snapshot:
        remember(run)
    edit, create = run.resource.edit, run.resource.create if run.resource.create in run.operations else None
    for number, (what, case) in enumerate(run.thin(cases)):
        sends = [edit] if edit and edits else []
        if create and creates and number % every == 0:
            sends.append(create)
        elif create and edits and (not edit or not _refuses(run, case, edit.id)):
            sends = [create]
        for operation in sends:
            body = run.bodies.whole(operation.id, case)
            if media_type is None and not _refuses(run, body, operation.id):
                continue
            with run.case():
                answer = run.call(operation.id, body, media_type=media_type or operation.media_type)
                if answer.broken:
                    # What makes the server fail may have been carried out all the same.
                    run.snapshot = run.listed()[1]
                run.exercised |= {run.kind(operation.id, body)} - {None}
                about = f"accepted {run.contract.offence(body, operation.id)}" if isinstance(body, dict) else ""
                about = NOT_UTF_8 if isinstance(body, bytes) and not _is_utf_8(body) else about
                because = f"{operation.id} with {what}"
                run.expect(answer, *run.refusals(operation.id), *also, because=because, about=about)
                run.refused.append(answer)


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refuses(run: Run, body: object, operation: str) -> bool:
    """Does the contract want a body refused by an operation? What is no JSON, or of another media type, always."""
    return not isinstance(body, dict) or run.contract.zone(body, operation) is not Zone.ACCEPT


def remember(run: Run) -> None:
    """Notes every item as it is, having looked whether what was refused since the last time has had an effect."""
    if run.refused and run.snapshot:
        try:
            nothing_written(run)
        except Broken as broken:
            # Whether it was asked for or not.
            run.findings.keep(run.add(test_nothing_written.clause), broken)  # type: ignore[attr-defined]
    listed = run.resource.list
    run.snapshot = {} if listed and listed.id in run.missing else run.listed()[1]
    run.refused.clear()


def nothing_written(run: Run) -> None:
    """Raises Broken if a refused request has had an effect; the body of each had something new in it."""
    before, refused = run.snapshot, run.refused.copy()
    listed, after = run.listed()
    for token in before:
        if token not in after:
            once = conditions.listed(run.resource.id, token, 1)
            since = run.findings.history.since(token)
            raise Broken(f"a refused request deleted {run.a}", *since, listed, holds=once)
        if field := unlike(run.contract, before[token], after[token]):
            culprit = _culprit(run, refused, "edit", get(after[token], field))
            same = conditions.same(field, ("$first", token, run.resource.id), ("$last", token, run.resource.id))
            first = run.findings.history.listed_before(culprit)
            raise Broken(f"a refused edit changed {field}", *first, culprit, listed, holds=same)
    if added := run.cleanup.adopt_marked({id: token for id, token in after.items() if id not in before}):
        name = get(after[added[0]], run.resource.mark)
        culprit = _culprit(run, refused, "create", name)
        none = conditions.listed(run.resource.mark, name, 0)
        raise Broken("a refused create was carried out", culprit, listed, holds=none)


def _bodies(run: Run) -> Iterator[Json]:
    """Bodies to spoil, of every choice, and full: whatever is written in spite of a refusal shows, and whose it is."""
    for choice in cycle(run.resource.choices):
        yield run.bodies.full(**choice)


def _must_refuse(run: Run, cases: Iterable[Case]) -> Iterator[Case]:
    """Those cases that the contract, as it is now, wants refused by a create or an edit."""
    writes = [operation.id for operation in run.resource.writes]
    for what, body in cases:
        if any(run.contract.zone(run.bodies.whole(each, body), each) is Zone.REFUSE for each in writes):
            yield what, body


@clause(
    "refusals/missing",
    "A body without one of the required fields is refused.",
    source="OpenAPI document: which fields are required",
    level="documented",
)
def test_missing(run: Run) -> None:
    cases: list[Case] = [("an empty object", {})]
    for name, field in run.resource.fields.items():
        if field.required or name in run.resource.dependent:
            cases.append((f"no {name}", drop(run.bodies.full(), name)))
    refuse(run, _must_refuse(run, cases))


@clause(
    "refusals/null",
    "A field that is required, always or by another's value, is refused where it is null.",
    source="OpenAPI document: no field is nullable; Qovery's Terraform provider: what is null counts as absent",
    level="documented",
)
def test_null(run: Run) -> None:
    # Full, and of another choice, so that whatever is written in spite of the refusal shows.
    if not run.snapshot:
        remember(run)
    switch = run.resource.switch
    stored = get(run.snapshot.get(run.subject), switch) if switch else None
    other = run.resource.choice(2 if {switch: stored} == run.resource.choice(1) else 1)
    cases = ((f"{name} null", put(run.bodies.full(**other), name, None)) for name in run.resource.fields)
    refuse(run, _must_refuse(run, cases))


@clause(
    "refusals/type",
    "A field of another JSON type is refused, and not converted.",
    source="OpenAPI document: the type of each field",
    level="documented",
)
def test_type(run: Run) -> None:
    bodies = _bodies(run)
    cases: list[Case] = []
    creates: list[Case] = []
    for name, field in run.resource.fields.items():
        right = run.bodies.value(name)
        # Not empty, it may be converted; empty, it may pass for absent. Schemathesis adds more of each.
        # A secret that is a number is one all the same.
        number = run.bodies.secret_number() if field.secret else 1
        edited: list[object] = [[right], number, True, {"value": right}]
        created: list[object] = [1.5] + ([[right]] if field.kind != "text" else [] if field.required else [[]])
        if field.kind not in ("text", "address", "choice"):
            edited += ["text", str(right)]
        for values, into in ((edited, cases), (created, creates)):
            for value in values:
                # Taken for one of the choices, it must not fail for want of what that one needs.
                body = run.bodies.full() if field.kind == "choice" else next(bodies)
                if field.kind == "object":
                    body = _with_nothing_in(run, name)
                into.append((f"{name} {json.dumps(value)}", put(body, name, value)))
        if field.kind == "choice":
            creates.append((f"{name} 1", put(run.bodies.full(), name, 1)))
    # What a choice requires is judged in two ways: as what it is, and as what is required.
    odd: tuple[object, ...] = (True, [], {}, None)
    for switch, choice, name in required(run):
        for value in odd:
            body = put(run.bodies.full(**{switch: choice}), name, value)
            cases.append((f"{name} {json.dumps(value)} with {switch} {choice}", body))
    refuse(run, _some(run, _must_refuse(run, cases), 120), creates=False)
    refuse(run, _some(run, _must_refuse(run, creates), 40), edits=False)


def _with_nothing_in(run: Run, name: str) -> Json:
    """A body of a choice that requires nothing within an object, if there is one."""
    bodies = [run.bodies.full(**choice) for choice in run.resource.choices]
    return next((body for body in bodies if run.contract.zone(put(body, name, {})) is Zone.ACCEPT), bodies[0])


def _some(run: Run, cases: Iterable[Case], most: int) -> list[Case]:
    """All cases, or of very many some."""
    every = list(cases)
    return every if len(every) <= most else run.random.sample(every, most)


def required(run: Run) -> list[tuple[str, Any, str]]:
    """What is required by what another field holds: that field, its value, and the field that it then requires."""
    found = []
    optional = [name for name in run.resource.leaves if name in run.resource.optional]
    deciding = {name: field.choices or [True, False] for name, field in run.resource.of_kind("choice", "flag").items()}
    for switch, values in deciding.items():
        wants = {
            str(value): [
                name
                for name in optional
                if run.contract.zone(drop(run.bodies.full(**{switch: value}), name), run.resource.writes[0].id)
                is Zone.REFUSE
            ]
            for value in values
        }
        always = set.intersection(*(set(each) for each in wants.values())) if wants else set()
        found += [(switch, value, name) for value in values for name in wants[str(value)] if name not in always]
    return found


def near_misses(word: str) -> list[str]:
    """What is almost `word`."""
    return [
        word.lower(),
        word.capitalize(),
        f" {word}",
        f"{word} ",
        f"{word}\n",
        f"{word}\x00",
        word[:-1],
        f"{word[:3]}-{word[3:]}",
        f"{word}S",
        f"{word},{word}",
        word.replace("I", "İ", 1),
        word[0] + "\u200b" + word[1:],
        "".join(chr(ord(each) + 0xFEE0) for each in word),
    ]


@clause(
    "refusals/choice",
    "A value that is not exactly one of a choice is refused.",
    source="OpenAPI document: the enumerations",
    level="documented",
    when=lambda resource: resource.of_kind("choice"),
)
def test_choice(run: Run) -> None:
    for name, field in run.resource.of_kind("choice").items():
        choices = [str(each) for each in field.choices]
        # A number in quotes may be taken for a choice's position.
        others = ["", "OTHER", choices[-1][:3], "null", "1"]
        # Each near miss with one choice in turn; the most common ones with every one.
        for choice in choices:
            others += near_misses(choice)[:1]
        for index, choice in enumerate(choices):
            others += near_misses(choice)[1 + index :: len(choices)]
        cases = ((f"{name} {json.dumps(other)}", put(run.bodies.full(), name, other)) for other in others)
        refuse(run, _must_refuse(run, cases), every=9)


@clause(
    "refusals/conditional",
    "A body without a field that the value of another one requires, or with a blank one, is refused, whatever the "
    "{noun} was before.",
    source="OpenAPI document: what is mandatory, and when; Qovery's Terraform provider: a blank text is none",
    level="documented",
    needs="edit/read-back",
    when=lambda resource: resource.conditional,
)
def test_conditional(run: Run) -> None:
    found = required(run)
    if not found:
        raise NotExercised("no field is required by what another one holds")
    seen = set()
    for switch, value, name in found:
        optional = [
            each for each in run.resource.leaves if each in run.resource.optional and each != name and "." not in each
        ]
        filled = {each: run.bodies.value(each) for each in optional if each not in run.resource.secrets}
        cases: list[Case] = []
        thorough = switch not in seen and run.resource.edit and not run.resource.merges
        alone = [{each: filled[each]} for each in list(filled)[:3]] if thorough else []
        for fields in ({}, *alone, filled):
            body = drop(run.bodies.least(**{**fields, switch: value}), name)
            what = f"no {name}, which {switch} {value} requires, and {', '.join(fields) or 'nothing optional'}"
            cases.append((what, body))
        for blank in ("", " \t"):
            cases.append(
                (f"the {name} {blank!r}, and {switch} {value}", put(run.bodies.full(**{switch: value}), name, blank))
            )
        cases = list(_must_refuse(run, cases))
        if thorough:
            seen.add(switch)
            # Full in the end: what a refusal clears shows, too.
            for before in (run.bodies.least(), run.bodies.full(**{switch: value})):
                if run.refused:
                    remember(run)
                edited = run.edit(before)
                run.expect(edited, run.success("edit"), because="a valid edit was refused")
                remember(run)
                refuse(run, cases[:1], every=2)
            refuse(run, cases[1:], every=4)
        else:
            refuse(run, cases[:3], every=2)


@clause(
    "refusals/format",
    "A value outside the format or the bounds of its field is refused.",
    source="OpenAPI document: format, and the bounds of each field",
    level="documented",
    when=lambda resource: resource.bounded,
)
def test_format(run: Run) -> None:
    # Every fifth is tried in a create too.
    bodies = _bodies(run)
    values = {name: _misfits(field) for name, field in run.resource.leaves.items()}
    cases = ((f"{name} {each!r}", put(next(bodies), name, each)) for name, some in values.items() for each in some)
    refuse(run, _must_refuse(run, cases), every=5)


NO_URIS = (
    "not a uri",
    "git.example.com",
    "//git.example.com/api",
    "/api/v4",
    "https://git example.com",
    " https://git.example.com",
    "gitlab",
    "://git.example.com",
    "?a=b",
    "",
    "https://git.example.com ",
    "https://git.example.com/\n",
    " ",
    "https://git.example.com/a b",
)


def _misfits(field: Field) -> list[Any]:
    """What a field might be taken to hold, and must not."""
    schema = field.schema
    misfits: list[Any] = []
    match field.kind:
        case "address":
            misfits = [*NO_URIS]
        case "date":
            misfits = ["2026-02-30", "2026-1-5", "15.01.2026", "tomorrow", "2026-01-15T09:30:00Z", ""]
        case "date-time":
            misfits = ["2026-01-15", "2026-01-15 09:30", "2026-13-01T00:00:00Z", "2026-01-15T25:00:00Z", "now", ""]
        case "text" | "other":
            misfits = ["", *(["a" * (schema["maxLength"] + 1)] if "maxLength" in schema else []), "a", " "]
        case "integer" | "number":
            step = 1 if field.kind == "integer" else 0.25
            misfits += [schema["minimum"] - step] if "minimum" in schema else []
            misfits += [schema["maximum"] + step, schema["maximum"] * 1000] if "maximum" in schema else []
            misfits += [0.5, 1.5] if field.kind == "integer" else []
        case "list":
            items = schema.get("items", {})
            good = list(items.get("enum", ["a", "b"]))
            misfits = [[], [None], [1], [True], [{}], [[good[0]]], [*good, "?"], ["OTHER"], [""], good[:1] * 2]
            if "maxItems" in schema:
                misfits.append([f"{good[0]}{number}" for number in range(schema["maxItems"] + 1)])
    return misfits


@clause(
    "refusals/no-object",
    "A body that is no JSON object is refused.",
    source="OpenAPI document: the request body is an object",
    level="documented",
)
def test_no_object(run: Run) -> None:
    for_list = run.bodies.least()
    values: list[object] = [[for_list], [], "text", json.dumps(for_list), 1, True]
    cases: list[Case] = [(f"{json.dumps(value)[:20]} as the body", value) for value in values]
    refuse(run, [*cases, ("null as the body", b"null")], every=3)


# What some parsers take for numbers. They know all the same that these are no texts, and no finite ones.
NO_NUMBERS = ("NaN", "Infinity", "-Infinity")


def _secret_last(run: Run) -> Json:
    """A body that ends with a secret, if there is one."""
    body = run.bodies.least()
    for name in [name for name in run.resource.secrets if name in run.resource.leaves][:1]:
        first = name.partition(".")[0]
        inner = {first: body[first]} if first in body else {}
        body = drop(body, first) | put(drop(inner, name), name, run.bodies.value(name))
    return body


def _form(body: Json) -> bytes:
    """A body as a browser sends it."""
    words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in body.items()}
    return urlencode(words, doseq=True).encode()


def _bare(run: Run, name: str, word: str) -> bytes:
    """A body in which a word without quotes stands for a field's value."""
    return json.dumps(run.bodies.full() | {name: ""}).replace(f'"{name}": ""', f'"{name}": {word}').encode()


@clause(
    "refusals/malformed",
    "A body that is no JSON in UTF-8 is refused, also where there is none at all.",
    source="RFC 8259 sections 2 to 8; OpenAPI document: the request body is required",
    level="documented",
)
def test_malformed(run: Run) -> None:
    # A text that is known, to be spoiled; one that may hold anything, if there is one.
    free = [name for name in texts.free_fields(run.contract) if name not in run.bodies.pins]
    mark = next(iter(free), run.resource.mark) if run.resource.mark not in free else run.resource.mark
    body = run.bodies.least()
    body = body if has(body, mark) else put(body, mark, run.bodies.value(mark))
    text = get(body, mark)
    valid = json.dumps(body).encode()
    spoiled = f"{text[:-1]} {text[-1:]}".encode()
    latin = json.dumps(put(body, mark, f"{text}d\u00e9j\u00e0"), ensure_ascii=False).encode("latin-1")
    lone, overlong, cut, never, broken, escaped = (
        valid.replace(text.encode(), spoiled.replace(b" ", each))
        for each in (b"\x80", b"\xc0\xaf", b"\xe2\x82", b"\xff", b"\n", rb"\x")
    )
    inner = valid[1:-1]
    refuse(
        run,
        [
            ("an empty body", b""),
            # Parsers quote what they have come across: here, if there is a secret, the middle of it.
            ("a body that ends within its last value", json.dumps(_secret_last(run)).encode()[:-12]),
            ("no closing brace", valid[:-1]),
            ("a comma before the closing brace", valid[:-1] + b",}"),
            ("text behind the body", valid + b" x"),
            ("single quotes", valid.replace(b'"', b"'")),
            ("names without quotes", valid.replace(f'"{next(iter(body))}"'.encode(), next(iter(body)).encode())),
            ("a comment", b"{/* comment */" + inner + b"}"),
            *(
                (f"{word} as {name}", _bare(run, name, word))
                for name, word in zip(run.contract.request_schema["properties"], cycle(NO_NUMBERS), strict=False)
            ),
            ("a number with a leading zero", b"{" + inner + b', "other": 01}'),
            ("a line break within a string", broken),
            ("an unknown escape", escaped),
            ("a form instead of JSON", _form(body)),
            ("Latin-1 instead of UTF-8", latin),
            ("a lone continuation byte", lone),
            ("an overlong sequence", overlong),
            ("a truncated sequence", cut),
            ("a byte that UTF-8 never has", never),
        ],
        every=8,
    )
    # Without a body there is no media type either.
    refuse(run, [("no body", None)], also=(415,))


@clause(
    "refusals/media-type",
    "A body of another media type is refused.",
    source="OpenAPI document: application/json; RFC 9110 section 15.5.16",
    level="documented",
)
def test_media_type(run: Run) -> None:
    media_types = (
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "application/octet-stream",
        "text/json",
        "application/jsonx",
        "garbage",
    )
    cases: list[tuple[str, object, str]] = [
        (f"the media type {media_type}", run.bodies.full(), media_type) for media_type in media_types
    ]
    # Every third is sent to create from, too, and a form above all.
    cases.insert(3, ("a form, said to be one", _form(run.bodies.full()), "application/x-www-form-urlencoded"))
    for number, (what, body, media_type) in enumerate(run.thin(cases)):
        refuse(run, [(what, body)], creates=number % 3 == 0, media_type=media_type, also=(415,))


@clause(
    "refusals/nothing-written",
    "A request that is refused changes nothing.",
    source="users: a refusal is a refusal",
    level="expected",
    needs="edit/read-back resource/list",
)
def test_nothing_written(run: Run) -> None:
    if not run.refused:
        raise NotExercised("no request has been refused")
    refuse(run, _all_new(run), creates=False)
    nothing_written(run)


def _all_new(run: Run) -> Iterator[Case]:
    """Bodies that have something else in every field than what is stored, and that a field makes wrong."""
    stored = run.snapshot.get(run.subject, {})
    always = [name for name, field in run.resource.leaves.items() if run.resource.is_always(field)]
    for name in always[-2:]:
        body = run.bodies.full()
        for each in run.resource.visible:
            others = (put(body, each, value) for value in texts.others(run.contract, each))
            if get(body, each) == get(stored, each):
                body = next((other for other in others if _is_new(run, other, stored, each)), body)
        yield f"{name} null, and all else new", put(body, name, None)


def _is_new(run: Run, body: Json, stored: Json, name: str) -> bool:
    return get(body, name) != get(stored, name) and run.contract.zone(body) is Zone.ACCEPT


def _culprit(run: Run, refused: list[Exchange], role: Role, shown: object) -> Exchange:
    """The refused request that sent what is shown now; the last one if none did."""
    sent = [each for each in refused if run.resource.role(each.request.operation) == role] or refused
    needle = json.dumps(shown, ensure_ascii=False).encode()
    return next((each for each in sent if needle in (each.request.body or b"")), sent[-1])
