"""Whole commands beside a bare process that imports what they need: checks, `lessons`, an audit."""

import sys
from pathlib import Path

from coach import course
from coach.bench import Race, Races, coach, command_timed, written

# What every check of a WebSocket has to import, and nothing of the coach.
BARE = (
    "import pytest, django, channels.testing, channels.routing, daphne.server; "
    "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'gs2.settings'; django.setup()"
)
MOST = 1.3
FLOOR = "bare imports"
# The lessons whose cold check is promised to be near its floor. Lessons 1 to 3 end with servers.
PROMISED, WITHOUT_SERVERS = (2, 3, 4, 5), (4, 5)

bare = command_timed([sys.executable, "-c", BARE])


def checks(home: Path) -> Races:
    """A cold check of each early lesson as it begins, and solved."""
    for number in PROMISED:
        begun = written(course.beginning(number), home / f"begun-{number}")
        command = coach("check", str(number), "--work", str(begun))
        yield Race(f"check {number}, begun", command_timed(command, codes=[1]), FLOOR, bare, MOST)
        solved = written(course.state(number), home / f"solved-{number}")
        command = coach("check", str(number), "--work", str(solved))
        has_servers = number not in WITHOUT_SERVERS
        name = f"check {number}, solved{', with servers' if has_servers else ''}"
        most = None if has_servers else MOST
        yield Race(name, command_timed(command), FLOOR, bare, most)


def lessons(home: Path) -> Races:
    """Every check of the course on the finished site: `make lessons`."""
    last = course.lessons()[-1].number
    folder = written(course.state(last, "async"), home / "finished")
    command = coach("check", "all", "--work", str(folder))
    yield Race("check all, finished", command_timed(command), FLOOR, bare)


def audit(home: Path) -> Races:
    """The proof of one lesson: all its mistakes, variants and pages."""
    yield Race("audit 4", command_timed(coach("audit", "4")), FLOOR, bare)
