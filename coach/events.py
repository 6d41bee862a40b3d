"""What a program that waits hears of, one thing after another: its processes, threads, keys."""

import contextlib
import queue
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

STOPPING = ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    kind: asked (to end); of servers: serves or ended; of `watch`: saved, key, step, judged or over
    number: which server; what: the key, the step, or the check that is judged or over
    """

    kind: str
    number: int = 0
    what: Any = None


Events = queue.SimpleQueue[Event]


@contextlib.contextmanager
def requests_to_end() -> Iterator[Events]:
    """Where Ctrl-C and SIGTERM arrive as events, so that nothing is broken off half-way."""
    events: Events = queue.SimpleQueue()
    wanted = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    if signal.getsignal(wanted[-1]) is signal.SIG_IGN:  # nohup: it outlives its terminal
        wanted.pop()
    before = {one: signal.signal(one, lambda *_: events.put(Event("asked"))) for one in wanted}
    try:
        yield events
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def next_event(events: Events, timeout_s: float = 0.2) -> Event | None:
    """The next event, or None after a while: on Windows a wait without end cannot be ended."""
    with contextlib.suppress(queue.Empty):
        return events.get(timeout=timeout_s)
    return None
