"""`watch`: checks the lesson in hand at each save, and shows the verdict for the newest files.

What counts is what the files hold: events, keys and clocks only say when to look. One check runs
at a time. A save in the middle of it calls it off, and the next check begins.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from coach.course import Lesson, Tree, lessons
from coach.events import Event, Events, next_event
from coach.evidence import CoachError
from coach.learner import Learner
from coach.process import Launcher
from coach.report import Report
from coach.runner import Halt, run_check
from coach.verbs.check import note_down
from coach.view import View

TICK_S = 0.5
SLEPT_S = 5.0  # a longer time between two ticks: the machine, or this process, stood still


@dataclass(eq=False)
class Checking:
    """One check of these files, in a thread of its own: it is `judged` where it comes to a verdict,
    and `over` once nothing of it runs any more."""

    lesson: Lesson
    tree: Tree
    reached: int
    events: Events
    halt: Halt = field(default_factory=Halt)
    report: Report | None = None
    trouble: str = ""

    def start(self, launcher: Launcher, shown: str) -> None:
        threading.Thread(target=self._run, args=(launcher, shown), daemon=True).start()

    def _run(self, launcher: Launcher, shown: str) -> None:
        def follow(step: str) -> None:
            self.events.put(Event("step", what=step))

        def tell(report: Report) -> None:
            self.report = report
            self.events.put(Event("judged", what=self))

        try:
            run_check(
                self.lesson, self.tree, launcher, shown, self.reached,
                follow=follow, halt=self.halt, tell=tell,
            )  # fmt: skip
        except asyncio.CancelledError:
            self.halt.is_wanted = True
        except Exception as error:  # shown as a sentence, and tried again
            self.trouble = str(error) if isinstance(error, CoachError) else repr(error)
        with contextlib.suppress(OSError):
            launcher.tidy_up()
        self.events.put(Event("over", what=self))


class Watch:
    """One learner's folder, followed until they quit.

    `view` shows everything. `launchers` makes the warm process, again where it has died.
    """

    def __init__(
        self,
        learner: Learner,
        lesson: Lesson,
        events: Events,
        view: View,
        launchers: Callable[[], Launcher] = Launcher,
    ) -> None:
        self.learner, self.lesson, self.events, self.view = learner, lesson, events, view
        self.launchers = launchers
        self.launcher: Launcher | None = None
        self.tree: Tree | None = None  # the newest files; None while the folder is gone
        self.running: Checking | None = None
        self.report: Report | None = None  # the verdict that is shown, if it is for these files
        self.is_troubled = False  # the last check broke, through no fault of the learner's code
        self.step = ""
        self.seen_s = time.time()

    def run(self) -> None:
        """Follow the folder until a key or a signal asks to end."""
        try:
            self.go_to(self.lesson)
            while self.obey(next_event(self.events, TICK_S)):
                pass
        finally:
            self.end()

    def end(self) -> None:
        while self.running is not None:
            self.running.halt.now()
            event = next_event(self.events, TICK_S)
            if event is not None and event.kind == "over":
                self.running = None
        if self.launcher is not None:
            self.launcher.close()

    def obey(self, event: Event | None) -> bool:
        """Do what an event asks for; False where that is to end."""
        if self.has_slept():
            self.view.wake()
            if self.running is not None:  # what it waited for in that time says nothing
                self.running.halt.now()
        if event is None:
            if self.running is not None and self.report is None:
                self.view.under_way(self.step)
        elif event.kind == "saved":
            self.look()
        elif event.kind == "step":
            self.step = event.what
        elif event.kind == "judged":
            self.judged(event.what)
        elif event.kind == "over":
            self.over(event.what)
        elif event.kind == "key":
            return self.pressed(event.what)
        return event is None or event.kind != "asked"

    def has_slept(self) -> bool:
        now_s = time.time()
        gap_s, self.seen_s = now_s - self.seen_s, now_s
        return gap_s > SLEPT_S

    # -- the files -----------------------------------------------------------------------------

    def go_to(self, lesson: Lesson) -> None:
        """Take a lesson in hand: hand out its files, and check it."""
        self.learner.prepare(lesson)
        self.lesson, self.report, self.tree = lesson, None, None
        self.look()

    def look(self) -> None:
        """Read the folder; where it holds something else than before, that is to be checked."""
        try:
            tree = self.learner.folder.read() if self.learner.folder.is_there else None
        except (CoachError, OSError) as error:
            self.view.trouble(str(error))
            return
        if tree == self.tree:
            return
        self.tree, self.report = tree, None
        if tree is None:
            self.view.gone(self.learner.folder.shown)
        self.check()

    def check(self) -> None:
        """Check the newest files, after what still runs has been called off."""
        if self.running is not None:
            self.running.halt.now()
        elif self.tree is not None:
            try:
                self.launcher = self.launcher or self.launchers()
            except OSError as error:
                self.view.trouble(f"No process can be started: {error}")
                return
            reached = self.learner.reached_after(self.lesson, self.tree)
            self.running = Checking(self.lesson, self.tree, reached, self.events)
            self.running.start(self.launcher, self.learner.folder.shown)

    def judged(self, check: Checking) -> None:
        """Show the verdict of a check, if it is for the newest files."""
        self.look()
        if self.is_newest(check) and check.report is not None:
            self.report = check.report
            self.view.verdict(check.report, self.keep(check.report, check.tree))

    def over(self, check: Checking) -> None:
        """Go on where a check has ended: with newer files, or once more where it broke."""
        is_second = check.trouble and self.is_troubled
        self.running, self.is_troubled = None, bool(check.trouble)
        if check.trouble and self.launcher is not None:
            self.launcher.close()  # it may be what has failed
            self.launcher = None
        self.look()
        if self.running is not None or self.tree is None:
            return
        if not self.is_newest(check) or (check.trouble and not is_second):
            self.check()
        elif check.trouble:
            self.view.trouble(check.trouble)

    def is_newest(self, check: Checking) -> bool:
        is_same = check.tree == self.tree and check.lesson == self.lesson
        return is_same and not check.halt.is_wanted

    def keep(self, report: Report, tree: Tree) -> int | None:
        """Keep these files and what came of them; the number of their snapshot, if there is one."""
        snapshot = None
        try:
            snapshot = self.learner.snapshot(tree, f"check {report.lesson}", must=False)
            note_down(self.learner, self.lesson, tree, report)
        except OSError as error:  # the folder has just gone, say
            report.notes.append(str(error))
        return snapshot.ident if snapshot else None

    # -- the keys ------------------------------------------------------------------------------

    def pressed(self, key: str) -> bool:
        """Do what a key is for; False where that is to end."""
        failed = self.report.failed_step if self.report else None
        if key == "q":
            return False
        if key == "c":
            self.report = None
            self.view.again()
            self.check()
        elif key == "d" and self.tree is not None:
            self.view.diff(self.lesson, self.tree, self.learner.folder.shown)
        elif key == "h" and failed is not None:
            self.view.hint(self.learner, self.lesson, failed)
        elif key == "n" and self.report is not None and self.report.passed:
            self.go_on()
        elif key in "hn":
            self.view.not_now(key, self.lesson, self.report)
        elif key.strip():
            self.view.unknown()
        return True

    def go_on(self) -> None:
        """Take the next lesson in hand, or say that there is none."""
        following = [one for one in lessons() if one.number > self.lesson.number]
        try:
            if following:
                self.go_to(following[0])
            else:
                self.view.no_more(self.lesson)
        except CoachError as error:  # a file of the next lesson could not be handed out
            self.view.trouble(str(error))
