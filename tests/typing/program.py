"""A program that uses the client; type checkers must understand all of it. Nobody runs it."""

from __future__ import annotations

import datetime
from typing import assert_type
from uuid import UUID

import httpx
from qovery_git_token import (
    Client,
    GitProvider,
    GitTokenAssociatedServiceType,
    GitTokenRequest,
    GitTokenResponse,
    RateLimitedError,
    Response,
    StatusError,
    create_git_token,
    delete_git_token,
    edit_git_token,
    get_git_token_associated_services,
    get_organization_git_token,
    list_organization_git_tokens,
    retries,
)


def synchronous(organization: UUID, token: UUID) -> None:
    with Client.from_env(transport=retries.transport()) as client:
        assert_type(client, Client)
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
        delete_git_token.sync(organization, token, client=client)


async def asynchronous(organization: UUID, token: UUID) -> None:
    async with Client(jwt="x", timeout=5.0, base_url="http://localhost:8080") as client:
        assert_type(await get_organization_git_token.asyncio(organization, token, client=client), GitTokenResponse)
        whole = await get_organization_git_token.asyncio_detailed(organization, token, client=client)
        assert_type(whole, Response[GitTokenResponse])
        assert_type(whole.headers, httpx.Headers)


def failing(organization: UUID) -> None:
    try:
        list_organization_git_tokens.sync(organization, client=Client.from_env())
    except RateLimitedError as error:
        assert_type(error.retry_after, float | None)
        assert_type(error.reset, datetime.datetime | None)
    except StatusError as error:
        assert_type(error.status, int)
        assert_type(error.message, str | None)
        assert_type(error.request_id, str | None)
