"""The finished site as two processes on one Valkey: what crosses, what does not, what is left when
Valkey dies. What the sync branch does there, the check of lesson 13 sees."""

import asyncio
import contextlib
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import browser as chromium
import chatroom
import pytest
from channels_redis.core import RedisChannelLayer
from chatroom import closes, dial, heard, hears, say
from playwright.sync_api import Browser, Page, expect, sync_playwright
from servers import Server, daphne_in
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from coach import course
from coach.valkey import Valkey, running

CONNECTIONS = 1_000
AT_ONCE = 40  # handshakes
# Each with five windows at each process, of the ten that a user may have.
VISITORS = tuple(f"visitor-{number}" for number in range(CONNECTIONS // 10))
UNCONNECTED = 4503
DROPPED = 1006  # where this test is too slow to answer the closing frame, which it then never sees
WRITERS, LINES = 8, 12  # more than one connection may say at once, so that nobody is done before
RAISED = "Exception inside application"  # what channels_redis itself leaves uncaught is not that
SILENCE_S = 3  # after which a line is not coming any more
CAPACITY = 100  # messages, as channels_redis 4.3 has it where the settings name no other
PATIENCE_MS = 30_000


@dataclass
class Two:
    """The site, its two processes, and what they meet on."""

    site: chatroom.Site
    servers: list[Server]
    valkey: Valkey

    def open(self, number: int, who: str, room: str) -> connect:
        """A connection of somebody to a room at one of the processes: an even number, or an odd."""
        port = self.servers[number % 2].port
        return dial(port, f"/ws/chat/{room}/", self.site.sessions[who])


def ask(valkey: Valkey, *commands: str) -> bytes:
    """What Valkey answers, as it stands in its protocol."""
    with socket.create_connection(("127.0.0.1", valkey.port)) as link:
        link.sendall("\r\n".join([*commands, "QUIT", ""]).encode())
        return b"".join(iter(lambda: link.recv(65_536), b""))


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> Iterator[Two]:
    people = (*chatroom.PEOPLE, *VISITORS)
    site = chatroom.lay_out(tmp_path_factory.mktemp("two"), "async", people)
    with running() as valkey:
        servers = [daphne_in(site.folder, REDIS_URL=valkey.url) for _ in range(2)]
        yield Two(site, servers, valkey)
        for server in servers:
            server.stop()
    lines = [line for server in servers for line in server.rest()]
    assert not any("REDIS_URL" in line for line in lines)
    assert [line for line in chatroom.tracebacks(lines) if RAISED in line] == []


@pytest.mark.asyncio
async def test_line_crosses_and_stays_in_its_room(two):
    async with (
        two.open(0, "ana", "tea") as ana,
        two.open(1, "ben", "tea") as ben,
        two.open(1, "cy", "coffee") as cy,
    ):
        await say(cy, "here")
        await hears(cy, "cy", "here")
        await say(ben, "here")
        for one in (ana, ben):
            await hears(one, "ben", "here")
        await say(ana, "secret")
        for one in (ana, ben):
            await hears(one, "ana", "secret")
        await say(cy, "marker")
        await hears(cy, "cy", "marker")


@pytest.mark.asyncio
async def test_a_thousand_connections_hear_one_line_and_are_told_that_valkey_is_gone(two):
    at_once = asyncio.Semaphore(AT_ONCE)

    async def opened(number: int):
        async with at_once:
            return await two.open(number, VISITORS[number // 10], "hall")

    crowd = await asyncio.gather(*map(opened, range(CONNECTIONS)))
    await say(crowd[0], "dinner is ready")
    told = await asyncio.gather(*map(heard, crowd))
    assert told.count({"user": VISITORS[0], "text": "dinner is ready"}) == CONNECTIONS

    while b"blocked_clients:2\r\n" not in ask(two.valkey, "INFO clients"):
        pass  # until both processes wait for what comes next
    # Back before most of them could have noticed by themselves.
    two.valkey.kill()
    two.valkey.start()
    codes = await asyncio.gather(*map(closes, crowd))
    assert UNCONNECTED in codes
    assert set(codes) <= {UNCONNECTED, DROPPED}


@pytest.fixture
def unended(two, tmp_path) -> Iterator[Two]:
    """The same with one process, whose connections are not ended together."""
    site = chatroom.lay_out(tmp_path, "async", VISITORS[:21])
    routes = course.SOLUTIONS / "trunk/11-door/myapp/routes.py"
    (site.folder / "myapp/routes.py").write_bytes(routes.read_bytes())
    server = daphne_in(site.folder, REDIS_URL=two.valkey.url)
    yield Two(site, [server, server], two.valkey)
    server.stop()


@pytest.mark.asyncio
async def test_connection_that_stays_open_when_valkey_starts_anew_is_deaf(unended):
    """Some connections end, with 1011. The others are in no group any more, and do not know."""
    async with contextlib.AsyncExitStack() as opened:
        seats = [unended.open(0, VISITORS[number // 10], "hall") for number in range(200)]
        crowd = [await opened.enter_async_context(seat) for seat in seats]
        await say(crowd[0], "dinner is ready")
        await asyncio.gather(*map(heard, crowd))

        # A Valkey that is back at once: it has forgotten everything, and nobody is connected to it.
        ask(unended.valkey, "FLUSHALL", "CLIENT KILL TYPE normal SKIPME yes")
        ends = [asyncio.ensure_future(one.wait_closed()) for one in crowd]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        opened.callback(lambda: [end.cancel() for end in ends])
        newcomer = await opened.enter_async_context(unended.open(0, VISITORS[20], "hall"))
        await hears(newcomer, VISITORS[0], "dinner is ready")
        await say(newcomer, "seconds?")
        await hears(newcomer, VISITORS[20], "seconds?")

        assert {one.close_code for one in crowd} == {None, 1011}
        deaf = next(one for one in crowd if one.close_code is None)
        await deaf.send("{")
        assert set(await heard(deaf)) == {"error"}


class Writer:
    """Says line after line at one process, and opens a new connection where one has ended, or is
    silent: a layer delivers at most once.

    acknowledged: the lines that it has heard itself
    """

    def __init__(self, two: Two, number: int) -> None:
        self.two, self.number = two, number
        self.said = 0
        self.acknowledged: list[str] = []
        self.codes: set[int] = set()
        self.is_writing, self.is_closed = asyncio.Event(), asyncio.Event()

    async def write(self) -> None:
        while len(self.acknowledged) < LINES:
            # InvalidHandshake: a connection that is closed right after it was let in.
            with contextlib.suppress(ConnectionClosed, InvalidHandshake, TimeoutError):
                async with self.two.open(self.number, VISITORS[self.number], "bread") as client:
                    try:
                        await self.write_to(client)
                    finally:
                        self.codes |= {client.close_code} - {None}
            self.is_closed.set()

    async def write_to(self, client: ClientConnection) -> None:
        while len(self.acknowledged) < LINES:
            self.said += 1
            text = f"line {self.said} of writer {self.number}"
            await say(client, text)
            async with asyncio.timeout(SILENCE_S):
                while (await heard(client)).get("text") != text:
                    pass  # what the others say, and the history
            self.acknowledged.append(text)
            if len(self.acknowledged) == LINES // 4:
                self.is_writing.set()


@pytest.mark.asyncio
async def test_no_line_that_was_heard_is_lost_where_valkey_dies_under_load(two):
    writers = [Writer(two, number) for number in range(WRITERS)]
    writing = asyncio.gather(*(writer.write() for writer in writers))
    for writer in writers:
        await writer.is_writing.wait()
    two.valkey.kill()
    for writer in writers:
        await writer.is_closed.wait()
    two.valkey.start()
    await writing

    assert set().union(*(writer.codes for writer in writers)) == {UNCONNECTED}
    kept = [row["text"] for row in two.site.rows("bread")]
    assert len(kept) == len(set(kept))
    for writer in writers:
        assert len(writer.acknowledged) == LINES
        assert set(writer.acknowledged) <= set(kept)


@pytest.fixture
def window() -> Iterator[Browser]:
    chromium.found()
    with sync_playwright() as playwright:
        started = chromium.launch(playwright)
        yield started
        started.close()


def visit(window: Browser, two: Two, number: int, who: str) -> Page:
    """The page of a room at one of the processes, as somebody sees it."""
    home = f"http://127.0.0.1:{two.servers[number].port}"
    context = window.new_context(base_url=home)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": "sessionid", "value": two.site.sessions[who], "url": home}])
    page = context.new_page()
    page.goto("/chat/pages/")
    expect(page.get_by_role("status")).to_have_text("Connected.")
    return page


def test_page_comes_back_by_itself_when_valkey_does(two, window):
    ana, ben = visit(window, two, 0, "ana"), visit(window, two, 1, "ben")
    field = ana.get_by_label("Your line")
    field.fill("tea?")

    two.valkey.kill()
    for page in (ana, ben):
        expect(page.get_by_role("status")).to_have_text(re.compile(r"^Not connected\."))
    two.valkey.start()

    for page in (ana, ben):
        expect(page.get_by_role("status")).to_have_text("Connected.")
    expect(field).to_have_value("tea?")
    field.press("Enter")
    for page in (ana, ben):
        expect(page.get_by_role("listitem")).to_have_text(["ana tea?"])


@pytest.mark.asyncio
async def test_what_is_over_the_capacity_of_a_process_is_dropped_without_a_word(two):
    """Between processes, all channels of one process share a mailbox."""
    layer = RedisChannelLayer(hosts=[two.valkey.url])
    ana, ben = await layer.new_channel(), await layer.new_channel()
    await layer.group_add("room.tea", ana)
    await layer.group_add("room.milk", ben)

    for number in range(CAPACITY):
        await layer.group_send("room.tea", {"type": "chat.message", "text": str(number)})
    await layer.group_send("room.milk", {"type": "chat.message", "text": "dropped"})

    heard_by_ana = [(await layer.receive(ana))["text"] for _ in range(CAPACITY)]
    assert heard_by_ana == [str(number) for number in range(CAPACITY)]
    await layer.group_send("room.milk", {"type": "chat.message", "text": "marker"})
    assert (await layer.receive(ben))["text"] == "marker"
    await layer.close_pools()


@pytest.mark.asyncio
async def test_layer_may_wait_for_its_next_message_for_ever(two):
    """redis-py 8 would give up after 5 s, and with it a room in which nobody speaks."""
    pool = RedisChannelLayer(hosts=[two.valkey.url]).connection(0).connection_pool

    assert pool.make_connection().socket_timeout is None
