"""A git-token server written for the tests: standard library only, no code or data shared with the project.

It holds an organization that the caller may use and one that the caller may not, each with a git token in it, and
can be told to have one of BUGS. `python tests/independent.py [--bug NAME] [--port N]` prints where it is and with
which credentials and ids to use it, as one line of JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

BUGS = {
    # authentication
    "credentials-ignored": "Requests without credentials are carried out.",
    "credentials-prefix": "Right credentials with something added are accepted.",
    "credentials-any-scheme": "The API token is accepted under any authentication scheme.",
    "unauthorized-edit-written": "An edit without credentials is answered 401 and stored all the same.",
    # refusals
    "workspace-optional": "BITBUCKET is accepted without a workspace.",
    "null-name": "A name of null is accepted.",
    "type-any-case": "The provider is accepted in lower case.",
    "relative-url": "A git_api_url that is no URI is accepted.",
    "name-coerced": "A number is accepted as the name.",
    "any-media-type": "A body of another media type than JSON is accepted.",
    "refused-edit-written": "An edit that is refused because of its type has already stored its name.",
    # acceptance and storing
    "name-64": "A name of more than 64 characters is refused.",
    "additional-refused": "Additional properties are refused.",
    "ipv6-refused": "A git_api_url with an IPv6 host is refused.",
    "text-trimmed": "White space around the description is lost.",
    "text-escaped": "The description is stored with its HTML characters escaped.",
    "edit-lost": "An edit answers what was sent and stores nothing.",
    # answers
    "count-missing": "Answers lack associated_services_count.",
    "created-at-format": "created_at has a space in place of the T.",
    "edit-201": "An edit is answered 201.",
    "media-type-html": "Answers are labelled text/html.",
    # meaning
    "updated-at-stands": "An edit does not move updated_at.",
    "created-at-moves": "An edit moves created_at.",
    "id-settable": "An edit that sends an id changes the id that is shown.",
    "neighbours-edited": "An edit changes the description of every git token of the organization.",
    "not-idempotent": "Editing twice with the same name makes it a different name.",
    # the rest of the resource
    "create-loses-workspace": "Create does not store the workspace.",
    "list-stale": "The list shows git tokens as they were created.",
    "delete-keeps": "A deleted git token can still be read.",
    "delete-twice-500": "Deleting a git token a second time is answered 500.",
    # ids in the path
    "uppercase-id": "Ids in upper case are not found.",
    "malformed-id-500": "An id that is no UUID is answered 500.",
    # tenants
    "foreign-read": "Git tokens of another organization can be read.",
    "foreign-through-own": "Another organization's git token can be edited through the caller's own path.",
    # secrets
    "token-shown": "The answer to an edit carries the git token's value.",
    "token-in-refusal": "A refusal repeats the body that it refuses.",
    "credentials-echoed": "A 404 repeats the caller's credentials in a header.",
    # methods
    "patch-edits": "PATCH is carried out, though no contract knows it.",
    "allow-missing": "A 405 names no allowed methods.",
    # robustness
    "emoji-500": "Characters outside the basic plane in the name are answered 500.",
    "deep-500": "Deeply nested bodies are answered 500.",
    "every-ninth-500": "Every ninth edit is answered 500.",
}

GitToken = dict[str, Any]
OPERATIONS = {
    "list": {"GET", "POST"},
    "one": {"GET", "PUT", "DELETE"},
    "services": {"GET"},
}
PATH = re.compile(r"/organization/([^/]*)/gitToken(?:/([^/]*)(/associatedServices)?)?")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
URI = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+", re.IGNORECASE)
PUBLIC_API = {
    "BITBUCKET": "https://api.bitbucket.org",
    "GITHUB": "https://api.github.com",
    "GITLAB": "https://gitlab.com",
}
LARGEST = 1 << 20  # bytes of a request body


@dataclass(frozen=True)
class Address:
    """Where the server is, and what to use it with."""

    base_url: str
    api_token: str
    jwt: str
    organization_id: str
    foreign_organization_id: str
    foreign_git_token_id: str


class StatusError(Exception):
    """Ends a request with a status that is no success."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, bug: str | None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.bug = bug
        self.lock = threading.Lock()
        self.edits = itertools.count(1)
        self.requests = itertools.count(1)
        self.address = Address(
            base_url=f"http://127.0.0.1:{self.server_port}",
            api_token=f"independent-{uuid.uuid4().hex}",
            jwt=f"eyJhbGciOiJub25lIn0.{uuid.uuid4().hex}.",
            organization_id=str(uuid.uuid4()),
            foreign_organization_id=str(uuid.uuid4()),
            foreign_git_token_id=str(uuid.uuid4()),
        )
        own, foreign = self.address.organization_id, self.address.foreign_organization_id
        self.tokens: dict[str, dict[str, GitToken]] = {own: {}, foreign: {}}
        sent = {"name": "bystander", "type": "GITHUB", "token": "bystander-secret", "description": "Leave me alone"}
        self.store(own, str(uuid.uuid4()), sent)
        self.store(foreign, self.address.foreign_git_token_id, {**sent, "token": "foreign-secret"})

    def store(self, organization: str, id_: str, sent: dict[str, Any]) -> GitToken:
        """Creates or replaces a git token; an optional field that is not sent is cleared."""
        old = self.tokens[organization].get(id_)
        now = datetime.now(UTC)
        if old:  # Clocks may stand still between two edits; updated_at must not.
            now = max(now, datetime.fromisoformat(old["updated_at"]) + timedelta(microseconds=1))
        moment = now.isoformat(timespec="microseconds")
        token = {
            "id": id_,
            "created_at": old["created_at"] if old else moment,
            "updated_at": moment,
            "name": sent["name"],
            "type": sent["type"],
            "token": sent["token"],
            "git_api_url": sent.get("git_api_url", PUBLIC_API.get(sent["type"].upper())),
            "associated_services_count": 0,
        }
        token |= {field: sent[field] for field in ("description", "workspace") if field in sent}
        token["original"] = old["original"] if old else dict(token)
        if self.bug:
            self.spoil(organization, old, token, sent)
        if not (old and self.bug == "edit-lost"):
            self.tokens[organization][id_] = token
        return token

    def spoil(self, organization: str, old: GitToken | None, token: GitToken, sent: dict[str, Any]) -> None:
        """The bugs in what is stored."""
        if self.bug == "text-trimmed" and "description" in token:
            token["description"] = token["description"].strip()
        elif self.bug == "text-escaped" and "description" in token:
            token["description"] = token["description"].replace("&", "&amp;").replace("<", "&lt;")
        elif self.bug == "created-at-format":
            token["created_at"] = token["created_at"].replace("T", " ")
        elif not old:
            if self.bug == "create-loses-workspace":
                token.pop("workspace", None)
        elif self.bug == "updated-at-stands":
            token["updated_at"] = old["updated_at"]
        elif self.bug == "created-at-moves":
            token["created_at"] = token["updated_at"]
        elif self.bug == "id-settable":
            token["id"] = sent.get("id", token["id"])
        elif self.bug == "not-idempotent" and old["name"] == sent["name"]:
            token["name"] += " (2)"
        elif self.bug == "neighbours-edited" and "description" in sent:
            for neighbour in self.tokens[organization].values():
                neighbour["description"] = sent["description"]


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Every method there is, or is not, gets an answer of ours."""
        if name.startswith("do_"):
            return self.handle_request
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: it might be a secret."""

    def handle_request(self) -> None:
        status, value, headers = 500, None, {}
        try:
            body = self.read_body()
            with self.server.lock:
                status, value = self.answer(body)
        except StatusError as refusal:
            status, headers = refusal.status, refusal.headers
            value = {"status": status, "error": self.responses[status][0], "message": str(refusal)}
        self.send_response(status)
        used = next(self.server.requests)
        rate = {"Limit": 100_000, "Remaining": 100_000 - used, "Reset": int(time.time()) // 3600 * 3600 + 3600}
        headers |= {f"X-RateLimit-{name}": str(number) for name, number in rate.items()}
        payload = b"" if value is None else json.dumps(value).encode()
        if status != 204:
            headers["Content-Length"] = str(len(payload))
        if payload:
            headers["Content-Type"] = "text/html" if self.bug == "media-type-html" else "application/json"
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    @property
    def bug(self) -> str | None:
        return self.server.bug

    def read_body(self) -> bytes:
        """The request's body; raises StatusError if it is over LARGEST or its length is not told properly."""
        body = b""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while length := self.length(self.rfile.readline().split(b";")[0].decode("latin-1"), 16):
                body += self.rfile.read(length)[: LARGEST + 1 - len(body)]
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
        else:
            length = self.length(self.headers.get("Content-Length", "0"), 10)
            while length > 0 and (part := self.rfile.read(min(length, LARGEST))):
                body += part[: LARGEST + 1 - len(body)]
                length -= len(part)
        if len(body) > LARGEST:
            raise StatusError(413, "the body is too large")
        return body

    def length(self, text: str, base: int) -> int:
        if not re.fullmatch(r"[0-9a-fA-F]+", text.strip()):
            self.close_connection = True
            raise StatusError(400, "the body's length is unclear")
        return int(text, base)

    def answer(self, body: bytes) -> tuple[int, Any]:
        """Carries out a request: the status, and the value to show."""
        path = PATH.fullmatch(urlsplit(self.path).path)
        if not path:
            raise StatusError(404, "no such resource")
        resource = "list" if path[2] is None else "services" if path[3] else "one"
        method = "PUT" if self.command == "PATCH" and self.bug == "patch-edits" else self.command
        if method not in OPERATIONS[resource]:
            allow = {} if self.bug == "allow-missing" else {"Allow": ", ".join(sorted(OPERATIONS[resource]))}
            raise StatusError(405, "no such method", allow)
        if not self.authenticated():
            if self.bug == "unauthorized-edit-written" and method == "PUT" and self.known(path[1], path[2]):
                self.server.store(path[1], path[2], self.sent(body))
            raise StatusError(401, "the credentials are missing or not valid", {"WWW-Authenticate": "Bearer"})
        organization, id_ = (self.id(unquote(part)) if part is not None else "" for part in path.group(1, 2))
        address = self.server.address
        if organization == address.foreign_organization_id and (self.bug != "foreign-read" or method != "GET"):
            raise StatusError(403, "not your organization")
        if organization not in self.server.tokens:
            raise StatusError(404, "no such organization")
        if resource == "list":
            if method == "POST":
                return 201, self.shown(self.server.store(organization, str(uuid.uuid4()), self.sent(body)))
            return 200, {"results": [self.listed(token) for token in self.server.tokens[organization].values()]}
        if self.bug == "foreign-through-own" and id_ == address.foreign_git_token_id:
            organization = address.foreign_organization_id
        if not self.known(organization, id_):
            echo = {"X-Caller": self.headers.get("Authorization", "")} if self.bug == "credentials-echoed" else {}
            if method == "DELETE" and self.bug == "delete-twice-500":
                raise StatusError(500, "gone")
            raise StatusError(404, "no such git token", echo)
        if resource == "services":
            return 200, {"results": []}
        if method == "DELETE":
            if self.bug != "delete-keeps":
                del self.server.tokens[organization][id_]
            return 204, None
        if method == "PUT":
            return self.edit(organization, id_, body)
        return 200, self.shown(self.server.tokens[organization][id_])

    def edit(self, organization: str, id_: str, body: bytes) -> tuple[int, Any]:
        if self.bug == "every-ninth-500" and next(self.server.edits) % 9 == 0:
            raise StatusError(500, "try again")
        sent = self.sent(body, self.server.tokens[organization][id_])
        token = self.server.store(organization, id_, sent)
        leak = {"token": sent["token"]} if self.bug == "token-shown" else {}
        return 201 if self.bug == "edit-201" else 200, self.shown(token) | leak

    def known(self, organization: str, id_: str) -> bool:
        return id_ in self.server.tokens.get(organization, {})

    def id(self, text: str) -> str:
        if not UUID.fullmatch(text):
            raise StatusError(500 if self.bug == "malformed-id-500" else 400, "an id is no UUID")
        return text if self.bug == "uppercase-id" else text.lower()

    def authenticated(self) -> bool:
        """Whether there is one Authorization header, with one of the two credentials in its own scheme."""
        sent = self.headers.get_all("Authorization", [])
        scheme, _, value = sent[0].partition(" ") if len(sent) == 1 else ("", "", "")
        right = {"token": self.server.address.api_token, "bearer": self.server.address.jwt}.get(scheme.lower())
        if self.bug == "credentials-prefix":
            return right is not None and value.startswith(right)
        if self.bug == "credentials-any-scheme" and value == self.server.address.api_token:
            return True
        return value == right or (self.bug == "credentials-ignored" and not sent)

    def sent(self, body: bytes, target: GitToken | None = None) -> dict[str, Any]:
        """The body of an edit or create, if it is one that a server has to accept; raises StatusError if it is not."""

        def no_number(text: str) -> NoReturn:
            raise ValueError(f"{text} is no JSON")

        def refuse(message: str) -> NoReturn:
            raise StatusError(400, body.decode(errors="replace") if self.bug == "token-in-refusal" else message)

        if self.headers.get_content_type() != "application/json" and self.bug != "any-media-type":
            raise StatusError(415, "the body must be application/json")
        try:  # Integers of any length are numbers in JSON; Python's own have a limit.
            sent = json.loads(body.decode(), parse_int=float, parse_constant=no_number)
        except ValueError:
            refuse("the body is no JSON")
        except RecursionError:
            if self.bug == "deep-500":
                raise StatusError(500, "too deep") from None
            refuse("the body is nested too deeply")
        if not isinstance(sent, dict):
            refuse("the body must be an object")
        if self.bug == "null-name" and sent.get("name", "") is None:
            sent["name"] = "unnamed"
        if self.bug == "name-coerced" and isinstance(sent.get("name"), float):
            sent["name"] = str(sent["name"])
        for field in ("name", "type", "token", "description", "workspace", "git_api_url"):
            if field in sent and not isinstance(sent[field], str):
                refuse(f"{field} must be a string")
            if field in ("name", "type", "token") and field not in sent:
                refuse(f"{field} is missing")
        if self.bug == "refused-edit-written" and target:
            target["name"] = sent["name"]
        if (sent["type"].upper() if self.bug == "type-any-case" else sent["type"]) not in PUBLIC_API:
            refuse("type must be BITBUCKET, GITHUB or GITLAB")
        if (
            sent["type"] == "BITBUCKET"
            and not sent.get("workspace", "").strip(" \t\r\n")
            and self.bug != "workspace-optional"
        ):
            refuse("BITBUCKET needs a workspace")
        if "git_api_url" in sent and not URI.fullmatch(sent["git_api_url"]) and self.bug != "relative-url":
            refuse("git_api_url must be an absolute URI")
        if self.bug == "ipv6-refused" and "[" in sent.get("git_api_url", ""):
            refuse("git_api_url must have a host name")
        if self.bug == "name-64" and len(sent["name"]) > 64:
            refuse("name is too long")
        if self.bug == "additional-refused" and sent.keys() - {"name", "type", "token"} - {*self.optional}:
            refuse("unknown property")
        if self.bug == "emoji-500" and max(sent["name"], default="") > "\uffff":
            raise StatusError(500, "no such character")
        return sent

    optional = ("description", "workspace", "git_api_url")

    def shown(self, token: GitToken) -> GitToken:
        hidden = {"token", "original"} | ({"associated_services_count"} if self.bug == "count-missing" else set())
        return {field: value for field, value in token.items() if field not in hidden}

    def listed(self, token: GitToken) -> GitToken:
        return self.shown(token["original"] if self.bug == "list-stale" else token)


@contextmanager
def serve(bug: str | None = None, port: int = 0) -> Iterator[Address]:
    """Runs a server in a thread; port 0 is any free one. Raises ValueError if there is no such bug."""
    if bug is not None and bug not in BUGS:
        raise ValueError(f"no such bug: {bug}")
    server = Server(port, bug)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description="A git-token server, whole or with one bug.")
    parser.add_argument("--bug", choices=BUGS, metavar="NAME", help=f"one of {', '.join(BUGS)}")
    parser.add_argument("--port", type=int, default=0, help="any free one if not given")
    options = parser.parse_args()
    with serve(options.bug, options.port) as address:
        print(json.dumps(asdict(address)), flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
