"""The learner's site as two processes that meet on one Valkey, and people in its rooms."""

import asyncio
import contextlib
import functools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from coach import chatting
from coach.evidence import CoachError, Evidence, Failure
from coach.server import HOST, Client, Server, daphnes
from coach.site import Site
from coach.valkey import Valkey, running

NAMES = ("Daphne 1", "Daphne 2")
MARKERS_AFTER_S = (0.0, 0.1, 0.3)
FILES = 4_096  # open at once in one process, with which 1,000 connections have more than enough
OTHER_FILES = 200


@dataclass(frozen=True)
class Meeting:
    """Two Daphnes of one site, and the Valkey that REDIS_URL names to them."""

    valkey: Valkey
    servers: list[Server]

    @property
    def groups(self) -> list[str]:
        """The groups that the site has in this Valkey, as the default layer names them there."""
        words = self.asked("KEYS *:group:*").splitlines()
        return sorted(word for word in words if ":group:" in word)

    @property
    def is_in_use(self) -> bool:
        """Whether anybody else is connected to this Valkey."""
        return "connected_clients:1\r\n" not in self.asked("INFO clients")

    def asked(self, command: str) -> str:
        """What Valkey answers to a command, as it stands in its protocol."""
        with socket.create_connection((HOST, self.valkey.port), timeout=2) as link:
            link.sendall(f"{command}\r\nQUIT\r\n".encode())
            return b"".join(iter(lambda: link.recv(65_536), b"")).decode("utf-8", "replace")


MEETINGS: WeakKeyDictionary[Site, Meeting] = WeakKeyDictionary()
Check = Callable[[Site], Awaitable[None]]


def meeting(check: Callable[[Site, Meeting], Awaitable[None]]) -> Check:
    """A step that is given the meeting; where it fails, the evidence is that of its processes."""

    @functools.wraps(check)
    async def meet(site: Site) -> None:
        met = await meeting_of(site)
        try:
            await check(site, met)
        except Failure as failure:
            await explain(failure.evidence, site, met)
            raise

    return meet


async def meeting_of(site: Site) -> Meeting:
    """The meeting of this check; it begins with the first step that needs it."""
    if site in MEETINGS:
        return MEETINGS[site]
    allow_files()
    try:
        valkey = site.open.enter_context(running())
    except CoachError as error:
        raise CoachError(f"From step 2 on, a Valkey is killed and started anew. {error}") from None
    both = site.other({"REDIS_URL": valkey.url})
    both.entry = site.entry
    servers = await site.open.enter_async_context(daphnes(both, *NAMES))
    MEETINGS[site] = Meeting(valkey, servers)
    return MEETINGS[site]


async def explain(evidence: Evidence, site: Site, met: Meeting) -> None:
    """Add what a process knows of its settings that has this REDIS_URL, and what Valkey holds."""
    process = site.other({"REDIS_URL": met.valkey.url})
    with contextlib.suppress(Failure):
        await process.load()
        evidence.facts = process.facts
    with contextlib.suppress(OSError):
        evidence.layer = {"url": met.valkey.url, "in_valkey": met.groups}


@contextlib.asynccontextmanager
async def enters(
    site: Site, server: Server, who: str, room: str, first: str = ""
) -> AsyncIterator[Client]:
    """Somebody in a room at one of the processes, who has said a first line there and heard it.

    first: one that nobody has said in this room before, or the history would be taken for it
    """
    first = first or f"{who} is here{server.at}"
    session = site.sessions[who.lower()]
    async with server.connect(chatting.path_of(room), who, session) as client:
        await chatting.says(client, first)
        await hears_until(client, first)
        yield client


async def carries(writer: Client, reader: Client, text: str) -> None:
    """A line that one says is heard by both."""
    await chatting.says(writer, text)
    await hears_until(writer, text)
    await hears_from_afar(reader, text, writer)


async def hears_from_afar(reader: Client, text: str, writer: Client) -> None:
    """The reader hears what the writer has heard already: before a line of the reader's own.

    That is so where the layer keeps the order; a few more lines are for one that does not.
    """
    for number, after_s in enumerate(MARKERS_AFTER_S, 1):
        await asyncio.sleep(after_s)
        marker = f"{reader.who} after {text} {number}"
        await chatting.says(reader, marker)
        if text in await hears_until(reader, marker):
            return
    expected = f'{reader.who} hears "{text}", which {writer.who} has said at {writer.server.name}'
    got = f"nothing of {writer.who}: at {reader.server.name}, {reader.who} hears only {reader.who}"
    raise Failure(expected, got, reader.server.evidence("unheard"))


async def hears_until(client: Client, text: str) -> list[str]:
    """The texts of what came before this line, which is heard at last."""
    before: list[str] = []
    expected = chatting.shown_json({"text": text})
    while True:
        told = chatting.parsed(frame := await client.frame(expected))
        is_object = isinstance(told, dict)
        if is_object and told.get("error") is None and told.get("text") == text:
            return before
        if is_object and told.get("error") is not None:
            client.heard_wrong(frame, expected, text)
        before.append(str(told.get("text")) if is_object else "")


def allow_files() -> None:
    """Let this process and those that it starts have many files open, as far as they may."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        if soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def connections_allowed() -> int:
    """How many connections can be open at once, half of them at each of two servers.

    One is a file here, and up to three at its server: a socket, and what SQLite opens.
    """
    try:
        import resource
    except ImportError:
        return FILES
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return FILES if soft == resource.RLIM_INFINITY else max(2, (soft - OTHER_FILES) * 2 // 3)
