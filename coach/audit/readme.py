"""Whether the front page is in step: the map of the lessons, and pictures of two checks."""

import io
import re
from collections.abc import Iterator

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from coach import course
from coach.audit import Finding
from coach.audit.checks import check
from coach.course import ROOT
from coach.process import Launcher
from coach.screen import report_lines, wrapped

README = ROOT / "README.md"
PICTURES = ROOT / ".github" / "pictures"
MAP = re.compile(r"<!-- lessons -->\n.*?<!-- end -->", re.S)
SHOWN_LESSON = 4
SHOWN_MISTAKE = "count on the class"
WIDTH_CHARS = 86
THEME = TerminalTheme(
    (24, 26, 31),
    (220, 223, 228),
    [(24, 26, 31), (240, 113, 120), (126, 200, 120), (229, 192, 110),
     (110, 170, 240), (200, 140, 220), (90, 200, 200), (220, 223, 228)],
)  # fmt: skip


def lesson_map() -> str:
    """The table of lessons: number with a link, title, goal, minutes, notebook."""
    rows = ["| lesson | | at its end | minutes | each line |", "|---|---|---|---|---|"]
    for one in course.lessons():
        link = f"[{one.number} {one.slug[3:]}](lessons/{one.slug}/README.md)"
        notebook = f"[notebook](notebooks/{one.slug}.ipynb)"
        goal, minutes = one.toml["goal"], one.toml["minutes"]
        rows.append(f"| {link} | {one.title} | {goal} | {minutes} | {notebook} |")
    return "\n".join(["<!-- lessons -->", *rows, "<!-- end -->"])


def map_in_step(write: bool = False) -> Iterator[Finding]:
    """The README's map names every lesson as its `lesson.toml` does."""
    text = README.read_text("utf-8")
    found = MAP.search(text)
    if not found:
        yield Finding("README.md", "has no map between <!-- lessons --> and <!-- end -->")
    elif found.group(0) != lesson_map():
        if write:
            README.write_text(text.replace(found.group(0), lesson_map()), "utf-8", newline="\n")
        else:
            yield Finding("README.md", "its map of the lessons is not what the lessons say")


def picture(number: int, mistake: str | None, launcher: Launcher) -> str:
    """A check of a lesson's solution, or of one of its planted mistakes, as SVG."""
    lesson = course.lesson(number)
    tree = course.state(number, "async")
    if mistake:
        tree = course.edited(tree, next(m.edits for m in lesson.mistakes if m.name == mistake))
    console = Console(
        record=True, file=io.StringIO(), width=WIDTH_CHARS, force_terminal=True, highlight=False,
        color_system="truecolor", legacy_windows=False,
    )  # fmt: skip
    for line in report_lines(check(lesson, tree, launcher), has_make=True):
        for part in wrapped(line, console):
            console.print(part)
    svg = console.export_svg(title=f"make lesson-{number}", theme=THEME, unique_id="check")
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.S)  # they name another site


def pictures_in_step(launcher: Launcher, write: bool = False) -> Iterator[Finding]:
    """The pictures are what the coach draws today."""
    for name, mistake in (("check-fails", SHOWN_MISTAKE), ("check-passes", None)):
        path = PICTURES / f"{name}.svg"
        drawn = picture(SHOWN_LESSON, mistake, launcher)
        if path.is_file() and path.read_text("utf-8") == drawn:
            continue
        if write:
            PICTURES.mkdir(parents=True, exist_ok=True)
            path.write_text(drawn, "utf-8", newline="\n")
        else:
            yield Finding(path.relative_to(ROOT).as_posix(), "is not what the coach draws")
