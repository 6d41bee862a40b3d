"""A real Daphne for a notebook, and clients that reach it. Everything is on 127.0.0.1."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.typing import Origin

from coach.events import Events, next_event
from coach.evidence import CoachError
from coach.serving import HOST, listen, serving

START_LIMIT_S = 30.0
POLL_S = 0.2


@dataclass(frozen=True)
class Server:
    """One Daphne. `lines` grows by what all that were started together have printed."""

    port: int
    lines: list[str]

    @property
    def origin(self) -> str:
        """What a browser names as the origin of this site's own pages."""
        return f"http://{HOST}:{self.port}"

    def connect(self, path: str, session: str = "", origin: str | None = None) -> Any:
        """A WebSocket, for `async with`; of the library websockets.

        session: the key of a session, for its cookie; origin: another than the site's own
        """
        headers = {"Cookie": f"sessionid={session}"} if session else {}
        return connect(
            f"ws://{HOST}:{self.port}{path}", proxy=None, additional_headers=headers,
            origin=Origin(origin or self.origin), close_timeout=2,
        )  # fmt: skip

    async def get(self, path: str) -> tuple[int, str]:
        """The status and the body of the answer to GET."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            head = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{self.port}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            answer = (await reader.read()).decode("utf-8", "replace")
        finally:
            writer.close()
        start, _, body = answer.partition("\r\n\r\n")
        return int(start.split()[1]), body


@contextlib.contextmanager
def serve(folder: Path, count: int, environ: dict[str, str]) -> Iterator[list[Server]]:
    """Daphnes that serve the site of a folder, each on a port of its own, once all of them listen;
    a `CoachError` with what they printed where one does not."""
    lines: list[str] = []
    events: Events = Events()
    doors = [listen(0) for _ in range(count)]
    servers = [Server(door.getsockname()[1], lines) for door in doors]
    with serving(doors, folder, environ, events, lines.append) as daphnes:
        for _ in range(round(START_LIMIT_S / POLL_S)):
            next_event(events, POLL_S)
            if all(one.serves for one in daphnes):
                break
            if any(one.popen.poll() is not None for one in daphnes):
                raise CoachError("\n".join(["Daphne did not start. It said:", *lines[-5:]]))
        else:
            raise CoachError(f"Daphne does not listen after {START_LIMIT_S:g} s.")
        yield servers
