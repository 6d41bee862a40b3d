"""`check`: its verdict, its exit code, and the three forms in which it tells them."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from coach import course

NUMBERS = [one.number for one in course.lessons()]
LAST = NUMBERS[-1]
# Lessons that measure take seconds: the audit runs their solutions through every earlier check.

# The file that the first question of the course is about, character for character.
QUESTION = """\
import os

from django.core.asgi import get_asgi_application

# routing for channels
from channels.routing import URLRouter,ProtocolTypeRouter
from myapp.routes import websocket_urlpatterns
####


os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'gs2.settings')

application = get_asgi_application()

# add code to handle websocket urls patterns
application = ProtocolTypeRouter({
    "http":application,
    "websocket": URLRouter(
        websocket_urlpatterns
    )
})
"""


def with_another_greeting() -> course.Tree:
    """The site after lesson 3, which greets with another word: step 2 fails, without a server."""
    edit = course.Edit("myapp/consumers.py", '"text": "hello"', '"text": "hullo"')
    return course.edited(course.state(3), [edit])


# -- the verdict --------------------------------------------------------------------------------


# The audit runs the others' checks on these states; here is what the verb makes of them.
@pytest.mark.parametrize("number", [1, 3, 5, 9])
def test_solution_of_the_last_lesson_passes_each_check(coach, tmp_path, number):
    site = tmp_path / "site"
    made = coach("solution", LAST, "--branch", "async", "--to", site)

    ran = coach("check", number, "--work", site)

    assert (made.code, ran.code, ran.err) == (0, 0, "")
    assert f"  passed: lesson {number} is done\n" in ran.out


@pytest.mark.parametrize("number", [3, 5])
def test_solution_passes_every_check_up_to_its_lesson(coach, tmp_path, number):
    site = tmp_path / "site"
    coach("solution", number, "--to", site)

    ran = coach("check", "all", "--work", site, "--json")

    assert (ran.code, ran.err) == (0, "")
    assert [told["lesson"] for told in ran.told["lessons"]] == list(range(1, number + 1))


@pytest.mark.parametrize("number", NUMBERS)
def test_beginning_fails_with_one_thing_to_do(at_work, number):
    ran = at_work("check", number, "--json")

    assert (ran.code, ran.err) == (1, "")
    states = [step["state"] for step in ran.told["steps"]]
    passed = states.count("passed")
    assert states == ["passed"] * passed + ["failed"] + ["waiting"] * (len(states) - passed - 1)


def test_file_of_the_question_passes_lesson_3(at_work, lay_out):
    lay_out(course.state(3) | {"gs2/asgi.py": QUESTION.encode()})

    ran = at_work("check", 3, "--json")

    assert (ran.code, ran.told["passed"]) == (0, True)


def test_all_goes_through_every_lesson_begun(at_work, lay_out):
    """Each up to its own first failing step: one that fails does not hide the next."""
    lay_out(with_another_greeting())

    ran = at_work("check", "all", "--json")

    assert (ran.code, ran.err) == (1, "")
    assert list(ran.told) == ["schema", "passed", "lessons"]
    assert (ran.told["schema"], ran.told["passed"]) == (1, False)
    assert [told["passed"] for told in ran.told["lessons"]] == [True, True, False]
    assert [step["state"] for step in ran.told["lessons"][2]["steps"]] == [
        "passed", "failed", "waiting", "waiting", "waiting"
    ]  # fmt: skip


def test_all_begins_where_nothing_is_there(at_work, work, read):
    ran = at_work("check", "all", "--json")

    assert (ran.code, [told["lesson"] for told in ran.told["lessons"]]) == (1, [1])
    assert read(work) == course.beginning(1)


def test_retired_steps_stay_retired_while_all_is_broken(at_work, lay_out, work):
    """A slip that fails every lesson at once does not ask for lesson 2's end again."""
    lay_out(3)
    assert at_work("check", "all").code == 0
    routes = work / "myapp/routes.py"
    right = routes.read_bytes()
    routes.write_bytes(right.replace(b"consumers.hello", b"consumers.helo"))

    broken = at_work("check", "all")
    routes.write_bytes(right)

    assert (broken.code, at_work("check", 2).code) == (1, 0)


def test_step_is_not_retired_by_a_glance_at_a_later_lesson(at_work, lay_out):
    """Whoever checks lesson 3 too early still has lesson 2 to do."""
    lay_out(course.beginning(2))
    assert [at_work("check", number).code for number in (2, 3, 2)] == [1, 1, 1]


