"""`hint N [K]`: the next hint for the step that fails, or hint K of it."""

import contextlib
import json

import click
from rich.text import Text

from coach.course import Lesson, Step
from coach.folder import put_whole
from coach.learner import Learner
from coach.process import Launcher
from coach.report import StepReport
from coach.screen import Screen, typed
from coach.verbs import options
from coach.verbs.check import check_one


@click.command()
@click.argument("lesson", type=options.LessonNumber())
@click.argument("k", type=click.IntRange(1, 3), required=False)
@options.work
@options.plain
def command(lesson: Lesson, k: int | None, work: str | None, plain: bool) -> None:
    """The next hint for the step of lesson N that fails; with K (1 to 3), that one."""
    with Launcher() as launcher:
        learner = Learner.at(work)
        failed = check_one(learner, lesson, launcher).failed_step
    screen = Screen(plain)
    if failed is None:
        screen.line(f"Lesson {lesson.number} passes; there is nothing to hint at.")
        return
    screen.lines(hint_lines(learner, lesson, failed, k))


def hint_lines(
    learner: Learner, lesson: Lesson, failed: StepReport, k: int | None, diff: str = ""
) -> list[Text]:
    """The next hint for a step that failed, or hint K of it; `diff` is how to ask for a diff."""
    step = lesson.steps[failed.step - 1]
    number = k or next_hint(learner, lesson, step)
    lines = [
        Text(f"Lesson {lesson.number}, step {step.number}: {step.title}", style="bold"),
        Text(f"  hint {number} of {len(step.hints)}  {step.hints[number - 1]}"),
    ]
    if number == len(step.hints):
        diff = diff or typed("diff", lesson.number)
        lines.append(Text(f"  after this one: {diff} shows a solution beside yours"))
    return lines


def next_hint(learner: Learner, lesson: Lesson, step: Step) -> int:
    """The number of the hint to give now: one more than last time, up to the last."""
    path = learner.folder.root / ".coach" / "hints.json"
    try:
        given = json.loads(path.read_text("utf-8"))
        last = int(given.get(f"{lesson.number}.{step.number}", 0))
    except (OSError, ValueError, AttributeError, TypeError):
        given, last = {}, 0
    number = min(max(last, 0) + 1, len(step.hints))
    given[f"{lesson.number}.{step.number}"] = number
    with contextlib.suppress(OSError):  # a folder that is read-only gets the first hint again
        put_whole(path, json.dumps(given).encode())
    return number
