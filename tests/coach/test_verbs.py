"""The other verbs: what each says and writes, and what it answers to wrong usage."""

import csv
import os
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from coach import cli, course
from coach.evidence import CoachError
from coach.learner import Learner
from coach.verbs import doctor

LAST = course.lessons()[-1].number


def greeting_with(word: str) -> course.Tree:
    """The site after lesson 3, which greets with this word."""
    edit = course.Edit("myapp/consumers.py", '"text": "hello"', f'"text": "{word}"')
    return course.edited(course.state(3), [edit])


# -- hint ---------------------------------------------------------------------------------------


def hint_lines(number: int, step: int, strength: int) -> str:
    told = course.lesson(number).steps[step - 1]
    return (
        f"Lesson {number}, step {step}: {told.title}\n"
        f"  hint {strength} of 3  {told.hints[strength - 1]}\n"
    )


AFTER = "  after this one: make diff-3 shows a solution beside yours\n"


def test_hint_grows_stronger_each_time(at_work, lay_out):
    lay_out(greeting_with("hullo"))

    ran = [at_work("hint", 3) for _ in range(4)]

    assert [(one.code, one.err) for one in ran] == [(0, "")] * 4
    last = hint_lines(3, 2, 3) + AFTER
    assert [one.out for one in ran] == [hint_lines(3, 2, 1), hint_lines(3, 2, 2), last, last]


def test_hint_of_a_strength_is_that_one(at_work, lay_out):
    lay_out(greeting_with("hullo"))

    assert at_work("hint", 3, 3).out == hint_lines(3, 2, 3) + AFTER
    assert at_work("hint", 3, 1).out == hint_lines(3, 2, 1)
    assert at_work("hint", 3).out == hint_lines(3, 2, 1)


def test_hint_begins_again_for_another_step(at_work, lay_out):
    lay_out(greeting_with("hullo"))
    at_work("hint", 3)
    lay_out(course.beginning(3))

    assert at_work("hint", 3).out == hint_lines(3, 2, 2)
    lay_out(course.state(3) | {"gs2/asgi.py": b"tea"})
    assert at_work("hint", 3).out == hint_lines(3, 1, 1)


def test_hint_for_a_lesson_that_passes_says_so(at_work, lay_out):
    lay_out(4)

    ran = at_work("hint", 4)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Lesson 4 passes; there is nothing to hint at.\n"


# -- diff ---------------------------------------------------------------------------------------


def test_diff_shows_what_leads_to_the_solution(at_work, lay_out, work):
    tree = course.state(3)
    tree["gs2/asgi.py"] = tree["gs2/asgi.py"].replace(
        b'"http": application', b'"https": application'
    )
    del tree["myapp/routes.py"]
    lay_out(tree)

    ran = at_work("diff", 3)

    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "solution of lesson 3"
    assert f"--- {work}/gs2/asgi.py" in lines
    assert "+++ gs2/asgi.py (solution of lesson 3)" in lines
    assert '-    "https": application,' in lines
    assert '+    "http": application,' in lines
    assert "--- (not there yet)" in lines
    assert "+websocket_urlpatterns = [" in lines


def test_diff_of_a_solution_is_empty(at_work, lay_out):
    lay_out(3)

    ran = at_work("diff", 3)

    assert (ran.code, ran.out) == (0, "solution of lesson 3: your files are the same\n")


def titles(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("solution of lesson")]


def test_diff_shows_what_the_branches_share_once_and_each_branch(at_work, lay_out):
    lay_out(course.beginning(9, "async"))

    ran = at_work("diff", 9)

    assert (ran.code, ran.err) == (0, "")
    assert titles(ran.out) == [
        "solution of lesson 9",
        "solution of lesson 9, branch sync",
        "solution of lesson 9, branch async",
    ]
    compared = [line for line in ran.out.splitlines() if line.startswith("+++")]
    assert compared == [
        "+++ gs2/settings.py (solution of lesson 9)",
        "+++ myapp/chat.py (solution of lesson 9, branch sync)",
        "+++ myapp/chat.py (solution of lesson 9, branch async)",
    ]


