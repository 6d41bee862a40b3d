"""What lesson 13 looks at: one chat on two processes, which outlives what connects them."""

import asyncio
import contextlib
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from weakref import WeakKeyDictionary

from coach import chatting, crowd, records
from coach.evidence import Compared, Failure
from coach.processes import (
    Meeting,
    carries,
    enters,
    hears_from_afar,
    hears_until,
    meeting,
    nothing_came,
    says,
)
from coach.server import Client, Server, daphne
from coach.site import Site

VARIABLE = "REDIS_URL"
ROOM, HALL, THE_LINE = "bread", "hall", "dinner is ready"
SAID_ALONE: WeakKeyDictionary[Site, set[str]] = WeakKeyDictionary()

# Before Valkey is killed, so many lines of each writer have come back; others are on their way.
HEARD_BEFORE, LINES = 2, 8
HEARD_LIMIT_S, DOWN_LIMIT_S, BACK_LIMIT_S = 5.0, 1.5, 6.0
PAUSE_S = 0.25

CONNECTIONS = 1_000
HEAR_LIMIT_S = 20.0


async def check_works_alone_and_says_so(site: Site) -> None:
    await records.prepare(site)
    async with daphne(site) as server:
        async with (
            enters(site, server, "Ana", "tea") as ana,
            enters(site, server, "Ben", "tea") as ben,
        ):
            await carries(ana, ben, "hot")
            await carries(ben, ana, "cold")
        SAID_ALONE[site] = said_of_variable(server)
        if not SAID_ALONE[site]:
            site.story.begin()  # what was said in the room is not the matter
            site.story.add(f"Daphne serves {site.entry}, with no {VARIABLE} in its environment")
            expected = f"as it starts, it says that {VARIABLE} is not set"
            raise Failure(expected, f"it prints no line with {VARIABLE}", site.evidence("unwarned"))


@meeting
async def check_ana_and_ben_meet(site: Site, met: Meeting) -> None:
    first, second = met.servers
    async with (
        enters(site, first, "Ana", "milk") as ana,
        enters(site, second, "Ben", "milk") as ben,
    ):
        await carries(ana, ben, "hot")
        await carries(ben, ana, "cold")
    if not met.is_in_use:
        expected = f"they meet on the Valkey that {VARIABLE} names"
        raise Failure(expected, "nobody is connected to it", first.evidence("elsewhere"))
    for server in met.servers:
        if SAID_ALONE[site] & said_of_variable(server):
            site.story.begin()
            site.story.add(f"{server.name} serves {site.entry}, with {VARIABLE}={met.valkey.url}")
            expected = "nothing that it says without that variable"
            raise Failure(expected, "it says the same", server.evidence("warned"))


@meeting
async def check_rooms_stay_separate(site: Site, met: Meeting) -> None:
    """Cy hears his own line before anything from the other room: silence, known by order."""
    first, second = met.servers
    async with (
        enters(site, first, "Ana", "sugar") as ana,
        enters(site, second, "Cy", "coffee") as cy,
        enters(site, second, "Ben", "sugar") as ben,
    ):
        for secret in ("secret", "secret again"):
            await says(ana, secret)
            await hears_only_his_own(cy, f"marker after {secret}")
            if await hears_from_afar(ben, secret):
                break
        else:
            raise nothing_came(ana, ben)
        await hears_only_his_own(cy, "marker")


def said_of_variable(server: Server) -> set[str]:
    """The lines of a server's output that name the variable, without what differs by the time."""
    named = (line for line in server.output.text().splitlines() if VARIABLE in line)
    return {re.sub(r"\d+", "", line) for line in named}


async def hears_only_his_own(cy: Client, marker: str) -> None:
    await chatting.says(cy, marker)
    secrets = [text for text in await hears_until(cy, marker) if text.startswith("secret")]
    if secrets:
        expected = f"Cy, in room coffee, hears only his own {chatting.shown_json({'text': marker})}"
        got = f'he heard "{secrets[0]}" first, which Ana has said in room sugar at Daphne 1'
        raise Failure(expected, got, cy.server.evidence("leaked"))


@meeting
async def check_valkey_comes_back(site: Site, met: Meeting) -> None:
    first, second = met.servers
    async with contextlib.AsyncExitStack() as rooms:
        seats = [("Ana", first), ("Ben", first), ("Ben", second), ("Cy", second)]
        clients = [
            await rooms.enter_async_context(enters(site, at, who, ROOM)) for who, at in seats
        ]
        writers = [Writer(client, number) for number, client in enumerate(clients, 1)]
        rooms.callback(lambda: [writer.task.cancel() for writer in writers])
        await goes_down(met, writers)
        met.valkey.start()
        site.story.add("it is started anew")
        ana = await rooms.enter_async_context(comes_back(site, first, "Ana"))
        ben = await rooms.enter_async_context(comes_back(site, second, "Ben"))
        await carries(ana, ben, "again")
        await nobody_is_deaf(ana, writers)
        await nothing_is_lost(site, writers)
    codes = {str(writer.code) for writer in writers if writer.code}
    how = f"closed with code {' or '.join(sorted(codes))}" if codes else "kept open"
    site.story.compared += [
        Compared("connections, when Valkey was killed", how),
        Compared("lines that had been heard", "in the database, each once"),
    ]


