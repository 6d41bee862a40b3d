"""Whether what lies in the repository is what the lessons lead to, and nothing else."""

from collections.abc import Iterator

from coach import course
from coach.audit import Finding
from coach.course import LESSONS, ROOT, SOLUTIONS
from coach.diagnoses.catalogue import CATALOGUE

LESSON_FILES = {"README.md", "lesson.toml", "check.py"}
LESSON_FOLDERS = {"handout", "mistakes"}


def finished_site() -> Iterator[Finding]:
    """The state after the last lesson equals the site at the root, byte for byte."""
    composed = course.state(course.lessons()[-1].number, "async")
    lying = course.finished()
    for path in sorted(composed.keys() | lying.keys()):
        if path not in lying:
            yield Finding(path, "the lessons lead to it, and it is not at the root")
        elif path not in composed:
            yield Finding(path, "is at the root, and no lesson leads to it")
        elif composed[path] != lying[path]:
            yield Finding(path, "differs from what the lessons lead to")


def stray_files() -> Iterator[Finding]:
    """Lessons and solutions hold what the design names, for lessons that exist."""
    slugs = {one.slug for one in course.lessons()}
    for folder in sorted(LESSONS.iterdir()):
        if folder.name not in slugs:
            yield Finding(f"lessons/{folder.name}", "is not a lesson")
            continue
        for path in folder.iterdir():
            allowed = LESSON_FOLDERS if path.is_dir() else LESSON_FILES
            if path.name not in allowed | {"__pycache__"}:
                yield Finding(f"lessons/{folder.name}/{path.name}", "is stray")
        for name in LESSON_FILES:
            if not (folder / name).is_file():
                yield Finding(f"lessons/{folder.name}/{name}", "is missing")
    for branch in ("trunk", *course.BRANCHES):
        for path in (SOLUTIONS / branch).glob("*"):
            if path.name not in slugs:
                yield Finding(path.relative_to(ROOT).as_posix(), "belongs to no lesson")


def unchanged_overlays() -> Iterator[Finding]:
    """An overlay holds only files that its lesson changes."""
    for one in course.lessons():
        before = course.beginning(one.number, "async")
        for path, data in one.solution("async").items():
            if before.get(path) == data:
                yield Finding(f"{one.slug} {path}", "is in the overlay and changes nothing")


def diagnoses_planted() -> Iterator[Finding]:
    """Every identifier of the catalogue is produced by a planted mistake, and no other is named."""
    named = {mistake.diagnosis for one in course.lessons() for mistake in one.mistakes} | {
        one.toml.get("begins", {}).get("diagnosis") for one in course.lessons()
    }
    for ident in sorted(CATALOGUE.keys() - named):
        yield Finding(f"diagnosis {ident}", "no planted mistake produces it")
    for ident in sorted(str(name) for name in named - CATALOGUE.keys() - {None}):
        yield Finding(f"diagnosis {ident}", "is not in the catalogue")


def metadata() -> Iterator[Finding]:
    """Numbers, needs and edits of each lesson name what is there; three hints for each step."""
    numbers = {one.number for one in course.lessons()}
    for one in course.lessons():
        toml = one.toml
        if toml.get("number") != one.number:
            yield Finding(one.slug, f"its number is {toml.get('number')}")
        for need in toml.get("needs", ()):
            if need not in numbers or need >= one.number:
                yield Finding(one.slug, f"needs lesson {need}, which does not come before it")
        written = one.solution("async").keys() | one.solution("sync").keys()
        if set(one.edits) != set(written):
            yield Finding(one.slug, f"edits {sorted(one.edits)}, its solution {sorted(written)}")
        for step in one.steps:
            if len(step.hints) != 3 or any(len(hint) < 20 for hint in step.hints):
                yield Finding(one.slug, f"step {step.number} has not three hints with content")
            if step.retired_by is not None and step.retired_by <= one.number:
                yield Finding(
                    one.slug, f"step {step.number} is retired by lesson {step.retired_by}"
                )
