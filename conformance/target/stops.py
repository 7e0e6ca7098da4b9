"""Why a run, or the test of a clause, does not go on."""


class CannotRun(Exception):
    """The run cannot start or go on through no fault of the server's; the message says what to do. Exit code 2."""


class NotExercised(Exception):
    """A clause could not be judged; the message says why."""


class Lacking(NotExercised):
    """A clause could not be judged for lack of requests, time or network: another run may judge it."""


class Absent(NotExercised):
    """The contract has nothing that the clause is about."""


class Lost(Lacking):
    """The network lost an answer, and to repeat the request would not give the same."""


class BudgetSpent(Lacking):
    """No request is left in the budget."""


class TimeUp(BudgetSpent):
    """The time that the run was given is over."""


def short(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
