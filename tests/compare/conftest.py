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

    def start(self, *words: object, **more: str) -> "subprocess.Popen[str]":
        kept = {name: value for name, value in os.environ.items() if name not in CLEARED}
        name, _, value = self.mark.partition("=")
        added = {name: value, "TMPDIR": str(self.home), "PYTHONIOENCODING": "utf-8"}
        return subprocess.Popen(
            [sys.executable, "-m", "compare", *map(str, words)],
            cwd=ROOT, env=kept | added | more, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, encoding="utf-8", start_new_session=True,
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
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and self._is_ours(entry, command)
        ]

    def _is_ours(self, entry: Path, command: str) -> bool:
        with contextlib.suppress(OSError):
            marked = self.mark.encode() in (entry / "environ").read_bytes()
            return marked and command.encode() in (entry / "cmdline").read_bytes()
        return False

    def waits_until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.01)

    def is_clean(self) -> bool:
        """Whether no process lives, and no copy of a site lies about."""
        return not self.processes() and not list(self.home.glob("coach-*"))

    def end(self) -> None:
        for pid in self.processes():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


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
    """A function that writes the site after lesson N, with some files replaced, to a folder."""

    def write(number: int, **replaced: tuple[str, str]) -> Path:
        tree: Tree = dict(course.state(number))
        for path, (old, new) in replaced.items():
            text = tree[path].decode()
            assert old in text
            tree[path] = text.replace(old, new).encode()
        for path, data in tree.items():
            target = tmp_path / "site" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return tmp_path / "site"

    return write


@dataclass(frozen=True)
class Measurement:
    """One quick run: the JSON, the drawing and what was printed."""

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
    """A quick run of every question on the course's own site, once for each server."""
    home = tmp_path_factory.mktemp("laboratory")
    json_file, svg_file = home / "told.json", home / "told.svg"
    laboratory = Laboratory(home)
    ran = laboratory(
        "run", "--quick", "--server", request.param, "--json", json_file, "--svg", svg_file
    )
    left = laboratory.processes()
    laboratory.end()
    assert ran.code == 0, ran.err
    told = json.loads(json_file.read_text("utf-8"))
    return Measurement(request.param, told, svg_file.read_text("utf-8"), ran, left)
