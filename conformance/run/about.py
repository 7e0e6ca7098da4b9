"""What findings are about that several clauses may come upon, and which clause has them then."""

from __future__ import annotations

from .comparison import TRIMMED

# The clauses that are broken where connections, or requests, reach servers that do not share what they store.
FRESH, HELD, AFTER_A_PAUSE = "connections/fresh", "connections/held", "sequences/idle"
# Where what a refused request has left on its connection spoils the next, or a body has to come with its head.
KEPT, PIECES = "framing/kept", "framing/pieces"
# What findings are about, of which the clause that is about just that leads.
OTHERS_DELETED, TWO_IN_ONE = "a delete deletes others", "a create gives the id of another"
OTHERS_EDITED = "an edit changes others"
UNLISTED, REFUSED_AND_DONE = "the list lacks what can be read", "a request is refused and carried out"
# The clauses that have what others come upon.
HOMES = {UNLISTED: "resource/list"} | {each: each for each in (FRESH, HELD, AFTER_A_PAUSE, KEPT, PIECES)}
LEADS = {OTHERS_DELETED: "resource/delete", TRIMMED: "values/text"}
