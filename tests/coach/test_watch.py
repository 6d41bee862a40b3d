"""`watch`: the verdict is for the newest files, whatever happens between two of them."""

import json
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import environment, run_coach

from coach import course, saves, watching
from coach.course import ROOT, Tree
from coach.events import Event
from coach.keys import Keys
from coach.learner import Learner
from coach.process import CAN_FORK, Launcher
from coach.saves import Saves
from coach.view import View
from coach.watching import Watch

# Never waited out where all is well.
PATIENCE_S = 60
ROUTES, CONSUMERS = "myapp/routes.py", "myapp/consumers.py"


def put(folder: Path, tree: Tree) -> None:
    for path, data in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


class Recorder:
    """In place of a view: keeps each call as (name, arguments)."""

    def __init__(self) -> None:
        self.calls: queue.SimpleQueue[tuple[str, tuple[Any, ...]]] = queue.SimpleQueue()

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *told: self.calls.put((name, told))


class Lent:
    """A launcher that outlives who it is lent to."""

    def __init__(self, launcher: Launcher) -> None:
        self.launcher = launcher

    def __getattr__(self, name: str) -> Any:
        return (lambda: None) if name == "close" else getattr(self.launcher, name)


class Watched:
    """A watch that runs in a thread, on a folder of its own. The test saves and tells."""

    def __init__(self, work: Path, number: int, launchers: Callable[[], Any]) -> None:
        self.work, self.view = work, Recorder()
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        learner = Learner.at(str(work))
        self.watch = Watch(learner, course.lesson(number), self.events, self.view, launchers)
        self.thread = threading.Thread(target=self.watch.run)

    def save(self, path: str, data: bytes) -> None:
        (self.work / path).write_bytes(data)
        self.events.put(Event("saved"))

    def press(self, key: str) -> None:
        self.events.put(Event("key", what=key))

    def next(self, name: str) -> tuple[Any, ...]:
        """What the view is told next under this name; all before it is passed over."""
        while True:
            called, told = self.view.calls.get(timeout=PATIENCE_S)
            if called == name:
                return told

    def verdict(self) -> list[str]:
        """The states of the steps in the verdict that is shown next."""
        return [step.state for step in self.next("verdict")[0].steps]


@pytest.fixture
def watched(tmp_path: Path, launcher: Launcher) -> Iterator[Callable[..., Watched]]:
    """A function that starts a watch of lesson N, on the state after it or on these files."""
    started = []

    def start(number: int = 4, tree: Tree | None = None, launchers: Any = None) -> Watched:
        put(tmp_path / "work", course.state(number, "async") if tree is None else tree)
        one = Watched(tmp_path / "work", number, launchers or (lambda: Lent(launcher)))
        one.thread.start()
        started.append(one)
        return one

    yield start
    for one in started:
        one.events.put(Event("asked"))
        one.thread.join(PATIENCE_S)
        assert not one.thread.is_alive()


DONE = ["passed"] * len(course.lesson(4).steps)
BEGUN = ["failed", *["waiting"] * (len(DONE) - 1)]
RIGHT = course.state(4)[CONSUMERS]
BROKEN = RIGHT.replace(b"websocket.accept", b"websocket.accpet")


# -- the newest state wins ----------------------------------------------------------------------


def test_each_save_gets_a_verdict_and_the_same_files_get_none(watched):
    one = watched()
    assert one.verdict() == DONE
    one.save(CONSUMERS, BROKEN)
    assert "failed" in one.verdict()
    one.save(CONSUMERS, BROKEN)  # the same once more: nothing to say
    one.save(CONSUMERS, RIGHT)
    assert one.verdict() == DONE


def test_a_save_in_the_middle_of_a_check_calls_it_off(watched, monkeypatch):
    one, real, calls = watched(), watching.run_check, []
    assert one.verdict() == DONE

    def run_check(lesson, tree, *rest, halt, **more):
        calls.append((tree[CONSUMERS], halt))
        if tree[CONSUMERS] == BROKEN:
            one.save(CONSUMERS, RIGHT + b"\n# newer\n")
            while not halt.is_wanted:
                pass
        return real(lesson, tree, *rest, halt=halt, **more)

    monkeypatch.setattr(watching, "run_check", run_check)
    one.save(CONSUMERS, BROKEN)

    assert one.verdict() == DONE
    assert [data for data, _ in calls] == [BROKEN, RIGHT + b"\n# newer\n"]