def test_diff_with_one_branch_leaves_out_the_other(at_work, lay_out):
    lay_out(course.state(9, "sync"))

    ran = at_work("diff", 9, "--branch", "sync")

    assert ran.out == (
        "solution of lesson 9: your files are the same\n"
        "solution of lesson 9, branch sync: your files are the same\n"
    )


def test_diff_of_a_missing_folder_makes_none(at_work, work):
    ran = at_work("diff", 3)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("--- (not there yet)\n") == 2
    assert not work.exists()


def test_diff_reads_any_file(at_work, lay_out):
    lay_out({"gs2/asgi.py": b"\xff\xfe\0", "myapp/routes.py": b""})

    assert at_work("diff", 3).code == 0


# -- solution -----------------------------------------------------------------------------------


@pytest.mark.parametrize("branch", course.BRANCHES)
def test_solution_writes_the_state_after_a_lesson(coach, tmp_path, read, branch):
    site = tmp_path / "new" / "site"

    ran = coach("solution", LAST, "--branch", branch, "--to", site)

    assert (ran.code, ran.err) == (0, "")
    tree = course.state(LAST, branch)
    what = f"the site after lesson {LAST} on the branch {branch}"
    assert ran.out == f"{len(tree)} files in {site}: {what}.\n"
    assert read(site) == tree


def test_solution_fills_an_empty_folder(coach, tmp_path, read):
    ran = coach("solution", 1, "--branch", "sync", "--to", tmp_path)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{len(course.state(1))} files in {tmp_path}: the site after lesson 1.\n"
    assert read(tmp_path) == course.state(1)


@pytest.mark.parametrize("held", ["notes.txt", ".hidden", "folder/"])
def test_solution_refuses_a_folder_that_holds_something(coach, tmp_path, held):
    site = tmp_path / "site"
    site.mkdir()
    (site / held).mkdir() if held.endswith("/") else (site / held).write_text("mine")

    ran = coach("solution", 1, "--to", site)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith(
        f"Error: {site} is there already. Name a folder that is new or empty.\n"
    )
    assert [path.name for path in site.iterdir()] == [held.rstrip("/")]


def test_solution_refuses_a_file(coach, tmp_path):
    (tmp_path / "site").write_text("mine")

    ran = coach("solution", 1, "--to", tmp_path / "site")

    assert (ran.code, (tmp_path / "site").read_text()) == (2, "mine")


# -- catch-up, history, rewind --------------------------------------------------------------------


def test_catch_up_names_the_folder_that_WORK_has_named(coach, work):
    ran = coach("catch-up", 3, WORK=str(work))

    assert ran.out.splitlines()[-1] == f"  next     make lesson-3 WORK={work}"


def test_catch_up_says_what_it_changed_and_the_way_back(at_work, lay_out, work, read):
    mine = greeting_with("mine") | {"notes.txt": b"mine", "gs2/extra.py": b"mine"}
    lay_out(mine)

    ran = at_work("catch-up", 3)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"{work}/ is where lesson 3 begins.\n"
        f"  written  {work}/gs2/asgi.py\n"
        f"  removed  {work}/gs2/extra.py\n"
        f"  written  {work}/myapp/consumers.py\n"
        f"  removed  {work}/myapp/routes.py\n"
        "  back     make rewind-1 brings back what was there\n"
        "  next     make lesson-3\n"
    )
    assert read(work) == course.beginning(3) | {"notes.txt": b"mine"}
    assert at_work("rewind", 1).code == 0
    assert read(work) == mine


@pytest.mark.parametrize("number", [1, LAST])
def test_catch_up_makes_a_folder(at_work, work, read, number):
    ran = at_work("catch-up", number)

    assert (ran.code, ran.err) == (0, "")
    assert "make rewind" not in ran.out
    assert read(work) == course.beginning(number, "async")


