"""The suite as its users run it: the script, the environment, the exit code and the report."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.reports import check
from tests.running import ROOT


@dataclass(frozen=True)
class Outcome:
    """What a run of the suite has said and left."""

    code: int
    output: str
    errors: str
    results: dict[str, Any]

    @property
    def broken(self) -> list[str]:
        return [clause["id"] for clause in self.results["clauses"] if clause["state"] == "broken"]

    def state(self, clause: str) -> str:
        return next(str(each["state"]) for each in self.results["clauses"] if each["id"] == clause)


def environment(server: dict[str, str]) -> dict[str, str]:
    """The variables by which the suite finds a server."""
    return {
        "QOVERY_BASE_URL": server["base_url"],
        "QOVERY_API_TOKEN": server["api_token"],
        "QOVERY_JWT": server["jwt"],
        "QOVERY_ORGANIZATION_ID": server["organization_id"],
        "QOVERY_FOREIGN_ORGANIZATION_ID": server["foreign_organization_id"],
        "QOVERY_FOREIGN_GIT_TOKEN_ID": server["foreign_git_token_id"],
    }


def conformance(report: Path, server: dict[str, str] | None, *options: str, **variables: str) -> Outcome:
    """Runs the suite and checks its files; `variables` go on top of the server's, empty ones are taken away."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QOVERY_")}
    merged = inherited | (environment(server) if server else {}) | variables
    process = subprocess.run(
        [ROOT / "scripts" / "conformance", "--report", report, *options],
        env={name: value for name, value in merged.items() if value},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    results = check(report) if (report / "results.json").exists() else {}
    return Outcome(process.returncode, process.stdout, process.stderr, results)
