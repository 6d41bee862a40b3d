"""`catch-up N`: the learner's folder becomes the state in which lesson N begins."""

import click

from coach import course
from coach.course import Lesson
from coach.learner import Learner
from coach.screen import Screen, typed, written_or_removed
from coach.verbs import options


@click.command("catch-up")
@click.argument("lesson", type=options.LessonNumber())
@options.work
@options.branch
@options.plain
def command(lesson: Lesson, work: str | None, branch: str, plain: bool) -> None:
    """Make your site the one in which lesson N begins. What it was is kept in a snapshot."""
    learner = Learner.at(work)
    tree = course.beginning(lesson.number, branch)
    snapshot, changed = learner.replace(tree, f"before catch-up {lesson.number}", keeps=True)
    learner.skip_to(lesson)
    screen = Screen(plain)
    screen.line(f"{learner.folder.shown}/ is where lesson {lesson.number} begins.")
    screen.lines(written_or_removed(learner.folder.shown, changed, tree))
    if snapshot.files:
        screen.line(f"  back     {typed('rewind', snapshot.ident)} brings back what was there")
    screen.line(f"  next     {typed('check', lesson.number)}")
