"""Measurements in rounds: contenders take turns, and what comes out is summed up alike."""

import math
import statistics
from collections.abc import Iterator, Sequence
from typing import TypeVar

Contender = TypeVar("Contender")


def in_turns(contenders: Sequence[Contender], rounds: int) -> Iterator[tuple[int, Contender]]:
    """Each contender once a round, every second round in the opposite order."""
    for number in range(rounds):
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            yield number, contender


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return sorted(values)[max(0, math.ceil(0.95 * len(values)) - 1)]


def summed_up(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile, spread ((max - min) / median) and the number of runs."""
    median = statistics.median(values)
    spread = (max(values) - min(values)) / median if median else 0.0
    return {
        "median": round(median, 5), "p95": round(p95(values), 5), "spread": round(spread, 3),
        "runs": len(values),
    }  # fmt: skip
