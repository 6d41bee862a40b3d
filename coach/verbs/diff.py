"""`diff N`: the learner's files beside those of the solution."""

import difflib

import click
from rich.text import Text

from coach.course import BRANCHES, SOLUTIONS, Lesson, Tree
from coach.learner import Learner
from coach.screen import Screen
from coach.verbs import options

STYLES = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("lesson", type=options.LessonNumber())
@options.work
@options.plain
def command(lesson: Lesson, work: str | None, plain: bool) -> None:
    """Show what leads from your files to the solution of lesson N: - is yours, + the solution's."""
    learner = Learner.at(work)
    mine = learner.folder.read() if learner.folder.is_there else {}
    screen = Screen(plain)
    for branch, solution in solutions(lesson):
        title = f"solution of lesson {lesson.number}" + (f", branch {branch}" if branch else "")
        lines = differences(mine, solution, learner.folder.shown, title)
        screen.line(title if lines else f"{title}: your files are the same", style="bold")
        screen.lines(lines)


def solutions(lesson: Lesson) -> list[tuple[str | None, Tree]]:
    """The solutions that a lesson has: one of the trunk, or one of each branch."""
    named: list[str | None] = [
        branch for branch in BRANCHES if (SOLUTIONS / branch / lesson.slug).is_dir()
    ]
    return [(branch, lesson.solution(branch)) for branch in named or [None]]


def differences(mine: Tree, solution: Tree, shown: str, title: str) -> list[Text]:
    """The lines of a unified diff for each file of a solution."""
    lines: list[Text] = []
    for path, data in solution.items():
        before = mine.get(path, b"").decode("utf-8", "replace").splitlines()
        after = data.decode().splitlines()
        name = f"{shown}/{path}" if path in mine else "(not there yet)"
        for line in difflib.unified_diff(before, after, name, f"{path} ({title})", lineterm=""):
            lines.append(Text(line, style=STYLES.get(line[:1], "")))
    return lines