def test_a_save_that_no_event_tells_of_is_seen_before_a_verdict_is_shown(watched, monkeypatch):
    one, real = watched(), watching.run_check
    assert one.verdict() == DONE

    def run_check(lesson, tree, *rest, tell, **more):
        def save_and_tell(report):
            if tree[CONSUMERS] == BROKEN:
                (one.work / CONSUMERS).write_bytes(RIGHT)
            tell(report)

        return real(lesson, tree, *rest, tell=save_and_tell, **more)

    monkeypatch.setattr(watching, "run_check", run_check)
    one.save(CONSUMERS, BROKEN)

    assert one.verdict() == DONE


def test_a_check_during_which_the_machine_slept_is_made_again(watched, monkeypatch):
    one, real, checked = watched(), watching.run_check, []
    assert one.verdict() == DONE

    def run_check(lesson, tree, *rest, halt, **more):
        checked.append(tree[CONSUMERS])
        if len(checked) == 1:
            one.watch.seen_s -= 3600  # as if the lid had been closed for an hour
            while not halt.is_wanted:
                pass
        return real(lesson, tree, *rest, halt=halt, **more)

    monkeypatch.setattr(watching, "run_check", run_check)
    one.save(CONSUMERS, BROKEN)

    assert "failed" in one.verdict()
    assert checked == [BROKEN, BROKEN]


def test_a_folder_that_is_gone_is_not_made_anew_and_checked_when_it_is_back(watched):
    one = watched()
    assert one.verdict() == DONE
    one.work.rename(one.work.with_name("away"))
    one.events.put(Event("saved"))
    assert one.next("gone") == (str(one.work),)
    assert not one.work.exists()

    one.work.with_name("away").rename(one.work)
    one.events.put(Event("saved"))
    assert one.verdict() == DONE


def test_each_state_that_was_shown_can_be_rewound_to(watched):
    one = watched()
    one.next("verdict")
    one.save(CONSUMERS, BROKEN)
    _, number = one.next("verdict")
    one.save(CONSUMERS, RIGHT)
    one.next("verdict")

    assert run_coach("rewind", number, "--work", one.work).code == 0
    assert (one.work / CONSUMERS).read_bytes() == BROKEN


# -- without a fork, and where the warm process dies --------------------------------------------


def test_without_fork_the_verdicts_are_the_same(watched):
    one = watched(launchers=lambda: Launcher(can_fork=False))
    assert one.verdict() == DONE
    one.save(CONSUMERS, BROKEN)
    assert "failed" in one.verdict()
    one.save(CONSUMERS, RIGHT)
    assert one.verdict() == DONE


@pytest.mark.skipif(not CAN_FORK, reason="there is no warm process to kill")
def test_where_the_warm_process_has_died_another_one_takes_over(watched):
    one = watched(launchers=Launcher)
    assert one.verdict() == DONE
    warm = one.watch.launcher.zygote.popen
    warm.kill()
    warm.wait()

    one.save(CONSUMERS, BROKEN)

    assert "failed" in one.verdict()


