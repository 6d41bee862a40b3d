"""A learner's folder in every odd state: the coach says what it needs, and harms nothing."""

import contextlib
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from coach import course, folder, learner

ROOT = course.ROOT
needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")

NEW = "{work}/ is new: your site is in it, edit it there."
NO_SNAPSHOT = "No snapshot can be written to {work}/.coach: {reason}. Nothing else was changed."


def notes(ran) -> list[str]:
    return [line[8:] for line in ran.out.splitlines() if line.startswith("  note  ")]


# -- what may be missing ------------------------------------------------------------------------


def test_missing_folder_is_made_as_the_lesson_begins(at_work, work, read):
    ran = at_work("check", 1)

    assert (ran.code, ran.err) == (1, "")
    assert notes(ran)[0] == NEW.format(work=work)
    assert read(work) == course.beginning(1)


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_missing_folder_is_made_for_a_later_lesson(at_work, work, read, number):
    """Whoever begins with lesson N gets what the lessons before it lead to."""
    ran = at_work("check", number)

    assert (ran.code, ran.err) == (1, "")
    assert read(work) == course.beginning(number)


def test_folder_named_by_the_environment_is_made(coach, work, read):
    ran = coach("check", 1, WORK=str(work))

    assert (ran.code, notes(ran)[0]) == (1, NEW.format(work=work))
    assert read(work) == course.beginning(1)


def test_option_wins_over_the_environment(at_work, work, tmp_path):
    at_work("check", 1, WORK=str(tmp_path / "other"))

    assert work.is_dir()
    assert not (tmp_path / "other").exists()


def test_empty_folder_is_filled(at_work, work, read):
    work.mkdir()

    ran = at_work("check", 1)

    assert (ran.code, notes(ran)[0]) == (1, NEW.format(work=work))
    assert read(work) == course.beginning(1)


def test_half_made_folder_is_completed(at_work, lay_out, work, read):
    whole = course.beginning(1)
    lay_out({path: whole[path] for path in ("manage.py", "gs2/asgi.py")})

    ran = at_work("check", 1)

    handed_out = {f"handed out: {work}/{path}" for path in whole} - {
        f"handed out: {work}/manage.py", f"handed out: {work}/gs2/asgi.py"
    }  # fmt: skip
    assert handed_out <= set(notes(ran))
    assert read(work) == whole


def test_changed_handouts_are_kept(at_work, lay_out, work, read):
    mine = course.beginning(1)
    mine["gs2/urls.py"] += b"# mine\n"
    mine["myapp/views.py"] = b""
    lay_out(mine)

    at_work("check", 1)
    at_work("check", 3)

    assert read(work) == mine | {
        "myapp/consumers.py": course.lesson(3).handout["myapp/consumers.py"]
    }


def test_deleted_handouts_come_back(at_work, lay_out, work, read):
    lay_out(course.state(3))
    (work / "myapp/consumers.py").unlink()

    ran = at_work("check", 3)

    assert (ran.code, ran.err) == (0, "")
    assert notes(ran) == [f"handed out: {work}/myapp/consumers.py"]
    assert read(work) == course.state(3)


def test_handouts_of_other_lessons_stay_away(at_work, lay_out, work, read):
    lay_out(course.state(1))

    at_work("check", 2)

    assert read(work) == course.state(1)


def test_no_program_is_needed_beside_python(at_work, lay_out):
    """Neither git nor anything else on the PATH."""
    lay_out(4)

    ran = at_work("check", 4, PATH="")

    assert (ran.code, ran.err) == (0, "")


# -- what may stand in the way ------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["check", "catch-up", "hint", "diff"])
def test_file_in_place_of_the_folder_is_said(at_work, work, verb):
    work.write_text("notes")

    ran = at_work(verb, 1)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{work} is a file, and the coach needs a folder there. Move the file away, or name "
        "another folder with WORK=path.\n"
    )
    assert work.read_text() == "notes"


def test_file_in_place_of_a_folder_inside_is_said(at_work, lay_out, work, read):
    lay_out({"gs2": b"mine", "notes.txt": b"mine too"})

    ran = at_work("check", 1)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{work}/gs2 is a file, and the coach needs a folder there. Move it away, then try again.\n"
    )
    assert read(work)["gs2"] == b"mine"


