"""Create, read, edit and delete the git tokens of an organization."""

from __future__ import annotations

import builtins
from typing import Any, Literal, Unpack, overload
from uuid import UUID

from .api.git_tokens import (
    create_git_token,
    delete_git_token,
    edit_git_token,
    get_git_token_associated_services,
    get_organization_git_token,
    list_organization_git_tokens,
)
from .base import BaseClient, CallOptions
from .calls import optioned, owned, rotated, sent
from .models.git_provider import GitProvider
from .models.git_token_associated_service_response import GitTokenAssociatedServiceResponse
from .models.git_token_associated_services_response_list import GitTokenAssociatedServicesResponseList
from .models.git_token_request import GitTokenRequest
from .models.git_token_response import GitTokenResponse
from .models.git_token_response_list import GitTokenResponseList
from .types import Hidden, Response

# The arguments of methods whose fields are called otherwise in Python.
_KEYWORDS: dict[str, str] = {"type": "type_"}


class GitTokens:
    """Create, read, edit and delete the git tokens of an organization."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> GitTokensWithRawResponse:
        """The same methods, which return whole answers: status, headers and body, for documented errors too."""
        return GitTokensWithRawResponse(self._client)

    def list(self, **options: Unpack[CallOptions]) -> builtins.list[GitTokenResponse]:
        """List an organization's git tokens.

        Returns every git token of the organization, without their secrets.

        Args:
            options: `timeout`, `headers`, `max_retries`, `max_wait`, `organization`: those of this call, where they
                differ from the client's.

        Raises:
            InvalidRequestError: If an id or a field is not what the contract wants. Nothing is sent.
            StatusError: If the status is not that of a success; there is a class for each: `NotFoundError` and others.
            InvalidResponseError: If a success cannot be read.
            httpx.TransportError: If no answer came: `httpx.ConnectError`, `httpx.TimeoutException` and the like.

        Returns:
            The organization's git tokens, in no promised order.
        """
        response = self.with_raw_response.list(**options)
        return response.result().results

    def get(self, git_token_id: UUID | str, **options: Unpack[CallOptions]) -> GitTokenResponse:
        """Get a git token.

        Returns the git token without its secret.

        Args:
            git_token_id: The git token.
            options: `timeout`, `headers`, `max_retries`, `max_wait`, `organization`: those of this call, where they
                differ from the client's.

        Raises:
            InvalidRequestError: If an id or a field is not what the contract wants. Nothing is sent.
            StatusError: If the status is not that of a success; there is a class for each: `NotFoundError` and others.
            InvalidResponseError: If a success cannot be read.
            httpx.TransportError: If no answer came: `httpx.ConnectError`, `httpx.TimeoutException` and the like.

        Returns:
            The git token.
        """
        response = self.with_raw_response.get(git_token_id, **options)
        return response.result()

    @overload
    def create(self, body: GitTokenRequest, **options: Unpack[CallOptions]) -> GitTokenResponse: ...
    @overload
    def create(
        self,
        *,
        name: str,
        type: GitProvider | Literal["BITBUCKET", "GITHUB", "GITLAB"],
        token: str,
        description: str | None = None,
        workspace: str | None = None,
        git_api_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> GitTokenResponse: ...
    def create(self, body: GitTokenRequest | None = None, **given: Any) -> GitTokenResponse:
        """Create a git token.

        Creates a git token for the organization. Not safe to repeat, each call creates another one. Qovery
        verifies the secret with the git provider, and refuses with 400 one that does not work there.

        Args:
            body: What a git token is to hold. Further properties are allowed and have no effect. Or its fields, as
                keyword arguments:
            name: What people call the git token.
            type: Who hosts the repositories.
            token: The secret, issued by the git provider. No answer carries it.
            description: What the git token is for.
            workspace: The Bitbucket workspace that holds the repositories. Mandatory for BITBUCKET, and not blank.
            git_api_url: The git provider's API where it is not the public one, for example a GitLab of one's own.
            options: `timeout`, `headers`, `max_retries`, `max_wait`, `organization`: those of this call, where they
                differ from the client's.

        Raises:
            InvalidRequestError: If an id or a field is not what the contract wants. Nothing is sent.
            StatusError: If the status is not that of a success; there is a class for each: `NotFoundError` and others.
            InvalidResponseError: If a success cannot be read.
            httpx.TransportError: If no answer came: `httpx.ConnectError`, `httpx.TimeoutException` and the like.

        Returns:
            The new git token.
        """
        request, options, error = sent(GitTokenRequest, _KEYWORDS, body, given)
        del given
        if error or not request:
            raise error or TypeError("no body")
        response = self.with_raw_response.create(request, **options)
        return response.result()

    @overload
    def edit(
        self, git_token_id: UUID | str, body: GitTokenRequest, **options: Unpack[CallOptions]
    ) -> GitTokenResponse: ...
    @overload
    def edit(
        self,
        git_token_id: UUID | str,
        *,
        name: str,
        type: GitProvider | Literal["BITBUCKET", "GITHUB", "GITLAB"],
        token: str,
        description: str | None = None,
        workspace: str | None = None,
        git_api_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> GitTokenResponse: ...
    def edit(self, git_token_id: UUID | str, body: GitTokenRequest | None = None, **given: Any) -> GitTokenResponse:
        """Edit a git token.

        Replaces what the git token holds by the request body: this is how an expiring secret is rotated. Services
        that use the git token keep using it under the same id. An optional field that is left out is cleared.
        Qovery verifies the secret with the git provider, and refuses with 400 one that does not work there.

        Args:
            git_token_id: The git token.
            body: What a git token is to hold. Further properties are allowed and have no effect. Or its fields, as
                keyword arguments:
            name: What people call the git token.
            type: Who hosts the repositories.
            token: The secret, issued by the git provider. No answer carries it.
            description: What the git token is for.
            workspace: The Bitbucket workspace that holds the repositories. Mandatory for BITBUCKET, and not blank.
            git_api_url: The git provider's API where it is not the public one, for example a GitLab of one's own.
            options: `timeout`, `headers`, `max_retries`, `max_wait`, `organization`: those of this call, where they
                differ from the client's.

        Raises:
            InvalidRequestError: If an id or a field is not what the contract wants. Nothing is sent.
            StatusError: If the status is not that of a success; there is a class for each: `NotFoundError` and others.
            InvalidResponseError: If a success cannot be read.
            httpx.TransportError: If no answer came: `httpx.ConnectError`, `httpx.TimeoutException` and the like.

        Returns:
            The git token as it is after the edit.
        """
        request, options, error = sent(GitTokenRequest, _KEYWORDS, body, given)
        del given
        if error or not request:
            raise error or TypeError("no body")
        response = self.with_raw_response.edit(git_token_id, request, **options)
        return response.result()

    def delete(self, git_token_id: UUID | str, **options: Unpack[CallOptions]) -> None:
        """Delete a git token.

        Deletes the git token. Its id is not found from then on. One that services use may be refused.

        Args:
            git_token_id: The git token.
            options: `timeout`, `headers`, `max_retries`, `max_wait`, `organization`: those of this call, where they
                differ from the client's.

        Raises:
            InvalidRequestError: If an id or a field is not what the contract wants. Nothing is sent.
            StatusError: If the status is not that of a success; there is a class for each: `NotFoundError` and others.
            InvalidResponseError: If a success cannot be read.
            httpx.TransportError: If no answer came: `httpx.ConnectError`, `httpx.TimeoutException` and the like.
        """
        response = self.with_raw_response.delete(git_token_id, **options)
        return response.result()

    def associated_services(
        self, git_token_id: UUID | str, **options: Unpack[CallOptions]
    ) -> builtins.list[GitTokenAssociatedServiceResponse]:
        """List the services that use a git token.

        Returns every service whose repository is cloned with this git token.

        Args:
            git_token_id: The git token.
            options: `timeout`, `headers`, `max_retries`, `max_wait`, `organization`: those of this call, where they
                differ from the client's.

        Raises:
            InvalidRequestError: If an id or a field is not what the contract wants. Nothing is sent.
            StatusError: If the status is not that of a success; there is a class for each: `NotFoundError` and others.
            InvalidResponseError: If a success cannot be read.
            httpx.TransportError: If no answer came: `httpx.ConnectError`, `httpx.TimeoutException` and the like.

        Returns:
            The services, in no promised order.
        """
        response = self.with_raw_response.associated_services(git_token_id, **options)
        return response.result().results

    def rotate(self, git_token_id: UUID | str, new_secret: str, **options: Unpack[CallOptions]) -> GitTokenResponse:
        """Replace the secret and keep all else.

        Reads what there is, and edits it with the new secret and every other field as it was, for an edit clears what it
        leaves out. What somebody else changes between the two is lost.

        Args:
            git_token_id: The git token.
            new_secret: What takes the place of `token`.
            options: As those of `edit`.

        Raises:
            InvalidRequestError: If the new secret is blank, or a field cannot be kept. Nothing is changed.
            StatusError, InvalidResponseError, httpx.TransportError: As `edit`.
        """
        secret = Hidden(new_secret)
        del new_secret
        before = self.get(git_token_id, **options)
        body = rotated(GitTokenRequest, before, "token", secret)
        return self.edit(git_token_id, body, **options)


class GitTokensWithRawResponse:
    """The methods of GitTokens, which return whole answers."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client

    def list(self, **options: Unpack[CallOptions]) -> Response[GitTokenResponseList]:
        """As `GitTokens.list`: the whole answer, whatever its documented status is."""
        client = optioned(self._client, options)
        return list_organization_git_tokens.sync_detailed(owned(client.organization, "organization"), client=client)

    def get(self, git_token_id: UUID | str, **options: Unpack[CallOptions]) -> Response[GitTokenResponse]:
        """As `GitTokens.get`: the whole answer, whatever its documented status is."""
        client = optioned(self._client, options)
        return get_organization_git_token.sync_detailed(
            owned(client.organization, "organization"), git_token_id, client=client
        )

    @overload
    def create(self, body: GitTokenRequest, **options: Unpack[CallOptions]) -> Response[GitTokenResponse]: ...
    @overload
    def create(
        self,
        *,
        name: str,
        type: GitProvider | Literal["BITBUCKET", "GITHUB", "GITLAB"],
        token: str,
        description: str | None = None,
        workspace: str | None = None,
        git_api_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Response[GitTokenResponse]: ...
    def create(self, body: GitTokenRequest | None = None, **given: Any) -> Response[GitTokenResponse]:
        """As `GitTokens.create`: the whole answer, whatever its documented status is."""
        request, options, error = sent(GitTokenRequest, _KEYWORDS, body, given)
        del given
        if error or not request:
            raise error or TypeError("no body")
        client = optioned(self._client, options)
        return create_git_token.sync_detailed(owned(client.organization, "organization"), client=client, body=request)

    @overload
    def edit(
        self, git_token_id: UUID | str, body: GitTokenRequest, **options: Unpack[CallOptions]
    ) -> Response[GitTokenResponse]: ...
    @overload
    def edit(
        self,
        git_token_id: UUID | str,
        *,
        name: str,
        type: GitProvider | Literal["BITBUCKET", "GITHUB", "GITLAB"],
        token: str,
        description: str | None = None,
        workspace: str | None = None,
        git_api_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Response[GitTokenResponse]: ...
    def edit(
        self, git_token_id: UUID | str, body: GitTokenRequest | None = None, **given: Any
    ) -> Response[GitTokenResponse]:
        """As `GitTokens.edit`: the whole answer, whatever its documented status is."""
        request, options, error = sent(GitTokenRequest, _KEYWORDS, body, given)
        del given
        if error or not request:
            raise error or TypeError("no body")
        client = optioned(self._client, options)
        return edit_git_token.sync_detailed(
            owned(client.organization, "organization"), git_token_id, client=client, body=request
        )

    def delete(self, git_token_id: UUID | str, **options: Unpack[CallOptions]) -> Response[None]:
        """As `GitTokens.delete`: the whole answer, whatever its documented status is."""
        client = optioned(self._client, options)
        return delete_git_token.sync_detailed(owned(client.organization, "organization"), git_token_id, client=client)

    def associated_services(
        self, git_token_id: UUID | str, **options: Unpack[CallOptions]
    ) -> Response[GitTokenAssociatedServicesResponseList]:
        """As `GitTokens.associated_services`: the whole answer, whatever its documented status is."""
        client = optioned(self._client, options)
        return get_git_token_associated_services.sync_detailed(
            owned(client.organization, "organization"), git_token_id, client=client
        )


class AsyncGitTokens:
    """Create, read, edit and delete the git tokens of an organization."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> AsyncGitTokensWithRawResponse:
        """The same methods, which return whole answers: status, headers and body, for documented errors too."""
        return AsyncGitTokensWithRawResponse(self._client)

    async def list(self, **options: Unpack[CallOptions]) -> builtins.list[GitTokenResponse]:
        """List an organization's git tokens. As `GitTokens.list`, awaited."""
        response = await self.with_raw_response.list(**options)
        return response.result().results

    async def get(self, git_token_id: UUID | str, **options: Unpack[CallOptions]) -> GitTokenResponse:
        """Get a git token. As `GitTokens.get`, awaited."""
        response = await self.with_raw_response.get(git_token_id, **options)
        return response.result()

    @overload
    async def create(self, body: GitTokenRequest, **options: Unpack[CallOptions]) -> GitTokenResponse: ...
    @overload
    async def create(
        self,
        *,
        name: str,
        type: GitProvider | Literal["BITBUCKET", "GITHUB", "GITLAB"],
        token: str,
        description: str | None = None,
        workspace: str | None = None,
        git_api_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> GitTokenResponse: ...
    async def create(self, body: GitTokenRequest | None = None, **given: Any) -> GitTokenResponse:
        """Create a git token. As `GitTokens.create`, awaited."""
        request, options, error = sent(GitTokenRequest, _KEYWORDS, body, given)
        del given
        if error or not request:
            raise error or TypeError("no body")
        response = await self.with_raw_response.create(request, **options)
        return response.result()

    @overload
    async def edit(
        self, git_token_id: UUID | str, body: GitTokenRequest, **options: Unpack[CallOptions]
    ) -> GitTokenResponse: ...
    @overload
    async def edit(
        self,
        git_token_id: UUID | str,
        *,
        name: str,
        type: GitProvider | Literal["BITBUCKET", "GITHUB", "GITLAB"],
        token: str,
        description: str | None = None,
        workspace: str | None = None,
        git_api_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> GitTokenResponse: ...
    async def edit(
        self, git_token_id: UUID | str, body: GitTokenRequest | None = None, **given: Any
    ) -> GitTokenResponse:
        """Edit a git token. As `GitTokens.edit`, awaited."""
        request, options, error = sent(GitTokenRequest, _KEYWORDS, body, given)
        del given
        if error or not request:
            raise error or TypeError("no body")
        response = await self.with_raw_response.edit(git_token_id, request, **options)
        return response.result()

    async def delete(self, git_token_id: UUID | str, **options: Unpack[CallOptions]) -> None:
        """Delete a git token. As `GitTokens.delete`, awaited."""
        response = await self.with_raw_response.delete(git_token_id, **options)
        return response.result()

    async def associated_services(
        self, git_token_id: UUID | str, **options: Unpack[CallOptions]
    ) -> builtins.list[GitTokenAssociatedServiceResponse]:
        """List the services that use a git token. As `GitTokens.associated_services`, awaited."""
        response = await self.with_raw_response.associated_services(git_token_id, **options)
        return response.result().results

    async def rotate(
        self, git_token_id: UUID | str, new_secret: str, **options: Unpack[CallOptions]
    ) -> GitTokenResponse:
        """Replace the secret and keep all else. As `GitTokens.rotate`, awaited."""
        secret = Hidden(new_secret)
        del new_secret
        before = await self.get(git_token_id, **options)
        body = rotated(GitTokenRequest, before, "token", secret)
        return await self.edit(git_token_id, body, **options)


class AsyncGitTokensWithRawResponse:
    """The methods of AsyncGitTokens, which return whole answers."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client

    async def list(self, **options: Unpack[CallOptions]) -> Response[GitTokenResponseList]:
        """As `AsyncGitTokens.list`: the whole answer, whatever its documented status is."""
        client = optioned(self._client, options)
        return await list_organization_git_tokens.asyncio_detailed(
            owned(client.organization, "organization"), client=client
        )

    async def get(self, git_token_id: UUID | str, **options: Unpack[CallOptions]) -> Response[GitTokenResponse]:
        """As `AsyncGitTokens.get`: the whole answer, whatever its documented status is."""
        client = optioned(self._client, options)
        return await get_organization_git_token.asyncio_detailed(
            owned(client.organization, "organization"), git_token_id, client=client
        )

    @overload
    async def create(self, body: GitTokenRequest, **options: Unpack[CallOptions]) -> Response[GitTokenResponse]: ...
    @overload
    async def create(
        self,
        *,
        name: str,
        type: GitProvider | Literal["BITBUCKET", "GITHUB", "GITLAB"],
        token: str,
        description: str | None = None,
        workspace: str | None = None,
        git_api_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Response[GitTokenResponse]: ...
    async def create(self, body: GitTokenRequest | None = None, **given: Any) -> Response[GitTokenResponse]:
        """As `AsyncGitTokens.create`: the whole answer, whatever its documented status is."""
        request, options, error = sent(GitTokenRequest, _KEYWORDS, body, given)
        del given
        if error or not request:
            raise error or TypeError("no body")
        client = optioned(self._client, options)
        return await create_git_token.asyncio_detailed(
            owned(client.organization, "organization"), client=client, body=request
        )

    @overload
    async def edit(
        self, git_token_id: UUID | str, body: GitTokenRequest, **options: Unpack[CallOptions]
    ) -> Response[GitTokenResponse]: ...
    @overload
    async def edit(
        self,
        git_token_id: UUID | str,
        *,
        name: str,
        type: GitProvider | Literal["BITBUCKET", "GITHUB", "GITLAB"],
        token: str,
        description: str | None = None,
        workspace: str | None = None,
        git_api_url: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Response[GitTokenResponse]: ...
    async def edit(
        self, git_token_id: UUID | str, body: GitTokenRequest | None = None, **given: Any
    ) -> Response[GitTokenResponse]:
        """As `AsyncGitTokens.edit`: the whole answer, whatever its documented status is."""
        request, options, error = sent(GitTokenRequest, _KEYWORDS, body, given)
        del given
        if error or not request:
            raise error or TypeError("no body")
        client = optioned(self._client, options)
        return await edit_git_token.asyncio_detailed(
            owned(client.organization, "organization"), git_token_id, client=client, body=request
        )

    async def delete(self, git_token_id: UUID | str, **options: Unpack[CallOptions]) -> Response[None]:
        """As `AsyncGitTokens.delete`: the whole answer, whatever its documented status is."""
        client = optioned(self._client, options)
        return await delete_git_token.asyncio_detailed(
            owned(client.organization, "organization"), git_token_id, client=client
        )

    async def associated_services(
        self, git_token_id: UUID | str, **options: Unpack[CallOptions]
    ) -> Response[GitTokenAssociatedServicesResponseList]:
        """As `AsyncGitTokens.associated_services`: the whole answer, whatever its documented status is."""
        client = optioned(self._client, options)
        return await get_git_token_associated_services.asyncio_detailed(
            owned(client.organization, "organization"), git_token_id, client=client
        )
