"""Set-up from nothing, beside a bare installation of the same lock."""

import shutil
import sys
from pathlib import Path

from coach.bench import Race, Races, Timed, command_timed
from coach.course import ROOT

PARTS = ("coach", "requirements", "gs2", "myapp")


def setup(home: Path) -> Races:
    """`setup` in a copy of the course without .venv, with what the installer's cache holds."""
    clone = home / "clone"
    for name in PARTS:
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    python = getattr(sys, "_base_executable", sys.executable)
    run = after_removing(clone / ".venv", command_timed([python, "-m", "coach", "setup"], clone))
    bare = home / "bare"
    lock = str(ROOT / "requirements" / "core.txt")
    make = command_timed([python, "-m", "venv", "--without-pip", str(bare)], home)
    if uv := shutil.which("uv"):
        name = "bare uv pip sync"
        install = command_timed(
            [uv, "pip", "sync", "-q", "--require-hashes", "--python", str(bare), lock], home
        )
    else:
        name = "bare pip install"
        install = command_timed(
            [python, "-m", "pip", "--python", str(bare), "install", "-q", "--require-hashes",
             "-r", lock], home,
        )  # fmt: skip
    floor = after_removing(bare, lambda: make() + install())
    yield Race("set-up from nothing", run, name, floor)


def after_removing(folder: Path, timed: Timed) -> Timed:
    """The same without this folder, whose removal does not count."""

    def run() -> float:
        shutil.rmtree(folder, ignore_errors=True)
        return timed()

    return run
