"""Gathers the wheels of a lock into one folder, for machines of several kinds.

pip fetches and checks the hashes. What a machine needs is worked out here: pip judges the
conditions of a lock (`; sys_platform == "win32"`) by the machine on which it runs.
"""

import platform
import re
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from coach.bootstrap import REQUIREMENTS
from coach.evidence import CoachError
from coach.installer import NO_SPACE, SetupError, explain, failure, run
from coach.offline import RECORD, Record, machine_name, sha256

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {"windows": "Windows", "macos": "macOS", "linux": "Linux"}
CHIPS = {"Windows": ("AMD64",), "macOS": ("arm64", "x86_64"), "Linux": ("x86_64", "aarch64")}
# How the conditions of a lock call them: platform_system, sys_platform, os_name.
CALLED = {
    "Windows": ("Windows", "win32", "nt"),
    "macOS": ("Darwin", "darwin", "posix"),
    "Linux": ("Linux", "linux", "posix"),
}
# The oldest systems that every package of the locks has wheels for.
MACOS, GLIBC_MINOR = (12, 0), 28
# A lock may tell a Python's first release from its last: `python_full_version < '3.11.3'`.
RELEASES = (0, 99)

# What an interrupted run has fetched stays: pip itself keeps nothing until it has everything.
BATCH = 16
FETCHED = ".fetching"

FULL = """\
The disk is full: that of the folder, or that of the temporary files. Make room, then run again:"""


@dataclass(frozen=True)
class Machine:
    """A kind of machine and the Python on it, as "Windows", "AMD64", "3.12"."""

    system: str
    chip: str
    python: str

    @property
    def name(self) -> str:
        return machine_name(self.system, self.chip, self.python)

    @property
    def platforms(self) -> list[str]:
        """The platforms of its wheels, the oldest first: those run on a newer system as well."""
        if self.system == "Windows":
            return ["win_amd64"]
        if self.system == "macOS":
            return [*mac_platforms(MACOS, self.chip)][::-1]
        numbered = [f"manylinux_2_{minor}_{self.chip}" for minor in range(5, GLIBC_MINOR + 1)]
        return [f"manylinux{year}_{self.chip}" for year in (1, 2010, 2014)] + numbered

    @property
    def tags(self) -> set[Tag]:
        major, minor = map(int, self.python.split("."))
        name = f"cp{major}{minor}"
        return {
            *cpython_tags((major, minor), [name], self.platforms),
            *compatible_tags((major, minor), name, self.platforms),
        }

    def meets(self, condition: str, release: int) -> bool:
        """Whether a condition of a lock holds, on this release of its Python."""
        system, short, name = CALLED[self.system]
        return not condition or Marker(condition).evaluate(
            {
                "platform_system": system, "sys_platform": short, "os_name": name,
                "platform_machine": self.chip, "python_version": self.python,
                "python_full_version": f"{self.python}.{release}",
                "implementation_name": "cpython", "platform_python_implementation": "CPython",
            }
        )  # fmt: skip


def this_one() -> Machine:
    """The machine that this runs on; a `CoachError` where wheels of its kind are not known."""
    system = {"Darwin": "macOS"}.get(platform.system(), platform.system())
    if platform.machine() not in CHIPS.get(system, ()):
        raise CoachError(
            f"This machine is {system} ({platform.machine()}), for which there is no list of "
            "wheels. Name the machines of the class with --for windows, macos or linux."
        )
    return Machine(system, platform.machine(), f"{sys.version_info[0]}.{sys.version_info[1]}")


def of_kinds(kinds: Iterable[str], pythons: Iterable[str]) -> list[Machine]:
    """Every machine of these kinds with each of these Pythons; of none, this machine."""
    here = [this_one()] if not kinds else []
    pairs = [(one.system, one.chip) for one in here]
    pairs += [(SYSTEMS[kind], chip) for kind in kinds for chip in CHIPS[SYSTEMS[kind]]]
    versions = [*pythons] or [one.python for one in here] or [*PYTHONS]
    return [Machine(*pair, version) for pair in dict.fromkeys(pairs) for version in versions]


@dataclass(frozen=True)
class Locked:
    """One package of a lock: its version, on which machines, and the hashes of its files."""

    name: str
    version: str
    condition: str
    hashes: frozenset[str]

    @property
    def line(self) -> str:
        hashes = " ".join(f"--hash=sha256:{one}" for one in sorted(self.hashes))
        return f"{self.name}=={self.version} {hashes}"


def locked(lock: str) -> list[Locked]:
    """The packages of a lock."""
    found = []
    for part in re.split(r"\n(?=\S)", (REQUIREMENTS / f"{lock}.txt").read_text("utf-8")):
        if head := re.match(r"(\S+)==(\S+)(?: ; (.+?))? \\\n", part):
            hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", part))
            found.append(Locked(canonicalize_name(head[1]), head[2], head[3] or "", hashes))
    return found


