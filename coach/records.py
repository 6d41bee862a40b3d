"""What a check asks of the learner's site beside its sockets: its database, its groups."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from coach.evidence import Failure, Told, error_named
from coach.site import Site

USERS = ("ana", "ben", "cy")
Done = TypeVar("Done")


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
        site.story.add("runs the site's migrations, on a database of the check's own")
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


async def crowd(site: Site, count: int) -> list[str]:
    """The session keys of so many users more, who are nobody in particular."""
    told = await ask(site, {"do": "crowd", "count": count}, "users who are logged in")
    found: list[str] = told["sessions"]
    return found


async def rows(site: Site) -> list[Told]:
    """The rows of the learner's models: the values of each as texts, and the name of its model."""
    found: list[Told] = (await ask(site, {"do": "rows"}, "the rows of the database"))["rows"]
    return found


async def groups(site: Site) -> dict[str, int] | None:
    """How many members each group has that has any; None where the layer does not tell."""
    found: dict[str, int] | None = (await ask(site, {"do": "groups"}, "the groups"))["groups"]
    return found


async def log_out(site: Site, who: str) -> None:
    """End the session of a user, as log-out does."""
    command = {"do": "log_out", "sessions": [site.sessions[who.lower()]]}
    await ask(site, command, "the session ends")


async def hold(site: Site, when: str, text: str = "") -> None:
    """The next query of a kind stands still until `release`: "before" a read of the learner's
    models, "after" one that has found this text, or before the "write" of it; or the read of a
    "session". Where it went on by itself after a limit, the site is overdue."""
    await site.load()
    assert site.process is not None
    site.is_overdue = False
    site.process.tell({"do": "hold", "when": when, "text": text})


async def is_held(site: Site, otherwise: asyncio.Future[Any]) -> bool:
    """Whether that query stands still by now; False where `otherwise` is over before one did."""
    held = asyncio.ensure_future(site.answers.get())
    await asyncio.wait({held, otherwise}, return_when=asyncio.FIRST_COMPLETED)
    if held.done():
        return bool(held.result()["say"] == "held")
    held.cancel()
    return False


@contextlib.asynccontextmanager
async def meanwhile(doing: Coroutine[Any, Any, Done]) -> AsyncIterator[asyncio.Task[Done]]:
    """What a check does while something else stands still; it does not outlive the block."""
    task = asyncio.ensure_future(doing)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def release(site: Site) -> None:
    assert site.process is not None
    site.process.tell({"do": "release"})
