"""The command line: `python -m compare run`, and `draw` for the figure of an earlier run."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any, NoReturn

import click

from coach import cli
from coach.evidence import CoachError
from coach.folder import put_whole
from coach.screen import Screen
from compare import figure, laboratory, terminal
from compare.laboratory import QUESTIONS, Order
from compare.server import NAMES


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def compare() -> None:
    """The laboratory: sync and async consumers, measured on this machine.

    Exit codes: 0 measured, 2 wrong usage, 3 the laboratory or the machine failed.
    """


json_file = click.option(
    "--json", "json_file", metavar="FILE", type=click.Path(path_type=Path),
    help="Write the result there.",
)  # fmt: skip
svg_file = click.option(
    "--svg", "svg_file", metavar="FILE", type=click.Path(path_type=Path),
    help="Draw there who waits for whom.",
)  # fmt: skip


@compare.command()
@click.option(
    "--site", metavar="DIR", type=click.Path(path_type=Path),
    help="The folder of another site, such as work/. It is copied, and nothing in it is touched.",
)  # fmt: skip
@click.option(
    "--server", type=click.Choice(list(NAMES)), default="daphne", show_default=True,
    help="Which server serves the site.",
)  # fmt: skip
@click.option("--quick", is_flag=True, help="Smaller sizes and 3 rounds: about 15 s.")
@click.option(
    "--question", "questions", multiple=True, type=click.Choice(QUESTIONS),
    help="Only this question; may be given more than once.",
)  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="0 is a free one.")
@json_file
@svg_file
def run(
    site: Path | None, server: str, quick: bool, questions: tuple[str, ...], port: int,
    json_file: Path | None, svg_file: Path | None,
) -> None:  # fmt: skip
    """Measure who waits for whom, and what a message, a connection and a query cost."""
    asked = tuple(one for one in QUESTIONS if one in questions) or QUESTIONS
    if svg_file and "together" not in asked:
        raise click.UsageError("--svg draws the question together; ask that one too.")
    for file in filter(None, (json_file, svg_file)):
        refuse_unwritable(file)
    order = Order(site, server, quick, port, asked)
    with terminal.Bar(asked, order.plan.steps) as bar:
        told = asyncio.run(laboratory.measure(order, bar))
    terminal.show(told, Screen())
    if json_file:
        write(json_file, json.dumps(told, indent=1) + "\n")
    if svg_file:
        write(svg_file, drawing_of(told))


@compare.command()
@click.argument("told_file", metavar="FILE.json", type=click.Path(path_type=Path))
@click.option("--svg", "svg_file", required=True, metavar="FILE", type=click.Path(path_type=Path))
def draw(told_file: Path, svg_file: Path) -> None:
    """Draw the figure again from the JSON of an earlier run."""
    try:
        told = json.loads(told_file.read_text("utf-8"))
        drawing = drawing_of(told)
    except OSError as error:
        raise CoachError(f"{told_file} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CoachError(f"{told_file} is not the JSON of a run of the laboratory.") from error
    write(svg_file, drawing)


def drawing_of(told: dict[str, Any]) -> str:
    if not told["figure"]["panels"]:
        raise CoachError("There is nothing to draw: no wait was recorded in this run.")
    return figure.svg(told)


def refuse_unwritable(file: Path) -> None:
    """A `CoachError` before anything is measured where the result could not be written."""
    folder = file.absolute().parent
    if file.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise CoachError(cannot_be_written(file))


def cannot_be_written(file: Path) -> str:
    return f"{file} cannot be written. Name a file in a folder that exists and that you may write."


def write(file: Path, text: str) -> None:
    try:
        put_whole(file, text.encode())
    except OSError as error:
        raise CoachError(cannot_be_written(file)) from error


def interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def main() -> int:
    """Run the command; the exit code. Nothing ends in a traceback, and no process stays behind."""
    signal.signal(signal.SIGTERM, interrupt)
    interrupted = "Interrupted. The server has been stopped, and nothing was written."
    return cli.run(compare, interrupted, "The laboratory failed")
