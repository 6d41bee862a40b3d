"""What lesson 9 looks at: who hears a line, and who does not."""

from coach import chatting, records
from coach.evidence import Failure
from coach.site import Site


async def check_browser_hears_itself(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    await chatting.says(ana, "milk")
    await chatting.hears(ana, "milk")


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
    await chatting.hears(ben, "marker")  # and not the error, which is Ana's


async def check_rooms_are_separate(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "tea")
    cy = await chatting.enters(site, "Cy", "coffee")
    await chatting.says(ana, "secret")
    await chatting.hears(ana, "secret")
    await chatting.says(cy, "marker")
    await chatting.hears(cy, "marker")
    await chatting.says(ana, "end")
    await chatting.hears(ana, "end")  # and not Cy's marker


async def check_leaving_is_final(site: Site) -> None:
    ana = await chatting.enters(site, "Ana", "juice")
    ben = await chatting.enters(site, "Ben", "juice")
    before = await records.groups(site)
    await ben.leave()
    await chatting.says(ana, "is Ben gone")
    await chatting.hears(ana, "is Ben gone")
    await ana.leave()
    left = await records.groups(site)
    if before and left is not None:
        stays = sum(left.values()) - others(before, left)
        if stays > 0:
            evidence = site.evidence("left-behind", path=ana.talk.path, value=left)
            named = ", ".join(f"{count} in {name!r}" for name, count in left.items())
            raise Failure(
                "no group of the channel layer has a member that has left", named, evidence
            )
    await site.awaits_everything()


def others(before: dict[str, int], left: dict[str, int]) -> int:
    """How many members belong to connections of earlier steps, which are still open."""
    return sum(
        min(count, before.get(name, 0)) for name, count in left.items() if "juice" not in name
    )


async def check_impossible_name_is_refused(site: Site) -> None:
    name = "x" * 150
    await records.prepare(site)
    session = site.sessions.get("cy", "")
    cy = await site.knock(chatting.path_of(name), "Cy", session)
    await chatting.is_refused(cy, "a room whose name has 150 characters")
    ana = await chatting.enters(site, "Ana", "tea")
    await chatting.says(ana, "milk")
    await chatting.hears(ana, "milk")
