"""What lesson 11 looks at: who is let in, under which name, and how much they may say."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator

from coach import chatting, measuring, records
from coach.browsing import Browser
from coach.conversation import Socket
from coach.evidence import Failure, Told
from coach.site import Site

FOREIGN = "https://elsewhere.example"
ALIKE = "http://127.0.0.1.elsewhere.example"
CHAT, OPEN_TO_ALL = "/ws/chat/tea/", "/ws/sc/"
MARKUP = "<script>alert(1)</script> &lt;"

FLOOD_LINES, FIRST_LINES = 200, 60
MOST_HEARD = 100
TOLD_OFF_LIMIT_S = 1.0
FLOOD_LIMIT_S = 3.0
BEN_LINES = 3  # fewer than anybody may say at once


async def check_only_own_pages_open_a_socket(site: Site) -> None:
    await records.prepare(site)
    for path in (CHAT, OPEN_TO_ALL):
        for origin, whose in (
            (FOREIGN, f"a page of {FOREIGN}"),
            (ALIKE, f"a page of {ALIKE}"),
            (None, "a client that names no origin"),
        ):
            site.story.did.clear()
            cy = await site.knock(path, whose, site.sessions["cy"], origin)
            with at("origin"):
                await chatting.is_refused(cy, "it")
    site.story.did.clear()
    await chatting.enters(site, "Ana", "tea")
    await site.connect(OPEN_TO_ALL, "Ana", site.sessions["ana"])


async def check_anonymous_is_refused(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    await chatting.says(ana, "secret")
    await chatting.hears(ana, "secret")
    for session in ("", "x" * 32):
        site.story.did.clear()
        cy = await site.knock(CHAT, "Cy", session)
        site.story.did[-1] += ", and has not logged in"
        with at("anonymous"):
            await is_turned_away(cy, "Cy")
    await site.connect(OPEN_TO_ALL, "Cy")
    await site.awaits_everything()


async def check_whoever_logs_in_is_named(site: Site) -> None:
    await records.prepare(site)
    site.sessions["ana"] = await Browser(site, "Ana").log_in("ana", "ana-learns")
    ana = await chatting.enters(site, "Ana", "milk")
    ben = await chatting.enters(site, "Ben", "milk")
    await chatting.says(ana, "hot")
    for one in (ana, ben):
        await chatting.hears(one, "hot", user="ana")
    await ben.send(json.dumps({"text": "cold", "user": "cy", "username": "cy", "name": "cy"}))
    for one in (ana, ben):
        await chatting.hears(one, "cold", user="ben")
    await chatting.says(ana, MARKUP)
    await chatting.hears(ben, MARKUP, user="ana")
    cy = await chatting.joins(site, "Cy", "milk")
    for text, user in (("hot", "ana"), ("cold", "ben"), (MARKUP, "ana")):
        await chatting.hears(cy, text, user=user)
    await site.awaits_everything()


async def check_look_up_holds_up_nobody(site: Site) -> None:
    """Cy's session is not read until Ana is in: order, and no clock."""
    await records.prepare(site)
    await chatting.enters(site, "Ben", "tea")  # so that nothing is done for the first time
    await records.hold(site, "session")
    cy = await site.knock(CHAT, "Cy", site.sessions["cy"])
    let_in = asyncio.ensure_future(cy.is_accepted())
    try:
        if await records.is_held(site, let_in):
            site.story.add("the database takes its time to find his session")
            await site.connect(CHAT, "Ana", site.sessions["ana"])
            if site.is_overdue:
                evidence = site.evidence("held-up", path=CHAT, stage="door")
                raise Failure("Ana is let in meanwhile", "only after that was over", evidence)
            records.release(site)
        await let_in
    finally:
        let_in.cancel()


async def check_unknown_path_is_refused_politely(site: Site) -> None:
    await records.prepare(site)
    for path in ("/ws/nowhere/", "/ws/chat/", "/ws/chat/green tea/", "/"):
        cy = await site.knock(path, "Cy", site.sessions["cy"])
        with at("nowhere"):
            await is_turned_away(cy, "he")
        site.story.did.clear()
    await chatting.enters(site, "Ana", "tea")


async def check_flood_is_slowed(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "flood")
    ben = await chatting.enters(site, "Ben", "flood")
    heard = 0
    async with measuring.stays_awake(site, "meanwhile the event loop goes on for the others"):
        site.story.add(f"Ana sends {FLOOD_LINES} lines as fast as she can")
        flood(ana, range(FIRST_LINES))
        await told_off(ana, TOLD_OFF_LIMIT_S)
        for number in range(1, BEN_LINES + 1):
            heard += await ben_says(ben, f"ben {number}")
        flood(ana, range(FIRST_LINES, FLOOD_LINES))
        await is_through(ana, FLOOD_LIMIT_S)
    heard += await ben_says(ben, "end")
    if heard > MOST_HEARD:
        evidence = site.evidence("flooded", path=ana.talk.path, value=heard)
        expected = f"of the {FLOOD_LINES} lines, a part"
        raise Failure(expected, f"Ben heard {heard} of them", evidence)
    await site.awaits_everything()


@contextlib.contextmanager
def at(stage: str) -> Iterator[None]:
    """A failure knows at which question of this lesson it came."""
    try:
        yield
    except Failure as failure:
        if failure.evidence.kind != "hang":  # its stage is what hangs
            failure.evidence.stage = stage
        raise


async def is_turned_away(socket: Socket, whom: str) -> None:
    """Closed, before the connection was accepted or right after, and told nothing."""
    expected = f"{whom} is refused: websocket.close, and nothing told before it"
    told = await socket.talk.next(expected)
    if told.get("event", {}).get("type") == "websocket.accept":
        told = await socket.talk.next(expected)
    if told.get("event", {}).get("type") != "websocket.close":
        socket.talk.fail(expected, told)
    await socket.ends_quietly(expected)


def flood(ana: Socket, numbers: range) -> None:
    for number in numbers:
        frame = json.dumps({"text": f"flood {number}"})
        ana.talk.tell({"type": "websocket.receive", "text": frame}, on_tape=False)


async def ben_says(ben: Socket, text: str) -> int:
    """Ben's line comes back to him; how many lines of the flood came before it."""
    await chatting.says(ben, text)
    with at("flood"):
        return await chatting.hears_after(ben, text, "flood")


async def told_off(ana: Socket, limit_s: float) -> None:
    """Ana has been told that she says too much, or has said everything; or the time is over."""
    async for told in flood_answers(ana, limit_s):
        frame = chatting.parsed(told.get("event", {}).get("text"))
        if isinstance(frame, dict) and "error" in frame:
            return


async def is_through(ana: Socket, limit_s: float) -> None:
    """Everything that Ana has sent is answered, or her connection closed; or the time is over."""
    async for _ in flood_answers(ana, limit_s):
        pass


async def flood_answers(ana: Socket, limit_s: float) -> AsyncIterator[Told]:
    """What Ana hears, until there is no more to come, or the time is over."""
    until = time.monotonic() + limit_s * ana.talk.site.patience
    while (left_s := until - time.monotonic()) > 0:
        with contextlib.suppress(TimeoutError):
            told = await asyncio.wait_for(ana.talk.next("the flood is through"), left_s)
            if told["say"] == "raised":
                ana.talk.fail("answers, or a close", told)
            yield told
            if told["say"] != "sent" or told["event"].get("type") == "websocket.close":
                return
