"""One learner: their folder, its snapshots, and how far they have come."""

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coach import course
from coach.course import ROOT, Lesson, Tree
from coach.evidence import CoachError
from coach.folder import Folder, put_whole
from coach.report import Report
from coach.snapshots import Snapshot, Snapshots

# More files than this that are handed out into one folder are named together.
MANY = 3


@dataclass
class Learner:
    """Everything that the coach knows of one learner, in one folder."""

    folder: Folder
    snapshots: Snapshots
    notes: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, work: str | None) -> "Learner":
        """The learner in `work`, else in the folder that WORK names, else in work/."""
        named = work or os.environ.get("WORK") or ""
        folder = Folder(Path(named).expanduser().resolve() if named else ROOT / "work")
        is_own = any(folder.root.is_relative_to(ROOT / name) for name in course.OWN)
        if is_own or ROOT.is_relative_to(folder.root):
            raise CoachError(
                f"{folder.root} holds the course itself. Name a folder of its own with WORK=path."
            )
        return cls(folder, Snapshots(folder))

    # -- the folder ----------------------------------------------------------------------------

    def prepare(self, lesson: Lesson) -> None:
        """Make the folder where there is none, and hand out the lesson's files."""
        if not self.folder.is_there:
            for path, data in course.beginning(lesson.number).items():
                self.folder.write(path, data)
            self.notes.append(f"{self.folder.shown}/ is new: your site is in it, edit it there.")
            return
        given = [Path(path) for path in self.folder.hand_out(lesson)]
        for parent in dict.fromkeys(path.parent for path in given):
            inside = [path for path in given if path.parent == parent]
            many = f"{parent.as_posix()}/ ({len(inside)} files)"
            for name in [many] if len(inside) > MANY else [path.as_posix() for path in inside]:
                self.notes.append(f"handed out: {self.folder.shown}/{name}")

    def snapshot(self, tree: Tree, why: str, must: bool = True) -> Snapshot | None:
        """Keep this state; where that cannot be done and need not, say so in the notes."""
        try:
            return self.snapshots.take(tree, why)
        except CoachError as error:
            if must:
                raise
            self.notes.append(str(error))
            return None

    def replace(self, tree: Tree, why: str, keeps: bool) -> tuple[Snapshot, list[str]]:
        """Snapshot, then make the folder hold `tree`: the snapshot, and the changed paths."""
        before = self.folder.read() if self.folder.is_there else {}
        snapshot = self.snapshots.take(before, why)
        return snapshot, self.folder.become(tree, before, keeps)

    # -- progress ------------------------------------------------------------------------------

    @property
    def _progress_file(self) -> Path:
        return self.folder.root / ".coach" / "progress.json"

    def progress(self) -> dict[int, dict[str, Any]]:
        """For each lesson checked: `{"passed": k, "of": n, "done": …, "once": …, "when": iso}`.

        `done` is of the last check; `once` says that the lesson has ever passed; `first` holds
        the first prediction of each name, in a lesson that asks for predictions.
        """
        try:
            told = json.loads(self._progress_file.read_text("utf-8"))
            return {
                int(number): dict(entry, passed=int(entry["passed"]))
                for number, entry in told.items()
            }
        except (OSError, ValueError, AttributeError, TypeError, KeyError):
            return {}

    def remember(self, report: Report) -> None:
        """Write the result of a check; a folder that cannot be written keeps the old one."""
        states = [step.state for step in report.steps]
        known = self.progress().get(report.lesson, {})
        entry: dict[str, Any] = {"passed": states.count("passed"), "of": len(states)}
        entry |= {"done": report.passed, "once": report.passed or bool(known.get("once"))}
        rows = [one for step in report.steps for one in step.compared if one.name]
        now = {one.name: one.predicted for one in rows}
        if first := now | as_texts(known.get("first")):
            entry["first"] = first
        self.set_progress(report.lesson, entry)

    def recall(self, report: Report) -> None:
        """Put what was predicted at first beside each prediction that has changed since."""
        first = as_texts(self.progress().get(report.lesson, {}).get("first"))
        for one in (one for step in report.steps for one in step.compared):
            was = first.get(one.name, one.predicted)
            one.first = was if was != one.predicted else ""

    def set_progress(self, number: int, entry: dict[str, Any]) -> None:
        known = self.progress()
        when = datetime.now(UTC).replace(microsecond=0).isoformat()
        known[number] = entry | {"when": when}
        told = {str(key): value for key, value in sorted(known.items())}
        try:
            put_whole(self._progress_file, json.dumps(told, indent=1).encode())
        except OSError:
            return

    def skip_to(self, lesson: Lesson) -> None:
        """Note which lessons were left out: the folder now holds their solutions."""
        for one in course.lessons():
            if one.number < lesson.number and not self.progress().get(one.number, {}).get("once"):
                told = {"passed": 0, "of": len(one.steps), "done": False, "skipped": True}
                self.set_progress(one.number, told)

    def reached(self, tree: Tree) -> int:
        """The last lesson begun: checked before, or seen in the files."""
        return max(course.begun(tree), max(self.progress(), default=0))

    def reached_after(self, lesson: Lesson, tree: Tree) -> int:
        """The last lesson that may retire steps of this one.

        A step is retired for those who have passed it, or passed what retires it: for others,
        a glance at a later lesson would let a wrong answer through. A folder in which this
        lesson was never checked is taken by what its files show.
        """
        known = self.progress()
        done = [n for n, entry in known.items() if entry.get("once") or entry.get("skipped")]
        if lesson.number not in known:
            return max([course.begun(tree), *done])
        return self.reached(tree) if lesson.number in done else max(done, default=0)


def as_texts(told: Any) -> dict[str, str]:
    """A dict of texts as it was written; nothing of a file that was damaged."""
    if not isinstance(told, dict):
        return {}
    return {str(name): str(value) for name, value in told.items()}


def edited_by_mistake() -> dict[str, str]:
    """Files of the finished site that no longer equal what the course leads to, and how."""
    last = course.lessons()[-1].number
    composed, lying = course.state(last, "async"), course.finished()
    return {
        path: "was edited" if path in lying else "is missing"
        for path in sorted(composed.keys() | lying.keys())
        if composed.get(path) != lying.get(path)
    }