def test_folder_in_place_of_a_file_fails_the_check(at_work, lay_out, work):
    lay_out(4)
    (work / "gs2/asgi.py").unlink()
    (work / "gs2/asgi.py").mkdir()

    ran = at_work("check", 4, "--json")

    assert (ran.code, ran.err) == (1, "")
    assert ran.failed["got"] == "ModuleNotFoundError: No module named 'gs2.asgi'"
    assert ran.failed["look_at"] == "gs2/asgi.py"


def test_folder_in_place_of_a_file_goes_and_comes_back(at_work, lay_out, work, read):
    lay_out(course.state(4) | {"gs2/asgi.py": b""})
    (work / "gs2/asgi.py").unlink()
    (work / "gs2/asgi.py/deep").mkdir(parents=True)
    (work / "gs2/asgi.py/deep/mine.txt").write_bytes(b"mine")
    before = read(work)

    assert at_work("catch-up", 2).code == 0
    assert read(work) == course.beginning(2)
    assert at_work("rewind", 1).code == 0
    assert read(work) == before


@pytest.mark.parametrize("inside", ["", "empty/", "db.sqlite3", "../../elsewhere"])
def test_folder_in_place_of_a_file_stays_with_what_no_snapshot_holds(
    at_work, lay_out, work, read, inside
):
    lay_out(4)
    here = work / "gs2/asgi.py"
    here.unlink()
    here.mkdir()
    if inside.endswith("/"):
        (here / inside).mkdir()
    elif inside.startswith(".."):
        (here / "link").symlink_to(inside)
    elif inside:
        (here / inside).write_bytes(b"mine")
    before = read(work)

    ran = at_work("catch-up", 2)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{work}/gs2/asgi.py is a folder, and the coach needs a file there. Move it away, then "
        "try again.\n"
    )
    assert read(work) == before
    assert here.is_dir()


def test_too_large_file_in_the_way_of_catch_up_is_kept(at_work, lay_out, work, read):
    lay_out(4)
    (work / "gs2/asgi.py").write_bytes(b"#" * 2_000_001)
    before = read(work)

    ran = at_work("catch-up", 2)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{work}/gs2/asgi.py is not in the snapshot: it was saved this moment, or it is too large "
        "to be kept. Nothing was changed. Move it away or try again.\n"
    )
    assert read(work) == before


def test_file_in_place_of_the_snapshots_is_said(at_work, lay_out, work):
    """A check needs no snapshot, so it goes on; what replaces files does not."""
    lay_out(4)
    (work / ".coach").write_text("mine")

    checked = at_work("check", 4)
    caught_up = at_work("catch-up", 2)

    reason = NO_SNAPSHOT.format(work=work, reason=os.strerror(errno.ENOTDIR))
    assert (checked.code, notes(checked)) == (0, [reason])
    assert (caught_up.code, caught_up.err) == (3, reason + "\n")
    assert (work / ".coach").read_text() == "mine"
    assert (work / "gs2/asgi.py").read_bytes() == course.state(4)["gs2/asgi.py"]


# -- what may not be read or written ------------------------------------------------------------


@contextlib.contextmanager
def without_rights(path: Path, mode: int):
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


CANNOT_READ = "{path} cannot be read: Permission denied. Make it readable, then try again.\n"


def test_unreadable_file_is_said(in_process, lay_out, work, monkeypatch):
    lay_out(4)
    really = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path == work / "myapp/views.py":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)

    ran = in_process("check", 4)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == CANNOT_READ.format(path=work / "myapp/views.py")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_unreadable_folder_is_said(at_work, lay_out, work):
    lay_out(4)

    with without_rights(work / "myapp", 0):
        ran = at_work("check", 4)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == CANNOT_READ.format(path=work / "myapp")


@pytest.fixture
def read_only(monkeypatch, work):
    """Nothing can be written below `work`, not by root either."""

    def refuse(target: Path, data: bytes) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(target))

    for module in ("coach.folder", "coach.snapshots", "coach.learner", "coach.verbs.hint"):
        monkeypatch.setattr(f"{module}.put_whole", refuse)


