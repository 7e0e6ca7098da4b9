"""The plugin that an installation gives to every session of pytest: the mock as a fixture.

In a clone, `pytest_plugins = ["conformance.pytest_plugin"]` in a conftest.py does the same.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from . import commands

if TYPE_CHECKING:
    from .mock.address import Address


@pytest.fixture
def qovery_git_token_mock(request: pytest.FixtureRequest) -> Iterator[Address]:
    """A mock on a free port of this machine, with a state of its own.

    It keeps the contract. To get a faulty mock, parametrize the fixture, indirectly, with the name of a fault; the
    name of a variant gives one that is different and right.
    """
    # What serves a mock is imported for the tests that use one.
    from .mock import World, create_app
    from .mock.address import Address
    from .mock.serve import server

    world = World()
    name = getattr(request, "param", "")
    try:
        app = create_app(world, name)
    except KeyError:
        pytest.fail(f"there is no fault or variant {name}: {commands.MOCK} --list-faults and --list-variants name them")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Without a configuration of its own, it leaves the logging of the tests alone.
        serving = server(app, log_config=None, timeout_graceful_shutdown=1)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield Address(f"http://127.0.0.1:{listener.getsockname()[1]}", world)
        serving.should_exit = True
        thread.join()
