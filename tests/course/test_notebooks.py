"""Every notebook runs from top to bottom in a fresh kernel, and leaves nothing behind."""

import json
import shutil
import sys
import time
import uuid
from pathlib import Path

import pytest

from coach import course
from coach.audit import lines, notebooks
from coach.audit.notebooks import NOTEBOOKS, Notebook
from coach.notebook.execute import execute

LESSONS = {one.slug: one for one in course.lessons()}
LESSON = course.lesson(3)
PATIENCE_S = 30


def texts(findings) -> list[str]:
    return [finding.text for finding in findings]


def processes_with(mark: str) -> list[str]:
    """The command lines of processes in whose environment the mark is."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended, or is somebody else's
            continue
    return found


def assert_all_end(mark: str) -> None:
    """No process with the mark stays; one that was just killed may take a moment to be gone."""
    end = time.monotonic() + PATIENCE_S
    while left := processes_with(mark):
        assert time.monotonic() < end, left
        time.sleep(0.01)


# -- they run -----------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", LESSONS)
def test_notebook_runs_and_leaves_nothing(slug, tmp_path):
    """From another folder than its own, without warnings; nothing stays, nothing changes."""
    path = NOTEBOOKS / f"{slug}.ipynb"
    before, mark = path.read_bytes(), f"NOTEBOOK_RUN={uuid.uuid4()}"

    assert execute(path, tmp_path / "run", mark) == []

    assert path.read_bytes() == before
    there = {one.name for one in NOTEBOOKS.iterdir()} - {"__pycache__", ".ipynb_checkpoints"}
    assert there <= {notebooks.HELPER, *(f"{other}.ipynb" for other in LESSONS)}
    if sys.platform == "linux":
        assert_all_end(mark)


def written(folder: Path, *sources: str) -> Path:
    """A notebook with these cells of code."""
    path = folder / "01-tried.ipynb"
    cells = [
        {"cell_type": "code", "id": f"c{number}", "metadata": {}, "source": source, "outputs": [],
         "execution_count": None}
        for number, source in enumerate(sources)
    ]  # fmt: skip
    told = {
        "cells": cells, "metadata": notebooks.METADATA, "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    path.write_text(json.dumps(told), "utf-8")
    return path


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("import warnings; warnings.warn('old')", "cell c0 writes to standard error: "),
        ("import pathlib, tempfile; tempfile.mkstemp('.left')", "leaves tmp"),
        ("assert 1 == 2", "AssertionError"),
    ],
)
def test_notebook_that_does_not_run_cleanly_is_found(source, finding, tmp_path):
    [said] = execute(written(tmp_path, source), tmp_path / "run")
    assert finding in said


def test_notebook_without_end_is_ended_and_said(tmp_path, monkeypatch):
    """With everything that it has started, though all of that lives on by itself."""
    monkeypatch.setattr("coach.notebook.execute.LIMIT_S", 3)
    mark = f"NOTEBOOK_RUN={uuid.uuid4()}"
    path = written(tmp_path, "import time\ntime.sleep(50)")

    assert execute(path, tmp_path / "run", mark) == ["it was still running after 3 s"]

    if sys.platform == "linux":
        assert_all_end(mark)


# -- every line is explained ----------------------------------------------------------------------


@pytest.mark.parametrize("slug", LESSONS)
def test_every_line_that_a_lesson_adds_is_explained_once(slug):
    told = lines.coverage(LESSONS[slug], Notebook(NOTEBOOKS / f"{slug}.ipynb"))
    assert texts(told.findings) == []
    assert told.explained == told.added > 0


@pytest.mark.parametrize("slug", LESSONS)
def test_shape_is_that_of_the_others(slug):
    assert texts(notebooks.shape(LESSONS[slug])) == []


def test_there_is_a_notebook_for_each_lesson_and_no_other():
    assert texts(notebooks.stray()) == []


@pytest.mark.parametrize("slug", LESSONS)
def test_explanation_that_is_deleted_is_missed(slug):
    """Each quote in turn, with what follows it: the audit names the first line that it held."""
    one = Notebook(NOTEBOOKS / f"{slug}.ipynb")
    for cell in one.cells:
        for quote in lines.QUOTE.finditer(cell["source"]):
            if not (gone := first_added(LESSONS[slug], quote)):
                continue  # unchanged lines, quoted for what stands around them
            told = lines.coverage(LESSONS[slug], changed(one, cell["id"], quote.group(0), ""))
            assert told.explained < told.added
            assert any(f"is not explained: {gone!r}" in text for text in texts(told.findings))


@pytest.mark.parametrize("slug", LESSONS)
def test_prose_that_is_deleted_is_missed(slug):
    """A quote without a word about it explains nothing."""
    one = Notebook(NOTEBOOKS / f"{slug}.ipynb")
    for cell in one.cells:
        quotes = [found.group(0) for found in lines.QUOTE.finditer(cell["source"])]
        if quotes:
            other = changed(one, cell["id"], cell["source"], "".join(quotes))
            told = lines.coverage(LESSONS[slug], other)
            assert any("is explained in 0 words" in text for text in texts(told.findings))


def first_added(lesson: course.Lesson, quote) -> str:
    """The first line of a quote that its lesson has added, without its indentation."""
    branch = quote[2] or lesson.branches[0]
    after = course.state(lesson.number, branch or "async")[quote[1]].decode().splitlines()
    mine = {after[line] for line in lines.added(lesson, branch).get(quote[1], ())}
    return next((line.strip() for line in quote[3].splitlines() if line in mine), "")


def changed(one: Notebook, cell_id: str, find: str, put: str) -> Notebook:
    """The notebook with another text in one of its cells."""
    other = Notebook(one.path)
    [cell] = [cell for cell in other.cells if cell["id"] == cell_id]
    assert find in cell["source"]
    cell["source"] = cell["source"].replace(find, put, 1)
    return other


@pytest.mark.parametrize(
    ("find", "put", "finding"),
    [
        ("import os\n", "import sys\n", "quotes gs2/asgi.py otherwise than it is: 'import sys'"),
        ("**`gs2/asgi.py`**", "**`gs2/wsgi.py`**", "quotes gs2/wsgi.py, which this lesson does"),
    ],
)
def test_quote_of_what_is_not_there_is_found(find, put, finding):
    one = changed(notebooks.notebook_of(LESSON), "lines", find, put)
    assert any(finding in text for text in texts(lines.coverage(LESSON, one).findings))


def test_line_that_is_explained_twice_is_found():
    one = notebooks.notebook_of(LESSON)
    again = "**`gs2/asgi.py`**\n\n```python\nimport os\n```\n\nOnce more, in other words.\n"
    [cell] = [cell for cell in one.cells if cell["id"] == "showed"]
    cell["source"] += f"\n\n{again}"
    assert texts(lines.coverage(LESSON, one).findings) == [
        "gs2/asgi.py:3 is explained 2 times: 'import os'"
    ]


def test_branch_that_is_not_quoted_is_found():
    """Lines in which the branches differ are explained for each of them."""
    lesson = course.lesson(9)
    one = notebooks.notebook_of(lesson)
    for cell in one.cells:
        cell["source"] = cell["source"].replace("`** · sync\n", "`**\n\n")
    assert lines.coverage(lesson, one).findings


def test_comments_and_docstrings_are_no_code():
    text = '"""What it is."""\n\nimport os  # why\n# a road not taken\ndef f():\n    """Gives."""\n'
    assert lines.code_lines(text, "a.py") == {2, 4}


def test_every_line_is_code_elsewhere():
    assert lines.code_lines("[pytest]\n\n# mode\n", "pytest.ini") == {0, 2}


# -- their shape ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell_id", "change", "finding"),
    [
        ("site", {"outputs": [{"output_type": "stream"}]}, "holds outputs, counts or settings"),
        ("site", {"execution_count": 3}, "holds outputs, counts or settings"),
        ("site", {"id": "before"}, "cells without an id of their own"),
        ("site", {"metadata": {"vscode": {}}}, "holds outputs, counts or settings"),
        ("site", {"source": "import os"}, "does not begin its code with site = state(…)"),
        ("site", {"source": "x = 1\n" * 13}, "has 13 lines in cell site"),
        ("question", {"source": "# 3 · Routes\n"}, "begins with '# 3 · Routes'"),
        ("before", {"source": "## Beforehand\n"}, "has the parts ['Beforehand', "),
        ("before", {"source": "## Before you run\n\nIt takes 20 ms."}, "says '20 ms'"),
        ("before", {"source": "## Before you run\n\nIt is just so."}, "says 'just'"),
        ("before", {"source": "## Before you run\n\n[a](nowhere.md)"}, "links to nowhere.md"),
        ("before", {"source": "## Before you run\n" + "and so on " * 600}, " words, not 800 to"),
        ("slash-yours", {"metadata": {}}, "has not two cells tagged exercise"),
        ("slash-answer", {"source": "judge(yours, 1)"}, "does not assert and judge"),
        ("slash-answer", {"metadata": {"tags": ["answer"]}}, "does not fold cell slash-answer"),
        ("slash-why", {"source": "It is so."}, "has no folded answer after cell slash-answer"),
    ],
)
def test_shape_that_is_off_is_found(cell_id, change, finding, monkeypatch):
    one = notebooks.notebook_of(LESSON)
    [cell] = [cell for cell in one.cells if cell["id"] == cell_id]
    cell.update(change)
    monkeypatch.setattr(notebooks, "notebook_of", lambda lesson: one)
    assert any(finding in text for text in texts(notebooks.shape(LESSON)))


def test_stray_and_missing_notebooks_are_found(tmp_path, monkeypatch):
    shutil.copytree(NOTEBOOKS, tmp_path / "there", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path / "there")
    (tmp_path / "there" / "03-routes.ipynb").rename(tmp_path / "there" / "14-more.ipynb")
    assert texts(notebooks.stray()) == ["is missing", "is stray"]


def test_lessons_do_not_wait_for_jupyter():
    """What `make lesson-N` installs has no Jupyter in it; what `make test` installs has."""
    core, everything = (
        (course.ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        for name in ("core", "all")
    )
    for package in ("ipykernel", "jupyter", "matplotlib", "nbclient"):
        assert f"\n{package}==" in everything
        assert f"\n{package}==" not in core


def test_notebook_is_stripped_to_what_it_was(tmp_path, monkeypatch):
    """What Jupyter writes on saving goes, and what the author wrote stays."""
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    one = Notebook(NOTEBOOKS / "03-routes.ipynb")
    before = one.path.read_bytes()
    one.told["metadata"] = {"kernelspec": {"name": "mine"}, "widgets": {}}
    for cell in one.cells:
        cell["metadata"]["collapsed"] = True
        if cell["cell_type"] == "code":
            cell.update(execution_count=1, outputs=[{"output_type": "stream"}])
    (tmp_path / "03-routes.ipynb").write_text(json.dumps(one.told), "utf-8")

    notebooks.strip(LESSON)

    assert (tmp_path / "03-routes.ipynb").read_bytes() == before
