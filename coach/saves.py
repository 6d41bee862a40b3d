"""Tells of each save below a folder, by the system's events, or by looking where those fail.

Who is told looks at the files anyway: an event only makes that quick, and a save of which no event
tells is found by the next look.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

from coach import place
from coach.folder import is_ignored

# Between two looks: where events tell of a save, and where nothing else does.
LOOK_S, POLL_S = 2.0, 0.2
STEP_MS, MOST_MS = 5, 50  # saves that come this close together are told as one

Signature = dict[str, tuple[int, int, int, int]]


class Saves(threading.Thread):
    """Calls `on_save` after each save below `root`, and where that folder goes or comes back.

    `on_polling` is called with the reason where events cannot be had, or have missed a save; the
    folder is then looked at every POLL_S.
    """

    def __init__(
        self, root: Path, on_save: Callable[[], None], on_polling: Callable[[str], None]
    ) -> None:
        super().__init__(daemon=True)
        self.root, self.on_save, self.on_polling = root, on_save, on_polling
        self.stopped = threading.Event()
        self.why_polling = ""

    def stop(self) -> None:
        self.stopped.set()
        self.join()

    def poll(self, why: str) -> None:
        self.why_polling = why
        self.on_polling(why)

    def run(self) -> None:
        if kind := place.network(self.root):
            self.poll(f"it lies on a network file system ({kind})")
        while not self.stopped.is_set():
            if self.why_polling or not self.root.is_dir():
                self.look_again()
            else:
                self.follow_events()

    def look_again(self) -> None:
        """Wait for the time of one look, and tell of what has changed in it."""
        before = signature(self.root)
        self.stopped.wait(POLL_S)
        if signature(self.root) != before:
            self.on_save()

    def follow_events(self) -> None:
        """Tell of each event, for as long as the folder is the same and none is missed."""
        from watchfiles import watch

        folder, is_missed = identity(self.root), False
        seen: Signature | None = None  # until the first look: what came before it, no event told
        try:
            for changes in watch(
                self.root, watch_filter=lambda _, path: is_tracked(path, self.root),
                step=STEP_MS, debounce=MOST_MS, rust_timeout=round(LOOK_S * 1000),
                yield_on_timeout=True, stop_event=self.stopped, raise_interrupt=False,
                force_polling=False, ignore_permission_denied=True,
            ):  # fmt: skip
                now = signature(self.root)
                if changes or now != seen:
                    self.on_save()
                if identity(self.root) != folder:
                    return
                # An event may be late once, but not by the time of another look.
                if is_missed and not changes:
                    self.poll("the system did not tell of a save")
                    return
                is_missed, seen = not changes and seen not in (None, now), now
        except (OSError, RuntimeError) as error:
            if self.root.is_dir():
                self.poll(f"the system gives no events: {error}")


def is_tracked(path: str, root: Path) -> bool:
    """Whether a path below `root` is one whose save counts; the coach's own files are none."""
    parts = Path(os.path.relpath(path, root)).parts
    return not any(is_ignored(part) for part in parts)


def identity(root: Path) -> tuple[int, int] | None:
    """What tells a folder from another one that has its name later."""
    try:
        found = root.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def signature(root: Path) -> Signature:
    """What a save changes about the files below a folder, without reading them."""
    found: Signature = {}
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if not is_ignored(name)]
        for name in files:
            path = os.path.join(folder, name)  # noqa: PTH118 (this runs several times a second)
            if not is_ignored(name):
                with contextlib.suppress(OSError):
                    told = os.lstat(path)
                    found[path] = told.st_size, told.st_mtime_ns, told.st_ctime_ns, told.st_ino
    return found
