"""`audit`: the course proves itself, lesson by lesson and as a whole."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import click

from coach import course
from coach.audit import Finding, checks, lines, notebooks, pages, readme, solutions, states
from coach.cli import FAILED, leave
from coach.course import Lesson
from coach.process import Launcher
from coach.screen import Screen
from coach.verbs import options


@click.command()
@click.argument("lesson", type=options.LessonNumber(), required=False)
@click.option(
    "--write",
    is_flag=True,
    help="Write the sample outputs of the pages anew, and strip the notebooks.",
)
@options.plain
def command(lesson: Lesson | None, write: bool, plain: bool) -> None:
    """Prove the course: checks, mistakes, variants, pages, notebooks; with N, of one lesson."""
    chosen = [lesson] if lesson else course.lessons()
    screen = Screen(plain)
    count = 0
    with Launcher() as launcher:
        for one in chosen:
            findings = audit_lesson(one, launcher, write)
            runs = len(list(checks.cases(one)))
            told = explained(one, write)
            findings += told.findings
            mark = "✗" if findings else "✓"
            said = f"{runs} runs, {told.explained} of {told.added} lines explained"
            screen.line(f"  {mark} lesson {one.number:2}  {said}, {len(findings)} findings")
            count += show(screen, findings)
    if lesson is None:
        with Launcher() as launcher:
            findings = list(whole(launcher, write))
        screen.line(f"  {'✗' if findings else '✓'} the whole   {len(findings)} findings")
        count += show(screen, findings)
    if count:
        leave(FAILED)


def explained(lesson: Lesson, write: bool = False) -> lines.Coverage:
    """How many of the lines that a lesson adds its notebook explains, and what is amiss with it."""
    notebook = notebooks.notebook_of(lesson)
    if not notebook.path.is_file():
        return lines.Coverage()  # `whole` says that it is missing
    if write:
        notebooks.strip(lesson)
    told = lines.coverage(lesson, notebook)
    told.findings += [*notebooks.shape(lesson), *notebooks.runs(lesson)]
    return told


def audit_lesson(lesson: Lesson, launcher: Launcher, write: bool = False) -> list[Finding]:
    """Everything about one lesson; its runs go side by side, as many as there are cores."""
    cases = list(checks.cases(lesson))
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        found = pool.map(lambda case: list(case.judge(launcher)), cases)
        findings = [finding for some in found for finding in some]
    findings += checks.counts(lesson)
    findings += pages.blocks(lesson, launcher, write)
    findings += pages.unmarked(lesson)
    findings += pages.budget(lesson)
    return findings


def whole(launcher: Launcher, write: bool = False) -> Iterable[Finding]:
    """What concerns the course as a whole."""
    yield from states.finished_site()
    yield from states.stray_files()
    yield from notebooks.stray()
    yield from states.unchanged_overlays()
    yield from states.diagnoses_planted()
    yield from states.metadata()
    yield from readme.map_in_step(write)
    yield from readme.pictures_in_step(launcher, write)
    yield from solutions.page_in_step(write)
    yield from pages.links()


def show(screen: Screen, findings: list[Finding]) -> int:
    for finding in findings:
        screen.line(f"      {finding}")
    return len(findings)
