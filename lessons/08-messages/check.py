"""What lesson 8 looks at: one browser in a room, whose lines come back."""

from coach import chatting
from coach.site import Site

MOST_CHARS = 1_000


async def check_browser_can_open_a_room(site: Site) -> None:
    await chatting.enters(site, "Ana", "tea")
    ben = await chatting.enters(site, "Ben", "green-tea_2")
    await chatting.says(ben, "milk")
    await ben.talk.next("an answer")


async def check_line_comes_back(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    for text in ("milk", "käse 茶 😀", '{"text": "milk"}'):
        await chatting.says(ana, text)
        await chatting.hears(ana, text)


async def check_no_line_is_an_error(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    for frame, name in chatting.NO_LINES.items():
        await ana.send(frame)
        await chatting.hears_error(ana, name)
        await still_hears(ana)
    await ana.send(b'{"text": "tea"}')
    await chatting.hears_error(ana, "a binary frame")
    await still_hears(ana)


async def check_line_has_a_bound(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    for text in ("x" * MOST_CHARS, "茶" * MOST_CHARS):
        await chatting.says(ana, text)
        await chatting.hears(ana, text)
    for text in ("x" * (MOST_CHARS + 1), "茶" * 4 * MOST_CHARS):
        await chatting.says(ana, text)
        await chatting.hears_error(ana, f"a line of {len(text):,} characters")
        await still_hears(ana)


async def check_consumer_ends(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    await chatting.says(ana, "bye")
    await chatting.hears(ana, "bye")
    await ana.leave()
    ben = await chatting.enters(site, "Ben", "tea")
    await ben.leave()
    await site.awaits_everything()


async def still_hears(ana: chatting.Socket) -> None:
    """The connection is still there: the next line comes back."""
    await chatting.says(ana, "still here")
    await chatting.hears(ana, "still here")
