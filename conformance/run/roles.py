"""The operations of the contract by what they do."""

CREATE, DELETE = "createGitToken", "deleteGitToken"
LIST, READ = "listOrganizationGitTokens", "getOrganizationGitToken"
EDIT, SERVICES = "editGitToken", "getGitTokenAssociatedServices"

# The clause that says first whether a server has an operation, and the statuses that say that it has not.
FIRST = {
    "resource/create": CREATE,
    "resource/get": READ,
    "resource/list": LIST,
    "resource/associated-services": SERVICES,
    "resource/delete": DELETE,
    "edit/works": EDIT,
}
MISSING = frozenset({404, 405, 501})
