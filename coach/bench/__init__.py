"""What the coach's answers cost, each beside its floor: a bare program that does the least it can.

Runs alternate, so that what else the machine does falls on both.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from coach.course import ROOT, Tree
from coach.evidence import CoachError
from coach.process import clean_environ

Timed = Callable[[], float]


@dataclass(frozen=True)
class Race:
    """Two things that are timed in turns. Each gives the seconds that one run took.

    most: the ratio of the medians that the course promises; most_s: the median in seconds
    """

    name: str
    run: Timed
    floor_name: str
    floor: Timed
    most: float | None = None
    most_s: float | None = None


Races = Iterator[Race]


@dataclass(frozen=True)
class Result:
    """The medians of a race, in seconds."""

    race: Race
    median_s: float
    floor_s: float

    @property
    def ratio(self) -> float:
        return self.median_s / self.floor_s

    @property
    def is_held(self) -> bool:
        """Whether what the course promises holds here, where it promises anything."""
        is_near = self.race.most is None or self.ratio <= self.race.most
        return is_near and (self.race.most_s is None or self.median_s <= self.race.most_s)


def result_of(race: Race, rounds: int) -> Result:
    """Run a race: one round that does not count, as it fills caches, then `rounds`."""
    times = [(race.floor(), race.run()) for _ in range(rounds + 1)][1:]
    floors, runs = zip(*times, strict=True)
    return Result(race, statistics.median(runs), statistics.median(floors))


def command_timed(
    command: Sequence[str], folder: Path = ROOT, codes: Sequence[int] = (0,), **more: str
) -> Timed:
    """How long a command takes; another exit code than these is a `CoachError`, as it then
    measures something else."""

    def run() -> float:
        environ = clean_environ() | {"PATH": os.environ.get("PATH", "")} | more
        began = time.perf_counter()
        ran = subprocess.run(
            command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", errors="replace", check=False,
        )  # fmt: skip
        took_s = time.perf_counter() - began
        if ran.returncode not in codes:
            last = (ran.stderr or ran.stdout).strip().splitlines()[-1:]
            raise CoachError(f"{' '.join(command)} ended with {ran.returncode}: {''.join(last)}")
        return took_s

    return run


def coach(*words: str) -> list[str]:
    """A verb of the coach, by this Python."""
    return [sys.executable, "-m", "coach", *words]


def written(tree: Tree, folder: Path) -> Path:
    """A folder that holds these files."""
    for path, data in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder
