"""The learner's folder: what it holds, and the few ways in which the coach writes to it.

What the coach does not track it never touches: links, files over MAX_BYTES, databases, and
the folders named in IGNORED. Everything else is in a snapshot before it is replaced.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from coach.course import FINISHED, ROOT, Lesson, Tree
from coach.evidence import CoachError

IGNORED = {
    ".coach", ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints",
}  # fmt: skip
IGNORED_ENDINGS = (".pyc", ".sqlite3", ".sqlite3-journal", ".sqlite3-wal", ".sqlite3-shm")
MAX_BYTES = 2_000_000

# Windows replaces no file that another program has open, which an indexer or a scanner for viruses
# has for a moment after each save.
ATTEMPTS, PAUSE_S = (10 if os.name == "nt" else 1), 0.05


def is_ignored(name: str) -> bool:
    return name in IGNORED or name.startswith(".coach-") or name.endswith(IGNORED_ENDINGS)


class Folder:
    """A learner's folder, `work/` unless WORK names another."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def shown(self) -> str:
        """How reports call it: relative to the repository where it lies there."""
        with contextlib.suppress(ValueError):
            return self.root.relative_to(ROOT).as_posix()
        return str(self.root)

    @property
    def is_there(self) -> bool:
        """Whether it holds a learner's site, or anything at all."""
        if self.root.exists() and not self.root.is_dir():
            raise CoachError(
                f"{self.shown} is a file, and the coach needs a folder there. Move the file "
                "away, or name another folder with WORK=path."
            )
        return self.root.is_dir() and any(not is_ignored(path.name) for path in self.root.iterdir())

    def read(self) -> Tree:
        """Every tracked file by its path in the folder."""
        tree: Tree = {}
        for folder, names, files in os.walk(self.root, onerror=self._refuse):
            names[:] = sorted(
                name
                for name in names
                if not is_ignored(name) and not Path(folder, name).is_symlink()
            )
            for name in sorted(files):
                path = Path(folder, name)
                if is_ignored(name) or not is_plain(path):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    tree[path.relative_to(self.root).as_posix()] = self._bytes(path)
        return tree

    def links(self) -> list[str]:
        """The links among the site's own files, which no check follows."""
        paths = [self.root / name for name in FINISHED]
        for place in [*paths]:  # by a walk, which takes it well that a folder goes meanwhile
            for folder, names, files in os.walk(place):
                paths += [Path(folder, name) for name in (*names, *files)]
        return sorted(path.relative_to(self.root).as_posix() for path in paths if path.is_symlink())

    def _bytes(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except PermissionError as error:
            self._refuse(error)
            raise

    @staticmethod
    def _refuse(error: OSError) -> None:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return  # it was removed while we looked
        raise CoachError(
            f"{error.filename} cannot be read: {error.strerror}. Make it readable, then try again."
        )

    def hand_out(self, lesson: Lesson) -> list[str]:
        """Write those files of a lesson's handout that do not exist yet; their paths."""
        written = []
        for path, data in lesson.handout.items():
            if not os.path.lexists(self.root / path):
                self.write(path, data)
                written.append(path)
        return written

    def write(self, path: str, data: bytes) -> None:
        """Put a whole file in its place at once, so that no reader sees half of it."""
        target = self.root / path
        self.check_way(path)
        try:
            put_whole(target, data)
        except OSError as error:
            raise CoachError(
                f"{self.shown}/{path} cannot be written: {error.strerror}. Make the folder "
                "writable, or name another with WORK=path."
            ) from error

    def check_way(self, path: str, goes: Collection[str] = ()) -> None:
        """Refuse a path whose folders are files or links, or that is itself a folder or link;
        except what goes before it comes."""
        target = self.root / path
        for parent in [*Path(path).parents][-2::-1]:
            place = self.root / parent
            is_file = place.exists() and not place.is_dir() and parent.as_posix() not in goes
            if place.is_symlink() or is_file:
                kind = "a link" if place.is_symlink() else "a file"
                raise CoachError(
                    f"{self.shown}/{parent.as_posix()} is {kind}, and the coach needs a folder "
                    "there. Move it away, then try again."
                )
        is_file = target.is_file() or (target.is_dir() and self._leaves(target, goes))
        if target.is_symlink() or (target.exists() and not is_file):
            kind = (
                "a link" if target.is_symlink() else "a folder" if target.is_dir() else "a device"
            )
            raise CoachError(
                f"{self.shown}/{path} is {kind}, and the coach needs a file there. Move it "
                "away, then try again."
            )

    def _leaves(self, folder: Path, goes: Collection[str]) -> bool:
        """Whether a folder has left once these files have."""
        inside = [*folder.iterdir()]
        return bool(inside) and all(
            self._leaves(entry, goes)
            if entry.is_dir() and not entry.is_symlink()
            else entry.relative_to(self.root).as_posix() in goes
            for entry in inside
        )

    def become(self, tree: Tree, known: Tree, keeps: bool) -> list[str]:
        """Make the tracked files equal `tree`; with `keeps`, only those of the site itself.

        `known` is what the last snapshot holds: a file that has changed since is not touched,
        and a `CoachError` says so. Returns the paths that were written or removed.
        """
        goes = [path for path in known if path not in tree and not (keeps and not is_site(path))]
        comes = [path for path, data in tree.items() if known.get(path) != data]
        for path in comes:
            self.check_way(path, goes)
        for path in (*goes, *comes):
            self._is_as_known(path, known)
        for path in goes:
            self._remove(path)
        for path in comes:
            self.write(path, tree[path])
        return sorted([*goes, *comes])

    def _is_as_known(self, path: str, known: Tree) -> None:
        target = self.root / path
        now = target.read_bytes() if target.is_file() else None
        # On Windows and macOS a file that is known as `Routes.py` is there as `routes.py` too.
        alike = [data for one, data in known.items() if one.casefold() == path.casefold()]
        if now != known.get(path) and (path in known or now not in alike):
            raise CoachError(
                f"{self.shown}/{path} is not in the snapshot: it was saved this moment, or it is "
                "too large to be kept. Nothing was changed. Move it away or try again."
            )

    def _remove(self, path: str) -> None:
        target = self.root / path
        try:
            target.unlink()
        except OSError as error:
            raise CoachError(
                f"{self.shown}/{path} cannot be removed: {error.strerror}. Close the program that "
                "has it open, or make its folder writable, then try again: the last snapshot has "
                "every file."
            ) from error
        self._drop_empty(target.parent)

    def _drop_empty(self, folder: Path) -> None:
        with contextlib.suppress(OSError):  # a terminal may stand in it, and on Windows it stays
            while folder != self.root and not any(folder.iterdir()):
                folder.rmdir()
                folder = folder.parent


def is_plain(path: Path) -> bool:
    """Whether a path is a regular file of a size that the coach keeps."""
    try:
        return not path.is_symlink() and path.is_file() and path.stat().st_size <= MAX_BYTES
    except OSError:
        return False


def is_site(path: str) -> bool:
    """Whether a path belongs to the site, and not to the learner's notes beside it."""
    return path.split("/")[0] in FINISHED


def put_whole(target: Path, data: bytes) -> None:
    """Write a file at once: readers see all of it or nothing. Its mode stays what it was."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".coach-", dir=target.parent)
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        new.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        put_in_place(new, target)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def put_in_place(new: Path, target: Path) -> None:
    """Rename a file over another one, which may be held open for a moment."""
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            new.replace(target)
        except PermissionError:
            if not attempts_left:
                raise
            time.sleep(PAUSE_S)
        else:
            return


@contextlib.contextmanager
def copy_of(tree: Tree) -> Iterator[str]:
    """A throw-away folder with these files, in which the learner's code runs.

    Nothing that their code does while it is checked can reach the folder in which they work,
    their database included.
    """
    folder = os.path.realpath(tempfile.mkdtemp(prefix="coach-"))
    try:
        for path, data in tree.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
