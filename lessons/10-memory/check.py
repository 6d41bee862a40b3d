"""What lesson 10 looks at: lines that are kept, and a site that a server can import."""

from coach import chatting, records
from coach.conversation import Socket
from coach.evidence import Failure
from coach.site import Site

HISTORY_LINES = 50


async def check_bare_process_imports(site: Site) -> None:
    await site.load()
    await site.shows_page()


async def check_line_is_kept_once(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "kettle")
    ben = await chatting.enters(site, "Ben", "kettle")
    await chatting.says(ana, "first pot")
    for one in (ana, ben):
        await chatting.hears(one, "first pot")
    await chatting.rows_of(site, "first pot", 1)
    await ana.send('{"text": ""}')
    await chatting.hears_error(ana, "an empty line")
    await chatting.rows_of(site, "", 0)


async def check_last_lines_come_first(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "pot")
    cy = await chatting.enters(site, "Cy", "cup")
    texts = [f"line {number}" for number in range(1, HISTORY_LINES + 3)]
    for text in texts:
        await chatting.says(ana, text)
        await chatting.hears(ana, text)
        site.story.did.clear()
    await chatting.says(cy, "elsewhere")
    await chatting.hears(cy, "elsewhere")
    site.story.add(f"Ana says {len(texts)} lines in room pot; Cy one in room cup")
    ben = await chatting.joins(site, "Ben", "pot")
    for text in texts[-HISTORY_LINES:]:
        await chatting.hears(ben, text)
    await chatting.says(ana, "new")
    await chatting.hears(ben, "new")


async def check_nothing_is_lost_between(site: Site) -> None:
    for moment in ("after", "before"):
        await joins_while_lines_are_said(site, moment)


async def joins_while_lines_are_said(site: Site, moment: str) -> None:
    """Ben joins; his read of the last lines stands still at a moment, and Ana says one."""
    room = f"{moment}-the-read"
    ana = await chatting.enters(site, "Ana", room)
    await chatting.says(ana, "one")
    await chatting.hears(ana, "one")
    await records.hold(site, moment)
    session = site.sessions.get("ben", "")
    ben = await site.knock(chatting.path_of(room), "Ben", session)
    is_held = await records.is_held(site)
    if is_held:
        site.story.add(f"Ana says a line at the moment {moment} his last lines are read")
        await chatting.says(ana, "two")
        await chatting.hears(ana, "two")
        records.release(site)
    await ben.is_accepted()
    await chatting.hears(ben, "one")
    if is_held:
        await chatting.hears(ben, "two")
    await chatting.says(ana, "three")
    await chatting.hears(ana, "three")
    await hears_next(ben, "three", or_again="two")


async def hears_next(ben: Socket, text: str, or_again: str) -> None:
    """The next line is this one, or the one before it a second time, and then this one."""
    told = await chatting.hears_object(
        ben, lambda told: told.get("text") in (text, or_again), f'{{"text": "{text}"}}',
        {"text": text},
    )  # fmt: skip
    if told["text"] == or_again:
        await chatting.hears(ben, text)


async def check_no_query_on_the_loop(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "saucer")
    await chatting.says(ana, "milk")
    await chatting.hears(ana, "milk")
    await ana.leave()
    if site.queries:
        evidence = site.evidence("query-on-loop", place=site.queries[0]["at"])
        raise Failure(
            "every query runs in a thread", "a query on the event loop's thread", evidence
        )
    await site.awaits_everything()
