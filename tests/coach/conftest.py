"""The coach as people use it: its command line in a process of its own, on a test's folder."""

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coach import cli, course
from coach.course import Tree

ROOT = Path(__file__).resolve().parents[2]

# Names in the environment that change what the coach does or how it prints.
CLEARED = (
    "WORK", "NO_COLOR", "FORCE_COLOR", "COACH_TRACE", "DJANGO_SETTINGS_MODULE", "PYTHONPATH",
    "TTY_COMPATIBLE", "COLUMNS",
)  # fmt: skip
# Never waited out where all is well.
PATIENCE_S = 60


@dataclass(frozen=True)
class Ran:
    """What one command left: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        """The one JSON object that it printed."""
        return json.loads(self.out)

    @property
    def failed(self) -> dict[str, Any]:
        """The one step that failed, as `--json` gives it."""
        [step] = [step for step in self.told["steps"] if step["state"] == "failed"]
        return step


Coach = Callable[..., Ran]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in CLEARED}
    return kept | {"PYTHONIOENCODING": "utf-8"} | more


def run_coach(*words: object, timeout_s: float = PATIENCE_S, **more: str) -> Ran:
    """Run `python -m coach WORDS`, with `more` added to the environment."""
    ran = subprocess.run(
        [sys.executable, "-m", "coach", *map(str, words)],
        cwd=ROOT, env=environment(**more), stdin=subprocess.DEVNULL, capture_output=True,
        encoding="utf-8", timeout=timeout_s, check=False,
    )  # fmt: skip
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture
def coach() -> Coach:
    """A function that runs a verb of the coach."""
    return run_coach


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A learner's folder that does not exist yet."""
    return tmp_path / "work"


@pytest.fixture
def at_work(work: Path) -> Coach:
    """A function that runs a verb of the coach on `work`."""

    def run(*words: object, **more: Any) -> Ran:
        return run_coach(*words, "--work", work, **more)

    return run


def put(folder: Path, tree: Tree) -> Path:
    """Write files below a folder; the folder."""
    for path, data in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


@pytest.fixture
def lay_out(work: Path) -> Callable[..., Path]:
    """A function that writes the site after lesson N, or any files, to `work`."""

    def write(what: int | Tree) -> Path:
        return put(work, course.state(what) if isinstance(what, int) else what)

    return write


def files_of(folder: Path) -> Tree:
    """Every regular file below a folder, apart from what the coach keeps in .coach/."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and ".coach" not in path.parts
    }


@pytest.fixture
def read() -> Callable[[Path], Tree]:
    """A function that reads every file below a folder, apart from .coach/."""
    return files_of


def is_running(pid: int) -> bool:
    """Whether a process lives; one that has ended and that nobody waited for does not."""
    if os.name == "nt":  # where signal 0 is Ctrl-C
        ran = subprocess.run(["tasklist", "/FI", f"PID eq {pid}"], capture_output=True, check=False)
        return str(pid).encode() in ran.stdout
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except ProcessLookupError:
        return False
    except OSError:
        return not Path("/proc/self/stat").exists()


@pytest.fixture
def wait_gone() -> Callable[..., None]:
    """A function that returns when none of these processes lives any more."""

    def wait(pids: Iterable[int | str]) -> None:
        end = time.monotonic() + PATIENCE_S
        running = {int(pid) for pid in pids}
        while running := {pid for pid in running if is_running(pid)}:
            assert time.monotonic() < end, f"still running: {running}"
            time.sleep(0.01)

    return wait


@pytest.fixture
def in_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], work: Path
) -> Coach:
    """A function that runs a verb in the test's own process, for machines that cannot be had."""

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["coach", *map(str, words), "--work", str(work)])
        for name in CLEARED:
            monkeypatch.delenv(name, raising=False)
        code = cli.main()
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture(name="environment")
def environment_of_commands() -> dict[str, str]:
    """The environment in which commands run, for tests that start them themselves."""
    return environment()


def empty_wheel(folder: Path, name: str, tags: str = "py3-none-any") -> Path:
    """A package with one empty module, as a file that pip installs."""
    path, info = folder / f"{name}-1.0-{tags}.whl", f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.py", "")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tags}\n")
        file.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def wheel() -> Callable[..., Path]:
    """A function that makes an empty package in a folder: of a name, and for these tags."""
    return empty_wheel