def test_what_breaks_twice_is_said_and_the_next_save_is_checked(watched, monkeypatch):
    one, real = watched(), watching.run_check
    assert one.verdict() == DONE

    def run_check(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(watching, "run_check", run_check)
    one.save(CONSUMERS, BROKEN)
    assert one.next("trouble") == ("OSError('no space left')",)

    monkeypatch.setattr(watching, "run_check", real)
    one.save(CONSUMERS, RIGHT)
    assert one.verdict() == DONE


# -- the keys -------------------------------------------------------------------------------


def test_it_goes_on_when_it_is_asked_and_only_from_a_lesson_that_passes(watched):
    one = watched()
    one.next("verdict")
    one.save(CONSUMERS, BROKEN)
    one.next("verdict")
    one.press("n")
    assert one.next("not_now")[0] == "n"

    one.save(CONSUMERS, RIGHT)
    one.next("verdict")
    one.press("n")
    assert one.next("verdict")[0].lesson == 5


def test_keys_ask_for_a_hint_a_diff_another_check_and_the_end(watched):
    one = watched(tree=course.beginning(4))
    one.next("verdict")
    one.press("h")
    assert one.next("hint")[2].step == 1
    one.press("d")
    assert one.next("diff")[0].number == 4
    one.press("c")
    assert one.verdict() == BEGUN
    one.press("x")
    assert one.next("unknown") == ()
    one.press("q")
    one.thread.join(PATIENCE_S)
    assert not one.thread.is_alive()


# -- how saves are noticed ----------------------------------------------------------------------


@contextmanager
def following(root: Path) -> Iterator[tuple[threading.Event, list[str]]]:
    """What is set at each save in a folder, and why it is polled."""
    told, why = threading.Event(), []
    one = Saves(root, told.set, why.append)
    one.start()
    try:
        yield told, why
    finally:
        one.stop()


def write(file: Path) -> None:
    file.write_text(f"{random.random()}")


def rename_over(file: Path) -> None:
    write(file.with_suffix(".new"))
    file.with_suffix(".new").replace(file)


def move_aside_and_write(file: Path) -> None:
    file.rename(file.with_suffix(".bak"))
    write(file)


def remove_and_write(file: Path) -> None:
    file.unlink()
    write(file)


def make_the_folder_anew(file: Path) -> None:
    shutil.rmtree(file.parent)
    file.parent.mkdir()
    write(file)


EDITORS = [write, rename_over, move_aside_and_write, remove_and_write, make_the_folder_anew]


@pytest.mark.parametrize("kind", ["", "nfs4"], ids=["events", "polling"])
@pytest.mark.parametrize("save", EDITORS)
def test_every_way_of_saving_is_noticed(tmp_path, monkeypatch, save, kind):
    monkeypatch.setattr("coach.place.filesystem", lambda folder: kind)
    monkeypatch.setattr(saves, "LOOK_S", 600)  # so that no look helps the events
    file = tmp_path / "work" / "routes.py"
    file.parent.mkdir()
    write(file)
    with following(file.parent) as (told, why):
        for _ in range(100):
            save(file)
            if told.wait(0.3):
                break
        assert told.is_set()
    assert why == (["it lies on a network file system (nfs4)"] if kind else [])


def test_what_the_coach_itself_writes_is_no_save(tmp_path):
    assert not saves.is_tracked(str(tmp_path / ".coach/snapshots/1.json"), tmp_path)
    assert not saves.is_tracked(str(tmp_path / "myapp/__pycache__/views.pyc"), tmp_path)
    assert saves.is_tracked(str(tmp_path / "myapp/views.py"), tmp_path)


def test_where_events_miss_a_save_the_folder_is_polled(tmp_path, monkeypatch):
    def watch(*_, stop_event, **__):
        while not stop_event.wait(0.01):
            yield set()

    monkeypatch.setattr("watchfiles.watch", watch)
    with following(tmp_path) as (told, why):
        while not why:
            write(tmp_path / "routes.py")
            told.wait(0.01)
        told.clear()
        write(tmp_path / "routes.py")
        assert told.wait(PATIENCE_S)
    assert why == ["the system did not tell of a save"]


def test_where_events_cannot_be_had_the_folder_is_polled(tmp_path, monkeypatch):
    def watch(*_, **__):
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr("watchfiles.watch", watch)
    with following(tmp_path) as (told, why):
        while not why:
            told.wait(0.01)
        while not told.wait(0.01):
            write(tmp_path / "routes.py")
    assert why == ["the system gives no events: OS file watch limit reached"]


# -- the command ----------------------------------------------------------------------------


@contextmanager
def command(
    work: Path, *words: str, terminal: int | None = None, **more: str
) -> Iterator[subprocess.Popen[str]]:
    """`python -m coach watch`, asked to end by its key where it has not ended by then."""
    pipe = subprocess.PIPE if terminal is None else terminal
    with subprocess.Popen(
        [sys.executable, "-m", "coach", "watch", *words, "--work", str(work)], cwd=ROOT,
        env=environment(**more), stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:  # fmt: skip
        limit = threading.Timer(PATIENCE_S, process.kill)  # so that no read waits for ever
        limit.start()
        try:
            yield process
            if process.poll() is None:
                process.stdin.write("q\n")
                process.stdin.flush()
            assert process.wait(PATIENCE_S) == 0
        finally:
            limit.cancel()
            process.kill()


def test_after_500_saves_the_verdict_is_the_one_that_a_cold_check_gives(work):
    """In random places of random files, one every 20 ms, in every way in which editors save."""
    seed = random.randrange(10**6)
    print("seed", seed)
    put(work, course.state(4))
    with command(work, "4", "--json") as process:
        up_to(process.stdout, "{")
        typist = Typist(work, random.Random(seed))
        for _ in range(500):
            typist.save()
            typist.pause.wait(0.02)
        final = Learner.at(str(work)).folder.read()
        verdicts = (json.loads(line) for line in process.stdout if line.startswith("{"))
        told = next(one for one in verdicts if files(work, one) == final)

    cold = run_coach("check", "4", "--json", "--work", work).told
    del told["snapshot"], told["seconds"], cold["seconds"]
    assert told == cold


def files(work: Path, told: dict[str, Any]) -> Tree:
    """The files that a verdict is for."""
    snapshots = Learner.at(str(work)).snapshots
    return next(snapshots.files(one) for one in snapshots.all() if one.ident == told["snapshot"])


class Typist:
    """Saves random edits: each begins from the solution or from what is there."""

    def __init__(self, work: Path, chance: random.Random) -> None:
        self.work, self.chance = work, chance
        self.solved = course.state(4)
        self.pause = threading.Event()  # never set

    def save(self) -> None:
        path = self.chance.choice([one for one in self.solved if one.endswith(".py")])
        file, act = self.work / path, self.chance.random()
        if act < 0.05:
            file.unlink(missing_ok=True)
        elif act < 0.1:
            shutil.rmtree(self.work / "myapp")
            put(self.work, self.solved)
        elif act < 0.4 or not file.exists():
            put(self.work, {path: self.solved[path]})
        else:
            self.chance.choice([file.write_bytes, self.rename])(self.edited(file.read_bytes()))

    def rename(self, data: bytes) -> None:
        new = self.work / "myapp" / "routes.py~"
        new.write_bytes(data)
        new.replace(self.work / "myapp" / "routes.py")

    def edited(self, data: bytes) -> bytes:
        at = self.chance.randrange(len(data) + 1)
        typed = self.chance.choice([b"", b"#", b"\n", b" ", b"x", b"(", b"\xff", b"return\n"])
        return data[:at] + typed + data[at + self.chance.randrange(3) :]


def up_to(stream: Any, beginning: str) -> list[str]:
    """The lines that a stream gives, up to one that begins so."""
    lines = []
    for line in stream:
        lines.append(line)
        if line.startswith(beginning):
            break
    return lines


def test_it_says_line_by_line_what_it_sees_and_which_keys_there_are(work):
    put(work, course.beginning(4))
    with command(work, "4", "--polling") as process:
        first = up_to(process.stdout, "  hint  press h")
        process.stdin.write("h\n")
        process.stdin.flush()
        hint = up_to(process.stdout, "  hint 1 of 3")

    assert first[0] == f"Watching {work}/: each save is checked.\n"
    keys = "  h hint · d diff · c check again · n next lesson · q quit (then Enter)\n"
    assert first[1] == keys
    assert first[3].startswith("Lesson 4 · A sync consumer")
    polling = "  note  This folder is looked at several times a second, as you asked for it.\n"
    assert polling in first
    assert hint[-2] == "Lesson 4, step 1: The connection is accepted\n"


@pytest.mark.skipif(os.name == "nt", reason="needs a terminal of Unix")
def test_on_a_terminal_each_verdict_takes_the_place_of_the_last(work):
    import pty
    import termios

    put(work, course.state(4))
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    with command(work, "4", terminal=theirs, TERM="xterm-256color") as process:
        screen = os.fdopen(ours, "rb", buffering=0, closefd=False)
        read_up_to(screen, b"q quit", 2)  # at the beginning, and below the first verdict
        (work / CONSUMERS).write_bytes(BROKEN)
        second = read_up_to(screen, b"q quit", 1)
        process.send_signal(signal.SIGSTOP)  # Ctrl-Z: the shell takes the terminal back
        termios.tcsetattr(theirs, termios.TCSANOW, before)
        process.send_signal(signal.SIGCONT)
        while termios.tcgetattr(theirs)[3] & termios.ICANON:
            assert process.poll() is None
        os.write(ours, b"\x1b[Ahd")  # an arrow, which is none of its keys, and two at once
        both = read_up_to(screen, b"solution of lesson 4", 1)
        os.write(ours, b"q")
        assert process.wait(PATIENCE_S) == 0
    assert b"\x1b[2J\x1b[H" in second
    assert b"hint 1 of 3" in both
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


def read_up_to(screen: Any, text: bytes, times: int) -> bytes:
    """What a terminal shows until a text has come so many times."""
    shown = b""
    while shown.count(text) < times:
        shown += screen.read(4096)
    return shown


def test_keys_are_listed_where_somebody_can_type(monkeypatch, capsys):
    view = View()
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        view.keys = Keys(print)
    view.begins("work")
    assert capsys.readouterr().out == "Watching work/: each save is checked.\n"

    view.keys.is_there = view.keys.is_single = True
    assert view.listed_keys(80).endswith("· q quit")
    assert view.listed_keys(40) == "  keys: h d c n, and q to quit"


@pytest.mark.skipif(os.name == "nt", reason="asks by a signal")
def test_ctrl_c_ends_it_and_leaves_nothing_behind(work, tmp_path):
    put(work, course.state(4))
    (tmp_path / "scratch").mkdir()
    with command(work, "4", "--json", TMPDIR=str(tmp_path / "scratch")) as process:
        up_to(process.stdout, "{")
        (work / CONSUMERS).write_bytes(BROKEN)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        assert [*(tmp_path / "scratch").iterdir()] == []
