"""How it is found out what a server does not have."""

# The clause that says first whether a server has what fills a role, and the statuses that say that it has not.
FIRST = {
    "resource/create": "create",
    "resource/get": "read",
    "resource/list": "list",
    "resource/delete": "delete",
    "edit/works": "edit",
}
MISSING = frozenset({404, 405, 501})
