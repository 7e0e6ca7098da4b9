"""Kinto in memory, with a collection whose schema is that of the contract's records."""

from __future__ import annotations

import base64
import contextlib
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

from real import call, free_port, main, process

SETTINGS = """
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}

[app:main]
use = egg:kinto
kinto.includes = kinto.plugins.accounts
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = {secret}
kinto.experimental_collection_schema_validation = true
kinto.account_create_principals = system.Everyone
kinto.bucket_create_principals = system.Authenticated
multiauth.policies = account
multiauth.policy.account.use = kinto.plugins.accounts.AccountsPolicy
"""
TASK = {
    "type": "object",
    "required": ["title", "done"],
    "properties": {
        "title": {"type": "string", "maxLength": 200},
        "done": {"type": "boolean"},
        "priority": {"type": "integer", "minimum": 0, "maximum": 9},
        "labels": {"type": "array", "items": {"type": "string", "maxLength": 40}},
    },
}


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[dict[str, str]]:
    port, password = free_port(), secrets.token_urlsafe()
    (folder / "kinto.ini").write_text(SETTINGS.format(port=port, secret=secrets.token_hex()))
    address = f"http://127.0.0.1:{port}/v1"
    kinto = [str(Path(sys.executable).with_name("kinto")), "start", "--ini", "kinto.ini", "--port", str(port)]
    with process(kinto, folder, address):
        own, other = _account(address, "own", password), _account(address, "other", password)
        for bucket, account in (("work", own), ("theirs", other)):
            call("PUT", f"{address}/buckets/{bucket}", authorization=f"Basic {account}")
            collection = f"{address}/buckets/{bucket}/collections/tasks"
            call("PUT", collection, {"data": {"schema": TASK}}, f"Basic {account}")
        task = {"data": {"title": "water the plants", "done": False}}
        records = f"{address}/buckets/theirs/collections/tasks/records"
        theirs = call("POST", records, task, f"Basic {other}")["data"]["id"]
        yield {
            "KINTO_BASE_URL": address,
            "KINTO_ACCOUNT": own,
            "KINTO_BUCKET": "work",
            "KINTO_COLLECTION": "tasks",
            "KINTO_FOREIGN_BUCKET": "theirs",
            "KINTO_FOREIGN_COLLECTION": "tasks",
            "KINTO_FOREIGN_RECORD": theirs,
        }


def _account(address: str, name: str, password: str) -> str:
    """Makes an account, and gives its credentials as the scheme Basic has them."""
    call("PUT", f"{address}/accounts/{name}", {"data": {"password": password}})
    return base64.b64encode(f"{name}:{password}".encode()).decode()


if __name__ == "__main__":
    sys.exit(main(serve))
