"""What Windows and macOS ask of the coach, forced on whatever system runs the tests."""

import codecs
import io
import json
import ntpath
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from coach import cli, course, crowd, folder
from coach.child import witness
from coach.evidence import CoachError
from coach.folder import Folder
from coach.process import Launcher
from coach.runner import run_check
from coach.screen import typed

needs_posix = pytest.mark.skipif(os.name == "nt", reason="Windows allows no such thing")
ODD = "a b\\c é 'n' & $x"
CONSUMERS = "myapp/consumers.py"


# -- names --------------------------------------------------------------------------------------


@needs_posix
def test_throw_away_copies_may_lie_in_a_folder_of_any_name(launcher, tmp_path, monkeypatch):
    odd = tmp_path / ODD
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    tree = course.state(4)
    wrong = course.edited(tree, [course.Edit(CONSUMERS, "self.count += 1", "self.count += tea")])

    assert run_check(course.lesson(4), tree, launcher).passed
    failed = run_check(course.lesson(4), wrong, launcher).failed_step

    assert failed.got == "NameError: name 'tea' is not defined"
    assert failed.look_at == f"{CONSUMERS}:{line_of(wrong, 'tea')}"
    assert [*odd.iterdir()] == []


def line_of(tree: course.Tree, words: str) -> int:
    """The line of myapp/consumers.py that holds these words."""
    lines = tree[CONSUMERS].decode().splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if words in line]
    return number


@needs_posix
def test_course_may_lie_in_a_folder_of_any_name(tmp_path, environment):
    """It finds its lessons, keeps its own modules apart, and makes work/ and a solution there."""
    home = tmp_path / ODD
    for name in ("coach", "lessons", "solutions"):
        half_written = shutil.ignore_patterns("*.pyc.*")
        shutil.copytree(course.ROOT / name, home / name, ignore=half_written)
    words = {"check": ["4", "--json"], "solution": ["4", "--to", "x y\\z"]}

    ran = {
        verb: subprocess.run(
            [sys.executable, "-m", "coach", verb, *more], cwd=home, env=environment,
            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False,
        )
        for verb, more in words.items()
    }  # fmt: skip

    assert (ran["check"].returncode, ran["check"].stderr) == (1, "")
    assert json.loads(ran["check"].stdout)["work"] == "work"
    assert (ran["solution"].returncode, ran["solution"].stderr) == (0, "")
    assert (home / "x y\\z" / CONSUMERS).read_bytes() == course.state(4)[CONSUMERS]


def test_paths_of_windows_are_told_with_slashes(monkeypatch):
    """As diagnoses know them, whether a file is the learner's or one of Channels."""
    monkeypatch.setattr(witness, "os", SimpleNamespace(sep="\\", path=ntpath))
    told = witness.Witness(r"C:\Temp\coach-1")
    channels = r"C:\course\.venv\Lib\site-packages\channels\generic\websocket.py"

    ours, theirs = told.place(r"C:\Temp\coach-1\gs2\asgi.py", 3, ""), told.place(channels, 3, "")

    assert (ours["file"], ours["work"]) == ("gs2/asgi.py", True)
    assert (theirs["file"], theirs["work"]) == (channels.replace("\\", "/"), False)
    assert not told.is_ours(r"C:\Temp\coach-12\gs2\asgi.py")


# -- what an editor leaves ----------------------------------------------------------------------


def as_notepad_saves(tree: course.Tree) -> course.Tree:
    """The same files with the line ends of Windows, and a mark of UTF-8 before Python's."""
    return {
        path: (codecs.BOM_UTF8 if path.endswith(".py") else b"") + data.replace(b"\n", b"\r\n")
        for path, data in tree.items()
    }


@pytest.mark.parametrize("number", [4, 5, 8, 11])
def test_files_as_notepad_saves_them_pass(number, launcher):
    tree = as_notepad_saves(course.state(number))

    assert run_check(course.lesson(number), tree, launcher, reached=number).passed


@pytest.mark.parametrize("mistake", course.lesson(4).mistakes[:5], ids=lambda one: one.name)
def test_line_ends_of_windows_change_nothing_in_a_report(mistake, launcher):
    tree = course.edited(course.state(4), mistake.edits)
    saved = {path: data.replace(b"\n", b"\r\n") for path, data in tree.items()}

    first, second = (
        run_check(course.lesson(4), one, launcher, patience=mistake.patience)
        for one in (tree, saved)
    )

    assert not first.passed
    assert first.steps == second.steps


# -- the file system ----------------------------------------------------------------------------


def test_file_spelt_in_another_case_is_replaced(work, lay_out):
    """Where `Routes.py` is `routes.py` too, catch-up puts one in the place of the other."""
    lay_out({"myapp/Routes.py": b"mine"})
    if not (work / "myapp/routes.py").exists():
        os.link(work / "myapp/Routes.py", work / "myapp/routes.py")  # two names of one file
    known = {"myapp/Routes.py": b"mine"}

    changed = Folder(work).become({"myapp/routes.py": b"the course's"}, known, keeps=True)

    assert changed == ["myapp/Routes.py", "myapp/routes.py"]
    assert {path.name: path.read_bytes() for path in (work / "myapp").iterdir()} == {
        "routes.py": b"the course's"
    }


