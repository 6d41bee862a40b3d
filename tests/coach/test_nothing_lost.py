"""No sequence of commands loses a byte of a learner's folder: it is there, or in a snapshot."""

import contextlib
import io
import os
import random
import shutil
import tempfile
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from coach import cli, course
from coach.evidence import CoachError
from coach.folder import Folder
from coach.report import Report, StepReport
from coach.snapshots import Snapshots

LOOKS = ["history", "progress", "diff"]
NUMBERS = [one.number for one in course.lessons()]

PATHS = [
    "manage.py", "gs2/asgi.py", "gs2/settings.py", "myapp/consumers.py", "myapp/routes.py",
    "gs2/new/deep/er.py", "myapp/templates/myapp/map.html", "myapp/static/logo.png", "notes.txt",
    "notes", "notes/more", "notes/more/tea.txt", "gs2", "myapp/views.py/inside", "käse 茶.txt",
]  # fmt: skip
CONTENTS = [
    b"", b"\n", b"tea\r\ncoffee\r\n", b"print('tea')\n", bytes(range(256)), b"\xef\xbb\xbf# BOM\n",
    course.state(3)["gs2/asgi.py"], course.beginning(1)["gs2/asgi.py"], "grün 茶".encode(),
]  # fmt: skip
UNTRACKED = {
    "db.sqlite3": b"SQLite format 3\0",
    "myapp/large.bin": b"\0" * 2_000_001,
    ".git/HEAD": b"ref: refs/heads/main\n",
}


def files_of(folder: Path) -> course.Tree:
    """Every file that the coach is to keep, read without its help."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or name in UNTRACKED:
            continue
        if not name.startswith(".coach/"):
            found[name] = path.read_bytes()
    return found


def run(*words: object) -> tuple[int, str]:
    """Run a verb in this process: its exit code, and what it said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            code = cli.coach.main([*map(str, words)], standalone_mode=False) or 0
        except CoachError as error:
            return cli.BROKEN, str(error)
        except click.ClickException as error:
            return cli.WRONG_USAGE, error.format_message()
    return code, said.getvalue()


def is_site(path: str) -> bool:
    return path.split("/")[0] in course.FINISHED


def unchecked(lesson, tree, launcher, shown, reached, follow) -> Report:
    """The report of a check that runs nothing: what is checked does not matter here."""
    steps = [StepReport(step.number, step.title) for step in lesson.steps]
    steps[0].state = "failed"
    return Report(lesson.number, lesson.title, shown, steps=steps)


