"""Finds the Python that has the course's packages, and runs the coach in it.

Standard library alone: this runs before anything is installed. It prefers `.venv`, whose versions
are the locked ones; where there is no `.venv`, a Python that has the packages will do.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements"
VENV = ROOT / ".venv"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
VENV_PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / ".installed"
NEEDED = ("click", "rich", "django", "channels", "daphne", "websockets")
BROKEN = 3


def main(argv: list[str]) -> int:
    """Run a verb of the coach where its packages are; the exit code."""
    if argv[:1] == ["setup"]:
        from coach import setup

        return setup.main(argv[1:])
    if not inside_venv() and is_installed("core"):
        return run_in_venv(["-m", "coach", *argv])
    if not all(importlib.util.find_spec(name) for name in NEEDED):
        say(not_installed())
        return BROKEN
    from coach import cli

    return cli.main()


def inside_venv() -> bool:
    """Whether this process is .venv's Python, by either of two signs: a damaged .venv lacks one,
    and taking it for another Python would hand over to it for ever."""
    return Path(sys.prefix) == VENV or sys.executable == str(VENV_PYTHON)


def is_installed(lock: str) -> bool:
    """Whether .venv says that it holds this lock as it is today. "all" holds "core" too."""
    try:
        held, seen, _version = STAMP.read_text("utf-8").split()
        is_whole = (VENV / "pyvenv.cfg").is_file() and os.access(VENV_PYTHON, os.X_OK)
        return is_whole and held in (lock, "all") and seen == digest(held)
    except (OSError, ValueError):
        return False


def digest(lock: str) -> str:
    """A name for what a lock holds today."""
    import hashlib  # needed outside .venv only, and not free

    names = ("core", "all") if lock == "all" else ("core",)
    found = hashlib.sha256()
    for name in names:
        found.update((REQUIREMENTS / f"{name}.txt").read_bytes())
    return found.hexdigest()


def run_in_venv(arguments: list[str]) -> int:
    """Go on as .venv's Python with these arguments; the exit code where that needs a child."""
    command = [str(VENV_PYTHON), *arguments]
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    try:
        return subprocess.call(command)
    except KeyboardInterrupt:
        return BROKEN


def not_installed() -> str:
    """What to say where the packages are missing: the one command that installs them."""
    fact = "The course's packages are not installed yet."
    if is_installed("core"):
        return (
            f"Packages are missing from .venv. Remove that folder, then run:\n    {setup_command()}"
        )
    if STAMP.exists():
        fact = "The packages in .venv are not the ones that the course needs now."
    elif VENV.exists():
        fact = "The course's packages are not, or not wholly, installed in .venv."
    return f"{fact} Install them with:\n    {setup_command()}"


def setup_command(lock: str = "core", offline: str = "") -> str:
    """The command that sets up, from a folder of wheels where one is named, as this person can
    type it on this machine."""
    python = python_name()
    rest = f' --offline "{offline}"' if offline else ""
    if lock != "core":
        return f"{python} -m coach setup {lock}{rest}"
    if not shutil.which("make"):
        return f"{python} -m coach setup{rest}"
    chosen = "" if python in ("python", "python3") else f" PYTHON={python}"
    folder = f' OFFLINE="{offline}"' if offline else ""
    return f"make setup{chosen}{folder}      (or: {python} -m coach setup{rest})"


def python_name() -> str:
    """What to type for this Python: its name, or its whole path where it has none."""
    name = Path(sys.executable).name.removesuffix(".exe")
    if inside_venv():
        name = "python" if os.name == "nt" else "python3"
    return name if shutil.which(name) else f'"{sys.executable}"'


def say(text: str) -> None:
    """Print to standard error, so that a report on standard output stays whole."""
    print(text, file=sys.stderr, flush=True)
