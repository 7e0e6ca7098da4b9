"""What a client accepts, says of its body's characters, and adds to the address: JSON stays JSON, and a list whole."""

import json

from ..contract.fields import get, put
from ..run import conditions
from ..run.clause import Broken, clause
from ..run.comparison import difference, unlike
from ..run.run import Run
from .refusals import NOT_UTF_8
from .texts import free_fields

# With these, JSON is acceptable, or whatever the server has.
ACCEPTABLE = ("text/html;q=0.4, application/json;q=0.5, */*;q=0.1", "*/*", "application/*")
# Nothing of an item is in any language.
LANGUAGE = ("Accept-Language", "de-DE, fr;q=0.5")
# With these it is not, or nobody can tell.
OTHERS = ("application/xml", "text/html", ";;q=x")
# What frameworks of servers read, each with a value that asks for nothing sensible.
QUERIES = (
    "limit=-1",
    "page=0&size=0&per_page=0",
    "offset=-1&sort=unknown&order=x&fields=unknown",
    "filter[name]=unknown&where=unknown&search=unknown&q=unknown&query=unknown",
    "format=xml",
    "callback=unknown&jsonp=unknown",
    "_method=HEAD",
)


@clause(
    "negotiation/accept",
    "Where JSON is acceptable a read answers it; where it is not, that or a refusal, and errors show nothing more.",
    source="RFC 9110 section 12.5.1; OpenAPI document: application/json",
    level="http",
)
def test_accept(run: Run) -> None:
    success = run.success("read")
    reads = []
    for accept in run.thin((*ACCEPTABLE, *OTHERS)):
        with run.case():
            read = run.get(headers=(("Accept", accept),))
            others = () if accept in ACCEPTABLE else (400, 406)
            run.expect(read, success, *others, because=f"a read with Accept: {accept}")
            reads += [read] if read.answer.status == success else []
    with run.case():
        translated = run.get(headers=(LANGUAGE,))
        run.expect(translated, success, because=f"a read with {': '.join(LANGUAGE)}")
        for plain in reads[:1]:
            if field := unlike(run.contract, plain.answer.json, translated.answer.json):
                message = f"{field} differs with {': '.join(LANGUAGE)}"
                raise Broken(message, plain, translated, holds=conditions.same(field))
    required = next((name for name, each in run.resource.fields.items() if each.required), run.resource.mark)
    for accept in run.thin(OTHERS[:2]):
        with run.case():
            body = put(run.bodies.full(), required, None)
            refused = run.edit(body, headers=(("Accept", accept),))
            because, about = (
                f"a wrong edit with Accept: {accept}",
                f"accepted {run.contract.offence(body, run.id('edit'))}",
            )
            run.expect(refused, *run.refusals(run.id("edit")), 406, because=because, about=about)


@clause(
    "negotiation/charset",
    "Whatever charset a body is said to be in, its text is stored as it was meant, or it is refused.",
    source="RFC 8259 sections 8.1 and 11: JSON is UTF-8, and there is no charset; users: no text is garbled",
    level="http",
    needs="edit/read-back",
)
def test_charset(run: Run) -> None:
    edit = run.contract.operations[run.id("edit")]
    field = next((name for name in free_fields(run.contract) if name not in run.bodies.pins), run.resource.mark)
    body = run.bodies.full()
    body = put(body, field, f"{get(body, field)} \u00e9\u00fc")
    text = json.dumps(body, ensure_ascii=False)
    for encoding, charset in (("utf-8", "iso-8859-1"), ("iso-8859-1", "iso-8859-1"), ("utf-8", "utf-16")):
        with run.case():
            media_type = f"{edit.media_type}; charset={charset}"
            edited = run.edit(text.encode(encoding), media_type=media_type)
            refusals = (*run.refusals(edit.id), 415)
            run.expect(edited, run.success("edit"), *refusals, because=f"an edit in {encoding} as {media_type}")
            if edited.answer.ok:
                plain = encoding != "utf-8" and run.edit(text.encode(encoding))
                if plain and plain.answer.ok and difference(run.contract, body, plain.answer.json):
                    message = "a body that is not UTF-8 is read, and garbled, whatever charset is said"
                    raise Broken(message, plain, statuses=refusals, about=NOT_UTF_8)
                run.expect_shown(body, edited)


@clause(
    "negotiation/query",
    "Query parameters that the contract does not know leave the list whole, or are refused, and change no edit.",
    source="OpenAPI document: no operation has query parameters; users: what is there is shown",
    level="expected",
    needs="resource/list edit/works",
)
def test_query(run: Run) -> None:
    first, before = run.listed()
    path = run.path(run.id("list"))
    fields = "&".join(f"{name}=unknown" for name in run.resource.visible if "." not in name)
    queries = (*QUERIES, fields)
    every = "&".join(queries)
    for query in (every, *queries):
        with run.case():
            listed = run.call(run.id("list"), road=f"{path}?{query}")
            run.expect(listed, run.success("list"), 400, 404, 414, 422, because=f"a list with ?{query}")
            if not listed.answer.ok:
                continue
            shown = {run.resource.id_of(each) for each in run.resource.listed(listed.answer.json) or ()}
            missing = before.keys() - shown
            if query == every and not missing:
                break
            if query != every and missing:
                message = f"with ?{query} the list lacks {len(missing)} of {len(before)}"
                raise Broken(message, first, listed, holds=conditions.as_many())
    body = run.bodies.full()
    other = get(run.bodies.full(), run.resource.mark)
    with run.case():
        edited = run.edit(body, item=f"{run.subject}?{run.resource.mark}={other}")
        run.expect(edited, run.success("edit"), 400, 404, 414, 422, because="an edit with a field in the query")
        if edited.answer.ok:
            run.expect_shown(body, edited)
