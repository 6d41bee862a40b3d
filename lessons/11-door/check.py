"""What lesson 11 looks at: who is let in, under which name, and how much they may say."""

import asyncio
import contextlib
import json

from coach import chatting, measuring, records
from coach.conversation import Socket
from coach.evidence import Failure
from coach.site import Site

FOREIGN = "https://elsewhere.example"
FLOOD_LINES = 200
MOST_HEARD = 100
FLOOD_LIMIT_S = 4.0


async def check_only_own_pages_open_a_socket(site: Site) -> None:
    await records.prepare(site)
    for path in (chatting.path_of("tea"), "/ws/sc/"):
        for origin, whose in (
            (FOREIGN, "a page of another site"),
            (None, "a client without Origin"),
        ):
            cy = await site.knock(path, "Cy", site.sessions["cy"], origin)
            await chatting.is_refused(cy, whose)
    await chatting.enters(site, "Ana", "tea")


async def check_anonymous_is_refused(site: Site) -> None:
    await records.prepare(site)
    for session in ("", "x" * 32):
        cy = await site.knock(chatting.path_of("tea"), "Cy", session)
        await chatting.is_refused(cy, "a visitor who has not logged in")
    await site.connect("/ws/sc/", "Cy")


async def check_whoever_logs_in_is_named(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "milk")
    ben = await chatting.enters(site, "Ben", "milk")
    await chatting.says(ana, "hot")
    for one in (ana, ben):
        await chatting.hears(one, "hot", user="ana")
    await ben.send(json.dumps({"text": "cold", "user": "ana", "username": "ana", "name": "ana"}))
    for one in (ana, ben):
        await chatting.hears(one, "cold", user="ben")
    await chatting.says(ana, "<script>alert(1)</script>")
    await chatting.hears(ben, "<script>alert(1)</script>", user="ana")
    cy = await chatting.joins(site, "Cy", "milk")
    await chatting.hears(cy, "hot", user="ana")
    await chatting.hears(cy, "cold", user="ben")


async def check_unknown_path_is_refused_politely(site: Site) -> None:
    await records.prepare(site)
    for path in ("/ws/nowhere/", "/ws/chat/tea", "/ws/chat/", "/"):
        cy = await site.knock(path, "Cy", site.sessions["cy"])
        await chatting.is_refused(cy, f"a client of {path}")
    await chatting.enters(site, "Ana", "tea")


async def check_flood_is_slowed(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "flood")
    ben = await chatting.enters(site, "Ben", "flood")
    site.story.add(f"Ana sends {FLOOD_LINES} lines at once")
    async with measuring.stays_awake(site, "meanwhile the event loop goes on for the others"):
        for number in range(FLOOD_LINES):
            frame = json.dumps({"text": f"flood {number}"})
            ana.talk.tell({"type": "websocket.receive", "text": frame}, on_tape=False)
        await chatting.says(ben, "marker")
        await chatting.hears_after(ben, "marker", "flood")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(is_through(ana), FLOOD_LIMIT_S * site.patience)
    await chatting.says(ben, "end")
    heard = await chatting.hears_after(ben, "end", "flood")
    if heard > MOST_HEARD:
        evidence = site.evidence("flooded", path=ana.talk.path, value=heard)
        expected = f"of {FLOOD_LINES} lines that Ana sends at once, a part"
        raise Failure(expected, f"Ben heard {heard} of them", evidence)


async def is_through(ana: Socket) -> None:
    """Everything that Ana has sent is answered, or her connection closed."""
    async for told in ana.sends_no_more("the flood is through", "late"):
        if told.get("event", {}).get("type") == "websocket.close":
            return
        if told["say"] == "raised":
            ana.talk.fail("answers, or a close", told)
