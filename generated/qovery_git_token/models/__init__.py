"""Contains all the data models used in inputs/outputs"""

from .git_provider import GitProvider
from .git_token_associated_service_response import GitTokenAssociatedServiceResponse
from .git_token_associated_service_type import GitTokenAssociatedServiceType
from .git_token_associated_services_response_list import GitTokenAssociatedServicesResponseList
from .git_token_request import GitTokenRequest
from .git_token_response import GitTokenResponse
from .git_token_response_list import GitTokenResponseList

__all__ = (
    "GitProvider",
    "GitTokenAssociatedServiceResponse",
    "GitTokenAssociatedServiceType",
    "GitTokenAssociatedServicesResponseList",
    "GitTokenRequest",
    "GitTokenResponse",
    "GitTokenResponseList",
)
