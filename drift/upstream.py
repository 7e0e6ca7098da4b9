"""Where a document to compare with is read from: a file, or an address."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

from conformance.contract.document import BYTES, ContractError, parse
from conformance.contract.document import read as read_file

VERSIONS = "3.0 or 3.1"
MOST_SECONDS = 30


def read(source: str) -> dict[str, Any]:
    """The OpenAPI document in a file, or at an https address. Raises ContractError if there is none to be used."""
    return parse(fetch(source), source, VERSIONS) if "://" in source else read_file(Path(source), VERSIONS)


def fetch(address: str, transport: httpx.BaseTransport | None = None) -> bytes:
    """Gets a document over https. Raises ContractError if it cannot, or if it is too large for a document."""
    if not address.startswith("https://"):
        raise ContractError(f"{address}: only files and https addresses are read")
    content = b""
    deadline = time.monotonic() + MOST_SECONDS
    try:
        with httpx.Client(transport=transport, timeout=10) as client, client.stream("GET", address) as response:
            if response.status_code != 200:
                raise ContractError(f"{address}: answered {response.status_code}")
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > BYTES:
                    raise ContractError(f"{address}: larger than {BYTES:,} bytes")
                if time.monotonic() > deadline:
                    raise ContractError(f"{address}: took longer than {MOST_SECONDS} seconds")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ContractError(f"{address}: {' '.join(str(error).split()) or type(error).__name__}") from None
    return content
