"""`progress`: every lesson, and how far the learner has come in it."""

import csv
import io
import sys
from collections.abc import Iterable
from typing import Any

import click

from coach.course import lessons
from coach.learner import Learner
from coach.report import print_json
from coach.screen import Screen, encodable
from coach.verbs import options

BAR_CHARS = 20
COLUMNS = ("folder", "lesson", "title", "state", "step", "of", "when")


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False))
@options.work
@options.as_json
@click.option("--csv", "as_csv", is_flag=True, help="A table, of each of the FOLDERS.")
@options.plain
def command(
    folders: tuple[str, ...], work: str | None, as_json: bool, as_csv: bool, plain: bool
) -> None:
    """Every lesson: not begun, in work at step k of n, or done, as of its last check.

    With --csv and the learners' folders after it, the table of a whole class.
    """
    if as_csv:
        if as_json:
            raise click.UsageError("--json and --csv are two forms: choose one.")
        print_csv(folders or (work or "",))
        return
    if folders:
        raise click.UsageError("FOLDERS are for --csv; one folder is named with --work.")
    learner = Learner.at(work)
    rows = rows_of(learner)
    done = sum(row["state"] == "done" for row in rows)
    if as_json:
        print_json({"schema": 1, "done": done, "lessons": rows})
        return
    screen = Screen(plain)
    for told in rows:
        at = f"step {told['step']} of {told['of']}" if told["state"] == "in work" else told["state"]
        screen.line(f"{told['lesson']:3}  {told['title']:32}  {at}")
    full = BAR_CHARS * done // len(rows)
    bar = "█" * full + "░" * (BAR_CHARS - full)
    screen.line(f"     {bar}  {done} of {len(rows)} lessons done, as of each one's last check")


def rows_of(learner: Learner) -> list[dict[str, Any]]:
    known = learner.progress() if learner.folder.is_there else {}
    return [row(one.number, one.title, len(one.steps), known.get(one.number)) for one in lessons()]


def print_csv(folders: Iterable[str]) -> None:
    """Print a line for each lesson of each folder, which is named as it was typed."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    for named in folders:
        learner = Learner.at(named or None)
        known = learner.progress() if learner.folder.is_there else {}
        for told in rows_of(learner):
            entry = known.get(told["lesson"], {}) if told["state"] != "not begun" else {}
            folder = named or learner.folder.shown
            table.writerow(told | {"folder": folder, "when": str(entry.get("when", ""))})
    print(encodable(text.getvalue(), sys.stdout), end="")


def row(number: int, title: str, steps: int, entry: dict[str, Any] | None) -> dict[str, Any]:
    """One lesson's line: its state, and the step in work where there is one."""
    told: dict[str, Any] = {"lesson": number, "title": title, "state": "not begun"}
    if entry and entry.get("done"):
        told["state"] = "done"
    elif entry and not entry.get("skipped"):
        told |= {"state": "in work", "step": entry.get("passed", 0) + 1, "of": steps}
    return told