def test_read_only_folder_is_checked(in_process, lay_out, read_only, work):
    lay_out(4)

    ran = in_process("check", 4)

    assert (ran.code, ran.err) == (0, "")
    assert notes(ran) == [NO_SNAPSHOT.format(work=work, reason="Read-only file system")]


def test_read_only_folder_gets_hints(in_process, lay_out, read_only, work):
    lay_out(course.beginning(4))

    ran = in_process("hint", 4)

    assert (ran.code, ran.err) == (0, "")
    assert "  hint 1 of 3  " in ran.out


def test_read_only_folder_is_not_filled(in_process, lay_out, read_only, work):
    work.mkdir()

    ran = in_process("check", 1)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err.endswith(
        " cannot be written: Read-only file system. Make the folder writable, or name another "
        "with WORK=path.\n"
    )


def test_read_only_folder_is_not_caught_up(in_process, lay_out, read_only, work, read):
    lay_out(4)

    ran = in_process("catch-up", 2)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == NO_SNAPSHOT.format(work=work, reason="Read-only file system") + "\n"
    assert read(work) == course.state(4)


# -- what the coach leaves alone ----------------------------------------------------------------


@needs_links
def test_linked_folder_is_followed(at_work, work, tmp_path, read):
    (tmp_path / "elsewhere").mkdir()
    work.symlink_to(tmp_path / "elsewhere")

    ran = at_work("check", 1)

    assert (ran.code, ran.err) == (1, "")
    assert work.is_symlink()
    assert read(tmp_path / "elsewhere") == course.beginning(1)


@needs_links
def test_link_to_nowhere_is_made_a_folder(at_work, work, tmp_path, read):
    work.symlink_to(tmp_path / "elsewhere")

    at_work("check", 1)

    assert read(tmp_path / "elsewhere") == course.beginning(1)


@needs_links
def test_linked_file_is_left_out_and_said(at_work, lay_out, work, tmp_path):
    lay_out(4)
    (tmp_path / "routes.py").write_bytes((work / "myapp/routes.py").read_bytes())
    (work / "myapp/routes.py").unlink()
    (work / "myapp/routes.py").symlink_to(tmp_path / "routes.py")

    ran = at_work("check", 4)

    assert (ran.code, ran.err) == (1, "")
    assert "got       ModuleNotFoundError: No module named 'myapp.routes'\n" in ran.out
    assert notes(ran)[-1] == (
        f"{work}/myapp/routes.py is a link, and a check sees no links: put the file itself there."
    )
    assert (work / "myapp/routes.py").is_symlink()


@needs_links
@pytest.mark.parametrize("verb", ["catch-up", "rewind"])
def test_linked_file_is_never_written_through(at_work, lay_out, work, tmp_path, verb):
    lay_out(4)
    at_work("check", 4)
    (tmp_path / "asgi.py").write_text("mine")
    (work / "gs2/asgi.py").unlink()
    (work / "gs2/asgi.py").symlink_to(tmp_path / "asgi.py")

    ran = at_work(verb, 1)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{work}/gs2/asgi.py is a link, and the coach needs a file there. Move it away, then try "
        "again.\n"
    )
    assert (tmp_path / "asgi.py").read_text() == "mine"


@needs_links
def test_linked_folder_inside_is_never_written_into(at_work, lay_out, work, tmp_path, read):
    lay_out({"notes.txt": b"mine"})
    (tmp_path / "elsewhere").mkdir()
    (work / "gs2").symlink_to(tmp_path / "elsewhere")

    ran = at_work("check", 1)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{work}/gs2 is a link, and the coach needs a folder there. Move it away, then try again.\n"
    )
    assert read(tmp_path / "elsewhere") == {}


@needs_links
def test_link_loops_are_not_followed(at_work, lay_out, work):
    lay_out(4)
    (work / "loop").symlink_to(work)
    (work / "myapp/self").symlink_to(work / "myapp/self")

    assert at_work("check", 4).code == 0
    assert at_work("catch-up", 2).code == 0
    assert (work / "loop").is_symlink()
    assert (work / "myapp/self").is_symlink()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_named_pipe_is_not_opened(at_work, lay_out, work):
    lay_out(4)
    os.mkfifo(work / "myapp/pipe")

    assert at_work("check", 4).code == 0
    assert at_work("catch-up", 2).code == 0
    assert (work / "myapp/pipe").is_fifo()


