"""ETags of reads, and conditional requests by them (RFC 9110, section 13)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from .messages import Answer, Refusal, Request
from .server import Mock


def tagged(
    mock: Mock, tag: Callable[[dict[str, Any]], object] = dict, *, prefix: str = "", honours: bool = True
) -> None:
    """Gives reads an ETag made of `tag` of what they show, behind a prefix, and answers 304 by it.

    An edit is answered 412 by it if the mock `honours` If-Match.
    """

    def made(shown: dict[str, Any]) -> str:
        return f'{prefix}"{hashlib.sha256(json.dumps(tag(shown), sort_keys=True).encode()).hexdigest()[:16]}"'

    @mock.on("perform")
    def _(perform: Any, request: Request) -> Answer:
        wanted = request.headers.get("if-match")
        if (
            honours
            and wanted
            and request.token
            and request.action == "edit"
            and wanted != made(mock.show(request, request.token))
        ):
            raise Refusal(412, "it has changed")
        answer: Answer = perform(request)
        if request.action == "get":
            answer.headers["ETag"] = made(answer.body)
            if request.headers.get("if-none-match") == answer.headers["ETag"]:
                return Answer(304, None, answer.headers)
        return answer
