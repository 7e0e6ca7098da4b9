"""A run whose server does what it can to break a report: markup, escapes, marks of direction, megabytes, secrets."""

from __future__ import annotations

from conformance.contract.contract import Contract
from conformance.run.clause import Finding
from conformance.run.run import Run
from conformance.runner.choice import clauses
from conformance.target import variables
from conformance.target.exchange import Answer, Exchange, Request

CREDENTIALS = "qov_4f6a1b7c9d2e8f3a5b6c"
SCRIPTS = (
    "<script>document.title = 'owned'</script>",
    "\"'><img src=x onerror=\"document.title = 'owned'\">",
    "</pre></style></script></title><svg onload=\"document.title = 'owned'\">",
    "{{ 7 * 7 }}{% raw %}",
    "]]><!--",
)
MARKUP = ("```\n# owned\n[owned](https://example.com) @owned\n", "`", "::error::owned", "##[error]owned", "|*_~")
# What a terminal obeys, and what turns the direction of the text around it or hides.
CONTROLS = "\x1b[2J\x1b]0;owned\x07\x9b31m\r\x08\u202e\u2066\u200b\u061c\ufeff\x00"
HOSTILE = " ".join((*SCRIPTS, *MARKUP, CONTROLS))


def run(url: str = "http://user:s3cret-of-the-address@127.0.0.1:1") -> Run:
    """A run with three findings, a clause that was not exercised, and others that held; nothing was sent."""
    run = Run(
        Contract.load(),
        variables.from_names(url, Contract.load().resource, {"organization_id": "o" * 8, "api_token": CREDENTIALS}),
        seed=7,
    )
    for clause in clauses(run.resource):
        run.add(clause).reason = ""
    token = run.bodies.token()
    operation = run.contract.operations["editGitToken"]
    path = operation.path.replace("{organizationId}", run.bodies.unknown_id()).replace(
        "{gitTokenId}", run.bodies.unknown_id()
    )
    assert run.target.authorization
    headers = (run.target.authorization, ("Content-Type", "application/json"))

    def exchange(body: bytes, answer: Answer) -> Exchange:
        each = Exchange(Request("PUT", path, headers, body, operation.id), answer)
        run.journal.add(each, "edit/works")
        return each

    valid = f'{{"name": "a", "type": "GITHUB", "token": "{token}"}}'.encode()
    shown = Answer(200, (("X-Bad-\x1b[31m", HOSTILE),), f'{{"name": "{HOSTILE} {token}"}}'.encode(), 0.01)
    huge = Answer(500, (("X-Huge", "A" * 1_000_000),), b"<b>" * 1_000_000 + HOSTILE.encode(), 1.5)
    silent = Answer(0, (), b"", 5.0, f"no complete answer {HOSTILE}")
    findings = {
        "values/text": (f"name was sent as {HOSTILE}", [exchange(valid, shown)] * 2, HOSTILE),
        "refusals/null": ("the server failed: 500", [exchange(HOSTILE.encode(), huge)], ""),
        "secrets/value": ("the answer shows the git token's value", [exchange(valid, silent)], ""),
    }
    for id, (message, exchanges, value) in findings.items():
        result = run.results[id]
        result.finding = Finding(result.clause, message, tuple(exchanges), expected=value, actual=value)
    run.results["isolation/foreign-owner"].reason = HOSTILE
    return run
