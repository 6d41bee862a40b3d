"""What `watch` shows: on a terminal each verdict in place of the last, elsewhere one below it."""

import os
import sys
import time

from rich.text import Text

from coach.course import Lesson, Tree
from coach.keys import Keys
from coach.learner import Learner
from coach.report import Report, StepReport, print_json
from coach.screen import Screen, report_lines, typed
from coach.verbs.diff import diff_lines
from coach.verbs.hint import hint_lines

KEYS = {"h": "hint", "d": "diff", "c": "check again", "n": "next lesson", "q": "quit"}


class View:
    """Shows what happens in `watch`. As JSON, each verdict is a line of standard output, and
    everything else goes to standard error."""

    def __init__(self, plain: bool = False, as_json: bool = False) -> None:
        self.as_json = as_json
        self.screen = Screen(plain or as_json, sys.stderr if as_json else None)
        self.is_live = not self.screen.plain
        self.keys: Keys | None = None
        self.polling = ""

    def say(self, *lines: str | Text) -> None:
        """Show these lines below what is there, and the keys below them."""
        if self.is_live:
            self.screen.over_last_line()
        self.screen.lines(lines)
        if self.is_live:
            self.screen.last_line(self.listed_keys(self.screen.console.width), style="dim")
        self.screen.stream.flush()

    def listed_keys(self, width: int | None = None) -> str:
        """The keys, in so many columns; nothing where nobody can type."""
        if not (self.keys and self.keys.is_there):
            return ""
        listed = "  " + " · ".join(f"{key} {what}" for key, what in KEYS.items())
        if width is not None and len(listed) >= width:
            listed = f"  keys: {' '.join(key for key in KEYS if key != 'q')}, and q to quit"
        return listed + ("" if self.keys.is_single else " (then Enter)")

    # -- what happens ----------------------------------------------------------------------------

    def begins(self, shown: str) -> None:
        self.say(Text(f"Watching {shown}/: each save is checked.", style="dim"))
        if not self.is_live and self.listed_keys():
            self.say(self.listed_keys())

    def verdict(self, report: Report, snapshot: int | None) -> None:
        """Show a verdict; `snapshot` is the number of what holds the files that it is for."""
        if self.as_json:
            print_json(report.as_json() | {"snapshot": snapshot})
            sys.stdout.flush()
            return
        if self.is_live:
            self.screen.clear()
        at = Text(f"{time.strftime('%H:%M:%S')}  {report.work}/", style="dim")
        named = os.environ.get("WORK", "")
        how = "press h" if self.listed_keys() else typed("hint", report.lesson, work=named)
        hint = Text(f"  hint  {how}", style="dim")
        lines = report_lines(report, hint=False, work=named)
        notes = [f"  note  {note}" for note in [*report.notes, *self.how()]]
        self.say(at, *lines, *notes, *([] if report.passed else [hint]), "")

    def how(self) -> list[str]:
        """How saves are noticed, where that is not the usual way."""
        if not self.polling:
            return []
        return [f"This folder is looked at several times a second, as {self.polling}."]

    def polls(self, why: str) -> None:
        """Events cannot be had; the thread that follows the folder says so."""
        self.polling = why

    def under_way(self, step: str) -> None:
        if self.is_live:
            self.screen.last_line(f"  checks {step}", style="dim")

    def again(self) -> None:
        self.under_way("once more")

    def gone(self, shown: str) -> None:
        self.say(f"{shown}/ holds no files now. They are checked when they are back.")

    def trouble(self, text: str) -> None:
        self.say(f"{text} The next save is checked again.")

    def wake(self) -> None:
        """Time has passed without us; whoever had the terminal meanwhile has changed it."""
        if self.keys is not None:
            self.keys.take()

    # -- what a key asks for -----------------------------------------------------------------------

    def hint(self, learner: Learner, lesson: Lesson, failed: StepReport) -> None:
        self.say("", *hint_lines(learner, lesson, failed, None, "d"))

    def diff(self, lesson: Lesson, mine: Tree, shown: str) -> None:
        self.say(*diff_lines(lesson, mine, shown))

    def not_now(self, key: str, lesson: Lesson, report: Report | None) -> None:
        """Why there is no hint, or no next lesson, at this moment."""
        if report is None:
            self.say("The check is still under way.")
        elif key == "h":
            self.say(f"Lesson {lesson.number} passes; there is nothing to hint at.")
        elif report.failed_step is not None:
            at = f"step {report.failed_step.step} of {report.of}"
            self.say(f"Lesson {lesson.number} is at {at}; n goes on once it passes.")

    def no_more(self, lesson: Lesson) -> None:
        self.say(f"Lesson {lesson.number} is the last one. The course is done.")

    def unknown(self) -> None:
        self.say(self.listed_keys())  # whole, where the last line has no room for them

    def ends(self) -> None:
        if self.is_live:
            self.screen.over_last_line()
            if self.screen.console.is_dumb_terminal:  # which takes no line back
                self.screen.line()
