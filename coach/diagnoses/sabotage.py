"""Causes in the learner's own tests: what pytest makes of them, and what they do not look at."""

import ast
import re
from collections.abc import Iterator

from coach.diagnoses.catalogue import Because, diagnosis, in_file
from coach.diagnoses.syntax import (
    Function,
    calls,
    classes,
    function_at,
    line_text,
    tree_of,
)
from coach.diagnoses.ways import last_line, name_of
from coach.evidence import Evidence
from coach.sabotage import TESTS

ADMITTED = (
    "a visitor who has not logged in is let in there, and no test fails for it: let one come from "
    "a page of this site, and assert, where nothing catches the AssertionError, that the first of "
    "the two values of connect() is False"
)
REVERSED = (
    "no test fails where the newest line comes first: let somebody join a room in which two lines "
    "were said, hear both, and assert that they come in the order in which they were said"
)
# For each sabotaged site: why no test fails there, where what is broken never came into play in
# any test, and where it did.
UNSEEN = {
    "rooms leak": (
        "in no test is a line sent to one group while somebody is in another: that takes two "
        "browsers in two rooms, and a line",
        "a line of one room reached a browser in another, and no test fails for it. That browser "
        "has to hear something else next: let it say a line of its own, and assert that this "
        "comes first",
    ),
    "history reversed": (
        REVERSED,
        REVERSED,
    ),
    "lines saved twice": (
        "no test has the site keep a line",
        "each line was in the database twice, and no test counts it there, or hears what somebody "
        "is told who joins up to a line that comes after",
    ),
    "anonymous admitted": (
        ADMITTED,
        ADMITTED,
    ),
    "no discard": (
        "in no test is a member taken out of a group, as where somebody leaves by disconnect()",
        "who left was still a member of a group, and no test fails for it: assert, after everybody "
        "has left, that get_channel_layer().groups is empty; a name that no group has cannot be "
        "missed",
    ),
    "error closes": (
        "in no test does the site answer with an error",
        "the connection was closed right after the error, and no test uses it once more",
    ),
    "count shared": (
        "no test has two connections to a sync consumer that counts, and a message on each",
        "the second connection went on with the count of the first, and no test compares what it "
        "answers",
    ),
    "await forgotten": (
        "no test has the site keep a line",
        "lines were heard and were not in the database, and no test looks there, or joins the "
        "room afterwards",
    ),
}  # fmt: skip


def register(name: str) -> None:
    @diagnosis(f"sabotage-{name.replace(' ', '-')}")
    def sabotage(evidence: Evidence) -> str | None:
        if evidence.kind != "not-caught" or evidence.name != name:
            return None
        return UNSEEN[name][bool(evidence.value)]


for each in UNSEEN:
    register(each)


@diagnosis("tests-missing")
def tests_missing(evidence: Evidence) -> str | None:
    if evidence.kind != "no-tests":
        return None
    near = [path for path in evidence.tree if re.fullmatch(r"(\w+/)?tests?(_\w+)?(/.+)?\.py", path)]
    there = f"; there is {near[0]}" if near else ""
    return f"your tests go into one file, {TESTS}, which does not exist yet{there}"


@diagnosis("coroutine-in-test-not-awaited")
def coroutine_in_test_not_awaited(evidence: Evidence) -> str | None:
    if evidence.kind != "unawaited-in-test":
        return None
    name = evidence.unawaited[0]["coroutine"].rpartition(".")[2]
    return (
        f"{name}(…) is called here without `await`, which makes a coroutine and runs nothing of "
        "it; for an assert, a coroutine is true"
    )


@diagnosis("async-test-in-testcase")
def async_test_in_testcase(evidence: Evidence) -> Because | None:
    if evidence.kind != "too-few-tests" or not evidence.value:
        return None
    name = evidence.value[0].rpartition(".")[0] or evidence.value[0]
    why = (
        f"{name} is a unittest.TestCase, which calls its tests and awaits nothing: an `async def` "
        "in it passes, and not one line of it has run. A plain function with the mark asyncio is "
        "awaited"
    )
    return Because(why, in_file(TESTS, class_line(evidence, name), name))


@diagnosis("testcase-in-a-transaction")
def testcase_in_a_transaction(evidence: Evidence) -> Because | None:
    """A TestCase of Django: its transaction goes where conftest.py closes the connection."""
    said = evidence.raised("ProgrammingError", "Cannot operate on a closed database")
    name = evidence.name.rpartition(".")[0]
    bases = [ast.unparse(base) for one in classes(evidence, TESTS, name) for base in one.bases]
    if evidence.kind != "test-failed" or not said or not name or bases[:1] != ["TestCase"]:
        return None
    why = (
        f"{name} is a TestCase of Django, which keeps its tests in a transaction on one connection "
        "to the database: the threads of this site have others, and myapp/conftest.py closes that "
        "one after each test. TransactionTestCase keeps none"
    )
    return Because(why, in_file(TESTS, class_line(evidence, name), name))


def class_line(evidence: Evidence, name: str) -> int:
    """The line of a file of tests that defines this class, or 0."""
    source = evidence.tree.get(TESTS, b"").decode("utf-8", "replace")
    found = re.search(rf"^class {re.escape(name)}\b", source, re.M)
    return source[: found.start()].count("\n") + 1 if found else 0


