"""The operations of the contract by what they do."""

CREATE, DELETE = "createGitToken", "deleteGitToken"
LIST, READ = "listOrganizationGitTokens", "getOrganizationGitToken"
