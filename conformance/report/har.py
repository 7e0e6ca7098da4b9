"""The exchanges of findings as an HTTP archive (HAR 1.2), for browsers and proxies to open; without secrets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from ..run.run import Run
from ..target.exchange import Exchange
from .exchange import answered

# A body is kept up to here, in characters.
_KEPT = 100_000
# No form of a secret is longer, in characters.
_MARGIN = 20_000


def har(results: dict[str, Any]) -> dict[str, Any]:
    """The archive of a run's results."""
    entries = [exchange["har"] for finding in results["findings"] for exchange in finding["exchanges"]]
    creator = {"name": "git-token conformance", "version": results["contract"]}
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def entry(exchange: Exchange, clause: str, run: Run) -> dict[str, Any]:
    """An exchange, with the clause that it is about as its comment."""
    request, answer = exchange.request, exchange.answer
    milliseconds = round(answer.seconds * 1000, 1)
    host = urlsplit(run.target.base_url)
    address = f"{host.scheme}://{host.netloc.rpartition('@')[2]}{host.path}"
    sent: dict[str, Any] = {
        "method": request.method,
        "url": run.secrets.redact(address + request.path),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(request.headers, run),
        "queryString": [],
        "headersSize": -1,
        "bodySize": len(request.body or b""),
    }
    if request.body is not None:
        sent["postData"] = {"mimeType": request.header("Content-Type") or "", "text": _text(request.body, run)}
    return {
        "startedDateTime": datetime.fromtimestamp(exchange.at, UTC).isoformat(timespec="milliseconds"),
        "time": milliseconds,
        "request": sent,
        "response": {
            "status": answer.status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(answer.headers, run),
            "content": {
                "size": len(answer.body),
                "mimeType": run.secrets.redact(answer.header("Content-Type") or ""),
                "text": answered(_text(answer.body, run), answer, run),
            },
            "redirectURL": run.secrets.redact(answer.header("Location") or ""),
            "headersSize": -1,
            "bodySize": -1,
            "comment": run.secrets.redact(answer.problem or ""),
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": clause,
    }


def _headers(headers: tuple[tuple[str, str], ...], run: Run) -> list[dict[str, str]]:
    return [
        {
            "name": run.secrets.redact(name),
            # A session is as good as credentials.
            "value": "redacted" if name.lower() in ("cookie", "set-cookie") else _cut(value, run),
        }
        for name, value in headers
    ]


def _text(body: bytes, run: Run) -> str:
    """A body as text; what is not UTF-8 is shown as if it were Latin-1."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    return _cut(text, run)


def _cut(text: str, run: Run) -> str:
    """The beginning of a text: redacted before it is cut, lest half of a secret stays, and cut before, to be quick."""
    return run.secrets.redact(text[: _KEPT + _MARGIN])[:_KEPT]
