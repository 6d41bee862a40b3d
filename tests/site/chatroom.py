"""The chat behind a real Daphne: a folder and a database of its own, and people logged in."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from coach import course

# Seconds that an answer may take on a busy machine. Waited out only where a test fails.
REPLY_S = 30
LAST_LESSON = 13
PEOPLE = ("ana", "ben", "cy")

# Run in the site's folder: its tables, its people, and the session of each of them.
PREPARE = """
import django, json, sys
django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
call_command("migrate", verbosity=0)
keys = {}
for name in sys.argv[1:]:
    user = User.objects.create(username=name, password="!")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    keys[name] = session.session_key
print(json.dumps(keys))
"""
ROWS = """
import django, json, sys
django.setup()
from myapp.models import Line
rows = Line.objects.filter(room=sys.argv[1]).order_by("id").values("user", "text")
print(json.dumps(list(rows)))
"""
LOG_OUT = """
import django, sys
django.setup()
from django.contrib.sessions.models import Session
Session.objects.filter(session_key=sys.argv[1]).delete()
print("null")
"""


@dataclass
class Site:
    """The finished site of one branch, laid out in a folder; `sessions` by name."""

    folder: Path
    sessions: dict[str, str]

    def rows(self, room: str) -> list[dict[str, str]]:
        """What the database has of a room: user and text, in order."""
        return run(self.folder, ROWS, room)

    def log_out(self, name: str) -> None:
        """End the session of somebody, as log-out does."""
        run(self.folder, LOG_OUT, self.sessions[name])


def lay_out(folder: Path, branch: str, people: tuple[str, ...] = PEOPLE) -> Site:
    """Write the finished site of a branch to a folder, and prepare its database."""
    for path, data in course.state(LAST_LESSON, branch).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return Site(folder, run(folder, PREPARE, *people))


def run(folder: Path, code: str, *words: str) -> Any:
    """What a piece of Python prints as JSON, run in a site's folder with its settings."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "gs2.settings"}
    ran = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, env=environment, check=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8", timeout=REPLY_S,
    )  # fmt: skip
    return json.loads(ran.stdout.splitlines()[-1])


def dial(port: int, path: str, session: str = "", origin: str | None = "") -> connect:
    """A connection to open with `async with`; `origin` None for a client that sends none."""
    home = f"http://127.0.0.1:{port}"
    return connect(
        f"ws://127.0.0.1:{port}{path}", proxy=None, open_timeout=REPLY_S, max_queue=None,
        origin=None if origin is None else Origin(origin or home),
        additional_headers={"Cookie": f"sessionid={session}"} if session else None,
    )  # fmt: skip


async def say(client: ClientConnection, text: str) -> None:
    await client.send(json.dumps({"text": text}))


async def heard(client: ClientConnection) -> Any:
    """The next frame, as JSON."""
    return json.loads(await asyncio.wait_for(client.recv(), REPLY_S))


async def hears(client: ClientConnection, user: str, text: str) -> None:
    assert await heard(client) == {"user": user, "text": text}


async def closes(client: ClientConnection) -> int:
    """The code with which the server closes; what comes before is passed over."""
    await asyncio.wait_for(client.wait_closed(), REPLY_S)
    assert client.close_code is not None
    return client.close_code


# Daphne's own, where a line is sent to somebody who is leaving: nobody can know that before.
TOO_LATE = "Attempt to send on a closed protocol"


def tracebacks(lines: list[str]) -> Iterator[str]:
    """What a server has printed that somebody should have caught."""
    is_too_late = False
    for line in lines:
        if TOO_LATE in line:  # the first and the last line of what is printed then
            is_too_late = line.endswith(f"inside application: {TOO_LATE}")
        elif not is_too_late and ("Traceback" in line or "Exception" in line):
            yield line
