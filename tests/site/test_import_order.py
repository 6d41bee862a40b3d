"""Lesson 10: imports above `setdefault` lead to a model. Daphne ends, and `runserver` hides it."""

import http.client
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from servers import PATIENCE_S, Server
from websockets.sync.client import connect

from coach import course

ASGI = "gs2/asgi.py"
PAGE = (Path(__file__).resolve().parents[2] / "lessons/10-memory/README.md").read_text("utf-8")
MIGRATIONS = ("myapp/migrations/__init__.py", "myapp/migrations/0001_initial.py")


@pytest.fixture
def old_order(tmp_path: Path) -> Path:
    """The site after lesson 10, with the import order of the lessons before in gs2/asgi.py."""
    asgi = course.state(9, "async")[ASGI]
    assert 0 < asgi.index(b"from myapp.routes import") < asgi.index(b"os.environ.setdefault(")
    return put(tmp_path, course.state(10, "async") | {ASGI: asgi})


def quoted(text: str) -> str:
    """A text that the lesson's page quotes."""
    assert f"`{text}`" in PAGE
    return text


def put(folder: Path, tree: course.Tree) -> Path:
    for path, data in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def runserver_at_a_port(folder: Path) -> Server:
    """`runserver` on a port that was free a moment ago."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    return Server(
        folder, "manage.py", "runserver", "--noreload", address, listens="development server"
    )


def page_of(server: Server) -> tuple[int, str]:
    """What a browser gets for /, as soon as the server takes it."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
            except ConnectionRefusedError:
                time.sleep(0.02)
    raise AssertionError("runserver does not listen")


def test_daphne_ends_where_a_model_is_imported_before_the_settings_are_named(
    old_order, start_daphne
):
    server = start_daphne(old_order)

    assert server.port is None
    assert server.lines[-1].startswith(
        "django.core.exceptions."
        + quoted(
            "ImproperlyConfigured: Requested setting INSTALLED_APPS, but settings are not "
            "configured."
        )
    )


def test_runserver_serves_the_same_files(old_order, servers):
    servers.append(runserver_at_a_port(old_order))
    status, text = page_of(servers[-1])

    assert status == 200
    assert "<title>gs2</title>" in text


def test_room_without_migrate_names_the_table_that_is_missing(tmp_path, start_daphne):
    server = start_daphne(put(tmp_path, course.state(10, "async")))

    with connect(f"ws://127.0.0.1:{server.port}/ws/chat/tea/", proxy=None):
        assert server.wait_for(quoted("OperationalError: no such table: myapp_line"))


def test_first_migration_of_an_app_is_made_only_where_the_app_is_named(tmp_path):
    tree = course.state(10, "async")
    folder = put(tmp_path, {path: tree[path] for path in tree if path not in MIGRATIONS})

    def makemigrations(*apps: str) -> str:
        command = [sys.executable, "manage.py", "makemigrations", *apps]
        return subprocess.run(
            command, cwd=folder, check=True, stdout=subprocess.PIPE, encoding="utf-8"
        ).stdout

    assert makemigrations() == quoted("No changes detected") + "\n"
    assert quoted("Create model Line") in makemigrations("myapp")
    assert all((folder / path).is_file() for path in MIGRATIONS)
