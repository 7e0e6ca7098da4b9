"""Variants that want a request's body whole and its length told, or end a connection after a refusal."""

from __future__ import annotations

from typing import Any

from ..messages import Answer, Refusal, Request
from ..server import Mock
from .catalogue import variant


@variant("framing", header={"chunks": "transfer-encoding", "expectations": "expect"})
def refused(mock: Mock, header: str) -> None:
    """What comes with {header} is refused, as HTTP allows."""

    @mock.on("handle")
    def _(handle: Any, request: Request) -> Answer:
        if header in request.headers:
            return Answer(411 if header == "transfer-encoding" else 417)
        answer: Answer = handle(request)
        return answer


@variant("framing")
def chunks_400(mock: Mock) -> None:
    """A body in chunks is taken for none, by every operation, as some frameworks do."""

    @mock.on("decode")
    def _(decode: Any, request: Request) -> Any:
        if "transfer-encoding" in request.headers:
            request.raw = b""
        return decode(request)


@variant("framing")
def closed_after_a_refusal(mock: Mock) -> None:
    """After a refusal the connection is closed, and said to be."""

    @mock.on("refuse")
    def _(refuse: Any, *arguments: Any) -> Answer:
        answer: Answer = refuse(*arguments)
        answer.headers["Connection"] = "close"
        return answer


@variant("framing", needs="delete", status={"400": 400, "415": 415})
def media_type_of_nothing(mock: Mock, status: int) -> None:
    """A delete with a media type and no body is refused with {status}."""

    @mock.on("delete")
    def _(delete: Any, request: Request) -> Any:
        if "content-type" in request.headers and not request.raw:
            raise Refusal(status, "the body is empty")
        return delete(request)
