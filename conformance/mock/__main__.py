"""`python -m conformance.mock`: serves the mock until it is told to stop."""

from __future__ import annotations

import argparse
import contextlib
import gc
import ipaddress
import json
import os
import shlex
import socket
import sys
import threading
from pathlib import Path

from ..commands import MOCK
from ..contract.contract import PATH, Contract, ContractError
from ..contract.held import Held
from ..contract.resource import Resource
from ..printing import show
from . import World, create_app
from .change import Change
from .serve import server
from .verify import accepted_by, example


def main(arguments: list[str] | None = None) -> int:
    """Runs the mock. Returns 2 if it cannot start, 0 after SIGINT."""
    options = _options(arguments)
    try:
        contract = Contract.load(options.contract)
        world = World(contract.resource)
        if options.list_faults or options.list_variants:
            return _list(contract.resource, options.list_faults, options.names)
        accepted = None
        if options.verify_secrets is not None:
            accepted = accepted_by(contract, options.verify_secrets)
            choice, secret = example(contract, accepted)
            held = Held(contract.resource)
            world = World(contract.resource, **{held.key(held.secret): secret, held.key(held.choice): choice})
        app = create_app(world, options.variant, options.fault, contract=contract, accepted=accepted)
        listener = _listen(options.host, options.port)
    except ValueError as error:
        return _fail(f"--verify-secrets {error}")
    except ContractError as error:
        return _fail(str(error))
    except KeyError as error:
        return _fail(f"there is no fault or variant {error}; --list-faults and --list-variants list them")
    except OSError as error:
        where = f"{options.host} port {options.port}"
        return _fail(f"cannot listen on {where}: {error.strerror}; choose another with --host and --port")
    if not _is_loopback(listener.getsockname()[0]):
        print(f"mock: it listens on {options.host}: everybody on the network can use it", file=sys.stderr, flush=True)
    host = f"[{options.host}]" if ":" in options.host else options.host
    if options.until_eof:
        threading.Thread(target=_end_with_input, daemon=True).start()
    # What is there now is here to stay, and requests leave next to no garbage: no need to look for it all the time.
    gc.freeze()
    gc.set_threshold(50_000)
    with contextlib.suppress(KeyboardInterrupt):
        print(_welcome(f"http://{host}:{listener.getsockname()[1]}", world, contract, options.json), flush=True)
        server(app, log_level="critical", timeout_graceful_shutdown=0).run(sockets=[listener])
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(MOCK, description="Serves the contract's operations, in memory.")
    parser.add_argument("--contract", type=Path, default=PATH, metavar="FILE", help="serve what this file describes")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="the port, 0 for any free one (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print address, credentials and ids as one line of JSON")
    parser.add_argument("--until-eof", action="store_true", help="stop when standard input ends")
    parser.add_argument("--fault", metavar="NAME", default="", help="be wrong in this way")
    parser.add_argument("--list-faults", action="store_true", help="list the ways to be wrong, by family, and stop")
    parser.add_argument("--variant", metavar="NAME", default="", help="be different, and right, in this way")
    parser.add_argument("--list-variants", action="store_true", help="list the ways to be different, and stop")
    parser.add_argument(
        "names", nargs="?", default="", metavar="NAME", help="with either list, those called so, one by one"
    )
    parser.add_argument(
        "--verify-secrets",
        nargs="*",
        metavar="PROVIDER=SECRET",
        help="accept these secrets alone, each with its provider, as Qovery does with those that are valid there; "
        "SECRET* stands for all that begin so (without any: github-* and the like)",
    )
    options = parser.parse_args(arguments)
    if options.names and not (options.list_faults or options.list_variants):
        parser.error(f"{options.names} is of use with --list-faults or --list-variants only")
    return options


def _end_with_input() -> None:
    """Ends the process when there is nobody left who could write to its standard input."""
    while os.read(0, 1024):
        pass
    os._exit(0)


def _fail(message: str) -> int:
    print(f"mock: {message}", file=sys.stderr)
    return 2


def _list(resource: Resource, of_faults: bool, wanted: str) -> int:
    """Prints the families with how many each has, or, one by one, those whose name, file or family is `wanted`."""
    from .faults import faults
    from .variants import variants

    kind, catalogue = ("fault", faults(resource)) if of_faults else ("variant", variants(resource))
    families: dict[str, list[Change]] = {}
    for change in catalogue.values():
        if wanted in (change.group, change.file) or wanted in change.name:
            families.setdefault(change.family, []).append(change)
    if not families:
        return _fail(f"no {kind} is called {wanted}; --list-{kind}s lists the families")
    lines = []
    width = max(map(len, families))
    for family, changes in families.items():
        sentence = " ".join(changes[0].about.split())
        lines.append(f"{family:{width}}  {len(changes):3}  {sentence}")
        lines += [f"  {change.name}  {change.sentence}" for change in changes] if wanted else []
    lines.append(f"{sum(map(len, families.values()))} {kind}s in {len(families)} families")
    show(lines)
    return 0


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # Not socket.create_server: without the protocol named, asyncio leaves Nagle's algorithm on.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except BaseException:
        listener.close()
        raise
    return listener


def _welcome(base_url: str, world: World, contract: Contract, as_json: bool) -> str:
    """Where the mock is and what it takes to call it, in the environment variables of the suite."""
    if as_json:
        return json.dumps({"base_url": base_url, **vars(world)})
    resource = contract.resource
    ids = {name: world.id(name) for name in resource.owners}
    variables = {"base_url": base_url, **{name: value for name, value in vars(world).items() if name != "secret"}}
    lines = [
        f"Serving {resource.nouns} on {base_url}; stop with Ctrl-C",
        "",
        *(f"{resource.variable(name)}={value}" for name, value in variables.items()),
        "",
    ]
    operation = resource.edit or resource.writes[0]
    path = resource.path_of(operation.path, ids, world.id(resource.item))
    lines.append(f"curl -X {operation.method} {base_url}{path} \\")
    for scheme in resource.schemes[:1]:
        lines.append(f"  -H '{scheme.header}: {scheme.value(world.credential(scheme))}' \\")
    body = next(iter(contract.examples.values()), {})
    held = Held(resource)
    if secret := vars(world).get(held.key(held.secret)):
        body = body | dict.fromkeys(resource.secrets, secret)
        body |= {str(resource.switch): vars(world)[held.key(held.choice)]}
    lines.append(f"  -H 'Content-Type: {operation.media_type}' \\\n  -d {shlex.quote(json.dumps(body))}")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