def test_another_file_in_the_way_is_kept(work, lay_out):
    lay_out({"myapp/Routes.py": b"mine", "myapp/routes.py": b"saved this moment"})
    known = {"myapp/Routes.py": b"mine"}

    with pytest.raises(CoachError, match="is not in the snapshot"):
        Folder(work).become({"myapp/routes.py": b"the course's"}, known, keeps=True)

    assert (work / "myapp/routes.py").read_bytes() == b"saved this moment"


@pytest.fixture
def held_open(monkeypatch):
    """A function that has the next renames refused, as Windows does while a file is open."""
    monkeypatch.setattr(folder, "ATTEMPTS", 3)
    monkeypatch.setattr(folder, "PAUSE_S", 0)

    def hold(times: int) -> None:
        refusals = [PermissionError(13, "Access is denied")] * times
        rename = Path.replace

        def refuse(path: Path, target: Path) -> Path:
            if refusals:
                raise refusals.pop()
            return rename(path, target)

        monkeypatch.setattr(Path, "replace", refuse)

    return hold


def test_file_that_is_open_for_a_moment_is_waited_for(held_open, lay_out, read, work):
    lay_out({"notes.txt": b"tea"})
    held_open(2)

    Folder(work).write("notes.txt", b"coffee")

    assert read(work) == {"notes.txt": b"coffee"}


def test_file_that_stays_open_is_said_and_kept(held_open, lay_out, read, work):
    lay_out({"notes.txt": b"tea"})
    held_open(3)

    with pytest.raises(CoachError) as error:
        Folder(work).write("notes.txt", b"coffee")

    assert str(error.value) == (
        f"{work}/notes.txt cannot be written: Access is denied. Make the folder writable, or name "
        "another with WORK=path."
    )
    assert read(work) == {"notes.txt": b"tea"}


def test_file_that_cannot_be_removed_is_said_and_kept(in_process, lay_out, work, monkeypatch):
    lay_out(4)
    remove = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name == "routes.py":
            raise PermissionError(13, "Access is denied")
        remove(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)

    ran = in_process("catch-up", 2)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{work}/myapp/routes.py cannot be removed: Access is denied. Close the program that has "
        "it open, or make its folder writable, then try again: the last snapshot has every file.\n"
    )
    assert (work / "myapp/routes.py").read_bytes() == course.state(4)["myapp/routes.py"]


# -- processes ----------------------------------------------------------------------------------


def test_fresh_process_that_floods_is_ended():
    tree = course.state(4)
    tree["gs2/asgi.py"] += b"\nwhile True: print('tea')\n"

    with Launcher(can_fork=False) as launcher:
        process = launcher.next
        failed = run_check(course.lesson(4), tree, launcher).failed_step

        assert failed.got == "more than 10,000 lines of output, or 1 MB"
        assert failed.look_at == f"gs2/asgi.py:{len(tree['gs2/asgi.py'].splitlines())}"
        assert process.popen.poll() is not None


def test_windows_opens_as_many_connections_as_its_select_takes(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)

    assert crowd.connections_allowed() == 800


# -- terminals ----------------------------------------------------------------------------------


def run_encoded(monkeypatch, encoding: str, *words: object) -> tuple[int, str]:
    """The exit code of a verb, and what it printed to a stream that fails at other letters."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding, errors="strict")
    monkeypatch.setattr(sys, "argv", ["coach", *map(str, words)])
    monkeypatch.setattr(sys, "stdout", stream)
    code = cli.main()
    stream.flush()
    return code, stream.buffer.getvalue().decode(encoding)


VERBS = {
    "check 5": 1, "check 5 --json": 1, "hint 5": 0, "diff 5": 0, "catch-up 4": 0, "history": 0,
    "rewind 1": 0, "progress": 0, "progress --json": 0, "doctor": 0, "doctor --json": 0,
}  # fmt: skip


def test_every_verb_prints_where_the_terminal_has_few_letters(monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("WORK", str(tmp_path / "Kurs é 茶"))

    for words, expected in VERBS.items():
        code, printed = run_encoded(monkeypatch, "cp1252", *words.split())
        assert (words, code, capfd.readouterr().err) == (words, expected, "")
        if words == "check 5":
            assert "\n  x 1  The connection is accepted\n" in printed
            assert "\n  - 2  " in printed
            assert "Kurs é ?/ is new: your site is in it, edit it there." in printed
        elif words.endswith("--json"):
            assert json.loads(printed)["schema"] == 1


@needs_posix
@pytest.mark.parametrize("closed", [[0, 1, 2], [1]], ids=str)
def test_streams_that_are_closed_cost_no_report(closed, work, environment, tmp_path):
    """As a program without a console has it, or `>&-`."""
    junit = tmp_path / "junit.xml"
    command = ["-m", "coach", "check", "4", "--work", str(work), "--junit", str(junit)]

    ran = subprocess.run(
        [sys.executable, *command], cwd=course.ROOT, env=environment, timeout=60, check=False,
        preexec_fn=lambda: [os.close(number) for number in closed],
    )  # fmt: skip

    assert ran.returncode == 1
    assert 'failures="1"' in junit.read_text("utf-8")


def test_commands_can_be_typed_without_make():
    assert typed("check", 3, has_make=False) == "python -m coach check 3"
    assert (
        typed("catch-up", 9, "sync", has_make=False) == "python -m coach catch-up 9 --branch sync"
    )
    assert typed("rewind", 2, has_make=False, work="else where") == "python -m coach rewind 2"
