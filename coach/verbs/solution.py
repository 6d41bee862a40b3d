"""`solution N --branch B --to DIR`: the state after lesson N, in a new folder."""

from pathlib import Path

import click

from coach import course
from coach.course import Lesson
from coach.folder import Folder
from coach.screen import Screen
from coach.verbs import options


@click.command()
@click.argument("lesson", type=options.LessonNumber())
@options.branch
@click.option("--to", "target", metavar="DIR", required=True, help="A folder that is new or empty.")
@options.plain
def command(lesson: Lesson, branch: str, target: str, plain: bool) -> None:
    """Write the site as it is after lesson N to DIR."""
    folder = Folder(Path(target).expanduser().resolve())
    if folder.root.exists() and (not folder.root.is_dir() or any(folder.root.iterdir())):
        raise click.UsageError(f"{target} is there already. Name a folder that is new or empty.")
    tree = course.state(lesson.number, branch)
    for path, data in tree.items():
        folder.write(path, data)
    which = f" on the branch {branch}" if branch in lesson.branches else ""
    what = f"the site after lesson {lesson.number}{which}"
    Screen(plain).line(f"{len(tree)} files in {target}: {what}.")
