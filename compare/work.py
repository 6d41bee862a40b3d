"""Messages with work behind them: a query of the database, or some computing."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from compare import experiments
from compare.echo import Bursts, burst
from compare.lab import Lab, Row
from compare.rounds import in_turns, summed_up
from compare.ways import COMPUTING, ECHOES, QUERYING, Way


@contextlib.asynccontextmanager
async def all_open(lab: Lab, ways: Sequence[Way], most: int) -> AsyncIterator[dict[Way, list[Any]]]:
    """Connections of every way, each of which has had one answer."""
    async with contextlib.AsyncExitStack() as stack:
        clients = {}
        for way in ways:
            paths = [way.path] * most
            clients[way] = await stack.enter_async_context(
                experiments.opened(lab.server.dial, paths)
            )
            await burst(clients[way], messages=1)
        yield clients


async def database(lab: Lab) -> list[Row]:
    """One query a message: the rows of the table."""
    ways = await lab.offered("database", QUERYING, ECHOES)
    bursts = [Bursts(way, size) for way in ways for size in lab.plan.query_sizes]
    async with all_open(lab, ways, max(lab.plan.query_sizes)) as clients:
        for _, one in in_turns(bursts, lab.plan.rounds):
            lab.step(f"database: {one.way.name}, {one.connections}")
            one.runs.append(await burst(clients[one.way][: one.connections], lab.plan.query_s))
    return [one.row() for one in bursts]


async def cpu(lab: Lab) -> list[Row]:
    """Some computing a message: the rows. `cores` is how many cores the server kept busy."""
    ways = await lab.offered("cpu", COMPUTING, ECHOES)
    bursts = [Bursts(way, size) for way in ways for size in lab.plan.cpu_sizes]
    cores: dict[int, list[float]] = {id(one): [] for one in bursts}
    async with all_open(lab, ways, max(lab.plan.cpu_sizes)) as clients:
        for _, one in in_turns(bursts, lab.plan.rounds):
            lab.step(f"cpu: {one.way.name}, {one.connections}")
            before = await lab.server.ask("/lab/record")
            each = lab.plan.cpu_messages // one.connections
            run = await burst(clients[one.way][: one.connections], messages=each)
            after = await lab.server.ask("/lab/record")
            one.runs.append(run)
            cores[id(one)].append((after["computed_s"] - before["computed_s"]) / run.seconds)
    return [row(one, cores[id(one)]) for one in bursts]


def row(one: Bursts, cores: list[float]) -> Row:
    per_second = summed_up([run.per_second for run in one.runs])["median"]
    return {
        "way": one.way.name, "connections": one.connections,
        "cores": round(summed_up(cores)["median"], 2), **summed_up(cores),
        "per_second": round(per_second, 1),
    }  # fmt: skip
