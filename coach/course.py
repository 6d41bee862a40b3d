"""The course as data: lessons, their steps, and the states of the site that they lead through."""

import importlib.util
import tomllib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach.evidence import CoachError

if TYPE_CHECKING:
    from coach.site import Site

ROOT = Path(__file__).resolve().parents[1]
LESSONS = ROOT / "lessons"
SOLUTIONS = ROOT / "solutions"
BRANCHES = ("sync", "async")
FINISHED = ("manage.py", "gs2", "myapp")

# Folders at the root in which no learner's folder can be.
OWN = {
    ".ci", ".devcontainer", ".git", ".github", ".venv", "coach", "compare", "gs2", "lessons",
    "myapp", "notebooks", "requirements", "solutions", "tests",
}  # fmt: skip

Tree = dict[str, bytes]
Check = Callable[["Site"], Awaitable[None]]


@dataclass(frozen=True)
class Edit:
    """Replace the one occurrence of `find` in `file`; without `find`, `put` is the whole file,
    and without `put` the file is removed."""

    file: str
    find: str | None = None
    put: str | bytes | None = None


@dataclass(frozen=True)
class Step:
    """One thing that a check looks at. `look_at` is a file, or `file · function`, for a failure
    that points nowhere by itself; from lesson `retired_by` on the step is no longer true."""

    number: int
    title: str
    hints: list[str]
    look_at: str = ""
    retired_by: int | None = None


@dataclass(frozen=True)
class Mistake:
    """A planted mistake: what to change in the solution, and what the check has to say of it.

    `look_at` is what the report has to look at (`file:line`), `says` words that it contains.
    `patience` below 1 shortens the time limits, for a mistake that runs into one. `branch` is the
    one whose solution it changes; without it, each that the lesson has.
    """

    name: str
    step: int
    edits: list[Edit]
    diagnosis: str | None = None
    look_at: str = ""
    says: list[str] = field(default_factory=list)
    patience: float = 1.0
    branch: str | None = None


@dataclass(frozen=True)
class Variant:
    """A solution that is right, but written otherwise; of one branch, or of each."""

    name: str
    edits: list[Edit]
    branch: str | None = None


