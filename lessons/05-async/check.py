"""What lesson 5 looks at: an async consumer at /ws/ac/ that does what /ws/sc/ does."""

from coach import counting
from coach.site import Site

PATH, SYNC = "/ws/ac/", "/ws/sc/"


async def check_connection_is_accepted(site: Site) -> None:
    await counting.accepts(site, PATH, runs_on="loop")
    # A copy that keeps the name of its model takes the place of it, and both routes lead there.
    await counting.accepts(site, SYNC, runs_on="thread")


async def check_first_message_is_answered(site: Site) -> None:
    await counting.answers(site, PATH, runs_on="loop")


async def check_connections_count_apart(site: Site) -> None:
    await counting.counts(site, PATH)


async def check_binary_is_answered_in_kind(site: Site) -> None:
    await counting.answers_bytes(site, PATH)


async def check_consumer_ends(site: Site) -> None:
    await counting.ends(site, PATH)


async def check_every_coroutine_is_awaited(site: Site) -> None:
    await counting.answers_bytes(site, PATH)
    await counting.ends(site, PATH)
    await site.awaits_everything()
