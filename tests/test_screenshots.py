"""The README's pictures can be made anew, and show what a run says today."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from conformance.bundled import ROOT

PICTURES = ROOT / "docs"
# What differs from run to run: the time, and what the server and the clock make of it.
CHANGES = re.compile(r"[0-9a-f-]{36}|\d{8}t\d{4}\S*|\d+")


def lines(picture: Path) -> list[str]:
    texts = ["".join(each.itertext()) for each in ET.parse(picture).iter() if each.tag.endswith("tspan")]
    return [CHANGES.sub("", text) for text in texts if text.startswith(("✓", "✗"))]


def test_the_pictures_are_true(tmp_path: Path) -> None:
    if not shutil.which("chromium") and not os.environ.get("CI"):
        pytest.skip("no pictures are made: that needs Chromium")
    subprocess.run([ROOT / "scripts" / "screenshots", tmp_path], check=True)
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")
    for name, size in (("report.png", 400_000), ("terminal.svg", 20_000)):
        assert 5_000 < (tmp_path / name).stat().st_size < size
        pages = (ROOT / "README.md", *PICTURES.glob("*.md"))
        assert any(f"{name})" in page.read_text() for page in pages)
    shown = lines(PICTURES / "terminal.svg")
    assert any("✓" in line for line in shown) and any("✗" in line for line in shown)
    assert shown == lines(tmp_path / "terminal.svg"), "run scripts/screenshots and commit the pictures"
