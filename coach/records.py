"""What a check asks of the learner's site beside its sockets: its database, its groups."""

import asyncio

from coach.conversation import EVENT_LIMIT_S
from coach.evidence import Failure, Told, error_named
from coach.site import Site

USERS = ("ana", "ben", "cy")


async def prepare(site: Site) -> None:
    """Bring the check's own database up to date, and log everybody in; once for each check.

    A site without models has nothing to keep, and its visitors have no names.
    """
    await site.load()
    if site.sessions or not site.facts["models"]:
        return
    expected = "the site's migrations make its tables"
    told = await ask(site, {"do": "prepare", "users": USERS}, expected)
    unmigrated = told["unmigrated"] + [f"{name} has no table" for name in told["without_table"]]
    if unmigrated:
        evidence = site.evidence("unmigrated", value=unmigrated)
        raise Failure(expected, f"no migration for: {'; '.join(unmigrated)}", evidence)
    site.sessions = told["sessions"]


async def ask(site: Site, command: Told, expected: str) -> Told:
    """What the process answers to a question about its records."""
    told = await site.ask(command, expected, "records")
    if told["say"] == "not-told":
        evidence = site.evidence("raised", error=told["error"], stage="records")
        raise Failure(expected, error_named(told["error"]), evidence)
    return told


async def rows(site: Site, text: str) -> list[Told]:
    """The rows of the learner's models in which some field is this text."""
    told = await ask(site, {"do": "rows"}, "the rows of the database")
    return [row for row in told["rows"] if text in [row[name] for name in row if name != "model"]]


async def groups(site: Site) -> dict[str, int] | None:
    """How many members each group has that has any; None where the layer does not tell."""
    found: dict[str, int] | None = (await ask(site, {"do": "groups"}, "the groups"))["groups"]
    return found


async def log_out(site: Site, who: str) -> None:
    """End the session of a user, as log-out does."""
    command = {"do": "log_out", "sessions": [site.sessions[who.lower()]]}
    await ask(site, command, "the session ends")


async def hold(site: Site, when: str) -> None:
    """The next read of a model stands still, "before" or "after" it is done, until `release`."""
    await site.load()
    assert site.process is not None
    site.process.tell({"do": "hold", "when": when})


async def is_held(site: Site) -> bool:
    """Whether a read stands still; False where none came."""
    try:
        told = await asyncio.wait_for(site.answers.get(), EVENT_LIMIT_S * site.patience)
    except TimeoutError:
        return False
    return bool(told["say"] == "held")


def release(site: Site) -> None:
    assert site.process is not None
    site.process.tell({"do": "release"})
