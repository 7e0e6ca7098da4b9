"""Pictures of what a run says: the terminal as SVG, the top of the report as PNG, by Chromium."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
FAULT = "loose/not-mandatory-workspace-on-edit"
COMMAND = ["scripts/conformance", "--only", "refusals", "--seed", "1"]
# The terminal's, in characters, and a character's, in pixels.
COLUMNS, WIDTH, HEIGHT = 140, 7.83, 18
FONTS = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"
# The report's, in pixels.
WINDOW = "1200,1000"


def main() -> int:
    chromium = shutil.which("chromium")
    if not chromium:
        print("screenshots: Chromium is needed to make the picture of the report", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    mock = [sys.executable, "-m", "conformance.mock", "--port", "0", "--json", "--fault", FAULT]
    with tempfile.TemporaryDirectory() as work, subprocess.Popen(mock, stdout=subprocess.PIPE, cwd=ROOT) as server:
        try:
            assert server.stdout
            address = json.loads(server.stdout.readline())
            names = (
                "base_url",
                "api_token",
                "jwt",
                "organization_id",
                "foreign_organization_id",
                "foreign_git_token_id",
            )
            given = {f"QOVERY_{name.upper()}": address[name] for name in names}
            said = _run(COMMAND, given)
            _run(["scripts/conformance", "--seed", "1", "--report", work], given)
        finally:
            server.terminate()
        (folder / "terminal.svg").write_text(svg(f"$ {' '.join(COMMAND)}\n{said}"), encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={work}/profile"]
        options += [f"--window-size={WINDOW}", f"--screenshot={folder.resolve() / 'report.png'}"]
        subprocess.run([chromium, *options, f"file://{work}/report.html"], capture_output=True, check=True)
    return 0


def _run(command: list[str], given: dict[str, str]) -> str:
    """What a command prints that finds the mock's fault."""
    process = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **given}, capture_output=True, text=True, check=False
    )
    if process.returncode != 1:
        raise SystemExit(f"{' '.join(command)} exited with {process.returncode}: {process.stderr}")
    return process.stdout


def svg(text: str) -> str:
    """Text as a terminal shows it, long lines broken."""
    lines = [line[at : at + COLUMNS] for line in text.splitlines() for at in range(0, len(line) or 1, COLUMNS)]
    width, height = round(COLUMNS * WIDTH + 32), len(lines) * HEIGHT + 32
    spans = "\n".join(
        f'<tspan x="16" y="{28 + n * HEIGHT}">{escape(line)}</tspan>' for n, line in enumerate(lines) if line
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<rect width="100%" height="100%" rx="8" fill="#16181d"/>
<text fill="#d7dae0" font-family="{FONTS}" font-size="13" xml:space="preserve">
{spans}
</text>
</svg>
"""


if __name__ == "__main__":
    sys.exit(main())
