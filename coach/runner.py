"""Runs the steps of one lesson against one state of the site, and reports."""

import ast
import asyncio
import codecs
import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from coach import diagnoses
from coach.conversation import Story
from coach.course import Check, Lesson, Step, Tree, lessons
from coach.evidence import CoachError, Evidence, Failure, Told
from coach.folder import copy_of
from coach.process import Launcher
from coach.report import Report, StepReport
from coach.routing import below, routes_of
from coach.site import Site

Follow = Callable[[str], None]
Tell = Callable[[Report], None]


class Halt:
    """Lets another thread call off a check, which then raises `asyncio.CancelledError`."""

    def __init__(self) -> None:
        self.is_wanted = False
        self.loop: asyncio.AbstractEventLoop | None = None
        self.task: asyncio.Task[None] | None = None

    def begins(self) -> None:
        """The check says where it runs."""
        self.loop, self.task = asyncio.get_running_loop(), asyncio.current_task()
        if self.is_wanted:
            raise asyncio.CancelledError

    def ends(self) -> None:
        """What is left is to end what was started, and that nobody calls off."""
        self.task = None

    def now(self) -> None:
        """Call it off; once more does no harm, and helps where it came at a bad moment."""
        self.is_wanted = True
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # it is over, and its loop closed
                self.loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()


def nobody(_: object) -> None:
    """Follows nothing, and is told nothing."""


def run_check(
    lesson: Lesson,
    tree: Tree,
    launcher: Launcher,
    shown: str = "work",
    reached: int = 0,
    patience: float = 1.0,
    follow: Follow = nobody,
    halt: Halt | None = None,
    tell: Tell = nobody,
) -> Report:
    """Check a lesson on these files, in a copy; stops at the first step that fails.

    `reached` is the last lesson begun: steps that it or an earlier one retires are left out.
    `patience` scales the time limits of what runs in process. `follow` is called with each step
    as it begins. `halt` may call it off. `tell` is called with the report as soon as it is
    complete, while what ran for it is still being ended.
    """
    report = Report(lesson.number, lesson.title, shown, next_page=next_page(lesson))
    began = time.perf_counter()
    pairs = list(zip(lesson.steps, lesson.checks(), strict=True))
    pairs = [pair for pair in pairs if not is_retired(pair[0], reached)]
    report.steps = [StepReport(step.number, step.title) for step, _ in pairs]
    left_out = [str(step.number) for step in lesson.steps if is_retired(step, reached)]
    if left_out:
        steps = "Step" if len(left_out) == 1 else "Steps"
        report.notes.append(
            f"{steps} {' and '.join(left_out)} left out: a later lesson that you have begun "
            "changes what they look at."
        )
    with copy_of(tree) as copy:
        site = Site(launcher, copy, story=Story(), patience=patience)

        async def judge(halt: Halt) -> None:
            try:
                halt.begins()
                await _run_steps(report, pairs, site, tree, follow)
                report.notes += [note.replace(copy, shown) for note in site.story.notes]
                for step in report.steps:
                    tidy(step, copy, shown)
                report.branch = branch_of(site.facts) if lesson.branches != [None] else None
                report.seconds = time.perf_counter() - began
                tell(report)
            finally:
                halt.ends()
                await site.stop()

        asyncio.run(judge(halt or Halt()))
    return report


def branch_of(facts: Told) -> str | None:
    """In which style the chat is written; None where no consumer class answers there."""
    application = below(facts.get("application") or {}, "websocket")
    routes = (routes_of(application) if application else None) or []
    chat = next((route.to for route in routes if route.leads_from("ws/chat/tea/")), {})
    bases = chat.get("bases") or []
    if "SyncConsumer" in bases:
        return "sync"
    return "async" if "AsyncConsumer" in bases else None


def next_page(lesson: Lesson) -> str:
    """The page of the lesson that follows, or nothing after the last."""
    following = [one for one in lessons() if one.number > lesson.number]
    return f"lessons/{following[0].slug}/README.md" if following else ""


def is_retired(step: Step, reached: int) -> bool:
    return step.retired_by is not None and reached >= step.retired_by


