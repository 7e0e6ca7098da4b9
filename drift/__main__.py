"""`python -m drift`: what differs between the contract and Qovery's own document."""

from __future__ import annotations

import argparse
import json
import sys

from drift import deviations, report
from drift.compare import compare
from drift.document import DocumentError, operations, read

UPSTREAM = "https://raw.githubusercontent.com/Qovery/qovery-openapi-spec/main/openapi.yaml"
CONTRACT = deviations.PATH.with_name("git-token.yaml")
SIDES = ("ours", "upstream")


def main(arguments: list[str] | None = None) -> int:
    """Prints the differences that openapi/deviations.yaml does not accept, and its entries that no longer apply.

    Returns 0 without any, 1 with some, 2 if the documents could not be compared.
    """
    parser = argparse.ArgumentParser(
        prog="scripts/drift", description="Compare the contract with Qovery's own OpenAPI document, in meaning."
    )
    parser.add_argument("--upstream", default=UPSTREAM, metavar="FILE|URL", help="default: %(default)s")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    options = parser.parse_args(arguments)
    try:
        accepted = deviations.load()
        ours = operations(read(str(CONTRACT)), CONTRACT.name)
        under = [operation.path for operation in ours.values()]
        upstream = operations(read(options.upstream), options.upstream, under)
    except DocumentError as error:
        print("".join(letter if letter.isprintable() else "?" for letter in f"drift: {error}"), file=sys.stderr)
        return 2
    differences = compare(ours, upstream)
    left, stale = deviations.apply(differences, accepted)
    if options.format == "json":
        outdated = [vars(deviation) for deviation in stale]
        print(json.dumps({"differences": report.data(left, *SIDES), "outdated": outdated}, indent=2))
    else:
        render = report.markdown if options.format == "markdown" else report.text
        paragraphs = [render(left, *SIDES)] if left else []
        mark = "- " if options.format == "markdown" else ""
        paragraphs += [
            f"{mark}deviations.yaml: no longer applies: {deviation.where}: {deviation.what}: {deviation.reason}"
            for deviation in stale
        ]
        accepted_count = len(differences) - len(left)
        paragraphs.append(
            f"{len(ours)} operations compared: {len(left)} differences, {accepted_count} accepted by deviations.yaml"
            f"{f', {len(stale)} entries of it no longer apply' if stale else ''}"
        )
        print("\n\n".join(paragraphs))
    return 1 if left or stale else 0


if __name__ == "__main__":
    sys.exit(main())
