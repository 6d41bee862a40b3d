"""From a fresh clone to a coach that runs: `python -m coach`, `setup`, .venv and the Makefile.

Each test has a copy of the course in a folder whose name has a space and a letter beyond ASCII. An
`uv` of the tests' own stands for the installer, so that nothing is fetched; pip is kept from
fetching. The real installation is what `make test` itself begins with.
"""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from coach import offline

ROOT = Path(__file__).resolve().parents[2]
DOOR = ("__init__.py", "__main__.py", "bootstrap.py", "installer.py", "offline.py", "setup.py")
NEEDED = ("click", "rich", "django", "channels", "daphne", "websockets")
MODULES = (*NEEDED, "pytest", "ruff", "mypy", "compare", "jupyterlab")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="uses symbolic links and shell scripts")

# Says what it was asked, and "installs" packages that print how they are run.
UV = """\
#!/bin/sh
{python} - "$VIRTUAL_ENV" "$@" <<'END'
import pathlib, sys
here = pathlib.Path({here!r})
with open(here / "uv.log", "a", encoding="utf-8") as log:
    log.write(repr(sys.argv[1:]) + "\\n")
if (here / "uv-fails").exists():
    sys.exit("uv reaches nothing")
[lib] = pathlib.Path(sys.argv[1], "lib").glob("python3*/site-packages")
for name in {modules!r}:
    (lib / name).mkdir(exist_ok=True)
    (lib / name / "__init__.py").touch()
    said = "import sys; print(%r, *sys.argv[1:], sep='|')" % name
    (lib / name / "__main__.py").write_text(said, "utf-8")
END
"""

# In place of coach/cli.py: says who runs it and what it was asked, and leaves with 7.
CLI = """\
import os, sys
def main():
    print(sys.prefix, os.environ.get("WORK"), *sys.argv[1:], sep="|")
    return 7
"""

