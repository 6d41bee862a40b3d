"""Everything that the terminal shows. Colour only on a terminal; elsewhere one fact a line."""

import contextlib
import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from coach.report import Report, StepReport

MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "waiting": ("·", "dim")}
ASCII = str.maketrans(
    {
        "✓": "+", "✗": "x", "·": "-", "→": ">", "←": "<", "≠": "!", "…": "...", "█": "#", "░": ".",
        "├": "|", "└": "`", "│": "|", "─": "-",
    }
)  # fmt: skip
LABEL_CHARS = 10
# Commands are named as they can be typed here.
HAS_MAKE = os.name != "nt" and shutil.which("make") is not None
OUTPUT_LINES = 12


class Screen:
    """Where one command prints: a terminal in colour, or plain lines."""

    def __init__(self, plain: bool = False, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.plain = plain or bool(os.environ.get("NO_COLOR")) or not self.stream.isatty()
        self.console = Console(
            file=self.stream, no_color=self.plain, force_terminal=False if self.plain else None,
            highlight=False, soft_wrap=True, width=10_000 if self.plain else None,
        )  # fmt: skip
        self.is_ascii = not can_show("✓·→█", self.stream)

    def line(self, text: str | Text = "", style: str = "") -> None:
        shown = text.copy() if isinstance(text, Text) else Text(text, style=style)
        if self.is_ascii:
            shown.plain = shown.plain.translate(ASCII)
        shown.plain = encodable(shown.plain, self.stream)
        shown.rstrip()
        if self.plain:
            self.stream.write(shown.plain + "\n")
        else:
            for part in wrapped(shown, self.console):
                self.console.print(part)

    def clear(self) -> None:
        """An empty terminal; what was there can be scrolled back to."""
        self.console.clear()

    def last_line(self, text: str, style: str = "") -> None:
        """Show a line that the next one replaces."""
        self.over_last_line()
        shown = encodable(text, self.stream)[: self.console.width - 1]
        self.console.print(Text(shown, style=style), end="")

    def over_last_line(self) -> None:
        self.console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))

    def lines(self, texts: Iterable[str | Text]) -> None:
        for text in texts:
            self.line(text)


@contextlib.contextmanager
def under_way() -> Iterator[Callable[[str], None]]:
    """What a command does now, on a line of the terminal that goes when it is done."""
    console = Console(stderr=True, highlight=False)
    with console.status("", spinner="line") as status:
        yield lambda text: status.update(Text(encodable(text, sys.stderr), style="dim"))


def wrapped(text: Text, console: Console) -> Iterable[Text]:
    """A line broken to fit the console; what goes on stands below where the content began."""
    if "\n" in text.plain or text.cell_len <= console.width:
        return [text]
    label = re.match(r"\s*\S.*?\s{2,}|\s*", text.plain)
    indent = label.end() if label and label.end() < console.width // 2 else 0
    head, body = text[:indent], text[indent:]
    parts = list(body.wrap(console, console.width - indent))
    return [
        head.append_text(parts[0]),
        *(Text(" " * indent).append_text(part) for part in parts[1:]),
    ]


def can_show(text: str, stream: TextIO) -> bool:
    return encodable(text, stream) == text