def test_catch_up_says_on_which_branch(at_work, work, read):
    chat, asked = f"{work}/myapp/chat.py", ("", "--branch async", "--branch sync")

    first, second, third = (at_work("catch-up", 9, *words.split()) for words in asked)

    begins = f"{work}/ is where lesson 9 begins on the branch"
    assert first.out.splitlines()[0] == f"{begins} async."
    assert first.out.splitlines()[-2:] == [
        "  or       make catch-up-9 BRANCH=sync",
        "  next     make lesson-9",
    ]
    assert second.out.splitlines()[0] == f"{begins} async."
    assert third.out == (
        f"{begins} sync.\n"
        f"  written  {chat}\n"
        "  back     make rewind-2 brings back what was there\n"
        "  or       make catch-up-9 BRANCH=async\n"
        "  next     make lesson-9\n"
    )
    assert read(work) == course.beginning(9, "sync")


def test_catch_up_to_where_the_branches_part_names_none(at_work, work):
    ran = at_work("catch-up", 8, "--branch", "sync")

    assert ran.out.splitlines()[0] == f"{work}/ is where lesson 8 begins."
    assert "BRANCH" not in ran.out


def test_catch_up_twice_changes_nothing(at_work, work):
    at_work("catch-up", 3)

    ran = at_work("catch-up", 3)

    assert ran.out.splitlines()[0] == f"{work}/ is where lesson 3 begins."
    assert [line.split()[0] for line in ran.out.splitlines()[1:]] == ["back", "next"]


def test_catch_up_leaves_earlier_lessons_out_of_progress(at_work):
    """They are not done by being skipped."""
    at_work("catch-up", 3)

    told = at_work("progress", "--json").told

    assert told["done"] == 0


def test_history_lists_each_state_once(at_work, lay_out, work):
    lay_out(greeting_with("mine"))
    for _ in range(2):
        at_work("check", 3)
    (work / "gs2/asgi.py").write_bytes(b"")
    (work / "notes.txt").write_bytes(b"mine")
    at_work("check", 3)
    at_work("catch-up", 1)

    ran = at_work("history")

    assert (ran.code, ran.err) == (0, "")
    *lines, last = ran.out.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2"]
    assert lines[0].endswith(f"  check 3                 {len(course.state(3))} files")
    assert lines[1].endswith("  before catch-up 1       gs2/asgi.py, notes.txt")
    assert last == "make rewind-ID goes back to one; what you have now is kept first."


@pytest.mark.parametrize("is_there", [True, False])
def test_history_of_nothing_says_so(at_work, work, is_there):
    if is_there:
        work.mkdir()

    ran = at_work("history")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "There are no snapshots yet; each check takes one.\n"


def test_rewind_goes_back_and_forth(at_work, lay_out, work, read):
    lay_out(greeting_with("mine") | {"notes.txt": b"mine"})
    at_work("check", 3)
    (work / "notes.txt").unlink()
    (work / "gs2/asgi.py").write_bytes(b"changed")
    (work / "gs2/new.py").write_bytes(b"new")
    changed = read(work)

    ran = at_work("rewind", 1)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"{work}/ is as it was in snapshot 1.\n"
        f"  written  {work}/gs2/asgi.py\n"
        f"  removed  {work}/gs2/new.py\n"
        f"  written  {work}/notes.txt\n"
        "  back     make rewind-2 brings back what was there\n"
    )
    assert read(work) == greeting_with("mine") | {"notes.txt": b"mine"}
    assert at_work("rewind", 2).code == 0
    assert read(work) == changed


