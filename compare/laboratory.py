"""One run from the site to the result: `measure` gives what the tables and the JSON show."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from coach import course
from coach.course import Tree
from coach.evidence import CoachError
from coach.folder import Folder, copy_of
from coach.process import end_strays
from compare import plan, work
from compare.echo import echo
from compare.holdup import holdup
from compare.lab import Lab, Row
from compare.machine import machine, versions
from compare.memory import memory
from compare.server import STAGE, serving
from compare.stage.files import allow_many_files
from compare.together import together

Told = dict[str, Any]
QUESTIONS = ("together", "holdup", "echo", "memory", "database", "cpu")
# Lesson 6 is where sync consumers wait, and all of them still share one thread.
COURSE_STATE = 6


class Progress(Protocol):
    """What shows how far the run is."""

    def begin(self, question: str) -> None: ...
    def step(self, text: str) -> None: ...


@dataclass(frozen=True)
class Order:
    """What a run is asked for. `site` is None for the course's own."""

    site: Path | None = None
    server: str = "daphne"
    quick: bool = False
    port: int = 0
    questions: tuple[str, ...] = QUESTIONS

    @property
    def plan(self) -> plan.Plan:
        return plan.QUICK if self.quick else plan.FULL


def sites_files(site: Path | None) -> Tree:
    """The site's files; a `CoachError` where the folder holds none."""
    if site is None:
        return course.state(COURSE_STATE)
    if not site.is_dir():
        raise CoachError(f"{site} is no folder. --site names the folder that holds manage.py.")
    if not (site / "manage.py").is_file() or not (site / "gs2").is_dir():
        raise CoachError(f"{site} holds no site of the course: manage.py or gs2/ is missing there.")
    return Folder(site).read()


async def measure(order: Order, progress: Progress) -> Told:
    """Measure in a throw-away copy of the site; the result as `--json` writes it."""
    tree = sites_files(order.site)
    stage = course.overlay(Path(__file__).parent / "stage")
    tree = tree | {f"{STAGE}/{path}": data for path, data in stage.items()}
    mark = f"COMPARE_RUN={os.urandom(8).hex()}"
    allow_many_files()
    try:
        with copy_of(tree) as folder:
            return await _measure(order, progress, folder, mark)
    finally:
        end_strays(mark)


async def _measure(order: Order, progress: Progress, folder: str, mark: str) -> Told:
    lab = Lab(order.plan, progress.step)
    found: dict[str, list[Row]] = {}
    panels: list[Row] = []
    # Memory wants a server that has done nothing yet; the others share one that is warm.
    for questions in (("memory",), ("together", "holdup", "echo", "database", "cpu")):
        asked = [question for question in questions if question in order.questions]
        if not asked:
            continue
        async with serving(order.server, folder, order.port, mark) as lab.server:
            for question in asked:
                progress.begin(question)
                if question == "together":
                    found[question], panels = await together(lab)
                elif question == "echo":
                    found[question] = await echo(lab, mark)
                else:
                    found[question] = await ASKED[question](lab)
    return told(order, lab, found, panels)


ASKED: dict[str, Callable[[Lab], Any]] = {
    "holdup": holdup, "memory": memory, "database": work.database, "cpu": work.cpu,
}  # fmt: skip


def told(order: Order, lab: Lab, found: dict[str, list[Row]], panels: list[Row]) -> Told:
    return {
        "schema": 1,
        "site": order.site.resolve().name if order.site else None,
        "server": order.server,
        "quick": order.quick,
        "rounds": order.plan.rounds,
        "says": order.plan.says,
        "machine": machine(),
        "versions": versions(),
        "questions": {question: found[question] for question in QUESTIONS if question in found},
        "own_threads": own_threads(panels),
        "not_offered": lab.not_offered,
        "notes": lab.notes,
        "figure": {"panels": panels},
    }


def own_threads(panels: list[Row]) -> bool | None:
    """Whether this site gave every sync connection a thread of its own; None if not recorded."""
    for panel in panels:
        if panel["way"] == "sync" and len(panel["lanes"]) > 1:
            threads = [lane["thread"] for lane in panel["lanes"]]
            return len(set(threads)) == len(threads)
    return None
