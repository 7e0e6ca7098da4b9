"""How the mock is served over HTTP."""

from __future__ import annotations

from typing import Any

import uvicorn
from starlette.types import ASGIApp


def server(app: ASGIApp, **options: Any) -> uvicorn.Server:
    """A server that has nothing of its own in its answers; `options` are further ones of uvicorn.Config."""
    config = uvicorn.Config(
        app,
        http="httptools",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        **options,
    )
    return uvicorn.Server(config)
