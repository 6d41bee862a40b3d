"""The book as a tree of sources: the pages, the notebooks, and every file that one links to."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from coach import course
from coach.audit.notebooks import Notebook, notebook_of
from coach.book.links import FRONT, PAGE, place, rewritten
from coach.course import ROOT, Lesson

# The parts of the course, each with its last lesson.
PARTS = {"Route": 3, "Consume": 7, "Build": 13}
BESIDE = ("solutions/README.md", "CONTRIBUTING.md", "CHANGELOG.md")
UNLISTED = {"__pycache__"}
# Of no part, and not found by searching: the lessons quote what matters in it.
SHOWN = "---\norphan: true\nnosearch: true\n---\n# {path}\n\n{body}\n"
LANGUAGES = {
    ".py": "python", ".toml": "toml", ".json": "json", ".html": "html+django", ".js": "js",
    ".css": "css", ".yml": "yaml",
}  # fmt: skip
MAX_FENCE = "`" * 8
TOCTREE = "\n\n```{{toctree}}\n:hidden:\n{caption}\n{entries}\n```\n"


class Sources:
    """The tree that Sphinx reads, in the folder `into`."""

    def __init__(self, into: Path, notebooks: Mapping[str, Path]) -> None:
        self.into = into
        self.notebooks = notebooks  # by the lesson's slug: the file to take, executed or not
        self.wanted: list[str] = []
        self.there: set[str] = set()

    def gather(self) -> None:
        """Write every page, then what they link to, and what that links to."""
        pages = [FRONT, *BESIDE, *(page_of(lesson) for lesson in course.lessons())]
        self.wanted += [*pages, *(f"notebooks/{slug}.ipynb" for slug in self.notebooks)]
        while self.wanted:
            path = self.wanted.pop()
            if place(path) not in self.there:
                self.there.add(place(path))
                self.put(path)

    def put(self, path: str) -> None:
        """Write what the book has for one file or folder of the repository."""
        lies, target = ROOT / path, self.into / place(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if lies.is_dir():
            front = (lies / FRONT).is_file()
            text = self.page(f"{path}/{FRONT}") if front else self.listed(path)
        elif lies.suffix == ".md":
            text = self.page(path)
        elif lies.suffix == ".ipynb":
            text = self.notebook(path)
        elif place(path) != path:
            text = SHOWN.format(path=path, body=fenced(lies))
        else:
            target.write_bytes(lies.read_bytes())
            return
        target.write_text(text, "utf-8", newline="\n")

    def lead(self, path: str) -> str:
        """Where in the book a link leads; the book then has what lies there."""
        self.wanted.append(path)
        return place(path)

    def page(self, path: str) -> str:
        """A page, with what comes below it in the navigation."""
        text = rewritten((ROOT / path).read_text("utf-8"), path, self.lead)
        if path == FRONT:
            return text + "".join(navigation())
        slug = Path(path).parent.name
        return text + below(slug, self.notebooks[slug]) if slug in self.notebooks else text

    def notebook(self, path: str) -> str:
        lies = self.notebooks.get(Path(path).stem, ROOT / path)
        told = json.loads(lies.read_text("utf-8"))
        for cell in told["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = rewritten("".join(cell["source"]), path, self.lead)
        return json.dumps(told, ensure_ascii=False)

    def listed(self, path: str) -> str:
        """A folder that has no page of its own, as a list of what lies in it."""
        names = [
            one.name + "/" * one.is_dir()
            for one in sorted((ROOT / path).iterdir())
            if one.name not in UNLISTED and not one.name.startswith(".")
        ]
        text = "\n".join(f"- [{name}]({name})" for name in names)
        return SHOWN.format(path=path, body=rewritten(text, f"{path}/{PAGE}", self.lead))


def there() -> dict[str, Path]:
    """The notebooks as they lie in the repository, by their lesson's slug, in order."""
    paths = {lesson.slug: notebook_of(lesson).path for lesson in course.lessons()}
    return {slug: path for slug, path in paths.items() if path.is_file()}


def page_of(lesson: Lesson) -> str:
    return f"lessons/{lesson.slug}/{FRONT}"


def navigation() -> list[str]:
    """The lessons part by part, then what stands beside them; a notebook is below its lesson."""
    parts, first = [], 1
    for name, last in PARTS.items():
        inside = [one for one in course.lessons() if first <= one.number <= last]
        parts.append(toctree(name, [f"/lessons/{one.slug}/index" for one in inside]))
        first = last + 1
    beside = [f"/{place(path).removesuffix('.md')}" for path in BESIDE]
    return [*parts, toctree("Beside the lessons", beside)]


def below(slug: str, notebook: Path) -> str:
    """The entry of a notebook below its lesson: its question, without the lesson's number."""
    texts = Notebook(notebook).texts
    title = re.sub(r"^#\s+(\d+ · )?|`", "", texts[0].partition("\n")[0]) if texts else slug
    return toctree("", [f"{title} </notebooks/{slug}>"])


def toctree(caption: str, entries: list[str]) -> str:
    named = f":caption: {caption}\n" if caption else ""
    return TOCTREE.format(caption=named, entries="\n".join(entries))


def fenced(path: Path) -> str:
    """A file's text as a block of code, in the language that its name tells."""
    language = LANGUAGES.get(path.suffix, "text")
    return f"{MAX_FENCE}{language}\n{path.read_text('utf-8')}\n{MAX_FENCE}"
