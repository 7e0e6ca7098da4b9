"""A typed client for Qovery's git tokens.

`Client` knows where the API is and who calls it. An operation is a module with four functions: `sync` and `asyncio`
return the answer or raise; `sync_detailed` and `asyncio_detailed` return the whole response, whatever its documented
status is. All that they raise is in `errors`, and httpx's own errors where there was no answer at all.
"""

from . import errors
from .api.git_tokens import (
    create_git_token,
    delete_git_token,
    edit_git_token,
    get_git_token_associated_services,
    get_organization_git_token,
    list_organization_git_tokens,
)
from .client import Client
from .errors import (
    BadRequestError,
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
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

__version__ = "0.1.0"

__all__ = (
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
    "InvalidResponseError",
    "NotFoundError",
    "QoveryError",
    "RateLimitedError",
    "Response",
    "ServerError",
    "StatusError",
    "UnauthorizedError",
    "create_git_token",
    "delete_git_token",
    "edit_git_token",
    "errors",
    "get_git_token_associated_services",
    "get_organization_git_token",
    "list_organization_git_tokens",
)