def test_rewind_turns_a_file_into_a_folder_and_back(at_work, lay_out, work, read):
    lay_out(greeting_with("mine") | {"notes": b"mine"})
    at_work("check", 3)
    (work / "notes").unlink()
    (work / "notes/deep").mkdir(parents=True)
    (work / "notes/deep/tea.txt").write_bytes(b"mine too")
    changed = read(work)

    assert at_work("rewind", 1).code == 0
    assert read(work)["notes"] == b"mine"
    assert at_work("rewind", 2).code == 0
    assert read(work) == changed


@pytest.mark.parametrize("ident", ["2", "0", "999999999999"])
def test_rewind_to_an_unknown_snapshot_is_wrong_usage(at_work, lay_out, work, read, ident):
    lay_out(greeting_with("mine"))
    at_work("check", 3)

    ran = at_work("rewind", ident)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith(
        f"Error: There is no snapshot {ident}; history lists those there are.\n"
    )
    assert read(work) == greeting_with("mine")


# -- progress -----------------------------------------------------------------------------------


def test_progress_shows_every_lesson(at_work, lay_out):
    lay_out(greeting_with("hullo"))
    for number in (1, 2, 3):
        at_work("check", number)

    ran, told = at_work("progress"), at_work("progress", "--json").told

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[:4] == [
        "  1  One callable                      done",
        "  2  One callable for each protocol    done",
        "  3  Route the sockets                 step 2 of 5",
        "  4  A sync consumer                   not begun",
    ]
    full = 20 * 2 // LAST
    bar = "█" * full + "░" * (20 - full)
    assert ran.out.splitlines()[-1] == (
        f"     {bar}  2 of {LAST} lessons done, as of each one's last check"
    )
    assert (list(told), told["schema"], told["done"]) == (["schema", "done", "lessons"], 1, 2)
    assert told["lessons"][1:4] == [
        {"lesson": 2, "title": "One callable for each protocol", "state": "done"},
        {"lesson": 3, "title": "Route the sockets", "state": "in work", "step": 2, "of": 5},
        {"lesson": 4, "title": "A sync consumer", "state": "not begun"},
    ]


def test_progress_of_a_missing_folder_makes_none(at_work, work):
    ran = at_work("progress")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("not begun") == LAST
    assert not work.exists()


def test_progress_of_a_class_is_one_table(in_process, tmp_path):
    ana, ben = tmp_path / "Ana, first row", tmp_path / "Ben"
    for folder in (ana, ben):
        folder.mkdir()
        (folder / "manage.py").touch()
    known = Learner.at(str(ana))
    known.set_progress(1, {"passed": 5, "of": 5, "done": True})
    known.set_progress(3, {"passed": 1, "of": 5, "done": False})
    when = known.progress()[1]["when"]

    ran = in_process("progress", "--csv", ana, ben)

    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:3] == [
        "folder,lesson,title,state,step,of,when",
        f'"{ana}",1,One callable,done,,,{when}',
        f'"{ana}",2,One callable for each protocol,not begun,,,',
    ]
    third, *_, last = csv.DictReader(lines[:1] + lines[3:])
    assert [third[name] for name in ("state", "step", "of")] == ["in work", "2", "5"]
    assert (len(lines), last["folder"]) == (1 + 2 * LAST, str(ben))


def test_progress_table_refuses_what_it_cannot_be(in_process, tmp_path):
    ran = [in_process("progress", *words) for words in (["--csv", "--json"], [tmp_path])]

    assert [one.code for one in ran] == [2, 2]
    assert [one.err.splitlines()[-1] for one in ran] == [
        "Error: --json and --csv are two forms: choose one.",
        "Error: FOLDERS are for --csv; one folder is named with --work.",
    ]
    nowhere = in_process("progress", "--csv", tmp_path / "Cy")
    assert (nowhere.code, nowhere.out) == (2, "")


# -- doctor -------------------------------------------------------------------------------------


