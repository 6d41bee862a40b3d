"""The verb `setup`: makes .venv, and installs one of the two locks into it.

    python -m coach setup [core|all] [--offline FOLDER] [-m MODULE ARGUMENTS]

Into .venv and nowhere else, whatever environment is active; and not at all where the stamp in
.venv names the lock as it is. uv installs where the machine has it, otherwise pip does. From the
network, or from a folder that `make offline` has filled; OFFLINE in the environment names one too.
`setup core -m coach check 1` goes on with a verb of the coach, in this process where that is
.venv's Python already.
"""

import importlib.util
import os
import shutil
import sys
import time
from pathlib import Path

from coach.bootstrap import (
    BROKEN,
    REQUIREMENTS,
    ROOT,
    STAMP,
    VENV,
    VENV_PYTHON,
    digest,
    inside_venv,
    is_installed,
    run_in_venv,
    say,
    setup_command,
)
from coach.bootstrap import main as run_verb
from coach.installer import (
    FETCHING,
    NO_PACKAGES,
    NO_SPACE,
    NO_WRITING,
    SetupError,
    explain,
    failure,
    run,
    unexplained,
)

LOCKS = ("core", "all")
WRONG_USAGE = 2
USAGE = """\
Usage: python -m coach setup [core|all] [--offline FOLDER] [-m MODULE ARGUMENTS]
Makes .venv with the packages for the lessons (core) or for `make test` as well (all), without the
network where `make offline` has filled the folder; then runs the module with .venv's Python, where
one is named."""
THIS_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"

# Prints .venv's version, if it is whole: a Python that takes itself for another one is not.
PROBE = """
import os, sys
if not os.path.samefile(sys.prefix, sys.argv[1]): sys.exit(1)
print("%d.%d" % sys.version_info[:2])
"""

# What a check imports, and the finished site for what Django's own applications bring.
IMPORTS = """
import sys
sys.path.insert(0, sys.argv[1])
import channels.testing, click, daphne.server, pytest, pytest_asyncio, rich.console
import websockets.asyncio.client
import gs2.asgi
"""

# What a notebook's kernel imports as well. A dozen kernels would compile it a dozen times.
KERNEL_IMPORTS = """
import IPython.core.interactiveshell, ipykernel.ipkernel, ipykernel.kernelapp, ipykernel.zmqshell
import jupyter_core.command, matplotlib.backends.backend_svg, matplotlib.figure, nbclient.cli
"""


def main(argv: list[str]) -> int:
    """Set up, then run what follows, if anything; the exit code."""
    lock = argv[0] if argv[:1] and argv[0] in LOCKS else "core"
    arguments = argv[1:] if argv[:1] == [lock] else argv
    named = os.environ.get("OFFLINE", "")
    if arguments[:1] == ["--offline"] and len(arguments) > 1:
        named, arguments = arguments[1], arguments[2:]
    if arguments and arguments[0] != "-m":
        say(USAGE)
        return 0 if arguments[0] in ("-h", "--help") else WRONG_USAGE
    command = setup_command(lock, named)
    try:
        did_something = set_up(lock, Path(named).expanduser().absolute() if named else None)
    except SetupError as error:
        say(f"{error}\n    {command}")
    except KeyboardInterrupt:
        say(f"Set-up was interrupted. To go on:\n    {command}")
    except OSError as error:
        say(f"{explain(str(error)) or f'Set-up failed: {error}. To try again:'}\n    {command}")
    else:
        return go_on(arguments, did_something)
    return BROKEN


def go_on(arguments: list[str], did_something: bool) -> int:
    """Run the arguments as .venv's Python, which a process that is it already need not start."""
    if not arguments:
        if not did_something:
            say(".venv has everything already.")
        return 0
    if inside_venv() and not did_something and arguments[:2] == ["-m", "coach"]:
        sys.argv[1:] = arguments[2:]
        return run_verb(arguments[2:])
    return run_in_venv(arguments)


def set_up(lock: str, wheels: Path | None = None) -> bool:
    """Bring .venv to this lock, from a folder of wheels where one is named. Whether there was
    anything to do."""
    version = THIS_PYTHON if inside_venv() else venv_version()
    if is_installed(lock) and STAMP.read_text("utf-8").split()[2] == version:
        return False
    refuse_what_is_not_ours(version)
    if wheels:
        refuse_what_holds_no_wheels(wheels)
    how = f"from {wheels}, without the network" if wheels else "this needs the network"
    say(f"Setting up .venv from requirements/{lock}.txt (once; {how}) ...")
    began = time.monotonic()
    if version is None:
        create_venv()
        version = THIS_PYTHON
    install_or_remake(lock, wheels)
    compile_imports(IMPORTS if lock == "core" else IMPORTS + KERNEL_IMPORTS)
    STAMP.write_text(f"{lock} {digest(lock)} {version}\n", "utf-8")
    say(f"done in {time.monotonic() - began:.0f} s")
    return True


