"""The branches as git checks them out: a folder for each commit, and the coach's check in there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coach import course, refs
from coach.course import BRANCHES, ROOT

# Lessons whose own commits are checked here. tests/coach/test_branches.py sees that every commit
# holds the state that the audit checks; the workflow of GitHub checks each of them once more.
CHECKED = (1, 3, 9, 11)
PATIENCE_S = 120

pytestmark = pytest.mark.skipif(
    not shutil.which("git") and os.environ.get("CI") != "true",
    reason="there is no git on the PATH; the system's package git brings it",
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the branches and nothing else."""
    clone = tmp_path_factory.mktemp("clone")
    subprocess.run(["git", "init", "--quiet"], cwd=clone, check=True)
    refs.build(clone)
    return clone


def assert_passes(clone: Path, tag: str, number: int) -> None:
    """Check a tag out into a new folder, and run a check there as a learner does."""
    folder = clone.parent / f"{clone.name}-{tag.replace('/', '-')}-{number}"
    subprocess.run(["git", "worktree", "add", "--quiet", folder, tag], cwd=clone, check=True)
    check = [sys.executable, "-m", "coach", "check", str(number), "--plain"]
    ran = subprocess.run(
        [*check, "--work", str(folder)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout


# As long as the branches share their commits, one of them stands for both.
@pytest.mark.parametrize(
    ("branch", "number"),
    [
        (branch, number)
        for branch in BRANCHES
        for number in CHECKED
        if branch == "async" or branch in course.lesson(number).branches
    ],
)
def test_commit_passes_its_lesson(clone, branch, number):
    assert_passes(clone, refs.tag(branch, number), number)
