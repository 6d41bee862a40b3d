"""One server process for the laboratory, and how clients reach it. Everything is on 127.0.0.1."""

import asyncio
import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from importlib.util import find_spec
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from coach.evidence import CoachError, error_named
from coach.output import Output
from coach.process import clean_environ, kill_group
from coach.tracebacks import last_error
from compare.experiments import WrongAnswer, get_page

HOST = "127.0.0.1"
STAGE = "compare_stage"
START_LIMIT_S = 20.0
ANSWER_LIMIT_S = 15.0
LISTENS = re.compile(rb"(?:Listening on TCP address 127\.0\.0\.1:|http://127\.0\.0\.1:)(\d+)")
NAMES = {"daphne": "Daphne", "uvicorn": "uvicorn"}
COMMANDS = {
    "daphne": ["-m", "daphne", "-b", HOST, f"{STAGE}.application:application"],
    "uvicorn": [
        "-m", "uvicorn", "--host", HOST, "--lifespan", "off", "--no-access-log", "--loop",
        "asyncio", "--workers", "1", "--ws-per-message-deflate", "false",
        f"{STAGE}.application:application",
    ],
}  # fmt: skip


class Server:
    """A server that has been started. `kind` is daphne or uvicorn, `folder` holds the site."""

    def __init__(self, kind: str, folder: str, port: int, mark: str) -> None:
        self.name = NAMES[kind]
        self.folder = folder
        self.port = 0
        self.output = Output()
        name, _, value = mark.partition("=")
        command = [sys.executable, "-P", *COMMANDS[kind], "--port", str(port)]
        self.popen = subprocess.Popen(
            command, cwd=folder, env=clean_environ() | {name: value},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        stream = self.popen.stdout
        assert stream is not None
        with contextlib.suppress(OSError, ValueError):
            for line in iter(lambda: stream.readline(65_536), b""):
                self.output.add(line)
                if not self.port and (found := LISTENS.search(line)):
                    self.port = int(found[1])

    async def started(self) -> None:
        """Wait until it listens; a `CoachError` with the reason where it does not."""
        loop = asyncio.get_running_loop()
        end = loop.time() + START_LIMIT_S
        while not self.port:
            if self.popen.poll() is not None:
                self.reader.join(2)
                raise CoachError(self._why_it_ended())
            if loop.time() > end:
                raise CoachError(
                    f"{self.name} did not listen within {START_LIMIT_S:g} s. "
                    f"Its last line: {self.last_line}"
                )
            await asyncio.sleep(0.01)

    def _why_it_ended(self) -> str:
        chain = last_error(self.output.text(), self.folder)
        frames = [frame for frame in (chain[0]["frames"] if chain else ()) if frame["work"]]
        is_ours = bool(frames) and frames[-1]["file"].startswith(STAGE)
        if not frames or (is_ours and frames[-1]["name"] != "sites_application"):
            return f"{self.name} did not start: {self.last_line}"
        place = "" if is_ours else f", at {frames[-1]['file']}:{frames[-1]['line']}"
        return (
            f"The site does not start: {error_named(chain)}{place}. "
            "This is the site's error, not the laboratory's."
        )

    @property
    def last_line(self) -> str:
        lines = [line.strip() for line in self.output.text().splitlines() if line.strip()]
        return lines[-1].replace(self.folder, "the site") if lines else "it printed nothing."

    def fault(self, error: BaseException) -> CoachError:
        """What to say of an error that a client met."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(1)  # its sockets close a moment before it is gone
        if self.popen.poll() is not None:
            self.reader.join(1)
            return CoachError(
                f"{self.name} ended half-way, with exit status {self.popen.returncode}. "
                f"Its last line: {self.last_line}"
            )
        if isinstance(error, TimeoutError):
            said = "nothing came back in time"
        elif isinstance(error, WrongAnswer):
            said = str(error)
        else:
            said = f"{type(error).__name__}: {error}"
        return CoachError(f"{self.name} runs, but a client could not go on: {said}.")

    def stop(self) -> None:
        kill_group(self.popen.pid)
        self.popen.wait()
        self.reader.join(2)
        for stream in (self.popen.stdin, self.popen.stdout):
            if stream and not self.reader.is_alive():
                stream.close()  # a process left behind that holds it would make this wait

    # -- clients ----------------------------------------------------------------------------------

    def dial(self, path: str) -> Any:
        """A WebSocket to this server."""
        return dial_to(self.port)(path)

    async def get(self, path: str) -> bytes:
        """The whole answer to GET, head and body."""
        async with asyncio.timeout(ANSWER_LIMIT_S):
            answer = await get_page(HOST, self.port, path)
        if not answer:
            raise ConnectionError("no answer over HTTP")
        return answer

    async def ask(self, path: str) -> dict[str, Any]:
        """What the stage tells at one of the laboratory's own paths."""
        told: dict[str, Any] = json.loads((await self.get(path)).partition(b"\r\n\r\n")[2])
        return told


def dial_to(port: int) -> Callable[[str], Any]:
    """What opens a WebSocket at a path of a server, with the library websockets."""

    def dial(path: str) -> Any:
        return connect(
            f"ws://{HOST}:{port}{path}", proxy=None, compression=None, ping_interval=None,
            origin=Origin(f"http://{HOST}:{port}"),  # as a page of the site's own sends it
            open_timeout=ANSWER_LIMIT_S, close_timeout=2,
        )  # fmt: skip

    return dial


@contextlib.asynccontextmanager
async def serving(kind: str, folder: str, port: int, mark: str) -> AsyncIterator[Server]:
    """A server that listens. What a client meets on the way is told as the server's fault."""
    if not find_spec(kind):
        raise CoachError(
            f"{NAMES[kind]} is not installed here. This brings it: python -m coach setup all"
        )
    refuse_busy(port)
    server = Server(kind, folder, port, mark)
    try:
        await server.started()
        yield server
    except (OSError, EOFError, WebSocketException, ValueError, WrongAnswer) as error:
        raise server.fault(error) from error
    finally:
        server.stop()


def refuse_busy(port: int) -> None:
    """A `CoachError` where another program has the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CoachError(
                f"Port {port} of {HOST} cannot be had: {error.strerror}. "
                "Without --port the laboratory takes a free one."
            ) from None
