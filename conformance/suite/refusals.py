"""What must be refused: bodies that do not fit the contract, for every operation that takes one."""

import json
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from ..contract.contract import Zone
from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import unlike
from ..run.roles import LIST
from ..run.run import Json, Run
from ..target.exchange import Exchange
from ..target.target import NotExercised

Case = tuple[str, object]


def refuse(
    run: Run,
    cases: Iterable[Case],
    *,
    every: int = 1,
    edits: bool = True,
    creates: bool = True,
    media_type: str = "application/json",
    also: tuple[int, ...] = (),
) -> None:
    """Sends each case as an edit, and each `every`-th as a create too; it must be refused with 400, or with `also`."""
    if not run.snapshot:
        remember(run)
    for number, (what, body) in enumerate(run.thin(cases)):
        creating = creates and number % every == 0 and not run.target.overwrite
        for operation in ["editGitToken"] * edits + ["createGitToken"] * creating:
            with run.case():
                answer = run.call(operation, body, media_type=media_type)
                run.exercised |= {run.kind(operation, body)} - {None}
                about = f"accepted {run.contract.offence(body)}" if isinstance(body, dict) else ""
                run.expect(answer, 400, *also, because=f"{operation} with {what}", about=about)
                run.refused.append(answer)


def remember(run: Run) -> None:
    """Notes every git token as it is, having looked whether what was refused since the last time has had an effect."""
    if run.refused and run.snapshot:
        try:
            nothing_written(run)
        except Broken as broken:
            # Whether it was asked for or not.
            run.findings.keep(run.add(test_nothing_written.clause), broken)  # type: ignore[attr-defined]
    run.snapshot = {} if LIST in run.missing else run.listed()[1]
    run.refused.clear()


def nothing_written(run: Run) -> None:
    """Raises Broken if a refused request has had an effect; the body of each had something new in it."""
    before, refused = run.snapshot, run.refused.copy()
    listed, after = run.listed()
    for token in before:
        if token not in after:
            once = conditions.listed("id", token, 1)
            since = run.findings.history.since(token)
            raise Broken("a refused request deleted a git token", *since, listed, holds=once)
        if field := unlike(run.contract, before[token], after[token]):
            culprit = _culprit(refused, "editGitToken", after[token].get(field))
            same = conditions.same(field, ("$first", token), ("$last", token))
            first = run.findings.history.listed_before(culprit)
            raise Broken(f"a refused edit changed {field}", *first, culprit, listed, holds=same)
    if added := run.cleanup.adopt_marked({id: token for id, token in after.items() if id not in before}):
        culprit = _culprit(refused, "createGitToken", after[added[0]]["name"])
        none = conditions.listed("name", after[added[0]]["name"], 0)
        raise Broken("a refused create was carried out", culprit, listed, holds=none)


def _bodies(run: Run) -> Iterator[Json]:
    """Bodies to spoil, of every provider; most are full, so that whatever is written in spite of a refusal shows."""
    while True:
        for provider in run.contract.request_schema["properties"]["type"]["enum"]:
            yield run.bodies.full(type=provider)
            yield run.bodies.full(type=provider)
            yield run.bodies.least(type=provider)


def _must_refuse(run: Run, cases: Iterable[Case]) -> Iterator[Case]:
    """Those cases that the contract, as it is now, wants refused."""
    return (case for case in cases if run.contract.zone(case[1]) is Zone.REFUSE)


@clause(
    "refusals/missing",
    "A body without one of the required fields is refused with 400.",
    source="OpenAPI document: name, type and token are required",
    level="documented",
)
def test_missing(run: Run) -> None:
    cases: list[Case] = [("an empty object", {})]
    for field in run.contract.request_schema["required"]:
        cases.append((f"no {field}", {key: value for key, value in run.bodies.full().items() if key != field}))
    refuse(run, _must_refuse(run, cases))


