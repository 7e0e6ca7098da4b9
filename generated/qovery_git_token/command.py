"""The command `qovery-git-token`: what the client can do, from a shell. A secret is never an argument of it."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import httpx

from . import __contract__, __version__, redact
from .calls import rotated
from .client import Client
from .errors import (
    BadRequestError,
    ForbiddenError,
    InvalidRequestError,
    InvalidResponseError,
    NotFoundError,
    QoveryError,
    RateLimitedError,
    ServerError,
    StatusError,
    UnauthorizedError,
)
from .models.git_token_request import GitTokenRequest
from .types import Hidden, Model, wired
from .types import secrets as secrets_in

CODES = """\
exit codes:
  0  done
  1  something else went wrong
  2  the arguments cannot be right, or a field cannot be kept; nothing was changed
  3  the credentials are not valid (401)
  4  forbidden (403)
  5  not found (404)
  6  refused (400 and other statuses)
  7  too many requests (429)
  8  the server failed (500 to 599), or its answer cannot be read
  9  no answer came
  130  interrupted
"""
_CODES: list[tuple[type[Exception], int]] = [
    (InvalidRequestError, 2),
    (UnauthorizedError, 3),
    (ForbiddenError, 4),
    (NotFoundError, 5),
    (RateLimitedError, 7),
    (ServerError, 8),
    (InvalidResponseError, 8),
    (BadRequestError, 6),
    (StatusError, 6),
    (QoveryError, 2),
]
# Of each field: what it is for, and its choices.
_FIELDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "name": ("What people call the git token.", ()),
    "type_": (
        "Who hosts the repositories.",
        (
            "BITBUCKET",
            "GITHUB",
            "GITLAB",
        ),
    ),
    "token": ("The secret, issued by the git provider. No answer carries it.", ()),
    "description": ("What the git token is for.", ()),
    "workspace": ("The Bitbucket workspace that holds the repositories. Mandatory for BITBUCKET, and not blank.", ()),
    "git_api_url": ("The git provider's API where it is not the public one, for example a GitLab of one's own.", ()),
}
_TEXTS: tuple[str, ...] = (
    "name",
    "type_",
    "token",
    "description",
    "workspace",
    "git_api_url",
)
_SECRETS: tuple[str, ...] = ("token",)
_OPTIONS = ("help", "id", "json", "timeout", "yes", "organization")
_COLUMNS: tuple[str, ...] = (
    "id",
    "name",
    "type",
    "git_api_url",
    "associated_services_count",
)


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # What it does not know may be a secret that somebody took for an argument.
        if message.startswith("unrecognized arguments"):
            message = "there are arguments that it does not know; a secret is never one: --help says how to give it"
        super().error(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code."""
    options = _parser().parse_args(arguments)
    run: Callable[[Client, argparse.Namespace], object] = options.run
    hidden = [
        os.environ.get(name, "")
        for name in (
            "QOVERY_API_TOKEN",
            "QOVERY_JWT",
        )
    ]
    options.hidden = hidden
    try:
        given = {name: getattr(options, name) for name in ("organization",)}
        with Client.from_env(timeout=options.timeout, **given) as client:
            run(client, options)
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except httpx.HTTPError as error:
        _say(f"{options.prog}: no answer from {client.base_url}: {error}", hidden)
        return 9
    except QoveryError as error:
        _say(f"{options.prog}: {error}", hidden)
        return next(code for kind, code in _CODES if isinstance(error, kind))
    return 0


def _list(client: Client, options: argparse.Namespace) -> None:
    _print(client.git_tokens.list(), options)


def _show(client: Client, options: argparse.Namespace) -> None:
    _print(client.git_tokens.get(options.id), options)


def _create(client: Client, options: argparse.Namespace) -> None:
    body = GitTokenRequest(**{**_given(options), **_secrets(options)})
    made = client.git_tokens.create(body)
    _say("created", options.hidden)
    _print(made, options)


