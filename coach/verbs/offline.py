"""`offline [FOLDER]`: every package of the locks in one folder, to hand round on a stick."""

import subprocess
import sys
from pathlib import Path

import click

from coach import gathering, setup
from coach.bootstrap import VENV_PYTHON, digest, python_name, setup_command
from coach.cli import BROKEN, leave
from coach.course import ROOT
from coach.evidence import CoachError
from coach.gathering import Gathering, Machine
from coach.installer import SetupError
from coach.screen import Screen, counted, under_way
from coach.verbs import options

READ_ME = """\
The packages of the course "Django Channels, line by line", for machines without a network.

They are installed from here by one of these commands, typed in the folder of the course, with the
path of this folder on that machine:

    make setup OFFLINE="/media/stick/offline"
    python -m coach setup --offline "E:\\offline"

`python -m coach setup all --offline ...` brings what the notebooks and the tests need as well.
Python 3.11 or later must be there already. Everything here was compared with the hashes in the
course's folder requirements/, and is again when it is installed.

For the lessons (core):
{core}
For the notebooks and the tests as well (all):
{all}
`make offline` with this folder (OUT=...) brings it up to date, and adds other machines.
"""


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path), default=ROOT / "offline")
@click.option(
    "--for", "kinds", multiple=True, type=click.Choice([*gathering.SYSTEMS]),
    help="For machines of this kind, and all its chips; again for others. Else like this one.",
)  # fmt: skip
@click.option(
    "--python", "pythons", multiple=True, type=click.Choice(gathering.PYTHONS),
    help="For this Python; again for others. Else this one, or with --for each of these.",
)  # fmt: skip
@click.option(
    "--lock", type=click.Choice(setup.LOCKS), default="all", show_default=True,
    help="What to gather: core is what the lessons need.",
)  # fmt: skip
@options.plain
def command(
    folder: Path, kinds: tuple[str, ...], pythons: tuple[str, ...], lock: str, plain: bool
) -> None:
    """Gather the packages in FOLDER (else offline/), for machines without a network.

    There, `make setup OFFLINE=FOLDER` installs them. What is in FOLDER already is not fetched
    again.
    """
    folder, screen = folder.expanduser().resolve(), Screen(plain)
    machines = gathering.of_kinds(kinds, pythons)
    try:
        gathered = Gathering(folder, pip())
        if stale := gathered.drop_stale(gathering.locked("core") + gathering.locked("all")):
            screen.line(f"  removed, as the locks no longer name them: {', '.join(stale)}")
        lacks = [one for one in machines if not gather(gathered, one, lock, screen)]
        conclude(gathered, screen)
    except SetupError as error:
        raise CoachError(f"{error}\n    {again()}") from error
    except BrokenPipeError:
        raise
    except OSError as error:
        why = error.strerror or error
        raise CoachError(
            f"{folder} cannot be filled: {why}. To try again:\n    {again()}"
        ) from error
    if lacks:
        leave(BROKEN)


def again() -> str:
    """The command that was typed, for one that failed half-way."""
    return f"{python_name()} {subprocess.list2cmdline(['-m', 'coach', *sys.argv[1:]])}"


def pip() -> list[str]:
    """The pip that fetches, brought into .venv where it is not there."""
    found = [str(VENV_PYTHON), "-I", "-m", "pip"]
    setup.add_pip(found)
    return found


def gather(gathered: Gathering, machine: Machine, lock: str, screen: Screen) -> bool:
    """Gather for one machine, the core first, and say how that went; whether it is complete."""
    before = len(gathered.there)
    with under_way() as follow:
        follow(f"{machine.name} ...")
        for name in ("core", "all") if lock == "all" else ("core",):
            if missing := gathered.gather(machine, gathering.locked(name)):
                break
            gathered.complete(machine, name, digest(name))
    fetched = len(gathered.there) - before
    screen.line(f"  {machine.name:30}  {counted(fetched, 'wheel')} fetched")
    if missing:
        without = ", ".join(missing)
        screen.line(f"    no wheel of {without}: requirements/{name}.txt cannot be set up there")
    return not missing


def conclude(gathered: Gathering, screen: Screen) -> None:
    """Write the text that lies beside the wheels, and say how to use them."""
    folder, record = gathered.folder, gathered.record
    listed = {
        name: "".join(f"    {one}\n" for one in record.complete_for(name)) or "    none\n"
        for name in setup.LOCKS
    }
    (folder / "READ-ME.txt").write_text(READ_ME.format(**listed), "utf-8")
    wheels = [folder / name for name, _ in gathered.there.values()]
    size_mb = sum(wheel.stat().st_size for wheel in wheels) / 1e6
    screen.line(f"  {folder}: {counted(len(wheels), 'wheel')}, {size_mb:.0f} MB")
    screen.line("  on a machine without a network, with the folder's path there:")
    screen.line(f"    {setup_command(offline=str(folder))}")
