"""The two solution branches as git refs, built from the overlays and from nothing of this machine.

One commit a lesson: on `solution/sync` and `solution/async`, and tagged `sync/NN`, `async/NN`.
Author, committer and dates are fixed, so that every clone builds the same commit ids; as long as
the two solutions are the same, so are the commits.
"""

import textwrap
from collections.abc import Iterator
from pathlib import Path

from coach import course
from coach.clone import COACH, Clone, Ref
from coach.course import BRANCHES, Lesson

# Lesson N is dated the Nth of January 2026, at 00:00 UTC, so that a log shows them in order.
DAY_0_S, DAY_S = 1_767_139_200, 86_400
# fast-import wants a ref to commit to. This one is taken back within its stream and never exists.
BUILDING = b"refs/coach/building"


def build(root: Path) -> dict[str, list[str]]:
    """Make the branches and tags in the clone at `root`: the commit ids of each branch, in order.

    A `CoachError` where a ref would have to move that is checked out, or that holds what the coach
    has not made; then no ref has changed.
    """
    clone = Clone(root)
    commits = {
        branch: clone.store(b"".join(import_stream(branch, clone.none))) for branch in BRANCHES
    }
    there = clone.refs()
    moves = []
    for full, ident in wanted(commits).items():
        ref = there.get(full, Ref(full, "", clone.none))
        if ref.ident != ident:
            clone.refuse_to_move(ref)
            moves.append(f"update {full} {ident} {ref.ident}\n")
    clone.move(moves)
    return commits


def wanted(commits: dict[str, list[str]]) -> dict[str, str]:
    """The commit id of each ref, by its full name."""
    refs = {}
    for branch, idents in commits.items():
        refs[f"refs/heads/solution/{branch}"] = idents[-1]
        for lesson, ident in zip(course.lessons(), idents, strict=True):
            refs[f"refs/tags/{tag(branch, lesson.number)}"] = ident
    return refs


def tag(branch: str, number: int) -> str:
    return f"{branch}/{number:02}"


def import_stream(branch: str, none: str) -> Iterator[bytes]:
    """What git fast-import reads: a commit for each lesson, and a question for each one's id."""
    for lesson in course.lessons():
        yield b"commit %b\nmark :%d\n" % (BUILDING, lesson.number)
        yield b"committer %b %d +0000\n" % (COACH.encode(), DAY_0_S + DAY_S * lesson.number)
        yield data(message(lesson, branch).encode()) + b"deleteall\n"
        for path, content in sorted(course.state(lesson.number, branch).items()):
            yield b"M %b inline %b\n" % (mode(content), path.encode()) + data(content)
    yield b"reset %b\nfrom %b\n\n" % (BUILDING, none.encode())
    for lesson in course.lessons():
        yield b"get-mark :%d\n" % lesson.number
    yield b"done\n"


def data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def mode(content: bytes) -> bytes:
    """The mode of a file: what names its interpreter can be run. Windows knows no other sign."""
    return b"100755" if content.startswith(b"#!") else b"100644"


def message(lesson: Lesson, branch: str) -> str:
    """What the commit of a lesson says; it names the branch where there is more than one."""
    which = f", {branch}" if branch in lesson.branches else ""
    goal = textwrap.fill(f"At its end: {lesson.toml['goal']}.", 72)
    return f"Lesson {lesson.number}{which}: {lesson.title}\n\n{goal}\n"