HOW = "make setup      (or: python3 -m coach setup)"
SETTING_UP = "Setting up .venv from requirements/core.txt (once; this needs the network) ...\n"


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Clone:
    """A copy of the course on a machine that has sh, sed, make and a Python without packages."""

    root: Path
    bin: Path

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def stamp(self) -> Path:
        return self.venv / ".installed"

    @property
    def python(self) -> Path:
        return self.venv / "bin/python"

    def environment(self, **more: str) -> dict[str, str]:
        fixed = {
            "PATH": str(self.bin),
            "HOME": str(self.root.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
        }
        return fixed | more

    def run(self, *command: str | Path, **more: str) -> Ran:
        ran = subprocess.run(
            [str(word) for word in command],
            cwd=self.root,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        # How long an installer takes is the machine's affair.
        said = re.sub(r"  still at work after \d+ s\n", "", ran.stderr)
        return Ran(ran.returncode, ran.stdout, said)

    def coach(self, *arguments: str, **more: str) -> Ran:
        """`python3 -m coach …`, by a Python that sees no packages."""
        return self.run(self.bin / "python3", "-S", "-m", "coach", *arguments, **more)

    def make(self, *arguments: str, **more: str) -> Ran:
        return self.run("make", *arguments, **more)

    def give_uv(self) -> None:
        uv = self.bin / "uv"
        uv.write_text(
            UV.format(python=f"'{self.bin}/python3'", here=str(self.bin), modules=MODULES), "utf-8"
        )
        uv.chmod(0o755)

    def asked_of_uv(self) -> list[list[str]]:
        """What uv was run with, the environment that it was to install into first."""
        log = self.bin / "uv.log"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        return [ast.literal_eval(line) for line in lines]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A fresh clone, on a machine without uv."""
    root, tools = tmp_path / "mein Kurs é", tmp_path / "bin"
    (root / "coach").mkdir(parents=True)
    for name in DOOR:
        shutil.copy(ROOT / "coach" / name, root / "coach")
    (root / "coach/cli.py").write_text(CLI, "utf-8")
    shutil.copytree(ROOT / "requirements", root / "requirements")
    shutil.copy(ROOT / "Makefile", root)
    tools.mkdir()
    base = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    (tools / "python3").symlink_to(base)
    for name in ("make", "sh", "sed", "test", "env"):
        (tools / name).symlink_to(str(shutil.which(name)))
    return Clone(root, tools)


@pytest.fixture
def ready(clone: Clone) -> Clone:
    """A clone that is set up for everything, by an uv that left no trace of it."""
    clone.give_uv()
    assert clone.coach("setup", "all").code == 0
    (clone.bin / "uv.log").unlink()
    return clone


def set_up_for_core(clone: Clone) -> None:
    clone.give_uv()
    assert clone.coach("setup").code == 0
    (clone.bin / "uv.log").unlink()


# An old Python


TOO_OLD = """\
This is Python {seen}, and the course needs 3.11 or later.
Install a later one, then set the course up with it by its name, for example:
    make setup PYTHON=python3.12      (without make: python3.12 -m coach setup)
"""


@pytest.mark.parametrize("verb", ["check", "setup"])
def test_old_python_is_told_its_version_the_rule_and_the_next_move(clone: Clone, verb: str) -> None:
    pretend = (
        f"import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['coach', {verb!r}, '1']; "
        "runpy.run_module('coach', run_name='__main__', alter_sys=True)"
    )
    ran = clone.run(clone.bin / "python3", "-c", pretend)
    assert ran == Ran(3, "", TOO_OLD.format(seen="3.9.2"))


def test_old_python_of_this_machine_can_read_the_door(clone: Clone) -> None:
    for path, version in old_pythons():
        ran = clone.run(path, "-m", "coach", "check", "1")
        assert ran == Ran(3, "", TOO_OLD.format(seen=version))


def test_door_is_written_in_what_every_python_shares() -> None:
    """For machines that have no old Python, where the test above looks at nothing."""
    for name in ("__init__.py", "__main__.py"):
        text = (ROOT / "coach" / name).read_text("utf-8")
        tree = ast.parse(text)
        assert text.isascii(), "Python 2.7 refuses other letters in a file"
        for node in ast.walk(tree):
            assert not isinstance(
                node, ast.JoinedStr | ast.AnnAssign | ast.FunctionDef | ast.NamedExpr | ast.Match
            )


def old_pythons() -> Iterator[tuple[str, str]]:
    """Where this machine has a Python before 3.11, and its version as "3.9.2"."""
    ask = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    for name in ("python2.7", *(f"python3.{minor}" for minor in range(6, 11))):
        path = shutil.which(name)
        if not path:
            continue
        said = subprocess.run([path, "-c", ask], capture_output=True, text=True, check=False)
        if said.returncode == 0:  # a shim may stand for a Python that is not there
            yield path, said.stdout.strip()


# Nothing installed


def test_nothing_installed_names_the_command_that_installs(clone: Clone) -> None:
    assert clone.coach("check", "1") == Ran(
        3, "", f"The course's packages are not installed yet. Install them with:\n    {HOW}\n"
    )
    assert not clone.venv.exists()


def test_without_make_the_command_is_the_coach_alone(clone: Clone) -> None:
    (clone.bin / "make").unlink()
    ran = clone.coach("check", "1")
    assert ran.err.endswith("Install them with:\n    python3 -m coach setup\n")


def test_python_that_has_the_packages_needs_no_venv(clone: Clone, tmp_path: Path) -> None:
    for name in NEEDED:
        (tmp_path / "site" / name).mkdir(parents=True)
        (tmp_path / "site" / name / "__init__.py").touch()
    ran = clone.coach("check", "1", PYTHONPATH=str(tmp_path / "site"))
    assert (ran.code, ran.err) == (7, "")
    assert ran.out.endswith("|check|1\n")


# Handing over to .venv


def test_coach_goes_on_as_the_python_of_venv(ready: Clone) -> None:
    ran = ready.coach("solution", "5", "--to", "ein Ordner é")
    assert ran == Ran(7, f"{ready.venv}|None|solution|5|--to|ein Ordner é\n", "")


def test_python_of_venv_runs_the_coach_itself(ready: Clone) -> None:
    ran = ready.run(ready.python, "-m", "coach", "check", "1")
    assert ran == Ran(7, f"{ready.venv}|None|check|1\n", "")


def test_changed_lock_is_told_before_anything_runs(ready: Clone) -> None:
    change(ready.root / "requirements/core.txt")
    assert ready.coach("check", "1") == Ran(
        3,
        "",
        "The packages in .venv are not the ones that the course needs now. Install them with:\n"
        f"    {HOW}\n",
    )


def test_package_gone_from_venv_is_told_and_handed_over_once(ready: Clone) -> None:
    [click] = ready.venv.glob("lib/*/site-packages/click")
    shutil.rmtree(click)
    assert ready.coach("check", "1") == Ran(
        3, "", f"Packages are missing from .venv. Remove that folder, then run:\n    {HOW}\n"
    )


def test_venv_that_takes_itself_for_another_python_is_not_handed_over_to(ready: Clone) -> None:
    (ready.venv / "pyvenv.cfg").unlink()
    assert ready.coach("check", "1").code == 3
    assert ready.run(ready.python, "-S", "-m", "coach", "check", "1").code == 3


# Setting up


def test_setup_installs_into_venv_and_into_no_active_environment(
    clone: Clone, tmp_path: Path
) -> None:
    clone.give_uv()
    ran = clone.coach("setup", VIRTUAL_ENV=str(tmp_path / "other"), UV_SYSTEM_PYTHON="1")
    assert (ran.code, ran.out) == (0, "")
    assert re.fullmatch(re.escape(SETTING_UP) + r"done in \d+ s\n", ran.err)
    [[environment, *asked]] = clone.asked_of_uv()
    assert environment == str(clone.venv)
    assert asked[-2:] == ["--python", str(clone.python)]
    assert asked[3:6] == ["--require-hashes", "-r", f"{clone.root}/requirements/core.txt"]


def test_second_setup_does_nothing(clone: Clone) -> None:
    set_up_for_core(clone)
    assert clone.coach("setup") == Ran(0, "", ".venv has everything already.\n")
    assert clone.asked_of_uv() == []


def test_all_holds_core_too(ready: Clone) -> None:
    assert ready.coach("setup", "core") == Ran(0, "", ".venv has everything already.\n")


def test_core_does_not_hold_all(clone: Clone) -> None:
    set_up_for_core(clone)
    assert clone.coach("setup", "all").code == 0
    assert [asked[6] for asked in clone.asked_of_uv()] == [f"{clone.root}/requirements/all.txt"]


def test_changed_lock_is_installed_again_into_the_same_venv(ready: Clone) -> None:
    (ready.venv / "mine.txt").write_text("kept", "utf-8")
    change(ready.root / "requirements/core.txt")
    assert ready.coach("setup").code == 0
    assert len(ready.asked_of_uv()) == 1
    assert (ready.venv / "mine.txt").read_text("utf-8") == "kept"


def test_setup_goes_on_with_the_module_that_follows(clone: Clone) -> None:
    clone.give_uv()
    ran = clone.coach("setup", "core", "-m", "coach", "check", "1")
    assert (ran.code, ran.out) == (7, f"{clone.venv}|None|check|1\n")
    ran = clone.coach("setup", "core", "-m", "daphne", "-p", "8000")
    assert ran == Ran(0, "daphne|-p|8000\n", "")


def test_setup_refuses_a_lock_that_is_none(clone: Clone) -> None:
    ran = clone.coach("setup", "everything")
    assert ran.code == 2
    assert ran.err.startswith("Usage: python -m coach setup [core|all]")
    assert not clone.venv.exists()


def test_python_gone_from_venv_is_put_back(ready: Clone) -> None:
    """As after an upgrade of the system: .venv's Python is a link to nothing."""
    ready.python.unlink()
    ready.python.symlink_to("/nonexistent/python3")
    assert ready.coach("check", "1").code == 3
    ran = ready.make("lesson-1")
    assert ran.out == f"{ready.venv}|None|check|1\n"
    assert ran.err.startswith(SETTING_UP)


def test_venv_that_was_set_up_for_another_python_is_set_up_again(ready: Clone) -> None:
    held, seen, _ = ready.stamp.read_text("utf-8").split()
    ready.stamp.write_text(f"{held} {seen} 3.10\n", "utf-8")
    assert ready.coach("setup").err.startswith(SETTING_UP)
    assert len(ready.asked_of_uv()) == 1


def test_half_made_venv_is_finished(clone: Clone) -> None:
    (clone.venv / "bin").mkdir(parents=True)
    (clone.venv / "pyvenv.cfg").write_text("home = /nonexistent\n", "utf-8")
    assert clone.coach("check", "1").err == (
        "The course's packages are not, or not wholly, installed in .venv. Install them with:\n"
        f"    {HOW}\n"
    )
    clone.give_uv()
    assert clone.coach("setup").code == 0
    assert clone.coach("check", "1").code == 7


@pytest.mark.parametrize("form", ["file", "dangling link"])
def test_venv_that_is_no_folder_is_left_alone(clone: Clone, form: str) -> None:
    if form == "file":
        clone.venv.write_text("mine", "utf-8")
    else:
        clone.venv.symlink_to("/nonexistent/folder")
    assert clone.coach("setup") == Ran(
        3,
        "",
        ".venv is not a folder, and the course keeps its packages in a folder of that name.\n"
        f"Move it out of the way, then run again:\n    {HOW}\n",
    )
    assert os.path.lexists(clone.venv)


def test_folder_venv_that_is_something_else_is_left_alone(clone: Clone) -> None:
    clone.venv.mkdir()
    (clone.venv / "thesis.txt").write_text("mine", "utf-8")
    assert clone.coach("setup") == Ran(
        3,
        "",
        "The folder .venv holds files, and is no virtual environment: it has no pyvenv.cfg.\n"
        f"Move it out of the way, then run again:\n    {HOW}\n",
    )
    assert (clone.venv / "thesis.txt").read_text("utf-8") == "mine"


def test_venv_of_an_old_python_is_left_alone(clone: Clone) -> None:
    (clone.venv / "bin").mkdir(parents=True)
    (clone.venv / "pyvenv.cfg").touch()
    clone.python.write_text("#!/bin/sh\necho 3.9\n", "utf-8")
    clone.python.chmod(0o755)
    assert clone.make("lesson-1").err.startswith(
        ".venv has Python 3.9, and the course needs 3.11 or later.\n"
        f"Remove the folder .venv, then run again:\n    {HOW}\n"
    )


# Failures


NO_NETWORK = f"""\
The packages could not be fetched: no package index answers.
Connect this machine to the internet (behind a proxy, set HTTPS_PROXY), then run again:
    {HOW}
"""


def test_no_network_is_said_when_neither_uv_nor_pip_reaches_packages(clone: Clone) -> None:
    clone.give_uv()
    (clone.bin / "uv-fails").touch()
    assert clone.coach("setup") == Ran(3, "", SETTING_UP + NO_NETWORK)
    assert len(clone.asked_of_uv()) == 1
    assert not clone.stamp.exists()


def test_lessons_go_on_when_the_rest_cannot_be_fetched(clone: Clone) -> None:
    set_up_for_core(clone)
    (clone.bin / "uv").unlink()
    ran = clone.coach("setup", "all")
    assert ran.code == 3
    assert ran.err.endswith("then run again:\n    python3 -m coach setup all\n")
    assert clone.coach("check", "1").code == 7


def test_python_without_ensurepip_names_the_packages_of_debian(clone: Clone) -> None:
    without = (
        "import importlib.util as u, sys; find = u.find_spec; "
        "u.find_spec = lambda name, *more: None if name == 'ensurepip' else find(name, *more); "
        "from coach.bootstrap import main; sys.exit(main(['setup']))"
    )
    version = f"3.{sys.version_info.minor}"
    assert clone.run(clone.bin / "python3", "-S", "-c", without) == Ran(
        3,
        "",
        f"{SETTING_UP}This Python {version} comes without the parts that make a virtual "
        "environment.\nOn Debian and Ubuntu, these commands add them and go on:\n"
        f"    sudo apt install python3-venv      (or: python{version}-venv)\n    {HOW}\n",
    )


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("[Errno 28] No space left on device", "The disk is full."),
        ("[Errno 13] Permission denied: 'x'", "The course's folder cannot be written to"),
        ("[Errno 30] Read-only file system: 'x'", "The course's folder cannot be written to"),
        ("SSLError(CERTIFICATE_VERIFY_FAILED)", "does not trust the certificate"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "A package arrived other than"),
        ("Temporary failure: NewConnectionError(x)", "no package index answers"),
        ("something new", "pip could not be put into .venv. It said:\n    something new\n"),
    ],
)
def test_failures_of_an_installer_are_put_into_words(clone: Clone, printed: str, said: str) -> None:
    """By a .venv whose Python answers the question for its version, and fails at all else."""
    (clone.venv / "bin").mkdir(parents=True)
    (clone.venv / "pyvenv.cfg").touch()
    (clone.root / "printed").write_text(printed + "\n", "utf-8")
    clone.python.write_text(
        f'#!/bin/sh\n[ "$2" = -c ] && echo 3.{sys.version_info.minor} && exit\n'
        'read -r line <printed; echo "$line"; exit 1\n',
        "utf-8",
    )
    clone.python.chmod(0o755)
    clone.stamp.write_text("core of-old 3.11\n", "utf-8")
    ran = clone.coach("setup")
    assert ran.code == 3
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_failure_that_no_one_foresaw_is_said_without_a_traceback(ready: Clone) -> None:
    ready.stamp.unlink()
    ready.stamp.mkdir()
    ran = ready.coach("setup")
    assert ran.code == 3
    assert ran.err == (
        f"{SETTING_UP}Set-up failed: [Errno 21] Is a directory: '{ready.stamp}'. To try again:\n"
        f"    {HOW}\n"
    )


