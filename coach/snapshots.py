"""Snapshots of the learner's folder, one for each distinct state, in `.coach/` inside it.

`objects/` holds file contents by their SHA-256, `snapshots/N.json` what snapshot N holds:
`{"id": 3, "when": "2026-11-22T08:00:00+00:00", "why": "check 3", "files": {path: hash}}`.
Files are only ever added; a state that is left again by `catch-up` or `rewind` gets a new date.
"""

import contextlib
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from coach.course import Tree
from coach.evidence import CoachError
from coach.folder import Folder, put_whole

BEFORE = "before "


@dataclass(frozen=True)
class Snapshot:
    """One state: its number, when and why it was taken, and its files by hash."""

    ident: int
    when: datetime
    why: str
    files: dict[str, str]


class Snapshots:
    """The snapshots of one learner's folder."""

    def __init__(self, folder: Folder) -> None:
        self.home = folder.root / ".coach"
        self.read: dict[tuple[str, int], Snapshot] = {}  # by file and time, for `watch`

    def all(self) -> list[Snapshot]:
        """Every snapshot, the oldest first; a damaged one is passed over."""
        found = []
        for path in (self.home / "snapshots").glob("*.json"):
            with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
                key = path.name, path.stat().st_mtime_ns
                if key not in self.read:
                    self.read[key] = self._one(path)
                found.append(self.read[key])
        return sorted(found, key=lambda snapshot: snapshot.ident)

    def _one(self, path: Path) -> Snapshot:
        told = json.loads(path.read_text("utf-8"))
        when, files = datetime.fromisoformat(told["when"]), dict(told["files"])
        return Snapshot(int(path.stem), when, str(told["why"]), files)

    def take(self, tree: Tree, why: str) -> Snapshot:
        """A snapshot of these files: a new one, or the one that holds exactly them already."""
        files = {path: hashlib.sha256(data).hexdigest() for path, data in tree.items()}
        taken = self.all()
        for snapshot in taken:
            if snapshot.files == files and self._holds(snapshot):
                return self._again(snapshot, why) if why.startswith(BEFORE) else snapshot
        try:
            for path, name in files.items():
                self._keep(name, tree[path])
            return self._number(files, why, taken[-1].ident + 1 if taken else 1)
        except OSError as error:
            raise CoachError(
                f"No snapshot can be written to {self.home}: {error.strerror}. Nothing else "
                "was changed."
            ) from error

    def _again(self, snapshot: Snapshot, why: str) -> Snapshot:
        """The same snapshot under a new date: whoever looks for what a command left finds it."""
        again = replace(snapshot, when=datetime.now(UTC).replace(microsecond=0), why=why)
        told = {"when": again.when.isoformat(), "why": why, "files": again.files}
        with contextlib.suppress(OSError):  # its files are safe, and that is what counts
            path = self.home / "snapshots" / f"{snapshot.ident}.json"
            put_whole(path, json.dumps(told).encode())
        return again

    def _holds(self, snapshot: Snapshot) -> bool:
        return all(self._object(name) is not None for name in snapshot.files.values())

    def _keep(self, name: str, data: bytes) -> None:
        if self._object(name) is None:
            put_whole(self.home / "objects" / name, data)

    def _object(self, name: str) -> bytes | None:
        """The contents with this hash; None where they are missing or damaged."""
        source = self.home / "objects" / name
        data = source.read_bytes() if source.is_file() else b""
        return data if hashlib.sha256(data).hexdigest() == name else None

    def _number(self, files: dict[str, str], why: str, ident: int) -> Snapshot:
        """Write the list of files under the first number that is free."""
        when = datetime.now(UTC).replace(microsecond=0)
        told = {"when": when.isoformat(), "why": why, "files": files}
        folder = self.home / "snapshots"
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                with (folder / f"{ident}.json").open("x", encoding="utf-8") as file:
                    json.dump(told, file)
                return Snapshot(ident, when, why, files)
            except FileExistsError:
                ident += 1

    def files(self, snapshot: Snapshot) -> Tree:
        """The contents of a snapshot; a `CoachError` where one is missing or damaged."""
        tree: Tree = {}
        for path, name in snapshot.files.items():
            data = self._object(name)
            if data is None:
                raise CoachError(
                    f"Snapshot {snapshot.ident} is damaged: {path} is missing from {self.home}. "
                    "Nothing was changed."
                )
            tree[path] = data
        return tree
