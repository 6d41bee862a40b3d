"""A check uses a database of its own: the learner's is untouched, wherever the settings point."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from coach import course

SETTINGS, APPS = "gs2/settings.py", "myapp/apps.py"
NAMED = 'BASE_DIR / "db.sqlite3"'

# Every process that sets Django up, whichever way it is started, writes to every database.
READY = """
    def ready(self):
        from django.db import connections

        for one in connections.all():
            with one.cursor() as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS touched (number INTEGER)")
                cursor.execute("INSERT INTO touched VALUES (1)")
"""


def kept(path: Path) -> Path:
    """A database with one row in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE mine (text TEXT)")
        database.execute("INSERT INTO mine VALUES ('tea')")
        database.commit()
    return path


def databases(**named: str) -> bytes:
    """Settings that end with these databases, each an engine and a name as Python has them."""
    engines = {alias: text.split(" ", 1) for alias, text in named.items()}
    entries = ", ".join(
        f'"{alias}": {{"ENGINE": "django.db.backends.{engine}", "NAME": {name}}}'
        for alias, (engine, name) in engines.items()
    )
    return f"\nDATABASES = {{{entries}}}\n".encode()


@pytest.mark.parametrize("default", ["absolute", "postgresql"])
def test_no_process_of_a_check_reaches_a_database_of_the_learner(
    default, work, tmp_path, lay_out, at_work, read
):
    """Lesson 1 runs the site in a process of the coach, behind runserver and behind a Daphne."""
    outside = kept(tmp_path / "elsewhere/chat.sqlite3")
    tree = course.state(1)
    tree[SETTINGS] += databases(
        default=f'sqlite3 r"{work}/db.sqlite3"' if default == "absolute" else 'postgresql "chat"',
        relative='sqlite3 "db.sqlite3"',
        outside=f'sqlite3 r"{outside}"',
        other='postgresql "chat"',
    )
    tree[APPS] += READY.encode()
    lay_out(tree)
    kept(work / "db.sqlite3")
    before = read(tmp_path)

    ran = at_work("check", 1)

    assert ran.code == 0, ran.out
    assert read(tmp_path) == before


def test_lines_that_a_check_says_are_not_in_the_learners_database(
    work, tmp_path, lay_out, at_work, read
):
    tree = course.state(10, "async")
    assert tree[SETTINGS].count(NAMED.encode()) == 1
    tree[SETTINGS] = tree[SETTINGS].replace(NAMED.encode(), f'r"{work}/db.sqlite3"'.encode())
    lay_out(tree)
    kept(work / "db.sqlite3")
    before = read(tmp_path)

    ran = at_work("check", 10)

    assert ran.code == 0, ran.out
    assert read(tmp_path) == before
