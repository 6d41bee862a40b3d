"""One connection waits. Is somebody else, who asks meanwhile, kept waiting too?"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from compare import experiments
from compare.experiments import Ask, Probe
from compare.lab import RUN_LIMIT_S, Lab, Row
from compare.rounds import in_turns, summed_up
from compare.ways import ASYNC, ASYNC_EACH, COUNTS, ECHOES, RAW, SYNC, SYNC_EACH, WAITING, Way

COUNT_TO = 3
VERIFYING_S = 0.01
# Of the runs that tell, this share has to agree; of all rounds, so many may be run again.
LEAST_AGREED = 0.75
MORE_ROUNDS = 2


@dataclass
class Seen:
    """What one probe saw while connections of one way waited."""

    probes: list[Probe] = field(default_factory=list)

    @property
    def told(self) -> list[bool]:
        return [probe.held_up for probe in self.probes if probe.held_up is not None]

    @property
    def held_up(self) -> bool | None:
        """What the runs agree on; None where too few tell, or where they differ."""
        told = self.told
        if len(told) < 2:
            return None
        share = told.count(True) / len(told)
        if share >= LEAST_AGREED:
            return True
        return False if share <= 1 - LEAST_AGREED else None


async def holdup(lab: Lab) -> list[Row]:
    """The rows of the table, by the way of the one that waits and of the one that asks."""
    await lab.pause(VERIFYING_S)
    waiting = await lab.offered("holdup", WAITING, COUNTS)
    probing = await lab.offered("holdup", [RAW, ASYNC, SYNC, ASYNC_EACH, SYNC_EACH], ECHOES)
    await lab.pause(lab.plan.holdup_pause_s)
    has_page = await page_is_there(lab)
    waits_s = {way: await wait_of(lab, way) for way in waiting}
    seen: dict[tuple[Way, str], Seen] = {}
    for number, way in in_turns(waiting, lab.plan.rounds * (1 + MORE_ROUNDS)):
        mine = [one for (waits, _), one in seen.items() if waits is way]
        if number >= lab.plan.rounds and all(one.held_up is not None for one in mine):
            continue
        if number < lab.plan.rounds:
            lab.step(f"held up by: {way.name}")
        async with asking(lab, way, probing, has_page) as probes, asyncio.timeout(RUN_LIMIT_S):
            run = await experiments.holdup(
                lab.server.dial, way.path, probes, waits_s[way], COUNT_TO
            )
        for name, probe in run.items():
            seen.setdefault((way, name), Seen()).probes.append(probe)
    return [row(way, name, one, waits_s[way]) for (way, name), one in seen.items()]


def row(way: Way, name: str, seen: Seen, wait_s: float) -> Row:
    told = [probe for probe in seen.probes if probe.held_up is not None] or seen.probes
    seconds = summed_up([probe.seconds for probe in told])
    return {
        "waiting": way.name, "probe": name, "seconds": seconds["median"], **seconds,
        "wait_s": round(wait_s, 5), "held_up": seen.held_up,
    }  # fmt: skip


async def wait_of(lab: Lab, way: Way) -> float:
    """How long a whole count takes on this site while nobody else asks."""
    ones = [(await experiments.arrivals(lab.server.dial, way.path, 1))[0] for _ in range(2)]
    return COUNT_TO * min(ones)


@contextlib.asynccontextmanager
async def asking(
    lab: Lab, waiting: Way, ways: list[Way], has_page: bool
) -> AsyncIterator[dict[str, Ask]]:
    """What each probe does: a word and its answer on an open connection, or a page."""
    in_async, in_sync = (ASYNC_EACH, SYNC_EACH) if waiting is SYNC_EACH else (ASYNC, SYNC)
    probes = {"raw": RAW, "async": in_async, "sync": in_sync}
    probes = {name: way for name, way in probes.items() if way in ways}
    async with experiments.opened(lab.server.dial, [way.path for way in probes.values()]) as opened:
        asks: dict[str, Ask] = {}
        for name, connection in zip(probes, opened, strict=True):
            asks[name] = asker(connection)
        if has_page:
            asks["http"] = lambda: page(lab)
        yield asks


def asker(connection: Any) -> Ask:
    async def ask() -> None:
        await connection.send("tea")
        await connection.recv()

    return ask


async def page_is_there(lab: Lab) -> bool:
    """Whether the site has a page at /; where it has none, that is noted."""
    status = int((await lab.server.get("/")).split()[1])
    if status >= 400:
        says = f"This site has no page to ask for: / answers with HTTP {status}."
        lab.not_offered.append({"question": "holdup", "way": "http", "says": says})
    return status < 400


async def page(lab: Lab) -> None:
    await lab.server.get("/")