@clause(
    "refusals/null",
    "A field that is required, always or by another's value, is refused with 400 where it is null.",
    source="OpenAPI document: no field is nullable; Qovery's Terraform provider: a null workspace counts as none",
    level="documented",
)
def test_null(run: Run) -> None:
    # Full, and of another provider, so that whatever is written in spite of the refusal shows.
    if not run.snapshot:
        remember(run)
    other = "GITLAB" if run.snapshot.get(run.subject, {}).get("type") == "GITHUB" else "GITHUB"
    fields = run.contract.request_schema["properties"]
    refuse(run, _must_refuse(run, ((f"{field} null", run.bodies.full(type=other) | {field: None}) for field in fields)))


@clause(
    "refusals/type",
    "A field of another JSON type is refused with 400, and not converted.",
    source="OpenAPI document: the type of each field",
    level="documented",
)
def test_type(run: Run) -> None:
    bodies = _bodies(run)
    schema = run.contract.request_schema
    cases: list[Case] = []
    creates: list[Case] = []
    for field, about in schema["properties"].items():
        right = run.bodies.full()[field]
        # Not empty, it may be converted; empty, it may pass for absent. Schemathesis adds more of each.
        edited: list[object] = [[right], 1, True, {"value": right}]
        created: list[object] = [[right], 1.5] + ([] if field in schema["required"] else [[]])
        for values, into in ((edited, cases), (created, creates)):
            for value in values:
                # Taken for one of the choices, it must not fail for want of what that one needs.
                body = run.bodies.full() if "enum" in about else next(bodies)
                into.append((f"{field} {json.dumps(value)}", body | {field: value}))
        if "enum" in about:
            creates.append((f"{field} 1", run.bodies.full() | {field: 1}))
    # The workspace is judged in two ways: as what it is, and as what BITBUCKET needs.
    odd: tuple[object, ...] = (True, [], {}, None)
    for value in odd:
        cases.append(
            (f"workspace {json.dumps(value)} with BITBUCKET", run.bodies.full(type="BITBUCKET", workspace=value))
        )
    refuse(run, _must_refuse(run, cases), creates=False)
    refuse(run, _must_refuse(run, creates), edits=False)


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
    "refusals/provider",
    "A type that is not exactly one of the providers is refused with 400.",
    source="OpenAPI document: the enumeration of providers",
    level="documented",
)
def test_provider(run: Run) -> None:
    providers = run.contract.request_schema["properties"]["type"]["enum"]
    others = ["", "AZURE", "GIT", "null"]
    # Each near miss with one provider in turn; the most common ones with every provider.
    for provider in providers:
        others += near_misses(provider)[:2]
    for index, provider in enumerate(providers):
        others += near_misses(provider)[2 + index :: len(providers)]
    cases = ((f"type {json.dumps(other)}", run.bodies.full(type=other)) for other in others)
    refuse(run, _must_refuse(run, cases), every=4)


@clause(
    "refusals/workspace",
    "BITBUCKET without a workspace, or with a blank one, is refused with 400, whatever the git token was before.",
    source="OpenAPI document: workspace is mandatory for BITBUCKET; Qovery's Terraform provider: a blank one is none",
    level="documented",
    needs="edit/read-back",
)
def test_workspace(run: Run) -> None:
    optional = {"description": "a description", "git_api_url": "https://bitbucket.example.com"}
    cases: list[Case] = []
    for fields in ({}, *({field: value} for field, value in optional.items()), optional):
        body = run.bodies.least(type="GITHUB", **fields) | {"type": "BITBUCKET"}
        cases.append((f"BITBUCKET, {', '.join(fields) or 'nothing optional'} and no workspace", body))
    for blank in ("", " "):
        cases.append((f"BITBUCKET and the workspace {blank!r}", run.bodies.full(type="BITBUCKET", workspace=blank)))
    cases = list(_must_refuse(run, cases))
    if not cases:
        raise NotExercised("the contract does not make workspace mandatory for BITBUCKET")
    for before in ({"type": "GITHUB"}, {"type": "BITBUCKET", "workspace": "stored"}):
        if run.refused:
            remember(run)
        edited = run.edit(run.bodies.least(**before))
        run.expect(edited, 200, because="a valid edit was refused")
        remember(run)
        refuse(run, cases[:1], every=2)
    refuse(run, cases[1:], every=2)


