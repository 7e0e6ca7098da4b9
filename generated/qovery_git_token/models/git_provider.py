from enum import StrEnum


class GitProvider(StrEnum):
    """Who hosts the repositories."""

    BITBUCKET = "BITBUCKET"
    GITHUB = "GITHUB"
    GITLAB = "GITLAB"
