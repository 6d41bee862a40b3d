"""k connections wait at the same moment. Does it take one wait, or k of them?"""

import asyncio
import statistics
from dataclasses import dataclass, field

from compare import experiments
from compare.experiments import Crowd
from compare.lab import RUN_LIMIT_S, Lab, Row
from compare.rounds import in_turns, summed_up
from compare.ways import COUNTS, WAITING, Way

# Of k waits: what takes fewer than a third is together, what takes more than two thirds is not.
TOGETHER, ONE_AFTER_ANOTHER, TOO_NOISY = "together", "one after another", "too noisy to tell"
MOST_TOGETHER, LEAST_APART = 1 / 3, 2 / 3
TRIES = 4
LONGEST_CROWD_S = 6.0
DRAWN = 10
VERIFYING_S = 0.01


@dataclass
class Runs:
    """What one way did with one number of connections, and with a single one in the same round."""

    way: Way
    connections: int
    singles: list[Crowd] = field(default_factory=list)
    crowds: list[Crowd] = field(default_factory=list)
    panels: list[Row] = field(default_factory=list)

    @property
    def wait_s(self) -> float:
        return statistics.median(one.seconds for one in self.singles)

    def single(self) -> "Runs":
        """The same for the single connections."""
        return Runs(self.way, 1, self.singles, self.singles)

    @property
    def verdict(self) -> str | None:
        """Noise only ever adds time. So one quick crowd shows that they can wait together, and
        only crowds that are all slow, without the client being the cause, show the contrary."""
        if self.connections == 1:
            return None
        shares = [crowd.seconds / self.wait_s / self.connections for crowd in self.crowds]
        clear = [share for share, one in zip(shares, self.crowds, strict=True) if one.is_clear]
        if min(shares) < MOST_TOGETHER:
            return TOGETHER
        return ONE_AFTER_ANOTHER if len(clear) > 1 and min(shares) > LEAST_APART else TOO_NOISY

    def row(self) -> Row:
        ratios = summed_up([crowd.seconds / self.wait_s for crowd in self.crowds])
        return {
            "way": self.way.name, "connections": self.connections, "ratio": ratios["median"],
            **ratios, "wait_s": round(self.wait_s, 5), "verdict": self.verdict,
        }  # fmt: skip


async def together(lab: Lab) -> tuple[list[Row], list[Row]]:
    """The rows of the table, and for the figure each wait of ten connections, by way."""
    await lab.pause(VERIFYING_S)
    ways = await lab.offered("together", WAITING, COUNTS)
    rows: list[Row] = []
    panels: list[Row] = []
    for connections, pause_s in lab.plan.pauses:
        await lab.pause(pause_s)
        if too_long := await why_left_out(lab, ways, connections):
            lab.note("together", too_long)
            continue
        all_runs = [Runs(way, connections) for way in ways]
        for _, runs in in_turns(all_runs, lab.plan.rounds):
            lab.step(f"{connections} together: {runs.way.name}")
            await one_round(lab, runs)
            if connections == DRAWN:
                runs.panels.append(await drawn(lab, runs.crowds[-1], runs.way))
        rows += [runs.row() for runs in all_runs]
        if connections == DRAWN:
            rows += [runs.single().row() for runs in all_runs]
            panels = [middle(one.panels) | {"wait_s": round(one.wait_s, 4)} for one in all_runs]
    order = [way.name for way in ways]
    rows.sort(key=lambda row: (order.index(row["way"]), row["connections"]))
    return rows, panels


async def why_left_out(lab: Lab, ways: list[Way], connections: int) -> str:
    """A sentence where this site's pause would make so many wait too long; else nothing."""
    for way in ways if connections > DRAWN else ():
        wait_s = (await crowd_of(lab, way, 1)).seconds
        if wait_s * connections > LONGEST_CROWD_S:
            return (
                f"{connections} connections are left out: one wait at {way.site_path} takes "
                f"{wait_s:.1f} s on this site, and the laboratory cannot make it shorter."
            )
    return ""


async def one_round(lab: Lab, runs: Runs) -> None:
    runs.singles.append(await crowd_of(lab, runs.way, 1))
    await lab.server.ask("/lab/record")  # what it tells now, it forgets
    runs.crowds.append(await crowd_of(lab, runs.way, runs.connections))


async def crowd_of(lab: Lab, way: Way, connections: int) -> Crowd:
    """A crowd, tried again where the client itself was held up meanwhile."""
    for _ in range(TRIES):
        async with asyncio.timeout(RUN_LIMIT_S):
            crowd = await experiments.together(lab.server.dial, way.path, connections)
        if crowd.is_clear:
            break
    return crowd


async def drawn(lab: Lab, crowd: Crowd, way: Way) -> Row:
    """One crowd as the figure shows it: seconds since it asked, and threads numbered from 1.

    Thread 0 is the event loop's.
    """
    told = await lab.server.ask("/lab/record")
    threads = {told["loop_thread"]: 0}
    lanes: dict[int, Row] = {}
    for wait in sorted(told["waits"], key=lambda wait: float(wait["began_s"])):
        lane = lanes.setdefault(wait["client"], {
            "began_s": round(wait["began_s"] - crowd.began_s, 4),
            "thread": threads.setdefault(wait["thread"], len(threads)),
            "holds_thread": wait["holds_thread"],
        })  # fmt: skip
        lane["ended_s"] = round(wait["ended_s"] - crowd.began_s, 4)
    mine = [lanes[lane.client] for lane in crowd.lanes if lane.client in lanes]
    mine.sort(key=lambda lane: (lane["began_s"], lane["ended_s"]))
    return {"way": way.name, "seconds": round(crowd.seconds, 4), "lanes": mine}


def middle(panels: list[Row]) -> Row:
    """The one of several crowds that took neither the shortest nor the longest."""
    return sorted(panels, key=lambda panel: float(panel["seconds"]))[len(panels) // 2]