def refuse_what_is_not_ours(version: str | None) -> None:
    """Leave alone a .venv that is something else; `version` is that of its Python, if it works."""
    if not os.path.lexists(VENV):
        return
    if not VENV.is_dir():
        raise SetupError(
            ".venv is not a folder, and the course keeps its packages in a folder of that name.\n"
            "Move it out of the way, then run again:"
        )
    if not (VENV / "pyvenv.cfg").exists() and any(p.is_file() for p in VENV.rglob("*")):
        raise SetupError(
            "The folder .venv holds files, and is no virtual environment: it has no pyvenv.cfg.\n"
            "Move it out of the way, then run again:"
        )
    if version and tuple(map(int, version.split("."))) < (3, 11):
        raise SetupError(
            f".venv has Python {version}, and the course needs 3.11 or later.\n"
            "Remove the folder .venv, then run again:"
        )


def venv_version() -> str | None:
    """The version of .venv's Python as "3.12"; None where there is none that works."""
    if not VENV_PYTHON.exists():
        return None
    worked, printed = run([str(VENV_PYTHON), "-I", "-c", PROBE, str(VENV)])
    return printed.strip() if worked else None


def create_venv() -> None:
    """An empty .venv, in place of one that does not work."""
    # Of the Python below any active environment, and able to replace the .venv that runs this.
    python = getattr(sys, "_base_executable", sys.executable)
    worked, printed = run([python, "-I", "-m", "venv", "--clear", "--without-pip", str(VENV)])
    if not worked:
        if "No module named" in printed:
            raise SetupError(no_pip())
        raise failure(printed, ".venv could not be made.")


def install_or_remake(lock: str, wheels: Path | None) -> None:
    """Install; where an interrupted set-up has left a .venv beyond repair, once more from nothing.

    The stamp goes first, so that a set-up that breaks off is known by its absence. It comes back
    where nothing was fetched: the lessons go on without a network.
    """
    stamp = STAMP.read_bytes() if STAMP.exists() else b""
    STAMP.unlink(missing_ok=True)
    try:
        install(lock, wheels)
    except SetupError as error:
        if stamp and error.cause in FETCHING:
            STAMP.write_bytes(stamp)
        if stamp or error.cause:
            raise
        create_venv()
        install(lock, wheels)


def install(lock: str, wheels: Path | None) -> None:
    """Install with uv where the machine has it, and with pip where it has not or uv fails.

    uv does not read pip's configuration, so it may fail where pip reaches its packages. Bringing uv
    by pip first would gain nothing: it is as large as all that the lessons need.
    """
    wanted = ["install", "-q", "--require-hashes", "-r", str(REQUIREMENTS / f"{lock}.txt")]
    if wheels:
        wanted += ["--no-index", "--find-links", str(wheels)]
    uv = shutil.which("uv")
    by_uv = [*wanted, "--python", str(VENV_PYTHON), *(["--offline"] if wheels else [])]
    if uv and run([uv, "pip", *by_uv], bool(wheels))[0]:
        return
    pip = [str(VENV_PYTHON), "-I", "-m", "pip"]
    add_pip(pip)
    worked, printed = run([*pip, *wanted, "--no-compile"], bool(wheels))
    if not worked:
        raise why_not(printed, lock, wheels)


def refuse_what_holds_no_wheels(wheels: Path) -> None:
    """Say so before anything is done, where a folder is none to install from."""
    from coach import offline  # here and below: needed without a network only, and not free

    if why := offline.unusable(wheels):
        raise SetupError(why)


def why_not(printed: str, lock: str, wheels: Path | None) -> SetupError:
    """The error for what pip said. Without a network, what the folder shows explains it better."""
    fact = "The packages could not be installed. The installer said:"
    if not wheels or explain(printed) in (NO_SPACE, NO_WRITING):
        return failure(printed, fact)
    from coach import offline

    why = offline.ailment(wheels, lock)
    return SetupError(why, NO_PACKAGES) if why else unexplained(printed, fact)


def compile_imports(imports: str) -> None:
    """Import it once, or the first check would compile it. All the rest may never be needed, and
    compiling that takes longer than installing it."""
    run([str(VENV_PYTHON), "-I", "-c", imports, str(ROOT)])


def add_pip(pip: list[str]) -> None:
    """Bring pip into .venv, where it is not."""
    if run([*pip, "--version"])[0]:
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(no_pip())
    worked, printed = run([str(VENV_PYTHON), "-I", "-m", "ensurepip", "--default-pip"])
    if not worked:
        raise failure(printed, "pip could not be put into .venv. It said:")


def no_pip() -> str:
    """What to say where Python was packaged without venv or ensurepip."""
    return (
        f"This Python {THIS_PYTHON} comes without the parts that make a virtual environment.\n"
        "On Debian and Ubuntu, these commands add them and go on:\n"
        f"    sudo apt install python3-venv      (or: python{THIS_PYTHON}-venv)"
    )
