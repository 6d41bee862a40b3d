"""`branches`: the solutions as git refs, the same in every clone, and no work of anybody lost."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from coach import clone, course, refs
from coach.course import BRANCHES, ROOT, Tree
from coach.evidence import CoachError

LESSONS = course.lessons()
LAST = LESSONS[-1].number
TAGS = {refs.tag(branch, one.number): (branch, one) for branch in BRANCHES for one in LESSONS}
REFS = {f"refs/tags/{tag}" for tag in TAGS} | {f"refs/heads/solution/{one}" for one in BRANCHES}
WITHOUT_GIT = (
    "This writes the site after lesson 9 without git:\n    python -m coach solution 9 --to DIR"
)

pytestmark = pytest.mark.skipif(
    not shutil.which("git") and os.environ.get("CI") != "true",
    reason="there is no git on the PATH; the system's package git brings it",
)


def git_says(folder: Path, *words: str | Path) -> bytes:
    """What a git command prints, run by Ana in a folder, without settings of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    ana = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")
    return subprocess.run(
        ["git", *ana, *map(str, words)], cwd=folder, env=kept | nothing, capture_output=True,
        stdin=subprocess.DEVNULL, check=True,
    ).stdout  # fmt: skip


def git(folder: Path, *words: str | Path) -> str:
    return git_says(folder, *words).decode().strip()


def refs_of(folder: Path) -> dict[str, str]:
    told = git(folder, "for-each-ref", "--format=%(refname) %(objectname)")
    return dict(line.split() for line in told.splitlines())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A repository of Ana's on a branch main, with one commit."""
    home = tmp_path / "mein Kurs é"
    home.mkdir()
    git(home, "-c", "init.defaultBranch=main", "init")
    for name in ("README.md", "manage.py"):
        (home / name).write_text("of the course\n", "utf-8")
    git(home, "add", ".")
    git(home, "commit", "-m", "The course")
    return home


@pytest.fixture
def change_course(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A function that makes the course a later one, which has a file more from lesson 9 on."""
    state = course.state

    def changed(number: int, branch: str | None = None) -> Tree:
        return state(number, branch) | ({"myapp/later.py": b"later\n"} if number >= 9 else {})

    return lambda: monkeypatch.setattr(course, "state", changed)


# -- what is built --------------------------------------------------------------------------------


def test_each_tag_holds_the_state_after_its_lesson(home):
    built = refs.build(home)

    there = refs_of(home)
    assert there.keys() == REFS | {"refs/heads/main"}
    for tag, (branch, lesson) in TAGS.items():
        packed = git_says(home, "-c", "core.autocrlf=false", "archive", tag)
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            files = [entry for entry in tar if entry.isfile()]
            tree = {entry.name: tar.extractfile(entry).read() for entry in files}
        assert tree == course.state(lesson.number, branch)
        assert [entry.name for entry in files if entry.mode & 0o100] == ["manage.py"]
        assert there[f"refs/tags/{tag}"] == built[branch][lesson.number - 1]
    assert [there[f"refs/heads/solution/{one}"] for one in BRANCHES] == [
        built[one][-1] for one in BRANCHES
    ]


def test_log_reads_as_the_course(home):
    refs.build(home)

    titles = git(home, "log", "--reverse", "--format=%s", "solution/sync").splitlines()
    assert titles == [
        f"Lesson {one.number}{', sync' if one.number > 7 else ''}: {one.title}" for one in LESSONS
    ]
    assert git(home, "show", "-s", "--format=%an <%ae>, %aI%n%cn <%ce>, %cI%n%n%B", "sync/09") == (
        "The coach <coach@course.invalid>, 2026-01-09T00:00:00+00:00\n"
        "The coach <coach@course.invalid>, 2026-01-09T00:00:00+00:00\n"
        "\n"
        "Lesson 9, sync: Rooms\n"
        "\n"
        "At its end: two browsers that hear each other, and a third in another\n"
        "room that does not."
    )
    assert git(home, "fsck", "--strict", "--no-dangling") == ""


def test_branches_part_where_the_solutions_do(home):
    sync, asynchronous = refs.build(home).values()

    same = [mine == theirs for mine, theirs in zip(sync, asynchronous, strict=True)]
    assert same == [one.number < 8 for one in LESSONS]
    named = git(home, "diff", "--name-only", "solution/sync", "solution/async")
    assert named == "myapp/chat.py"


# -- the same everywhere --------------------------------------------------------------------------


def at_home(home: Path, tmp_path: Path) -> Path:
    return home


def in_a_clone(home: Path, tmp_path: Path) -> Path:
    git(home, "clone", home, tmp_path / "clone")
    return tmp_path / "clone"


def in_a_shallow_clone(home: Path, tmp_path: Path) -> Path:
    git(home, "commit", "--allow-empty", "-m", "More")
    git(home, "clone", "--depth", "1", home.as_uri(), tmp_path / "shallow")
    return tmp_path / "shallow"


def in_a_worktree_of_a_bare_clone(home: Path, tmp_path: Path) -> Path:
    git(home, "clone", "--bare", home, tmp_path / "bare")
    git(tmp_path / "bare", "worktree", "add", "--detach", tmp_path / "tree")
    return tmp_path / "tree"


def without_a_commit(home: Path, tmp_path: Path) -> Path:
    git(tmp_path, "init", "empty")
    return tmp_path / "empty"


PLACES = [
    at_home, in_a_clone, in_a_shallow_clone, in_a_worktree_of_a_bare_clone, without_a_commit,
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_every_clone_builds_the_same_commits(home, tmp_path, place):
    folder = place(home, tmp_path)

    assert refs.build(folder) == refs.build(home)
    assert {ref: ident for ref, ident in refs_of(folder).items() if ref in REFS} == {
        ref: ident for ref, ident in refs_of(home).items() if ref in REFS
    }


def test_settings_of_the_machine_change_nothing(home, tmp_path, monkeypatch):
    expected = refs.build(in_a_clone(home, tmp_path))
    hook = tmp_path / "hooks/reference-transaction"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    hook.chmod(0o755)
    for setting in (
        f"core.hooksPath={hook.parent.as_posix()}", "core.autocrlf=true", "core.fileMode=false",
        "commit.gpgSign=true", "tag.gpgSign=true", "i18n.commitEncoding=latin1",
        "user.useConfigOnly=true", "init.defaultBranch=solution/sync", "log.showSignature=true",
        "fastimport.unpackLimit=1",
    ):  # fmt: skip
        git(home, "config", *setting.split("="))
    (home / ".gitattributes").write_text("* text eol=crlf\n", "utf-8")
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_EMAIL", "GIT_AUTHOR_DATE", "EMAIL"):
        monkeypatch.setenv(name, "1 Ana")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)  # in which nobody has a name
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("LANGUAGE", "de")

    assert refs.build(home) == expected
    assert not (tmp_path / "elsewhere").exists()


# -- what it leaves alone -------------------------------------------------------------------------


def all_but_what_it_adds(home: Path) -> Tree:
    """Every file of a clone, git's own included, apart from objects, the refs and their logs."""
    added = (".git/objects/", ".git/refs/", ".git/logs/refs/heads/solution/")
    files = {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file()
    }
    return {path: data for path, data in files.items() if not path.startswith(added)}


def test_files_index_and_head_stay_as_they_are(home):
    (home / "README.md").write_text("changed and staged\n", "utf-8")
    git(home, "add", "README.md")
    (home / "manage.py").write_text("changed\n", "utf-8")
    (home / "notes.txt").write_text("of nobody's\n", "utf-8")
    before, main = all_but_what_it_adds(home), refs_of(home)

    refs.build(home)

    assert all_but_what_it_adds(home) == before
    assert {ref: ident for ref, ident in refs_of(home).items() if ref not in REFS} == main


def test_built_again_it_changes_nothing_at_all(home):
    refs.build(home)
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}

    refs.build(home)

    after = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}
    assert {path: when for path, when in after.items() if "objects" not in path.parts} == {
        path: when for path, when in before.items() if "objects" not in path.parts
    }


