"""The ways that are compared: where each is reached, and whether a site offers it.

Nothing is timed before its answers are known to be the same as everybody's.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from coach.evidence import shown
from compare.server import Server

EACH = "/lab/thread-each"
VERIFY_LIMIT_S = 5.0


@dataclass(frozen=True)
class Way:
    """One way to answer. `site_path` is the site's own path where the site answers, else ""."""

    name: str
    path: str
    site_path: str = ""
    lesson: int = 0


RAW = Way("raw", "/lab/raw/")
SYNC = Way("sync", "/ws/sc/", "/ws/sc/", 4)
SYNC_EACH = Way("sync-thread-each", f"{EACH}/ws/sc/", "/ws/sc/", 4)
ASYNC = Way("async", "/ws/ac/", "/ws/ac/", 5)
ASYNC_EACH = Way("async-thread-each", f"{EACH}/ws/ac/", "/ws/ac/", 5)
BLOCKING = Way("async-blocking", "/ws/trap/", "/ws/trap/", 6)

WAITING = (SYNC, SYNC_EACH, ASYNC, BLOCKING)
ECHOING = (RAW, SYNC, ASYNC, SYNC_EACH, ASYNC_EACH)
QUERYING = (
    Way("sync", "/lab/database/sync/"),
    Way("database_sync_to_async", "/lab/database/database-sync-to-async/"),
    Way("async ORM", "/lab/database/async-orm/"),
)
COMPUTING = (
    Way("sync", "/lab/cpu/sync/"),
    Way("sync-thread-each", f"{EACH}/lab/cpu/sync/"),
    Way("async", "/lab/cpu/async/"),
)
COUNTS = {"count 2": ["1", "2"]}
ECHOES = {"tea": ["1: tea"], "milk": ["2: milk"]}


async def refusal(server: Server, way: Way, answers: dict[str, list[str]]) -> str:
    """Why a way is not measured, as a sentence; empty where it answers as everybody does."""
    what = f"This site's {way.site_path}" if way.site_path else f"The path {way.path}"
    adds = f" Lesson {way.lesson} adds that." if way.lesson else ""
    try:
        async with server.dial(way.path) as connection:
            return await _difference(connection, answers, what, way)
    except InvalidStatus as refused:
        status = refused.response.status_code
        return f"{what} refuses a WebSocket with HTTP {status}.{adds}"
    except InvalidHandshake:
        return f"{what} does not open a WebSocket.{adds}"
    except ConnectionClosed:
        return f"{what} ends the connection instead of answering.{adds}"


async def _difference(connection: Any, answers: dict[str, list[str]], what: str, way: Way) -> str:
    for asked, frames in answers.items():
        await connection.send(asked)
        lesson = 6 if asked in COUNTS else way.lesson
        adds = f" Lesson {lesson} adds that." if way.site_path else ""
        does = "does not count" if asked in COUNTS else "does not echo"
        for frame in frames:
            try:
                got = await asyncio.wait_for(connection.recv(), VERIFY_LIMIT_S)
            except TimeoutError:
                limit = f"within {VERIFY_LIMIT_S:g} s"
                return f"{what} {does}: nothing came {limit} after {shown(asked)}.{adds}"
            if got != frame:
                return f"{what} {does}: it answered {shown(got)} to {shown(asked)}.{adds}"
    return ""