def test_untracked_files_stay_through_everything(at_work, lay_out, work, read):
    """A database, a large file, a virtual environment and a repository beside the site."""
    untracked = {
        "db.sqlite3": b"SQLite format 3\0mine",
        "myapp/large.bin": b"\0" * 5_000_000,
        "gs2/notes.sqlite3": b"mine",
        ".git/config": b"[core]",
        ".venv/bin/python": b"#!",
        "myapp/__pycache__/views.cpython-311.pyc": b"\0",
    }
    lay_out(course.state(4) | untracked)

    assert at_work("check", 4).code == 0
    assert at_work("catch-up", 2).code == 0
    assert at_work("rewind", 1).code == 0

    assert read(work) == course.state(4) | untracked


def test_binary_and_oddly_named_files_are_kept(at_work, lay_out, work, read):
    mine = course.state(4) | {
        "notes mit Leerzeichen é 茶.txt": b"\xff\xfe\0\r\n",
        "myapp/static/myapp/logo.png": bytes(range(256)),
        "gs2/empty": b"",
    }
    lay_out(mine)

    assert at_work("catch-up", 2).code == 0
    assert "gs2/empty" not in read(work)
    assert at_work("rewind", 1).code == 0

    assert read(work) == mine


@pytest.mark.skipif(sys.platform != "linux", reason="other systems want names that are text")
def test_file_whose_name_is_no_text_is_kept(at_work, lay_out, work):
    lay_out(4)
    odd = os.fsencode(work) + b"/myapp/caf\xe9.py"
    Path(os.fsdecode(odd)).write_bytes(b"mine")

    assert at_work("check", 4).code == 0
    caught_up = at_work("catch-up", 2)
    rewound = at_work("rewind", 1)

    assert (caught_up.code, caught_up.err, rewound.code, rewound.err) == (0, "", 0, "")
    assert Path(os.fsdecode(odd)).read_bytes() == b"mine"


def test_notes_outside_of_the_site_stay_through_catch_up(at_work, lay_out, work, read):
    lay_out(course.state(4) | {"notes.txt": b"mine", "other/app.py": b"mine"})

    assert at_work("catch-up", 2).code == 0

    assert read(work) == course.beginning(2) | {"notes.txt": b"mine", "other/app.py": b"mine"}


def test_names_with_spaces_and_letters_beyond_ascii(coach, tmp_path):
    """The learner's folder, and the one for throw-away copies."""
    home = tmp_path / "mein Kurs é 茶"
    home.mkdir()

    first = coach("check", 4, "--json", "--work", home / "w", TMPDIR=str(home))
    coach("solution", 4, "--to", home / "s", TMPDIR=str(home))
    second = coach("check", 4, "--work", home / "s", TMPDIR=str(home))

    assert (first.code, first.err) == (1, "")
    assert first.told["work"] == str(home / "w")
    assert (second.code, second.err) == (0, "")
    assert sorted(path.name for path in home.iterdir()) == ["s", "w"]


# -- what the coach itself keeps there ----------------------------------------------------------


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\xff\xfe", b"[]", b"null", b'{"1": 5}', b'{"x": {}}', b'{"1": {"passed": "x"}}'],
)
def test_damaged_progress_is_begun_anew(at_work, lay_out, work, garbage):
    lay_out(4)
    (work / ".coach").mkdir()
    (work / ".coach/progress.json").write_bytes(garbage)
    (work / ".coach/hints.json").write_bytes(garbage)

    told = at_work("progress", "--json")
    checked = at_work("check", 4)
    hinted = at_work("hint", 5)
    after = at_work("progress", "--json")

    assert (told.code, told.told["done"]) == (0, 0)
    assert (checked.code, hinted.code, hinted.err) == (0, 0, "")
    assert [row["state"] for row in after.told["lessons"][3:5]] == ["done", "in work"]


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff", b"[]", b"5", b"{}", b'{"when": "yesterday"}',
                b'{"when": "2026-11-22T08:00:00+00:00", "why": "check 3", "files": null}']
)  # fmt: skip
def test_damaged_snapshot_is_passed_over(at_work, lay_out, work, read, garbage):
    lay_out(4)
    assert at_work("check", 4).code == 0
    (work / ".coach/snapshots/1.json").write_bytes(garbage)
    (work / ".coach/snapshots/tea.json").write_bytes(b"{}")

    listed = at_work("history")
    caught_up = at_work("catch-up", 2)
    rewound = at_work("rewind", 2)

    assert (listed.code, listed.out) == (0, "There are no snapshots yet; each check takes one.\n")
    assert (caught_up.code, rewound.code) == (0, 0)
    assert read(work) == course.state(4)