@clause(
    "refusals/uri",
    "A git_api_url that is no URI is refused with 400.",
    source="OpenAPI document: git_api_url has the format uri",
    level="documented",
)
def test_uri(run: Run) -> None:
    # Every fifth is tried in a create too.
    values = [
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
        " ",
        "https://git.example.com/a b",
    ]
    bodies = _bodies(run)
    cases = ((f"git_api_url {value!r}", next(bodies) | {"git_api_url": value}) for value in values)
    refuse(run, _must_refuse(run, cases), every=5)


@clause(
    "refusals/no-object",
    "A body that is no JSON object is refused with 400.",
    source="OpenAPI document: the request body is an object",
    level="documented",
)
def test_no_object(run: Run) -> None:
    for_list = run.bodies.least()
    values: list[object] = [[for_list], [], "text", json.dumps(for_list), 1, True, False]
    cases: list[Case] = [(f"{json.dumps(value)[:20]} as the body", value) for value in values]
    refuse(run, [*cases, ("null as the body", b"null")], every=3)


@clause(
    "refusals/malformed",
    "A body that is no JSON in UTF-8 is refused with 400, also where there is none at all.",
    source="RFC 8259 sections 2 to 8; OpenAPI document: the request body is required",
    level="documented",
)
def test_malformed(run: Run) -> None:
    valid = json.dumps(run.bodies.least(description="a description")).encode()
    latin = json.dumps(run.bodies.least(description="d\u00e9j\u00e0 vu"), ensure_ascii=False).encode("latin-1")
    lone = valid.replace(b"a description", b"a \x80 description")
    overlong = valid.replace(b"a description", b"a \xc0\xaf description")
    cut = valid.replace(b"a description", b"a \xe2\x82")
    inner = valid[1:-1]
    refuse(
        run,
        [
            ("an empty body", b""),
            ("white space as the body", b" \r\n"),
            ("half a body", valid[: len(valid) // 2]),
            ("no closing brace", valid[:-1]),
            ("a comma before the closing brace", valid[:-1] + b",}"),
            ("text behind the body", valid + b" x"),
            ("two bodies", valid + valid),
            ("single quotes", valid.replace(b'"', b"'")),
            ("names without quotes", valid.replace(b'"name"', b"name")),
            ("a comment", b"{/* comment */" + inner + b"}"),
            ("a number with a leading zero", b"{" + inner + b', "other": 01}'),
            ("a line break within a string", valid.replace(b"a description", b"a\ndescription")),
            ("an unknown escape", valid.replace(b"a description", rb"a \x description")),
            ("a form instead of JSON", b"name=a&type=GITHUB&token=b"),
            ("Latin-1 instead of UTF-8", latin),
            ("a lone continuation byte", lone),
            ("an overlong sequence", overlong),
            ("a truncated sequence", cut),
            ("a byte that UTF-8 never has", valid.replace(b"a description", b"\xff")),
        ],
        every=6,
    )
    # Without a body there is no media type either.
    refuse(run, [("no body", None)], also=(415,))


@clause(
    "refusals/media-type",
    "A body of another media type is refused with 400 or 415.",
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
        "text/html",
        "application/jsonx",
        "garbage",
    )
    cases: list[tuple[str, object, str]] = [
        (f"the media type {media_type}", run.bodies.full(), media_type) for media_type in media_types
    ]
    form = {field: str(value) for field, value in run.bodies.full().items()}
    cases.append(("a form, said to be one", urlencode(form).encode(), "application/x-www-form-urlencoded"))
    for number, (what, body, media_type) in enumerate(run.thin(cases)):
        refuse(run, [(what, body)], creates=number % 3 != 1, media_type=media_type, also=(415,))


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
    nothing_written(run)


def _culprit(refused: list[Exchange], operation: str, shown: object) -> Exchange:
    """The refused request that sent what is shown now; the last one if none did."""
    sent = [each for each in refused if each.request.operation == operation] or refused
    needle = json.dumps(shown, ensure_ascii=False).encode()
    return next((each for each in sent if needle in (each.request.body or b"")), sent[-1])
