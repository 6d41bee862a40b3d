"""Which lines a lesson adds, and where its notebook explains each of them.

In a cell of text, a quote is a line that names the file, and a fence with consecutive lines of it:

    **`myapp/chat.py`** · async

    ```python
        async def connect(self) -> None:
            await self.accept()
    ```

What follows, up to the next quote, explains it; quotes that follow one another share it. A file
that is the same in both branches, or in the trunk alone, is quoted without a branch.
"""

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from coach import course
from coach.audit import Finding
from coach.audit.notebooks import Notebook
from coach.course import Lesson, Tree

QUOTE = re.compile(r"^\*\*`([^`]+)`\*\*(?: · (sync|async))?\n+```\w*\n(.*?)^```\n?", re.M | re.S)
MAX_QUOTED = 12
WORDS_A_LINE = 3
# Files that a notebook explains from the first line to the last, whoever has added them.
WHOLE = {3: ["gs2/asgi.py"]}


@dataclass
class Quote:
    """Lines that a notebook quotes, and the words that explain them."""

    path: str
    branch: str | None
    lines: list[str]
    words: int = 0


@dataclass
class Coverage:
    """How far the lines of one lesson are explained."""

    added: int = 0
    explained: int = 0
    findings: list[Finding] = field(default_factory=list)


def coverage(lesson: Lesson, notebook: Notebook) -> Coverage:
    """What the notebook explains of what the lesson's solution adds, in every branch."""
    told = Coverage()
    quotes = list(quotes_in(notebook))
    told.findings += [Finding(notebook.name, text) for text in unexplained(quotes)]
    seen: set[str] = set()
    for branch in lesson.branches:
        mine = [one for one in quotes if branch is None or one.branch in (None, branch)]
        after = course.state(lesson.number, branch or "async")
        covered, wrong = cover(mine, after, added(lesson, branch))
        for key, times in covered.items():
            path, line = key
            told.added += 1
            told.explained += times == 1
            if times != 1:
                how = "is not explained" if times == 0 else f"is explained {times} times"
                wrong.append(f"{path}:{line + 1} {how}: {lines_of(after[path])[line].strip()!r}")
        seen |= set(wrong)
    told.findings += [Finding(notebook.name, text) for text in sorted(seen)]
    return told


def quotes_in(notebook: Notebook) -> Iterator[Quote]:
    """The quotes of every cell of text; those that stand together share what follows them."""
    for text in notebook.texts:
        together: list[Quote] = []
        found = list(QUOTE.finditer(text))
        for number, one in enumerate(found):
            until = found[number + 1].start() if number + 1 < len(found) else len(text)
            together.append(Quote(one[1], one[2], filled(one[3])))
            if words := len(text[one.end() : until].split()):
                for quote in together:
                    quote.words = words
                yield from together
                together = []
        yield from together


def unexplained(quotes: list[Quote]) -> Iterator[str]:
    """Quotes that are too long, or that too few words follow."""
    for one in quotes:
        named = f"the quote of {one.path} that begins {one.lines[0].strip()!r}"
        if len(one.lines) > MAX_QUOTED:
            yield f"{named} has {len(one.lines)} lines, more than {MAX_QUOTED}"
        if one.words < WORDS_A_LINE * len(one.lines):
            yield f"{named} is explained in {one.words} words, which is fewer than three a line"


def cover(
    quotes: list[Quote], tree: Tree, wanted: dict[str, set[int]]
) -> tuple[dict[tuple[str, int], int], list[str]]:
    """How often each wanted line is explained, by (path, index); and what is quoted wrongly."""
    times = {(path, line): 0 for path, lines in wanted.items() for line in sorted(lines)}
    wrong = []
    for one in quotes:
        if one.path not in tree:
            wrong.append(f"quotes {one.path}, which this lesson does not have")
            continue
        places = list(where(one.lines, lines_of(tree[one.path])))
        if not places:
            wrong.append(f"quotes {one.path} otherwise than it is: {one.lines[0].strip()!r}")
            continue
        # Where the same lines stand twice, the first place that nobody has explained is meant.
        keys = [[(one.path, line) for line in place] for place in places]
        for key in min(keys, key=lambda place: sum(times.get(key, 0) for key in place)):
            if key in times and one.words:
                times[key] += 1
    return times, wrong


def where(quoted: list[str], lines: list[str]) -> Iterator[list[int]]:
    """Each place at which lines stand one after another, blank lines apart."""
    there = [number for number, line in enumerate(lines) if line.strip()]
    for start in range(len(there) - len(quoted) + 1):
        place = there[start : start + len(quoted)]
        if [lines[number].rstrip() for number in place] == quoted:
            yield place


def added(lesson: Lesson, branch: str | None) -> dict[str, set[int]]:
    """The code lines of each file, by index, that the lesson's solution adds or changes; and
    all those of a file that is explained as a whole."""
    before = course.beginning(lesson.number, branch or "async")
    found = {}
    for path, data in lesson.solution(branch).items():
        old, new = lines_of(before.get(path, b"")), lines_of(data)
        changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        lines = {line for kind, _, _, i, j in changes if kind != "equal" for line in range(i, j)}
        is_whole = path in WHOLE.get(lesson.number, ())
        found[path] = code_lines(data.decode(), path) & (
            set(range(len(new))) if is_whole else lines
        )
    return found


def code_lines(text: str, path: str) -> set[int]:
    """The lines, by index, that hold code: no blank ones, and in Python no comments or
    docstrings."""
    lines = text.splitlines()
    code = {number for number, line in enumerate(lines) if line.strip()}
    if not path.endswith(".py"):
        return code
    code -= {number for number in code if lines[number].lstrip().startswith("#")}
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, kinds) and ast.get_docstring(node) is not None:
            first = node.body[0]
            code -= set(range(first.lineno - 1, first.end_lineno or first.lineno))
    return code


def lines_of(data: bytes) -> list[str]:
    return data.decode().splitlines()


def filled(text: str) -> list[str]:
    """The lines that are not blank, without what trails them."""
    return [line.rstrip() for line in text.splitlines() if line.strip()]
