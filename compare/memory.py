"""What an idle connection costs the server: memory, and threads."""

import contextlib
from collections import defaultdict

from compare import experiments
from compare.echo import burst
from compare.lab import Lab, Row
from compare.rounds import in_turns, summed_up
from compare.ways import ECHOES, ECHOING


async def memory(lab: Lab) -> list[Row]:
    """The rows of the table. Wants a server that has done nothing yet.

    Connections are added block by block and all stay open: what a closed one leaves behind would
    hide what the next one takes.
    """
    ways = await lab.offered("memory", ECHOING, ECHOES)
    size = lab.plan.memory_block
    kib, threads = defaultdict(list), defaultdict(list)
    async with contextlib.AsyncExitStack() as stack:
        for _, way in in_turns(ways, lab.plan.rounds):
            lab.step(f"memory: {way.name}")
            before = await lab.server.ask("/lab/record")
            paths = [way.path] * size
            clients = await stack.enter_async_context(experiments.opened(lab.server.dial, paths))
            await burst(clients, messages=1)
            after = await lab.server.ask("/lab/record")
            if after["resident_kib"] is None:
                lab.note("memory", "This system does not tell how much memory a process has.")
                return []
            kib[way].append((after["resident_kib"] - before["resident_kib"]) / size)
            threads[way].append((after["threads"] - before["threads"]) / size)
    return [
        {
            "way": way.name, "connections": size * lab.plan.rounds,
            "kib_per_connection": round(summed_up(kib[way])["median"], 1),
            "threads_per_connection": round(summed_up(threads[way])["median"], 2),
            **summed_up(kib[way]),
        }
        for way in ways
    ]  # fmt: skip
