"""Create a git token: `POST /organization/{organizationId}/gitToken`."""

from uuid import UUID

from ...base import Answers, BaseClient, json_of
from ...models.git_token_request import GitTokenRequest
from ...models.git_token_response import GitTokenResponse
from ...types import Response, segment

_ANSWERS: Answers[GitTokenResponse] = {
    201: json_of(GitTokenResponse),
    400: None,
    401: None,
    403: None,
    404: None,
    429: None,
}


def _path(organization_id: UUID | str) -> str:
    return "/organization/" + segment("organization_id", organization_id) + "/gitToken"


def sync(organization_id: UUID | str, *, client: BaseClient, body: GitTokenRequest) -> GitTokenResponse:
    """Create a git token.

    Creates a git token for the organization. Not safe to repeat, each call creates another one. Qovery verifies
    the secret with the git provider, and refuses with 400 one that does not work there.

    Args:
        organization_id: The organization that owns the git token.
        client: Who calls, and where the API is.
        body: What a git token is to hold. Further properties are allowed and have no effect.

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

    Returns:
        The new git token.

    Source:
        Operation `createGitToken` of Qovery's OpenAPI document and API reference.
    """
    return sync_detailed(organization_id, client=client, body=body).result()


def sync_detailed(
    organization_id: UUID | str, *, client: BaseClient, body: GitTokenRequest
) -> Response[GitTokenResponse]:
    """As `sync`, and returns the whole answer, whatever its documented status is: it raises for no such status."""
    return client._send("POST", _path(organization_id), _ANSWERS, body)


async def asyncio(organization_id: UUID | str, *, client: BaseClient, body: GitTokenRequest) -> GitTokenResponse:
    """As `sync`, awaited."""
    return (await asyncio_detailed(organization_id, client=client, body=body)).result()


async def asyncio_detailed(
    organization_id: UUID | str, *, client: BaseClient, body: GitTokenRequest
) -> Response[GitTokenResponse]:
    """As `sync_detailed`, awaited."""
    return await client._asend("POST", _path(organization_id), _ANSWERS, body)
