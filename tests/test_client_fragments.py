"""The clients of the fragments: what they are typed as, and what they do with a mock of the fragment."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.bundled import ROOT
from conformance.contract.contract import Contract
from conformance.mock import World, create_app
from conformance.target.transport import transport

sys.path.insert(0, str(ROOT / "openapi/generator"))
from document import Document
from generate import generate

FRAGMENTS = {path.stem.replace("-", "_"): path for path in sorted((ROOT / "tests/fragments").glob("*.yaml"))}

# What mypy has to find right, and, where a line says so, wrong.
USE = """
import datetime
import helm_repository.command, job.command, webhook.command
from helm_repository import Client as Helm, HelmRepositoryConfigRequest, HelmRepositoryKind
from job import Client as Jobs
from webhook import AsyncClient, Client, WebhookEvent

def helm(client: Helm) -> str | None:
    config, kind = HelmRepositoryConfigRequest(username="u"), HelmRepositoryKind.HTTPS
    made = client.helm_repositories.create(name="n", kind="HTTPS", config=config, skip_tls_verification=True)
    client.helm_repositories.edit(made.id, name="n", kind=kind, config=config, skip_tls_verification=False)
    client.helm_repositories.edit(made.id, name="n", kind=kind)  # type: ignore[call-overload]
    return made.config.username if made.config else None

async def hook(client: AsyncClient) -> list[str]:
    made = await client.webhooks.create(kind="SLACK", target_url="https://x.example.com", events=["DEPLOYMENT_STARTED"])
    return [str(event) for event in made.events or []]

def refused(client: Client) -> None:
    url = "https://x.example.com"
    client.webhooks.create(kind="SLACK", target_url=url, events=["NEVER"])  # type: ignore[call-overload]
    client.webhooks.create(kind="SLACK", events=[WebhookEvent.DEPLOYMENT_STARTED])  # type: ignore[call-overload]

def patched(client: Jobs) -> datetime.date | None:
    client.jobs.edit(1, priority="high")  # type: ignore[call-overload]
    return client.jobs.edit(1, weight=None, priority=3).ends_on
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clients")
    for name, path in FRAGMENTS.items():
        generate(Document(path), folder / name)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@contextlib.contextmanager
def client(name: str) -> Iterator[Any]:
    """A client of a mock of the fragment."""
    contract = Contract.load(FRAGMENTS[name])
    resource, world = contract.resource, World(contract.resource)
    served = transport(create_app(world, contract=contract))
    owners = {re.sub("(_|I)d$", "", owner): world.id(owner) for owner in resource.owners}
    given = {re.sub("K", "_k", owner): value for owner, value in owners.items()}
    given[re.sub("T", "_t", resource.schemes[0].name)] = world.credential(resource.schemes[0])
    with importlib.import_module(name).Client(base_url="http://localhost", transport=served, **given) as made:
        yield made


def test_they_are_typed(folder: Path) -> None:
    (folder / "use.py").write_text(USE)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", "use.py"]
    environment = os.environ | {"MYPYPATH": str(folder), "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache" / "generated")}
    done = subprocess.run(mypy, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.usefixtures("folder")
def test_helm_repositories_are_made_edited_and_deleted() -> None:
    with client("helm_repository") as helm:
        package = importlib.import_module("helm_repository")
        config = package.HelmRepositoryConfigRequest(username="u", password="s3cret-canary")
        made = helm.helm_repositories.create(
            name="charts", kind="HTTPS", url="https://x.example.com", config=config, skip_tls_verification=False
        )
        assert "canary" not in repr(config) + repr(made)
        edited = helm.helm_repositories.edit(
            made.id, name="other", kind="HTTPS", url="https://y.example.com", config=config, skip_tls_verification=True
        )
        assert (edited.id, edited.name, edited.skip_tls_verification) == (made.id, "other", True)
        assert {each.name for each in helm.helm_repositories.list()} >= {"other"}
        helm.helm_repositories.delete(made.id)
        with pytest.raises(package.NotFoundError):
            helm.helm_repositories.get(made.id)


@pytest.mark.usefixtures("folder")
def test_webhooks_hold_lists_and_show_no_secret() -> None:
    with client("webhook") as webhooks:
        package = importlib.import_module("webhook")
        made = webhooks.webhooks.create(
            kind="STANDARD",
            target_url="https://hooks.example.com",
            target_secret="s3cret-canary",
            events=[package.WebhookEvent.DEPLOYMENT_FAILURE, "DEPLOYMENT_STARTED"],
            project_names_filter=["a", "b"],
        )
        assert (made.target_secret_set, made.project_names_filter) == (True, ["a", "b"])
        assert made.events == ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STARTED"]
        edited = webhooks.webhooks.edit(made.id, kind="SLACK", target_url="https://hooks.example.com", events=[])
        assert (edited.events, edited.project_names_filter) == ([], None)
        with pytest.raises(package.InvalidRequestError, match=r"events\[0\] is none of"):
            webhooks.webhooks.edit(made.id, kind="SLACK", target_url="https://hooks.example.com", events=["NEVER"])


@pytest.mark.usefixtures("folder")
def test_jobs_are_patched() -> None:
    with client("job") as jobs:
        package = importlib.import_module("job")
        day, moment = datetime.date(2031, 1, 2), datetime.datetime(2031, 1, 1, 2, tzinfo=datetime.UTC)
        made = jobs.jobs.create(
            title="nightly", priority=5, starts_at=moment, weight=0.5, ends_on=day, every_minutes=60, secret="canary"
        )
        assert (made.starts_at, made.ends_on, made.weight) == (moment, day, 0.5)
        edited = jobs.jobs.edit(made.id, priority=6)
        assert (edited.title, edited.priority, edited.ends_on) == ("nightly", 6, day)
        assert jobs.jobs.edit(made.id, weight=None).weight is None
        assert jobs.jobs.get(made.id).ends_on == day
        with pytest.raises(package.InvalidRequestError, match="every_minutes is missing"):
            jobs.jobs.create(title="nightly", priority=5, starts_at=moment, ends_on=day)
        with pytest.raises(package.InvalidRequestError, match="priority is more than 9"):
            jobs.jobs.edit(made.id, priority=10)
        jobs.jobs.delete(made.id)
        with pytest.raises(package.NotFoundError):
            jobs.jobs.edit(made.id, priority=1)
