"""What lesson 9 looks at: who hears a line, and who does not."""

from coach import chatting, layers
from coach.conversation import Socket
from coach.evidence import Failure
from coach.site import Site

# A group's name has fewer than 100 characters.
IMPOSSIBLE = 150, 100
# The page's bound. Another is as good, if each room that it lets in works.
LONGEST_CHARS = 50
# Names that differ in case, in a sign, or at their end.
ALIKE = ("Tea", "tea"), ("tea-2", "tea_2"), ("x" * 40 + "-1", "x" * 40 + "-2")


@layers.heeded
async def check_browser_hears_itself(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    for text in ("milk", "sugar"):
        await chatting.says(ana, text)
        await chatting.hears(ana, text)


@layers.heeded
async def check_second_browser_hears(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    ben = await chatting.enters(site, "Ben", "tea")
    for who, text in ((ana, "milk"), (ben, "sugar"), (ana, "lemon")):
        await chatting.says(who, text)
        await chatting.hears(ana, text)
        await chatting.hears(ben, text)
    await ana.send("{")
    await chatting.hears_error(ana, "a frame that is not JSON")
    await chatting.says(ana, "marker")
    await chatting.hears(ana, "marker")
    await chatting.hears(ben, "marker")  # and not the error, which is Ana's


@layers.heeded
async def check_rooms_are_separate(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    ben = await chatting.enters(site, "Ben", "tea-2")
    cy = await chatting.enters(site, "Cy", "coffee")
    await chatting.says(ana, "secret")
    await chatting.hears(ana, "secret")
    for one in (ben, cy):
        text = f"marker of {one.talk.who}"
        await chatting.says(one, text)
        await chatting.hears(one, text)  # and not what was said elsewhere before
    await chatting.says(ana, "end")
    await chatting.hears(ana, "end")  # and not what they have said
    for pair in ALIKE:
        site.story.begin()
        await are_separate(site, *pair)


async def are_separate(site: Site, room: str, other: str) -> None:
    ana = await chatting.enters(site, "Ana", room)
    ben = await chatting.enters(site, "Ben", other)
    for one in (ana, ben):
        text = f"said by {one.talk.who}"
        await chatting.says(one, text)
        await chatting.hears(one, text)  # and not what was said in the other room before


@layers.heeded
async def check_leaving_is_final(site: Site) -> None:
    before = await layers.members(site) or {}
    ana = await chatting.enters(site, "Ana", "juice")
    ben = await chatting.enters(site, "Ben", "juice")
    await ben.leave()
    for text in ("is Ben gone", "is Ben still gone"):
        await chatting.says(ana, text)
        await chatting.hears(ana, text)
    is_told_nothing(ben)
    await ana.leave()
    left = await layers.members(site) or {}
    stay = {name: len(left[name]) - len(before.get(name, ())) for name in left}
    if any(count > 0 for count in stay.values()):
        evidence = site.evidence("left-behind", path=ana.talk.path, value=stay)
        named = ", ".join(f"{count} in {name!r}" for name, count in stay.items() if count > 0)
        raise Failure("no group of the channel layer has a member that has left", named, evidence)
    await site.awaits_everything()


def is_told_nothing(gone: Socket) -> None:
    """Nothing was sent to a browser after it had left."""
    while not gone.talk.inbox.empty():
        told = gone.talk.inbox.get_nowait()
        if told["say"] == "sent":
            gone.talk.fail(f"nothing is sent to {gone.talk.who}, who has left", told)


@layers.heeded
async def check_impossible_name_is_refused(site: Site) -> None:
    for chars in IMPOSSIBLE:
        cy = await chatting.knocks(site, "Cy", "x" * chars)
        await chatting.is_refused(cy, named(chars), or_no_route=True)
    await longest_that_gets_in_works(site)
    site.story.begin()
    cy = await chatting.knocks(site, "Cy", "t ea")
    await chatting.is_refused_or_answered(cy, "a room whose name has a space")
    site.story.begin()
    longest = "x" * (LONGEST_CHARS - 1)
    await are_separate(site, f"{longest}a", f"{longest}b")


async def longest_that_gets_in_works(site: Site) -> None:
    """What stands before the room's name counts in the group's, whatever it is."""
    for chars in range(min(IMPOSSIBLE) - 1, LONGEST_CHARS, -1):
        site.story.begin()
        cy = await chatting.knocks(site, "Cy", "x" * chars)
        if await chatting.is_refused_or_answered(cy, named(chars)):
            return


def named(chars: int) -> str:
    return f"a room whose name has {chars} characters"
