"""The learner's site behind a real server process, and clients that share no code with it."""

import asyncio
import contextlib
import http.client
import re
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from coach.browsing import Answer
from coach.evidence import CoachError, Evidence, Failure, Frame, frame_named, shown
from coach.output import Output
from coach.process import kill_group
from coach.tracebacks import last_error

if TYPE_CHECKING:
    from coach.site import Site

START_LIMIT_S = 12.0
SILENT_S = 1.0  # a server that listens for as long as this, and does not say so, will not say it
CLIENT_LIMIT_S = 6.0
HOST = "127.0.0.1"


class Server:
    """One server process. `name` is how the story calls it: Daphne or runserver."""

    def __init__(self, site: "Site", name: str, command: list[str], port: int) -> None:
        self.site = site
        self.name = name
        self.port = port
        self.says_so = False  # whether it has printed that it listens
        self.at = ""  # how the story tells it from others
        self.output = Output()
        self.popen = subprocess.Popen(
            [sys.executable, *command], cwd=site.folder,
            env=site.launcher.environ | site.environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        site.story.add(f"{name} serves {site.entry}")

    def _read(self) -> None:
        assert self.popen.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in iter(lambda: self.popen.stdout.readline(65_536), b""):  # type: ignore[union-attr]
                self.output.add(line)
                self.says_so |= b"Listening on TCP address" in line

    async def started(self, silent_s: float = 0.0) -> None:
        """Wait until the server listens; fails the step where it ends or does not.

        silent_s: how long it may listen before it says so, which the LOGGING of a site can keep
        it from doing: until then, who listens there may be another
        """
        expected = f"{self.name} starts and listens"
        loop = asyncio.get_running_loop()
        end = loop.time() + START_LIMIT_S
        since = 0.0
        while loop.time() < end:
            if self.popen.poll() is not None:
                self.reader.join(2)
                if self._listens():
                    raise CoachError(f"Port {self.port} was taken by another program. Try again.")
                raise Failure(expected, self._last_words(), self.evidence("server", is_over=True))
            since = since or (loop.time() if self._listens() else 0.0)
            if since and (self.says_so or loop.time() - since >= silent_s):
                return
            await asyncio.sleep(0.02)
        raise Failure(expected, f"nothing within {START_LIMIT_S:g} s", self.evidence("server"))

    def _listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((HOST, self.port)) == 0

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.output.text().splitlines() if line.strip()]
        errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Configured)\b", line)]
        system_checks = [line for line in lines if re.search(r"\([\w.]+\.E\d+\)", line)]
        told = [*system_checks, *errors, *lines[-1:], "nothing"][0]
        return f"it ended with exit status {self.popen.returncode}: {told}"

    def evidence(self, kind: str, is_over: bool = False, **known: Any) -> Evidence:
        """What is known now; where the server is over, also the exception that ended it."""
        evidence = self.site.evidence(kind, **known)
        evidence.output = self.output.text()
        if is_over:
            evidence.error = last_error(evidence.output, self.site.folder)
        return evidence

    def stop(self) -> None:
        kill_group(self.popen.pid)
        self.popen.wait()
        self.reader.join(2)
        if self.popen.stdout and not self.reader.is_alive():
            self.popen.stdout.close()  # a process left behind that holds it would make this wait

    # -- clients -------------------------------------------------------------------------------

    async def get(self, path: str) -> Answer:
        """What a browser gets for a path from this server."""
        self.site.story.add(f"a browser asks it for {path}")
        try:
            return await asyncio.to_thread(self._get, path)
        except (OSError, http.client.HTTPException) as error:
            got = f"no whole answer: {type(error).__name__}"
            if isinstance(error, TimeoutError):
                got = f"no whole answer within {CLIENT_LIMIT_S:g} s"
            raise Failure("an answer over HTTP", got, self.evidence("server", path=path)) from None

    def _get(self, path: str) -> Answer:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=CLIENT_LIMIT_S)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            answer = Answer()
            answer.status, answer.body = response.status, response.read()
            answer.headers = {name.lower(): value for name, value in response.getheaders()}
            return answer

    async def shows_page(self, path: str = "/") -> Answer:
        """A browser gets the page from this server."""
        answer = await self.get(path)
        try:
            self.site.judge_page(answer, path)
        except Failure as failure:
            await asyncio.sleep(0.1)  # until what the server prints has come through
            failure.evidence.output = self.output.text()
            if answer.status == 500:
                failure.evidence.error = last_error(self.output.text(), self.site.folder)
            raise
        return answer

    async def refuses(self, path: str, status: int) -> None:
        """A WebSocket client sees this HTTP status instead of an open connection."""
        from websockets.exceptions import InvalidStatus

        expected = f"HTTP {status} instead of a WebSocket"
        self.site.story.add(f"a client opens {path}")
        try:
            async with self.dial(path):
                got = "an open WebSocket"
        except InvalidStatus as refusal:
            if refusal.response.status_code == status:
                return
            got = f"HTTP {refusal.response.status_code}"
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
        raise Failure(expected, got, self.evidence("server", path=path))

    @contextlib.asynccontextmanager
    async def connect(
        self, path: str, who: str = "a client", session: str = ""
    ) -> AsyncIterator["Client"]:
        """A WebSocket client that this server lets in; session: the key of one, for its cookie."""
        self.site.story.add(f"{who} opens {path}{self.at}")
        try:
            connection = await self.dial(path, session)
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
            status = getattr(getattr(error, "response", None), "status_code", None)
            await asyncio.sleep(0.1)  # until what the server prints has come through
            evidence = self.evidence("server", is_over=status == 500, path=path, status=status)
            raise Failure("an open WebSocket", got, evidence) from None
        try:
            yield Client(self, connection, who)
        finally:
            with contextlib.suppress(Exception):
                await connection.close()

    def dial(self, path: str, session: str = "", **more: Any) -> Any:
        """What opens a WebSocket of the library websockets: to be awaited, or entered."""
        from websockets.asyncio.client import connect
        from websockets.typing import Origin

        return connect(
            f"ws://{HOST}:{self.port}{path}", proxy=None,
            origin=Origin(f"http://{HOST}:{self.port}"),  # as a page of the site's own sends it
            additional_headers={"Cookie": f"sessionid={session}"} if session else None,
            open_timeout=CLIENT_LIMIT_S, close_timeout=1, **more,
        )  # fmt: skip


