"""Prefect's server with a database of its own, and one account."""

from __future__ import annotations

import base64
import contextlib
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from real import free_port, main, process


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[dict[str, str]]:
    port, account = free_port(), f"own:{secrets.token_urlsafe()}"
    address = f"http://127.0.0.1:{port}/api"
    prefect = [str(Path(sys.executable).with_name("prefect")), "server", "start", "--host", "127.0.0.1"]
    settings = {
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": address,
        "PREFECT_SERVER_API_AUTH_STRING": account,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    with process([*prefect, "--port", str(port), "--no-ui"], folder, f"{address}/health", **settings):
        yield {"PREFECT_BASE_URL": address, "PREFECT_ACCOUNT": base64.b64encode(account.encode()).decode()}


if __name__ == "__main__":
    sys.exit(main(serve))