class Gathering:
    """A folder, and what is done to it. What it did not put there stays as it is."""

    def __init__(self, folder: Path, pip: list[str]) -> None:
        refuse_foreign(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.pip, self.record = folder, pip, Record.of(folder)
        self.record.write(folder)
        self.there: dict[str, tuple[str, frozenset[Tag]]] = {}  # by hash: file name, tags
        for path in sorted(folder.glob("*.whl")):
            self._take_note(path)

    def _take_note(self, path: Path) -> None:
        try:
            self.there[sha256(path)] = path.name, parse_wheel_filename(path.name)[3]
        except InvalidWheelFilename:
            return

    def drop_stale(self, packages: list[Locked]) -> list[str]:
        """Remove what was put here for an older lock, unless somebody changed it; the names."""
        known = {one for package in packages for one in package.hashes}
        stale = [name for name, seen in self.record.wheels.items() if seen not in known]
        for name in stale:
            if self.there.pop(self.record.wheels.pop(name), ("", None))[0] == name:
                (self.folder / name).unlink()
        self.record.write(self.folder)
        return stale

    def complete(self, machine: Machine, lock: str, digest: str) -> None:
        """Note that nothing of this lock is lacking for this machine."""
        self.record.machines.setdefault(machine.name, {})[lock] = digest
        self.record.write(self.folder)

    def lacking(self, machine: Machine, release: int, packages: list[Locked]) -> list[Locked]:
        """The packages that this machine needs, and of which no wheel for it is here."""
        tags = machine.tags
        return [
            one
            for one in packages
            if machine.meets(one.condition, release)
            and not any(self.there[seen][1] & tags for seen in one.hashes & self.there.keys())
        ]

    def gather(self, machine: Machine, packages: list[Locked]) -> list[str]:
        """Fetch what the machine lacks; the packages that have no wheel for it."""
        missing: dict[str, None] = {}
        for release in RELEASES:
            wanted = self.lacking(machine, release, packages)
            while wanted := [one for one in wanted if one.name not in missing]:
                batch, rest = wanted[:BATCH], wanted[BATCH:]
                if (none := self._fetch(machine, release, batch)) is None:
                    wanted = rest
                else:
                    missing[none] = None
        return [f"{one.name} {one.version}" for one in packages if one.name in missing]

    def _fetch(self, machine: Machine, release: int, batch: list[Locked]) -> str | None:
        """Bring a batch in, whole or not at all; the name of a package that has no wheel."""
        place = self.folder / FETCHED
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        try:
            wanted = place / "wanted.txt"
            wanted.write_text("".join(f"{one.line}\n" for one in batch), "utf-8")
            worked, printed = run([*self.pip, *asked(machine, release, wanted)])
            if not worked:
                return without_wheel(printed, batch)
            self._bring_in([*place.glob("*.whl")])
        finally:
            shutil.rmtree(place, ignore_errors=True)
        return None

    def _bring_in(self, wheels: list[Path]) -> None:
        """Move new wheels into the folder; the record says first that they are ours."""
        for wheel in wheels:
            target = self.folder / wheel.name
            if target.exists() and wheel.name not in self.record.wheels:
                raise CoachError(
                    f"{target} is not the file that the course knows, and was not gathered. "
                    "Move it away, then try again."
                )
        self.record.wheels |= {wheel.name: sha256(wheel) for wheel in wheels}
        self.record.write(self.folder)
        for wheel in wheels:
            wheel.replace(self.folder / wheel.name)
            self._take_note(self.folder / wheel.name)


def asked(machine: Machine, release: int, wanted: Path) -> list[str]:
    """What pip is told, to fetch for another machine than this."""
    short = machine.python.replace(".", "")
    platforms = [word for one in machine.platforms for word in ("--platform", one)]
    return [
        "download", "-q", "--no-deps", "--require-hashes", "--only-binary", ":all:",
        "--implementation", "cp", "--abi", f"cp{short}", *platforms,
        "--python-version", f"{machine.python}.{release}",
        "-d", str(wanted.parent), "-r", str(wanted),
    ]  # fmt: skip


def without_wheel(printed: str, batch: list[Locked]) -> str:
    """The package of a batch that has no wheel for the machine; a `SetupError` for all else."""
    cause = explain(printed.replace("from versions: none", ""))
    none = re.search(r"No matching distribution found for ([^\s=]+)==", printed)
    name = canonicalize_name(none[1]) if none else ""
    if not cause and any(one.name == name for one in batch):
        return name
    if cause == NO_SPACE:
        raise SetupError(FULL)
    raise failure(printed, "pip could not fetch the packages. It said:")


def refuse_foreign(folder: Path) -> None:
    """A `CoachError` where the folder is something else than one for wheels."""
    if folder.is_dir():
        if not any(folder.iterdir()) or (folder / RECORD).is_file():
            return
        seen = f"holds other files, and no {RECORD}. Name a new folder in it: {folder / 'offline'}"
    elif folder.exists() or folder.is_symlink():
        seen = "is not a folder. Name another one."
    else:
        return
    raise CoachError(f"{folder} {seen}")
