"""The laboratory as people use it: its command line, in a process of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coach import course
from coach.course import Tree
from coach.folder import put_whole

ROOT = Path(__file__).resolve().parents[2]
CLEARED = ("NO_COLOR", "FORCE_COLOR", "COACH_TRACE", "COLUMNS", "TTY_COMPATIBLE")
# Never waited out where all is well.
PATIENCE_S = 180


@dataclass(frozen=True)
class Ran:
    """What one command left: its exit code, and what it printed."""

    code: int
    out: str
    err: str


class Laboratory:
    """Runs `python -m compare`, and knows its processes by a mark in their environment.

    `home` is the folder in which it makes its throw-away copies.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.mark = f"TEST_RUN={uuid.uuid4().hex}"

    def start(
        self, *words: object, terminal: int = subprocess.PIPE, **more: str
    ) -> "subprocess.Popen[str]":
        kept = {name: value for name, value in os.environ.items() if name not in CLEARED}
        name, _, value = self.mark.partition("=")
        added = {name: value, "TMPDIR": str(self.home), "PYTHONIOENCODING": "utf-8"}
        return subprocess.Popen(
            [sys.executable, "-m", "compare", *map(str, words)],
            cwd=ROOT, env=kept | added | more, stdin=subprocess.DEVNULL, stdout=terminal,
            stderr=terminal, encoding="utf-8", start_new_session=True,
        )  # fmt: skip

    def __call__(self, *words: object, **more: str) -> Ran:
        process = self.start(*words, **more)
        try:
            out, err = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return Ran(process.returncode, out, err)

    def processes(self, command: str = "") -> list[int]:
        """The processes of this laboratory that live and have these words in their command."""
        return [
            int(entry.name)
            for entry in Path("/proc").glob("[0-9]*")
            if self._is_ours(entry, command)
        ]

    def _is_ours(self, entry: Path, command: str) -> bool:
        with contextlib.suppress(OSError):
            marked = self.mark.encode() in (entry / "environ").read_bytes()
            return marked and command.encode() in (entry / "cmdline").read_bytes()
        return False

    def is_clean(self) -> bool:
        """Whether no process lives, and no copy of a site lies about."""
        return not self.processes() and not list(self.home.glob("coach-*"))

    def end(self) -> None:
        for pid in self.processes():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(name="wait_until")
def waiting() -> Callable[[Callable[[], object]], None]:
    """A function that returns when something has come true."""
    return wait_until


@pytest.fixture
def laboratory(tmp_path: Path) -> Iterator[Laboratory]:
    """A function that runs the laboratory."""
    home = tmp_path / "home"
    home.mkdir()
    one = Laboratory(home)
    yield one
    one.end()


@pytest.fixture
def lay_out(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes the site after lesson N, with one edit, to a folder of the test."""

    def write(number: int, path: str = "", find: str = "", put: str = "") -> Path:
        tree: Tree = dict(course.state(number))
        if path:
            assert find.encode() in tree[path]
            tree[path] = tree[path].replace(find.encode(), put.encode())
        for name, data in tree.items():
            target = tmp_path / "site" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return tmp_path / "site"

    return write


@dataclass(frozen=True)
class Measurement:
    """One quick run: the JSON, the drawing, what was printed, and the processes that it left."""

    server: str
    told: dict[str, Any]
    drawing: str
    ran: Ran
    left: list[int]

    @property
    def channels(self) -> str:
        return f"Channels {self.told['versions']['channels']}"


@pytest.fixture(scope="session", params=["daphne", "uvicorn"])
def measured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Measurement:
    """A quick run of every question on the course's own site, once for each server.

    Where several workers run the tests, the first one measures, and the others wait for it.
    """
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / request.param
    done = home / "ran.json"
    try:
        home.mkdir()
    except FileExistsError:
        wait_until(done.exists)
    else:
        measure(request.param, home, done)
    code, out, err, left = json.loads(done.read_text("utf-8"))
    assert code == 0, err
    told = json.loads((home / "told.json").read_text("utf-8"))
    drawing = (home / "told.svg").read_text("utf-8")
    return Measurement(request.param, told, drawing, Ran(code, out, err), left)


def measure(server: str, home: Path, done: Path) -> None:
    laboratory = Laboratory(home)
    files = "--json", home / "told.json", "--svg", home / "told.svg"
    ran = laboratory("run", "--quick", "--server", server, *files)
    left = laboratory.processes()
    laboratory.end()
    put_whole(done, json.dumps([ran.code, ran.out, ran.err, left]).encode())