def test_what_an_earlier_course_built_moves(home, change_course):
    earlier = refs.build(home)
    change_course()

    later = refs.build(home)

    for branch in BRANCHES:
        same = [was == now for was, now in zip(earlier[branch], later[branch], strict=True)]
        assert same == [one.number < 9 for one in LESSONS]
        assert git(home, "rev-parse", f"solution/{branch}") == later[branch][-1]
        assert git(home, "rev-parse", refs.tag(branch, 9)) == later[branch][8]


# -- what it refuses ------------------------------------------------------------------------------


def refusal(home: Path) -> str:
    """The sentence that it refuses with; every ref, all files and HEAD are as they were."""
    before = refs_of(home), all_but_what_it_adds(home)
    with pytest.raises(CoachError) as refused:
        refs.build(home)
    assert (refs_of(home), all_but_what_it_adds(home)) == before
    return str(refused.value)


def test_commit_of_ones_own_on_a_branch_is_kept(home):
    refs.build(home)
    git(home, "switch", "solution/sync")
    git(home, "commit", "--allow-empty", "-m", "Mine")
    ident = git(home, "rev-parse", "--short", "HEAD")
    git(home, "switch", "main")

    assert refusal(home) == (
        f"The branch solution/sync holds a commit that the coach did not make, {ident} by "
        "Ana <ana@example.org>. No branch or tag was changed. Give it another name, then try "
        "again:\n    git branch -m solution/sync mine/solution/sync"
    )
    git(home, "branch", "-m", "solution/sync", "mine/solution/sync")
    refs.build(home)
    assert git(home, "rev-parse", "--short", "mine/solution/sync") == ident


def test_amended_commit_is_ones_own(home):
    refs.build(home)
    git(home, "switch", "solution/async")
    git(home, "commit", "--amend", "-m", "Mine")
    git(home, "switch", "main")

    assert "solution/async holds a commit that the coach did not make" in refusal(home)


