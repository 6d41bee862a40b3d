"""Runs of the learner's tests, on their own site and on sabotaged ones, each in a process."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

from coach.evidence import Evidence, Told
from coach.process import Process
from coach.site import FLOODS, Site

TESTS = "myapp/tests.py"
# Imported by the warm process when it is first asked for such a run, so that no other pays for it.
IMPORTS = ("pytest", "pytest_asyncio.plugin", "channels.testing", "django.test")
QUIET_LIMIT_S = 10.0  # between two things that a run tells
SITES = (
    "rooms leak", "history reversed", "lines saved twice", "anonymous admitted",
    "no discard", "error closes", "count shared", "await forgotten",
)  # fmt: skip


@dataclass
class Test:
    """One test: "passed", "failed", "skipped" or "marked xfail"; why, and from which exceptions."""

    name: str
    outcome: str = ""
    reason: str = ""
    error: list[Told] = field(default_factory=list)


@dataclass
class Run:
    """What became of one run.

    unrun: the names of tests that pytest calls and nobody awaits
    touched: how often the sabotage has come into play
    ended: how the run ended where it did not come to its end, `place` the line that did it
    """

    tests: dict[str, Test] = field(default_factory=dict)
    is_collected: bool = False
    unrun: list[str] = field(default_factory=list)
    error: list[Told] = field(default_factory=list)
    unawaited: list[Told] = field(default_factory=list)
    touched: int = 0
    ended: str = ""
    kind: str = ""
    place: Told | None = None
    running: str = ""
    output: str = ""

    @property
    def failed(self) -> Test | None:
        """The first test that failed."""
        return next((one for one in self.tests.values() if one.outcome == "failed"), None)

    @property
    def caught_by(self) -> str:
        """The test that did not pass, or "" where all did."""
        if self.failed:
            return self.failed.name
        return self.running or "their import" if self.ended or self.error else ""

    def passed(self, name: str) -> bool:
        """Whether a test was reached and passed."""
        return name in self.tests and self.tests[name].outcome == "passed"

    def hear(self, told: Told) -> None:
        """Take what the process says."""
        say = told["say"]
        if say == "collected":
            self.is_collected, self.unrun = True, told["unrun"]
        elif say == "test":
            self.running = told["test"]
            self.tests[self.running] = Test(self.running)
        elif say == "tested":
            self._hear_outcome(self.tests[told["test"]], told)
        elif say == "failed":
            self.tests[told["test"]].error = self.tests[told["test"]].error or told["error"]
        elif say == "not-collected":
            self.error = self.error or told["error"]
        elif say == "unawaited":
            self.unawaited.append(told | {"test": self.running})
        elif say == "leaving":
            self.ended, self.place = f"the process ended by {told['call']}", told["by"]

    def _hear_outcome(self, test: Test, told: Told) -> None:
        """A test failed where a part of it did; it passed where its body did."""
        if told["outcome"] == "failed":
            test.outcome = "failed"
        elif told["outcome"] in ("skipped", "marked xfail") or (
            told["when"] == "call" and not test.outcome
        ):
            test.outcome = told["outcome"]
        test.reason = test.reason or told["reason"]
        if told["when"] == "teardown":
            self.running = ""


class Runner:
    """Runs the tests of one site; several runs go on at once, as many as there are cores.

    own: the run on the site as it is, once it was made
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.free = asyncio.Semaphore(os.cpu_count() or 1)
        self.own: Run | None = None

    async def sabotaged(self, sabotage: str) -> Run:
        """A run on a sabotaged site. Where all tests pass, they get a second chance: whether a
        line has leaked into a room may depend on who has entered it by then."""
        run = await self.run(sabotage)
        return run if run.caught_by else await self.run(sabotage)

    async def idle(self, found: dict[str, Run]) -> list[str]:
        """The test functions that pass on each sabotaged site, given a run on each.

        A run ends at the first test that fails. What could still be idle is run by itself, to the
        end, where it was not reached. What is then not known to pass everywhere is left out.
        """
        failed = {function_of(run.caught_by) for run in found.values()}
        own = self.own.tests.values() if self.own else ()
        asked = [one.name for one in own if one.outcome == "passed"]
        asked = [name for name in asked if function_of(name) not in failed]
        passed = {
            name: {test for test in found[name].tests if found[name].passed(test)} for name in found
        }
        left = {name: [test for test in asked if test not in passed[name]] for name in found}
        left = {name: tests for name, tests in left.items() if tests}
        runs = await asyncio.gather(*(self.run(name, only) for name, only in left.items()))
        for name, run in zip(left, runs, strict=True):
            passed[name] |= {test for test in run.tests if run.passed(test)}
        busy = {function_of(t) for t in asked if not all(t in passed[name] for name in found)}
        return [one for one in dict.fromkeys(map(function_of, asked)) if one not in busy]

    async def run(self, sabotage: str = "", only: Sequence[str] = ()) -> Run:
        """Run the tests once, on a site that is sabotaged in this way, or left as it is: up to the
        first that fails, or, where some are named, `only` these, each of them."""
        async with self.free:
            run = Run()
            heard: asyncio.Queue[Told] = asyncio.Queue()
            loop = asyncio.get_running_loop()
            process = await asyncio.to_thread(
                self.site.launcher.start, self._config(sabotage, only)
            )

            def on_answer(told: Told) -> None:
                with contextlib.suppress(RuntimeError):  # the check is over, the loop closed
                    loop.call_soon_threadsafe(heard.put_nowait, told)

            process.listen(on_answer)
            try:
                await self._follow(run, process, heard)
            finally:
                run.output = process.output.text()
                await asyncio.to_thread(self.site.launcher.stop, process)
            return run

    def _config(self, sabotage: str, only: Sequence[str]) -> Told:
        some = "-some" if only else ""
        own = Path(self.site.folder, f".coach-tests-{sabotage.replace(' ', '-')}{some}")
        return {
            "work": self.site.folder,
            "environ": self.site.environ | {"COACH_DATABASE": f"{own}.sqlite3"},
            "imports": IMPORTS,
            "tests": TESTS,
            "sabotage": sabotage,
            "only": list(only),
            "scratch": str(own),
        }

    async def _follow(self, run: Run, process: Process, heard: asyncio.Queue[Told]) -> None:
        """Hear a run until it is over, ends otherwise, or tells nothing for too long."""
        limit_s = QUIET_LIMIT_S * self.site.patience
        while True:
            try:
                told = await asyncio.wait_for(heard.get(), limit_s)
            except TimeoutError:
                run.ended, run.kind = f"it did not end within {limit_s:g} s", "hang"
                run.place = await where(process, heard)
                return
            if told["say"] == "over":
                run.touched = told["touched"]
                if not (run.is_collected or run.error):
                    run.ended, run.kind = "pytest could not begin", "left"
                return
            if told["say"] == "flood":
                run.ended, run.kind = FLOODS[told["of"]], "flood"
                run.place = await where(process, heard)
                return
            if told["say"] == "gone":
                status = await asyncio.to_thread(process.kill)
                run.ended = run.ended or f"the process ended with exit status {status}"
                run.kind = "left"
                return
            run.hear(told)


