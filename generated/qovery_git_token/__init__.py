"""Qovery git tokens: a typed client.

`Client` and `AsyncClient` know where the API is and who calls it; what can be done is at `client.git_tokens`. Each operation
is a module as well, with four functions: `sync` and `asyncio` return the answer or raise; `sync_detailed` and
`asyncio_detailed` return the whole response, whatever its documented status is. All that they raise is in `errors`, and
httpx's own errors where there was no answer at all.
"""

__version__ = "0.2.0"
__contract__ = "0.1.0"

from . import errors
from .api.git_tokens import (
    create_git_token,
    delete_git_token,
    edit_git_token,
    get_git_token_associated_services,
    get_organization_git_token,
    list_organization_git_tokens,
)
from .client import AsyncClient, Client
from .errors import (
    BadRequestError,
    ForbiddenError,
    InvalidRequestError,
    InvalidResponseError,
    NotFoundError,
    Problem,
    QoveryError,
    RateLimitedError,
    ServerError,
    StatusError,
    UnauthorizedError,
)
from .models.git_provider import GitProvider
from .models.git_token_associated_service_response import GitTokenAssociatedServiceResponse
from .models.git_token_associated_service_type import GitTokenAssociatedServiceType
from .models.git_token_associated_services_response_list import GitTokenAssociatedServicesResponseList
from .models.git_token_request import GitTokenRequest
from .models.git_token_response import GitTokenResponse
from .models.git_token_response_list import GitTokenResponseList
from .types import Response

__all__ = (
    "AsyncClient",
    "BadRequestError",
    "Client",
    "ForbiddenError",
    "GitProvider",
    "GitTokenAssociatedServiceResponse",
    "GitTokenAssociatedServiceType",
    "GitTokenAssociatedServicesResponseList",
    "GitTokenRequest",
    "GitTokenResponse",
    "GitTokenResponseList",
    "InvalidRequestError",
    "InvalidResponseError",
    "NotFoundError",
    "Problem",
    "QoveryError",
    "RateLimitedError",
    "Response",
    "ServerError",
    "StatusError",
    "UnauthorizedError",
    "__contract__",
    "__version__",
    "create_git_token",
    "delete_git_token",
    "edit_git_token",
    "errors",
    "get_git_token_associated_services",
    "get_organization_git_token",
    "list_organization_git_tokens",
)


def __dir__() -> list[str]:
    return sorted(__all__)
