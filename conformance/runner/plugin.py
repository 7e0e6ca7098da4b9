"""Runs the suite's tests as clauses: which of them, in what order, and what each says of the server."""

from __future__ import annotations

import contextlib
import io
import os
import time
import traceback
import warnings
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import _hypothesis_pytestplugin  # type: ignore[import-untyped]
import pytest
import schemathesis.pytest.plugin
from hypothesis import HealthCheck, Phase, core, settings
from hypothesis.database import ExampleDatabase
from hypothesis.errors import HypothesisException

from ..run.clause import Broken, Clause, Result, Stumbled
from ..run.harmless import CLAUSES
from ..run.run import Run
from ..suite import fuzzing
from ..target.stops import Absent, BudgetSpent, CannotRun, Lacking, NotExercised, TimeUp
from .choice import CHAPTERS, tested

SUITE = Path(__file__).parent.parent / "suite"
E = TypeVar("E", bound=BaseException)

# Plugins of pytest's own that a run has no use for: each takes its time.
IDLE = ("debugging", "doctest", "faulthandler", "junitxml", "pastebin", "recwarn", "setuponly", "setupplan", "stepwise")


class Plugin:
    """A pytest plugin for one run.

    `chosen` are the clauses that were asked for; those that one of them needs are run with it.
    `started` and `finished` are told of every clause as its test starts and ends.
    """

    def __init__(
        self, run: Run, chosen: Collection[Clause], finished: Callable[[Result], None], fail_fast: bool = False
    ) -> None:
        self.run = run
        self.started: Callable[[Clause], None] = lambda _: None
        self.finished = finished
        self.fail_fast = fail_fast
        run.findings.exhaustive = not fail_fast
        self.failure: BaseException | None = None
        self._round = 0
        self._chapters: Sequence[str] = ()
        # Whether the clause that is being judged has held in an earlier round.
        self._held = False
        every = {clause.id: clause for clause in tested(run.resource)}
        # If only checks that run on every answer were asked for, everything is worth asking the server.
        pending = [clause.id for clause in every.values() if clause in chosen] or list(every)
        wanted: set[str] = set()
        while pending:
            wanted.add(id := pending.pop())
            pending += [each for each in every[id].needs if each not in wanted and each in every]
        for clause in every.values():
            if clause.id in wanted:
                run.add(clause)
        self._wanted = wanted

    @property
    def findings(self) -> list[str]:
        """The clauses that are broken."""
        return [each.clause.id for each in self.run.results.values() if each.finding]

    @property
    def over(self) -> bool:
        """Whether nothing more is to be run."""
        return self.failure is not None or (self.fail_fast and bool(self.findings))

    def main(
        self, database: ExampleDatabase | None = None, chapters: Sequence[str] = CHAPTERS, number: int = 0
    ) -> None:
        """Runs chapters of the suite in this process; `database` remembers failing examples from run to run.

        What is generated is another with every `number`. That may be in a test of somebody's: their pytest and
        Hypothesis have no say in the run, and are as before.
        """
        self._round = number
        wanted = [chapter for chapter in chapters if any(id.startswith(f"{chapter}/") for id in self._wanted)]
        # To collect this one takes as long as many requests do: what is found before it need not wait.
        for part in ([each for each in wanted if each != "fuzzing"], [each for each in wanted if each == "fuzzing"]):
            if part and not self.over:
                with _alone():
                    self._main(database, part, self.run.seed + number)

    def _main(self, database: ExampleDatabase | None, chapters: Sequence[str], seed: int) -> None:
        settings.register_profile(
            "conformance",
            max_examples=self.run.scaled(5),
            deadline=None,
            # In CI, Hypothesis would turn to the same requests for every seed, and forbid a database.
            derandomize=False,
            database=database,
            # Findings are made smaller by the suite: Hypothesis's own way may cost hundreds of requests.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
        )
        settings.load_profile("conformance")
        # Not by --hypothesis-seed, which would take the database away.
        if "fuzzing" in chapters:
            fuzzing.prepare(self.run.contract, seed)
        self._chapters = chapters
        quiet = io.StringIO()
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            code = pytest.main(
                [
                    f"--rootdir={SUITE}",
                    "-c/dev/null",
                    "--noconftest",
                    "--capture=no",
                    "--disable-plugin-autoload",
                    "--import-mode=importlib",
                    # The suite asserts nothing: it raises what it finds. To rewrite what else is imported takes time.
                    "--assert=plain",
                    "-pno:cacheprovider",
                    "-pno:terminalreporter",
                    "-pno:logging",
                    "-pno:warnings",
                    # It collects garbage, again and again.
                    "-pno:unraisableexception",
                    *(f"-pno:{name}" for name in IDLE),
                ],
                # By name, pytest would look for them in everything that is installed.
                plugins=[self, _hypothesis_pytestplugin, schemathesis.pytest.plugin],
            )
        if code not in (0, 1, 2, 5):
            raise CannotRun(f"the suite itself is wrong:\n{quiet.getvalue()[-4000:]}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        """Collects the chapters, without pytest's search for them in folders."""
        modules = (pytest.Module.from_parent(session, path=SUITE / f"{each}.py") for each in self._chapters)
        session.items = [item for module in modules for item in session.genitems(module)]
        session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=session.items)
        session.testscollected = len(session.items)
        return True

    @pytest.fixture(name="run", scope="session")
    def run_fixture(self) -> Run:
        return self.run

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A chapter that cannot be read would be one that nobody misses."""
        if report.failed:
            self.failure = CannotRun(f"the suite itself is wrong:\n{report.longreprtext[-4000:]}")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if clause_of(item).id in self._wanted]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        result = self.run.results[clause_of(item).id]
        start = time.monotonic()
        self.started(result.clause)
        # So that what a clause sends does not depend on which ones came before it.
        self.run.random.seed(f"{self.run.seed} {self._round} {result.clause.id}")
        self._held = self._round > 0 and result.state == "held"
        result.reason, result.lacking = "", False
        done = yield
        if result.judged:
            result.reason = ""
        elif not result.finding and not result.reason and not result.requests:
            result.reason = "no request exercised it"
        result.seconds += time.monotonic() - start
        self.finished(result)
        if self.over:
            item.session.shouldstop = "fail fast"
        return done

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        result = self.run.results[clause_of(item).id]
        if self.run.target.read_only and result.clause.id not in CLAUSES:
            result.reason = "with --read-only nothing is written"
            pytest.skip(result.reason)
        for needed in result.clause.needs:
            if self.run.target.read_only and needed not in CLAUSES:
                continue
            other = self.run.results.get(needed)
            if other is None:
                # The contract has nothing that it is about.
                continue
            adopted = needed == "resource/create" and self.run.target.overwrite and self.run.subject
            if other.state != "held" and not adopted and not other.absent:
                result.reason, result.lacking = f"{needed} is {other.state}", other.lacking
                pytest.skip(result.reason)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Runs the test of a clause, and takes what it raises for what it says of the server."""
        self.run.current = result = self.run.results[clause_of(item).id]
        try:
            return (yield)
        except BaseException as error:
            self.run.current = None
            self._judge(result, error, item.session)
            return None
        finally:
            self.run.current = None
            self._settle(result, item.session)

    def _settle(self, result: Result, session: pytest.Session) -> None:
        if not self.failure:
            try:
                self.run.findings.settle()
            except (CannotRun, KeyboardInterrupt) as failure:
                self._end(result, failure, session)

    def _judge(self, result: Result, error: BaseException, session: pytest.Session) -> None:
        broken = _find(error, Broken)
        if broken is not None and broken.kept:
            pass
        elif broken is not None:
            try:
                self.run.findings.add(result, broken)
            except NotExercised:
                # No request is left to show it again with.
                self.run.findings.keep(result, broken)
            except (CannotRun, KeyboardInterrupt) as failure:
                self._end(result, failure, session)
        elif self._held and _find(error, NotExercised):
            # Of a later round, nothing is lacking.
            pass
        elif result.judged and _find(error, TimeUp):
            result.note = "cut short, for the time was up"
        elif result.judged and (_find(error, BudgetSpent) or self.run.target.budget.remaining <= 0):
            result.note = "cut short by the budget"
        elif stumbled := _find(error, Stumbled):
            result.reason, result.judged = f"its answers broke {stumbled}", 0
        elif missing := _find(error, NotExercised):
            result.reason, result.judged, result.lacking = str(missing), 0, _find(error, Lacking) is not None
            result.absent = isinstance(missing, Absent)
        elif _find(error, HypothesisException) and self.run.target.budget.remaining <= 0:
            result.reason, result.judged, result.lacking = "the budget of requests is used up", 0, True
        elif _find(error, HypothesisException):
            # Where the network loses answers, what is repeated may be answered in another way.
            who, result.lacking = ("the network", True) if self.run.target.network.faults else ("the server", False)
            result.reason, result.judged = f"{who} answered the same requests differently", 0
        elif isinstance(error, LookupError | TypeError | ValueError | AttributeError | RecursionError) and (
            self.findings
        ):
            # An answer that is wrong already may be too wrong for the clause to read.
            result.reason, result.judged = f"its answers cannot be read: {self.findings[0]} is broken", 0
        else:
            # The run cannot go on: nobody answers, the user interrupts, or the suite itself is wrong.
            known = _find(error, CannotRun) or _find(error, KeyboardInterrupt) or _unfit(result.clause, error)
            self._end(result, known or error, session)

    def _end(self, result: Result, failure: BaseException, session: pytest.Session) -> None:
        self.failure = failure
        result.reason, result.judged = "the run ended here", 0
        session.shouldstop = "the run cannot go on"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Within it, a session of pytest knows nothing of the one that it may be in, and leaves no trace in it."""
    profile, seed = settings.get_current_profile_name(), core.global_force_seed
    names = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_CURRENT_TEST")
    environ = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        settings.load_profile(profile)
        core.global_force_seed = seed
        os.environ |= environ


def _unfit(clause: Clause, error: BaseException) -> CannotRun | None:
    """Says which clause cannot be judged against the contract as it is now, where it looks up what is not there."""
    if not isinstance(error, LookupError):
        return None
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent == SUITE]
    where = f" ({Path(places[-1].filename).name}:{places[-1].lineno})" if places else ""
    cannot = CannotRun(f"the clause {clause.id}{where} relies on what the contract does not have: {error}")
    cannot.__cause__ = error
    return cannot


def clause_of(item: pytest.Item) -> Clause:
    """The clause that a test of the suite judges."""
    clause: Clause = item.obj.clause  # type: ignore[attr-defined]
    return clause


def _find(error: BaseException, kind: type[E]) -> E | None:
    """The first exception of a kind in `error`, which Hypothesis may have wrapped in a group."""
    if isinstance(error, kind):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next((found for each in error.exceptions if (found := _find(each, kind))), None)
    return None