@pytest.mark.parametrize("begun", [3, LAST])
def test_retired_steps_are_left_out(at_work, lay_out, begun):
    """Lesson 3 makes untrue what lesson 2 says of a WebSocket."""
    lay_out(begun)

    ran = at_work("check", 2)
    told = at_work("check", 2, "--json").told

    assert ran.code == 0
    assert ran.out == (
        "Lesson 2 · One callable for each protocol                         1 step\n"
        "  ✓ 1  A page is still answered\n"
        "  passed: lesson 2 is done\n"
        "  next  lessons/03-routes/README.md\n"
        "  note  Steps 2 and 3 left out: a later lesson that you have begun changes what they "
        "look at.\n"
    )
    assert [(step["step"], step["state"]) for step in told["steps"]] == [(1, "passed")]


def test_retired_steps_count_until_then(at_work, lay_out):
    lay_out(2)

    told = at_work("check", 2, "--json").told

    assert [(step["step"], step["state"]) for step in told["steps"]] == [
        (1, "passed"), (2, "passed"), (3, "passed")
    ]  # fmt: skip


FIRST = (
    "  note  A first check is expected to fail: lesson 3 begins here. Its page is "
    "lessons/03-routes/README.md.\n"
)


def test_first_check_says_that_it_is_expected_to_fail(at_work, lay_out):
    lay_out(with_another_greeting())

    first, second = at_work("check", 3), at_work("check", 3)

    assert first.out.endswith(FIRST)
    assert (second.code, second.out) == (1, first.out.removesuffix(FIRST))


def test_first_check_that_passes_says_nothing_of_it(at_work, lay_out):
    lay_out(4)

    assert "note" not in at_work("check", 4).out


# -- for programs -------------------------------------------------------------------------------

REPORT = {
    "schema": int, "lesson": int, "title": str, "work": str, "branch": str | None, "passed": bool,
    "seconds": float, "steps": list,
}  # fmt: skip
STEP = {
    "step": int, "title": str, "state": str, "did": str, "expected": str, "got": str,
    "look_at": str, "diagnosis": str | None, "why": str | None, "tape": list,
}  # fmt: skip


def test_json_has_its_fixed_form(at_work, lay_out, work):
    lay_out(with_another_greeting())

    ran = at_work("check", 3, "--json")

    assert (ran.code, ran.err, ran.out.count("\n")) == (1, "", 1)
    told = ran.told
    assert list(told) == list(REPORT)
    assert all(isinstance(told[name], kind) for name, kind in REPORT.items())
    for step in told["steps"]:
        assert list(step) == list(STEP)
        assert all(isinstance(step[name], kind) for name, kind in STEP.items())
    assert told["seconds"] > 0
    assert {name: told[name] for name in REPORT if name not in ("seconds", "steps")} == {
        "schema": 1, "lesson": 3, "title": "Route the sockets", "work": str(work), "branch": None,
        "passed": False,
    }  # fmt: skip


def test_json_of_the_steps_says_what_was_seen(at_work, lay_out):
    lay_out(with_another_greeting())

    first, second, *rest = at_work("check", 3, "--json").told["steps"]

    nothing = {
        "did": "", "expected": "", "got": "", "look_at": "", "diagnosis": None, "why": None,
        "tape": [],
    }  # fmt: skip
    assert first == nothing | {"step": 1, "title": "A page is still answered", "state": "passed"}
    assert {**second, "diagnosis": ..., "why": ...} == {
        "step": 2, "title": "/ws/hello/ opens and greets", "state": "failed",
        "did": "Ana opens /ws/hello/",
        "expected": 'the text frame "hello"', "got": 'the text frame "hullo"',
        "look_at": "myapp/consumers.py:18", "diagnosis": ..., "why": ...,
        "tape": [
            "Ana → websocket.connect",
            "Ana ← websocket.accept",
            'Ana ← websocket.send text="hullo"   ✗ expected the text frame "hello"',
        ],
    }  # fmt: skip
    titles = [step.title for step in course.lesson(3).steps]
    assert rest == [
        nothing | {"step": number, "title": titles[number - 1], "state": "waiting"}
        for number in (3, 4, 5)
    ]


