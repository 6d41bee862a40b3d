"""`bench`: how long a cold check takes beside a bare process with the same imports."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from coach import course
from coach.course import ROOT
from coach.process import clean_environ
from coach.screen import Screen
from coach.verbs import options

BARE = (
    "import pytest, django, channels.testing, channels.routing, daphne.server; "
    "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'gs2.settings'; django.setup()"
)
MAX_RATIO = 1.3


@click.command()
@click.option("--rounds", type=click.IntRange(3), default=7, show_default=True)
@options.plain
def command(rounds: int, plain: bool) -> None:
    """Time cold checks against bare imports, in turns; prints medians and their ratios."""
    screen = Screen(plain)
    with tempfile.TemporaryDirectory() as home:
        cases = prepare(Path(home))
        seconds: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(rounds + 1):
            for name, (command, folder) in cases.items():
                seconds[name].append(timed(command, folder))
    bare = statistics.median(seconds["bare imports"][1:])
    screen.line(f"{'':34}  median s   ratio   ({rounds} rounds in turns, one before them)")
    for name, times in seconds.items():
        middle = statistics.median(times[1:])
        screen.line(f"{name:34}  {middle:8.3f}  {middle / bare:6.2f}")
    screen.line(f"A cold check of the begun lessons is meant to stay under {MAX_RATIO}.")


def prepare(home: Path) -> dict[str, tuple[list[str], Path]]:
    """What is timed: the bare process, and each lesson as it begins and as it is solved."""
    cases = {"bare imports": ([sys.executable, "-c", BARE], ROOT)}
    for lesson in course.lessons():
        for kind, tree in (
            ("as it begins", course.beginning(lesson.number)),
            ("solved", course.state(lesson.number)),
        ):
            folder = home / f"{lesson.slug}-{kind.replace(' ', '-')}"
            for path, data in tree.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
            command = [
                sys.executable, "-m", "coach", "check", str(lesson.number), "--work", str(folder),
            ]  # fmt: skip
            servers = "" if kind != "solved" or not has_servers(lesson.folder) else ", with servers"
            cases[f"check {lesson.number}, {kind}{servers}"] = (command, ROOT)
    return cases


def has_servers(folder: Path) -> bool:
    text = (folder / "check.py").read_text("utf-8")
    return any(words in text for words in (".daphne()", ".runserver()", "measuring"))


def timed(command: list[str], folder: Path) -> float:
    environ = clean_environ() | {"PATH": os.environ.get("PATH", "")}
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    return time.perf_counter() - began