@diagnosis("function-not-collected")
def function_not_collected(evidence: Evidence) -> Because | None:
    """Fewer tests than eight, and some that pytest never finds, by the source alone."""
    if evidence.kind != "too-few-tests":
        return None
    tree = tree_of(evidence, TESTS)
    for find, why in UNCOLLECTED:
        found = list(find(tree))
        if found:
            names = " and ".join(dict.fromkeys(name for name, _ in found))
            return Because(f"{names}: {why}", in_file(TESTS, found[0][1], found[0][0]))
    return None


def shadowed(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each test that another of its name, further down, takes the place of."""
    bodies = [tree.body, *(one.body for one in tree.body if isinstance(one, ast.ClassDef))]
    for body in bodies:
        tests = [one for one in body if isinstance(one, Function) and one.name.startswith("test")]
        last = {one.name: one for one in tests}
        yield from ((one.name, one.lineno) for one in tests if last[one.name] is not one)


def wrapped(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each test that async_to_sync has made an object of, which is no function."""
    for one in tree.body:
        if isinstance(one, Function) and one.name.startswith("test"):
            if any(name_of(way) == "async_to_sync" for way in one.decorator_list):
                yield one.name, one.lineno
        elif isinstance(one, ast.Assign) and isinstance(one.value, ast.Call):
            name = getattr(one.targets[0], "id", "")
            if name.startswith("test") and name_of(one.value) == "async_to_sync":
                yield name, one.lineno


def nameless(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each function that asserts something, is not called like a test, and is used nowhere."""
    used = {name_of(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)}
    for one in tree.body:
        if isinstance(one, Function) and not one.name.startswith("test"):
            asserts = any(isinstance(node, ast.Assert) for node in ast.walk(one))
            if asserts and one.name not in used and not one.decorator_list:
                yield one.name, one.lineno


UNCOLLECTED = (
    (shadowed, "another function further down has the same name, and takes its place"),
    (wrapped, "async_to_sync makes an object of it, and pytest takes functions alone for tests. "
              "Call async_to_sync inside a plain function, or mark the `async def` asyncio"),
    (nameless, "nothing calls it, and pytest calls functions whose names begin with test_"),
)  # fmt: skip


@diagnosis("async-test-without-mark")
def async_test_without_mark(evidence: Evidence) -> str | None:
    said = any("async def functions are not natively" in link["text"] for link in evidence.error)
    if evidence.kind != "test-failed" or not said:
        return None
    return (
        "pytest awaits an `async def` only where it is marked: @pytest.mark.asyncio above it, or "
        "pytestmark = pytest.mark.asyncio once for the whole file"
    )


@diagnosis("connect-not-awaited")
def connect_not_awaited(evidence: Evidence) -> str | None:
    error = evidence.raised("TypeError", "cannot unpack non-iterable coroutine object")
    if evidence.kind != "test-failed" or not error:
        return None
    return "the call makes a coroutine, and `await` in front of it is what runs it and gives a pair"


@diagnosis("class-in-communicator")
def class_in_communicator(evidence: Evidence) -> Because | None:
    """`WebsocketCommunicator(ChatConsumer, …)`: asgiref takes a class for what ASGI 2 knew, an
    application that is called with its scope alone."""
    error = evidence.raised("TypeError")
    if evidence.kind != "test-failed" or not error:
        return None
    lines = [frame for frame in error["frames"] if frame["work"]]
    if not lines or not error["frames"][-1]["name"].startswith("double_to_single_callable"):
        return None
    why = (
        "the communicator was given a consumer's class, which is no application: as_asgi() makes "
        "one of it, and `application` of gs2/asgi.py is the one that a server runs"
    )
    return Because(why, lines[-1])


@diagnosis("pair-taken-for-its-first")
def pair_taken_for_its_first(evidence: Evidence) -> str | None:
    """`assert not await browser.connect()`."""
    text = line_text(evidence, last_line(evidence))
    is_pair = evidence.raised("AssertionError", "assert not (False, ") is not None
    is_pair = is_pair and calls(function_at(evidence, last_line(evidence)) or ast.Pass(), "connect")
    is_asked = re.match(r"assert not await .*\.connect\(", text) is not None
    if evidence.kind != "test-failed" or not (is_asked or is_pair):
        return None
    return (
        "connect() gives a pair, and a pair is true whatever stands in it: the first of the two "
        "tells whether the connection was accepted, as in `is_open, _ = await browser.connect()`"
    )


@diagnosis("consumer-without-router")
def consumer_without_router(evidence: Evidence) -> Because | None:
    error = evidence.raised("KeyError")
    if evidence.kind != "test-failed" or not error:
        return None
    if error["text"] not in ("'url_route'", "'user'"):
        return None
    lines = [frame for frame in error["frames"] if frame["work"] and frame["file"] == TESTS]
    why = (
        f"the test calls the consumer alone, and nothing puts {error['text']} into its scope: in "
        "`application` of gs2/asgi.py the routers and the log-in stand around it"
    )
    return Because(why, lines[-1] if lines else None)


@diagnosis("call-in-failed-test-not-awaited")
def call_in_failed_test_not_awaited(evidence: Evidence) -> Because | None:
    """A line never came, or something had not happened: what was to bring it never ran."""
    said = evidence.raised("TimeoutError") or evidence.raised("AssertionError")
    if evidence.kind != "test-failed":
        return None
    for told in evidence.unawaited:
        at = told["at"]
        if not said and not told["coroutine"].endswith(".connect"):  # whatever fails after that
            continue
        if told["test"] == evidence.name and at and at["file"] == TESTS:
            name = told["coroutine"].rpartition(".")[2]
            why = (
                f"{name}(…) is called here without `await`, which makes a coroutine and runs "
                "nothing of it: what it was to do has not happened"
            )
            return Because(why, at)
    return None
