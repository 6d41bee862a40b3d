"""`progress`: every lesson, and how far the learner has come in it."""

from typing import Any

import click

from coach.course import lessons
from coach.learner import Learner
from coach.report import print_json
from coach.screen import Screen
from coach.verbs import options

BAR_CHARS = 20


@click.command()
@options.work
@options.as_json
@options.plain
def command(work: str | None, as_json: bool, plain: bool) -> None:
    """Every lesson: not begun, in work at step k of n, or done, as of its last check."""
    learner = Learner.at(work)
    known = learner.progress() if learner.folder.is_there else {}
    rows = [row(one.number, one.title, len(one.steps), known.get(one.number)) for one in lessons()]
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


def row(number: int, title: str, steps: int, entry: dict[str, Any] | None) -> dict[str, Any]:
    """One lesson's line: its state, and the step in work where there is one."""
    told: dict[str, Any] = {"lesson": number, "title": title, "state": "not begun"}
    if entry and entry.get("done"):
        told["state"] = "done"
    elif entry and not entry.get("skipped"):
        told |= {"state": "in work", "step": entry.get("passed", 0) + 1, "of": steps}
    return told
