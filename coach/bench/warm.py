"""A verdict of `watch`, from the save on, beside a bare fork that answers one WebSocket."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from coach import course
from coach.bench import Race, Races, coach, written
from coach.course import ROOT
from coach.evidence import CoachError
from coach.process import CAN_FORK, clean_environ

MOST, MOST_S = 2.5, 0.25
PATHS = {4: "/ws/sc/", 5: "/ws/ac/"}
SAVED = "myapp/consumers.py"
MANY, SETTLED = 1_000, 200


class Asked:
    """A program that prints a line for each thing that it is asked for."""

    def __init__(self, command: list[str]) -> None:
        self.popen = subprocess.Popen(
            command, cwd=ROOT, env=clean_environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, encoding="utf-8",
        )  # fmt: skip
        assert self.popen.stdin is not None
        assert self.popen.stdout is not None
        self.questions, self.answers = self.popen.stdin, self.popen.stdout

    def answer(self) -> str:
        line = self.answers.readline()
        if not line:
            raise CoachError(f"{' '.join(map(str, self.popen.args))} ended.")  # type: ignore[arg-type]
        return line

    def end(self) -> None:
        """It ends where its input does; a program that does not is killed."""
        with contextlib.suppress(OSError):
            self.questions.write("q\n")
            self.questions.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(10)
        self.popen.kill()
        self.popen.wait()
        self.answers.close()


class Watched(Asked):
    """`watch` on a folder, and saves in that folder."""

    def __init__(self, number: int, folder: Path) -> None:
        super().__init__(coach("watch", str(number), "--json", "--work", str(folder)))
        self.file = folder / SAVED
        self.text = self.file.read_text("utf-8")
        self.saves = 0
        self.answer()

    def save(self) -> float:
        """Seconds from a save to its verdict."""
        self.saves += 1
        began = time.perf_counter()
        self.file.write_text(f"{self.text}# {self.saves % 100}\n", "utf-8")
        told = json.loads(self.answer())
        took_s = time.perf_counter() - began
        if not told["passed"]:
            raise CoachError(f"A check that passes did not: {told}")
        return took_s


class Forked(Asked):
    """A warm process that forks on each line; see `coach.child.floor`."""

    def __init__(self, folder: Path, path: str) -> None:
        program = str(ROOT / "coach" / "child" / "floor.py")
        super().__init__([sys.executable, "-P", program, str(folder), path])

    def fork(self) -> float:
        """Seconds in which one fork imports the learner's files and answers one WebSocket."""
        began = time.perf_counter()
        self.questions.write("\n")
        self.questions.flush()
        self.answer()
        return time.perf_counter() - began


def verdicts(home: Path) -> Races:
    """From a save to its verdict, on the solutions of the lessons of both consumers."""
    if not CAN_FORK:
        raise CoachError("This system has no fork, so there is no bare fork to compare with.")
    for number, path in PATHS.items():
        folder = written(course.state(number), home / f"warm-{number}")
        watched, forked = Watched(number, folder), Forked(folder, path)
        try:
            yield Race(
                f"save to verdict, lesson {number}",
                watched.save, "bare fork", forked.fork, MOST, MOST_S,
            )  # fmt: skip
        finally:
            watched.end()
            forked.end()


def memory(home: Path) -> Iterator[str]:
    """What `watch` and its warm process hold after 200 and after 1,000 verdicts."""
    watched = Watched(4, written(course.state(4), home / "memory"))
    try:
        held: dict[int, dict[int, int]] = {}
        while watched.saves < MANY:
            watched.save()
            if watched.saves in (SETTLED, MANY):
                held[watched.saves] = dict(resident(watched.popen.pid))
        for pid, before in held[SETTLED].items():
            ratio = held[MANY][pid] / before
            which = "watch" if pid == watched.popen.pid else "its warm process"
            yield f"memory of {which}, after {MANY:,} verdicts beside {SETTLED}: {ratio:.3f}"
    finally:
        watched.end()


def resident(pid: int) -> Iterator[tuple[int, int]]:
    """The resident memory of a process and of its children, in KiB, by process."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        for one in (pid, *map(int, children)):
            lines = Path(f"/proc/{one}/status").read_text("utf-8").splitlines()
            yield one, next(int(line.split()[1]) for line in lines if line[:6] == "VmRSS:")
    except OSError as error:
        raise CoachError("This system does not tell the memory of a process in /proc.") from error