@pytest.fixture
def healthy(monkeypatch, tmp_path):
    """A machine that has what the course needs, and nothing on its PATH."""
    monkeypatch.setattr(doctor, "packages", lambda: doctor.Finding("ok", "packages", "as named"))
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(doctor, "PORT", free.getsockname()[1])
    monkeypatch.setattr("coach.place.filesystem", lambda root: "ext4")
    monkeypatch.setattr(doctor.valkey, "find", lambda: tmp_path / "valkey-server")
    monkeypatch.delenv("REDIS_URL", raising=False)


def found(ran, what: str) -> dict[str, str]:
    [finding] = [finding for finding in ran.told["findings"] if finding["what"] == what]
    return finding


def test_doctor_finds_a_healthy_machine_healthy(healthy, in_process, work, tmp_path):
    ran = in_process("doctor")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"  ✓ Python          {sys.version.split()[0]} at {sys.executable}\n"
        "  ✓ packages        as named\n"
        f"  ✓ your folder     {work} can be written\n"
        "  ✓ place           a local folder\n"
        f"  ✓ port {doctor.PORT:<9}  free\n"
        "  · browser         not found; yours will do; `make test` leaves its browser tests out\n"
        f"  ✓ Valkey          {tmp_path}/valkey-server\n"
        "  · git             not found; the coach works without it\n"
    )
    assert not work.exists()


def test_doctor_tells_programs_the_same(healthy, in_process):
    ran = in_process("doctor", "--json")

    assert ran.code == 0
    assert (list(ran.told), ran.told["schema"]) == (["schema", "findings"], 1)
    assert all(list(one) == ["state", "what", "found", "mend"] for one in ran.told["findings"])


def test_doctor_runs_from_the_command_line(at_work):
    ran = at_work("doctor", "--json")

    assert (ran.code, ran.err) == (0, "")
    assert found(ran, "packages")["found"] == "as requirements/core.txt names them"


def test_doctor_names_packages_that_are_not_as_locked(in_process, healthy, monkeypatch):
    def version(name: str) -> str:
        if name == "channels":
            raise PackageNotFoundError(name)
        return {"django": "4.2"}.get(name) or locked(name)

    monkeypatch.undo()
    monkeypatch.setattr(doctor, "version", version)

    ran = in_process("doctor", "--json")

    assert ran.code == 3
    assert found(ran, "packages") == {
        "state": "wrong", "what": "packages", "mend": "python -m coach setup",
        "found": (
            f"channels missing, not {locked('channels')}; django 4.2, not {locked('django')}"
        ),
    }  # fmt: skip


def locked(name: str) -> str:
    """The version of a package in the lock."""
    lines = (course.ROOT / "requirements/core.txt").read_text("utf-8").splitlines()
    [version] = [line.split("==")[1].split()[0] for line in lines if line.startswith(f"{name}==")]
    return version


