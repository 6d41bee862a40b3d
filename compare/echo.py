"""Messages without work: how many a second, and how long one takes to come back."""

import asyncio
import contextlib
import gc
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from compare import echo_server, experiments
from compare.lab import RUN_LIMIT_S, Lab, Row
from compare.rounds import in_turns, summed_up
from compare.stage.files import allow_many_files
from compare.ways import ECHOES, ECHOING, Way

CLIENT = Way("client", "/")
# More than so many are opened for one way at a time: beside thousands that stand open, even idle,
# the rates of the others fell and scattered.
FEW = 100
ALONE = "More than 100 at once: one way after another, without the connections of the others."
TOO_FEW_FILES = "More than 100 at once are left out: too few files may be open here."
SPARE_FILES = 800
TEXT = "tea"


@dataclass(frozen=True)
class Burst:
    """What connections did that each sent, waited for the answer, and sent again.

    `busy` is the share of the time for which this process, the client, was computing.
    """

    seconds: float
    latencies_s: list[float]
    busy: float

    @property
    def per_second(self) -> float:
        return len(self.latencies_s) / self.seconds


async def burst(connections: Sequence[Any], seconds: float = 0.0, messages: int = 0) -> Burst:
    """Each connection sends so many messages, or else for so many seconds, but at least one."""
    latencies_s: list[float] = []
    began_s, began_busy_s = time.perf_counter(), time.process_time()

    async def talk(connection: Any) -> None:
        sent = 0
        now_s = began_s
        while not sent or sent < messages or (not messages and now_s < began_s + seconds):
            asked_s = time.perf_counter()
            await connection.send(TEXT)
            await connection.recv()
            now_s = time.perf_counter()
            latencies_s.append(now_s - asked_s)
            sent += 1

    async with asyncio.timeout(RUN_LIMIT_S):
        await asyncio.gather(*(talk(one) for one in connections))
    took_s = time.perf_counter() - began_s
    return Burst(took_s, latencies_s, (time.process_time() - began_busy_s) / took_s)


@dataclass
class Bursts:
    """What one way did with one number of connections."""

    way: Way
    connections: int
    runs: list[Burst] = field(default_factory=list)

    def row(self) -> Row:
        rates = summed_up([run.per_second for run in self.runs])
        latencies_s = sorted(one for run in self.runs for one in run.latencies_s)
        last = latencies_s[int(0.99 * (len(latencies_s) - 1))]
        return {
            "way": self.way.name, "connections": self.connections,
            "per_second": round(rates["median"]), **rates,
            "p50_ms": round(1000 * latencies_s[len(latencies_s) // 2], 2),
            "p99_ms": round(1000 * last, 2),
            "client_busy": round(statistics.median(run.busy for run in self.runs), 2),
        }  # fmt: skip


async def echo(lab: Lab, mark: str) -> list[Row]:
    """The rows of the table, by way and number of connections."""
    ways = [*await lab.offered("echo", ECHOING, ECHOES), CLIENT]
    few = [size for size in lab.plan.echo_sizes if size <= FEW]
    many = [size for size in lab.plan.echo_sizes if size > FEW]
    bursts = []
    async with echo_server.running(mark) as to_client:
        dials = {way: to_client if way is CLIENT else lab.server.dial for way in ways}
        bursts += await in_rounds(lab, dials, few)
        if many and allow_many_files() < max(many) + SPARE_FILES:
            lab.note("echo", TOO_FEW_FILES)
        elif many:
            lab.note("echo", ALONE)
            for way, dial in dials.items():
                bursts += await in_rounds(lab, {way: dial}, many)
    bursts.sort(key=lambda one: (ways.index(one.way), one.connections))
    return [one.row() for one in bursts]


async def in_rounds(lab: Lab, dials: dict[Way, Any], sizes: list[int]) -> list[Bursts]:
    """The connections of all these ways are open at once, so that the ways can take turns."""
    async with contextlib.AsyncExitStack() as stack:
        clients = {}
        for way, dial in dials.items():
            opening = experiments.opened(dial, [way.path] * max(sizes))
            clients[way] = await stack.enter_async_context(opening)
            await burst(clients[way], messages=1)
        gc.freeze()  # thousands of connections that stay need not be looked through again
        stack.callback(gc.unfreeze)
        bursts = [Bursts(way, size) for size in sizes for way in dials]
        for _, one in in_turns(bursts, lab.plan.rounds):
            lab.step(f"echo: {one.way.name}, {one.connections}")
            one.runs.append(await burst(clients[one.way][: one.connections], lab.plan.echo_s))
    return bursts
