"""A program that uses the client; type checkers must understand all of it. Nobody runs it."""

from __future__ import annotations

import datetime
import ssl
from typing import assert_type
from uuid import UUID

import httpx
from qovery_git_token import (
    AsyncClient,
    Client,
    GitProvider,
    GitTokenAssociatedServiceResponse,
    GitTokenAssociatedServiceType,
    GitTokenRequest,
    GitTokenResponse,
    InvalidRequestError,
    InvalidResponseError,
    Problem,
    RateLimitedError,
    Response,
    StatusError,
    create_git_token,
    delete_git_token,
    edit_git_token,
    get_git_token_associated_services,
    get_organization_git_token,
    list_organization_git_tokens,
)


def methods(organization: UUID, token: str) -> None:
    with Client.from_env(organization=organization, max_retries=3, max_wait=10, headers={"X-Team": "ci"}) as client:
        assert_type(client, Client)
        assert_type(client.git_tokens.list(), list[GitTokenResponse])
        assert_type(client.git_tokens.get(token, timeout=3), GitTokenResponse)
        made = client.git_tokens.create(name="ci", type="GITHUB", token="secret")
        assert_type(made.id, UUID)
        edited = client.git_tokens.edit(made.id, name="ci", type=GitProvider.BITBUCKET, token="x", workspace="team")
        assert_type(edited, GitTokenResponse)
        assert_type(client.git_tokens.edit(made.id, GitTokenRequest("ci", "GITLAB", "x")), GitTokenResponse)
        assert_type(client.git_tokens.rotate(token, "new", organization=organization), GitTokenResponse)
        services = client.git_tokens.associated_services(token, headers={"X-Team": "ops"}, max_retries=0, max_wait=1.5)
        assert_type(services, list[GitTokenAssociatedServiceResponse])
        client.git_tokens.delete(token)
        raw = client.git_tokens.with_raw_response.get(token)
        assert_type(raw, Response[GitTokenResponse])
        assert_type(raw.request_id, str | None)
        assert_type(client.with_options(timeout=None).git_tokens.list(), list[GitTokenResponse])
        assert_type(client.organization, str | None)
        assert_type(client.timeout, httpx.Timeout | float | None)
    Client(jwt="x", verify=ssl.create_default_context(), proxy="http://127.0.0.1:3128")
    Client(jwt="x", http_client=httpx.Client(), organization=str(organization))


def functions(organization: UUID, token: UUID) -> None:
    with Client.from_env() as client:
        body = GitTokenRequest(name="ci", type_=GitProvider.GITHUB, token="secret", description=None)
        answer = edit_git_token.sync(organization, token, client=client, body=body)
        assert_type(answer, GitTokenResponse)
        assert_type(answer.id, UUID)
        assert_type(answer.type_, GitProvider | str)
        assert_type(answer.created_at, datetime.datetime)
        assert_type(answer.updated_at, datetime.datetime | None)
        assert_type(answer.expired_at, datetime.date | None)
        assert_type(answer.associated_services_count, int)
        assert_type(answer.git_api_url, str)
        assert_type(answer.workspace, str | None)
        whole = edit_git_token.sync_detailed(organization, token, client=client, body=body)
        assert_type(whole, Response[GitTokenResponse])
        assert_type(whole.parsed, GitTokenResponse | None)
        assert_type(whole.result(), GitTokenResponse)
        assert_type(create_git_token.sync(organization, client=client, body=body), GitTokenResponse)
        assert_type(get_organization_git_token.sync(organization, token, client=client), GitTokenResponse)
        assert_type(list_organization_git_tokens.sync(organization, client=client).results, list[GitTokenResponse])
        services = get_git_token_associated_services.sync(organization, token, client=client)
        assert_type(services.results[0].service_type, GitTokenAssociatedServiceType | str)
        assert_type(delete_git_token.sync_detailed(organization, token, client=client), Response[None])
        delete_git_token.sync(str(organization), str(token), client=client)


async def asynchronous(organization: UUID, token: UUID) -> None:
    async with AsyncClient(jwt="x", timeout=5.0, base_url="http://localhost:8080", organization=organization) as client:
        assert_type(client, AsyncClient)
        assert_type(await client.git_tokens.list(), list[GitTokenResponse])
        assert_type(await client.git_tokens.edit(token, name="ci", type="GITHUB", token="x"), GitTokenResponse)
        assert_type(await client.git_tokens.rotate(token, "new"), GitTokenResponse)
        assert_type(await client.git_tokens.with_raw_response.delete(token), Response[None])
        assert_type(await get_organization_git_token.asyncio(organization, token, client=client), GitTokenResponse)
    async with Client(jwt="x") as both:
        whole = await get_organization_git_token.asyncio_detailed(organization, token, client=both)
        assert_type(whole.headers, httpx.Headers)


def failing(organization: UUID) -> None:
    try:
        Client.from_env().git_tokens.list(organization=organization)
    except RateLimitedError as error:
        assert_type(error.retry_after, float | None)
        assert_type(error.reset, datetime.datetime | None)
    except StatusError as error:
        assert_type(error.status, int)
        assert_type(error.message, str | None)
        assert_type(error.problem, Problem | None)
        assert_type(error.request_id, str | None)
    except InvalidRequestError as error:
        assert_type(error.field, str)
    except InvalidResponseError as error:
        assert_type(error.created_id, UUID | None)
