"""Measurements for the notebooks, by the laboratory of `compare/`."""

from importlib.metadata import version
from typing import Any

from coach.notebook.state import State
from compare.laboratory import Order
from compare.laboratory import measure as measured

PACKAGES = ("django", "channels", "daphne", "asgiref")


def versions(*more: str) -> str:
    """The versions on which everything below was run, such as "channels 4.3.2"."""
    return ", ".join(f"{name} {version(name)}" for name in (*PACKAGES, *more))


class Silent:
    """Shows nothing of how far a run is."""

    def begin(self, question: str) -> None: ...
    def step(self, text: str) -> None: ...


async def measure(site: State, question: str) -> dict[str, Any]:
    """Ask one question of the laboratory of a real Daphne with this site: "together", "holdup",
    "echo" or "memory". What comes back is what `make compare` writes as JSON, from a quick run."""
    return await measured(Order(site.folder, quick=True, questions=(question,)), Silent())
