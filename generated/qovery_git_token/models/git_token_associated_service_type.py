from enum import StrEnum


class GitTokenAssociatedServiceType(StrEnum):
    """What kind of service it is."""

    APPLICATION = "APPLICATION"
    CRON = "CRON"
    HELM = "HELM"
    LIFECYCLE = "LIFECYCLE"
    TERRAFORM = "TERRAFORM"