def test_json_stays_whole_whatever_the_site_prints(at_work, lay_out):
    tree = with_another_greeting()
    tree["gs2/asgi.py"] += b"print('{}'); import sys; print('{}', file=sys.stderr)\n"
    lay_out(tree)

    ran = at_work("check", 3, "--json")

    assert (ran.code, ran.err) == (1, "")
    assert ran.failed["got"] == 'the text frame "hullo"'


ODD_TEXT = '"text": "\\ud800 \\x00 \\x1b[31m \\uffff 茶"'


def odd_greeting() -> course.Tree:
    """The site after lesson 3, which greets with what no terminal and no XML can carry."""
    edit = course.Edit("myapp/consumers.py", '"text": "hello"', ODD_TEXT)
    return course.edited(course.state(3), [edit])


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_json_goes_through_every_stream(at_work, lay_out, encoding):
    lay_out(odd_greeting())

    ran = at_work("check", 3, "--json", PYTHONIOENCODING=encoding)

    assert (ran.code, ran.err) == (1, "")
    assert ran.failed["got"] == 'the text frame "\ud800 \\u0000 \\u001b[31m \uffff 茶"'
    assert ran.failed["tape"][0] == "Ana → websocket.connect"


def test_junit_counts_the_steps(at_work, lay_out, tmp_path):
    lay_out(with_another_greeting())
    file = tmp_path / "junit.xml"

    ran = at_work("check", 3, "--junit", file)

    assert (ran.code, ran.err) == (1, "")
    root = ET.parse(file).getroot()
    assert root.tag == "testsuites"
    [suite] = root
    assert {name: told for name, told in suite.items() if name != "time"} == {
        "name": "lesson 3: Route the sockets", "tests": "5", "failures": "1", "errors": "0",
        "skipped": "3",
    }  # fmt: skip
    assert float(suite.get("time")) > 0
    assert [[case.get("name"), *(child.tag for child in case)] for case in suite] == [
        [f"{step.number} {step.title}", *kind]
        for step, kind in zip(
            course.lesson(3).steps, [[], ["failure"], *[["skipped"]] * 3], strict=True
        )
    ]
    [failure] = suite.iter("failure")
    assert failure.get("message") == 'the text frame "hullo"'
    assert failure.get("type") == "undiagnosed"
    assert failure.text.splitlines()[:4] == [
        "did: Ana opens /ws/hello/", 'expected: the text frame "hello"',
        'got: the text frame "hullo"', "look at: myapp/consumers.py:18",
    ]  # fmt: skip


def test_junit_of_all_has_a_suite_for_each_lesson(at_work, lay_out, tmp_path):
    lay_out(2)
    file = tmp_path / "junit.xml"

    ran = at_work("check", "all", "--junit", file, "--json")

    assert (ran.code, ran.told["passed"]) == (0, True)
    suites = ET.parse(file).getroot()
    counted = {name: told for name, told in suites.items() if name != "time"}
    assert counted == {"tests": "8", "failures": "0", "errors": "0"}
    assert [(suite.get("tests"), suite.get("failures")) for suite in suites] == [
        ("5", "0"),
        ("3", "0"),
    ]


def test_junit_is_valid_whatever_the_site_says(at_work, lay_out, tmp_path):
    lay_out(odd_greeting())
    file = tmp_path / "junit.xml"

    assert at_work("check", 3, "--junit", file).code == 1

    [failure] = ET.parse(file).getroot().iter("failure")
    assert failure.get("message") == 'the text frame "? \\u0000 \\u001b[31m ? 茶"'


def test_junit_that_cannot_be_written_is_said(at_work, lay_out, tmp_path):
    lay_out(with_another_greeting())
    file = tmp_path / "missing" / "junit.xml"

    ran = at_work("check", 3, "--junit", file)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{file} cannot be written: No such file or directory. Name another file with --junit.\n"
    )


# -- for people ---------------------------------------------------------------------------------


def test_report_says_exactly_what_there_is_to_know(at_work, lay_out, work):
    lay_out(with_another_greeting())
    step = at_work("check", 3, "--json").failed

    ran = at_work("check", 3)

    why = f"    why       {step['why']}\n" if step["why"] else ""
    titles = [step.title for step in course.lesson(3).steps]
    assert ran.out == (
        "Lesson 3 · Route the sockets                                      step 2 of 5\n"
        f"  ✓ 1  {titles[0]}\n"
        f"  ✗ 2  {titles[1]}\n"
        "\n"
        "    did       Ana opens /ws/hello/\n"
        '    expected  the text frame "hello"\n'
        '    got       the text frame "hullo"\n'
        f"    look at   {work}/myapp/consumers.py:18 · hello\n"
        f"{why}"
        "\n"
        "    the tape\n"
        "      Ana → websocket.connect\n"
        "      Ana ← websocket.accept\n"
        '      Ana ← websocket.send text="hullo"   ✗ expected the text frame "hello"\n'
        "\n"
        f"  · 3  {titles[2]}\n"
        f"  · 4  {titles[3]}\n"
        f"  · 5  {titles[4]}\n"
        "  hint  make hint-3\n"
    )