def test_damaged_contents_are_said(at_work, lay_out, work, read):
    lay_out(4)
    at_work("check", 4)
    at_work("catch-up", 2)
    for path in (work / ".coach/objects").iterdir():
        path.write_bytes(b"damaged")

    ran = at_work("rewind", 1)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"Snapshot 1 is damaged: manage.py is missing from {work}/.coach. Nothing was changed.\n"
    )
    assert read(work) == course.beginning(2)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_damaged_contents_are_kept_anew(at_work, lay_out, work, read, damage):
    """The next snapshot of the same files holds them whole."""
    lay_out(4)
    at_work("check", 4)
    for path in (work / ".coach/objects").iterdir():
        damage(path)

    at_work("catch-up", 2)
    ran = at_work("rewind", 2)

    assert (ran.code, ran.err) == (0, "")
    assert read(work) == course.state(4)


def test_two_coaches_at_once_agree(lay_out, work, read, environment):
    """Two checks of one folder give both verdicts, and keep its state once or twice, whole."""
    lay_out(4)
    command = [sys.executable, "-m", "coach", "check", "4", "--work", str(work)]
    both = [
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]

    ended = [one.communicate(timeout=60) for one in both]

    assert [(one.returncode, err) for one, (_, err) in zip(both, ended, strict=True)] == [
        (0, b"")
    ] * 2
    assert read(work) == course.state(4)
    kept = learner.Snapshots(folder.Folder(work))
    assert {len(kept.files(snapshot)) for snapshot in kept.all()} == {len(course.state(4))}


# -- where it may not lie -----------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["check", "catch-up", "hint"])
@pytest.mark.parametrize(
    "where", [".", "..", "/", "gs2", "lessons/03-routes", "coach/verbs", ".git"]
)
def test_folder_of_the_course_is_refused(coach, verb, where):
    ran = coach(verb, 1, WORK=where)

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        f"{(ROOT / where).resolve()} holds the course itself. Name a folder of its own with "
        "WORK=path.\n"
    )


def test_folder_inside_the_repository_is_named_from_there(coach):
    """work/ itself cannot be tried here: it is a learner's."""
    assert folder.Folder(ROOT / "work").shown == "work"
    assert learner.Learner.at(None).folder.root == ROOT / "work"


def test_a_file_that_the_finished_site_lacks_is_said(in_process, lay_out, monkeypatch):
    lay_out(course.beginning(4))
    lying = {path: data for path, data in course.finished().items() if path != "gs2/asgi.py"}
    monkeypatch.setattr(course, "finished", lambda: lying)

    failed = in_process("check", 4)

    assert notes(failed)[-1] == (
        "gs2/asgi.py at the root of the repository is missing. That is the finished site; your "
        "own files are in work/."
    )


def test_edits_of_the_finished_site_are_said(in_process, lay_out, monkeypatch):
    lay_out(course.beginning(4))
    lying = course.finished() | {"gs2/asgi.py": b"# mine\n"}
    monkeypatch.setattr(course, "finished", lambda: lying)

    failed = in_process("check", 4)
    lay_out(course.state(4))
    passed = in_process("check", 4)

    assert notes(failed)[-1] == (
        "gs2/asgi.py at the root of the repository was edited. That is the finished site; your "
        "own files are in work/."
    )
    assert (passed.code, notes(passed)) == (0, [])
