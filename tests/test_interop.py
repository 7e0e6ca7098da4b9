"""Qovery's own TypeScript client, from npm, against the mock: what it sends is taken, what it gets it understands."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.bundled import ROOT, environment, mock

FOLDER = ROOT / "tests" / "interop"


def test_qoverys_own_client_lives_with_the_mock(tmp_path: Path) -> None:
    if not shutil.which("npm") and not os.environ.get("CI"):
        pytest.skip("Qovery's TypeScript client needs Node")
    for file in FOLDER.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    subprocess.run(install, cwd=tmp_path, capture_output=True, check=True)
    for options, arguments in (((), ()), (("--verify-secrets",), ("--verified",))):
        with mock(*options) as address:
            variables = environment(address) | {"PATH": os.environ["PATH"]}
            command = ["node", "life.js", *arguments]
            answer = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
        assert (answer.stdout, answer.returncode) == ("done\n", 0), answer.stderr
