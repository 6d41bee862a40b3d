"""The finished chat against visitors who mean no good: refused or contained, others unaffected.

Both branches, each behind a real Daphne. How long the others waited meanwhile is written to
tests/artefacts/, for people: a test that asserted it would fail on a busy machine.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import chatroom
import pytest
from chatroom import closes, dial, heard, hears, say
from servers import Server, daphne_in
from websockets.exceptions import ConnectionClosed, InvalidStatus

pytestmark = pytest.mark.asyncio
ARTEFACTS = Path(__file__).resolve().parents[1] / "artefacts"
FLOOD_LINES = 10_000
BEN_LINES = 10
MEGABYTE = 1024 * 1024
# What a client calls a connection that ended without a closing frame: so Daphne's half of the
# protocol (autobahn) ends one that breaks its rules, or sends more than Daphne takes at once.
DROPPED = 1006


class Chat:
    """One branch of the finished site, served."""

    def __init__(self, branch: str, site: chatroom.Site, server: Server) -> None:
        self.branch, self.site, self.server = branch, site, server

    def open(self, who: str, room: str, **more: str | None):
        return self.dial(f"/ws/chat/{room}/", self.site.sessions.get(who, ""), **more)

    def dial(self, path: str, session: str = "", **more: str | None):
        return dial(self.server.port, path, session, **more)


@pytest.fixture(scope="module", params=["sync", "async"])
def chat(request, tmp_path_factory) -> Iterator[Chat]:
    site = chatroom.lay_out(tmp_path_factory.mktemp(request.param), request.param)
    served = daphne_in(site.folder)
    yield Chat(request.param, site, served)
    served.stop()
    assert [*chatroom.tracebacks(served.rest())] == []


async def status_at(connection) -> int:
    """The HTTP status with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as refusal:
        async with connection:
            pass  # pragma: no cover
    return refusal.value.response.status_code


async def waits_of_ben(chat: Chat, ben, room: str, lines: int = BEN_LINES) -> list[float]:
    """How many seconds each of Ben's lines took to come back to him; all of them do."""
    waits_s = []
    for number in range(lines):
        began = time.perf_counter()
        await say(ben, f"ben {room} {number}")
        while await heard(ben) != {"user": "ben", "text": f"ben {room} {number}"}:
            pass  # what others say in the same room
        waits_s.append(time.perf_counter() - began)
        await asyncio.sleep(0.21)  # as fast as the chat lets one write, for as long as one likes
    return waits_s


def note(chat: Chat, attack: str, waits_s: list[float]) -> None:
    """Keep how long the others waited beside an attack, for people to look at."""
    ARTEFACTS.mkdir(exist_ok=True)
    told = {"branch": chat.branch, "attack": attack, "waits_s": sorted(waits_s)}
    file = ARTEFACTS / f"waits-{chat.branch}-{attack}.json"
    file.write_text(json.dumps(told), "utf-8")


@pytest.mark.parametrize("origin", ["https://elsewhere.example", None, "null"])
async def test_page_of_another_site_is_refused(chat, origin):
    for path in ("/ws/chat/tea/", "/ws/sc/"):
        connection = chat.dial(path, chat.site.sessions["ana"], origin=origin)
        assert await status_at(connection) == 403


@pytest.mark.parametrize("session", ["", "x" * 32, "'; drop table myapp_line; --"])
async def test_visitor_without_log_in_is_refused(chat, session):
    assert await status_at(chat.dial("/ws/chat/tea/", session)) == 403


@pytest.mark.parametrize(
    "path",
    [
        "/ws/chat/../etc/", "/ws/chat/%2e%2e/etc/", "/ws/chat/..%2fetc/", "/ws/chat/a/b/",
        "/ws/chat/käse/", "/ws/chat/tea", "/ws/chat//", "/ws/nowhere/", f"/ws/chat/{'x' * 51}/",
        f"/ws/chat/{'x' * 5_000}/",
    ],
)  # fmt: skip
async def test_impossible_room_is_refused(chat, path):
    path = path.encode().decode("latin-1") if path.isascii() else "/ws/chat/k%C3%A4se/"
    assert await status_at(chat.dial(path, chat.site.sessions["ana"])) == 403


