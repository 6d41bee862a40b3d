"""The git clone in which the course lies: its branches and tags, and how the coach adds to them.

It adds objects and refs, and touches no file of the clone, nor its index or its HEAD.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from coach.evidence import CoachError

COACH = "The coach <coach@course.invalid>"
WITHOUT = "writes the site after lesson 9 without git:\n    python -m coach solution 9 --to DIR"


@dataclass(frozen=True)
class Ref:
    """A branch or tag as the clone has it: its full name, and the kind and id of its object."""

    full: str
    kind: str
    ident: str

    @property
    def name(self) -> str:
        return self.full.split("/", 2)[2]

    @property
    def is_branch(self) -> bool:
        return self.full.startswith("refs/heads/")

    def __str__(self) -> str:
        return f"The {'branch' if self.is_branch else 'tag'} {self.name}"


class Clone:
    """A git clone. Nothing of its configuration or its hooks bears on what is built."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # With a GIT_DIR or GIT_INDEX_FILE of the caller's, git would write somewhere else.
        kept = ("GIT_CONFIG_", "GIT_EXEC_PATH")
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GIT_") or name.startswith(kept)
        } | {"LC_ALL": "C"}
        self._must_be_a_clone()
        # As long as this clone's ids are, which may be those of SHA-256.
        self.none = "0" * len(self.git("hash-object", "--stdin").strip())

    def _must_be_a_clone(self) -> None:
        if not shutil.which("git"):
            raise CoachError(f"There is no git on the PATH. This {WITHOUT}")
        ran = self._run("rev-parse", "--show-prefix")
        outside = "not a git repository" in ran.stderr.decode("utf-8", "replace")
        # Where the course lies in somebody's own repository, the branches have no place.
        if outside or ran.stdout.strip():
            raise CoachError(f"This folder is no git clone, so it has no branches. This {WITHOUT}")
        self._must_have_worked(ran)

    def git(self, *words: str, feed: bytes = b"") -> str:
        """What a git command printed; a `CoachError` with git's own words where it failed."""
        ran = self._run(*words, feed=feed)
        self._must_have_worked(ran)
        return ran.stdout.decode("utf-8", "replace")

    def _run(self, *words: str, feed: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        # A hook may forbid a ref, and a replaced object is not the one that was built.
        options = ("--no-replace-objects", "-c", "core.hooksPath=/dev/null")
        return subprocess.run(
            ["git", *options, *words], cwd=self.root, env=self.environ, input=feed,
            capture_output=True, check=False,
        )  # fmt: skip

    @staticmethod
    def _must_have_worked(ran: "subprocess.CompletedProcess[bytes]") -> None:
        if ran.returncode:
            said = ran.stderr.decode("utf-8", "replace").strip()
            raise CoachError(f"git failed, and no branch or tag was changed. It said:\n{said}")

    def store(self, stream: bytes) -> list[str]:
        """Run git fast-import on a stream that leaves no ref: the ids that it asks for."""
        return self.git("fast-import", "--quiet", "--done", feed=stream).split()

    def refs(self) -> dict[str, Ref]:
        """Every branch and tag of this clone, by its full name."""
        form = "--format=%(refname) %(objecttype) %(objectname)"
        told = self.git("for-each-ref", form, "refs/heads/", "refs/tags/")
        return {line.split(" ")[0]: Ref(*line.split(" ")) for line in told.splitlines()}

    def refuse_to_move(self, ref: Ref) -> None:
        """A `CoachError` where moving a ref would lose a commit, or harm a folder that is on it."""
        if ref.kind and (whose := self._not_ours(ref)):
            raise CoachError(
                f"{ref} {whose}. No branch or tag was changed. Give it another name, then try "
                f"again:\n{renamed(ref)}"
            )
        folder = self._checked_out().get(ref.full)
        if folder:
            raise CoachError(
                f"{ref} is checked out in {folder}, and would have to move. No branch or tag was "
                "changed. Leave the branch there, then try again; this keeps every file:\n"
                f'    git -C "{folder}" switch --detach'
            )

    def _not_ours(self, ref: Ref) -> str:
        """What shows that the coach did not make a ref, as the end of a sentence; else nothing."""
        if ref.kind != "commit":
            return "is not one that the coach made"
        told = self.git("rev-list", "--format=%h %cn <%ce>", ref.ident)
        for line in told.splitlines():
            ident, _, committer = line.partition(" ")
            if ident != "commit" and committer != COACH:
                return f"holds a commit that the coach did not make, {ident} by {committer}"
        return ""

    def _checked_out(self) -> dict[str, str]:
        """The folders that are on a branch, by the branch: this clone's and its worktrees'."""
        folders, folder = {}, ""
        for line in self.git("worktree", "list", "--porcelain").splitlines():
            word, _, rest = line.partition(" ")
            if word == "worktree":
                folder = rest
            elif word == "branch":
                folders[rest] = folder
        return folders

    def move(self, moves: list[str]) -> None:
        """Move all refs or none; a ref that has changed since it was looked at stops it."""
        self.git(
            "update-ref", "--no-deref", "-m", "coach branches", "--stdin",
            feed="".join(moves).encode(),
        )  # fmt: skip


def renamed(ref: Ref) -> str:
    """The commands that give a branch or tag another name."""
    if ref.is_branch:
        return f"    git branch -m {ref.name} mine/{ref.name}"
    return f"    git tag mine/{ref.name} {ref.name}\n    git tag -d {ref.name}"