@pytest.mark.parametrize("options", [(), ("-a", "-m", "Mine")], ids=["plain", "annotated"])
def test_tag_of_ones_own_is_kept(home, options):
    git(home, "tag", *options, "async/03", "main")
    ident = git(home, "rev-parse", "--short", "main")
    whose = (
        "is not one that the coach made"
        if options
        else f"holds a commit that the coach did not make, {ident} by Ana <ana@example.org>"
    )

    assert refusal(home) == (
        f"The tag async/03 {whose}. No branch or tag was changed. Give it another name, then try "
        "again:\n    git tag mine/async/03 async/03\n    git tag -d async/03"
    )


def test_branch_that_stands_for_another_moves_neither(home):
    git(home, "symbolic-ref", "refs/heads/solution/sync", "refs/heads/main")

    assert "solution/sync holds a commit that the coach did not make" in refusal(home)


def test_branch_that_stands_for_the_other_becomes_one_of_its_own(home):
    built = refs.build(home)
    git(home, "symbolic-ref", "refs/heads/solution/sync", "refs/heads/solution/async")

    refs.build(home)

    assert [refs_of(home)[f"refs/heads/solution/{one}"] for one in BRANCHES] == [
        built[one][-1] for one in BRANCHES
    ]


def test_name_that_leaves_no_room_is_told_in_the_words_of_git(home):
    git(home, "branch", "solution")

    said = refusal(home)

    assert said.startswith("git failed, and no branch or tag was changed. It said:\nfatal: ")
    assert "'refs/heads/solution' exists" in said


def checked_out(folder: Path) -> str:
    return (
        f"The branch solution/sync is checked out in {folder.as_posix()}, and would have to move. "
        "No branch or tag was changed. Leave the branch there, then try again; this keeps every "
        f'file:\n    git -C "{folder.as_posix()}" switch --detach'
    )


def test_checked_out_branch_does_not_move(home, change_course):
    refs.build(home)
    git(home, "switch", "solution/sync")
    refs.build(home)
    change_course()

    assert refusal(home) == checked_out(home)
    git(home, "switch", "--detach")
    refs.build(home)


def test_branch_checked_out_in_another_folder_does_not_move(home, tmp_path, change_course):
    refs.build(home)
    git(home, "worktree", "add", tmp_path / "there", "solution/sync")
    change_course()

    assert refusal(home) == checked_out(tmp_path / "there")


def test_branch_that_is_to_be_born_is_not_made_under_it(home):
    git(home, "switch", "--orphan", "solution/sync")

    assert refusal(home) == checked_out(home)


def test_folder_that_is_no_clone_has_no_branches(tmp_path):
    with pytest.raises(CoachError) as refused:
        refs.build(tmp_path)

    assert str(refused.value) == (
        f"This folder is no git clone, so it has no branches. {WITHOUT_GIT}"
    )


def test_repository_around_the_course_gets_no_branches(home):
    (home / "course").mkdir()
    before = refs_of(home)

    with pytest.raises(CoachError, match=r"^This folder is no git clone"):
        refs.build(home / "course")
    assert refs_of(home) == before


def test_machine_without_git_is_told_another_way(home, monkeypatch):
    monkeypatch.setattr(clone.shutil, "which", lambda name: None)

    assert refusal(home) == f"There is no git on the PATH. {WITHOUT_GIT}"


# -- as it is typed -------------------------------------------------------------------------------


@pytest.fixture
def copy(home: Path) -> Path:
    """Ana's repository with the course in it."""
    for name in ("coach", "lessons", "solutions"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, home / name, ignore=ignored)
    return home


def test_command_says_what_it_built_and_what_to_type(copy, tmp_path, environment):
    def branches() -> tuple[int, str, str]:
        ran = subprocess.run(
            [sys.executable, "-m", "coach", "branches"], cwd=tmp_path, capture_output=True,
            env=environment | {"PYTHONPATH": str(copy)}, encoding="utf-8", check=False,
        )  # fmt: skip
        return ran.returncode, ran.stdout, ran.stderr

    first = branches()

    sync, asynchronous = (git(copy, "rev-parse", f"solution/{one}")[:10] for one in BRANCHES)
    assert first == (
        0,
        f"  solution/sync   at {sync}, with the tags sync/01 to sync/{LAST}\n"
        f"  solution/async  at {asynchronous}, with the tags async/01 to async/{LAST}\n"
        "Worth typing:\n"
        "    git diff solution/sync solution/async -- myapp/chat.py\n"
        "    git log -p solution/async\n"
        "    git worktree add ../lesson-9 async/09\n",
        "",
    )
    for line in first[1].splitlines()[3:]:
        git(copy, *line.split()[1:])
    assert (tmp_path / "lesson-9/myapp/chat.py").read_bytes() == course.state(9, "async")[
        "myapp/chat.py"
    ]
    git(copy, "branch", "-f", "solution/async", "main")
    code, out, err = branches()
    assert (code, out) == (3, "")
    assert err.startswith("The branch solution/async holds a commit that the coach did not make")
