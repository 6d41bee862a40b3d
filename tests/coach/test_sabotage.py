"""The learner's own tests, run by the coach: whatever they do, it is a report and no hang."""

import pytest

from coach import course
from coach.process import Launcher
from coach.runner import run_check

LESSON = 12
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
    "a file that ends the process": ("\nimport sys\nsys.exit(0)\n", "SystemExit"),
    "a file that Python cannot read": ("\ndef test_(:\n", "SyntaxError"),
}


def failed(more: str, launcher: Launcher):
    tree = course.state(LESSON) | {"myapp/tests.py": (GOOD + more).encode()}
    step = run_check(course.lesson(LESSON), tree, launcher, patience=0.3).failed_step
    assert step is not None
    return step


@pytest.mark.parametrize("name", UNKIND)
def test_unkind_file_is_reported_at_the_first_step(name, launcher):
    more, words = UNKIND[name]

    step = failed(more, launcher)

    assert step.step == 1
    assert words in " ".join([step.got, step.where, step.why or "", step.output, step.trace])


def test_without_fork_the_same_is_found():
    with Launcher(can_fork=False) as launcher:
        step = failed("\n\ndef test_nothing():\n    assert False\n", launcher)

    assert step.step == 1
    assert "test_nothing" in step.got
