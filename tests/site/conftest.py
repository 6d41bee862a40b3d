"""A real Daphne for the tests: the finished site's, or one of a folder that a test has made."""

import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Seconds in which a Daphne has started, or has written what it had to say. Never waited out
# where all is well: the tests go on as soon as the line is there.
PATIENCE_S = 30


class Daphne:
    """A Daphne in a process of its own, which serves `gs2.asgi:application` of one folder.

    port: the port that the system chose; None where Daphne ended before it listened
    """

    def __init__(self, folder: Path) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        command = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", "0"]
        self.lines: list[str] = []
        self._unread: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            [*command, "gs2.asgi:application"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        line = self.wait_for("Listening on TCP address")
        self.port = int(re.search(r":(\d+)$", line)[1]) if line else None

    def _read(self) -> None:
        for line in self._process.stdout:
            self._unread.put(line.rstrip("\r\n"))
        self._unread.put(None)

    def wait_for(self, part: str) -> str | None:
        """The next line of Daphne's output that holds `part`; None where the output ended before."""
        while (line := self._unread.get(timeout=PATIENCE_S)) is not None:
            self.lines.append(line)
            if part in line:
                return line
        self._unread.put(None)
        return None

    def stop(self) -> None:
        """Ends this process, and no other."""
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        self._process.stdout.close()


@pytest.fixture
def start_daphne() -> Iterator[Callable[[Path], Daphne]]:
    """A function that starts a Daphne in a folder; the test's end stops them all."""
    started: list[Daphne] = []

    def start(folder: Path) -> Daphne:
        started.append(Daphne(folder))
        return started[-1]

    yield start
    for daphne in started:
        daphne.stop()


@pytest.fixture(scope="session")
def daphne() -> Iterator[Daphne]:
    """The finished site, served."""
    served = Daphne(ROOT)
    yield served
    served.stop()


@pytest.fixture
def compose(tmp_path: Path) -> Callable[[int], Path]:
    """A function that lays out the site as it is after lesson N, in a new folder."""

    def lay_out(number: int) -> Path:
        folder = tmp_path / f"state-{number}"
        for lesson in sorted((ROOT / "lessons").iterdir())[:number]:
            for overlay in (lesson / "handout", ROOT / "solutions/trunk" / lesson.name):
                if overlay.is_dir():
                    shutil.copytree(overlay, folder, dirs_exist_ok=True)
        return folder

    return lay_out
