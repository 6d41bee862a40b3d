"""The result of a check as data, and its two machine forms: JSON and JUnit XML."""

import json
import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from coach.evidence import CoachError, Compared, Told


@dataclass
class StepReport:
    """One step: `state` is passed, failed or waiting; the rest is filled for a failed one.

    `look_at` is `file:line` relative to the learner's folder, `where` the function there.
    """

    step: int
    title: str
    state: str = "waiting"
    did: str = ""
    expected: str = ""
    got: str = ""
    look_at: str = ""
    diagnosis: str | None = None
    why: str | None = None
    tape: list[str] = field(default_factory=list)
    where: str = ""
    output: str = ""
    trace: str = ""
    compared: list[Compared] = field(default_factory=list)

    def as_json(self) -> Told:
        names = ("step", "title", "state", "did", "expected", "got", "look_at", "diagnosis", "why")
        return {name: getattr(self, name) for name in names} | {"tape": self.tape}


@dataclass
class Report:
    """One lesson's check. `notes` are sentences for people: what was handed out, kept, left out."""

    lesson: int
    title: str
    work: str
    branch: str | None = None
    seconds: float = 0.0
    steps: list[StepReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    next_page: str = ""

    @property
    def of(self) -> int:
        """How many steps the lesson has, those left out included."""
        return max((step.step for step in self.steps), default=0)

    @property
    def passed(self) -> bool:
        return all(step.state == "passed" for step in self.steps)

    @property
    def failed_step(self) -> StepReport | None:
        return next((step for step in self.steps if step.state == "failed"), None)

    def as_json(self) -> Told:
        return {
            "schema": 1,
            "lesson": self.lesson,
            "title": self.title,
            "work": self.work,
            "branch": self.branch,
            "passed": self.passed,
            "seconds": round(self.seconds, 3),
            "steps": [step.as_json() for step in self.steps],
        }


def write_junit(reports: list[Report], path: Path) -> None:
    """Write reports as JUnit XML: a suite for each lesson, a case for each step."""
    steps = [step for report in reports for step in report.steps]
    root = ET.Element("testsuites", totals(steps, sum(report.seconds for report in reports)))
    for report in reports:
        named = {"name": f"lesson {report.lesson}: {report.title}"}
        suite = ET.SubElement(root, "testsuite", named | totals(report.steps, report.seconds))
        suite.set("skipped", str([step.state for step in report.steps].count("waiting")))
        for step in report.steps:
            add_case(suite, report.lesson, step)
    try:
        path.write_bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
    except OSError as error:
        raise CoachError(
            f"{path} cannot be written: {error.strerror}. Name another file with --junit."
        ) from error


def totals(steps: list[StepReport], seconds: float) -> dict[str, str]:
    """What JUnit counts; it lets only a suite count what was skipped."""
    states = [step.state for step in steps]
    counts = {"tests": len(states), "failures": states.count("failed"), "errors": 0}
    return {name: str(count) for name, count in counts.items()} | {"time": f"{seconds:.3f}"}


def add_case(suite: ET.Element, lesson: int, step: StepReport) -> None:
    """A step as a case of a suite, with what is known where it failed."""
    name = f"{step.step} {step.title}"
    case = ET.SubElement(suite, "testcase", classname=f"lesson{lesson}", name=name)
    if step.state == "waiting":
        ET.SubElement(case, "skipped", message="an earlier step failed")
    if step.state == "failed":
        failure = ET.SubElement(case, "failure", message=printable(step.got))
        failure.set("type", step.diagnosis or "undiagnosed")
        lines = [f"did: {step.did}", f"expected: {step.expected}", f"got: {step.got}"]
        lines += [f"look at: {step.look_at}", *([f"why: {step.why}"] if step.why else [])]
        failure.text = printable("\n".join([*lines, *step.tape]))


def printable(text: str) -> str:
    """Text without the characters that XML cannot carry."""
    return re.sub("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)


def print_json(told: Told) -> None:
    """Print one object: readable where the stream can carry it, else in ASCII."""
    text = json.dumps(told, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(told)
    print(text)