class Writer:
    """One connection over which line after line is said, each when the one before has come back.

    heard: those of its own lines that have come back
    last: the line that it has heard last, whosesoever
    code: the close code, once the connection is closed
    """

    def __init__(self, client: Client, number: int) -> None:
        self.client, self.number = client, number
        self.said: list[str] = []
        self.heard: list[str] = []
        self.last = ""
        self.code: int | None = None
        self.task = asyncio.ensure_future(self.write())

    async def write(self) -> None:
        try:
            for number in range(1, LINES + 1):
                self.said.append(f"writer {self.number} line {number}")
                await say_quietly(self.client, self.said[-1])
                while await self.hears() and self.last != self.said[-1]:
                    pass
            while True:
                await self.hears()
        except Exception:  # the connection has ended, in one of several ways
            self.code = self.client.connection.close_code or crowd.ABNORMAL

    async def hears(self) -> bool:
        """Take the next frame; False where it is no line, as where a line was not said."""
        told = chatting.parsed(await self.client.connection.recv())
        if not isinstance(told, dict) or told.get("error") is not None:
            return False
        self.last = str(told.get("text"))
        self.heard += [self.last] if self.last in self.said else []
        return True


async def say_quietly(client: Client, text: str) -> None:
    """A line that the report does not tell of, as there are many."""
    await client.connection.send(json.dumps({"text": text}))


async def goes_down(met: Meeting, writers: list[Writer]) -> None:
    """Valkey is killed while all of them write, and stays away until they know, or for a while."""
    server = met.servers[0]
    try:
        async with asyncio.timeout(HEARD_LIMIT_S * server.site.patience):
            while any(len(one.heard) < HEARD_BEFORE for one in writers):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
    except TimeoutError:
        expected = f"each of {len(writers)} connections hears its own lines"
        raise Failure(expected, "not each of them", server.evidence("server")) from None
    server.site.story.add("line after line is said on all of them, and Valkey killed meanwhile")
    met.valkey.kill()
    await asyncio.wait([writer.task for writer in writers], timeout=DOWN_LIMIT_S)


@contextlib.asynccontextmanager
async def comes_back(site: Site, server: Server, who: str) -> AsyncIterator[Client]:
    """Somebody who tries again until they are let in, and hear themselves."""
    end = time.monotonic() + BACK_LIMIT_S * site.patience
    async with contextlib.AsyncExitStack() as room:
        did = [*site.story.did]
        for number in itertools.count(1):
            try:
                entering = enters(site, server, who, ROOM, f"{who} is back, at try {number}")
                client = await room.enter_async_context(entering)
                break
            except Failure as failure:
                if time.monotonic() > end:
                    expected = f"{who} gets in again{server.at}, and hears what is said"
                    raise Failure(expected, failure.got, failure.evidence) from None
            site.story.did = [*did]
            await asyncio.sleep(PAUSE_S)
        yield client


async def nobody_is_deaf(ana: Client, writers: list[Writer]) -> None:
    """Who is still connected hears what is said after that, or is closed by and by."""
    site, number = ana.server.site, 0
    try:
        async with asyncio.timeout(BACK_LIMIT_S * site.patience):
            while deaf := [one for one in writers if one.code is None and one.last[:5] != "still"]:
                number += 1
                await say_quietly(ana, f"still here {number}")
                await asyncio.sleep(PAUSE_S)
    except TimeoutError:
        client = deaf[0].client
        expected = "a connection that stays open hears what is said when Valkey is back"
        got = f"{client.who}'s{client.server.at} is open, and hears nothing any more"
        raise Failure(expected, got, client.server.evidence("deaf")) from None


async def nothing_is_lost(site: Site, writers: list[Writer]) -> None:
    """What a writer has heard is in the database, and no line is there twice."""
    kept = Counter(text for row in await records.rows(site) for text in set(row.values()))
    for writer in writers:
        for text in writer.said:
            if kept[text] > 1 or (text in writer.heard and not kept[text]):
                was_heard = "which its writer has heard" if text in writer.heard else "not heard"
                expected = "each line that was heard is in the database, and no line twice"
                got = f'"{text}", {was_heard}, is there {kept[text]} times'
                raise Failure(expected, got, writer.client.server.evidence("rows"))


@meeting
async def check_thousand_hear_one_line(site: Site, met: Meeting) -> None:
    count = min(CONNECTIONS, crowd.connections_allowed())
    keys = await records.crowd(site, (count + 1) // 2)
    site.story.add(f"{count:,} clients open {chatting.path_of(HALL)}, half of them at each Daphne")
    seats = [key for key in keys for _ in met.servers][:count]
    connections = await crowd.opened(met.servers, chatting.path_of(HALL), seats)
    try:
        site.story.add(f'one of them says "{THE_LINE}"')
        with contextlib.suppress(Exception):  # it is closed, which is counted
            await connections[0].send(json.dumps({"text": THE_LINE}))
        heard = await crowd.heard_by(connections, THE_LINE, HEAR_LIMIT_S * site.patience)
    finally:
        for connection in connections:
            connection.transport.abort()
    how_many = f"{heard['heard']:,} of {count:,}"
    if heard["heard"] < count:
        others = [f"{number:,} {how}" for how, number in heard.items() if how != "heard"]
        got = f"{how_many}; {', '.join(others)}"
        evidence = met.servers[0].evidence("server")
        raise Failure(f'each of them hears "{THE_LINE}"', got, evidence)
    few = "" if count == CONNECTIONS else ", as no more files may be open at once here"
    site.story.compared.append(Compared("connections that heard the line", how_many + few))
