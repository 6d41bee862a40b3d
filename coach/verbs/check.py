"""`check N`: hand out lesson N's files, keep a snapshot, run its steps, report."""

import os
import sys
from pathlib import Path

import click

from coach.cli import FAILED, leave
from coach.course import Lesson, Tree, lesson, lessons
from coach.learner import Learner, edited_by_mistake
from coach.process import Launcher
from coach.report import Report, print_json, write_junit
from coach.runner import Follow, nobody, run_check
from coach.verbs import options


class LessonOrAll(options.LessonNumber):
    """The number of a lesson, or `all`."""

    name = "N|all"

    def convert(  # type: ignore[override]
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Lesson | None:
        return None if value == "all" else super().convert(value, param, ctx)


@click.command()
@click.argument("lesson", type=LessonOrAll())
@options.work
@options.as_json
@options.plain
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML.")
@click.option("--trace", is_flag=True, help="Show the traceback of an exception as well.")
def command(
    lesson: Lesson | None,
    work: str | None,
    as_json: bool,
    plain: bool,
    junit: Path | None,
    trace: bool,
) -> None:
    """Check lesson N, or all lessons begun so far; stops at the first step that fails."""
    with Launcher() as launcher:
        learner = Learner.at(work)
        reports = run(learner, lesson, launcher, is_shown=not (plain or as_json))
        if junit:
            write_junit(reports, junit)
        passed = all(report.passed for report in reports)
        if as_json:
            print_json(as_one(reports, lesson is None, passed))
        else:
            show(reports, plain, trace)
    if not passed:
        leave(FAILED)


def run(
    learner: Learner, lesson: Lesson | None, launcher: Launcher, is_shown: bool
) -> list[Report]:
    """Check one lesson, or all; a terminal shows meanwhile which step is under way."""
    if not is_shown or os.environ.get("NO_COLOR") or not sys.stderr.isatty():
        return check_these(learner, lesson, launcher)
    from coach.screen import under_way

    with under_way() as follow:
        return check_these(learner, lesson, launcher, follow)


def check_these(
    learner: Learner, lesson: Lesson | None, launcher: Launcher, follow: Follow = nobody
) -> list[Report]:
    if lesson is None:
        return check_all(learner, launcher, follow)
    return [check_one(learner, lesson, launcher, follow)]


def check_one(
    learner: Learner, lesson: Lesson, launcher: Launcher, follow: Follow = nobody
) -> Report:
    """Prepare the folder, keep its state, and check one lesson."""
    learner.prepare(lesson)
    tree = learner.folder.read()
    learner.snapshot(tree, f"check {lesson.number}", must=False)
    reached = learner.reached_after(lesson, tree)
    report = run_check(lesson, tree, launcher, learner.folder.shown, reached, follow=follow)
    note_down(learner, lesson, tree, report)
    return report


def note_down(learner: Learner, lesson: Lesson, tree: Tree, report: Report) -> None:
    """Remember how a check went, and add to its report what the learner may need to know."""
    is_first = lesson.number not in learner.progress()
    learner.remember(report)
    learner.recall(report)
    report.notes = learner.notes + report.notes
    learner.notes = []
    if not report.passed:
        report.notes += advice(lesson, tree, is_first)
        report.notes += [
            f"{learner.folder.shown}/{path} is a link, and a check sees no links: put the file "
            "itself there."
            for path in learner.folder.links()
        ]


def check_all(learner: Learner, launcher: Launcher, follow: Follow = nobody) -> list[Report]:
    """Every lesson begun so far, each up to its first failing step."""
    if not learner.folder.is_there:
        return [check_one(learner, lesson(1), launcher, follow)]
    tree = learner.folder.read()
    learner.snapshot(tree, "check all", must=False)
    last = max(learner.reached(tree), 1)
    begun = [(one, learner.reached_after(one, tree)) for one in lessons() if one.number <= last]
    reports = []
    for one, reached in begun:
        shown = learner.folder.shown
        reports.append(run_check(one, tree, launcher, shown, reached, follow=follow))
        learner.remember(reports[-1])
        learner.recall(reports[-1])
    reports[0].notes = learner.notes + reports[0].notes
    return reports


def advice(lesson: Lesson, tree: Tree, is_first: bool) -> list[str]:
    """What a learner may need to know beside a failed step."""
    notes = []
    if is_first:
        notes.append(
            f"A first check is expected to fail: lesson {lesson.number} begins here. Its page is "
            f"lessons/{lesson.slug}/README.md."
        )
    strayed = edited_by_mistake()
    for path, what in [*strayed.items()][:1]:
        notes.append(
            f"{path} at the root of the repository {what}. That is the finished site; "
            "your own files are in work/."
        )
    return notes


def as_one(reports: list[Report], is_all: bool, passed: bool) -> dict[str, object]:
    """The JSON of one check, or of all: the same objects in a list."""
    if not is_all:
        return reports[0].as_json()
    return {"schema": 1, "passed": passed, "lessons": [report.as_json() for report in reports]}


def show(reports: list[Report], plain: bool, trace: bool) -> None:
    from coach.screen import Screen, report_lines

    screen = Screen(plain)
    for report in reports:
        screen.lines(report_lines(report, trace, work=os.environ.get("WORK", "")))
        for note in report.notes:
            screen.line(f"  note  {note}")