def test_doctor_notes_a_port_that_is_taken(healthy, in_process, monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setattr(doctor, "PORT", other.getsockname()[1])

        ran = in_process("doctor", "--json")

    assert ran.code == 0
    assert found(ran, f"port {doctor.PORT}") == {
        "state": "note", "what": f"port {doctor.PORT}", "found": "taken by another program",
        "mend": "end the program that listens there before `make run`",
    }  # fmt: skip


def test_doctor_notes_that_there_is_no_valkey(healthy, in_process, monkeypatch):
    def find():
        raise CoachError("none")

    monkeypatch.setattr(doctor.valkey, "find", find)
    monkeypatch.setattr(doctor.valkey, "mend", lambda: "python -m coach setup")

    ran = in_process("doctor", "--json")

    assert ran.code == 0
    assert found(ran, "Valkey") == {
        "state": "note", "what": "Valkey", "mend": "python -m coach setup",
        "found": "not found; lesson 13 needs one, and the site in more than one process",
    }  # fmt: skip


def test_doctor_takes_the_valkey_that_the_environment_names(healthy, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379")

    assert doctor.channel_server() == doctor.Finding("ok", "Valkey", "REDIS_URL names one")


def test_doctor_names_a_folder_that_cannot_be_written(healthy, in_process, monkeypatch, work):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)

    ran = in_process("doctor", "--json")

    assert ran.code == 3
    assert found(ran, "your folder") == {
        "state": "wrong", "what": "your folder", "found": f"{work.parent}: Permission denied",
        "mend": "name another folder with WORK=path",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("place", "kind", "expected"),
    [
        ("Dropbox/work", "ext4", "a synced folder (dropbox)"),
        ("OneDrive - School/work", "ext4", "a synced folder (onedrive)"),
        ("work", "nfs4", "a network folder (nfs4)"),
        ("work", "9p", "a network folder (9p)"),
    ],
)
def test_doctor_notes_a_folder_that_others_change(healthy, monkeypatch, place, kind, expected):
    monkeypatch.setattr("coach.place.filesystem", lambda root: kind)

    assert doctor.synced(Path("/home/ana") / place).found == expected


# -- usage --------------------------------------------------------------------------------------

THERE_ARE = f"the course has lessons 1 to {LAST}"
WRONG = {
    "check": "Missing argument 'LESSON'.",
    "check 99": f"Invalid value for 'LESSON': There is no lesson 99; {THERE_ARE}.",
    "check 0": f"Invalid value for 'LESSON': There is no lesson 0; {THERE_ARE}.",
    "check x": "Invalid value for 'LESSON': 'x' is not the number of a lesson.",
    "check 1.5": "Invalid value for 'LESSON': '1.5' is not the number of a lesson.",
    "hint all": "Invalid value for 'LESSON': 'all' is not the number of a lesson.",
    "hint 3 4": "Invalid value for '[K]': 4 is not in the range 1<=x<=3.",
    "rewind x": "Invalid value for 'ID': 'x' is not a valid integer.",
    "solution 3": "Missing option '--to'.",
    "solution 3 --to x --branch main":
        "Invalid value for '--branch': 'main' is not one of 'sync', 'async'.",
    "check 3 --colour": "No such option '--colour'.",
    "chekc 3": "There is no verb 'chekc'. Did you mean 'check'?",
    "tea": f"There is no verb 'tea'. There are {', '.join(cli.VERBS)}.",
}  # fmt: skip


@pytest.mark.parametrize("words", WRONG)
def test_wrong_usage_is_answered_with_a_sentence(coach, words):
    ran = coach(*words.split())

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == f"Error: {WRONG[words]}"
    assert ran.err.startswith("Usage: python -m coach")


@pytest.mark.parametrize("verb", ["", *cli.VERBS])
def test_help_is_there_for_each_verb(coach, verb):
    ran = coach(*verb.split(), "--help")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: python -m coach {verb}".rstrip())
    assert ran.out.count("\n") > 5


def test_help_lists_every_verb(coach):
    listed = coach("--help").out.partition("Commands:\n")[2]

    assert [line.split()[0] for line in listed.splitlines()] == list(cli.VERBS)


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no SIGINT to send")
def test_ctrl_c_ends_it_and_the_site(lay_out, work, environment, tmp_path, wait_gone):
    """While the learner's code hangs: a sentence, exit code 3, and no process left."""
    tree = course.state(4)
    tree["gs2/asgi.py"] += f"""
with open({str(tmp_path / "pid")!r}, "w") as file: print(os.getpid(), file=file)
while True: pass
""".encode()
    lay_out(tree)
    process = subprocess.Popen(
        [sys.executable, "-m", "coach", "check", "4", "--work", str(work)], cwd=course.ROOT,
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    end = time.monotonic() + 60
    while not (pid := (tmp_path / "pid").read_text() if (tmp_path / "pid").exists() else ""):
        assert time.monotonic() < end
        time.sleep(0.01)

    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err) == (3, "", "\nInterrupted. Nothing was lost.\n")
    wait_gone([pid])
