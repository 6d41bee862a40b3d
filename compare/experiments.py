"""Who waits for whom: three experiments that clients do with a site that a server serves.

Each takes `dial`, which opens a WebSocket at a path and gives the connection of the library
websockets. Times are seconds on the client's clock. What is judged is an order or a ratio, and
only where the client itself was not held up meanwhile.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

Dial = Callable[[str], Any]
Ask = Callable[[], Awaitable[None]]
Converse = Callable[[Any], Awaitable[None]]

# A client that was itself held up for a quarter of the wait has seen nothing for certain.
MOST_STALLED = 0.25
# A probe that is answered while this much of the wait is left was not held up by it.
LEAST_LEFT = 0.25
# One that is answered when this much is left, or less, was: the two answers come by different ways.
MOST_LEFT = 0.1
TICK_S = 0.005
OPEN_AT_ONCE = 50


@dataclass(frozen=True)
class Lane:
    """One connection's wait: when it asked, and when it had its last frame.

    `client` is its own port, by which a server can tell it from others.
    """

    asked_s: float
    answered_s: float
    client: int = 0


@dataclass(frozen=True)
class Crowd:
    """What connections that asked at the same moment saw. `stalled_s`: the client's own worst.

    `began_s` is what `time.perf_counter` showed at the 0 of the lanes.
    """

    lanes: list[Lane]
    stalled_s: float
    began_s: float = 0.0

    @property
    def seconds(self) -> float:
        """From the first question to the last answer."""
        return max(lane.answered_s for lane in self.lanes) - min(
            lane.asked_s for lane in self.lanes
        )

    @property
    def is_clear(self) -> bool:
        return self.stalled_s < MOST_STALLED * self.seconds


@dataclass(frozen=True)
class Probe:
    """What another client saw while one connection waited.

    `left` is the share of the wait that was left when the probe had its answer: below 0, it was
    over by then. `begun` is the share that was over when the probe asked.
    """

    seconds: float
    left: float
    begun: float
    stalled: float

    @property
    def held_up(self) -> bool | None:
        """Whether it was answered only after the wait; None where this run does not tell."""
        if self.begun < 0 or self.stalled > MOST_STALLED:
            return None
        if self.left >= LEAST_LEFT:
            return False
        return True if self.left <= MOST_LEFT else None


class Stopwatch:
    """The client's clock, and the longest time for which the client itself was held up."""

    def __init__(self) -> None:
        self.stalled_s = 0.0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Stopwatch"]:
        ticking = asyncio.create_task(self._tick())
        try:
            yield self
        finally:
            ticking.cancel()

    async def _tick(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(TICK_S)
            now = time.perf_counter()
            self.stalled_s = max(self.stalled_s, now - last - TICK_S)
            last = now


@contextlib.asynccontextmanager
async def opened(dial: Dial, paths: list[str]) -> AsyncIterator[list[Any]]:
    """Open connections, a few at a time; all are closed at the end."""
    connections: list[Any] = []
    try:
        for first in range(0, len(paths), OPEN_AT_ONCE):
            some = [_dialled(dial, path) for path in paths[first:][:OPEN_AT_ONCE]]
            for result in await asyncio.gather(*some, return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result
                connections.append(result)
        yield connections
    finally:
        await asyncio.gather(*(one.close() for one in connections), return_exceptions=True)


async def _dialled(dial: Dial, path: str) -> Any:
    return await dial(path)


async def counted(connection: Any, last: int, watch_s: Callable[[], float]) -> list[float]:
    """When each frame of "count <last>" arrived, the first entry being when it was asked."""
    times = [watch_s()]
    await connection.send(f"count {last}")
    for number in range(1, last + 1):
        frame = await connection.recv()
        if frame != str(number):
            raise WrongAnswer(f"count {last}", str(number), frame)
        times.append(watch_s())
    return times


async def count_once(connection: Any) -> None:
    """Ask for a count to 1, and hear it."""
    await counted(connection, 1, time.perf_counter)


class WrongAnswer(Exception):
    """A site that answers something else than the experiment needs."""

    def __init__(self, asked: str, expected: str, got: object) -> None:
        super().__init__(f'to "{asked}" the answer was {got!r}, not {expected!r}')
        self.asked = asked
        self.expected = expected
        self.got = got


async def together(
    dial: Dial, path: str, connections: int, converse: Converse = count_once
) -> Crowd:
    """Connections that each ask at the same moment; `converse` ends with the last answer."""
    async with opened(dial, [path] * connections) as clients, Stopwatch().running() as watch:
        began = time.perf_counter()

        async def lane(client: Any) -> Lane:
            asked_s = time.perf_counter() - began
            await converse(client)
            answered_s = time.perf_counter() - began
            return Lane(asked_s, answered_s, int(client.local_address[1]))

        lanes = await asyncio.gather(*(lane(client) for client in clients))
    return Crowd(lanes, watch.stalled_s, began)


async def holdup(
    dial: Dial, path: str, probes: dict[str, Ask], wait_s: float, last: int = 3
) -> dict[str, Probe]:
    """One connection counts to `last`, which takes `wait_s`; meanwhile each probe asks once."""
    async with opened(dial, [path]) as [waiting], Stopwatch().running() as watch:
        began = time.perf_counter()
        counting = asyncio.ensure_future(
            counted(waiting, last, lambda: time.perf_counter() - began)
        )
        await asyncio.sleep(wait_s / 6)
        asked_s = time.perf_counter() - began

        async def answered(ask: Ask) -> float:
            await ask()
            return time.perf_counter() - began

        try:
            times = await asyncio.gather(*(answered(ask) for ask in probes.values()))
            ended_s = (await counting)[-1]
        finally:
            counting.cancel()
    return {
        name: Probe(
            answered_s - asked_s,
            (ended_s - answered_s) / wait_s,
            1 - (ended_s - asked_s) / wait_s,
            watch.stalled_s / wait_s,
        )
        for name, answered_s in zip(probes, times, strict=True)
    }


async def arrivals(dial: Dial, path: str, last: int = 3) -> list[float]:
    """How long after the question each frame of a count arrived, in seconds."""
    async with opened(dial, [path]) as [client]:
        began = time.perf_counter()
        return (await counted(client, last, lambda: time.perf_counter() - began))[1:]


async def two_counts(dial: Dial, path: str, last: int = 3) -> list[str]:
    """The frames that a client gets that asks for two counts without a pause between them."""
    async with opened(dial, [path]) as [client]:
        for _ in range(2):
            await client.send(f"count {last}")
        return [str(await client.recv()) for _ in range(2 * last)]


async def get_page(host: str, port: int, path: str = "/") -> bytes:
    """The whole answer to GET, head and body, over a connection of its own."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return await reader.read()
    finally:
        writer.close()
