"""`bench`: what the coach's answers cost, each beside its floor."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from coach.bench import Races, Result, anew, cold, result_of, warm
from coach.cli import FAILED, leave
from coach.screen import Screen
from coach.verbs import options

PARTS: dict[str, Callable[[Path], Races]] = {
    "cold": cold.checks,
    "warm": warm.verdicts,
    "setup": anew.setup,
    "audit": cold.audit,
    "lessons": cold.lessons,
}
MEMORY = "memory"


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice([*PARTS, MEMORY]))
@click.option("--rounds", type=click.IntRange(7), default=7, show_default=True)
@options.plain
def command(parts: tuple[str, ...], rounds: int, plain: bool) -> None:
    """Time what the coach does beside its floor, in turns; prints medians and ratios.

    Without PARTS all of them, which takes a while; exit code 1 where a promise does not hold.
    """
    screen = Screen(plain)
    screen.line(f"{'':34} median s   floor s   ratio   promised   ({rounds} rounds in turns)")
    is_held = True
    for part in parts or (*PARTS, MEMORY):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            if part == MEMORY:
                screen.lines(warm.memory(Path(home)))
                continue
            for race in PARTS[part](Path(home)):
                result = result_of(race, rounds)
                is_held = is_held and result.is_held
                screen.line(row(result))
    if not is_held:
        leave(FAILED)


def row(result: Result) -> str:
    """A line of the table: the promise, and whether it holds, stand last."""
    race = result.race
    bounds = [f"{race.most:g}"] if race.most else []
    bounds += [f"{race.most_s:g} s"] if race.most_s else []
    held = f"   {' and '.join(bounds):10} {'holds' if result.is_held else 'is missed'}"
    numbers = f"{result.median_s:9.3f} {result.floor_s:9.3f} {result.ratio:7.2f}"
    return f"{race.name:34} {numbers}{held if bounds else ''}   beside {race.floor_name}"