def _delete(client: Client, options: argparse.Namespace) -> None:
    users = client.git_tokens.associated_services(options.id)
    _say(f"{options.id} is used by {len(users) or 'nobody'}" + (":" if users else ""), options.hidden)
    for user in users:
        _say(
            "  " + ", ".join(str(value) for name, value in user.to_dict().items() if name.endswith(("name", "type"))),
            options.hidden,
        )
    if not options.yes:
        if not sys.stdin.isatty():
            raise InvalidRequestError("--yes", "is missing: there is no terminal to ask at")
        print(f"Delete {options.id}? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            _say("nothing is deleted", options.hidden)
            sys.exit(1)
    client.git_tokens.delete(options.id)
    _say(f"deleted {options.id}", options.hidden)


def _associated_services(client: Client, options: argparse.Namespace) -> None:
    _print(client.git_tokens.associated_services(options.id), options, all_columns=True)


def _edit(client: Client, options: argparse.Namespace) -> None:
    """Replaces the secret and what else is given; all else is kept."""
    secret = Hidden(_secrets(options)["token"])
    before = client.git_tokens.get(options.id)
    body = rotated(GitTokenRequest, before, "token", secret, _given(options))
    answer = client.git_tokens.edit(options.id, body)
    _say(f"edited {options.id}: the secret is replaced, and what was not given is kept", options.hidden)
    _print(answer, options)


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """The fields that are given as options; what is no text is given as JSON."""
    kinds = {known.name: (name, kind) for known, name, kind in wired(GitTokenRequest)}
    given: dict[str, Any] = {}
    for field in _FIELDS:
        value = None if field in _SECRETS else getattr(options, f"field_{field}", None)
        if value is not None:
            name, kind = kinds[field]
            try:
                given[field] = value if field in _TEXTS else kind.read(json.loads(value), name)
            except (ValueError, InvalidResponseError):
                raise InvalidRequestError(name, "is not what its option needs, as JSON") from None
    return given


def _secrets(options: argparse.Namespace) -> dict[str, Any]:
    """The secrets, from where the options say that they are; what has secrets inside of it is JSON there."""
    kinds = {known.name: (name, kind) for known, name, kind in wired(GitTokenRequest)}
    found: dict[str, Any] = {}
    for field in _SECRETS:
        variable, file = getattr(options, f"{field}_env", None), getattr(options, f"{field}_file", None)
        if variable is not None:
            value = os.environ.get(variable, "")
            if not value:
                raise InvalidRequestError(f"--{_spelled(field)}-env", f"names {variable}, which is not set, or empty")
        elif file is not None:
            try:
                value = Path(file).read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                problem = getattr(error, "strerror", None) or "is not UTF-8"
                raise InvalidRequestError(f"--{_spelled(field)}-file", f"cannot be read: {problem}") from None
        elif getattr(options, f"{field}_stdin", False):
            value = getpass.getpass(f"{_spelled(field)}: ") if sys.stdin.isatty() else sys.stdin.read()
        else:
            continue
        value = value.removesuffix("\n").removesuffix("\r")
        if not value.strip():
            raise InvalidRequestError(_spelled(field), "is blank")
        options.hidden.append(value)
        found[field] = value
        if field not in _TEXTS:
            try:
                found[field] = kinds[field][1].read(json.loads(value), kinds[field][0])
            except (ValueError, InvalidResponseError):
                raise InvalidRequestError(_spelled(field), "is not what the field needs, as JSON") from None
            options.hidden += secrets_in(found[field]) if isinstance(found[field], Model) else []
    return found


def _spelled(field: str) -> str:
    """A field's name in its options, and not that of another option."""
    if len(_SECRETS) == 1 and field in _SECRETS and field in _TEXTS:
        return "secret"
    name = field.rstrip("_").replace("_", "-")
    return f"{name}-field" if name in _OPTIONS else name


def _print(answer: Model | Sequence[Model], options: argparse.Namespace, all_columns: bool = False) -> None:
    """Shows items as JSON, as a table, or one of them as lines."""
    rows = [item.to_dict() for item in (answer if isinstance(answer, Sequence) else [answer])]
    if options.json:
        text = json.dumps(rows if isinstance(answer, Sequence) else rows[0], indent=2)
    elif not isinstance(answer, Sequence):
        text = "\n".join(f"{name}: {_cell(value)}" for name, value in rows[0].items())
    else:
        columns = list(rows[0]) if all_columns and rows else list(_COLUMNS)
        table = [columns, *([_cell(row.get(name)) for name in columns] for row in rows)]
        widths = [max(len(row[column]) for row in table) for column in range(len(columns))]
        text = "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table)
    print(redact.redact(text, options.hidden))


def _cell(value: object) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _say(text: str, hidden: list[str]) -> None:
    """Tells people, beside the output that programs read."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    print(redact.redact(shown, hidden), file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    prog = "qovery-git-token"
    parser = Parser(
        prog,
        description="Create, read, edit and delete the git tokens of an organization.",
        epilog="The credentials are in QOVERY_API_TOKEN, or in QOVERY_JWT.\n\n" + CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__} (contract {__contract__})")
    commands = parser.add_subparsers(metavar="command", required=True)

    required = {known.name for known, _, _ in wired(GitTokenRequest) if not known.optional}

    def command(name: str, run: Callable[..., object], about: str, item: bool) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = commands.add_parser(
            name,
            description=about,
            help=about,
            epilog=CODES,
            formatter_class=parser.formatter_class,
            allow_abbrev=False,
        )
        one.set_defaults(run=run, prog=prog)
        if item:
            one.add_argument("--id", required=True, help="of which one")
        one.add_argument(
            "--organization",
            metavar="ID",
            help="The organization that owns the git token. Otherwise QOVERY_ORGANIZATION_ID says it.",
        )
        one.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds to wait for the server: 30")
        one.add_argument("--json", action="store_true", help="print JSON")
        return one

    def fields(one: argparse.ArgumentParser, needed: bool) -> None:
        for field, (about, choices) in _FIELDS.items():
            if field not in _SECRETS:
                one.add_argument(
                    f"--{_spelled(field)}",
                    dest=f"field_{field}",
                    required=needed and field in required,
                    choices=choices or None,
                    metavar=None if choices else field.rstrip("_").upper(),
                    help=about.replace("%", "%%") + ("" if field in _TEXTS else " (JSON)"),
                )

    def secrets(one: argparse.ArgumentParser, needed: bool = True) -> None:
        for field in _SECRETS:
            name, about = _spelled(field), _FIELDS[field][0].replace("%", "%%")
            ways = one.add_mutually_exclusive_group(required=needed and field in required)
            ways.add_argument(
                f"--{name}-env", dest=f"{field}_env", metavar="VARIABLE", help=f"{about} In this variable."
            )
            ways.add_argument(f"--{name}-file", dest=f"{field}_file", metavar="FILE", help="in this file")
            ways.add_argument(
                f"--{name}-stdin", dest=f"{field}_stdin", action="store_true", help="on standard input; a terminal asks"
            )

    command("list", _list, "List an organization's git tokens", item=False)
    command("show", _show, "Get a git token", item=True)
    one = command("create", _create, "Create a git token", item=False)
    fields(one, needed=True)
    secrets(one)
    one = command("edit", _edit, "Edit a git token" + ": what is not given is kept", item=True)
    fields(one, needed=False)
    secrets(one)
    secrets(command("rotate", _edit, "Replace the secret and keep all else", item=True))
    one = command("delete", _delete, "Delete a git token", item=True)
    one.add_argument("--yes", action="store_true", help="do not ask")
    command("associated-services", _associated_services, "List the services that use a git token", item=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
