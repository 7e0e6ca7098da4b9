"""`python -m drift`: what differs between a contract and the document of whoever has made the API."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from conformance.contract.document import PATH, ContractError
from conformance.printing import show
from drift import deviations, report
from drift.compare import compare
from drift.operations import operations
from drift.upstream import read

UPSTREAM = "https://raw.githubusercontent.com/Qovery/qovery-openapi-spec/main/openapi.yaml"
SIDES = ("ours", "upstream")


def main(arguments: list[str] | None = None) -> int:
    """Prints the differences that no deviation accepts, and the deviations that no longer apply.

    Returns 0 without any, 1 with some, 2 if the documents could not be compared.
    """
    parser = argparse.ArgumentParser(
        prog="scripts/drift", description="Compare a contract with an OpenAPI document of its API, in meaning."
    )
    parser.add_argument("--contract", type=Path, default=PATH, metavar="FILE", help="default: that of the git tokens")
    parser.add_argument("--upstream", default=UPSTREAM, metavar="FILE|URL", help="default: %(default)s")
    parser.add_argument(
        "--deviations", type=Path, metavar="FILE", help="differences that are meant; default: those of the git tokens"
    )
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    options = parser.parse_args(arguments)
    try:
        known = options.deviations or (deviations.PATH if options.contract == PATH else None)
        accepted = deviations.load(known) if known else []
        ours = operations(read(str(options.contract)), options.contract.name)
        under = [operation.path for operation in ours.values()]
        upstream = operations(read(options.upstream), options.upstream, under)
        differences = compare(ours, upstream)
    except ContractError as error:
        print("".join(letter if letter.isprintable() else "?" for letter in f"drift: {error}"), file=sys.stderr)
        return 2
    listed = known.name if known else ""
    left, stale = deviations.apply(differences, accepted)
    if options.format == "json":
        outdated = [vars(deviation) for deviation in stale]
        show([json.dumps({"differences": report.data(left, *SIDES), "outdated": outdated}, indent=2)])
    else:
        render = report.markdown if options.format == "markdown" else report.text
        paragraphs = [render(left, *SIDES)] if left else []
        mark = "- " if options.format == "markdown" else ""
        paragraphs += [
            f"{mark}{listed}: no longer applies: {deviation.where}: {deviation.what}: {deviation.reason}"
            for deviation in stale
        ]
        accepted_count = len(differences) - len(left)
        paragraphs.append(
            f"{len(ours)} operations compared: {len(left)} differences"
            f"{f', {accepted_count} accepted by {listed}' if listed else ''}"
            f"{f', {len(stale)} entries of it no longer apply' if stale else ''}"
        )
        show(["\n\n".join(paragraphs)])
    return 1 if left or stale else 0


if __name__ == "__main__":
    sys.exit(main())
