"""Daphnes that serve one site together: started together, heard together, ended together."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from coach.events import Event, Events, next_event
from coach.evidence import CoachError
from coach.process import kill_group
from coach.screen import encodable

HOST = "127.0.0.1"
GRACE_S, NOTICE_S = 5.0, 2.0
NOTICE = "Something is still at work. Ctrl-C again ends it at once."
CAN_HAND_ON = os.name == "posix"  # a listening socket, to a program that is started
Hear = Callable[[str], None]
TOGETHER = threading.Lock()  # so that a line of one process is never inside that of another


def listen(port: int) -> socket.socket:
    """A socket that listens on 127.0.0.1; port 0 is one that the system chooses."""
    try:
        return socket.create_server((HOST, port), backlog=1024)
    except OSError as error:
        why = str(error.strerror).partition(" (while")[0]
        raise CoachError(
            f"Port {port} cannot be had: {why}. End the program that listens there, or name "
            "another port with --port."
        ) from error


class Daphne:
    """One Daphne, whose lines are printed with its number before them, or go to `hear`.

    number: from 1 on; 0 is one that is alone, whose lines stay as they are
    """

    def __init__(
        self,
        number: int,
        door: socket.socket,
        folder: Path,
        environ: dict[str, str],
        to: Events,
        hear: Hear | None = None,
    ) -> None:
        self.number, self.events, self.hear = number, to, hear
        self.serves = False
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "daphne", *where(door), "gs2.asgi:application"],
            cwd=folder, env=environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=[door.fileno()] if CAN_HAND_ON else [],
            # Ctrl-C is for the coach, which then ends each of them in order.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in iter(lambda: self.popen.stdout.readline(65_536), b""):  # type: ignore[union-attr]
                if not self.serves and b"Listening on TCP address" in line:
                    self.serves = True
                    self.events.put(Event("serves", self.number))
                elif self.serves or b" INFO " not in line:  # how Daphne starts is its own affair
                    self.show(line.decode("utf-8", "replace").rstrip("\r\n"))
        self.popen.wait()
        self.events.put(Event("ended", self.number))

    def show(self, line: str) -> None:
        numbered = f"{self.number} | {line}" if self.number else line
        if self.hear:
            self.hear(numbered)
        else:
            show(numbered, self.events)

    @property
    def fate(self) -> str:
        """How it ended, in words."""
        status = self.popen.poll()
        how = f"with exit status {status}"
        if status is not None and status < 0:
            how = f"by {signal.Signals(-status).name}"
        return f"{f'Process {self.number}' if self.number else 'Daphne'} ended by itself, {how}."


def show(line: str, events: Events) -> None:
    """Print a line; where nobody reads it any more, that is a request to end."""
    try:
        with TOGETHER:
            print(encodable(line, sys.stdout), flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        events.put(Event("asked"))


def where(door: socket.socket) -> list[str]:
    """The options by which a Daphne gets a listening socket, or opens one in its place."""
    if CAN_HAND_ON:
        return ["--fd", str(door.fileno())]
    port = door.getsockname()[1]
    door.close()
    return ["-b", HOST, "-p", str(port)]


@contextlib.contextmanager
def serving(
    doors: list[socket.socket],
    folder: Path,
    environ: dict[str, str],
    events: Events,
    hear: Hear | None = None,
) -> Iterator[list[Daphne]]:
    """One Daphne for each of these sockets, all of which end with the block.

    The same socket may stand there several times. Its connections are then shared out by the
    system: each goes to the first process that asks for it, so a busy one gets fewer. That every
    process gets some, tests/coach/test_run.py sees.
    """
    daphnes: list[Daphne] = []
    numbers = range(1, len(doors) + 1) if len(doors) > 1 else [0]
    try:
        for number, door in zip(numbers, doors, strict=True):
            daphnes.append(Daphne(number, door, folder, environ, events, hear))
        for door in doors:
            door.close()  # theirs alone from now on: where they have ended, nobody listens
        yield daphnes
    finally:
        end(daphnes, events, hear)


def end(daphnes: list[Daphne], events: Events, hear: Hear | None) -> None:
    """Ask all of them to end, and end those that do not. A Daphne with sync code that waits would
    stay until that has waited; who asks a second time need not wait for it either."""
    while next_event(events, 0):
        pass
    for one in daphnes:
        one.popen.terminate()
    wait_until_ended(daphnes, events, hear)
    for one in daphnes:
        kill_group(one.popen.pid)  # with what its site has started
        one.popen.wait()
        one.reader.join(1)
        if one.popen.stdout and not one.reader.is_alive():
            one.popen.stdout.close()


def wait_until_ended(daphnes: list[Daphne], events: Events, hear: Hear | None) -> None:
    """Until all have ended, or somebody asks again, or GRACE_S is over."""
    began, was_told = time.monotonic(), False
    while any(one.popen.poll() is None for one in daphnes):
        waited_s = time.monotonic() - began
        if waited_s > NOTICE_S and not was_told:
            was_told = True
            if hear:
                hear(NOTICE)
            else:
                show(NOTICE, events)
        heard = next_event(events, 0.05)
        if waited_s > GRACE_S or (heard and heard.kind == "asked"):
            return