def test_pipe_gets_no_colour(at_work, lay_out):
    lay_out(with_another_greeting())

    plain, piped = at_work("check", 3, "--plain"), at_work("check", 3, FORCE_COLOR="")

    assert "\x1b" not in plain.out + piped.out
    assert plain.out.removesuffix(FIRST) == piped.out


def on_terminal(environment: dict[str, str], *words: str, **more: str) -> str:
    """What a command prints on a terminal."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "coach", *words], cwd=course.ROOT, stdin=theirs, stdout=theirs,
        stderr=theirs, env=environment | {"TERM": "xterm-256color"} | more, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    printed = b""
    try:
        while data := os.read(ours, 65_536):
            printed += data
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    process.wait(60)
    return printed.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no pseudo-terminals")
def test_terminal_gets_colour_unless_refused(environment, lay_out, work):
    lay_out(with_another_greeting())
    command = ["check", "3", "--work", str(work)]

    coloured = on_terminal(environment, *command)
    refused = on_terminal(environment, *command, NO_COLOR="1")
    plain = on_terminal(environment, *command, "--plain")

    assert "\x1b[32m✓" in coloured
    assert "\x1b" not in refused + plain
    assert refused == plain


def test_stream_that_cannot_carry_the_marks_gets_others(at_work, lay_out):
    lay_out(odd_greeting())

    ran = at_work("check", 3, PYTHONIOENCODING="ascii")

    assert (ran.code, ran.err) == (1, "")
    assert ran.out.isascii()
    assert "  + 1  A page is still answered\n  x 2  /ws/hello/ opens and greets\n" in ran.out
    assert "      Ana > websocket.connect\n      Ana < websocket.accept\n" in ran.out


def test_closed_pipe_is_no_traceback(environment, lay_out, work):
    """`python -m coach check 3 | head -1`, where head has gone already."""
    lay_out(with_another_greeting())
    readable, writable = os.pipe()
    os.close(readable)

    ran = subprocess.run(
        [sys.executable, "-m", "coach", "check", "3", "--work", str(work)], cwd=course.ROOT,
        env=environment, stdout=writable, stderr=subprocess.PIPE, timeout=60, check=False,
    )  # fmt: skip
    os.close(writable)

    assert (ran.returncode in (1, 3), ran.stderr) == (True, b"")


def test_diagnosis_that_stumbles_costs_no_report(in_process, lay_out, monkeypatch):
    lay_out(with_another_greeting())
    monkeypatch.setattr("coach.diagnoses.CATALOGUE", {"stumbles": lambda evidence: 1 / 0})

    ran = in_process("check", 3, "--json")

    assert (ran.code, ran.failed["diagnosis"], ran.failed["why"]) == (1, None, None)


def test_check_that_breaks_is_our_fault(in_process, lay_out, monkeypatch):
    async def check(site):
        raise KeyError("tea")

    lay_out(4)
    monkeypatch.setattr(course.Lesson, "checks", lambda lesson: [check] * len(lesson.steps))

    ran = in_process("check", 4)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "Step 1 of lesson 4 broke: KeyError('tea'). This is a fault of the course, not of your "
        "code.\n"
    )


def test_coach_that_breaks_says_how_to_report_it(in_process, lay_out, monkeypatch):
    def broken(*_, **__):
        raise ValueError("tea")

    lay_out(4)
    monkeypatch.setattr("coach.verbs.check.run_check", broken)

    ran = in_process("check", 4)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "The coach failed, not your code: ValueError: tea\n"
        "COACH_TRACE=1 before the command shows where; please report it with the course.\n"
    )


def test_progress_remembers_what_was_checked(at_work, lay_out, work):
    lay_out(with_another_greeting())

    at_work("check", 3)

    told = json.loads((work / ".coach/progress.json").read_text())
    assert {name: told["3"][name] for name in ("passed", "of", "done")} == {
        "passed": 1, "of": 5, "done": False
    }  # fmt: skip
