"""What lesson 8 looks at: one browser in a room, whose lines come back."""

import json

from coach import chatting, records
from coach.browsing import SESSION, Browser
from coach.conversation import Socket
from coach.evidence import Told, shown
from coach.site import Site

PAGE, TITLE = "/chat/tea/", "tea · gs2"
MOST_CHARS = 1_000

# Each frame is followed by a line: fewer than lesson 11 allows to a connection at once.
FRAMES_A_VISIT = 4
VISITORS = ("Ana", "Ben", "Cy")


async def check_browser_can_open_a_room(site: Site) -> None:
    await shows_room(site)
    site.story.begin()  # a report on the sockets is not to speak of the page
    ana = await chatting.enters(site, "Ana", "tea")
    ben = await chatting.enters(site, "Ben", "Green-tea_2")
    for socket, text in ((ana, "milk"), (ben, "sugar")):
        await chatting.says(socket, text)
        await socket.frame(f"an answer to {socket.talk.who}")


async def check_line_comes_back(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    for text in ("milk", "käse 茶 😀", '{"text": "milk"}'):
        await chatting.says(ana, text)
        await chatting.hears(ana, text)


async def check_no_line_is_an_error(site: Site) -> None:
    frames = {**chatting.NO_LINES, b'{"text": "tea"}': "a binary frame"}
    for number, (frame, name) in enumerate(frames.items()):
        if number % FRAMES_A_VISIT == 0:
            site.story.begin()
            visitor = VISITORS[number // FRAMES_A_VISIT % len(VISITORS)]
            socket = await chatting.enters(site, visitor, "tea")
        await socket.send(frame)
        await chatting.hears_error(socket, name)
        await still_hears(socket)


async def check_line_has_a_bound(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    for text in ("x" * MOST_CHARS, "茶" * MOST_CHARS):
        await says_long(ana, text)
        await hears_long(ana, text)
    await says_long(ana, "é" * MOST_CHARS, escaped=True)
    await hears_long(ana, "é" * MOST_CHARS)
    for text in ("x" * (MOST_CHARS + 1), "茶" * 4 * MOST_CHARS):
        await says_long(ana, text)
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


async def shows_room(site: Site) -> None:
    """Ana's browser gets the page of a room; from lesson 11 on she is logged in."""
    await records.prepare(site)
    browser = Browser(site, "Ana")
    if site.sessions:
        browser.cookies[SESSION] = site.sessions["ana"]
    site.story.add(f"Ana's browser asks for {PAGE}")
    site.judge_page(await browser.ask(PAGE), PAGE, TITLE)


async def says_long(socket: Socket, text: str, escaped: bool = False) -> None:
    """Say a line that the report does not show; escaped: six characters of JSON for each."""
    await socket.send(json.dumps({"text": text}, ensure_ascii=escaped))
    how = f", in JSON {json.dumps(text[0])[1:-1]}" if escaped else ""
    socket.talk.site.story.did[-1] = (
        f"{socket.talk.who} sends a line of {len(text):,} times {shown(text[0])}{how}"
    )


async def hears_long(socket: Socket, text: str) -> None:
    def is_it(told: Told) -> bool:
        return not chatting.has_error(told) and told.get("text") == text

    expected = f"the line of {len(text):,} characters"
    await chatting.hears_object(socket, is_it, expected, {"text": text})


async def still_hears(socket: Socket) -> None:
    """The connection is still there: the next line comes back."""
    await chatting.says(socket, "still here")
    await chatting.hears(socket, "still here")
