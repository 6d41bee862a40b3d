"""Whether the checks tell right from wrong: beginnings, solutions, mistakes, variants."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from coach import course
from coach.audit import Finding
from coach.course import Lesson, Mistake, Tree, Variant
from coach.evidence import CoachError
from coach.process import Launcher
from coach.report import Report, StepReport
from coach.runner import run_check
from coach.screen import failure_lines

Planted = TypeVar("Planted", Mistake, Variant)
MEASURED = (6, 7)
MIN_MISTAKES = 8
MIN_VARIANTS = 4


@dataclass(frozen=True)
class Case:
    """One run of the audit: its name, and what yields its findings."""

    name: str
    judge: Callable[[Launcher], Iterator[Finding]]


def cases(lesson: Lesson, is_shared_out: bool = False) -> Iterator[Case]:
    """Every case of a lesson, in each of its branches.

    With `is_shared_out`, what is planted in files that are the same in both branches goes to one of
    them in turn: what is changed there does not know which branch it is in.
    """
    for branch in lesson.branches:
        tail = f" ({branch})" if branch else ""
        where = f"lesson {lesson.number}{tail}"
        yield Case(f"{where}: begins", lambda run, b=branch: begins(lesson, b, run))  # type: ignore[misc]
        yield Case(f"{where}: solved", lambda run, b=branch: solved(lesson, b, run))  # type: ignore[misc]
        for mistake in turns(lesson, lesson.mistakes, branch, is_shared_out):
            yield Case(
                f"{where}: mistake {mistake.name}",
                lambda run, m=mistake, b=branch: caught(lesson, m, b, run),  # type: ignore[misc]
            )
        for variant in turns(lesson, lesson.variants, branch, is_shared_out):
            yield Case(
                f"{where}: variant {variant.name}",
                lambda run, v=variant, b=branch: accepted(lesson, v, b, run),  # type: ignore[misc]
            )


def turns(
    lesson: Lesson, planted: list[Planted], branch: str | None, is_shared_out: bool
) -> list[Planted]:
    """What is planted in this branch, or its share of that."""
    mine = of_branch(planted, branch)
    if branch is None or not is_shared_out:
        return mine
    sync, async_ = (course.state(lesson.number, one) for one in course.BRANCHES)
    both = [one for one in planted if one.branch is None]
    shared = [one for one in both if all(sync.get(e.file) == async_.get(e.file) for e in one.edits)]
    turn = course.BRANCHES.index(branch)
    return [one for one in mine if one not in shared or shared.index(one) % 2 == turn]


def of_branch(planted: list[Planted], branch: str | None) -> list[Planted]:
    """Those mistakes or variants that change the solution of this branch."""
    return [one for one in planted if branch is None or one.branch in (None, branch)]


def check(
    lesson: Lesson,
    tree: Tree,
    launcher: Launcher,
    reached: int | None = None,
    patience: float = 1.0,
) -> Report:
    return run_check(lesson, tree, launcher, "work", reached or lesson.number, patience)


def begins(lesson: Lesson, branch: str | None, launcher: Launcher) -> Iterator[Finding]:
    """The state in which a lesson begins fails, at its step and for its reason."""
    told = lesson.toml.get("begins", {})
    report = check(lesson, course.beginning(lesson.number, branch), launcher)
    where = f"{lesson.slug}, as it begins"
    yield from judge(
        where, report.failed_step, told.get("step"), told.get("diagnosis"), told.get("says", [])
    )


def solved(lesson: Lesson, branch: str | None, launcher: Launcher) -> Iterator[Finding]:
    """The solution passes, and with it every earlier check that is not retired."""
    tree = course.state(lesson.number, branch)
    for one in course.lessons():
        if one.number <= lesson.number and can_differ(one, lesson, branch):
            step = check(one, tree, launcher, lesson.number).failed_step
            if step:
                text = f"check {one.number} fails at step {step.step}: got {step.got}"
                yield Finding(f"{lesson.slug}, solved", text)


def can_differ(earlier: Lesson, lesson: Lesson, branch: str | None) -> bool:
    """Whether an earlier check may see something in this state that it has not seen before.

    The branches share their trunk, so what was looked at before they part is looked at in one. And
    the checks that measure for seconds look again where the way to a consumer has changed, and at
    the end.
    """
    if branch == "sync" and earlier.branches == [None]:
        return False
    is_last = lesson.number == course.lessons()[-1].number
    changes_way = lesson is earlier or is_last or "gs2/asgi.py" in lesson.solution(branch)
    return earlier.number not in MEASURED or changes_way


def caught(
    lesson: Lesson, mistake: Mistake, branch: str | None, launcher: Launcher
) -> Iterator[Finding]:
    """A planted mistake fails at its step, with its diagnosis and its words."""
    where = f"{lesson.slug}, mistake {mistake.name!r}"
    try:
        tree = course.edited(course.state(lesson.number, branch), mistake.edits)
    except CoachError as error:
        yield Finding(where, str(error))
        return
    step = check(lesson, tree, launcher, patience=mistake.patience).failed_step
    yield from judge(where, step, mistake.step, mistake.diagnosis, mistake.says)
    if step and mistake.look_at and step.look_at != mistake.look_at:
        yield Finding(where, f"looks at {step.look_at}, not {mistake.look_at}")


def judge(
    where: str, failed: StepReport | None, step: int | None, diagnosis: str | None, says: list[str]
) -> Iterator[Finding]:
    """Compare a failed step with what `lesson.toml` expects of it."""
    if failed is None:
        yield Finding(where, "passes")
        return
    if failed.step != step:
        yield Finding(where, f"fails at step {failed.step}, not {step}: got {failed.got}")
    elif failed.diagnosis != diagnosis:
        yield Finding(where, f"is diagnosed {failed.diagnosis}, not {diagnosis}: got {failed.got}")
    text = "\n".join(line.plain for line in failure_lines(failed, "work", trace=False))
    for words in says:
        if words not in text:
            yield Finding(where, f"the report does not say {words!r}:\n{text}")


def accepted(
    lesson: Lesson, variant: Variant, branch: str | None, launcher: Launcher
) -> Iterator[Finding]:
    """A solution written otherwise passes."""
    where = f"{lesson.slug}, variant {variant.name!r}"
    try:
        tree = course.edited(course.state(lesson.number, branch), variant.edits)
    except CoachError as error:
        yield Finding(where, str(error))
        return
    step = check(lesson, tree, launcher).failed_step
    if step:
        text = "\n".join(line.plain for line in failure_lines(step, "work", trace=False))
        yield Finding(where, f"fails at step {step.step}:\n{text}")


def counts(lesson: Lesson) -> Iterator[Finding]:
    """Enough mistakes and variants, and at least one mistake for each step: a check that
    were emptied would then let one through."""
    for branch in lesson.branches:
        where = f"{lesson.slug} ({branch})" if branch else lesson.slug
        mistakes = of_branch(lesson.mistakes, branch)
        variants = of_branch(lesson.variants, branch)
        if len(mistakes) < MIN_MISTAKES:
            yield Finding(where, f"has {len(mistakes)} mistakes, fewer than {MIN_MISTAKES}")
        if len(variants) < MIN_VARIANTS:
            yield Finding(where, f"has {len(variants)} variants, fewer than {MIN_VARIANTS}")
        for step in lesson.steps:
            if not any(mistake.step == step.number for mistake in mistakes):
                yield Finding(where, f"has no mistake that step {step.number} catches")
    for mistake in lesson.mistakes:
        if mistake.diagnosis is None and not mistake.says:
            text = "names neither a diagnosis nor words that the report says"
            yield Finding(f"{lesson.slug}, mistake {mistake.name!r}", text)
