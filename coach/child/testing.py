"""The learner's tests, run by pytest in this process; each outcome is told to the coach.

The line of configuration is that of a host, and names besides "tests", the file, and "sabotage",
what is broken on purpose, or "". "only", where there is such a list, names the tests that run,
all of them; else all run, up to the first that fails. Out, as pytest goes on:

    {"say": "not-collected", "error": […]}    the file, or a conftest.py, could not be imported
    {"say": "collected", "unrun": [the names of tests that nobody would await]}
    {"say": "test", "test": name}             it begins
    {"say": "tested", "test": name, "when": "setup"|"call"|"teardown", "outcome": "passed"|
     "failed"|"skipped"|"marked xfail", "reason": text}
    {"say": "failed", "test": name, "error": […]}
    {"say": "over", "touched": n}             n: how often what was broken has come into play
"""

import asyncio
import difflib
import gc
import inspect
import os
import threading
import unittest
from collections.abc import Iterator
from typing import Any

from coach.child import sabotage

FLAGS = ("-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-s")
# What would change how pytest runs, wherever it comes from.
UNWANTED = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_THEME")


def run(host: Any) -> None:
    """Run the tests, and say how each ended."""
    config = host.config
    for name in UNWANTED:
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # a learner has this one plugin
    watch_loop(host)
    broken = sabotage.install(config["sabotage"], host.records.is_ours)
    import pytest

    gc.freeze()  # pytest collects garbage several times at its end: not among what was there before
    flags = [*FLAGS, "-p", "pytest_asyncio.plugin", "--basetemp", config["scratch"]]
    flags += [] if config["only"] else ["-x"]
    plugins = [Reporter(host, broken, config["only"]), conftest_watcher(host)]
    pytest.main([*flags, config["tests"]], plugins=plugins)
    host.say("over", touched=broken.touched)


def watch_loop(host: Any) -> None:
    """Let `where` look into the event loop of the test that runs."""
    run_forever = asyncio.BaseEventLoop.run_forever

    def run_watched(loop: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            host.loop = loop
        run_forever(loop)

    asyncio.BaseEventLoop.run_forever = run_watched  # type: ignore[method-assign, assignment]


def conftest_watcher(host: Any) -> Any:
    """A plugin that tells why a conftest.py could not be imported, which pytest only prints."""
    import pytest

    class Watcher:
        @pytest.hookimpl(wrapper=True)
        def pytest_load_initial_conftests(self) -> Iterator[None]:
            try:
                return (yield)
            except Exception as error:
                host.say("not-collected", error=chain_of(host, error))
                raise

    return Watcher()


class Reporter:
    """The plugin of pytest that tells the coach."""

    def __init__(self, host: Any, broken: sabotage.Act, only: list[str]) -> None:
        self.host = host
        self.broken = broken
        self.only = only

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.only:
            items[:] = [item for item in items if name_of(item.nodeid) in self.only]

    def pytest_collection_finish(self, session: Any) -> None:
        unrun = [name_of(item.nodeid) for item in session.items if is_never_awaited(item)]
        self.host.say("collected", unrun=unrun)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.broken.counts.clear()
        self.host.say("test", test=name_of(nodeid))

    def pytest_runtest_logreport(self, report: Any) -> None:
        reason, outcome = "", report.outcome
        if hasattr(report, "wasxfail"):  # whether it has failed or not
            reason, outcome = report.wasxfail.removeprefix("reason: "), "marked xfail"
        elif report.skipped and isinstance(report.longrepr, tuple):
            reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        elif isinstance(report.longrepr, str):  # a strict xfail that has passed
            reason = report.longrepr
        name, when = name_of(report.nodeid), report.when
        self.host.say("tested", test=name, when=when, outcome=outcome, reason=reason)

    def pytest_exception_interact(self, node: Any, call: Any) -> None:
        what = "failed" if call.when in ("setup", "call", "teardown") else "not-collected"
        error = chain_of(self.host, call.excinfo.value)
        self.host.say(what, test=name_of(node.nodeid), error=error)

    def pytest_internalerror(self, excinfo: Any) -> None:
        self.host.say("not-collected", error=chain_of(self.host, excinfo.value))


def name_of(nodeid: str) -> str:
    """`TestChat.test_rooms`, without the file."""
    return nodeid.partition("::")[2].replace("::", ".")


def is_never_awaited(item: Any) -> bool:
    """Whether a test is an `async def` of a TestCase that calls its tests and awaits nothing."""
    kind = getattr(item, "cls", None)
    if not (isinstance(kind, type) and issubclass(kind, unittest.TestCase)):
        return False
    awaits = issubclass(kind, unittest.IsolatedAsyncioTestCase) or any(
        one.__module__ == "django.test.testcases" for one in kind.__mro__
    )
    return inspect.iscoroutinefunction(getattr(kind, item.name, None)) and not awaits


def chain_of(host: Any, error: BaseException) -> list[dict[str, Any]]:
    """An exception and what it was raised from. Not what was merely being handled: a communicator
    raises what the application raised while it handles its own TimeoutError."""
    link: BaseException | None = error
    while link is not None:
        link.__suppress_context__ = True
        link = link.__cause__
    chain: list[dict[str, Any]] = host.witness.error(error)
    if type(error).__name__ == "FixtureLookupError":
        chain[-1]["text"] = no_fixture(error)
    return [link for link in chain if link["type"] != "CancelledError"] or chain


def no_fixture(error: Any) -> str:
    """Which fixture is not there, and which has a name like it."""
    _, _, listed = error.formatrepr().errorstring.partition("available fixtures: ")
    names = [name for name in listed.partition("\n")[0].split(", ") if not name.startswith("_")]
    close = difflib.get_close_matches(error.argname, names, 1)
    meant = f": did you mean {close[0]}?" if close else ""
    return f"there is no fixture called {error.argname}{meant}"