RUNNERS: WeakKeyDictionary[Site, Runner] = WeakKeyDictionary()


def runner_of(site: Site) -> Runner:
    """The one that runs the tests of this site, for all steps of a check."""
    if site not in RUNNERS:
        RUNNERS[site] = Runner(site)
    return RUNNERS[site]


async def where(process: Process, heard: asyncio.Queue[Told]) -> Told | None:
    """The line that a run has come to: one of the tests, if there is one."""
    process.tell({"do": "where"})
    told: Told = {}
    with contextlib.suppress(TimeoutError):
        while told.get("say") not in ("place", "gone"):
            told = await asyncio.wait_for(heard.get(), 2.0)
    places: list[Told] = told.get("places") or []
    ours = [one for one in places if one["file"] == TESTS]
    return next(iter(ours + places), None)


def function_of(test: str) -> str:
    """`test_history`, of which `test_history[3]` is a case."""
    return test.partition("[")[0]


def are_there(site: Site) -> bool:
    """Whether there are tests at all."""
    return Path(site.folder, TESTS).is_file()


def evidence(site: Site, run: Run, kind: str, **known: object) -> Evidence:
    """What a run tells, for a failure."""
    found = site.evidence(kind, **known)
    found.output = run.output
    found.unawaited = run.unawaited
    return found
