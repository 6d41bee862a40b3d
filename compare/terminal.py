"""What a run shows: tables that fit any stream, and a bar while it works, on a terminal only."""

import io
import os
import sys
from types import TracebackType
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table as RichTable

from coach.screen import Screen
from compare import tables
from compare.tables import Table

WIDTH = 100
# About how many seconds each question takes beside the others, for the bar.
SHARES = {"together": 24, "holdup": 8, "echo": 26, "memory": 4, "database": 3, "cpu": 3}


def show(told: dict[str, Any], screen: Screen) -> None:
    """Print the header and every table."""
    screen.lines([*tables.header(told), "", *tables.LEGEND])
    for table in tables.tables(told):
        screen.line()
        screen.line(table.title, style="bold")
        screen.lines(drawn(table, screen) if table.rows else [])
        screen.lines(table.notes)


def drawn(table: Table, screen: Screen) -> list[str]:
    """A table as lines of text: with rules on a terminal, with spaces alone elsewhere."""
    is_ruled = not screen.plain and not screen.is_ascii
    gap = (0, 1, 0, 0) if is_ruled else (0, 2, 0, 0)  # the rule adds one itself
    rich = RichTable(box=box.SIMPLE_HEAD if is_ruled else None, padding=gap, pad_edge=False)
    for number, column in enumerate(table.columns):
        is_text = number == 0 or column in ("", "who asks")
        rich.add_column(column, justify="left" if is_text else "right", overflow="fold")
    before = ""
    for row in table.rows:
        name, before = ("" if row[0] == before else row[0]), row[0]
        rich.add_row(name, *row[1:])
    width = WIDTH if screen.plain else min(WIDTH, screen.console.width)
    page = io.StringIO()
    Console(file=page, width=width, no_color=True, force_terminal=False).print(rich)
    return [line.rstrip() for line in page.getvalue().splitlines() if line.strip()]


class Bar:
    """A bar on standard error while the laboratory works; nothing where that is no terminal."""

    def __init__(self, questions: tuple[str, ...], steps: dict[str, int]) -> None:
        is_shown = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        columns = BarColumn(), TextColumn("{task.percentage:3.0f} %  {task.description}")
        self.progress = Progress(
            *columns, console=Console(stderr=True), transient=True, disable=not is_shown
        )
        self.steps = steps
        self.task = self.progress.add_task(
            "starting the server", total=sum(SHARES[question] for question in questions)
        )
        self.question = ""
        self.begun: float = 0

    def begin(self, question: str) -> None:
        """From here on the steps are those of this question."""
        self.begun += SHARES.get(self.question, 0)
        self.question = question
        self.progress.update(self.task, completed=self.begun)

    def step(self, text: str) -> None:
        self.progress.update(self.task, description=text)
        self.progress.advance(self.task, SHARES[self.question] / self.steps[self.question])

    def __enter__(self) -> "Bar":
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.progress.stop()
