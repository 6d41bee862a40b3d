"""What lesson 10 looks at: lines that are kept, and a site that a server can import."""

from collections import Counter

from coach import chatting, records
from coach.conversation import Socket
from coach.evidence import Failure, shown
from coach.site import Site

HISTORY_LINES = 50
ROOM = "pot"
OTHER_ROOMS = "Pot", "pot-2"  # which are not it, though their names read or begin alike
ELSEWHERE = "said in another room"
VISITS = ("Ana", "Ben", "Cy") * 2
LONG = "pot, " * 199 + "tea"
TWICE = 30  # the number of a line that is said once more, for people repeat themselves
LINES_A_VISIT = 9  # fewer than lesson 11 allows to a connection at once


async def check_server_can_import(site: Site) -> None:
    await site.load()
    await site.shows_page()


async def check_line_is_kept_once(site: Site) -> None:
    members = [await chatting.enters(site, who, "kettle") for who in ("Ana", "Ben", "Cy")]
    await chatting.says(members[0], "first pot")
    for member in members:
        await chatting.hears(member, "first pot")
    await is_kept_once(site, "first pot", members[0].talk.path)
    await is_kept_first(site, "second pot", *members)
    await chatting.says(members[2], LONG)
    for member in members:
        await chatting.hears(member, LONG)
    await is_kept_once(site, LONG, members[2].talk.path)
    before = len(await records.rows(site))
    await members[0].send('{"text": ""}')
    await chatting.hears_error(members[0], "an empty line")
    now = len(await records.rows(site))
    if now != before:
        evidence = site.evidence("rows", value=now - before)
        raise Failure("no row for what is no line", f"{now - before} more", evidence)
    await site.awaits_everything()


async def is_kept_once(site: Site, text: str, path: str) -> None:
    """One row has this text; where models repeat it, one row of each."""
    rows = [row for row in await records.rows(site) if any(text in row[name] for name in row)]
    most = max(Counter(row["model"] for row in rows).values(), default=0)
    if most != 1:
        expected = f"1 row of the database with the text {shown(text)}"
        evidence = site.evidence("rows", value=most, wanted=text, path=path)
        raise Failure(expected, str(most), evidence)


async def is_kept_first(site: Site, text: str, ana: Socket, ben: Socket, cy: Socket) -> None:
    """While a line is on its way to the database, nobody hears it."""
    await records.hold(site, "write", text)
    await chatting.says(ana, text)
    async with records.meanwhile(chatting.hears(ana, text)) as hearing:
        if await records.is_held(site, hearing):
            site.story.add("the row of that line is not written yet")
            await hears_only_an_error(site, ben, text)
        records.release(site)
        await hearing
    for member in (ben, cy):
        await chatting.hears(member, text)


async def hears_only_an_error(site: Site, ben: Socket, text: str) -> None:
    """Ben, to whom an error is due, hears it, and not this line of somebody else's before."""
    await ben.send("{")
    told = await chatting.hears_object(
        ben, lambda told: bool(told.get("error")) or told.get("text") == text, '{"error": …}', {}
    )
    if not told.get("error"):
        expected = "Ben hears the line once its row is written"
        evidence = site.evidence("heard-before-kept", path=ben.talk.path)
        raise Failure(expected, "he hears it before", evidence)


async def check_whoever_joins_hears_the_last_lines(site: Site) -> None:
    texts = await say_more_than_a_history(site)
    again = site.other({})
    again.sessions = site.sessions
    site.story.add("the site is started again")
    await chatting.enters(again, "Cy", OTHER_ROOMS[0])
    ana = await chatting.enters(again, "Ana", ROOM)
    ben = await chatting.joins(again, "Ben", ROOM)
    await chatting.says(ben, "new")
    heard = await chatting.hears_until(ben, "new")
    wanted = texts[-HISTORY_LINES:]
    if heard[:-1] != wanted:
        evidence = again.evidence("history", value=heard[:-1], wanted="\n".join(texts))
        raise Failure(f"{in_words(wanted)}, and then his own", got(heard[:-1], wanted), evidence)
    await chatting.hears(ana, "new")  # and not what was told to Ben
    await again.awaits_everything()
    site.queries += again.queries


async def say_more_than_a_history(site: Site) -> list[str]:
    """Have some more lines said in a room than it tells, and one in others; those of the room."""
    texts: list[str] = []
    for visit, who in enumerate(VISITS):
        site.story.begin()
        socket = await chatting.enters(site, who, ROOM)
        for _ in range(LINES_A_VISIT):
            number = len(texts) + 1
            texts.append(f"line {TWICE if number == TWICE + 1 else number}")
            await chatting.says(socket, texts[-1])
            await chatting.hears(socket, texts[-1])
        await socket.leave()
        # At first and at last, for the lines of other rooms are none of the last ones.
        if visit in (0, len(VISITS) - 1):
            cy = await chatting.enters(site, "Cy", OTHER_ROOMS[visit > 0])
            await chatting.says(cy, ELSEWHERE)
            await chatting.hears(cy, ELSEWHERE)
    site.story.begin()
    site.story.add(
        f'in room {ROOM} Ana, Ben and Cy say {len(texts)} lines, "line 1" and so on, and '
        f'"line {TWICE}" twice; in the rooms {" and ".join(OTHER_ROOMS)} Cy says {shown(ELSEWHERE)}'
    )
    return texts


