"""Whether the notebooks have the shape that a reader knows from the others, and are kept clean."""

import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from coach import course
from coach.audit import Finding
from coach.audit.pages import FENCE, LINK, NOT_SAID
from coach.course import ROOT, Lesson
from coach.notebook.execute import execute

NOTEBOOKS = ROOT / "notebooks"
HELPER = "course.py"
FIRST, LAST = ["Before you run"], ["What this showed", "What it did not show", "Two questions"]
MIN_ROUNDS, MAX_ROUNDS = 3, 5
MIN_WORDS, MAX_WORDS = 800, 1_500
MAX_CODE_LINES = 12
TIMES = re.compile(r"\b\d+(?:\.\d+)?\s*(?:ms|milliseconds)\b")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KEPT_METADATA = ("tags", "jupyter")
Cell = dict[str, Any]


@dataclass(frozen=True)
class Notebook:
    """One file of `notebooks/`. A cell's source is one text, whichever way the file holds it."""

    path: Path

    @property
    def name(self) -> str:
        return f"notebooks/{self.path.name}"

    @cached_property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.path.read_text("utf-8"))
        for cell in told["cells"]:
            cell["source"] = "".join(cell["source"])
        return told

    @property
    def cells(self) -> list[Cell]:
        cells: list[Cell] = self.told["cells"]
        return cells

    @property
    def texts(self) -> list[str]:
        return [cell["source"] for cell in self.cells if cell["cell_type"] == "markdown"]

    def tagged(self, tag: str) -> list[int]:
        """The numbers of the cells with this tag."""
        return [i for i, cell in enumerate(self.cells) if tag in cell["metadata"].get("tags", ())]


def notebook_of(lesson: Lesson) -> Notebook:
    return Notebook(NOTEBOOKS / f"{lesson.slug}.ipynb")


def stray() -> Iterator[Finding]:
    """A notebook for each lesson, and nothing beside them but what they import."""
    slugs = {f"{one.slug}.ipynb" for one in course.lessons()}
    there = {path.name for path in NOTEBOOKS.iterdir() if path.is_file()}
    for name in sorted(slugs - there):
        yield Finding(f"notebooks/{name}", "is missing")
    for name in sorted(there - slugs - {HELPER}):
        yield Finding(f"notebooks/{name}", "is stray")


def runs(lesson: Lesson) -> Iterator[Finding]:
    """The notebook runs from top to bottom, without a warning, and leaves nothing."""
    one = notebook_of(lesson)
    with tempfile.TemporaryDirectory() as folder:
        for text in execute(one.path, Path(folder, "run")):
            yield Finding(one.name, text)


def shape(lesson: Lesson) -> Iterator[Finding]:
    """Title, parts, length, cells, exercises and links of a lesson's notebook."""
    one = notebook_of(lesson)
    for text in (*clean(one), *parts(lesson, one), *prose(one), *code(one), *exercises(one)):
        yield Finding(one.name, text)


def clean(one: Notebook) -> Iterator[str]:
    """Ids of their own, and nothing that Jupyter or an editor has left."""
    if (one.told["nbformat"], one.told["nbformat_minor"]) != (4, 5):
        yield "is not of nbformat 4.5, in which cells have ids"
    ids = [cell.get("id") for cell in one.cells]
    if None in ids or len(set(ids)) != len(ids):
        yield "has cells without an id of their own"
    if stripped(one.told) != one.told:
        yield "holds outputs, counts or settings: python -m coach audit N --write strips them"


def stripped(told: Cell) -> Cell:
    """A notebook without outputs, and without a trace of the machine on which it was opened."""
    cells = []
    for cell in told["cells"]:
        kept = {key: value for key, value in cell["metadata"].items() if key in KEPT_METADATA}
        cell = cell | {"metadata": kept}
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
        cells.append(cell)
    return told | {"cells": cells, "metadata": METADATA}


def strip(lesson: Lesson) -> None:
    """Write the notebook of a lesson without what it should not hold."""
    one = notebook_of(lesson)
    told = stripped(one.told)
    for cell in told["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    text = json.dumps(told, indent=1, ensure_ascii=False)
    one.path.write_text(f"{text}\n", "utf-8", newline="\n")


def parts(lesson: Lesson, one: Notebook) -> Iterator[str]:
    """The title with its number and a question, then the parts in their order."""
    title = one.texts[0].partition("\n")[0]
    if not title.startswith(f"# {lesson.number} · ") or not title.endswith("?"):
        yield f"begins with {title!r}, not with '# {lesson.number} · …?'"
    headings = re.findall(r"^## (.+)$", FENCE.sub("", "\n\n".join(one.texts)), re.M)
    rounds = headings[len(FIRST) : -len(LAST)]
    if headings[: len(FIRST)] != FIRST or headings[-len(LAST) :] != LAST:
        yield f"has the parts {headings}, not {[*FIRST, '…', *LAST]}"
    elif not MIN_ROUNDS <= len(rounds) <= MAX_ROUNDS:
        yield f"has {len(rounds)} rounds, not {MIN_ROUNDS} to {MAX_ROUNDS}"
    if "\n".join(one.texts).count("**Predict.**") < MIN_ROUNDS:
        yield f"asks for fewer than {MIN_ROUNDS} predictions (**Predict.**)"


def prose(one: Notebook) -> Iterator[str]:
    """Words within bounds and well chosen, no times, links that lead somewhere."""
    bare = FENCE.sub("", "\n\n".join(one.texts))
    words = len(re.sub(r"<[^>]+>", "", bare).split())
    if not MIN_WORDS <= words <= MAX_WORDS:
        yield f"has {words} words, not {MIN_WORDS} to {MAX_WORDS}"
    for found in (*NOT_SAID.finditer(re.sub(r"`[^`]*`", "", bare)), *TIMES.finditer(bare)):
        yield f"says {found.group(0)!r}"
    for target in LINK.findall(bare):
        path = target.partition("#")[0]
        if path and not re.match(r"\w+:", path) and not (NOTEBOOKS / path).exists():
            yield f"links to {target}"


def code(one: Notebook) -> Iterator[str]:
    """Short cells, the first of which makes the state; and assertions in every round."""
    sources = [cell for cell in one.cells if cell["cell_type"] == "code"]
    if not sources or not re.search(r"^site = state\(\d+", sources[0]["source"], re.M):
        yield "does not begin its code with site = state(…)"
    for cell in sources:
        lines = len([line for line in cell["source"].splitlines() if line.strip()])
        if not 1 <= lines <= MAX_CODE_LINES:
            yield f"has {lines} lines in cell {cell['id']}, not 1 to {MAX_CODE_LINES}"
    if sum("assert " in cell["source"] for cell in sources) < MIN_ROUNDS + 2:
        yield "asserts too little: every round and both answers are to be asserted"


def exercises(one: Notebook) -> Iterator[str]:
    """Two cells to change, each followed by one that judges it, and by a folded answer."""
    asked, answered = one.tagged("exercise"), one.tagged("answer")
    if len(asked) != 2 or answered != [number + 1 for number in asked]:
        yield "has not two cells tagged exercise, each before one tagged answer"
        return
    for number in answered:
        cell, after = one.cells[number], one.cells[number + 1]["source"]
        if "assert " not in cell["source"] or "judge(" not in cell["source"]:
            yield f"does not assert and judge in cell {cell['id']}"
        if not cell["metadata"].get("jupyter", {}).get("source_hidden"):
            yield f"does not fold cell {cell['id']}"
        if "<details>" not in after or "</details>" not in after:
            yield f"has no folded answer after cell {cell['id']}"
