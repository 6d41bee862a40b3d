"""What lesson 12 looks at: tests of the learner's own, and whether they can fail."""

import asyncio

from coach.evidence import Compared, Failure, error_named
from coach.sabotage import SITES, TESTS, Run, Test, are_there, evidence, runner_of
from coach.site import Site

PROMISES = 8
IDLE = (
    "Passed on every sabotaged site: {}. A test may be about something else than these eight "
    "promises; if it is about one of them, see whether it can fail."
)


async def check_tests_pass(site: Site) -> None:
    await runs(site)


async def check_at_least_eight_tests_run(site: Site) -> None:
    run = await runs(site)
    site.story.begin()
    site.story.add(f"runs {TESTS} with pytest")
    expected = (
        f"at least {PROMISES} tests run and pass, each case of a parametrized one counted, and all "
        "that is in them runs"
    )
    lost = [one for one in run.unawaited if one["at"] and one["at"]["file"] == TESTS]
    if lost and not run.unrun:
        got = f"{lost[0]['coroutine']}() was called and never awaited"
        known = evidence(site, run, "unawaited-in-test", place=lost[0]["at"])
        known.unawaited = lost
        raise Failure(expected, got, known)
    for name in run.unrun:
        run.tests[name].outcome = "never awaited"
    passed = [one for one in run.tests.values() if one.outcome == "passed"]
    if len(passed) < PROMISES or run.unrun:
        others = [f"{one.name} {why(one)}" for one in run.tests.values() if one not in passed]
        got = "; ".join([f"{len(passed)} passed", *others])
        known = evidence(site, run, "too-few-tests", value=run.unrun)
        raise Failure(expected, got, known)


async def check_sabotage_is_caught(site: Site) -> None:
    await runs(site)
    runner = runner_of(site)
    site.story.begin()
    site.story.add(f"runs {TESTS} on your site, sabotaged in {len(SITES)} ways")
    found = dict(zip(SITES, await asyncio.gather(*map(runner.sabotaged, SITES)), strict=True))
    for name, run in found.items():
        told = f"caught by {run.caught_by}" if run.caught_by else "every test passes"
        site.story.compared.append(Compared(name, told, agrees=bool(run.caught_by)))
    idle = await runner.idle(found)
    if idle:
        site.story.notes[IDLE.format(", ".join(idle))] = None
    passing = [name for name, run in found.items() if not run.caught_by]
    if passing:
        run = found[passing[0]]
        known = evidence(site, run, "not-caught", name=passing[0], value=run.touched)
        expected = "on each sabotaged site one of your tests fails"
        raise Failure(expected, f"every test passes where: {', '.join(passing)}", known)


async def runs(site: Site) -> Run:
    """The run of the tests on the learner's own site, where all of them pass; made once."""
    await site.load()
    site.story.add(f"runs {TESTS} with pytest")
    expected = f"every test of {TESTS} passes"
    if not are_there(site):
        raise Failure(expected, f"there is no {TESTS}", site.evidence("no-tests"))
    runner = runner_of(site)
    run = runner.own = runner.own or await runner.run()
    if run.error:
        known = evidence(site, run, "not-collected", error=run.error)
        raise Failure(expected, error_named(run.error), known)
    if run.ended:
        which = f"{run.running}: " if run.running else ""
        known = evidence(site, run, run.kind, place=run.place, stage="test")
        raise Failure(expected, which + run.ended, known)
    if run.failed:
        named = error_named(run.failed.error) if run.failed.error else run.failed.reason
        known = evidence(site, run, "test-failed", error=run.failed.error, name=run.failed.name)
        raise Failure(expected, f"{run.failed.name}: {named}", known)
    return run


def why(test: Test) -> str:
    """What became of a test that did not pass."""
    reason = f" ({test.reason})" if test.reason else ""
    return f"was {test.outcome}{reason}"
