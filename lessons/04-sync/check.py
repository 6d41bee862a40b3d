"""What lesson 4 looks at: a sync consumer at /ws/sc/, event by event."""

from coach import counting
from coach.site import Site

PATH = "/ws/sc/"


async def check_connection_is_accepted(site: Site) -> None:
    await counting.accepts(site, PATH, runs_on="thread")


async def check_first_message_is_answered(site: Site) -> None:
    await counting.answers(site, PATH, runs_on="thread")


async def check_connections_count_apart(site: Site) -> None:
    await counting.counts(site, PATH)


async def check_binary_is_answered_in_kind(site: Site) -> None:
    await counting.answers_bytes(site, PATH)


async def check_consumer_ends(site: Site) -> None:
    await counting.ends(site, PATH)