def in_words(texts: list[str]) -> str:
    """A list of lines by its ends: `50 lines, from "line 5" to "line 54"`."""
    if len(texts) < 2:
        return f"one line, {shown(texts[0])}" if texts else "no line"
    return f"{len(texts)} lines, from {shown(texts[0])} to {shown(texts[-1])}"


def got(heard: list[str], wanted: list[str]) -> str:
    """What was heard; where its ends are right, also the first line that is not."""
    if in_words(heard) != in_words(wanted):
        return in_words(heard)
    odd = next(number for number, text in enumerate(heard) if text != wanted[number])
    return f"{in_words(heard)}, with {shown(heard[odd])} in the place of {shown(wanted[odd])}"


async def check_no_query_runs_on_the_loop(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "saucer")
    await chatting.says(ana, "milk")
    await chatting.hears(ana, "milk")
    await ana.leave()
    if site.queries:
        evidence = site.evidence("query-on-loop", place=site.queries[0]["at"])
        expected = "every query runs in a thread beside the event loop's"
        raise Failure(expected, "a query on the event loop's own thread", evidence)


async def check_no_line_is_lost_between(site: Site) -> None:
    for moment in ("after", "before"):
        await joins_while_a_line_is_said(site, moment)
    try:
        await joins_while_a_line_is_under_way(site)
    except Failure as failure:
        # A transaction that stands still, where another row is written, is the check's own doing.
        if not failure.evidence.raised("OperationalError", "database is locked"):
            raise
    await site.awaits_everything()


async def joins_while_a_line_is_said(site: Site, moment: str) -> None:
    """Ben joins; his read of the last lines stands still at a moment, and Ana says a line.

    He may hear that line twice, but not miss it; and a text that he has read may be said again.
    """
    site.story.begin()
    room = f"{moment}-the-read"
    ana = await chatting.enters(site, "Ana", room)
    await chatting.says(ana, "one")
    await chatting.hears(ana, "one")
    alone = await members(site)
    await records.hold(site, moment, "one")
    async with records.meanwhile(joins_and_says(site, room, "three")) as joining:
        is_held, joined = await records.is_held(site, joining), None
        if is_held:
            joined = alone and (await members(site) or 0) > alone
            site.story.add(f"Ana says a line right {moment} the last lines are read for Ben")
            await chatting.says(ana, "two")
            await chatting.hears(ana, "two")
        records.release(site)
        ben, heard = await joining
    wanted = ["one", "two", "three"] if is_held else ["one", "three"]
    if without_second(heard, "two") != wanted:
        evidence = site.evidence("lost-between", value=joined)
        raise Failure(f"Ben hears {spelled(wanted)}", f"he heard {spelled(heard)}", evidence)
    await chatting.hears(ana, "three")
    await chatting.says(ana, "one")
    await chatting.hears(ben, "one")


async def joins_while_a_line_is_under_way(site: Site) -> None:
    """Ana's own line stands still, and so Cy's waits in her channel; Ben joins, and reads it."""
    site.story.begin()
    ana = await chatting.enters(site, "Ana", "under-way")
    cy = await chatting.enters(site, "Cy", "under-way")
    await records.hold(site, "write", "one")
    await chatting.says(ana, "one")
    async with records.meanwhile(chatting.hears_until(ana, "one")) as hearing:
        if await records.is_held(site, hearing):
            site.story.add("the row of that line is not written yet")
        await chatting.says(cy, "two")
        await chatting.hears(cy, "two")
        await chatting.enters(site, "Ben", "under-way")
        records.release(site)
        heard = await hearing
    await chatting.says(ana, "three")
    heard += await chatting.hears_until(ana, "three")
    if "two" not in heard:
        evidence = site.evidence("not-heard", path=ana.talk.path)
        raise Failure('Ana hears "two"', f"she heard {spelled(heard)}", evidence)


async def joins_and_says(site: Site, room: str, text: str) -> tuple[Socket, list[str]]:
    """Ben joins and says a line: his connection, and what he has heard by the time he hears it."""
    ben = await chatting.joins(site, "Ben", room)
    await chatting.says(ben, text)
    return ben, await chatting.hears_until(ben, text)


async def members(site: Site) -> int | None:
    """How many members the groups have together; None where the channel layer does not tell."""
    groups = await records.groups(site)
    return None if groups is None else sum(groups.values())


def without_second(texts: list[str], text: str) -> list[str]:
    """The list with this text only where it comes first."""
    return [one for number, one in enumerate(texts) if one != text or text not in texts[:number]]


def spelled(texts: list[str]) -> str:
    return ", ".join(shown(text) for text in texts)