def encodable(text: str, stream: TextIO) -> str:
    """Text with what the stream cannot encode replaced, so that printing never fails."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


def report_lines(
    report: Report,
    trace: bool = False,
    hint: bool = True,
    work: str = "",
    has_make: bool = HAS_MAKE,
) -> list[Text]:
    """A report as people read it: the steps, and under the failed one what there is to know."""
    failed = report.failed_step
    count = len(report.steps)
    place = f"step {failed.step} of {report.of}" if failed else counted(count, "step")
    style = f" · {report.branch}" if report.branch else ""
    head = Text(f"Lesson {report.lesson} · {report.title}{style}".ljust(66), style="bold")
    head.append(place, style="not bold dim")
    lines = [head]
    for step in report.steps:
        mark, style = MARKS[step.state]
        line = Text("  ").append(mark, style=style).append(f" {step.step}  {step.title}")
        if step.state == "waiting":
            line.stylize("dim")
        lines.append(line)
        lines += compared_lines(step)
        if step is failed:
            lines += failure_lines(step, report.work, trace)
    if failed and hint:
        lines.append(
            Text(f"  hint  {typed('hint', report.lesson, '', has_make, work)}", style="dim")
        )
    if not failed:
        lines.append(Text(f"  passed: lesson {report.lesson} is done", style="green"))
        if report.next_page:
            lines.append(Text(f"  next  {report.next_page}", style="dim"))
    return lines


def typed(
    verb: str,
    argument: object,
    branch: str = "",
    has_make: bool = HAS_MAKE,
    work: str = "",
) -> str:
    """The command as people type it here: `make hint-3`, or `python -m coach hint 3`.

    work: what WORK names; on Windows it stays in the environment
    """
    if not has_make:
        return f"python -m coach {verb} {argument}" + (f" --branch {branch}" if branch else "")
    target = f"make {'lesson' if verb == 'check' else verb}-{argument}"
    target += f" BRANCH={branch}" if branch else ""
    return target + (f" WORK={shlex.quote(work)}" if work else "")


def written_or_removed(shown: str, paths: Iterable[str], tree: Iterable[str]) -> Iterable[str]:
    """A line for each changed path of the learner's folder; `tree` are those it holds now."""
    there = set(tree)
    for path in paths:
        yield f"  {'written' if path in there else 'removed'}  {shown}/{path}"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def failure_lines(step: StepReport, work: str, trace: bool) -> list[Text]:
    """What was done, expected and got, where to look, and why if that is established."""
    look_at = f"{work}/{step.look_at}" + (f" · {step.where}" if step.where else "")
    facts = [
        ("did", step.did, ""), ("expected", step.expected, ""), ("got", step.got, "bold"),
        ("look at", look_at, "cyan"), ("why", step.why or "", "yellow"),
    ]  # fmt: skip
    lines = [Text()]
    lines += [fact(label, text, style) for label, text, style in facts if text]
    if step.tape:
        lines += [Text(), Text("    the tape", style="dim")]
        lines += [
            Text(f"      {line}", style="red" if "✗" in line else "") for line in step.tape[-12:]
        ]
    printed = [line for line in step.output.splitlines() if line.strip()]
    if printed:
        left_out = len(printed) - OUTPUT_LINES
        more = f" (the last {OUTPUT_LINES} lines of {len(printed)})" if left_out > 0 else ""
        lines += [Text(), Text(f"    printed by your site{more}", style="dim")]
        lines += [Text(f"      {line}", style="dim") for line in printed[-OUTPUT_LINES:]]
    if trace and step.trace:
        lines += [Text(), Text("    the traceback", style="dim")]
        lines += [Text(f"      {line}") for line in step.trace.splitlines()]
    return [*lines, Text()]


def compared_lines(step: StepReport) -> list[Text]:
    """What was measured, each beside its prediction; the report keeps what that was at first."""
    rows = step.compared
    at_first = "at first" if any(one.first for one in rows) else ""
    is_predicted = any(one.predicted for one in rows)
    lines = [compared_line("", ["predicted", "measured", at_first], "dim")] if is_predicted else []
    for one in rows:
        cells = [one.predicted, one.measured, one.first] if is_predicted else [one.measured]
        lines.append(compared_line(one.what, cells, "" if one.agrees else "yellow", one.agrees))
    return lines


def compared_line(what: str, cells: list[str], style: str, agrees: bool = True) -> Text:
    text = "".join(f"{cell:11}" for cell in cells)
    return Text(f"     {' ' if agrees else '≠'} {what:39}{text}".rstrip(), style=style)


def fact(label: str, text: str, style: str) -> Text:
    """One labelled line of a report; later lines of the same fact are indented under it."""
    first, *rest = text.splitlines() or [""]
    indent = " " * (4 + LABEL_CHARS)
    body = "\n".join([first, *(indent + line for line in rest)])
    return Text(f"    {label.ljust(LABEL_CHARS)}", style="dim").append(
        body, style=f"not dim {style}"
    )
