"""How learners' code runs: forked or afresh with the same verdict, in a copy, leaving nothing."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coach import course
from coach.process import CAN_FORK, Launcher
from coach.runner import run_check

NUMBERS = [one.number for one in course.lessons()]
SLOW = (6, 7, 12, 13)  # lessons that take seconds, in processes that are fresh either way
CONSUMERS = "myapp/consumers.py"

# A few ways to be wrong, without a server: the change in the site after a lesson.
MISTAKES = {
    "a name not imported": (3, "myapp/routes.py", "from myapp import consumers\n", ""),
    "another greeting": (3, CONSUMERS, '"text": "hello"', '"text": "hullo"'),
    "no accept": (3, CONSUMERS, '    await send({"type": "websocket.accept"})\n', ""),
    "an exit at import": (3, "gs2/asgi.py", "import os\n", "import os, sys; sys.exit(0)\n"),
    "a crash": (3, "gs2/asgi.py", "import os\n", "import os; os.abort()\n"),
    "as_asgi forgotten": (4, "myapp/routes.py", "MySyncConsumer.as_asgi()", "MySyncConsumer"),
    "no StopConsumer": (4, CONSUMERS, "raise StopConsumer()", "pass"),
    "a prediction left out": (6, "myapp/predictions.py", "TEN_AT_SC_S = 2.0", "TEN_AT_SC_S = None"),
    "a report on the loop": (
        7,
        "myapp/reporting.py",
        "await asyncio.to_thread(slow_report, ",
        "slow_report(",
    ),
    "count on the class": (
        4,
        CONSUMERS,
        "        self.count += 1",
        "        type(self).count += 1",
    ),
}
if not CAN_FORK:
    pytest.skip("this system has one way only", allow_module_level=True)


def compared(report) -> list[dict[str, object]]:
    """The steps of a report, without what differs from run to run."""
    steps = [step.as_json() for step in report.steps]
    for step in steps:
        step["got"] = re.sub(r"\d\.\d s", "… s", step["got"])  # measured
    return steps


@pytest.fixture(scope="module")
def afresh():
    with Launcher(can_fork=False) as one:
        yield one


def assert_same(number: int, tree: course.Tree, launcher: Launcher, afresh: Launcher) -> None:
    lesson = course.lesson(number)
    forked = compared(run_check(lesson, tree, launcher, reached=number))
    assert forked == compared(run_check(lesson, tree, afresh, reached=number))


@pytest.mark.parametrize("number", [number for number in NUMBERS if number not in SLOW])
def test_both_ways_say_the_same_of_a_solution(number, launcher, afresh):
    assert_same(number, course.state(number), launcher, afresh)


@pytest.mark.parametrize("number", NUMBERS)
def test_both_ways_say_the_same_of_a_beginning(number, launcher, afresh):
    assert_same(number, course.beginning(number), launcher, afresh)


@pytest.mark.parametrize("name", MISTAKES)
def test_both_ways_say_the_same_of_a_mistake(name, launcher, afresh):
    number, *edit = MISTAKES[name]
    assert_same(number, course.edited(course.state(number), [course.Edit(*edit)]), launcher, afresh)


# -- nothing stays ------------------------------------------------------------------------------

# Notes which process it is, in a place outside of the copy.
NOTES = """
import os
with open(%r, "a") as file: print(os.getpid(), file=file)
"""


@pytest.fixture
def noting(tmp_path):
    """The site after lesson 4, whose processes note their numbers in `pids`."""
    tree = course.state(4)
    tree["gs2/__init__.py"] = (NOTES % str(tmp_path / "pids")).encode()
    return tree


def pids_in(folder: Path) -> list[str]:
    path = folder / "pids"
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize("verb", ["check 1", "check 3", "check 4", "check all", "hint 5", "hint 4"])
def test_no_process_stays_behind(verb, at_work, lay_out, noting, tmp_path, wait_gone):
    lay_out(noting)

    ran = at_work(*verb.split())

    assert (ran.code, ran.err) == (0, "")
    assert pids_in(tmp_path)
    wait_gone(pids_in(tmp_path))


@pytest.mark.parametrize("can_fork", [True, False])
def test_no_process_of_a_launcher_stays_behind(can_fork, noting, tmp_path, wait_gone):
    with Launcher(can_fork) as launcher:
        run_check(course.lesson(4), noting, launcher)
        warm = launcher.zygote.popen.pid if launcher.zygote else pids_in(tmp_path)[0]

    wait_gone([warm, *pids_in(tmp_path)])


def test_launcher_that_started_nothing_ends(wait_gone):
    with Launcher(can_fork=False) as launcher:
        fresh = launcher.next.pid
    with Launcher() as launcher:
        warm = launcher.zygote.popen.pid

    wait_gone([fresh, warm])


def children_of(pid: int) -> list[int]:
    """The processes that a process has started, where the system tells it."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(
    not Path("/proc/self/task").exists() or not list(Path("/proc/self/task").glob("*/children")),
    reason="this system does not tell which processes a process has started",
)
def test_everything_ends_with_a_coach_that_is_killed(
    environment, lay_out, work, noting, tmp_path, wait_gone
):
    """By SIGKILL, while the learner's code hangs: the warm process ends, and the site with it."""
    noting["gs2/asgi.py"] += b"while True: pass\n"
    lay_out(noting)
    process = subprocess.Popen(
        [sys.executable, "-m", "coach", "check", "4", "--work", str(work)], cwd=course.ROOT,
        env=environment | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not pids_in(tmp_path):
        assert time.monotonic() < end
        time.sleep(0.01)
    started = children_of(process.pid)
    assert started

    process.send_signal(signal.SIGKILL)
    process.wait(60)

    wait_gone([*started, *pids_in(tmp_path)])


# -- nothing is touched -------------------------------------------------------------------------

# Writes beside itself, into the working directory, and into the database of the settings.
WRITES = """
import os, pathlib, sqlite3, sys
here = pathlib.Path(__file__).resolve().parent.parent
for place in (here / "gs2/written.py", here / "gs2/settings.py", pathlib.Path("beside.txt")):
    with place.open("a") as file: file.write("# written by the site\\n")
database = sqlite3.connect(here / "db.sqlite3")
database.execute("create table if not exists tea (cups)")
database.execute("insert into tea values (1)")
database.commit(); database.close()
"""


@pytest.mark.parametrize("verb", ["check 1", "check 3", "check 4", "check all", "hint 5"])
def test_folder_is_the_same_after_code_that_writes(verb, at_work, lay_out, read):
    tree = course.state(4) | {"db.sqlite3": b"not even a database", "notes.txt": b"mine"}
    tree["gs2/asgi.py"] += WRITES.encode()
    work = lay_out(tree)

    ran = at_work(*verb.split())

    assert (ran.code, ran.err) == (0, "")
    assert read(work) == tree


@pytest.mark.parametrize(
    ("number", "more"),
    [(1, b""), (4, b""), (1, b"os._exit(0)\n"), (4, b"__import__('time').sleep(999)\n")],
)
def test_copies_are_removed(number, more, at_work, lay_out, tmp_path):
    """After a verdict, with servers and without, after a process that left, and after a hang."""
    tree = course.state(4)
    tree["gs2/asgi.py"] += more
    lay_out(tree)
    copies = tmp_path / "copies"
    copies.mkdir()

    ran = at_work("check", number, TMPDIR=str(copies), TEMP=str(copies))

    assert (ran.code, ran.err) == (int(bool(more)), "")
    assert list(copies.iterdir()) == []


def test_site_at_the_root_is_never_imported_instead(at_work, lay_out):
    """A learner's site without gs2 is a site without gs2."""
    lay_out({"manage.py": b"", "notes.txt": b""})

    ran = at_work("check", 4, "--json")

    assert (ran.code, ran.err) == (1, "")
    assert ran.failed["got"] == "ModuleNotFoundError: No module named 'gs2'"


def test_packages_of_the_coach_are_out_of_reach(at_work, lay_out):
    tree = course.state(4)
    tree["gs2/asgi.py"] += b"import coach\n"
    lay_out(tree)

    ran = at_work("check", 4, "--json")

    assert (ran.code, ran.err) == (1, "")
    assert ran.failed["got"] == "ModuleNotFoundError: No module named 'coach'"


def test_colours_that_are_asked_for_change_no_report(at_work, lay_out):
    """Python 3.13 and later write them into the traceback of a server, too."""
    tree = course.state(1)
    line = tree["gs2/asgi.py"].count(b"\n") + 3
    tree["gs2/asgi.py"] += b"import sys\nif 'daphne' in sys.argv[0]:\n    raise ValueError('tea')\n"
    lay_out(tree)

    ran = at_work("check", 1, "--json", FORCE_COLOR="1")

    assert (ran.code, ran.err) == (1, "")
    assert ran.failed["got"] == "it ended with exit status 1: ValueError: tea"
    assert ran.failed["look_at"] == f"gs2/asgi.py:{line}"


@pytest.mark.parametrize("number", [3, 4])
def test_environment_of_the_learner_changes_no_verdict(number, at_work, lay_out):
    lay_out(number)

    ran = at_work(
        "check", number, DJANGO_SETTINGS_MODULE="tea.settings", PYTHONPATH=str(course.ROOT),
        PYTHONWARNINGS="always", PYTHONDONTWRITEBYTECODE="",
    )  # fmt: skip

    assert (ran.code, ran.err) == (0, "")
