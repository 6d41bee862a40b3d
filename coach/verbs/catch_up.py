"""`catch-up N`: the learner's folder becomes the state in which lesson N begins."""

import os

import click

from coach import course
from coach.course import BRANCHES, Lesson
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
    screen, named = Screen(plain), os.environ.get("WORK", "")
    others = [one for one in BRANCHES if course.beginning(lesson.number, one) != tree]
    which = f" on the branch {branch}" if others else ""
    screen.line(f"{learner.folder.shown}/ is where lesson {lesson.number} begins{which}.")
    screen.lines(written_or_removed(learner.folder.shown, changed, tree))
    if snapshot.files:
        screen.line(
            f"  back     {typed('rewind', snapshot.ident, work=named)} brings back what was there"
        )
    for other in others:
        screen.line(f"  or       {typed('catch-up', lesson.number, other, work=named)}")
    screen.line(f"  next     {typed('check', lesson.number, work=named)}")
