"""`diff N`: the learner's files beside those of the solution."""

import difflib
from collections.abc import Iterator

import click
from rich.text import Text

from coach.course import BRANCHES, Lesson, Tree
from coach.learner import Learner
from coach.screen import Screen
from coach.verbs import options

STYLES = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("lesson", type=options.LessonNumber())
@click.option("--branch", type=click.Choice(BRANCHES), help="One of the two, from lesson 8 on.")
@options.work
@options.plain
def command(lesson: Lesson, branch: str | None, work: str | None, plain: bool) -> None:
    """Show what leads from your files to the solution of lesson N: - is yours, + the solution's."""
    learner = Learner.at(work)
    mine = learner.folder.read() if learner.folder.is_there else {}
    Screen(plain).lines(diff_lines(lesson, mine, learner.folder.shown, branch))


def diff_lines(lesson: Lesson, mine: Tree, shown: str, branch: str | None = None) -> list[Text]:
    """The differences to each solution of a lesson, each under its title."""
    lines: list[Text] = []
    for which, solution in solutions(lesson, branch):
        title = f"solution of lesson {lesson.number}" + (f", branch {which}" if which else "")
        found = differences(mine, solution, shown, title)
        head = title if found else f"{title}: your files are the same"
        lines += [Text(head, style="bold"), *found]
    return lines


def solutions(lesson: Lesson, branch: str | None = None) -> Iterator[tuple[str | None, Tree]]:
    """What a lesson's solution holds whatever the branch, then what each branch alone does."""
    trunk = lesson.solution(None)
    if trunk:
        yield None, trunk
    for one in [branch] if branch else BRANCHES:
        own = {path: data for path, data in lesson.solution(one).items() if path not in trunk}
        if own:
            yield one, own


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
