"""One run of the laboratory: the server, the plan, and what comes out on the way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from compare.plan import Plan
from compare.server import Server
from compare.ways import Way, refusal

Row = dict[str, Any]
RUN_LIMIT_S = 90.0


@dataclass
class Lab:
    """What a question gets. `step` is called once for each run, so that a bar can move."""

    plan: Plan
    step: Callable[[str], None]
    server: Server = field(init=False)
    not_offered: list[Row] = field(default_factory=list)
    notes: list[Row] = field(default_factory=list)

    async def offered(
        self, question: str, ways: Sequence[Way], answers: dict[str, list[str]]
    ) -> list[Way]:
        """Those of the ways that answer as expected; the others are noted."""
        found = []
        for way in ways:
            says = await refusal(self.server, way, answers)
            if says:
                self.not_offered.append({"question": question, "way": way.name, "says": says})
            else:
                found.append(way)
        return found

    async def pause(self, seconds: float) -> None:
        """Make the site's pauses so long, where it keeps them where the lessons put them."""
        await self.server.ask(f"/lab/pause/{seconds}")

    def note(self, question: str, says: str) -> None:
        self.notes.append({"question": question, "says": says})
