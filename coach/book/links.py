"""Pages as the book has them: links that lead to its pages, and nothing that only a machine reads.

Paths are those of the repository, with `/`, and never begin with one.
"""

import posixpath
import re
from collections.abc import Callable

from coach.audit.pages import FENCE, LINK
from coach.course import ROOT
from coach.evidence import CoachError

COMMENT = re.compile(r"^<!--.*?-->\n?", re.S | re.M)
FRONT, PAGE = "README.md", "index.md"
# What is shown or saved as it stands; every other file becomes a page that shows its text.
AS_IT_STANDS = {".svg", ".png", ".jpg", ".gif", ".ico", ".pdf", ".zip", ".gz"}


def rewritten(text: str, path: str, lead: Callable[[str], str]) -> str:
    """The Markdown of a page, without comments, its links led anew; fenced blocks stay.

    lead: from a path in the repository to the one in the book
    """
    parts, end = [], 0
    for fence in FENCE.finditer(text):
        parts += [prose(text[end : fence.start()], path, lead), fence.group(0)]
        end = fence.end()
    return "".join([*parts, prose(text[end:], path, lead)])


def prose(text: str, path: str, lead: Callable[[str], str]) -> str:
    return LINK.sub(lambda found: f"]({led(found[1], path, lead)})", COMMENT.sub("", text))


def led(target: str, path: str, lead: Callable[[str], str]) -> str:
    """A link's target, as seen from the page `path`; addresses and anchors stay as they are."""
    bare, mark, anchor = target.partition("#")
    if not bare or re.match(r"\w+:", bare):
        return target
    folder = posixpath.dirname(path)
    wanted = posixpath.normpath(posixpath.join(folder, bare))
    if wanted.startswith("..") or not (ROOT / wanted).exists():
        raise CoachError(
            f"{path} links to {target}, which is not in the repository. A link of a page leads to "
            "a file or a folder there: mend it, then run make book again."
        )
    # A line of a file (#L12) is no place in the page that shows it.
    mark_kept = mark + anchor if is_page(wanted) else ""
    return posixpath.relpath(lead(wanted), folder or ".") + mark_kept


def is_page(path: str) -> bool:
    return path.endswith((".md", ".ipynb")) or (ROOT / path / FRONT).is_file()


def place(path: str) -> str:
    """Where the book has what lies at `path`: `README.md` is a folder's front page, a folder is
    the page that lists it, and other files are pages of their own."""
    lies = ROOT / path
    if lies.is_dir():
        return posixpath.normpath(posixpath.join(path, PAGE))
    folder, name = posixpath.split(path)
    if name == FRONT:
        return posixpath.join(folder, PAGE)
    if is_page(path) or lies.suffix.lower() in AS_IT_STANDS:
        return path
    return f"{path}.md"
