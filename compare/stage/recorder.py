"""What the server's process knows: every wait of a connection with its thread, threads, memory."""

import asyncio
import contextlib
import sys
import threading
import time
from contextvars import ContextVar
from pathlib import Path
from typing import Any

Told = dict[str, Any]
MAX_WAITS = 10_000

# The client's port: the name of the connection for which code runs, in whichever thread.
client: ContextVar[int | None] = ContextVar("client", default=None)
waits: list[Told] = []
really_sleep, really_async_sleep = time.sleep, asyncio.sleep


def watch_waits() -> None:
    """Record `time.sleep` and `asyncio.sleep` from now on: called before the site is imported."""
    time.sleep = sleep  # type: ignore[assignment]
    asyncio.sleep = async_sleep


def sleep(seconds: float) -> None:
    began_s = time.perf_counter()
    really_sleep(seconds)
    note(began_s, holds_thread=True)


async def async_sleep(delay: float, result: Any = None) -> Any:
    began_s = time.perf_counter()
    result = await really_async_sleep(delay, result)
    if delay > 0:
        note(began_s, holds_thread=False)
    return result


def note(began_s: float, holds_thread: bool) -> None:
    if client.get() is None or len(waits) >= MAX_WAITS:
        return
    told = {"client": client.get(), "thread": threading.get_ident(), "holds_thread": holds_thread}
    waits.append(told | {"began_s": began_s, "ended_s": time.perf_counter()})


def record() -> Told:
    """What has happened since the last call; it is told once. Called on the event loop."""
    told, waits[:] = waits[:], []
    return {
        "waits": told,
        "loop_thread": threading.get_ident(),
        "threads": threading.active_count(),
        "computed_s": time.process_time(),
        "resident_kib": resident_kib(),
    }


def resident_kib() -> float | None:
    """The memory of this process; where the system tells only the most it ever was, that."""
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        import resource

        return pages * resource.getpagesize() / 1024
    with contextlib.suppress(ImportError):
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / 1024 if sys.platform == "darwin" else float(most)
    return None