class Client:
    """A client of another library (websockets) on one open connection."""

    def __init__(self, server: Server, connection: Any, who: str) -> None:
        self.server = server
        self.connection = connection
        self.who = who

    async def send(self, frame: Frame) -> None:
        self.server.site.story.add(f"{self.who} sends {shown(frame)}")
        self.server.site.story.write(self.who, "→", shown(frame))
        try:
            await self.connection.send(frame)
        except Exception as error:
            raise await self._ended(error, "an open WebSocket") from None

    async def hears(self, frame: Frame) -> None:
        """The next frame that arrives is this one."""
        got = await self.frame(frame_named(frame))
        if got != frame or type(got) is not type(frame):
            self.heard_wrong(got, frame_named(frame), frame)

    async def frame(self, expected: str) -> Frame:
        """The next frame that arrives; fails the step where none does."""
        limit_s = CLIENT_LIMIT_S * self.server.site.patience
        try:
            got: Frame = await asyncio.wait_for(self.connection.recv(), limit_s)
        except TimeoutError:
            evidence = self.server.evidence("server")
            raise Failure(expected, f"nothing within {limit_s:g} s", evidence) from None
        except Exception as error:
            raise await self._ended(error, expected) from None
        self.server.site.story.write(self.who, "←", shown(got))
        return got

    async def _ended(self, error: Exception, expected: str) -> Failure:
        """The failure of a step in which the connection has ended."""
        code = self.connection.close_code
        got = f"{type(error).__name__}: {error}"
        if code is not None:
            got = f"the server closed the connection with code {code}"
        self.server.site.story.write(self.who, "←", got, f"expected {expected}")
        await asyncio.sleep(0.1)  # until what the server prints has come through
        return Failure(expected, got, self.server.evidence("server", is_over=True))

    def heard_wrong(self, heard: Frame | None, expected: str, wanted: Frame) -> None:
        """Fail the step for the frame that `frame` gave."""
        assert heard is not None
        self.server.site.story.tape[-1].mark = f"expected {expected}"
        evidence = self.server.evidence("server", frame=heard, wanted=wanted)
        raise Failure(expected, frame_named(heard), evidence)


def free_ports(number: int) -> list[int]:
    """As many ports, each another, at which nobody listens."""
    with contextlib.ExitStack() as doors:
        free = [doors.enter_context(socket.socket()) for _ in range(number)]
        for one in free:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in free]


@contextlib.asynccontextmanager
async def daphne(site: "Site") -> AsyncIterator[Server]:
    """A real Daphne for this site's application, on a port that was free a moment ago."""
    async with daphnes(site, "Daphne") as [server]:
        yield server


@contextlib.asynccontextmanager
async def daphnes(site: "Site", *names: str) -> AsyncIterator[list[Server]]:
    """Real Daphnes for this site's application, started at the same moment."""
    command = ["-P", "-m", "daphne", "-b", HOST]
    servers = [
        Server(site, name, [*command, "-p", str(port), site.entry], port)
        for name, port in zip(names, free_ports(len(names)), strict=True)
    ]
    try:
        for server in servers:
            server.at = f" at {server.name}" if len(servers) > 1 else ""
            await server.started(SILENT_S)
        yield servers
    finally:
        await asyncio.gather(*(asyncio.to_thread(server.stop) for server in servers))


@contextlib.asynccontextmanager
async def runserver(site: "Site") -> AsyncIterator[Server]:
    """`manage.py runserver` for this site, on a port that was free a moment ago."""
    [port] = free_ports(1)
    command = ["manage.py", "runserver", f"{HOST}:{port}", "--noreload"]
    server = Server(site, "runserver", command, port)
    try:
        await server.started()
        yield server
    finally:
        await asyncio.to_thread(server.stop)
