"""Whether the pages are true: listings, sample outputs, budgets, links.

A page marks what a machine compares, or writes with `--write`:

    <!-- listing: gs2/asgi.py -->      the fence below is consecutive lines of that file, as
                                       the lesson's solution, or else its handout, has it
    <!-- report: begin -->             the report on the state in which the lesson begins;
    <!-- report: passed -->            on its solution;
    <!-- report: mistake NAME -->      on a planted mistake
"""

import re
from collections.abc import Iterator
from pathlib import Path

from coach import course
from coach.audit import Finding
from coach.audit.checks import check
from coach.course import ROOT, Lesson
from coach.process import Launcher
from coach.screen import report_lines

BLOCK = re.compile(r"<!-- (listing|report): (.+?) -->\n```(\w+)\n(.*?)```", re.S)
FENCE = re.compile(r"^```.*?^```", re.S | re.M)
LINK = re.compile(r"\]\(([^)\s]+)\)")
MIN_WORDS, MAX_WORDS = 600, 900
MAX_LISTING_LINES = 12
HEADINGS = ("The problem", "The idea", "Steps", "Check", "If it fails", "Recap", "Try next")
NOT_SAID = re.compile(r"\b(simply|obviously|just|oops)\b|!(?=\s|$)", re.I)


def page_of(lesson: Lesson) -> Path:
    return lesson.folder / "README.md"


def blocks(lesson: Lesson, launcher: Launcher, write: bool = False) -> Iterator[Finding]:
    """Listings and sample outputs equal what the files and the coach produce."""
    page = page_of(lesson)
    text = page.read_text("utf-8")
    for found in BLOCK.finditer(text):
        kind, name, fence, body = found.groups()
        where = f"{lesson.slug}/README.md, {kind} {name}"
        if kind == "listing":
            yield from listing(lesson, name, body, where)
            continue
        produced = sample(lesson, name, launcher)
        if produced is None:
            yield Finding(where, "names no state of this lesson")
        elif alike(produced) != alike(body) and write:
            new = f"<!-- {kind}: {name} -->\n```{fence}\n{produced}```"
            text = text.replace(found.group(0), new)
        elif alike(produced) != alike(body):
            yield Finding(where, f"the coach prints something else:\n{produced}")
    if write:
        page.write_text(text, "utf-8", newline="\n")


def alike(report: str) -> str:
    """A report without what differs from run to run: the digits of what was measured."""
    return re.sub(r"\b\d+\.\d (s\b|× one)|took \d+", "…", report)


def listing(lesson: Lesson, path: str, body: str, where: str) -> Iterator[Finding]:
    """A listing is short, and stands in the file that it names."""
    lines = body.count("\n")
    if lines > MAX_LISTING_LINES:
        yield Finding(where, f"has {lines} lines, more than {MAX_LISTING_LINES}")
    trees = [course.state(lesson.number, branch) for branch in course.BRANCHES]
    trees.append(course.beginning(lesson.number))
    files = ["\n" + tree.get(path, b"").decode() + "\n" for tree in trees]
    if not any("\n" + body in file for file in files):
        yield Finding(where, "does not stand in that file")


def sample(lesson: Lesson, name: str, launcher: Launcher) -> str | None:
    """What the coach prints for a state of this lesson, as plain text."""
    if name == "begin":
        tree = course.beginning(lesson.number)
    elif name == "passed":
        tree = course.state(lesson.number)
    else:
        wanted = name.removeprefix("mistake ")
        found = [mistake for mistake in lesson.mistakes if mistake.name == wanted]
        if not found:
            return None
        branch = found[0].branch or "async"
        tree = course.edited(course.state(lesson.number, branch), found[0].edits)
    lines = report_lines(check(lesson, tree, launcher), has_make=True)
    return "".join(line.plain.rstrip() + "\n" for line in lines)


def unmarked(lesson: Lesson) -> Iterator[Finding]:
    """Every fence with code or output is one that a machine compares."""
    text = BLOCK.sub("", page_of(lesson).read_text("utf-8"))
    for fence in FENCE.findall(text):
        if fence.startswith("```python") or " ✗ " in fence or " ✓ " in fence:
            yield Finding(f"{lesson.slug}/README.md", f"a listing without a marker: {fence[:60]!r}")


def budget(lesson: Lesson) -> Iterator[Finding]:
    """The page has its parts in order, its words within bounds, and its step titles are its own."""
    where = f"{lesson.slug}/README.md"
    text = page_of(lesson).read_text("utf-8")
    prose = re.sub(r"<!--.*?-->", "", FENCE.sub("", text), flags=re.S)
    words = len(prose.split())
    if not MIN_WORDS <= words <= MAX_WORDS:
        yield Finding(where, f"has {words} words, not {MIN_WORDS} to {MAX_WORDS}")
    headings = re.findall(r"^## (.+)$", FENCE.sub("", text), re.M)
    if tuple(headings) != HEADINGS:
        yield Finding(where, f"has the parts {headings}, not {list(HEADINGS)}")
    for found in NOT_SAID.finditer(re.sub(r"`[^`]*`", "", prose)):
        yield Finding(where, f"says {found.group(0)!r}")


def pages() -> list[Path]:
    """Every page for people, outside the learner's folder and what is installed."""
    skipped = (".venv", "work", ".git", "node_modules")
    return [
        path
        for path in sorted(ROOT.rglob("*.md"))
        if not any(part in skipped or part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]


def links() -> Iterator[Finding]:
    """Links to files of the repository lead somewhere."""
    for page in pages():
        for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
            bare = target.partition("#")[0]
            if not bare or re.match(r"\w+:", bare):
                continue
            if not (page.parent / bare).exists():
                yield Finding(page.relative_to(ROOT).as_posix(), f"links to {target}")