@dataclass(frozen=True)
class Lesson:
    """One lesson: `lesson.toml`, `check.py`, the page and the overlays."""

    folder: Path

    @cached_property
    def toml(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "lesson.toml").read_text("utf-8"))

    @property
    def number(self) -> int:
        return int(self.folder.name[:2])

    @property
    def slug(self) -> str:
        return self.folder.name

    @property
    def title(self) -> str:
        return str(self.toml["title"])

    @property
    def edits(self) -> list[str]:
        """The files that the learner writes, as the page names them."""
        return list(self.toml["edits"])

    @cached_property
    def steps(self) -> list[Step]:
        return [Step(number, **step) for number, step in enumerate(self.toml["steps"], 1)]

    @cached_property
    def mistakes(self) -> list[Mistake]:
        return [
            Mistake(edits=self._edits(entry), **_without_edits(entry))
            for entry in self.toml.get("mistakes", ())
        ]

    @cached_property
    def variants(self) -> list[Variant]:
        return [
            Variant(entry["name"], self._edits(entry), entry.get("branch"))
            for entry in self.toml.get("variants", ())
        ]

    def _edits(self, entry: dict[str, Any]) -> list[Edit]:
        edits = entry.get("edits") or [{key: entry[key] for key in EDIT_KEYS if key in entry}]
        return [self._edit(edit) for edit in edits]

    def _edit(self, edit: dict[str, str]) -> Edit:
        if "whole" in edit:
            data = (self.folder / "mistakes" / edit["whole"]).read_bytes()
            return Edit(edit["file"], None, data)
        return Edit(edit["file"], edit.get("find"), edit.get("put"))

    @property
    def handout(self) -> Tree:
        return overlay(self.folder / "handout")

    def solution(self, branch: str | None) -> Tree:
        """What the learner writes in this lesson: of the trunk, or of one branch."""
        return overlay(SOLUTIONS / "trunk" / self.slug) | (
            overlay(SOLUTIONS / branch / self.slug) if branch else {}
        )

    @property
    def branches(self) -> list[str | None]:
        """The branches in which this lesson is written; None alone is the trunk."""
        begun = [one for one in lessons() if one.number <= self.number]
        is_split = any((SOLUTIONS / "sync" / one.slug).is_dir() for one in begun)
        return [*BRANCHES] if is_split else [None]

    def checks(self) -> list[Check]:
        """The functions of `check.py`, one for each step, in order."""
        spec = importlib.util.spec_from_file_location(
            f"check_{self.number:02}", self.folder / "check.py"
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        checks = [thing for name, thing in vars(module).items() if name.startswith("check_")]
        if len(checks) != len(self.steps):
            raise CoachError(f"{self.slug} has {len(self.steps)} steps and {len(checks)} checks.")
        return checks


EDIT_KEYS = ("file", "find", "put", "whole")


def _without_edits(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in (*EDIT_KEYS, "edits")}


@cache
def lessons() -> list[Lesson]:
    """Every lesson of the course, in order."""
    return [Lesson(path.parent) for path in sorted(LESSONS.glob("[0-9][0-9]-*/lesson.toml"))]


def lesson(number: int) -> Lesson:
    """Lesson `number`; a `LookupError` where there is none."""
    for one in lessons():
        if one.number == number:
            return one
    raise LookupError(f"There is no lesson {number}; the course has lessons 1 to {len(lessons())}.")


@cache
def _overlay(folder: Path) -> tuple[tuple[str, bytes], ...]:
    return tuple(
        (path.relative_to(folder).as_posix(), path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    )


def overlay(folder: Path) -> Tree:
    """The files of an overlay by their path in the site; empty where there is no folder."""
    return dict(_overlay(folder))


def state(number: int, branch: str | None = "async") -> Tree:
    """The site after lesson `number`: every handout and every solution up to it.

    Up to lesson 7 the branches are the same; None is their trunk alone.
    """
    tree: Tree = {}
    for one in lessons():
        if one.number <= number:
            tree |= one.handout | one.solution(branch)
    return tree


def beginning(number: int, branch: str | None = "async") -> Tree:
    """The site in which lesson `number` begins: the state before it, and its handout."""
    return state(number - 1, branch) | lesson(number).handout


def finished() -> Tree:
    """The finished site, as it lies at the root of the repository."""
    paths = [ROOT / name for name in FINISHED]
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))]
    return {
        file.relative_to(ROOT).as_posix(): file.read_bytes()
        for file in sorted(files)
        if file.is_file() and "__pycache__" not in file.parts
    }


def edited(tree: Tree, edits: Iterable[Edit]) -> Tree:
    """A state with edits applied; a `CoachError` where one does not fit exactly once."""
    result = dict(tree)
    for edit in edits:
        if edit.find is None:
            result.pop(edit.file, None)
            if edit.put is not None:
                result[edit.file] = as_bytes(edit.put)
            continue
        text = result.get(edit.file, b"").decode()
        if text.count(edit.find) != 1:
            found = text.count(edit.find)
            raise CoachError(f"{edit.file} contains {found} times, not once: {edit.find!r}")
        result[edit.file] = as_bytes(text.replace(edit.find, str(edit.put or "")))
    return result


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def begun(tree: Tree) -> int:
    """The last lesson of which a learner's files show something that the learner wrote.

    That is a file that the lesson's solution brings into the site, or one that equals it; what
    the lesson hands out is not the learner's.
    """
    last = 0
    for one in lessons():
        for branch in one.branches:
            before = beginning(one.number, branch)
            mine = one.solution(branch)
            is_new = any(path in tree for path in mine if path not in before)
            is_same = any(tree.get(path) == data for path, data in mine.items() if data.strip())
            if is_new or is_same:
                last = max(last, one.number)
    return last
