"""The learner's site as two processes that meet on one Valkey, and people in its rooms."""

import asyncio
import contextlib
import functools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from coach import chatting, crowd
from coach.evidence import CoachError, Evidence, Failure
from coach.server import HOST, Client, Server, daphnes
from coach.site import Site
from coach.valkey import Valkey, running

NAMES = ("Daphne 1", "Daphne 2")
MARKERS_AFTER_S = (0.0, 0.2)
AGAIN_AFTER_S = 1.5


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
    crowd.allow_files()
    try:
        valkey = site.open.enter_context(running())
    except CoachError as error:
        raise CoachError(f"From step 2 on, a Valkey is killed and started anew. {error}") from None
    both = site.other({"REDIS_URL": valkey.url})
    both.entry = site.entry
    servers = await site.open.enter_async_context(daphnes(both, *NAMES))
    MEETINGS[site] = MEETINGS[both] = Meeting(valkey, servers)
    return MEETINGS[site]


async def explain(evidence: Evidence, site: Site, met: Meeting) -> None:
    """Add what a process knows of its settings that has this REDIS_URL."""
    evidence.layer["url"] = met.valkey.url
    process = site.other({"REDIS_URL": met.valkey.url})
    with contextlib.suppress(Failure):
        await process.load()
        evidence.facts = process.facts


@contextlib.asynccontextmanager
async def enters(
    site: Site, server: Server, who: str, room: str, first: str = ""
) -> AsyncIterator[Client]:
    """Somebody in a room at one of the processes, who has said a first line there and heard it.

    first: one that nobody has said in this room before, or the history would be taken for it
    """
    first = first or f"{who} is here{server.at}"
    session = site.sessions.get(who.lower(), "")
    async with server.connect(chatting.path_of(room), who, session) as client:
        await says(client, first)
        yield client


async def says(client: Client, text: str) -> None:
    """A line that comes back to its writer. It is said again where it does not, as a layer that
    delivers at most once may lose one: channels_redis does where somebody leaves meanwhile."""
    await chatting.says(client, text)
    try:
        async with asyncio.timeout(AGAIN_AFTER_S):
            await hears_until(client, text)
    except TimeoutError:
        await chatting.says(client, text)
        await hears_until(client, text)


async def carries(writer: Client, reader: Client, text: str) -> None:
    """A line that one says is heard by both, or at least the next one."""
    for line in (text, f"{text} again"):
        await says(writer, line)
        if await hears_from_afar(reader, line):
            return
    raise nothing_came(writer, reader)


async def hears_from_afar(reader: Client, text: str) -> bool:
    """Whether the reader hears what its writer has heard already, before a line of their own.

    That is so where the layer keeps the order; a second line is for one that does not.
    """
    for number, after_s in enumerate(MARKERS_AFTER_S, 1):
        await asyncio.sleep(after_s)
        marker = f"{reader.who} after {text}, {number}"
        await chatting.says(reader, marker)
        if text in await hears_until(reader, marker):
            return True
    return False


def nothing_came(writer: Client, reader: Client) -> Failure:
    """The failure of a step in which one hears only themselves."""
    expected = f"{reader.who}{reader.server.at} hears what {writer.who} says{writer.server.at}"
    evidence = reader.server.evidence("unheard")
    if met := MEETINGS.get(reader.server.site):
        evidence.layer["in_valkey"] = met.groups  # now: who leaves is taken out of them
    return Failure(expected, f"{reader.who} hears only what {reader.who} says", evidence)


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