def test_interrupted_setup_says_how_to_go_on_and_leaves_no_stamp(clone: Clone) -> None:
    clone.give_uv()
    reached = clone.root / "reached"
    os.mkfifo(reached)
    uv = clone.bin / "uv"
    uv.write_text(f"#!/bin/sh\necho here > '{reached}'\nexec cat '{reached}'\n", "utf-8")
    (clone.bin / "cat").symlink_to(str(shutil.which("cat")))
    with subprocess.Popen(
        [clone.bin / "python3", "-S", "-m", "coach", "setup"],
        cwd=clone.root,
        env=clone.environment(),
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as setup:
        assert reached.read_text("utf-8") == "here\n"
        os.killpg(setup.pid, signal.SIGINT)
        _, err = setup.communicate(timeout=60)
    assert setup.returncode == 3
    assert err == f"{SETTING_UP}Set-up was interrupted. To go on:\n    {HOW}\n"
    assert not clone.stamp.exists()


# Without a network


@pytest.fixture
def stick(clone: Clone, wheel: Callable[..., Path]) -> Path:
    """A folder beside the clone that holds the one package of both locks, for this machine."""
    folder = clone.root.parent / "ein Stick é"
    folder.mkdir()
    path = wheel(folder, "leaf")
    seen = offline.sha256(path)
    for lock in ("core", "all"):
        (clone.root / f"requirements/{lock}.txt").write_text(f"leaf==1.0 --hash=sha256:{seen}\n")
    offline.Record({path.name: seen}, {offline.this_machine(): {}}).write(folder)
    return folder


def cut_off() -> list[str]:
    """What runs a command in a network namespace without interfaces, where that is permitted."""
    for command in (["unshare", "-n"], ["unshare", "-rn"]):
        unshare = shutil.which(command[0])
        if unshare and not subprocess.run([unshare, command[1], "true"], check=False).returncode:
            return [unshare, command[1]]
    return []


def test_machine_without_a_network_sets_up_from_a_folder_by_the_real_pip(
    clone: Clone, stick: Path
) -> None:
    damaged = stick / "leaf-1.0-py3-none-any.whl"
    content = damaged.read_bytes()
    damaged.write_bytes(content + b"more")
    setup = [*cut_off(), clone.bin / "python3", "-S", "-m", "coach", "setup"]
    nowhere = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/", "OFFLINE": str(stick)}
    how = f'make setup OFFLINE="{stick}"      (or: python3 -m coach setup --offline "{stick}")'
    head = SETTING_UP.replace("this needs the network", f"from {stick}, without the network")

    assert clone.run(*setup, **nowhere) == Ran(
        3,
        "",
        f"{head}Files of {stick} are no longer what was gathered:\n    {damaged.name} is damaged\n"
        f"Copy the folder anew, then run again:\n    {how}\n",
    )
    assert not clone.stamp.exists()
    damaged.write_bytes(content)
    ran = clone.run(*setup, **nowhere)
    assert (ran.code, ran.out) == (0, "")
    assert re.fullmatch(re.escape(head) + r"done in \d+ s\n", ran.err)
    assert clone.run(clone.python, "-c", "import leaf").code == 0


def test_uv_is_told_of_the_folder_and_of_no_network(clone: Clone, stick: Path) -> None:
    clone.give_uv()
    assert clone.make("notebooks", f"OFFLINE=../{stick.name}").code == 0
    [[_, *asked]] = clone.asked_of_uv()
    found = asked[asked.index("--no-index") :]
    assert found[:2] == ["--no-index", "--find-links"]
    assert Path(found[2]).samefile(stick)
    assert found[3:] == ["--python", str(clone.python), "--offline"]


@pytest.mark.parametrize(("made", "said"), [(False, "There is no folder"), (True, "The folder")])
def test_folder_that_is_none_or_empty_is_told_before_anything_is_made(
    clone: Clone, made: bool, said: str
) -> None:
    folder = clone.root / "nothing"
    if made:
        folder.mkdir()
    fact = f"{said} {folder} holds no packages." if made else f"{said} {folder}."
    assert clone.coach("setup", "all", "--offline", str(folder)) == Ran(
        3,
        "",
        f"{fact}\nName the folder that `make offline` has filled, with its whole path, then run "
        f'again:\n    python3 -m coach setup all --offline "{folder}"\n',
    )
    assert not clone.venv.exists()


# The Makefile


RECIPE = re.compile(r"^\t(.*)", re.MULTILINE)
TARGET = re.compile(r"^([a-z][a-z-]*%?):", re.MULTILINE)

ASKED = {
    "lesson-3": "check|3",
    "watch": "watch",
    "watch-3": "watch|3",
    "lessons": "check|all",
    "hint-3": "hint|3",
    "diff-3": "diff|3",
    "solution-3": "solution|3",
    "branches": "branches",
    "catch-up-3": "catch-up|3",
    "history": "history",
    "rewind-2f6c": "rewind|2f6c",
    "progress": "progress",
    "trace": "trace",
    "run": "run",
    "valkey": "valkey",
    "doctor": "doctor",
    "audit": "audit",
    "book": "book",
    "bench": "bench",
    "offline": "offline",
}


def test_bare_make_lists_every_target(clone: Clone) -> None:
    ran = clone.make()
    assert (ran.code, ran.err) == (0, "")
    listed = set(re.findall(r"^  make (\S+)   ", ran.out, re.MULTILINE))
    targets = set(TARGET.findall((ROOT / "Makefile").read_text("utf-8"))) - {"help"}
    assert listed == {re.sub("%$", "ID" if "rewind" in name else "N", name) for name in targets}


def test_every_line_of_a_target_calls_the_coach() -> None:
    lines = RECIPE.findall((ROOT / "Makefile").read_text("utf-8"))
    others = [line for line in lines if not line.startswith(("$(COACH) ", "$(TOOL) "))]
    assert others == [
        "@sed -n 's/^## \\{0,1\\}//p' Makefile",
        "@$(PYTHON) -m coach setup $(or $(LOCK),core)",
    ]


def test_make_asks_the_coach(ready: Clone) -> None:
    for target, asked in ASKED.items():
        ran = ready.make(target)
        assert ran.out == f"{ready.venv}|None|{asked}\n"
        assert re.fullmatch(r"make: \*\*\* \[.*\] Error 7\n", ran.err)


def test_make_passes_what_it_is_given(ready: Clone) -> None:
    asked = ready.make("solution-3", "TO=ein Ordner é", "BRANCH=sync", "WORK=my work").out
    assert asked == f"{ready.venv}|my work|solution|3|--branch|sync|--to|ein Ordner é\n"
    for verb in ("diff", "catch-up"):
        assert ready.make(f"{verb}-9", "BRANCH=sync").out.endswith(f"|{verb}|9|--branch|sync\n")
    served = ready.make("run", "PROCESSES=4", "PORT=8001", "SITE=my work").out
    assert served.endswith("|run|--processes|4|--port|8001|--work|my work\n")
    traced = ready.make("trace", "URL=/ws/sc/?a=b c", "ASGI=mysite.asgi:app", "WORK=my work").out
    assert traced.endswith("|trace|/ws/sc/?a=b c|--asgi|mysite.asgi:app|--work|my work\n")
    assert ready.make("trace", "URL=/", "WORK=my work").out.endswith("|my work|trace|/\n")
    assert ready.make("valkey", "PORT=6379").out.endswith("|valkey|--port|6379\n")
    assert ready.make("book", "OUT=my site").out.endswith("|book|--out|my site\n")
    gathered = ready.make("offline", "OUT=my stick", "LOCK=core", "FOR=windows macos").out
    assert gathered.endswith("|offline|my stick|--lock|core|--for|windows|--for|macos\n")
    assert ready.make("offline", "PYTHONS=3.12 3.13").out.endswith(
        "|offline|--python|3.12|--python|3.13\n"
    )
    assert ready.make("hint-3", "K=2", WORK="elsewhere").out.endswith("|elsewhere|hint|3|2\n")


def test_make_target_is_asked_though_a_file_has_its_name(ready: Clone) -> None:
    (ready.root / "solution-3").mkdir()
    assert ready.make("solution-3").out.endswith("|solution|3\n")


def test_make_runs_the_tools_of_venv(ready: Clone) -> None:
    linted = "ruff|check\nruff|format|--check|--quiet\nmypy\n"
    assert ready.make("lint") == Ran(0, linted, "")
    assert ready.make("compare") == Ran(0, "compare|run\n", "")
    asked = ready.make("compare", "QUICK=1", "SITE=my work").out
    assert asked == "compare|run|--quick|--site|my work\n"
    opened = ready.make("notebooks").out
    assert opened.startswith("jupyterlab|")
    assert "=/lab/tree/notebooks/01-callable.ipynb" in opened
    assert ready.make("test") == Ran(0, linted + "pytest|-n|auto|--dist|worksteal\n", "")


def test_make_on_an_old_python_says_so(clone: Clone) -> None:
    old = clone.bin / "old-python"
    old.write_text(
        f"#!/bin/sh\nexec '{clone.bin}/python3' -c 'import runpy, sys; "
        'sys.version_info = (3, 9, 2); runpy.run_module("coach", run_name="__main__")\'\n',
        "utf-8",
    )
    old.chmod(0o755)
    ran = clone.make("lesson-1", "PYTHON=old-python")
    assert ran.err.startswith(TOO_OLD.format(seen="3.9.2") + "make: ***")
    assert ran.err.count("\n") == 4


# The locks


@pytest.mark.parametrize("lock", ["core", "all"])
def test_lock_holds_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / f"requirements/{lock}.txt").read_text("utf-8")
    assert "://" not in text
    assert "--index-url " not in text
    for requirement in re.split(r"\n(?=\S)", text.split("\n", 2)[2]):
        assert re.match(r"[\w.-]+==\S+ .*\\\n    --hash=sha256:[0-9a-f]{64}", requirement)


def test_both_locks_hold_the_same_versions() -> None:
    core, everything = (
        set(re.findall(r"^\S+==\S+", (ROOT / f"requirements/{lock}.txt").read_text(), re.M))
        for lock in ("core", "all")
    )
    assert core < everything


def change(lock: Path) -> None:
    """As a later version of the course might."""
    lock.write_text(lock.read_text("utf-8") + "# later\n", "utf-8")
