"""The report in a real browser, Debian's Chromium: filter, search, copy, keyboard, both schemes, a narrow screen."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.bundled import ROOT
from conformance.report.files import write
from conformance.report.results import report
from tests import hostile

FOLDER = ROOT / "tests" / "browser"


def test_the_report_works_in_a_browser(tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if not (chromium and shutil.which("npm")) and not os.environ.get("CI"):
        pytest.skip("the report is not looked at in a browser: that needs Chromium and Node")
    assert chromium, "Chromium is not here: apt-get install chromium"
    for file in FOLDER.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    install = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(install, cwd=tmp_path, capture_output=True, check=True)
    run = hostile.run()
    write(tmp_path / "report", report(run, f"http://127.0.0.1/{hostile.HOSTILE}", 3.25, 1))
    variables = {"CHROMIUM": chromium, "REPORT": str(tmp_path / "report" / "report.html")}
    answer = subprocess.run(
        ["node", "--test", "report.js"],
        cwd=tmp_path,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "\n# tests 12\n" in answer.stdout.replace("\u2139", "#"), answer.stdout