async def _run_steps(
    report: Report,
    pairs: list[tuple[Step, Check]],
    site: Site,
    tree: Tree,
    follow: Follow,
) -> None:
    for (step, check), told in zip(pairs, report.steps, strict=True):
        follow(f"lesson {report.lesson}, step {step.number}: {step.title}")
        site.story.begin()
        site.unawaited = []
        try:
            await check(site)
            told.state = "passed"
            compared_in_words(told, site.story)
        except Failure as failure:
            failure.evidence.tree = {
                path: data.removeprefix(codecs.BOM_UTF8) for path, data in tree.items()
            }
            describe(told, step, failure, site.story)
            return
        except CoachError:
            raise
        except Exception as error:
            text = f"Step {step.number} of lesson {report.lesson} broke: {error!r}"
            raise CoachError(f"{text}. This is a fault of the course, not of your code.") from error


def compared_in_words(told: StepReport, story: Story) -> None:
    """What a passed step measured: the rows of the report, and their sum for its JSON."""
    told.compared = story.compared
    if story.compared:
        told.did = "; ".join(story.did)
        told.expected = "; ".join(
            f"{one.what}: {one.predicted}" for one in story.compared if one.predicted
        )
        told.got = "; ".join(f"{one.what}: {one.measured}" for one in story.compared)


def describe(told: StepReport, step: Step, failure: Failure, story: Story) -> None:
    """Fill a step's report from its failure."""
    evidence = failure.evidence
    told.state = "failed"
    told.did = (
        "; ".join(story.did) or f"imports {evidence.entry.partition(':')[0]} as a server does"
    )
    told.expected, told.got = failure.expected, " ".join(failure.got.split())
    told.tape = [str(entry) for entry in story.tape]
    told.output, told.compared = evidence.output, story.compared
    told.trace = traceback_of(evidence.error)
    found = diagnoses.diagnose(evidence)
    look_at = f"{step.look_at} · {evidence.name}" if evidence.name else step.look_at
    place = place_of(evidence) or place_named_by(look_at, evidence.tree)
    if found is not None:
        told.diagnosis, told.why = found.ident, found.why
        place = found.place or place
    if evidence.kind == "predicted":
        told.why = "\n".join(whys(evidence, story)) or None
    told.look_at = place["file"] + (f":{place['line']}" if place["line"] else "")
    told.where = "" if place["name"].startswith("<") else place["name"]


def whys(evidence: Evidence, story: Story) -> Iterable[str]:
    """The reason of each prediction of a step that differs, each reason once."""
    others = [
        replace(evidence, name=one.name, value=one.value)
        for one in story.compared
        if not one.agrees
    ]
    found = [diagnoses.diagnose(other) for other in others]
    return dict.fromkeys(one.why for one in found if one)


def place_of(evidence: Evidence) -> Told | None:
    """The learner's line that the evidence points at."""
    if evidence.place and evidence.place["work"]:
        return evidence.place
    for link in evidence.error:
        ours = [frame for frame in link["frames"] if frame["work"]]
        if ours:
            return dict(ours[-1])
    for coroutine in evidence.unawaited:
        if coroutine["at"]:
            return dict(coroutine["at"])
    return None


def place_named_by(look_at: str, tree: Tree) -> Told:
    """The place that a step names: `file`, or `file · name` with the line that defines it."""
    file, _, name = look_at.partition(" · ")
    place: Told = {"file": file, "line": 0, "name": "", "work": True}
    with contextlib.suppress(SyntaxError, ValueError, UnicodeDecodeError):
        for node in ast.walk(ast.parse(tree.get(file, b""))):
            line = line_of_definition(node, name)
            if line:
                return place | {"line": line, "name": name}
    return place


def line_of_definition(node: ast.AST, name: str) -> int:
    """The line on which this node defines `name`, or 0."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.lineno if node.name == name else 0
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return node.lineno if node.id == name else 0
    return 0


def traceback_of(error: list[Told]) -> str:
    """A chain of exceptions as text, for those who ask for it."""
    parts = []
    for link in error:
        frames = [
            f"  {frame['file']}:{frame['line']} in {frame['name']}" for frame in link["frames"]
        ]
        parts.append("\n".join([*frames, f"{link['type']}: {link['text']}"]))
    return "\n\n".join(parts)


def tidy(step: StepReport, copy: str, shown: str) -> None:
    """Name the learner's folder where the throw-away copy would be named."""

    def named(text: str) -> str:
        # Python shows a path as it is or as a literal, which doubles each backslash of Windows.
        return text.replace(repr(copy)[1:-1], shown).replace(copy, shown)

    for name in ("got", "expected", "why", "output", "trace", "did"):
        text = getattr(step, name)
        if text:
            setattr(step, name, named(text))
    step.tape = [named(line) for line in step.tape]
