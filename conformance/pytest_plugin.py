"""The plugin that an installation gives to every session of pytest: the mock as a fixture.

In a clone, `pytest_plugins = ["conformance.pytest_plugin"]` in a conftest.py does the same.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import commands

if TYPE_CHECKING:
    from .mock.address import Address


def mock_fixture(contract: Path | None = None) -> Callable[..., Any]:
    """A fixture: a mock of what a file describes, of git tokens without one, on a free port, with a state of its own.

    The fixture is called as the variable that it is put in:

        webhooks = mock_fixture(contract=Path("webhook.yaml"))

    It keeps the contract. To get a faulty mock, parametrize the fixture, indirectly, with the name of a fault; the
    name of a variant gives one that is different and right. A contract that cannot be served fails the test.
    """

    @pytest.fixture
    def mock(request: pytest.FixtureRequest) -> Iterator[Address]:
        # What serves a mock is imported for the tests that use one.
        from .contract.contract import PATH, Contract, ContractError
        from .mock import World, create_app
        from .mock.address import Address
        from .mock.serve import server

        name = getattr(request, "param", "")
        try:
            described = Contract.load(contract or PATH)
            world = World(described.resource)
            app = create_app(world, name, contract=described)
        except ContractError as error:
            pytest.fail(str(error))
        except KeyError:
            pytest.fail(
                f"there is no fault or variant {name}: {commands.MOCK} --list-faults and --list-variants name them"
            )
        with socket.create_server(("127.0.0.1", 0)) as listener:
            # Without a configuration of its own, it leaves the logging of the tests alone.
            serving = server(app, log_config=None, timeout_graceful_shutdown=1)
            thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            yield Address(f"http://127.0.0.1:{listener.getsockname()[1]}", world)
            serving.should_exit = True
            thread.join()

    return mock


qovery_git_token_mock = mock_fixture()