async def test_user_named_in_a_message_is_ignored(chat):
    async with chat.open("ana", "forged") as ana, chat.open("ben", "forged") as ben:
        await ana.send(json.dumps({"text": "tea", "user": "ben", "id": 1, "type": "chat.message"}))
        for client in (ana, ben):
            await hears(client, "ana", "tea")
    assert chat.site.rows("forged") == [{"user": "ana", "text": "tea"}]


async def test_markup_stays_what_it_is(chat):
    markup = "<script>alert(1)</script>&lt;"
    async with chat.open("ana", "markup") as ana:
        await say(ana, markup)
        await hears(ana, "ana", markup)
    async with chat.open("ben", "markup") as ben:
        await hears(ben, "ana", markup)


async def test_what_is_no_line_gets_an_error(chat):
    async with chat.open("ana", "noise") as ana:
        for frame in ("{", "[" * 12_000, '"' * 9_000, "NaN", '{"text": 1e999}', b"\xff"):
            await ana.send(frame)
            assert set(await heard(ana)) == {"error"}
        await say(ana, "still here")
        await hears(ana, "ana", "still here")


async def test_text_frame_that_is_not_utf8_ends_its_connection_alone(chat):
    async with chat.open("ben", "bytes") as ben, chat.open("cy", "bytes") as cy:
        await cy.send(b'{"text": "\xff\xfe"}', text=True)
        assert await closes(cy) == DROPPED
        await say(ben, "tea")
        await hears(ben, "ben", "tea")


async def test_large_frame_is_contained(chat):
    async with chat.open("ben", "large") as ben, chat.open("cy", "large") as cy:
        others = asyncio.create_task(waits_of_ben(chat, ben, "large", 5))
        with contextlib.suppress(ConnectionClosed):
            await cy.send(json.dumps({"text": "x" * 10 * MEGABYTE}))
            await closes(cy)
        assert cy.close_code == DROPPED
        note(chat, "large frame", await others)
    assert {row["user"] for row in chat.site.rows("large")} == {"ben"}


async def test_flood_is_closed_and_others_go_on(chat):
    async with chat.open("ben", "flood") as ben, chat.open("cy", "flood") as cy:
        calm_s = await waits_of_ben(chat, ben, "calm", 5)
        others = asyncio.create_task(waits_of_ben(chat, ben, "flood"))
        with contextlib.suppress(ConnectionClosed):
            for number in range(FLOOD_LINES):
                await say(cy, f"flood {number}")
        assert await closes(cy) == 4429
        note(chat, "calm", calm_s)
        note(chat, "flood", await others)
    said = [row["user"] for row in chat.site.rows("flood")]
    assert said.count("ben") == 5 + BEN_LINES
    assert said.count("cy") < FLOOD_LINES / 100


async def test_flood_of_what_is_no_line_is_closed_too(chat):
    async with chat.open("cy", "no-lines") as cy:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(FLOOD_LINES):
                await cy.send("{")
        assert await closes(cy) == 4429


async def test_log_in_that_has_ended_ends_the_chat_at_the_next_line(chat):
    keys = chatroom.run(chat.site.folder, chatroom.PREPARE, f"dora-{chat.branch}")
    [(name, key)] = keys.items()
    chat.site.sessions[name] = key
    async with chat.open("ben", "ended") as ben, chat.open(name, "ended") as dora:
        await say(dora, "before")
        await hears(ben, name, "before")
        chat.site.log_out(name)
        await say(dora, "after")
        assert await closes(dora) == 4401
        await say(ben, "marker")
        await hears(ben, "ben", "marker")
    assert [row["text"] for row in chat.site.rows("ended")] == ["before", "marker"]
    assert await status_at(chat.open(name, "ended")) == 403


async def test_one_user_has_so_many_connections_and_others_have_theirs(chat):
    async with contextlib.AsyncExitStack() as opened:
        clients = [await opened.enter_async_context(chat.open("ana", "many")) for _ in range(11)]
        assert await closes(clients[-1]) == 4429
        ben = await opened.enter_async_context(chat.open("ben", "many"))
        await say(clients[0], "tea")
        for client in (clients[0], clients[9], ben):
            await hears(client, "ana", "tea")
    async with chat.open("ana", "many") as ana:  # they have been given back
        await hears(ana, "ana", "tea")
