"""`--site`: the site after any lesson gives its own answers, and nothing in its folder changes."""

import contextlib
import json
import os
import re
from pathlib import Path
from typing import Any

TOLD = {
    "/ws/sc/": 'This site\'s /ws/sc/ does not count: it answered "1: count 2" to "count 2". '
    "Lesson 6 adds that.",
    "/ws/ac/": 'This site\'s /ws/ac/ does not count: it answered "1: count 2" to "count 2". '
    "Lesson 6 adds that.",
    "/ws/trap/": "This site's /ws/trap/ refuses a WebSocket with HTTP 500. Lesson 6 adds that.",
}


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(laboratory, site: Path, tmp_path: Path, *questions: str, **more: str) -> dict[str, Any]:
    """The JSON of a quick run on a site, which it leaves as it was."""
    before = files_of(site)
    words = [word for question in questions for word in ("--question", question)]
    ran = laboratory(
        "run", "--quick", "--site", site, *words, "--json", tmp_path / "told.json", **more
    )
    assert ran.code == 0, ran.err
    assert files_of(site) == before
    assert laboratory.is_clean()
    return json.loads((tmp_path / "told.json").read_text("utf-8")) | {"out": ran.out}


def test_site_after_lesson_5_is_told_what_it_does_not_offer(laboratory, lay_out, tmp_path) -> None:
    told = run(laboratory, lay_out(5), tmp_path, "together", "holdup", "memory")
    assert told["questions"]["together"] == told["questions"]["holdup"] == []
    says = {(note["question"], note["way"]): note["says"] for note in told["not_offered"]}
    for question in ("together", "holdup"):
        assert says[question, "sync"] == says[question, "sync-thread-each"] == TOLD["/ws/sc/"]
        assert says[question, "async"] == TOLD["/ws/ac/"]
        assert says[question, "async-blocking"] == TOLD["/ws/trap/"]
    assert len(says) == 8
    for sentence in TOLD.values():
        assert told["out"].count(sentence + "\n") == 2
    assert len(told["questions"]["memory"]) == 5
    assert told["site"] == "site"


def test_site_after_lesson_7_lets_its_sync_consumers_wait_together(
    laboratory, lay_out, tmp_path
) -> None:
    told = run(laboratory, lay_out(7), tmp_path, "together", "holdup")
    ratios = {
        row["way"]: row["ratio"]
        for row in told["questions"]["together"]
        if row["connections"] == 10
    }
    assert ratios["sync"] < 3
    assert ratios["async-blocking"] > 5
    held_up = {row["waiting"] for row in told["questions"]["holdup"] if row["held_up"]}
    assert held_up == {"async-blocking"}
    assert told["own_threads"] is True
    assert (
        "This site gives each connection its own thread: the sync waits that were recorded ran "
        "in as many threads as connections.\n" in told["out"]
    )


def test_site_that_fixes_its_pause_gives_the_same_answer(laboratory, lay_out, tmp_path) -> None:
    site = lay_out(6, "myapp/consumers.py", "sleep(PAUSE_S)", "sleep(0.03)")
    told = run(laboratory, site, tmp_path, "together")
    [sync] = [
        row
        for row in told["questions"]["together"]
        if (row["way"], row["connections"]) == ("sync", 10)
    ]
    assert sync["verdict"] == "one after another"
    assert 0.03 < sync["wait_s"] < 0.05


def test_site_without_a_page_is_asked_for_the_rest(laboratory, lay_out, tmp_path) -> None:
    site = lay_out(5, "gs2/urls.py", 'path("", views', 'path("elsewhere/", views')
    told = run(laboratory, site, tmp_path, "holdup")
    [note] = [note for note in told["not_offered"] if note["way"] == "http"]
    assert note["says"] == "This site has no page to ask for: / answers with HTTP 404."


def test_site_that_raises_is_told_which_way_it_does_not_offer(
    laboratory, lay_out, tmp_path
) -> None:
    site = lay_out(6, "myapp/consumers.py", "self.count += 1", "self.count += '1'")
    told = run(laboratory, site, tmp_path, "memory")
    assert [row["way"] for row in told["questions"]["memory"]] == ["raw"]
    assert "This site's /ws/sc/ ends the connection instead of answering. " in told["out"]
    assert "This site's /ws/ac/ ends the connection instead of answering. " in told["out"]


def test_database_of_the_site_is_never_opened(laboratory, lay_out, tmp_path) -> None:
    elsewhere = tmp_path / "precious.sqlite3"
    site = lay_out(6, "gs2/settings.py", 'BASE_DIR / "db.sqlite3"', f'"{elsewhere}"')
    told = run(laboratory, site, tmp_path, "database")
    assert {row["way"] for row in told["questions"]["database"]} == {
        "sync", "database_sync_to_async", "async ORM",
    }  # fmt: skip
    assert not elsewhere.exists()


def test_any_stream_can_show_the_tables(laboratory, lay_out, tmp_path) -> None:
    told = run(laboratory, lay_out(5), tmp_path, "memory", PYTHONIOENCODING="ascii")
    assert "An idle connection: how much memory does it take, and how many threads?" in told["out"]


def on_terminal(laboratory, **more: str) -> str:
    """What a terminal of 80 columns gets from a run."""
    import pty  # Windows has none

    ours, theirs = pty.openpty()
    run = laboratory.start(
        "run",
        "--quick",
        "--question",
        "memory",
        terminal=theirs,
        COLUMNS="80",
        TERM="xterm",
        **more,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # Linux says so when the other end has been closed
        while some := os.read(ours, 65_536):
            shown += some
    os.close(ours)
    assert run.wait() == 0
    return shown.decode()


def test_terminal_gets_a_bar_and_ruled_tables(laboratory) -> None:
    shown = on_terminal(laboratory)
    assert "0 %  starting the server" in shown
    page = shown.rpartition("\r")[0].rpartition("\x1b[2K")[2]
    assert "─────" in page
    assert max(len(line.rstrip()) for line in re.sub(r"\x1b\[[\d;]*m", "", page).splitlines()) <= 80


def test_terminal_of_one_who_wants_no_colour_gets_plain_lines(laboratory) -> None:
    shown = on_terminal(laboratory, NO_COLOR="1")
    assert "\x1b" not in shown
    assert "starting the server" not in shown
    assert "threads each" in shown
