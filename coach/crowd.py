"""Many connections at once, each of a user of its own: opened, heard, and counted."""

import asyncio
import contextlib
from collections import Counter
from typing import Any

from coach import chatting
from coach.evidence import Failure
from coach.server import Server

AT_ONCE = 40  # handshakes
OPEN_LIMIT_S = 60.0
ABNORMAL = 1006  # of a connection that ended without a code
FILES = 4_096  # open at once in one process, with which 1,000 connections have more than enough
# Half of them at each server: on Windows, Daphne waits for its sockets by select, which takes 512.
ON_WINDOWS = 800
OTHER_FILES = 200


async def opened(servers: list[Server], path: str, keys: list[str]) -> list[Any]:
    """An open connection for each session, at one server after the other; fails the step where
    one is not let in."""
    at_once = asyncio.Semaphore(AT_ONCE)

    async def open_one(number: int) -> Any:
        server = servers[number % len(servers)]
        async with at_once:
            return await server.dial(path, keys[number], ping_interval=None, compression=None)

    tasks = [asyncio.ensure_future(open_one(number)) for number in range(len(keys))]
    try:
        async with asyncio.timeout(OPEN_LIMIT_S):
            return [*await asyncio.gather(*tasks)]
    except Exception as error:
        number = sum(task.done() and not task.exception() for task in tasks if not task.cancelled())
        status = getattr(getattr(error, "response", None), "status_code", None)
        how = f"HTTP {status}" if status else f"{type(error).__name__}: {error}"
        got = f"{number:,} were, and then one was not: {how}"
        evidence = servers[0].evidence("server", path=path)
        raise Failure("all of them are let in", got, evidence) from None


async def heard_by(connections: list[Any], line: str, limit_s: float) -> Counter[str]:
    """How many of these connections have "heard" the line, and what became of the others."""

    async def hears(connection: Any) -> str:
        try:
            while True:
                told = chatting.parsed(await connection.recv())
                if isinstance(told, dict) and told.get("text") == line:
                    return "heard"
        except Exception:
            return f"closed with code {connection.close_code or ABNORMAL}"

    tasks = [asyncio.ensure_future(hears(connection)) for connection in connections]
    done, deaf = await asyncio.wait(tasks, timeout=limit_s)
    for task in deaf:
        task.cancel()
    counted = Counter(task.result() for task in done)
    return counted + Counter({"heard nothing": len(deaf)})


def allow_files() -> None:
    """Let this process and those that it starts have many files open, as far as they may."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        if soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def connections_allowed() -> int:
    """How many connections can be open at once, half of them at each of two servers.

    One is a file here, and up to three at its server: a socket, and what SQLite opens.
    """
    try:
        import resource
    except ImportError:
        return ON_WINDOWS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return FILES if soft == resource.RLIM_INFINITY else max(2, (soft - OTHER_FILES) * 2 // 3)
