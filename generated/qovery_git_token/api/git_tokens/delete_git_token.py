"""Delete a git token: `DELETE /organization/{organizationId}/gitToken/{gitTokenId}`."""

from uuid import UUID

from ...base import Answers, BaseClient, no_content
from ...types import Response, segment

_ANSWERS: Answers[None] = {
    204: no_content,
    400: None,
    401: None,
    403: None,
    404: None,
    429: None,
}


def _path(organization_id: UUID | str, git_token_id: UUID | str) -> str:
    return (
        "/organization/"
        + segment("organization_id", organization_id)
        + "/gitToken/"
        + segment("git_token_id", git_token_id)
    )


def sync(organization_id: UUID | str, git_token_id: UUID | str, *, client: BaseClient) -> None:
    """Delete a git token.

    Deletes the git token. Its id is not found from then on. One that services use may be refused.

    Args:
        organization_id: The organization that owns the git token.
        git_token_id: The git token.
        client: Who calls, and where the API is.

    Raises:
        InvalidRequestError: If an id or a field is not what the contract wants. Nothing is sent.
        BadRequestError: The request is malformed, or a field is missing or not acceptable. (400)
        UnauthorizedError: There are no credentials, or they are not valid. (401)
        ForbiddenError: The caller may not do this in this organization. (403)
        NotFoundError: There is no such organization or git token, or the caller may not know of it. (404)
        RateLimitedError: The caller's requests of this hour are used up. (429)
        ServerError: The server failed. (500 to 599)
        StatusError: Any other status but a success, and the base of all of these.
        InvalidResponseError: If a success cannot be read.
        httpx.TransportError: If no answer came: `httpx.ConnectError`, `httpx.TimeoutException` and the like.

    Source:
        Operation `deleteGitToken` of Qovery's OpenAPI document and API reference.
    """
    return sync_detailed(organization_id, git_token_id, client=client).result()


def sync_detailed(organization_id: UUID | str, git_token_id: UUID | str, *, client: BaseClient) -> Response[None]:
    """As `sync`, and returns the whole answer, whatever its documented status is: it raises for no such status."""
    return client._send("DELETE", _path(organization_id, git_token_id), _ANSWERS)


async def asyncio(organization_id: UUID | str, git_token_id: UUID | str, *, client: BaseClient) -> None:
    """As `sync`, awaited."""
    return (await asyncio_detailed(organization_id, git_token_id, client=client)).result()


async def asyncio_detailed(
    organization_id: UUID | str, git_token_id: UUID | str, *, client: BaseClient
) -> Response[None]:
    """As `sync_detailed`, awaited."""
    return await client._asend("DELETE", _path(organization_id, git_token_id), _ANSWERS)
