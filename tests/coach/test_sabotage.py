"""The learner's own tests, run by the coach: whatever they do, it is a report and no hang."""

import pytest

from coach import course
from coach.process import Launcher
from coach.runner import run_check

LESSON = 12
IDLE = (
    "Passed on every sabotaged site: test_pair. A test may be about something else than these "
    "eight promises; if it is about one of them, see whether it can fail."
)
GOOD = course.state(LESSON)["myapp/tests.py"].decode()

# What the file does, and what the report says of it.
UNKIND = {
    "a test that never ends": (
        "\n\nasync def test_for_ever():\n    while True:\n        pass\n",
        "test_for_ever",
    ),
    "a test that waits for ever": (
        "\n\nasync def test_for_ever():\n    import asyncio\n    await asyncio.Event().wait()\n",
        "test_for_ever",
    ),
    "a test that ends the process": (
        "\n\nasync def test_the_end():\n    import os\n    os._exit(0)\n",
        "os._exit(0)",
    ),
    "a fixture with a name like another": (
        "\n\nasync def test_x(login):\n    pass\n",
        "there is no fixture called login: did you mean log_in?",
    ),
    "a file that ends the process": ("\nimport sys\nsys.exit(0)\n", "SystemExit"),
    "a file that Python cannot read": ("\ndef test_(:\n", "SyntaxError"),
}


def failed(more: str, launcher: Launcher, patience: float):
    tree = course.state(LESSON) | {"myapp/tests.py": (GOOD + more).encode()}
    step = run_check(course.lesson(LESSON), tree, launcher, patience=patience).failed_step
    assert step is not None
    return step


@pytest.mark.parametrize("name", UNKIND)
def test_unkind_file_is_reported_at_the_first_step(name, launcher):
    more, words = UNKIND[name]

    step = failed(more, launcher, patience=0.3)

    assert step.step == 1
    assert words in " ".join([step.got, step.where, step.why or "", step.output, step.trace])


def test_without_fork_the_same_is_found():
    with Launcher(can_fork=False) as launcher:
        step = failed("\n\ndef test_nothing():\n    assert False\n", launcher, patience=1.0)

    assert step.step == 1
    assert "test_nothing" in step.got


def test_test_that_cannot_fail_is_named_and_others_are_not(launcher):
    more = """

async def test_pair(log_in):
    ana = WebsocketCommunicator(application, "/ws/chat/tea/", await log_in("ana"))
    assert (await ana.connect(), "is open")


@pytest.mark.parametrize("text", ["tea", "milk"])
async def test_no_line_is_lost(log_in, text):
    ana = await opened("/ws/chat/tea/", await log_in("ana"))
    await say(ana, text)
    assert await Line.objects.filter(text=text).aexists()
"""
    tree = course.state(LESSON) | {"myapp/tests.py": (GOOD + more).encode()}

    report = run_check(course.lesson(LESSON), tree, launcher)

    assert report.failed_step is None
    assert report.notes == [IDLE]


# Each takes one of the eight tests away; what the report says of it.
UNCOLLECTED = {
    "two of one name": (
        "async def test_connections_count_apart",
        "async def test_rooms_are_separate",
        "test_rooms_are_separate: another function further down has the same name",
    ),
    "an object": (
        "async def test_connections_count_apart",
        "from asgiref.sync import async_to_sync\n@async_to_sync\n"
        "async def test_connections_count_apart",
        "test_connections_count_apart: async_to_sync makes an object of it",
    ),
    "xfail": (
        "async def test_connections_count_apart",
        "@pytest.mark.xfail\nasync def test_connections_count_apart",
        "7 passed; test_connections_count_apart was marked xfail",
    ),
}


@pytest.mark.parametrize("name", UNCOLLECTED)
def test_function_that_is_no_test_is_named(name, launcher):
    find, put, words = UNCOLLECTED[name]
    text = GOOD.replace(find, put)

    tree = course.state(LESSON) | {"myapp/tests.py": text.encode()}
    step = run_check(course.lesson(LESSON), tree, launcher).failed_step

    assert step is not None
    assert step.step == 2
    assert words in " ".join([step.got, step.why or ""])