class Learning(RuleBasedStateMachine):
    """Edits and commands in any order. `record` is what the folder held when a command began."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="nothing-lost-"))
        self.work = self.home / "work"
        self.work.mkdir()
        for path, data in UNTRACKED.items():
            self.put(path, data)
        (self.home / "elsewhere.txt").write_bytes(b"elsewhere")
        if os.name != "nt":
            (self.work / "myapp/link.txt").symlink_to(self.home / "elsewhere.txt")
        self.kept: dict[int, course.Tree] = {}
        self.solutions = 0

    def teardown(self) -> None:
        shutil.rmtree(self.home)

    @initialize(number=st.sampled_from([0, *NUMBERS]))
    def begin(self, number: int) -> None:
        """A learner's own version of every file of the site after a lesson; or no site yet."""
        for path, data in course.state(number).items():
            self.put(path, data + b"# mine")

    # -- edits ----------------------------------------------------------------------------------

    def put(self, path: str, data: bytes) -> None:
        target = self.work / path
        with contextlib.suppress(FileExistsError, NotADirectoryError, IsADirectoryError):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    @rule(path=st.sampled_from(PATHS), data=st.sampled_from(CONTENTS))
    def write(self, path: str, data: bytes) -> None:
        self.put(path, data)

    @rule(path=st.sampled_from(PATHS), data=st.binary(max_size=20))
    def write_bytes(self, path: str, data: bytes) -> None:
        self.put(path, data)

    @rule(dice=st.randoms(use_true_random=False))
    def delete(self, dice: random.Random) -> None:
        if mine := sorted(files_of(self.work)):
            (self.work / dice.choice(mine)).unlink()

    @rule(dice=st.randoms(use_true_random=False), to=st.sampled_from(PATHS))
    def rename(self, dice: random.Random, to: str) -> None:
        mine = files_of(self.work)
        if mine and not (self.work / to).exists():
            path = dice.choice(sorted(mine))
            (self.work / path).unlink()
            self.put(to, mine[path])

    @rule(path=st.sampled_from(["gs2", "myapp/templates", "notes"]))
    def delete_folder(self, path: str) -> None:
        if (self.work / path).is_dir():
            shutil.rmtree(self.work / path)

    # -- commands -------------------------------------------------------------------------------

    def command(self, *words: object) -> int:
        """Run one. What the folder held is in a snapshot afterwards, or still there where the
        command was refused or is one that only looks."""
        before = files_of(self.work)
        code, said = run(*words, "--work", self.work)
        if code in (cli.WRONG_USAGE, cli.BROKEN) or words[0] in LOOKS:
            assert before.items() <= files_of(self.work).items(), said
        else:
            kept = self.snapshots().values()
            assert not before or any(before.items() <= tree.items() for tree in kept), said
        return code

    def snapshots(self) -> dict[int, course.Tree]:
        kept = Snapshots(Folder(self.work))
        return {snapshot.ident: kept.files(snapshot) for snapshot in kept.all()}

    @rule(number=st.sampled_from(NUMBERS))
    def check(self, number: int) -> None:
        before = files_of(self.work)
        code = self.command("check", number)
        new = {path for path in files_of(self.work) if path not in before}
        assert code in (cli.FAILED, cli.BROKEN)
        assert new <= set(course.beginning(number))
        assert before.items() <= files_of(self.work).items()

    @rule()
    def check_all(self) -> None:
        assert self.command("check", "all") in (cli.FAILED, cli.BROKEN)

    @rule(number=st.sampled_from(NUMBERS))
    def hint(self, number: int) -> None:
        assert self.command("hint", number) in (0, cli.BROKEN)

    @rule(verb=st.sampled_from(LOOKS))
    def look(self, verb: str) -> None:
        before = files_of(self.work)
        assert self.command(verb, *([3] if verb == "diff" else [])) == 0
        assert files_of(self.work) == before

    @rule(number=st.sampled_from(NUMBERS))
    def solution(self, number: int) -> None:
        self.solutions += 1
        folder = self.home / f"solution-{self.solutions}"
        before = files_of(self.work)
        assert run("solution", number, "--to", folder)[0] == 0
        assert files_of(folder) == course.state(number)
        assert files_of(self.work) == before

    @rule(number=st.sampled_from(NUMBERS))
    def catch_up(self, number: int) -> None:
        notes = {path: data for path, data in files_of(self.work).items() if not is_site(path)}
        before = files_of(self.work)
        if self.command("catch-up", number) == 0:
            assert files_of(self.work) == course.beginning(number) | notes
        else:
            assert files_of(self.work) == before

    @rule(dice=st.randoms(use_true_random=False))
    def rewind(self, dice: random.Random) -> None:
        known = self.snapshots()
        before = files_of(self.work)
        if not known:
            assert self.command("rewind", 1) == cli.WRONG_USAGE
            return
        ident = dice.choice(sorted(known))
        code = self.command("rewind", ident)
        assert files_of(self.work) == (known[ident] if code == 0 else before)

    # -- what always holds ----------------------------------------------------------------------

    @invariant()
    def snapshots_stay(self) -> None:
        now = self.snapshots()
        assert self.kept.items() <= now.items()
        self.kept = now

    @invariant()
    def untracked_stays(self) -> None:
        for path, data in UNTRACKED.items():
            assert (self.work / path).read_bytes() == data
        assert (self.home / "elsewhere.txt").read_bytes() == b"elsewhere"


@pytest.fixture
def without_runs(monkeypatch):
    """Checks that run nothing: quick, and no process to start."""
    for module in ("coach.verbs.check", "coach.verbs.hint"):
        monkeypatch.setattr(f"{module}.Launcher", contextlib.nullcontext)
    monkeypatch.setattr("coach.verbs.check.run_check", unchecked)
    monkeypatch.delenv("WORK", raising=False)


def test_any_sequence_of_commands_keeps_everything(without_runs):
    run_state_machine_as_test(
        Learning,
        settings=settings(
            max_examples=40,
            stateful_step_count=12,
            deadline=None,
            database=None,
            derandomize="CI" in os.environ,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_commands_in_a_row_keep_everything(at_work, lay_out, work):
    """The real commands, once through: what was there before each is in a snapshot after it."""
    lay_out(course.beginning(4))
    record = []
    edits = {
        1: ("myapp/consumers.py", b"def broken(\n"),
        3: ("gs2/asgi.py", b"\xff\xfe"),
        5: ("notes.txt", b"mine\r\n"),
        6: ("myapp/new/deep.py", b""),
    }
    commands = ["check 4", "check 4", "catch-up 2", "hint 2", "rewind 1", "check all", "catch-up 5"]
    for number, command in enumerate(commands):
        if number in edits:
            path, data = edits[number]
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_bytes(data)
        record.append(files_of(work))

        ran = at_work(*command.split())

        assert (ran.code in (0, 1), ran.err) == (True, "")
    kept = Snapshots(Folder(work))
    held = {snapshot.ident: kept.files(snapshot) for snapshot in kept.all()}
    for before in record:
        [ident] = [ident for ident, tree in held.items() if tree == before]
        assert at_work("rewind", ident).code == 0
        assert files_of(work) == before
