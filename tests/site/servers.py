"""Servers for the tests, each in a process of its own."""

import os
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path

# Seconds in which a server has started, or has written what it had to say. Never waited out
# where all is well: the tests go on as soon as the line is there.
PATIENCE_S = 30
# Seconds for a server to end by itself. Never waited out either, but where one cannot end.
GRACE_S = 10


class Server:
    """A server in a process of its own, which serves the site of one folder.

    port: the port that the system chose; None where the server ended before it listened
    """

    def __init__(
        self, folder: Path, *command: str, listens: str, more: dict[str, str] | None = None
    ) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        self.lines: list[str] = []
        self._unread: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env={**environment, "PYTHONUNBUFFERED": "1", **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        line = self.wait_for(listens)
        port = re.search(r":(\d+)/?$", line) if line else None
        self.port = int(port[1]) if port else None

    def _read(self) -> None:
        for line in self._process.stdout:
            self._unread.put(line.rstrip("\r\n"))
        self._unread.put(None)

    def wait_for(self, part: str) -> str | None:
        """The next line of the output that holds `part`; None where the output ends without it."""
        while (line := self._unread.get(timeout=PATIENCE_S)) is not None:
            self.lines.append(line)
            if part in line:
                return line
        self._unread.put(None)
        return None

    def rest(self) -> list[str]:
        """Everything that it printed, once it has been stopped."""
        while (line := self._unread.get_nowait()) is not None:
            self.lines.append(line)
        return self.lines

    def kill(self) -> None:
        """Ends this process at once. Daphne, asked to end while sync code waits, may never end."""
        self._process.kill()
        self._process.wait(PATIENCE_S)

    def stop(self) -> None:
        """Ends this process, and no other: asks it first, and what its site has in hand is done.

        A thread of sync code that was about to send when the loop ended waits for ever, and a
        Daphne with it (asgiref's AsyncToSync asks a loop that no longer runs).
        """
        self._process.terminate()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        self._process.stdout.close()


def daphne_in(folder: Path, *options: str, **more: str) -> Server:
    """A Daphne as its command line starts it, in `folder`, with nothing set up before; `more` is
    in its environment."""
    command = ("-m", "daphne", "-b", "127.0.0.1", "-p", "0", *options, "gs2.asgi:application")
    return Server(folder, *command, listens="Listening on TCP address", more=more)


def runserver_in(folder: Path) -> Server:
    """`manage.py runserver`, whichever app it comes from; on port 0, so nobody can call it."""
    return Server(folder, "manage.py", "runserver", "--noreload", "0", listens="development server")
