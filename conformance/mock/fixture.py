"""The mock as a pytest fixture: `pytest_plugins = ["conformance.mock.fixture"]` in a conftest.py."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from . import World, create_app
from .faults import FAULTS
from .serve import server
from .variants import VARIANTS


@dataclass(frozen=True)
class Address(World):
    """Where a mock is, with the credentials and ids to use it with."""

    base_url: str = ""


@pytest.fixture
def qovery_git_token_mock(request: pytest.FixtureRequest) -> Iterator[Address]:
    """A mock on a free port of this machine, with a state of its own.

    It is right, unless it is parametrized, indirectly, with the name of a fault or of a variant.
    """
    name = getattr(request, "param", "")
    if name and name not in FAULTS and name not in VARIANTS:
        pytest.fail(f"there is no fault or variant {name}: scripts/mock --list-faults and --list-variants name them")
    world = World()
    app = create_app(world, name)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Without a configuration of its own, it leaves the logging of the tests alone.
        serving = server(app, log_config=None, timeout_graceful_shutdown=1)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield Address(**vars(world), base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        serving.should_exit = True
        thread.join()
