"""A folder of wheels for machines without a network: what it says of itself, and what ails it.

`python -m coach offline` fills the folder (coach/gathering.py), `setup --offline` installs from it.
Standard library alone: this runs before anything is installed.
"""

import hashlib
import json
import platform
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coach.bootstrap import digest

RECORD = "gathered.json"
NAMED_FILES = 5

NOT_THERE = """\
There is no folder {folder}.
Name the folder that `make offline` has filled, with its whole path, then run again:"""
EMPTY = """\
The folder {folder} holds no packages.
Name the folder that `make offline` has filled, with its whole path, then run again:"""
DAMAGED = """\
Files of {folder} are no longer what was gathered:
{files}
Copy the folder anew, then run again:"""
OTHER_MACHINE = """\
The folder {folder} has no packages for this machine:
    {machine}
It has those for:
{machines}
Where there is a network, `make offline` adds others (see its --help). Then run again:"""
ONLY_CORE = """\
The folder {folder} has the packages for the lessons alone, not those of requirements/all.txt,
for this machine: {machine}.
Where there is a network, `make offline` may bring the rest. Then run again:"""
OTHER_LOCK = """\
The folder {folder} was gathered for another version of the course.
Where there is a network, run `make offline` in this version. Copy that folder, then run again:"""


@dataclass
class Record:
    """What was gathered into a folder.

    wheels:   each file that was put there, and its SHA-256
    machines: for each machine, the locks that are complete for it, by their digests
    """

    wheels: dict[str, str] = field(default_factory=dict)
    machines: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> "Record":
        """The record in a folder; an empty one where there is none that can be read."""
        try:
            told = json.loads((folder / RECORD).read_text("utf-8"))
            machines = {str(name): dict(locks) for name, locks in told["machines"].items()}
            return cls(dict(told["wheels"]), machines)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def write(self, folder: Path) -> None:
        told = {"schema": 1, "machines": self.machines, "wheels": dict(sorted(self.wheels.items()))}
        new = folder / f".{RECORD}"
        new.write_text(json.dumps(told, indent=1), "utf-8")
        new.replace(folder / RECORD)

    def complete_for(self, lock: str) -> list[str]:
        """The machines that this lock, as it is today, can be installed on."""
        today = digest(lock)
        return sorted(name for name, locks in self.machines.items() if locks.get(lock) == today)


def this_machine() -> str:
    """This machine and its Python, as a record names them: "Linux (x86_64), Python 3.11"."""
    chip = platform.machine() if sys.maxsize > 2**32 else "32 bits"
    threads = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    system = {"Darwin": "macOS"}.get(platform.system(), platform.system())
    return machine_name(system, chip, f"{sys.version_info[0]}.{sys.version_info[1]}{threads}")


def machine_name(system: str, chip: str, python: str) -> str:
    return f"{system} ({chip}), Python {python}"


def unusable(folder: Path) -> str | None:
    """Why nothing can be installed from here, as far as a glance shows."""
    if not folder.is_dir():
        return NOT_THERE.format(folder=folder)
    return None if any(folder.glob("*.whl")) else EMPTY.format(folder=folder)


def ailment(folder: Path, lock: str) -> str | None:
    """Why an installation from this folder failed, where the folder itself shows it."""
    record, machine = Record.of(folder), this_machine()
    if changed := [*changed_files(folder, record)]:
        named = [f"    {name} is {how}" for name, how in changed[:NAMED_FILES]]
        more = len(changed) - NAMED_FILES
        named += [f"    and {more} more"] if more > 0 else []
        return DAMAGED.format(folder=folder, files="\n".join(named))
    if not record.machines:
        return None
    gathered = record.machines.get(machine)
    if gathered is None:
        machines = "\n".join(f"    {name}" for name in sorted(record.machines))
        return OTHER_MACHINE.format(folder=folder, machine=machine, machines=machines)
    if lock not in gathered:
        return ONLY_CORE.format(folder=folder, machine=machine)
    return OTHER_LOCK.format(folder=folder) if gathered[lock] != digest(lock) else None


def changed_files(folder: Path, record: Record) -> Iterator[tuple[str, str]]:
    """Each file of the record that is not as it was gathered, and whether it is there at all."""
    for name, seen in sorted(record.wheels.items()):
        try:
            if sha256(folder / name) != seen:
                yield name, "damaged"
        except FileNotFoundError:
            yield name, "missing"
        except OSError as error:
            yield name, f"not readable: {error.strerror}"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
